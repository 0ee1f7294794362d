"""What was said in a run: every public call of every adapter, what came of it, and when."""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from backstay.ads import Level, Ref
from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay.testing.processes import own_process
from backstay.writes.journal import JournalKey, Record
from backstay.writes.tree import ad_key, group_key

CREATES: Final = ("create_campaign", "create_ad_group", "create_ad", "upload_image", "upload_video")
CHANGES: Final = ("update_campaign", "update_ad_group", "update_ad", "set_status", "set_budget")
READS: Final = ("get_campaign", "get_ad_group", "get_ad", "find_by_key", "get_account", "get_balance", "get_metrics")
WATCHED: Final = (*CREATES, "create_tree", *CHANGES, *READS)


@dataclass(slots=True, eq=False)
class Said:
    """One call."""

    number: int
    process: str
    vendor: str
    account: str
    method: str
    given: Mapping[str, Any]
    """Its arguments by name, the call's options among them."""
    began: float
    """Wall seconds of the common time."""
    top: bool
    """Whether no other watched call made it."""
    replayed: bool = False
    ended: float = math.inf
    outcome: str = "running"
    """ok, error, cancelled; running for ever if its process died."""
    value: Any = None
    error: BackstayError | None = None
    certainty: Certainty | None = None
    """The error's, as this call's caller saw it; a call around it may know more."""
    record: Record | None = None
    """The journal's record of an unknown outcome, as it was when the caller heard of it."""

    @property
    def token(self) -> str:
        """Of a create: the token of its key, which is the journal's id."""
        return JournalKey(self.vendor, self.account, self.method, self.given["idempotency_key"]).id

    @property
    def tokens(self) -> tuple[str, ...]:
        """Of a create or a tree: the tokens of all that it makes."""
        if self.method != "create_tree":
            return (self.token,) if self.method in CREATES else ()
        key, tree = self.given["idempotency_key"], self.given["tree"]
        keys = [("create_campaign", key)]
        for number, group in enumerate(tree.groups):
            keys.append(("create_ad_group", group_key(key, number)))
            keys += [("create_ad", ad_key(key, number, place)) for place in range(len(group.ads))]
        return tuple(JournalKey(self.vendor, self.account, *each).id for each in keys)

    @property
    def ref(self) -> Ref | None:
        """The object that it is about."""
        found = self.given.get("ref")
        return found if isinstance(found, Ref) else None

    @property
    def level(self) -> Level | None:
        """Of a create: what it makes."""
        name = self.method.removeprefix("create_")
        return Level(name) if name in tuple(Level) else None

    @property
    def denies(self) -> bool:
        """Whether it says that it has done nothing for certain."""
        if self.given.get("dry_run"):
            return True
        return self.certainty not in {None, Certainty.UNKNOWN}

    def covers(self, at: float, grace: float) -> bool:
        """Whether it was under way then; what it had sent may be carried out a little later."""
        return self.began <= at <= self.ended + grace

    def __str__(self) -> str:
        about = self.given.get("idempotency_key") or self.given.get("key") or self.ref or ""
        what = self.given.get("status") or self.given.get("patch") or ""
        end = "..." if self.outcome == "running" else f"{self.ended:.3f}"
        came = self.outcome if self.error is None else f"{self.error.type}/{self.certainty}/{self.error.rule}"
        return (
            f"#{self.number} {self.process} {self.vendor}.{self.method}({about} {what}) {self.began:.3f}-{end} {came}"
        )


@dataclass(slots=True, eq=False)
class Book:
    """The calls of a run, in order."""

    wall: Callable[[], float]
    record: Callable[[str], Awaitable[Record | None]]
    """Reads the journal."""
    note: Callable[[str], None]
    calls: list[Said] = field(default_factory=list)

    def watch(self, adapter: Any) -> Any:
        """The same adapter, whose public calls are written down: also those that it makes itself."""
        kind = type(adapter)
        methods = {name: self._noted(name, getattr(kind, name)) for name in WATCHED}
        adapter.__class__ = type(kind.__name__, (kind,), {**methods, "__module__": kind.__module__})
        return adapter

    def _noted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(method)

        @functools.wraps(method)  # so that it still counts as what it was declared to be
        async def call(adapter: Any, *args: Any, **kwargs: Any) -> Any:
            given = dict(signature.bind(adapter, *args, **kwargs).arguments)
            given.update(given.pop("options", {}), **given.pop("_", {}))
            return await self.hear(adapter, name, given, method(adapter, *args, **kwargs))

        return call

    async def hear(self, adapter: Any, name: str, given: Mapping[str, Any], work: Awaitable[Any]) -> Any:
        """What `work` gives, written down as a call of an adapter's."""
        said = self._begin(adapter, name, given)
        token = _inside.set(True)
        try:
            value = await work
        except BackstayError as error:
            await self._failed(said, error)
            raise
        except asyncio.CancelledError:
            self._end(said, "cancelled")
            raise
        finally:
            _inside.reset(token)
        said.value = value
        self._end(said, "ok")
        return value

    def _begin(self, adapter: Any, name: str, given: Mapping[str, Any]) -> Said:
        process = own_process()
        said = Said(
            len(self.calls), process.name if process else "", adapter.vendor, adapter.account, name, given, self.wall(),
            top=not _inside.get(),
        )  # fmt: skip
        self.calls.append(said)
        self.note(f"begins #{said.number} {name} {given.get('idempotency_key') or said.ref or ''}")
        return said

    async def _failed(self, said: Said, error: BackstayError) -> None:
        said.error, said.certainty = error, error.certainty
        if error.type == "UNKNOWN_OUTCOME" and error.journal_id:
            said.record = await self.record(error.journal_id)
        self._end(said, "error")

    def _end(self, said: Said, outcome: str) -> None:
        said.ended, said.outcome = self.wall(), outcome
        self.note(f"ends   {said}{_how(said.value)}")


_inside: ContextVar[bool] = ContextVar("backstay_watched", default=False)


def _how(value: Any) -> str:
    how, ref = getattr(value, "how", None), getattr(getattr(value, "value", value), "ref", None)
    return "".join(f" {part}" for part in (how, ref) if part is not None)


__all__ = ["CHANGES", "CREATES", "READS", "Book", "Said"]
