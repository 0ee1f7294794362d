"""Writes the tables of docs/adapters/*.md from the code; tests/docs/test_generated.py says when to run it.

python docs/_generate/adapters.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from backstay.ads import Capability
from backstay.operation import operations_of
from backstay.profile import Limit, Profile
from backstay.taxonomy import TYPES
from backstay_adapters.tiktok.profile import SHARE, TIERS

NONE: Final = "–"  # noqa: RUF001 - the dash of a table
PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
RULES: Final = 4
"""Rules of a type that are shown before "and n more"."""


@dataclass(frozen=True)
class Vendor:
    """An adapter whose page has tables."""

    name: str
    limits: Callable[[Profile], str]

    @property
    def page(self) -> Path:
        """Where its page is."""
        return Path(__file__).parents[1] / "adapters" / f"{self.name}.md"

    def part(self, path: str) -> Any:
        """A module of its adapter."""
        return import_module(f"backstay_adapters.{self.name}{path}")

    @property
    def profile(self) -> Profile:
        """Its profile."""
        made: Profile = getattr(self.part(""), f"{self.name}_profile")()
        return made

    def capabilities(self) -> str:
        """What it can do, and why not."""
        rows = self.part(".adapter.capabilities").CAPABILITIES.table()
        return table(
            ("capability", "", "meaning"), ((f"`{name}`", "yes" if on else "no", text) for name, on, text in rows)
        )

    def operations(self) -> str:
        """Every operation under the name that events and errors show."""
        (entry,) = entry_points(group="backstay.adapters", name=self.name)
        checks = Capability.VALIDATE_ONLY in self.part(".adapter.capabilities").CAPABILITIES
        named = {each.name: each for each in operations_of(entry.load()).values()}
        found = [each for name, each in sorted(named.items()) if checks or name != "validate"]
        profile = self.profile
        rows = (
            (
                f"`{each.name}`", each.effect.upper(), f"{profile.timeout(each.kind):g}", seconds(each.ttl),
                seconds(each.max_stale), each.group,
                ", ".join(f"`{name}`" for name in each.limits if name in profile.limits) or NONE,
            )
            for each in found
        )  # fmt: skip
        return table(
            ("operation", "effect", "an attempt (s)", "fresh (s)", "stale up to (s)", "group", "own limit"), rows
        )

    def errors(self) -> str:
        """The types that the table knows, and the rules that lead to them."""
        rules: dict[str, list[str]] = {}
        for row in self.part(".errors").TABLE.rows:
            rules.setdefault(row.type, []).append(f"`{row.rule.removeprefix(f'{self.name}.')}`")
        return table(
            ("type", "code", "may pass", f"rules (without `{self.name}.`)"),
            ((f"`{name}`", TYPES[name].code, "yes" if TYPES[name].retryable else "no", shortened(found))
             for name, found in sorted(rules.items())),
        )  # fmt: skip

    @property
    def parts(self) -> Mapping[str, Callable[[], str]]:
        """The tables of its page, by the name in their marker."""
        return {
            "capabilities": self.capabilities, "limits": lambda: self.limits(self.profile),
            "operations": self.operations, "errors": self.errors,
        }  # fmt: skip

    def written(self, text: str) -> str:
        """The page with its tables as the code is now."""
        parts = self.parts
        return PART.sub(lambda found: f"{found[1]}{parts[found[2]]()}{found[4]}", text)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = tuple(head)
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seconds(value: float) -> str:
    """A time, or that there is none."""
    return f"{value:g}" if value else NONE


def shortened(names: list[str]) -> str:
    """The first few."""
    more = len(names) - RULES
    return ", ".join(names[:RULES]) + (f" and {more} more" if more > 0 else "")


def by_tier(_: Profile) -> str:
    """TikTok: calls that each level lets through, and how many we use."""
    rows = (
        (f"`{tier}`", *(f"{number:,}" for number in numbers), f"{numbers[0] * SHARE:g}")
        for tier, numbers in TIERS.items()
    )
    return table(("tier", "a second", "a minute", "a day", f"we send a second ({SHARE:.0%})"), rows)


def by_name(profile: Profile) -> str:
    """The limits of a profile: what each is counted by, which calls pass it, and what holds them."""
    rows = (
        (f"`{name}`", limit.per, _passing(limit), _numbers(limit), _pace(limit))
        for name, limit in profile.limits.items()
    )
    return table(("limit", "counted by", "calls that pass it", "counted here", "slows down"), rows)


def _passing(limit: Limit) -> str:
    if limit.groups:
        return f"groups {', '.join(limit.groups)}"
    return {"app": "all", "account": "all of the account", "object": "changes of one object"}[limit.per]


def _numbers(limit: Limit) -> str:
    told = [f"{calls:,.0f} in {span:,.0f} s" for calls, span in limit.windows]
    return ", ".join([*([f"{limit.rate:g} a second"] if limit.rate is not None else []), *told]) or NONE


def _pace(limit: Limit) -> str:
    return NONE if limit.pace is None else f"from {limit.pace.start:.0%} on"


VENDORS: Final = {
    each.name: each
    for each in (
        Vendor("claude", by_name),
        Vendor("gemini", by_name),
        Vendor("google_ads", by_name),
        Vendor("instagram", by_name),
        Vendor("mcp", by_name),
        Vendor("meta", by_name),
        Vendor("openai", by_name),
        Vendor("perplexity", by_name),
        Vendor("s3", by_name),
        Vendor("tiktok", by_tier),
    )
}


if __name__ == "__main__":
    for vendor in VENDORS.values():
        vendor.page.write_text(vendor.written(vendor.page.read_text("utf8")), "utf8")
