"""Writes the tables of docs/adapters/tiktok.md from the code; tests/docs/test_generated.py says when to run it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from backstay.adapters import TikTokAds
from backstay.ads import Capability
from backstay.operation import operations_of
from backstay.taxonomy import TYPES
from backstay_adapters.tiktok.adapter.capabilities import CAPABILITIES
from backstay_adapters.tiktok.errors import TABLE
from backstay_adapters.tiktok.profile import SHARE, TIERS, tiktok_profile

NONE: Final = "–"  # noqa: RUF001 - the dash of a table
PAGE: Final = Path(__file__).parents[1] / "adapters" / "tiktok.md"
PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
RULES: Final = 4
"""Rules of a type that are shown before "and n more"."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = tuple(head)
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def capabilities() -> str:
    """What TikTok can do, and why not."""
    return table(
        ("capability", "", "meaning"),
        ((f"`{name}`", "yes" if on else "no", text) for name, on, text in CAPABILITIES.table()),
    )


def limits() -> str:
    """Calls that each level lets through, and how many we use."""
    rows = (
        (f"`{tier}`", *(f"{number:,}" for number in numbers), f"{numbers[0] * SHARE:g}")
        for tier, numbers in TIERS.items()
    )
    return table(("tier", "a second", "a minute", "a day", f"we send a second ({SHARE:.0%})"), rows)


def operations() -> str:
    """Every operation under the name that events and errors show."""
    profile = tiktok_profile()
    checks = Capability.VALIDATE_ONLY in CAPABILITIES
    named = sorted(operations_of(TikTokAds).values(), key=lambda each: each.name)
    found = [each for each in named if checks or each.name != "validate"]
    rows = (
        (
            f"`{each.name}`", each.effect.upper(), f"{profile.timeout(each.kind):g}", seconds(each.ttl),
            seconds(each.max_stale), each.group, ", ".join(f"`{name}`" for name in each.limits if name in profile.limits) or NONE,
        )
        for each in found
    )  # fmt: skip
    return table(("operation", "effect", "an attempt (s)", "fresh (s)", "stale up to (s)", "group", "own limit"), rows)


def seconds(value: float) -> str:
    """A time, or that there is none."""
    return f"{value:g}" if value else NONE


def errors() -> str:
    """The types that the table knows, and the rules that lead to them."""
    rules: dict[str, list[str]] = {}
    for row in TABLE.rows:
        rules.setdefault(row.type, []).append(f"`{row.rule.removeprefix('tiktok.')}`")
    return table(
        ("type", "code", "may pass", "rules (without `tiktok.`)"),
        ((f"`{name}`", TYPES[name].code, "yes" if TYPES[name].retryable else "no", shortened(found))
         for name, found in sorted(rules.items())),
    )  # fmt: skip


def shortened(names: list[str]) -> str:
    """The first few."""
    more = len(names) - RULES
    return ", ".join(names[:RULES]) + (f" and {more} more" if more > 0 else "")


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "capabilities": capabilities, "limits": limits, "operations": operations, "errors": errors
}  # fmt: skip


def page(text: str) -> str:
    """The page with its tables as the code is now."""
    return PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}{found[4]}", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf8")), "utf8")
