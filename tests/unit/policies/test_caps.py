"""The rules of the spend guard, one by one: what is judged, against what, and what always passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import SpendGuardError
from backstay.policies.caps import Cap, Caps, Dial, Proposal, reserve
from backstay.policies.spend import SKEW, UNBOUNDED, ZERO, Book, Outcome, bound, outdated, settled

NOW = 1e9
DAY = 86_400.0
NO_CAPS = Caps()


def usd(amount: str) -> Cap:
    return Cap(Decimal(amount), "USD")


def dial(holder: str = "c1", amount: str = "100", *, on: bool = False, **more: Any) -> Dial:
    return Dial(holder, "USD", Decimal(amount), on, **more)


class Desk:
    """A book, a clock, and writes that go well unless said otherwise."""

    def __init__(self) -> None:
        self.book = Book()
        self.now = NOW
        self.number = 0

    def today(self, zone: str = "UTC") -> str:
        return str(int((self.now + (9 * 3600 if zone == "Asia/Tokyo" else 0)) // DAY))

    def ask(
        self, caps: Caps, *dials: Dial, account: str = "a1", zone: str = "UTC", lag: float = 0.0, **more: Any
    ) -> str:
        """Judge and hold; the ticket."""
        self.number += 1
        asked = Proposal(f"w{self.number}", account, zone, self.now, lag, self.now + 60, dials=dials, **more)
        reserve(self.book, asked, caps, now=self.now, today=self.today, exchange=self.exchange)
        self.now += 1.0
        return asked.ticket

    def done(self, caps: Caps, *dials: Dial, outcome: Outcome = Outcome.DONE, **more: Any) -> None:
        """The same, and it went well."""
        ticket = self.ask(caps, *dials, **more)
        self.book.settle(ticket, outcome, self.now, self.today)
        self.now += 1.0

    def exchange(self, amount: Decimal, currency: str, to: str) -> Decimal:
        assert (currency, to) == ("EUR", "USD")
        return amount * 2

    def live(self, holder: str = "c1") -> Decimal:
        line = self.book.lines.get(holder)
        return ZERO if line is None else bound(line, self.now)

    def refused(self, caps: Caps, *dials: Dial, **more: Any) -> SpendGuardError:
        before = dict(self.book.lines)
        with pytest.raises(SpendGuardError) as caught:
            self.ask(caps, *dials, **more)
        assert self.book.lines == before, "a refusal changes nothing"
        return caught.value


@pytest.mark.parametrize("rule", ["per_call", "per_day", "per_account", "total"])
def test_each_cap_stops_an_activation_and_says_what_stood_against_what(rule: str) -> None:
    """At the cap it passes, a cent above it does not; rule, value, cap and cure are named."""
    desk, caps = Desk(), Caps(**{rule: usd("100")})  # type: ignore[arg-type]  # one rule by its name
    error = desk.refused(caps, dial(amount="100.01", turns=True))
    assert (error.rule, error.field, error.value, error.cap) == (f"guard.{rule}", rule, "100.01 USD", "100 USD")
    assert rule in (error.hint or "")
    desk.done(caps, dial(amount="100", turns=True))
    assert desk.live() == 100


@pytest.mark.parametrize(("rule", "account", "passes"), [
    ("per_account", "a2", True), ("per_account", "a1", False), ("total", "a2", False), ("per_call", "a1", True),
])  # fmt: skip
def test_what_caps_add_up(rule: str, account: str, passes: bool) -> None:
    """Of an account, or of all accounts; a change alone."""
    desk, caps = Desk(), Caps(**{rule: usd("100")})  # type: ignore[arg-type]  # one rule by its name
    desk.done(caps, dial(amount="60", turns=True))
    second = dial("c2", "60", turns=True)
    if passes:
        desk.done(caps, second, account=account)
    else:
        desk.refused(caps, second, account=account)


def test_caps_that_came_later_hold_for_what_is_switched_on_again() -> None:
    """It adds nothing to what runs; but more runs than is allowed, so nothing is switched on."""
    desk = Desk()
    desk.done(NO_CAPS, dial(amount="100", turns=True))
    desk.refused(Caps(total=usd("99")), dial(amount="100", on=True, turns=True))
    desk.done(Caps(total=usd("100"), per_call=usd("1")), dial(amount="100", on=True, turns=True))


def test_pausing_frees_what_runs_but_not_the_day() -> None:
    """What was paused today may have spent today; tomorrow is a new day."""
    desk, caps = Desk(), Caps(total=usd("100"), per_day=usd("150"))
    desk.done(caps, dial(amount="100", turns=True))
    desk.done(caps, stops=("c1",))
    assert desk.live() == 0
    assert desk.refused(caps, dial("c2", "100", turns=True)).rule == "guard.per_day"
    desk.done(caps, dial("c2", "50", turns=True))
    desk.now += DAY
    desk.done(caps, dial("c3", "50", turns=True))


def test_the_day_is_the_accounts_own() -> None:
    """In Tokyo the next day has begun when in UTC it has not."""
    desk, caps = Desk(), Caps(per_day=usd("100"))
    desk.now = NOW - NOW % DAY + 14 * 3600.0  # 23:00 in Tokyo
    desk.done(caps, dial(amount="100", turns=True), zone="Asia/Tokyo")
    desk.done(caps, stops=("c1",), zone="Asia/Tokyo")
    desk.now += 2 * 3600.0
    desk.done(caps, dial("c2", "100", turns=True), zone="Asia/Tokyo")
    other = Desk()
    other.now = NOW - NOW % DAY + 14 * 3600.0
    other.done(caps, dial(amount="100", turns=True))
    other.done(caps, stops=("c1",))
    other.now += 2 * 3600.0
    other.refused(caps, dial("c2", "100", turns=True))


@pytest.mark.parametrize(("to", "refused"), [("150", None), ("150.01", "max_raise"), ("99", None), ("1", None)])
def test_a_raise_is_held_to_its_step(to: str, refused: str | None) -> None:
    """+50 % at most in one write; lowering is free."""
    desk, caps = Desk(), Caps(max_raise=Decimal("0.5"))
    desk.done(caps, dial(turns=True))
    raised = dial(on=True, to=Decimal(to))
    if refused is None:
        desk.done(caps, raised)
        assert desk.live() == Decimal(to)
    else:
        error = desk.refused(caps, raised)
        assert (error.rule, error.value, error.cap) == ("guard.max_raise", "150.01 USD", "+50 %")


def test_a_days_raises_are_held_together() -> None:
    """Many small steps are one big one; the next day begins anew."""
    desk, caps = Desk(), Caps(max_raise=Decimal("0.5"), max_raise_per_day=Decimal(1))
    desk.done(caps, dial(turns=True))
    desk.done(caps, dial(on=True, to=Decimal(150)))
    assert desk.refused(caps, dial(amount="150", on=True, to=Decimal(201))).rule == "guard.max_raise_per_day"
    desk.done(caps, dial(amount="150", on=True, to=Decimal(200)))
    desk.now += DAY
    desk.done(caps, dial(amount="200", on=True, to=Decimal(300)))


@pytest.mark.parametrize("caps", [Caps(max_raise=Decimal("0.5")), Caps(max_raise_per_day=Decimal("0.5"))])
def test_to_pause_raise_and_start_again_is_a_raise(caps: Caps) -> None:
    """A detour is no way around the rule, on the same day."""
    desk = Desk()
    desk.done(caps, dial(turns=True))
    desk.done(caps, stops=("c1",))
    desk.done(caps, dial(to=Decimal(1000)))
    desk.refused(caps, dial(amount="1000", turns=True))
    desk.done(caps, dial(amount="1000", to=Decimal(150)))
    desk.done(caps, dial(amount="150", turns=True))


def test_what_does_not_run_may_be_raised_freely() -> None:
    """It is judged when it is switched on."""
    desk, caps = Desk(), Caps(per_call=usd("100"), max_raise=Decimal("0.1"), total=usd("100"))
    desk.done(caps, dial(amount="10", to=Decimal(500)))
    assert desk.live() == 0
    desk.refused(caps, dial(amount="500", turns=True))


def test_lowering_and_stopping_pass_whatever_runs() -> None:
    """Caps that came later, or amounts that others raised, never stand in the way of spending less."""
    desk, tight = Desk(), Caps(per_call=usd("1"), per_day=usd("1"), per_account=usd("1"), total=usd("1"))
    desk.done(NO_CAPS, dial(amount="500", turns=True))
    desk.done(tight, dial(amount="500", on=True, to=Decimal(400)))
    assert desk.live() == 400
    desk.done(tight, stops=("c1",))
    assert desk.live() == 0


def test_what_others_run_counts_once_we_raise_it() -> None:
    """Not when we lower it; a raise counts the whole of it, while the change itself is only what it adds."""
    desk = Desk()
    desk.done(Caps(total=usd("1")), dial(amount="100", on=True, to=Decimal(90)))
    assert desk.live() == 0
    assert desk.refused(Caps(total=usd("100")), dial(amount="90", on=True, to=Decimal(110))).rule == "guard.total"
    desk.done(Caps(total=usd("110"), per_call=usd("20")), dial(amount="90", on=True, to=Decimal(110)))
    assert desk.live() == 110


def test_a_child_counts_when_what_is_above_it_is_switched_on() -> None:
    """All that was read as running below, as one change."""
    desk = Desk()
    below = [dial(f"g{n}", "60", on=True, parents=("c1",), lifts=True) for n in (1, 2)]
    error = desk.refused(Caps(per_call=usd("100")), *below, lifts="c1")
    assert error.value == "120 USD"
    desk.done(Caps(per_call=usd("120")), *below, lifts="c1")
    desk.done(NO_CAPS, stops=("c1",))
    assert desk.live("g1") == desk.live("g2") == 0


def test_what_somebody_switched_off_by_hand_is_let_go() -> None:
    """A read of all that runs below, newer than our own writes, is believed."""
    desk = Desk()
    desk.done(NO_CAPS, dial("g1", "60", turns=True, parents=("c1",)))
    desk.done(NO_CAPS, dial("g2", "60", turns=True, parents=("c1",)))
    desk.done(NO_CAPS, dial("g2", "60", on=True, parents=("c1",), lifts=True), lifts="c1")
    assert (desk.live("g1"), desk.live("g2")) == (0, 60)


def test_what_a_read_does_not_show_yet_still_counts() -> None:
    """An ad group that we have just switched on is below the campaign, though the list is older than that."""
    desk = Desk()
    desk.done(NO_CAPS, dial("g1", "60", turns=True, parents=("c1",)), lag=10.0)
    desk.done(NO_CAPS, stops=("c1",), lag=10.0)
    desk.done(NO_CAPS, lifts="c1", lag=10.0)
    assert desk.live("g1") == 60


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_becomes_of_a_reservation(outcome: Outcome) -> None:
    """Done stays, refused is let go, unknown is kept until a read that is new enough tells."""
    desk, caps = Desk(), Caps(total=usd("100"))
    desk.done(caps, dial(turns=True), outcome=outcome, lag=10.0)
    assert desk.live() == (0 if outcome is Outcome.RELEASED else 100)
    if outcome is Outcome.UNKNOWN:
        desk.refused(caps, dial("c2", "50", turns=True), lag=10.0)
        desk.done(caps, dial(amount="100", to=Decimal(90)), lag=10.0)  # read too early: it proves nothing
        assert desk.live() == 90
        desk.now += 20.0
        desk.done(caps, dial(amount="90", to=Decimal(80)), lag=10.0)  # it was not switched on after all
        assert desk.live() == 0


def test_a_pause_that_succeeds_frees_what_may_have_been_switched_on_before() -> None:
    """An activation whose answer was lost long ago cannot come after it any more."""
    desk = Desk()
    desk.done(NO_CAPS, dial(turns=True), outcome=Outcome.UNKNOWN)
    desk.done(NO_CAPS, dial("g1", turns=True, parents=("c2",)), outcome=Outcome.UNKNOWN)
    desk.now += 100.0
    desk.done(NO_CAPS, stops=("c1",))
    desk.done(NO_CAPS, stops=("c2",))
    assert (desk.live("c1"), desk.live("g1")) == (0, 0)
    desk.done(NO_CAPS, lifts="c2", lag=1e6)  # it may have been switched on, and reads do not show it yet
    assert desk.live("g1") == 100


def test_without_any_budget_nothing_is_switched_on() -> None:
    """No limit is more than any cap; without caps it is the caller's word that counts."""
    desk = Desk()
    free = replace(dial(turns=True), amount=UNBOUNDED)
    assert desk.refused(Caps(total=usd("100")), free).rule == "guard.unbounded"
    desk.done(NO_CAPS, free)
    assert desk.refused(Caps(total=usd("100")), dial("c2", "1", turns=True)).value == "no limit USD"


