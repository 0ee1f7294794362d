"""Budgets: amounts in micros, periods, and who may share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import checks
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, member, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op, Txn

FAMILY: Final = "campaign_budget_error"


def create(op: Op, pb: Message) -> Draft:
    """A new budget. Shared, unless one says otherwise: that is the vendor's default."""
    if not pb.HasField("explicitly_shared"):
        pb.explicitly_shared = True
    if member(pb, "period") == "UNSPECIFIED":
        put(pb, "period", "DAILY")
    if member(pb, "delivery_method") == "UNSPECIFIED":
        put(pb, "delivery_method", "STANDARD")
    if member(pb, "type_") == "UNSPECIFIED":
        put(pb, "type_", "STANDARD")
    put(pb, "status", "ENABLED")
    pb.id = int(op.txn.ctx.sim.new_id())
    draft = Draft(op.kind, op.kind.name_of(op.txn.customer.id, str(pb.id)), pb, State.PAUSED)
    _check(op, draft, None)
    return draft


def update(op: Op, old: Draft, pb: Message) -> Draft:
    """The changed budget."""
    if old.pb.explicitly_shared and not pb.explicitly_shared:
        text = "Cannot change explicitly shared campaign budgets back to implicitly shared ones."
        raise op.refuse(FAMILY, "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED", text, "explicitly_shared")
    if pb.explicitly_shared and not old.pb.explicitly_shared and not pb.name:
        member_ = "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_EXPLICITLY_SHARED_WITHOUT_NAME"
        raise op.refuse(FAMILY, member_, "A budget without a name cannot be shared.", "explicitly_shared")
    draft = Draft(op.kind, old.name, pb, old.state, None, None, old.thing)
    _check(op, draft, old)
    op.txn.update(draft)
    return draft


def remove(op: Op, old: Draft) -> None:
    """A budget that a campaign uses stays."""
    if users(op.txn, old.name):
        text = "The campaign budget is associated with at least one campaign, and so cannot be removed."
        raise op.refuse(FAMILY, "CAMPAIGN_BUDGET_IN_USE", text, trigger=old.name)


def users(txn: Txn, name: str) -> list[Draft]:
    """The campaigns that have this budget and are not removed."""
    campaigns = txn.all(KINDS["campaign"])
    return [each for each in campaigns if each.state is not State.REMOVED and each.pb.campaign_budget == name]


def _check(op: Op, draft: Draft, old: Draft | None) -> None:
    pb = draft.pb
    if pb.name:
        checks.name(op, pb, "string_format_error", "ILLEGAL_CHARS")
        checks.unique(op, old, pb.name, FAMILY, "DUPLICATE_NAME", "A campaign budget with this name already exists.")
    if member(pb, "delivery_method") == "ACCELERATED":
        text = "Cannot use accelerated delivery method on this budget."
        raise op.refuse(FAMILY, "CANNOT_USE_ACCELERATED_DELIVERY_MODE", text, "delivery_method")
    match member(pb, "period"):
        case "DAILY":
            _daily(op, pb)
        case "CUSTOM_PERIOD":
            _custom(op, pb)
        case word:
            raise op.refuse(
                FAMILY, "INVALID_PERIOD", "The period of the budget is not allowed.", "period", trigger=word
            )


def _daily(op: Op, pb: Message) -> None:
    if pb.HasField("total_amount_micros"):
        text = "Total budget amount must be unset when BudgetPeriod is DAILY."
        member_ = "TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY"
        raise op.refuse(FAMILY, member_, text, "total_amount_micros")
    _amount(op, pb, "amount_micros")


def _custom(op: Op, pb: Message) -> None:
    if pb.HasField("amount_micros"):
        text = "Budget amount must be unset when BudgetPeriod is CUSTOM."
        raise op.refuse(FAMILY, "BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD", text, "amount_micros")
    if pb.explicitly_shared:
        text = "The campaign budget cannot be shared."
        raise op.refuse(FAMILY, "CAMPAIGN_BUDGET_CANNOT_BE_SHARED", text, "explicitly_shared")
    _amount(op, pb, "total_amount_micros")


def _amount(op: Op, pb: Message, field: str) -> None:
    if not pb.HasField(field):
        raise op.required(field)
    micros = int(getattr(pb, field))
    if micros < 0:
        raise op.refuse(FAMILY, "NEGATIVE_MONEY_AMOUNT", "A money amount was negative.", field, trigger=str(micros))
    if micros == 0:
        text = "A money amount was less than the minimum CPC for currency."
        raise op.refuse(FAMILY, "MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC", text, field, trigger=str(micros))
    if micros > checks.MOST_MICROS:
        text = "A money amount was greater than the maximum allowed."
        raise op.refuse(FAMILY, "MONEY_AMOUNT_TOO_LARGE", text, field, trigger=str(micros))
    checks.billable(op, micros, FAMILY, "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", field)
