"""A file of rules, and what it may hold to try them on.

rules:
  - {id: dear, when: {metric: cpa, op: ">", value: 8}, then: [{do: pause}]}
account: {zone: Europe/Berlin, currency: EUR}
objects:
  - {ref: tiktok/7001/campaign/18001, budget: 100.00 EUR, numbers: {today: {spend: 60.00 EUR, conversions: 5}}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Bid, Budget, BudgetPeriod, ConfiguredStatus, DeliveryStatus, Money
from backstay.services.document import Document, read
from backstay.services.faults import Faults
from backstay.services.rules.condition import All, Comparison, Not
from backstay.services.rules.condition import Any as AnyOf
from backstay.services.rules.decide import Decided, Inputs, decide
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.rule import (
    AnyRef,
    Back,
    Hook,
    Limits,
    Notify,
    Pause,
    Resume,
    Rule,
    ScaleBudget,
    Schedule,
    Scope,
    SetBid,
    SetBudget,
    Tag,
)
from backstay.services.rules.words import Metric, Op
from backstay.spec import Spec

ACTIONS: Final[Mapping[str, type[Spec]]] = {
    "pause": Pause, "resume": Resume, "set_budget": SetBudget, "scale_budget": ScaleBudget, "set_bid": SetBid,
    "notify": Notify, "tag": Tag, "hook": Hook,
}  # fmt: skip
PARTS: Final[Mapping[str, type[Spec]]] = {"scope": Scope, "limits": Limits, "schedule": Schedule}

_SURE: Final = Comparison(metric=Metric.SPEND, op=Op.AT_LEAST, value=Decimal(0))


class Tried(Spec):
    """An object to try rules on."""

    ref: AnyRef
    name: str = ""
    budget: Money | None = None
    period: BudgetPeriod = BudgetPeriod.DAILY
    bid: Bid | None = None
    status: ConfiguredStatus = ConfiguredStatus.ACTIVE
    delivery: DeliveryStatus = DeliveryStatus.UNKNOWN
    tags: tuple[str, ...] = ()


class Where(Spec):
    """The account of the objects."""

    zone: ZoneInfo = ZoneInfo("UTC")
    currency: str = "USD"


class RulesFile(Spec):
    """What a file says."""

    rules: tuple[Rule, ...]
    facts: tuple[Facts, ...] = ()
    """Of the objects to try them on."""
    at: AwareDatetime | None = None

    def decided(self, now: datetime) -> Decided:
        """What the rules would do to the file's objects, whatever their schedules say."""
        at = self.at or now
        return decide(Inputs(run="file", at=at, rules=self.rules, facts=self.facts, forced=True))


class _File(Spec):
    rules: tuple[Any, ...]
    account: dict[str, Any] | None = None
    objects: tuple[Any, ...] = ()
    at: AwareDatetime | None = None


def rules_of(path: str | Path) -> RulesFile:
    """The rules of a file; raises InvalidRequestError with line and field for all that is wrong in it."""
    return rules_in(read(path))


def rules_in(document: Document) -> RulesFile:
    """The rules of a document that was read."""
    faults = Faults(document)
    file = faults.build(_File, document.data, "")
    faults.check()
    assert file is not None  # noqa: S101 - without a fault it was built
    rules = [_rule(faults, each, f"rules.{n}") for n, each in enumerate(file.rules)]
    _twice(faults, rules)
    where = faults.build(Where, file.account or {}, "account")
    windows = None if None in rules else {window.key for rule in rules if rule for window in rule.windows}
    made = [_facts(faults, each, f"objects.{n}", where or Where(), windows) for n, each in enumerate(file.objects)]
    _same_object(faults, made)
    faults.check()
    return RulesFile(
        rules=tuple(each for each in rules if each is not None),
        facts=tuple(each for each in made if each is not None), at=file.at,
    )  # fmt: skip


def _twice(faults: Faults, rules: Sequence[Rule | None]) -> None:
    ids = [None if rule is None else rule.id for rule in rules]
    for n, name in enumerate(ids):
        if name is not None and name in ids[:n]:
            faults.refuse(f"rules.{n}.id", name, f"two rules have the id {name}", "rename one of them")


def _same_object(faults: Faults, facts: Sequence[Facts | None]) -> None:
    refs = [None if each is None else each.ref for each in facts]
    for n, ref in enumerate(refs):
        if ref is not None and ref in refs[:n]:
            faults.refuse(f"objects.{n}.ref", str(ref), "this object is there twice", "leave one of them out")


# Rules: each part is built at its own place, so that each fault has its line ----------------------------------------


