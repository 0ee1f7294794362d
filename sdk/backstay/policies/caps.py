"""Caps on what running budgets may cost, and the judgement of one write against them. Pure.

A write is judged where it lets something spend that could not, or spend more. What lowers or stops always passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, localcontext
from typing import Final

from backstay.errors import SpendGuardError
from backstay.policies.spend import NEVER, UNBOUNDED, ZERO, Book, Hold, Line, alone, apart, bound, held, peak

Exchange = Callable[[Decimal, str, str], Decimal]
"""Amount, its currency, the wanted one; raises SpendGuardError without a rate of today."""
Today = Callable[[str], str]
"""The date of now in a time zone, as text."""
_EXACT: Final = Context(prec=120)
"""More digits than sums of any real amounts have: nothing is rounded, least of all down to a cap."""


@dataclass(frozen=True, slots=True)
class Cap:
    """An amount that something may not exceed."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return money(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Caps:
    """The rules; None is no rule."""

    per_call: Cap | None = None
    per_day: Cap | None = None
    per_account: Cap | None = None
    total: Cap | None = None
    max_raise: Decimal | None = None
    max_raise_per_day: Decimal | None = None

    @property
    def amounts(self) -> bool:
        """Whether any of them caps an amount."""
        return any((self.per_call, self.per_day, self.per_account, self.total))


@dataclass(frozen=True, slots=True)
class Dial:
    """One budget or bid that a write touches: as it was read just now, and as it will be.

    A bid's amount is what it pays for one result; UNBOUNDED where it has no limit.
    """

    holder: str
    currency: str
    amount: Decimal
    on: bool
    parents: tuple[str, ...] = ()
    ends: float = NEVER
    bid: bool = False
    turns: bool | None = None
    """Its own switch is turned on or off."""
    lifts: bool = False
    """Something above it is switched on."""
    stirs: bool = False
    """Something below it is switched on, or its schedule is changed: it may spend again, though no more than before."""
    to: Decimal | None = None
    """The amount afterwards; None leaves it."""
    ends_at: float | None = None
    """The end afterwards; None leaves it."""

    @property
    def raises(self) -> bool:
        """Whether it lets something spend, or spend more."""
        return bool(self.turns) or self.lifts or self.stirs or (self.to is not None and self.to > self.amount)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write that wants to be sent, with all that it touches."""

    ticket: str
    account: str
    zone: str = "UTC"
    read_at: float = 0.0
    """Wall seconds before the dials were read."""
    lag: float = 0.0
    """Seconds by which reads lag behind writes."""
    until: float = NEVER
    """Wall seconds after which the write is surely no longer under way."""
    dials: tuple[Dial, ...] = ()
    lifts: str | None = None
    """An object without a budget that is switched on; `dials` has every running budget below it that was read."""
    stops: tuple[str, ...] = ()
    """Objects that are switched off, with all below them."""
    wakes: bool = False
    """It switches something on, whether or not a budget can be spent by that."""
    by: str = ""
    """The process whose clock `read_at` and `until` are of."""

    @property
    def spends(self) -> bool:
        """Whether nobody but the caller of a guard may let it pass: it switches on, or raises what runs."""
        return self.wakes or any(dial.raises and (dial.on or dial.turns) for dial in self.dials)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was judged: the most that the touched budgets can cost, before and after, in the account's currency."""

    before: Decimal = ZERO
    after: Decimal = ZERO
    currency: str = ""
    holders: tuple[str, ...] = ()
    """Lines with a hold of this write."""


