"""What a change of status, budget, bid or schedule can come to spend: read from the vendor, said to the spend guard.

Exposure belongs to whoever has the budget: an ad group or, where budgets are kept above, its campaign. What switches
something on is asked for every budget that can be spent by it; what lowers or stops needs no read at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from backstay.ad_adapter.parts import Step
from backstay.ad_adapter.reading import Reading
from backstay.ads import Ad, AdGroup, Bid, BidStrategy, Campaign, ConfiguredStatus, Level, Query, Ref, Schedule
from backstay.ads.exposure import max_daily_exposure
from backstay.ads.patch import Patch
from backstay.errors import InvalidRequestError
from backstay.money import Money
from backstay.operation import NeverSpends
from backstay.policies.caps import Dial
from backstay.policies.spend import NEVER, UNBOUNDED, ZERO
from backstay.values import UNSET
from backstay.writes.guard.shown import shown
from backstay.writes.guard.spending import Spending

PAUSED: Final = NeverSpends("it is created paused, and is judged when it is switched on")
FREE: Final = NeverSpends("an uploaded file costs nothing")

Holder = Campaign | AdGroup
_OFF: Final = frozenset({ConfiguredStatus.PAUSED, ConfiguredStatus.ARCHIVED, ConfiguredStatus.DELETED})
_ROAS_STEP: Final = Decimal("0.000001")


class Spends(Reading):
    """What the guard is told of changes."""

    _zone: str | None = None

    async def zone(self) -> str:
        """The account's time zone, asked once: it does not change while a process runs."""
        if self._zone is None:
            self._zone = (await self.get_account()).timezone.key
        return self._zone

    # Switching ----------------------------------------------------------------------------------------------------

    async def _spend_of_switch(self, ref: Ref, status: ConfiguredStatus, step: Step, before: Any) -> Spending:
        del step
        told: dict[str, Any] = {
            "ref": str(ref), "before": {"status": before.status.configured.value}, "after": {"status": status.value}
        }  # fmt: skip
        if status is not ConfiguredStatus.ACTIVE:
            return Spending(stops=(str(ref),), **told)
        zone, live = await self.zone(), await self._must_be_live(ref.level, ref)
        if isinstance(live, Campaign) and not _has_budget(live):
            dials = [await self._dial(group, lifts=True) for group in await self._running(ref)]
            return Spending(tuple(dials), zone, lifts=str(ref), wakes=True, **told)
        holder = await self._holder(live)
        own = holder.ref == ref
        dial = await self._dial(holder, turns=True if own else None, stirs=not own)
        return Spending((dial,), zone, wakes=True, **told)

    async def _holder(self, item: Campaign | AdGroup | Ad) -> Holder:
        """Whoever has the budget of an object; where nobody has one, the object next above that could."""
        if isinstance(item, Ad):
            return await self._holder(await self._must_be_live(Level.AD_GROUP, item.ad_group))
        if isinstance(item, Campaign) or _has_budget(item):
            return item
        campaign: Campaign = await self._must_be_live(Level.CAMPAIGN, item.campaign)
        return campaign if _has_budget(campaign) else item

    async def _running(self, campaign: Ref) -> list[AdGroup]:
        """The ad groups of a campaign whose switch is on, as the vendor shows them now."""
        found: dict[str, AdGroup] = {}
        for asked in self._asks(Level.AD_GROUP, Query(parent=campaign)):
            state: Any = None
            while True:
                page = await self._list_live(Level.AD_GROUP, asked, state, self.page_limit)
                found |= {item.ref.id: item for item in page.items if item.campaign == campaign and _is_on(item)}
                state = page.next_state
                if state is None:
                    break
        return list(found.values())

    # Changing -----------------------------------------------------------------------------------------------------

    async def _spend_of_step(self, ref: Ref, step: Step, before: Any, patch: Patch) -> Spending:
        changes = {name: value for name, value in patch.changes.items() if not step.fields or name in step.fields}
        told: dict[str, Any] = {
            "ref": str(ref), "before": {name: shown(getattr(before, name, None)) for name in changes},
            "after": {**shown(changes), **({"extra": shown(patch.extra)} if patch.extra else {})},
        }  # fmt: skip
        if ref.level is Level.AD or not {"budget", "bid", "schedule"} & set(changes):
            return Spending(**told)
        zone, live = await self.zone(), await self._must_be_live(ref.level, ref)
        dials = [await self._budget_dial(live, changes)] if {"budget", "schedule"} & set(changes) else []
        if "bid" in changes:
            dials.append(await self._bid_dial(live, changes["bid"]))
        return Spending(tuple(dials), zone, **told)

    async def _budget_dial(self, live: Holder, changes: Mapping[str, Any]) -> Dial:
        more: dict[str, Any] = {}
        if "schedule" in changes:
            more["ends_at"] = _ends(changes["schedule"])
            more["stirs"] = _longer(live.schedule, changes["schedule"])
        if "budget" in changes:
            more["to"] = self._exposure(changes["budget"])
            return await self._dial(live, **more)
        holder = await self._holder(live)
        return await self._dial(holder, **(more if holder is live else {"stirs": more["stirs"]}))

    async def _bid_dial(self, live: Holder, bid: Bid | None) -> Dial:
        comparable = live.bid is None or bid is None or live.bid.strategy is bid.strategy
        return Dial(
            f"{live.ref}#bid", await self.currency(), _looseness(live.bid), _is_on(live), _parents(live), bid=True,
            to=_looseness(bid) if comparable or _looseness(live.bid) == UNBOUNDED else UNBOUNDED,
        )  # fmt: skip

    async def _dial(self, holder: Holder, **more: Any) -> Dial:
        """A budget as the guard sees it. One that is shared is never known to be off: others may run on it."""
        budget = holder.budget
        shared = budget.shared_ref if budget is not None else None
        # A budget that comes to an object without one: until now nothing was spent by it.
        amount = ZERO if more.get("to") is not None and not _has_budget(holder) else self._exposure(budget)
        return Dial(
            str(holder.ref) if shared is None else f"{self.vendor}/{self.account}/budget/{shared}",
            await self.currency(), amount, _is_on(holder) or shared is not None,
            _parents(holder) if shared is None else (), _ends(holder.schedule), **more,
        )  # fmt: skip

    def _exposure(self, budget: Any) -> Decimal:
        most = max_daily_exposure(budget, self.capabilities.overspend)
        return UNBOUNDED if most is None else most.amount

    # The ledger against the vendor --------------------------------------------------------------------------------

    async def recount_spend(self) -> int:
        """Compare what the guard's ledger counts for this account with what the vendor shows, and correct it.

        For what others have paused, lowered or raised by hand, and for writes whose outcome stayed unknown; what we
        have changed within the read lag is left as it is. Gives the number of budgets that were looked at.
        """
        gate, account = self.runtime.gate, f"{self.vendor}/{self.account}"
        read_at, counted = self.runtime.clock.wall(), await gate.counted(account)
        if not counted:
            return 0
        dials = [dial for line in counted if (dial := await self._recounted(line.holder)) is not None]
        await gate.recount(account, await self.zone(), tuple(dials), read_at=read_at, lag=self.profile.read_lag)
        return len(dials)

    async def _recounted(self, holder: str) -> Dial | None:
        try:
            ref = Ref.parse(holder)
        except InvalidRequestError:  # a shared budget: no object of this model
            return None
        live = await self._live(ref)
        if live is None:
            return Dial(holder, await self.currency(), ZERO, on=False)
        return await self._dial(live)


