"""Which calls a limit holds: an app's, an account's, a group of operations', an object's; and who listens to usage."""

from __future__ import annotations

from typing import Any, Unpack

import pytest

from backstay.auth import Credentials
from backstay.base import Adapter
from backstay.engine.call import note_usage
from backstay.errors import InvalidRequestError, RateLimitError
from backstay.operation import CallOptions, NeverSpends, Operation, operation
from backstay.policies.effect import Effect
from backstay.policies.pace import PaceOptions
from backstay.profile import Limit, Profile
from backstay.runtime import Runtime
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay.writes.reconcile import Seen

PROFILE = Profile(
    limits={
        "app": Limit(rate=None, pace=PaceOptions()),
        "account": Limit(rate=100.0, per="account", pace=PaceOptions()),
        "reports": Limit(rate=None, per="account", groups=("report",), pace=PaceOptions()),
        "budget": Limit(rate=None, windows=((4.0, 3600.0),), per="object"),
    },
)


class Stall(Adapter):
    """A vendor that says how much of its limits is used."""

    vendor = "stall"

    def __init__(self, account: str, runtime: Runtime, profile: Profile = PROFILE) -> None:
        super().__init__(
            credentials=Credentials("token-1"), account=account, host="h", profile=profile, runtime=runtime, options={}
        )
        self.says: tuple[tuple[Any, ...], ...] = ()

    def app(self) -> str:
        return "one app"

    def narrowed(self, operation: Operation, args: tuple[Any, ...]) -> tuple[str, str] | None:
        return ("budget", args[0]) if operation.name == "set_budget" and args[0].startswith("set/") else None

    @operation(Effect.READ)
    async def read(self, **_: Unpack[CallOptions]) -> float:
        return self._now()

    @operation(Effect.READ, group="report")
    async def report(self, **_: Unpack[CallOptions]) -> float:
        return self._now()

    @operation(Effect.SET, look="_look", spend=NeverSpends("the vendor is imagined"))
    async def set_budget(self, target: str, **_: Unpack[CallOptions]) -> float:
        return self._now()

    async def _look(self, target: str) -> Seen:
        return Seen.BEFORE

    def _now(self) -> float:
        for said in self.says:
            note_usage(*said)
        return self.runtime.clock.monotonic()


class Street:
    """Stalls of one runtime on one clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())

    def stall(self, account: str = "1", profile: Profile = PROFILE) -> Stall:
        return Stall(account, self.runtime, profile)

    def waited(self, *calls: Any) -> list[float]:
        """How many seconds each of these calls waited, one after the other."""

        async def main() -> list[float]:
            waits = []
            for call in calls:
                before = self.clock.monotonic()
                await call()
                waits.append(round(self.clock.monotonic() - before, 1))
            return waits

        return virtually(main(), self.clock)


@pytest.fixture
def street() -> Street:
    return Street()


def test_an_accounts_usage_slows_that_account_only(street: Street) -> None:
    """Another account of the same app goes on as it did."""
    one, other = street.stall("1"), street.stall("2")
    one.says = (("account", 1.0, 40.0),)
    assert street.waited(one.read, other.read, one.read) == [0.0, 0.0, 40.0]


def test_the_apps_usage_slows_everybody(street: Street) -> None:
    """A hundred tenants of one app share its limit."""
    one, other = street.stall("1"), street.stall("2")
    one.says = (("app", 1.0, 40.0),)
    assert street.waited(one.read, other.report) == [0.0, 40.0]


def test_a_use_cases_usage_slows_its_operations_only(street: Street) -> None:
    """Reports that are too many leave the other calls of the account alone."""
    one = street.stall()
    one.says = (("reports", 1.0, 40.0),)
    waits = street.waited(one.report, one.read, one.report)
    assert waits == [0.0, 0.0, 40.0]


def test_before_the_wall_calls_are_spaced(street: Street) -> None:
    """At 95 % one call in ten seconds."""
    one = street.stall()
    one.says = (("app", 0.95),)
    waits = street.waited(*[one.read] * 4)
    assert waits[0] == 0.0
    assert waits[1:] == [10.0] * 3


@pytest.mark.parametrize("said", [("app", 0.5), ("unknown", 1.0, 900.0), ("budget", 1.0, 900.0)])
def test_what_concerns_nobody_slows_nobody(street: Street, said: tuple[Any, ...]) -> None:
    """A limit far from its wall, one that the profile does not know, one that this call does not pass."""
    one = street.stall()
    one.says = (said,)
    assert street.waited(one.read, one.read) == [0.0, 0.0]


def test_usage_outside_a_call_is_ignored() -> None:
    """Nobody is there to be slowed."""
    note_usage("app", 1.0, 900.0)


def test_a_limit_per_object_holds_that_object_only(street: Street) -> None:
    """Four changes an hour of one thing; the fifth is refused at once, and another thing is changed all the same."""
    one = street.stall()

    async def main() -> None:
        for _ in range(4):
            await one.set_budget("set/1")
        with pytest.raises(RateLimitError) as caught:
            await one.set_budget("set/1")
        assert caught.value.rule == "engine.limiter"
        assert caught.value.retry_after == pytest.approx(3600, rel=0.05)
        await one.set_budget("set/2")
        for _ in range(9):
            await one.set_budget("campaign/1")
        await street.clock.sleep(3700.0)
        await one.set_budget("set/1")

    virtually(main(), street.clock)


def test_limits_per_object_share_breaker_and_retry_budget(street: Street) -> None:
    """An outage is one outage, however many objects are changed."""
    one = street.stall()
    street.waited(lambda: one.set_budget("set/1"), lambda: one.set_budget("set/2"))
    scopes = street.runtime.scopes
    assert len(scopes) == 3
    assert len({id(scope.breaker) for scope in scopes}) == len({id(scope.budget) for scope in scopes}) == 1
    assert len({id(scope.limiters["budget"]) for scope in scopes if "budget" in scope.limiters}) == 2


def test_a_profile_without_the_limit_narrows_nothing(street: Street) -> None:
    """Somebody may take a limit out of the profile."""
    one = street.stall(profile=Profile())
    assert street.waited(*[lambda: one.set_budget("set/1")] * 9) == [0.0] * 9


def test_a_write_costs_what_the_profile_says(street: Street) -> None:
    """Meta counts three points for a write and one for a read."""
    limits = {"app": Limit(rate=1.0, burst=6.0)}
    one = street.stall(profile=Profile(limits=limits, write_cost=3.0))
    waits = street.waited(*[lambda: one.set_budget("x")] * 3, one.read)
    assert waits == [0.0, 0.0, 3.0, 1.0]


@pytest.mark.parametrize(
    ("fields", "named"), [({"rate": 0.0}, "limit.rate"), ({"rate": None, "per": "call"}, "limit.per")]
)
def test_a_limit_that_limits_nothing_is_refused(fields: dict[str, Any], named: str) -> None:
    """Field, value and cure."""
    with pytest.raises(InvalidRequestError) as caught:
        Limit(**fields)
    assert caught.value.field == named