def test_a_bid_is_compared_but_not_added() -> None:
    """It has no exposure of its own."""
    desk, caps = Desk(), Caps(total=usd("100"), max_raise=Decimal("0.5"))
    desk.done(caps, dial(turns=True))
    desk.done(caps, dial("c1#bid", "2", on=True, bid=True, to=Decimal(3)))
    assert desk.refused(caps, dial("c1#bid", "3", on=True, bid=True, to=UNBOUNDED)).value == "no limit USD"
    desk.done(caps, dial("c1#bid", "2", on=False, bid=True, to=Decimal(30)))


def test_other_currencies_are_converted() -> None:
    """Into the cap's own."""
    desk, caps = Desk(), Caps(total=usd("100"))
    euros = replace(dial(amount="50.01", turns=True), currency="EUR")
    assert desk.refused(caps, euros).value == "100.02 USD"
    desk.done(caps, replace(euros, amount=Decimal(50)))


def test_what_is_over_does_not_count_until_it_is_extended() -> None:
    """A schedule that has ended spends nothing; a new end is judged."""
    desk, caps = Desk(), Caps(total=usd("100"))
    desk.done(caps, dial(turns=True, ends=NOW + 100))
    desk.now = NOW + 200
    assert desk.live() == 0
    desk.done(caps, dial("c2", turns=True))
    late = dial(on=True, ends=NOW + 100, stirs=True, ends_at=NOW + 900)
    assert desk.refused(caps, late).rule == "guard.total"


