"""The six vendors: healthy services (latency lognormal, median 50 ms, sigma 0.4) that each break in one way."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, field


def now() -> float:
    """Seconds of the running loop."""
    return asyncio.get_running_loop().time()


class VendorError(Exception):
    """What an attempt raises: a status (0: no answer at all), and whether the request may have been done."""

    def __init__(self, status: int, code: str, retry_after: float | None = None, *, ambiguous: bool = False) -> None:
        super().__init__(f"{status} {code}")
        self.status = self.status_code = status
        self.code = code
        self.ambiguous = ambiguous
        if retry_after is not None:
            self.retry_after = retry_after


@dataclass(slots=True)
class Request:
    """One logical call."""

    number: int
    op: str

    @property
    def key(self) -> str:
        """What names its object."""
        return f"k{self.number}"


@dataclass(slots=True)
class Counts:
    """What reached the vendor."""

    sent: int = 0
    quarters: dict[int, int] = field(default_factory=dict)
    """Calls by quarter of a second."""
    reads: int = 0
    refused: int = 0
    bans: int = 0


class Vendor:
    """The base: counts, and answers in time."""

    def __init__(self, rng: random.Random, began: float) -> None:
        self.rng = rng
        self.began = began
        self.counts = Counts()

    def t(self) -> float:
        """Seconds since the run began."""
        return now() - self.began

    def count(self) -> None:
        """A call has arrived."""
        self.counts.sent += 1
        quarter = int(self.t() * 4)
        self.counts.quarters[quarter] = self.counts.quarters.get(quarter, 0) + 1

    def latency(self) -> float:
        """Seconds for one answer."""
        return 0.05 * math.exp(self.rng.gauss(0, 0.4))

    async def call(self, request: Request) -> object:
        """One attempt."""
        raise NotImplementedError

    async def find(self, request: Request) -> object | None:
        """Whether the request's object is there."""
        raise NotImplementedError


class Transient(Vendor):
    """(a) One attempt in ten fails with 503."""

    async def call(self, request: Request) -> object:
        self.count()
        bad = self.rng.random() < 0.10
        await asyncio.sleep(self.latency())
        if bad:
            raise VendorError(503, "SERVICE_ERROR")
        return 1


class Outage(Vendor):
    """(b) From 20 s to 40 + U(0, 5) s every attempt fails within 5 ms."""

    A, B = 20.0, 40.0

    def __init__(self, rng: random.Random, began: float) -> None:
        super().__init__(rng, began)
        self.B += rng.uniform(0, 5)

    async def call(self, request: Request) -> object:
        self.count()
        if self.A <= self.t() < self.B:
            await asyncio.sleep(0.005)
            raise VendorError(0, "CONNECT")
        await asyncio.sleep(self.latency())
        return 1


class Brownout(Vendor):
    """(c) 100 calls a second at 20 in flight; slower the more there are; three times slower from 20 to 30 + U(0, 5) s.

    Work that the client gave up on still runs to its end. Beyond 300 in flight: 503 within 5 ms.
    """

    K, S0, Q, A, B = 20, 0.2, 300, 20.0, 30.0

    def __init__(self, rng: random.Random, began: float) -> None:
        super().__init__(rng, began)
        self.B += rng.uniform(0, 5)
        self.in_flight = 0

    async def call(self, request: Request) -> object:
        self.count()
        if self.in_flight >= self.Q:
            await asyncio.sleep(0.005)
            raise VendorError(503, "OVERLOADED")
        self.in_flight += 1
        load = self.in_flight / self.K
        base = self.S0 * (3.0 if self.A <= self.t() < self.B else 1.0)
        seconds = base if load <= 1 else base * load * (1 + 0.01 * (load - 1))
        seconds *= self.rng.uniform(0.9, 1.1)
        asyncio.get_running_loop().call_later(seconds, self._done)
        await asyncio.sleep(seconds)
        return 1

    def _done(self) -> None:
        self.in_flight -= 1


