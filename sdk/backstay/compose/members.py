"""The members of a split: by name, by ref, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from backstay.ads import AdPlatform, BudgetPeriod, Capabilities, Capability, Platform, Ref
from backstay.errors import InvalidRequestError
from backstay.runtime import Runtime

T = TypeVar("T")


class Members(Mapping[str, AdPlatform]):
    """Ad platforms by name; two of one account would show everything twice and are refused."""

    def __init__(self, members: Mapping[str, AdPlatform]) -> None:
        if not members:
            raise InvalidRequestError("a split of nothing", field="members", value={}, hint="give at least one member")
        self._members = MappingProxyType(dict(members))
        seen: dict[object, str] = {}
        for name, member in self._members.items():
            known = seen.setdefault(_identity(member), name)
            if known != name:
                raise InvalidRequestError(
                    f"{known!r} and {name!r} are one account", field="members", value=name,
                    hint="give each account one name; weights decide its share",
                )  # fmt: skip

    def __getitem__(self, name: str) -> AdPlatform:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def owner(self, ref: Ref, field: str = "ref") -> str:
        """The name of the member that an object is of; raises InvalidRequestError if it is nobody's."""
        for name, member in self._members.items():
            if member.owns(ref):
                return name
        raise InvalidRequestError(
            f"{ref} is of no member", field=field, value=str(ref), hint=f"members are {', '.join(self._members)}"
        )

    def of_account(self, vendor: str, account: str) -> AdPlatform | None:
        """The member, or a member's member, that is the adapter of an account: who replays its dead letters."""
        for member in self._members.values():
            inner = getattr(member, "of_account", None)
            if inner is not None:
                found: AdPlatform | None = inner(vendor, account)
                if found is not None:
                    return found
            elif (getattr(member, "vendor", None), getattr(member, "account", None)) == (vendor, account):
                return member
        return None

    async def each(self, ask: Callable[[str, AdPlatform], Awaitable[T]], names: Iterable[str] = ()) -> dict[str, T]:
        """Ask all members, or those named, at the same time; all end before the first error is raised."""
        chosen = tuple(names) or tuple(self._members)
        found = await asyncio.gather(*(ask(name, self._members[name]) for name in chosen), return_exceptions=True)
        answers: dict[str, T] = {}
        for name, answer in zip(chosen, found, strict=True):
            if isinstance(answer, BaseException):
                answer.add_note(f"member {name!r} of a split")
                raise answer
            answers[name] = answer
        return answers

    @property
    def platform(self) -> Platform:
        """The members' platform, SPLIT if they have several."""
        found = {member.platform for member in self._members.values()}
        return found.pop() if len(found) == 1 else Platform.SPLIT

    def lacking(self, capability: Capability) -> tuple[str, ...]:
        """The members that lack a capability."""
        return tuple(name for name, member in self._members.items() if capability not in member.capabilities)

    def capabilities(self) -> Capabilities:
        """What all of them can do; the reasons name the members that cannot."""
        reasons = {flag: self._reason(flag, names) for flag in Capability if (names := self.lacking(flag))}
        flags = [flag for flag in Capability if flag not in reasons]
        versions = dict.fromkeys(member.capabilities.version for member in self._members.values())
        return Capabilities.of(
            self.platform, *flags, version=", ".join(versions), reasons=reasons, overspend=self._overspend()
        )  # fmt: skip

    def _overspend(self) -> dict[BudgetPeriod, Decimal]:
        """The largest of the members'."""
        told = [each for member in self._members.values() for each in member.capabilities.overspend.items()]
        return {BudgetPeriod(period): max(most for name, most in told if name == period) for period, _ in told}

    def _reason(self, flag: Capability, names: tuple[str, ...]) -> str:
        why = (self._members[name].capabilities.reasons.get(flag) for name in names)
        return "; ".join(
            f"{name} lacks it" + (f": {text}" if text else "") for name, text in zip(names, why, strict=True)
        )

    def runtime(self) -> Runtime | None:
        """The runtime that all members share, if they say."""
        found = {id(each): each for member in self._members.values() if (each := getattr(member, "runtime", None))}
        return next(iter(found.values())) if len(found) == 1 else None


def _identity(member: AdPlatform) -> object:
    account = getattr(member, "account", None)
    return (member.platform, account) if account is not None else id(member)
