"""A vendor whose reads lag, several processes on one ledger, and the truth about what can be spent."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from backstay.errors import SpendGuardError
from backstay.policies import caps as judging
from backstay.policies.caps import Cap, Caps, Dial, Proposal
from backstay.policies.spend import ZERO, Book, Line, Outcome, bound

LAG: Final = 10.0
DEADLINE: Final = 60.0
DAY: Final = 86_400.0
GROUPS: Final = {"g1": "c1", "g2": "c1", "g3": "c2", "c3": ""}
"""Who has a budget, and the campaign above; c3 is a campaign that has its own."""
CAMPAIGNS: Final = ("c1", "c2")
EVERYTHING: Final = (*GROUPS, *CAMPAIGNS)
AMOUNTS: Final = tuple(Decimal(n) for n in (10, 30, 40, 60, 90))
CAPS: Final = Caps(
    per_day=Cap(Decimal(110), "USD"), per_account=Cap(Decimal(100), "USD"), total=Cap(Decimal(100), "USD"),
    per_call=Cap(Decimal(85), "USD"),
)  # fmt: skip


@dataclass
class Thing:
    """An object at the vendor, with all its past: (since, on, budget)."""

    past: list[tuple[float, bool, Decimal]] = field(default_factory=lambda: [(-1e9, False, Decimal(40))])

    @property
    def on(self) -> bool:
        """Its switch."""
        return self.past[-1][1]

    @property
    def budget(self) -> Decimal:
        """Its budget."""
        return self.past[-1][2]

    def seen(self, now: float, *, late: bool) -> tuple[bool, Decimal]:
        """What a read shows: the newest state, or the oldest that may still be shown while reads lag."""
        shown = [(on, budget) for since, on, budget in self.past if since + LAG < now]
        return shown[-1] if late and shown else (self.on, self.budget)


@dataclass
class Write:
    """A write that was judged and that the vendor may carry out at any moment until it is over."""

    ticket: str
    thing: str
    on: bool | None
    budget: Decimal | None
    until: float
    carried_out: bool = False
    crashed: bool = False


class SpendWorld:
    """What can happen, one method each; `check` says whether a cap was exceeded in truth."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.book = Book()
        self.vendor = {name: Thing() for name in EVERYTHING}
        self.writes: list[Write] = []
        self.number = 0
        self.refused = 0
        self.spent: dict[tuple[str, str], Decimal] = {}

    # What processes do --------------------------------------------------------------------------------------------

    def dial(self, name: str, late: bool, **more: Any) -> Dial:
        """A budget as a process reads it."""
        on, budget = self.vendor[name].seen(self.now, late=late)
        return Dial(name, "USD", budget, on, (GROUPS[name],) if GROUPS[name] else (), **more)

    def ask(
        self, thing: str, think: float, *, on: bool | None = None, budget: Decimal | None = None, **what: Any
    ) -> None:
        """Read, think, and have it judged; what passes is under way."""
        read_at = self.now
        self.number += 1
        asked = Proposal(f"w{self.number}", "acc", "UTC", read_at, LAG, self.now + think + DEADLINE, **what)
        self.pass_time(think)
        try:
            judging.reserve(self.book, asked, CAPS, now=self.now, today=self.today, exchange=lambda *_: ZERO)
        except SpendGuardError:
            self.refused += 1
            assert not asked.stops, "what stops always passes"
        else:
            self.writes.append(Write(asked.ticket, thing, on, budget, asked.until))

    def today(self, zone: str = "UTC") -> str:
        """The day's number."""
        return str(int(self.now // DAY))

    def switch_on(self, name: str, late: bool, think: float) -> None:
        """What has a budget is switched on."""
        self.ask(name, think, on=True, dials=(self.dial(name, late, turns=True),), wakes=True)

    def switch_campaign_on(self, campaign: str, late: bool, think: float) -> None:
        """A campaign is switched on whose ad groups have the budgets."""
        below = [self.dial(name, late, lifts=True) for name, above in GROUPS.items() if above == campaign]
        self.ask(campaign, think, on=True, dials=tuple(d for d in below if d.on), lifts=campaign, wakes=True)

    def switch_an_ad_on(self, name: str, late: bool) -> None:
        """Something below a budget is switched on."""
        self.ask("", 0.0, dials=(self.dial(name, late, stirs=True),), wakes=True)

    def set_budget(self, name: str, to: Decimal, late: bool, think: float) -> None:
        """A budget is raised or lowered."""
        self.ask(name, think, budget=to, dials=(self.dial(name, late, to=to),))

    def switch_off(self, name: str) -> None:
        """Anything is switched off."""
        self.ask(name, 0.0, on=False, stops=(name,))

    # What becomes of writes ---------------------------------------------------------------------------------------

    def carry_out(self, which: int) -> None:
        """The vendor does it, if it may still come to it."""
        if not self.writes:
            return
        write = self.writes[which % len(self.writes)]
        if write.carried_out or self.now > write.until:
            return
        write.carried_out = True
        if write.thing:
            thing = self.vendor[write.thing]
            on = thing.on if write.on is None else write.on
            thing.past.append((self.now, on, thing.budget if write.budget is None else write.budget))
        self.look()

    def end(self, which: int, how: str) -> None:
        """An answer comes, is lost, or the process is gone and nobody will ever settle it."""
        if not self.writes:
            return
        write = self.writes[which % len(self.writes)]
        if how == "crashed":
            write.crashed = True
        elif not write.crashed:
            outcome = Outcome.UNKNOWN if how == "lost" else Outcome.DONE if write.carried_out else Outcome.RELEASED
            self.book.settle(write.ticket, outcome, self.now, self.today)
            self.writes.remove(write)

    def pass_time(self, seconds: float) -> None:
        """Time passes; a write that nobody waits for any more is over."""
        self.now += seconds
        self.writes = [write for write in self.writes if not write.crashed or self.now <= write.until]
        self.look()

    # What is true -------------------------------------------------------------------------------------------------

    def truth(self, name: str) -> Decimal:
        """What it can really spend."""
        thing, above = self.vendor[name], GROUPS[name]
        return thing.budget if thing.on and (not above or self.vendor[above].on) else ZERO

    def look(self) -> None:
        """Note what can really be spent on this day."""
        for name in GROUPS:
            key = (name, self.today())
            self.spent[key] = max(self.spent.get(key, ZERO), self.truth(name))

    def check(self) -> None:
        """The ledger never believes less than the truth, and no cap is exceeded in truth."""
        for name in GROUPS:
            line = self.book.lines.get(name) or Line(name, "acc", "UTC", "USD")
            assert bound(line, self.now) >= self.truth(name), f"{name} can spend more than the ledger says"
        assert sum((self.truth(name) for name in GROUPS), ZERO) <= 100, "more runs than the cap allows"
        spent = [most for (_, day), most in self.spent.items() if day == self.today()]
        assert sum(spent, ZERO) <= 110, "more can be spent on a day than the cap allows"
