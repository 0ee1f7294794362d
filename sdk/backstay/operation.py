"""What is asked of a vendor, and how safe it is to ask again.

An adapter's method is declared with `@operation(...)`; the body says only how to ask. The engine does the rest,
and the options of `CallOptions` work on every method, on the adapter and on `with_options()`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypedDict, TypeVar

from backstay.errors import InvalidRequestError
from backstay.policies.effect import Effect
from backstay.policies.rate import Cost

if TYPE_CHECKING:
    from backstay.engine.stream import Keeper, Streaming, Whole

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Runs")
Owner = TypeVar("Owner")


class Criticality(StrEnum):
    """Who goes first when there is not room for all."""

    WRITE = "write"
    INTERACTIVE = "interactive"
    BACKGROUND = "background"


class CallOptions(TypedDict, total=False):
    """Options of one call, of an adapter, or of its `with_options()` copy; the nearest one wins."""

    deadline: float
    """Seconds for the whole call: all attempts and waits."""
    attempt_timeout: float
    """Seconds for one attempt."""
    max_attempts: int
    """Calls made at most, the first included (1 to 10)."""
    max_retries: int
    """The same, not counting the first: `max_retries=3` is `max_attempts=4`."""
    max_age: float
    """Seconds that a cached answer may be old; 0 asks the vendor."""
    max_stale: float
    """Age in seconds up to which a cached answer may stand in when the vendor fails; 0 is never."""
    cache: float
    """Seconds that the answer counts as fresh for whoever asks the same; texts and pictures are kept only with it."""
    criticality: Criticality
    """Who waits for the answer."""


OPTIONS: Final = frozenset(CallOptions.__annotations__)
"""The names of all call options."""


@dataclass(frozen=True, slots=True)
class NeverSpends:
    """A write that cannot make anything spend, and why not."""

    reason: str

    def __post_init__(self) -> None:
        """Refuse an empty reason: whoever declares this has thought about it."""
        if not self.reason.strip():
            raise InvalidRequestError("NeverSpends without a reason", field="reason", value=self.reason, hint="say why")


@dataclass(frozen=True, slots=True)
class Operation:
    """The declaration of one operation: data, shared by all calls of it."""

    name: str
    effect: Effect
    cost: float | Callable[..., Cost] = 1.0
    """Tokens that one attempt takes from the limits. Where a vendor counts tokens or points beside calls, a function of
    the call's arguments gives them by limit: `{"tokens": 1200.0}` takes one from each limit that it does not name."""
    ttl: float = 0.0
    """Seconds that an answer counts as fresh; 0 is not cached."""
    max_stale: float = 0.0
    group: str = "default"
    """The endpoint group: breaker and budget are kept for each."""
    limits: tuple[str, ...] = ()
    """Names of further limits of the profile that apply besides the app's own."""
    kind: str = "api_call"
    """Which timeout of the profile: api_call, upload, report, ai_generation ..."""
    tags: tuple[str, ...] | Callable[..., tuple[str, ...]] = ()
    """Cache tags of a read; for a write, the tags that it makes invalid. A function makes them from the arguments."""
    hedge: bool = False
    """Whether a READ may be asked twice at once, when the first answer is later than nearly all others."""
    deciding: bool = False
    """A read that decides a write: no cache, no stale answer, no joined flight."""
    payload: tuple[str, ...] = ()
    """Of a CREATE: the parameters that the caller set and that make the payload's hash; empty is all of them."""
    look: str | None = None
    """The adapter's method that looks whether a write has happened; same arguments as the write."""
    pausing: Callable[..., bool] | None = None
    """Whether a SET with these arguments only pauses (then it is always safe to send again)."""
    spend: str | NeverSpends | None = None
    """How a write may spend: the adapter's method that says it (same arguments as the write, gives a
    `backstay.writes.guard.Spending`), or `NeverSpends("why")`. A SET, DELETE, CREATE or PUBLISH must declare it."""