def _has_budget(item: Holder) -> bool:
    return item.budget is not None and item.budget.amount is not None


def _is_on(item: Holder) -> bool:
    """What we cannot read counts as running."""
    return item.status.configured not in _OFF


def _parents(item: Holder) -> tuple[str, ...]:
    return (str(item.campaign),) if isinstance(item, AdGroup) else ()


def _ends(schedule: Schedule | None) -> float:
    return NEVER if schedule is None or schedule.end is None else schedule.end.timestamp()


def _longer(now: Schedule, then: Schedule | None) -> bool:
    """Whether it may run at times at which it did not; what is not said may be taken away."""
    if then is None or _ends(then) > _ends(now):
        return True
    return now.start is not None and (then.start is None or then.start < now.start)


def _looseness(bid: Bid | None) -> Decimal:
    """What a bid pays for one result, or for one of revenue; without a limit UNBOUNDED."""
    if bid is None or bid.strategy in {BidStrategy.LOWEST_COST, BidStrategy.UNKNOWN}:
        return UNBOUNDED
    if bid.amount is not None:
        return bid.amount.amount
    return UNBOUNDED if not bid.roas else (1 / bid.roas).quantize(_ROAS_STEP)


# Vendor fields that the guard must not miss -----------------------------------------------------------------------


def refuse_spending_extra(asked: Any, names: frozenset[str]) -> None:
    """Refuse vendor fields in `extra` that switch something on or make it spend more, at any depth.

    Raises:
        InvalidRequestError: naming the field; the common model has one for it.
    """
    for path, value in _extras(asked, ""):
        for name in _names(value, path, names):
            raise InvalidRequestError(
                f"{name} could spend past the guard", field=name, value=str(value)[:100], rule="guard.extra",
                hint="use the common fields: budget, bid, schedule, and set_status",
            )  # fmt: skip


_BARE: Final = (str, int, Decimal, datetime, Money, type(None))
"""Have nothing inside."""


def _extras(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _extras(each, f"{path}.{number}")
    elif hasattr(value, "__pydantic_fields_set__"):
        for name in value.__pydantic_fields_set__:
            own = value.__dict__[name]
            if name == "extra":
                yield f"{path}.{name}".lstrip("."), own
            elif own is not UNSET and not isinstance(own, _BARE):
                yield from _extras(own, f"{path}.{name}".lstrip("."))


def _names(value: Any, path: str, names: frozenset[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name in names:
                yield f"{path}.{name}"
            yield from _names(each, f"{path}.{name}", names)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _names(each, path, names)
