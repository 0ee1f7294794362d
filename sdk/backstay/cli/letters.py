"""What `backstay letters` does: looks at dead letters, replays them, discards them. Only the commands print."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from typing import Any, Final

from backstay.cli.classify import GROUP
from backstay.cli.refusing import check_folder
from backstay.errors import BackstayError, InvalidRequestError, NotFoundError
from backstay.letters import Letter, LetterOptions, Purged
from backstay.letters.model import LetterState
from backstay.money import Money
from backstay.runtime import Runtime
from backstay.writes.folder import LETTERS, SPILL
from backstay.writes.guard import SpendGuard

SHORTEST: Final = 4
"""Characters of an id that are enough, where no other letter's begins so."""
ALL: Final = "all"
EVERY: Final = 1_000_000
Told = Callable[[Letter, str], object]


class Office:
    """Dead letters of one state folder, and the adapters that replay them."""

    def __init__(
        self, folder: str | None, options: LetterOptions | None = None, guard: SpendGuard | None = None
    ) -> None:  # fmt: skip
        check_folder(folder)
        self.runtime = Runtime(state=folder, letters=options, listeners=(), guard=guard, actor="backstay letters")
        self._adapters: dict[str, Any] = {}
        self._served: dict[tuple[str, str], Any] = {}

    @property
    def used(self) -> bool:
        """Whether there is anything at all: looking must not make a folder."""
        state = self.runtime.state
        return state is not None and any((state / name).exists() for name in (LETTERS, SPILL))

    async def list(self, state: str, vendor: str | None, limit: int = EVERY) -> tuple[Letter, ...]:
        """Letters, the oldest failure first; `state` is one of LetterState, or "all"."""
        wanted = _state(state)
        return await self.runtime.letters.list(wanted, vendor=vendor, limit=limit) if self.used else ()

    async def find(self, beginnings: Iterable[str]) -> tuple[Letter, ...]:
        """Letters by the beginnings of their ids.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: there are several, or the beginning is too short.
        """
        known = await self.list(ALL, None)
        return tuple(_one(known, beginning) for beginning in beginnings)

    async def replay(self, letters: Iterable[Letter], base_url: str | None, told: Told) -> tuple[dict[str, Any], ...]:
        """Replay letters one after the other; one that fails does not stop the rest."""
        results = []
        for letter in letters:
            result = await self._replay(letter, base_url)
            results.append(result)
            told(letter, result["outcome"])
        return tuple(results)

    async def _replay(self, letter: Letter, base_url: str | None) -> dict[str, Any]:
        result = {"dlq_id": letter.dlq_id, "operation": letter.operation, "outcome": "replayed", "error": None}
        try:
            answer = await self.runtime.letters.replay(letter.dlq_id, self._adapter(letter, base_url))
        except BackstayError as error:
            return {**result, "outcome": "failed", "error": str(error)}
        return {**result, "how": getattr(answer, "how", None)}

    def use(self, adapters: Iterable[Any]) -> None:
        """Replay with these adapters, which somebody else closes, and not with those of the environment."""
        self._served = {(adapter.vendor, adapter.account): adapter for adapter in adapters}

    async def discard(self, letters: Iterable[Letter]) -> tuple[Letter, ...]:
        """Discard letters; raises for the first that is over already."""
        return tuple([await self.runtime.letters.discard(letter.dlq_id) for letter in letters])

    async def purge(self) -> Purged:
        """Delete what is too old or too much."""
        return await self.runtime.letters.purge() if self.used else Purged()

    def _adapter(self, letter: Letter, base_url: str | None) -> Any:
        if self._served:
            return self._of_sandbox(letter)
        if letter.vendor not in self._adapters:
            self._adapters[letter.vendor] = adapter_from_env(letter, self.runtime, base_url)
        adapter = self._adapters[letter.vendor]
        if adapter.account != letter.account:
            raise InvalidRequestError(
                f"the letter is of account {letter.account!r}, the environment names {adapter.account!r}",
                field="account", value=adapter.account, hint=f"set the variables of {letter.vendor} for that account",
            )  # fmt: skip
        return adapter

    def _of_sandbox(self, letter: Letter) -> Any:
        found = self._served.get((letter.vendor, letter.account))
        if found is None:
            known = ", ".join(sorted("/".join(key) for key in self._served))
            raise InvalidRequestError(
                f"the sandbox has no account {letter.account!r} of {letter.vendor!r}", field="--sandbox",
                value=letter.account, hint=f"it has {known}",
            )  # fmt: skip
        return found

    async def aclose(self) -> None:
        """Close adapters and files."""
        for adapter in self._adapters.values():
            await adapter.aclose()
        await self.runtime.aclose()