def test_old_lines_are_dropped() -> None:
    """What stopped days ago needs no line; what runs, and what may have happened, does."""
    desk = Desk()
    desk.done(NO_CAPS, dial("c1", turns=True))
    desk.done(NO_CAPS, dial("c2", turns=True))
    desk.done(NO_CAPS, dial("c3", turns=True), outcome=Outcome.UNKNOWN)
    desk.done(NO_CAPS, stops=("c2",))
    late = desk.now + 4 * DAY
    assert [name for name, line in desk.book.lines.items() if outdated(line, late)] == ["c2"]
    desk.book.prune(late)
    assert sorted(desk.book.lines) == ["c1", "c3"]
    assert desk.book.changed["c2"] is None


@given(st.lists(st.decimals("0.01", "1e12", places=2), min_size=1, max_size=8), st.decimals("0.01", "1e12", places=2))
def test_sums_are_exact(amounts: list[Decimal], cap: Decimal) -> None:
    """To the last cent, whatever the size: passed means at most the cap, refused means more."""
    desk, caps = Desk(), Caps(total=Cap(cap, "USD"))
    for number, amount in enumerate(amounts):
        one = dial(f"c{number}", str(amount), turns=True)
        live = sum((bound(line, desk.now) for line in desk.book.lines.values()), ZERO)
        if live + amount <= cap:
            desk.done(caps, one)
        else:
            desk.refused(caps, one)