class RateLimit(Vendor):
    """(d) 250 calls in each window of 10 s, then 429 with Retry-After; 100 too many are a ban for the next window."""

    QUOTA, WINDOW, ABUSE = 250, 10.0, 100

    def __init__(self, rng: random.Random, began: float) -> None:
        super().__init__(rng, began)
        self.window, self.used, self.over, self.banned_until = -1, 0, 0, -1

    async def call(self, request: Request) -> object:
        self.count()
        t = self.t()
        window = int(t // self.WINDOW)
        if window != self.window:
            self.window, self.used, self.over = window, 0, 0
        if window < self.banned_until or self.used >= self.QUOTA:
            await self._refuse(t, window)
        self.used += 1
        await asyncio.sleep(self.latency())
        return 1

    async def _refuse(self, t: float, window: int) -> None:
        self.over += 1
        self.counts.refused += 1
        if self.over == self.ABUSE + 1 and window + 2 > self.banned_until:
            self.banned_until = window + 2
            self.counts.bans += 1
        end = max(window + 1, self.banned_until) * self.WINDOW
        await asyncio.sleep(0.005)
        raise VendorError(429, "RATE_LIMITED", retry_after=float(max(1, math.ceil(end - t))))


class LostReply(Vendor):
    """(e) Creates: 5 % fail before the write, 4 % are written and reset, 1 % are written and never answered.

    No idempotency key. A look sees an object 0 to 300 ms after it was written.
    """

    def __init__(self, rng: random.Random, began: float) -> None:
        super().__init__(rng, began)
        self.objects: dict[str, int] = {}
        self.visible: dict[str, float] = {}

    async def call(self, request: Request) -> object:
        self.count()
        luck, seconds = self.rng.random(), self.latency()
        await asyncio.sleep(seconds)
        if luck < 0.05:
            raise VendorError(503, "SERVICE_ERROR")
        self.objects[request.key] = self.objects.get(request.key, 0) + 1
        self.visible.setdefault(request.key, now() + self.rng.uniform(0, 0.3))
        if luck < 0.09:
            raise VendorError(0, "CONNECTION_RESET", ambiguous=True)
        if luck < 0.10:
            await asyncio.sleep(3600)
        return request.key

    async def find(self, request: Request) -> object | None:
        self.counts.reads += 1
        await asyncio.sleep(self.latency())
        since = self.visible.get(request.key)
        return request.key if since is not None and since <= now() else None


class Tail(Vendor):
    """(f) 2 % of the answers take twenty times as long."""

    async def call(self, request: Request) -> object:
        self.count()
        luck = self.rng.random()
        await asyncio.sleep(self.latency() * (20 if luck < 0.02 else 1))
        return 1


class Slow(Vendor):
    """(g, not in the goals' table) Everything is slow from 20 to 40 s: a hedge would only double the load."""

    A, B = 20.0, 40.0

    async def call(self, request: Request) -> object:
        self.count()
        await asyncio.sleep(self.latency() * (20 if self.A <= self.t() < self.B else 1))
        return 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """One vendor under one load; a success later than `sla` seconds is none."""

    vendor: type[Vendor]
    arrivals: tuple[tuple[float, float, float], ...]
    """(from, to, calls a second): Poisson."""
    seconds: float
    attempt_timeout: float
    sla: float
    op: str = "read"
    quitters: float = 0.0
    """The share of callers who give up, within a second."""


SCENARIOS = {
    "a": Scenario(Transient, ((0, 60, 50),), 60, 1.0, 5.0),
    "b": Scenario(Outage, ((0, 90, 50),), 90, 1.0, 5.0),
    "c": Scenario(Brownout, ((0, 120, 70),), 120, 1.0, 5.0),
    "d": Scenario(RateLimit, ((0, 20, 20), (20, 25, 80), (25, 90, 15)), 90, 1.0, 30.0),
    "e": Scenario(LostReply, ((0, 60, 20),), 60, 1.0, 10.0, "create"),
    "f": Scenario(Tail, ((0, 60, 50),), 60, 5.0, 5.0),
    "g": Scenario(Slow, ((0, 60, 50),), 60, 5.0, 5.0),
}


class ShortOutage(Outage):
    """(b) in short: from 5 s to 10 + U(0, 5) s."""

    A, B = 5.0, 10.0


class ShortBrownout(Brownout):
    """(c) in short: from 5 to 8 + U(0, 5) s."""

    A, B = 5.0, 8.0


class ShortSlow(Slow):
    """(g) in short: from 4 to 8 s."""

    A, B = 4.0, 8.0


SHORT = {
    "a": Scenario(Transient, ((0, 8, 50),), 8, 1.0, 5.0, quitters=0.05),
    "b": Scenario(ShortOutage, ((0, 20, 25),), 20, 1.0, 5.0, quitters=0.05),
    "c": Scenario(ShortBrownout, ((0, 18, 70),), 18, 1.0, 5.0, quitters=0.05),
    "d": Scenario(RateLimit, ((0, 5, 20), (5, 8, 80), (8, 25, 15)), 25, 1.0, 30.0, quitters=0.05),
    "e": Scenario(LostReply, ((0, 10, 20),), 10, 1.0, 10.0, "create", quitters=0.05),
    "f": Scenario(Tail, ((0, 8, 50),), 8, 5.0, 5.0, quitters=0.05),
    "g": Scenario(ShortSlow, ((0, 12, 25),), 12, 5.0, 5.0, quitters=0.05),
}
"""The same in short, with callers who give up: not to be compared with anything, but to be played many times."""