def _rule(faults: Faults, data: Any, under: str) -> Rule | None:
    before = len(faults.found)
    if not isinstance(data, Mapping):
        return faults.build(Rule, data, under)
    told = dict(data)
    for name, cls in PARTS.items():
        if name in told:
            told[name] = faults.build(cls, told[name], f"{under}.{name}")
    if "when" in told:
        told["when"] = _node(faults, told["when"], f"{under}.when")
    if isinstance(told.get("then"), list):
        told["then"] = tuple(_action(faults, each, f"{under}.then.{n}") for n, each in enumerate(told["then"]))
    if isinstance(told.get("back"), Mapping):
        back = dict(told["back"])
        if "when" in back:
            back["when"] = _node(faults, back["when"], f"{under}.back.when")
        told["back"] = None if len(faults.found) > before else faults.build(Back, back, f"{under}.back")
    if len(faults.found) == before:
        return faults.build(Rule, told, under)
    instead = {"when": _SURE, "then": (Notify(),)}  # what does not depend on the faulty parts is still looked at
    rest = {name: value for name, value in told.items() if name not in {*PARTS, "back", "stale_ok"}}
    faults.build(Rule, {**rest, **{name: value for name, value in instead.items() if name in told}}, under)
    return None


def _node(faults: Faults, data: Any, under: str) -> Any:
    """A condition, from its leaves upwards."""
    if not isinstance(data, Mapping):
        return faults.build(Comparison, data, under)
    for name, cls in (("all", All), ("any", AnyOf)):
        if name in data:
            some = data[name] if isinstance(data[name], list) else []
            built = tuple(_node(faults, each, f"{under}.{name}.{n}") for n, each in enumerate(some))
            return None if None in built else faults.build(cls, {**data, name: built}, under)
    if "no" in data:
        inner = _node(faults, data["no"], f"{under}.no")
        return None if inner is None else faults.build(Not, {**data, "no": inner}, under)
    return faults.build(Comparison, data, under)


def _action(faults: Faults, data: Any, under: str) -> Spec | None:
    if not isinstance(data, Mapping):
        meant = data if isinstance(data, str) and data in ACTIONS else "pause"
        faults.refuse(under, data, f"{data} is no mapping with an action", f"write {{do: {meant}}}")
        return None
    word = data.get("do")
    cls = ACTIONS.get(str(word))
    if "do" not in data:
        faults.refuse(under, dict(data), "it does not say what to do", f"write do: and one of {', '.join(ACTIONS)}")
        return None
    if cls is None:
        faults.refuse(f"{under}.do", word, f"{word} is no action", f"one of {', '.join(ACTIONS)}")
        return None
    return faults.build(cls, data, under)


# Objects ------------------------------------------------------------------------------------------------------------


def _facts(faults: Faults, data: Any, under: str, where: Where, windows: set[str] | None) -> Facts | None:
    told = dict(data) if isinstance(data, Mapping) else {}
    rows = told.pop("numbers", None) or {}
    if not isinstance(rows, Mapping):
        faults.refuse(f"{under}.numbers", rows, "no windows with their numbers", "for example today: {spend: 5.00 EUR}")
        rows = {}
    tried = faults.build(Tried, told if isinstance(data, Mapping) else data, under)
    numbers = [_numbers(faults, key, row, f"{under}.numbers", windows) for key, row in rows.items()]
    if tried is None or None in numbers:
        return None
    amounts = {"budget": tried.budget, "bid": None if tried.bid is None else tried.bid.amount}
    for each in filter(None, numbers):
        amounts |= {f"numbers.{each.window}.{name}": getattr(each, name) for name in ("spend", "revenue")}
    _one_currency(faults, amounts, under, where.currency)
    budget = None if tried.budget is None else Budget(amount=tried.budget, period=tried.period)
    return Facts(
        ref=tried.ref, name=tried.name, zone=where.zone, currency=where.currency, configured=tried.status,
        delivery=tried.delivery, budget=budget, bid=tried.bid, tags=tried.tags,
        numbers=tuple(each for each in numbers if each is not None),
    )  # fmt: skip


def _one_currency(faults: Faults, amounts: Mapping[str, Money | None], under: str, currency: str) -> None:
    for name, money in amounts.items():
        if money is not None and money.currency != currency:
            faults.refuse(f"{under}.{name}", str(money), f"the account is in {currency}", "give it in that currency")


def _numbers(faults: Faults, key: str, row: Any, under: str, windows: set[str] | None) -> Numbers | None:
    if windows is not None and key not in windows:
        known = ", ".join(sorted(windows)) or "none"
        faults.refuse(f"{under}.{key}", key, f"no rule looks at {key}", f"rules look at {known}")
        return None
    return faults.build(Numbers, {**row, "window": key} if isinstance(row, Mapping) else row, f"{under}.{key}")