def tags_of(declared: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of one call."""
    return declared.tags(*args, **kwargs) if callable(declared.tags) else declared.tags


def criticality_of(declared: Operation, given: str | None) -> Criticality:
    """Who waits for the answer: what the caller says, else by what the operation does."""
    if given is None:
        waits = declared.effect in {Effect.READ, Effect.GENERATE}
        return Criticality.INTERACTIVE if waits else Criticality.WRITE
    if given not in tuple(Criticality):
        raise InvalidRequestError(
            "no such criticality", field="criticality", value=given, hint=f"one of {', '.join(Criticality)}"
        )
    return Criticality(given)


class Runs(Protocol):
    """What can run an operation: an adapter."""

    async def run_operation(
        self,
        operation: Operation,
        body: Callable[..., Awaitable[Any]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run it through the engine."""
        ...


def operation(
    effect: Effect, **facts: Any
) -> Callable[[Callable[Concatenate[S, P], Awaitable[R]]], Callable[Concatenate[S, P], Coroutine[Any, Any, R]]]:
    """Declare an adapter's method as an operation; `facts` are the fields of `Operation`."""

    def declare(
        body: Callable[Concatenate[S, P], Awaitable[R]],
    ) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
        declared = Operation(name=facts.pop("name", body.__name__), effect=effect, **facts)
        known = own_names(body)

        @functools.wraps(body)
        async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not kwargs.keys() <= known:
                refuse_unknown(declared.name, kwargs, known)
            answer: R = await self.run_operation(declared, body, (self, *args), kwargs)
            return answer

        run.__backstay_operation__ = declared  # type: ignore[attr-defined]  # read by docs and conformance
        return run

    return declare


class Streams(Protocol):
    """What can run an operation that answers piece by piece: an adapter."""

    def run_stream(
        self, operation: Operation, body: Callable[..., AsyncGenerator[Any, None]], args: tuple[Any, ...],
        kwargs: dict[str, Any], keeper: Keeper[Any, Any],
    ) -> Streaming[Any, Any]:  # fmt: skip
        """Make the stream; nothing is sent until it is read."""
        ...


Z = TypeVar("Z", bound=Streams)
D = TypeVar("D")
Wh = TypeVar("Wh")


def streaming(
    effect: Effect, *, keeps: Callable[[], Keeper[D, Wh]], **facts: Any
) -> Callable[
    [Callable[Concatenate[Z, P], AsyncGenerator[D | Whole[Wh], None]]], Callable[Concatenate[Z, P], Streaming[D, Wh]]
]:
    """Declare an adapter's method that yields pieces, and last a `Whole` with the answer.

    `keeps` makes what collects the pieces; `facts` are the fields of `Operation`. See `backstay.engine.stream`.
    """

    def declare(
        body: Callable[Concatenate[Z, P], AsyncGenerator[D | Whole[Wh], None]],
    ) -> Callable[Concatenate[Z, P], Streaming[D, Wh]]:
        declared = Operation(name=facts.pop("name", body.__name__), effect=effect, **facts)
        known = own_names(body)

        @functools.wraps(body)
        def run(self: Z, /, *args: P.args, **kwargs: P.kwargs) -> Streaming[D, Wh]:
            if not kwargs.keys() <= known:
                refuse_unknown(declared.name, kwargs, known)
            return self.run_stream(declared, body, (self, *args), kwargs, keeps())

        run.__backstay_operation__ = declared  # type: ignore[attr-defined]  # as in operation
        return run

    return declare


class Intends(Protocol):
    """What can make a write of several steps: an adapter."""

    async def run_intent(
        self, effect: Effect, body: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Make it; see `intent`."""
        ...


W = TypeVar("W", bound=Intends)


def intent(
    effect: Effect,
) -> Callable[[Callable[Concatenate[W, P], Awaitable[R]]], Callable[Concatenate[W, P], Coroutine[Any, Any, R]]]:
    """Declare an adapter's public method that is one write to its caller: it reads, sends, reads back, fails as one.

    When it fails for good, one dead letter names this method and the caller's own arguments.
    """

    def declare(
        body: Callable[Concatenate[W, P], Awaitable[R]],
    ) -> Callable[Concatenate[W, P], Coroutine[Any, Any, R]]:
        @functools.wraps(body)
        async def run(self: W, /, *args: P.args, **kwargs: P.kwargs) -> R:
            answer: R = await self.run_intent(effect, body, (self, *args), kwargs)
            return answer

        run.__backstay_intent__ = effect  # type: ignore[attr-defined]  # read by replays and conformance
        return run

    return declare


@functools.cache  # of the methods that are declared as operations: there are so many and no more
def _signature(body: Callable[..., Any]) -> tuple[inspect.Signature, tuple[str, ...], frozenset[str]]:
    """A method's signature; its parameters that may be given by place, and those that need not."""
    found = inspect.signature(body)
    placed = tuple(name for name, each in found.parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD)
    return found, placed, frozenset(name for name, each in found.parameters.items() if each.kind is each.KEYWORD_ONLY)


def arguments(body: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of one call of an operation's method by name, `self` left out."""
    signature, placed, named = _signature(body)
    if len(args) == len(placed) and kwargs.keys() <= named:  # as adapters call; binding costs five times that
        given = {**dict(zip(placed, args, strict=True)), **kwargs}
    else:
        given = dict(signature.bind(*args, **kwargs).arguments)
    given.pop("self", None)
    return given


def own_names(body: Callable[..., Any]) -> frozenset[str]:
    """The keywords that a method takes: its own parameters and the call options."""
    parameters = inspect.signature(body).parameters.values()
    own = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return frozenset(own - {"self"} | OPTIONS)


def refuse_unknown(name: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse a keyword that is no parameter and no option; a misspelled option must not pass in silence."""
    unknown = min(set(given) - known)
    close = get_close_matches(unknown, known, n=1)
    cure = f"did you mean {close[0]!r}?" if close else f"options are {', '.join(sorted(OPTIONS))}"
    raise InvalidRequestError(
        f"{name} has no option {unknown!r}", field=unknown, value=given[unknown], hint=cure, operation=name
    )


def merge_options(far: Mapping[str, Any], near: Mapping[str, Any]) -> dict[str, Any]:
    """The nearer option wins; max_attempts and max_retries are one option under two names."""
    aliases = {"max_attempts", "max_retries"}
    dropped = aliases if aliases & set(near) else set()
    return {**{name: value for name, value in far.items() if name not in dropped}, **near}


def with_nearer(owner: Owner, options: Mapping[str, Any]) -> Owner:
    """A cheap copy of what has default options (`_options`), with these nearer ones; refuses those that are none."""
    if options.keys() - OPTIONS:
        refuse_unknown("with_options", options, OPTIONS)
    twin = object.__new__(type(owner))
    twin.__dict__.update(owner.__dict__)
    twin.__dict__["_options"] = MappingProxyType(merge_options(owner.__dict__["_options"], options))
    return twin


def split_options(kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate the options of a call from the method's own keywords."""
    options = {name: kwargs.pop(name) for name in list(kwargs) if name in OPTIONS}
    return options, kwargs


def writes(function: object) -> bool:
    """Whether an adapter's method is a declared write: an operation that changes something, or an intent."""
    declared = getattr(function, "__backstay_operation__", None)
    if isinstance(declared, Operation):
        return declared.effect is not Effect.READ
    return isinstance(getattr(function, "__backstay_intent__", None), Effect)


def declared_by(method: object) -> Operation:
    """What a method that is an operation declares."""
    found: Operation = method.__backstay_operation__  # type: ignore[attr-defined]  # the decorator's mark
    return found


def operations_of(adapter: type) -> Mapping[str, Operation]:
    """Every operation that an adapter class declares, by method name."""
    found: dict[str, Operation] = {}
    for name in dir(adapter):
        declared = getattr(getattr(adapter, name, None), "__backstay_operation__", None)
        if isinstance(declared, Operation):
            found[name] = declared
    return found