@asynccontextmanager
async def opened(
    folder: str | None, options: LetterOptions | None = None, guard: SpendGuard | None = None
) -> AsyncIterator[Office]:  # fmt: skip
    """An office that is closed in the end."""
    office = Office(folder, options, guard)
    try:
        yield office
    finally:
        await office.aclose()


def adapter_from_env(letter: Letter, runtime: Runtime, base_url: str | None) -> Any:
    """The adapter of a letter's vendor, made by its `from_env()`.

    Raises:
        InvalidRequestError: it has none (a plain function's), it is not installed, or its variables are not set.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    if letter.vendor not in points:
        raise InvalidRequestError(
            f"no adapter of {letter.vendor or 'an event'!r} is installed", field="vendor", value=letter.vendor,
            hint=f"one of {', '.join(sorted(points))}; letters of functions and events are replayed in code: "
            "await runtime.letters.replay(dlq_id, function)",
        )  # fmt: skip
    elsewhere = {"base_url": base_url} if base_url else {}
    return points[letter.vendor].load().from_env(runtime=runtime, **elsewhere)


def guard_of(spend: str | None) -> SpendGuard | None:
    """What replays may let run in all: "500 USD", "unlimited", or nothing.

    Raises:
        InvalidRequestError: it is no amount of money.
    """
    if spend is None:
        return None
    try:
        return SpendGuard.unlimited() if spend == "unlimited" else SpendGuard(total=Money.of(spend))
    except InvalidRequestError as error:
        raise InvalidRequestError(
            error.message, field="--spend", value=spend, hint='write "500 USD" or "unlimited"', rule=error.rule
        ) from None


def row(letter: Letter) -> tuple[str, ...]:
    """A letter in a table."""
    ended = letter.outcome.value if letter.state is LetterState.WAITING else letter.state.value
    return (
        letter.dlq_id[:8], f"{letter.timestamp:%m-%d %H:%M}", f"{letter.vendor} {letter.operation}".strip(),
        letter.type, ended if letter.replayable else f"{ended}, not replayable", str(letter.failures),
    )  # fmt: skip


COLUMNS: Final = ("id", "failed (UTC)", "what", "error", "outcome", "times")


def facts(letter: Letter) -> dict[str, Any]:
    """A letter for a person, in the order in which one asks."""
    found = letter.as_json()
    first = ("dlq_id", "state", "outcome", "operation", "vendor", "account", "error", "why", "timestamp", "first_at")
    left = {name: value for name, value in found.items() if name not in {*first, "call", "before"}}
    shown = {**{name: found[name] for name in first}, **left}
    return {name: value for name, value in shown.items() if value not in (None, "", [], {})}


def _state(state: str) -> LetterState | None:
    if state == ALL:
        return None
    if state not in set(LetterState):
        raise InvalidRequestError(
            "no such state", field="--state", value=state, hint=f"one of {', '.join(LetterState)}, {ALL}"
        )
    return LetterState(state)


def _one(known: tuple[Letter, ...], beginning: str) -> Letter:
    if len(beginning) < SHORTEST:
        raise InvalidRequestError(
            "the id is too short", field="id", value=beginning, hint=f"give at least {SHORTEST} characters of it"
        )
    found = [letter for letter in known if letter.dlq_id.startswith(beginning)]
    if not found:
        raise NotFoundError(
            f"no dead letter {beginning}", field="id", value=beginning, hint="`backstay letters list --state all`"
        )
    if len(found) > 1:
        raise InvalidRequestError(
            f"{len(found)} letters begin so", field="id", value=beginning, hint="give more characters of the id"
        )
    return found[0]


__all__ = ["COLUMNS", "Office", "adapter_from_env", "facts", "opened", "row"]