@pytest.mark.parametrize(("apart", "by", "live"), [
    (5, "p1", "50"), (5, "p2", "100"), (SKEW - 5, "p2", "100"), (SKEW + 5, "p2", "50"),
])  # fmt: skip
def test_a_read_by_another_process_is_newer_only_beyond_what_clocks_may_differ_by(
    apart: float, by: str, live: str
) -> None:
    """A clock that runs ahead makes an old read look new; its own process's reads need no such allowance."""
    desk = Desk()
    desk.done(NO_CAPS, dial(turns=True), by="p1")
    desk.now += apart
    desk.ask(NO_CAPS, dial(amount="50", on=True, lifts=True), by=by)
    assert desk.live() == Decimal(live)


@pytest.mark.parametrize(("by", "amount"), [("p1", "20"), ("p2", "90")])
def test_which_of_two_processes_wrote_last_is_not_told_by_their_clocks(by: str, amount: str) -> None:
    """A lost write that was over before the next one began loses; by another's clock, whichever costs more counts."""
    desk = Desk()
    desk.done(NO_CAPS, dial(turns=True), by="p1")
    lost = desk.ask(NO_CAPS, dial(amount="100", on=True, to=Decimal(90)), by="p1")
    desk.book.settle(lost, Outcome.UNKNOWN, desk.now, desk.today)
    desk.now += 5
    desk.done(NO_CAPS, dial(amount="100", on=True, to=Decimal(20)), by=by)
    line = desk.book.lines["c1"]
    assert bound(settled(line, lost, Outcome.RELEASED, desk.now, "d"), desk.now) == Decimal(20 if by == "p1" else 100)
    assert desk.live() >= Decimal(amount)