@dataclass(slots=True)
class _Touched:
    """One line on its way: as the ledger has it, as it is believed to be now, and with the write under way."""

    dial: Dial
    known: Line
    seen: Line
    after: Line


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a judgement needs besides the lines."""

    book: Book
    asked: Proposal
    caps: Caps
    exchange: Exchange
    today: Today
    now: float
    touched: dict[str, _Touched] = field(default_factory=dict)


def reserve(book: Book, asked: Proposal, caps: Caps, *, now: float, today: Today, exchange: Exchange) -> Ruling:
    """Judge a write and, if it passes, hold what it may come to cost; in one transaction with reading the book.

    Raises:
        SpendGuardError: a cap is exceeded; the book is as it was.
    """
    bench = _Bench(book, asked, caps, exchange, today, now)
    with localcontext(_EXACT):
        for dial in (*asked.dials, *_unseen(bench), *_switch(asked)):
            bench.touched[dial.holder] = _touch(bench, dial)
        _judge(bench)
        lines = {holder: each.after for holder, each in bench.touched.items()}
        lines |= _asleep(bench)
        for stopped in asked.stops:
            lines |= _stopped(bench, stopped, {**book.lines, **lines})
        book.put(lines)
        return _ruling(bench, lines)


def recount(book: Book, asked: Proposal, *, now: float, today: Today) -> None:
    """Believe what was read of the dials, where it is newer than our own writes; nothing is asked for."""
    bench = _Bench(book, asked, Caps(), lambda amount, *_: amount, today, now)
    known = {dial.holder: book.lines[dial.holder] for dial in asked.dials if dial.holder in book.lines}
    newer = [dial for dial in asked.dials if dial.holder in known and _trusts(bench, known[dial.holder])]
    book.put({d.holder: _rolled(bench, known[d.holder], _seen(bench, known[d.holder], d)) for d in newer})


def _touch(bench: _Bench, dial: Dial) -> _Touched:
    asked = bench.asked
    known = bench.book.lines.get(dial.holder) or Line(
        dial.holder, asked.account, asked.zone, dial.currency, dial.parents, dial.bid, halted=True
    )
    seen = _rolled(bench, known, _seen(bench, known, dial))
    hold = Hold(
        asked.ticket, bench.now, asked.until, turns=dial.turns, above=True if dial.lifts else None, wakes=dial.raises,
        amount=dial.to, ends=dial.ends_at, by=asked.by,
    )  # fmt: skip
    return _Touched(dial, known, seen, held(seen, hold))


def _trusts(bench: _Bench, line: Line) -> bool:
    """Whether what was read is newer than everything that we know of the line."""
    read_at, by = bench.asked.read_at - bench.asked.lag, bench.asked.by
    if line.changed + apart(line.by, by) >= read_at:
        return False
    return all(hold.until + apart(hold.by, by) < read_at for hold in line.holds)


def _seen(bench: _Bench, line: Line, dial: Dial) -> Line:
    """What the line is now: what was read, or, where reads may lag behind our own writes, whichever costs more."""
    line = replace(line, zone=bench.asked.zone, currency=dial.currency, parents=dial.parents)
    if _trusts(bench, line):  # all but what is above it: of that the line's own read says nothing
        halted = line.halted and not any(hold.wakes for hold in line.holds)
        return replace(line, on=dial.on, halted=halted, amount=dial.amount, ends=dial.ends, holds=())
    ends, amount = max(line.ends, dial.ends), max(line.amount, dial.amount)
    return replace(line, on=line.on or dial.on, amount=amount, ends=ends)


def _rolled(bench: _Bench, known: Line, seen: Line) -> Line:
    """The line on today's page: what it may have run with is kept, yesterday's is not."""
    now, today = bench.now, bench.today(seen.zone)
    if known.day == today:
        return replace(seen, peak=max(known.peak, bound(known, now)))
    return replace(seen, day=today, start=alone(seen, now), peak=max(bound(known, now), bound(seen, now)))


def _unseen(bench: _Bench) -> Iterable[Dial]:
    """Budgets below what is switched on which our own late writes have switched on, and which reads may not show yet.

    What was read is whole, so a line of old that is not in it does not run.
    """
    asked = bench.asked
    read = {dial.holder for dial in asked.dials}
    for line in _below(bench.book, asked.lifts):
        if line.holder not in read and not line.bid and not _trusts(bench, line):
            yield Dial(
                line.holder, line.currency, line.amount, line.on, line.parents, line.ends, lifts=True
            )  # fmt: skip


def _asleep(bench: _Bench) -> dict[str, Line]:
    """Lines below what is switched on that a trustworthy read shows as not running: somebody switched them off."""
    now, found = bench.now, dict[str, Line]()
    for line in _below(bench.book, bench.asked.lifts):
        if line.holder not in bench.touched and _trusts(bench, line):
            today = bench.today(line.zone)
            ran = peak(line, now, today)
            found[line.holder] = replace(line, on=False, holds=(), day=today, start=alone(line, now), peak=ran)
    return found


def _switch(asked: Proposal) -> Iterable[Dial]:
    """What is switched on and has no budget has a line all the same: whoever switches it off must know."""
    if asked.lifts is not None:
        yield Dial(asked.lifts, asked.dials[0].currency if asked.dials else "", ZERO, on=False, turns=True)


def _stopped(bench: _Bench, ref: str, lines: dict[str, Line]) -> dict[str, Line]:
    """What is switched off keeps counting until that has succeeded."""
    asked = bench.asked
    off = Hold(asked.ticket, bench.now, asked.until, turns=False, by=asked.by)
    own = {holder: held(line, off) for holder, line in lines.items() if holder.removesuffix("#bid") == ref}
    contested = any(hold.contested and hold.ticket == asked.ticket for line in own.values() for hold in line.holds)
    under = Hold(asked.ticket, bench.now, asked.until, above=False, contested=contested, by=asked.by)
    return {**own, **{holder: held(line, under) for holder, line in lines.items() if ref in line.parents}}


def _below(book: Book, parent: str | None) -> list[Line]:
    return [line for line in book.lines.values() if parent is not None and parent in line.parents]


def _ruling(bench: _Bench, lines: dict[str, Line]) -> Ruling:
    budgets = [each for each in bench.touched.values() if not each.dial.bid]
    return Ruling(
        sum((bound(each.seen, bench.now) for each in budgets), ZERO),
        sum((bound(each.after, bench.now) for each in budgets), ZERO),
        budgets[0].dial.currency if budgets else "",
        tuple(lines),
    )


# The rules --------------------------------------------------------------------------------------------------------


def _judge(bench: _Bench) -> None:
    for each in bench.touched.values():
        if each.dial.raises:
            _judge_raise(bench, each)
    woken = [each for each in bench.touched.values() if _woken(bench, each)]
    if woken and bench.caps.amounts:
        _judge_bounded(bench, woken)
        _judge_call(bench, woken)
        _judge_sums(bench)


def _woken(bench: _Bench, each: _Touched) -> bool:
    return each.dial.raises and not each.dial.bid and bound(each.after, bench.now) > ZERO


def _judge_bounded(bench: _Bench, woken: list[_Touched]) -> None:
    for each in woken:
        if bound(each.after, bench.now) == UNBOUNDED:
            raise SpendGuardError(
                f"{each.dial.holder} can spend without a limit: it has no budget, and none above it", field="budget",
                value="unlimited", hint="give it a budget, or write out SpendGuard.unlimited()", rule="guard.unbounded",
            )  # fmt: skip


def _judge_call(bench: _Bench, woken: list[_Touched]) -> None:
    cap = bench.caps.per_call
    if cap is None:
        return
    added = ZERO
    for each in woken:
        wakes = each.dial.turns or each.dial.lifts or each.dial.stirs
        before = bound(each.known, bench.now) if wakes else alone(each.seen, bench.now)
        added += _in(bench, max(bound(each.after, bench.now) - before, ZERO), each.after.currency, cap)
    _hold_to("per_call", added, cap, "this change adds an exposure of", "change less at once")


def _judge_sums(bench: _Bench) -> None:
    caps, now = bench.caps, bench.now
    if caps.per_day is not None:
        spent = sum((_peak(bench, line, caps.per_day) for line in _lines(bench)), ZERO)
        _hold_to("per_day", spent, caps.per_day, "what can be spent today comes to", "wait for the account's next day")
    for name, cap, lines in (
        ("per_account", caps.per_account, [line for line in _lines(bench) if line.account == bench.asked.account]),
        ("total", caps.total, _lines(bench)),
    ):
        if cap is not None:
            live = sum((_in(bench, bound(line, now), line.currency, cap) for line in lines), ZERO)
            _hold_to(name, live, cap, "what runs comes to an exposure of", "pause or lower something else")


def _peak(bench: _Bench, line: Line, cap: Cap) -> Decimal:
    return _in(bench, peak(line, bench.now, bench.today(line.zone)), line.currency, cap)


def _lines(bench: _Bench) -> list[Line]:
    """Every line as it will be; bids are not added up."""
    after = {holder: each.after for holder, each in bench.touched.items()}
    return [line for line in {**bench.book.lines, **after}.values() if not line.bid]


def _in(bench: _Bench, amount: Decimal, currency: str, cap: Cap) -> Decimal:
    if not amount or currency == cap.currency or amount == UNBOUNDED:
        return amount
    return bench.exchange(amount, currency, cap.currency)


def _hold_to(name: str, amount: Decimal, cap: Cap, what: str, cure: str) -> None:
    if amount <= cap.amount:
        return
    shown = money(amount, cap.currency)
    raise SpendGuardError(
        f"{name}: {what} {shown}, the cap is {cap}", field=name, value=shown, cap=str(cap), rule=f"guard.{name}",
        hint=f"{cure}, or raise the cap: SpendGuard({name}=...)",
    )  # fmt: skip


def _judge_raise(bench: _Bench, each: _Touched) -> None:
    """A raise of something that runs; and what was stopped, raised and started again on one day."""
    line, dial = each.seen, each.dial
    if dial.to is None and not dial.turns:
        return
    if not (line.on or dial.turns) or (not dial.bid and not bound(each.after, bench.now)):
        return
    ran_today = each.known.day == bench.today(line.zone)
    if dial.turns:
        to, before = max(line.amount, dial.to or ZERO), each.known.peak if ran_today else ZERO
    else:
        to, before = dial.to or ZERO, dial.amount if _trusts(bench, each.known) else _least(dial, each.known)
    _hold_raise("max_raise", bench.caps.max_raise, before, to, dial)
    _hold_raise("max_raise_per_day", bench.caps.max_raise_per_day, line.start if ran_today else before, to, dial)


def _least(dial: Dial, known: Line) -> Decimal:
    """What it may run with now, at the least: what was read may be older than our own last write."""
    return min(dial.amount, known.amount) if known.day else dial.amount


def _hold_raise(name: str, most: Decimal | None, before: Decimal, to: Decimal, dial: Dial) -> None:
    if most is None or not before or to <= before * (1 + most):
        return
    what = "bid" if dial.bid else "exposure"
    raise SpendGuardError(
        f"{name}: the {what} of {dial.holder} goes from {money(before, dial.currency)} to {money(to, dial.currency)}, "
        f"which is more than {percent(most)}", field=name, value=money(to, dial.currency), cap=f"+{percent(most)}",
        rule=f"guard.{name}", hint=f"raise it in smaller steps, or change SpendGuard({name}=...)",
    )  # fmt: skip


def money(amount: Decimal, currency: str) -> str:
    """An amount as text, without zeros at its end."""
    return f"no limit {currency}" if amount == UNBOUNDED else f"{_EXACT.normalize(amount):f} {currency}"


def percent(share: Decimal) -> str:
    """A share as text: 0.5 is 50 %."""
    return f"{(share * 100).normalize():f} %"
