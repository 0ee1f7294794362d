"""What simulators of content vendors share: keys, faults, request ids, refusals, and answers that break off.

A vendor's simulator gives `answer`, and a subclass of `Refusal` with its own envelope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, TypedDict, Unpack

from backstay.sandbox.draws import bits
from backstay.sandbox.faultfile import load_faults
from backstay.sandbox.faults import Fault, FaultPlan
from backstay.sandbox.wire import Reply, Request, json_reply, stream_reply
from backstay.sandbox.world import World

Json = Any
Chunk = tuple[float, bytes]
"""A piece of a stream, and the seconds before it."""

GOOD: Final = "good"
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"


class Refusal(Exception):  # noqa: N818 - the vendor's answer, not a fault of the simulator
    """An answer that is an error; a vendor's own has its envelope."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> Json:
        """The vendor's envelope."""
        raise NotImplementedError

    def about(self, request_id: str) -> Mapping[str, str]:
        """The headers that such an answer has besides its own."""
        del request_id
        return {}

    def reply(self, request_id: str) -> Reply:
        """The answer."""
        return with_headers(json_reply(self.body(request_id), self.status), {**self.about(request_id), **self.headers})


class Settings(TypedDict, total=False):
    """What all of them are made with."""

    seed: int
    faults: FaultPlan | str | None
    keys: Iterable[str]
    pace: float


class ContentSandbox:
    """A simulator without its vendor; `KEY` is the key that is good from the beginning.

    `faults` is a plan, the name of one ("calm", "storm"), or a file's path. `pace` is the time in seconds between two
    pieces of a stream.
    """

    vendor: str
    KEY: ClassVar[str]

    def __init__(self, world: World | None = None, **settings: Unpack[Settings]) -> None:
        seed, faults = settings.get("seed", 0), settings.get("faults")
        self.world = world or World(seed)
        self.keys = dict.fromkeys(settings.get("keys", (self.KEY,)), GOOD)
        self.pace = settings.get("pace", 0.0)
        self.faults = load_faults(faults, seed) if isinstance(faults, str) else faults
        self.begin()

    def begin(self) -> None:
        """Begin anew; a vendor adds what it remembers besides the world."""
        self.requests = 0
        """How many there were."""

    def reset(self) -> None:
        """An empty world; keys stay, the fault plan begins anew."""
        self.world.clear()
        self.begin()
        if self.faults is not None:
            self.faults.reset()

    def expire(self, key: str | None = None) -> None:
        """Let a key expire."""
        self.keys[self.KEY if key is None else key] = EXPIRED

    def revoke(self, key: str | None = None) -> None:
        """Revoke a key."""
        self.keys[self.KEY if key is None else key] = REVOKED

    def operation(self, request: Request) -> str:
        """The request's name for fault rules: its path."""
        return request.path.strip("/")

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what is asked at `now` (wall seconds) and answer."""
        self.requests += 1
        request_id = self.request_id()
        try:
            return self.answer(request, now, fault, request_id)
        except Refusal as refusal:
            return refusal.reply(request_id)

    def request_id(self) -> str:
        """The id of the request that is being answered."""
        return f"{bits(self.world.seed, 'request', self.requests):032x}"

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """The vendor's answer; raises its Refusal."""
        raise NotImplementedError

    def remember(self, now: float, name: str, account: str, level: str, data: Mapping[str, Json]) -> None:
        """Note in the world what was made, and is billed."""
        self.world.create(now, id=name, account=account, level=level, data=dict(data), spends=False, kind="generate")


def early(fault: Fault | None, refusal: Refusal | None) -> None:
    """Refuse at once, where the fault strikes before the vendor has done anything."""
    if refusal is not None and (fault is None or not fault.after_commit):
        raise refusal


def whole(made: Json, headers: Mapping[str, str], broken: Refusal | None) -> Reply:
    """The answer in one piece, or the refusal in its place although the vendor has done it."""
    if broken is not None:
        raise broken
    return with_headers(json_reply(made), headers)


def streamed(parts: Sequence[Chunk], headers: Mapping[str, str], error: bytes | None) -> Reply:
    """The answer as a stream; where something breaks, half of it and then the event of the error."""
    pieces = parts if error is None else [*parts[: len(parts) // 2], (0.0, error)]
    return with_headers(stream_reply(pieces), headers)


def with_headers(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """The same answer with more headers."""
    return replace(reply, headers={**reply.headers, **headers})


__all__ = [
    "EXPIRED", "GOOD", "REVOKED", "Chunk", "ContentSandbox", "Refusal", "Settings", "early", "streamed", "whole",
    "with_headers",
]  # fmt: skip
