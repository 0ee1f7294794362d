"""The rows of the members: hints for the ones that people meet, then one row a meaning for all others."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from backstay.table import Match, Row, code
from backstay_adapters.google_ads.errors.judge import REST, Judged, judged

_MANAGER: Final = "give login_customer_id= of the manager through which this user reaches the customer"
_ADOPT: Final = "an object of this name is there: look it up and adopt it, or choose another name"

_HINTS: Final = (
    ("permission", "PERMISSION_DENIED", _MANAGER,
     ("authorization_error.USER_PERMISSION_DENIED",
      "authorization_error.INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION")),
    ("access_level", "PERMISSION_DENIED",
     "this project has test access only: ask for a higher access level, or use a test account",
     ("authorization_error.DEVELOPER_TOKEN_NOT_APPROVED",
      "authorization_error.CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION")),
    ("not_ads_user", "PERMISSION_DENIED",
     "this Google login has no Google Ads account: invite it; a service account needs access of its own",
     ("authentication_error.NOT_ADS_USER",)),
    ("customer_off", "ACCOUNT_DISABLED", "the customer is not enabled: finish its sign-up, or ask Google why",
     ("authorization_error.CUSTOMER_NOT_ENABLED", "authorization_error.ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT")),
    ("customer_id", REST, "a customer id has ten digits",
     ("request_error.INVALID_CUSTOMER_ID", "authentication_error.CLIENT_CUSTOMER_ID_INVALID")),
    ("page_token", REST, "page tokens live about two hours: run the query again from its start",
     ("request_error.EXPIRED_PAGE_TOKEN", "request_error.INVALID_PAGE_TOKEN")),
    ("duplicate", "CONFLICT", _ADOPT,
     ("campaign_error.DUPLICATE_CAMPAIGN_NAME", "ad_group_error.DUPLICATE_ADGROUP_NAME", "label_error.DUPLICATE_NAME",
      "campaign_budget_error.DUPLICATE_NAME", "asset_error.DUPLICATE_ASSET_NAME")),
    ("removed", "NOT_FOUND", "the object is removed, which is final: make a new one",
     ("operation_access_denied_error.OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE",)),
    ("manager_metrics", REST, "a manager has no numbers: ask its customers",
     ("query_error.REQUESTED_METRICS_FOR_MANAGER",)),
    ("unit", REST, "use an amount that is a whole multiple of the currency's billable unit",
     ("campaign_budget_error.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT",
      "currency_error.VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT")),
    ("count", "QUOTA_EXHAUSTED",
     "the account holds as many of these objects as it may: remove some; waiting does not help",
     tuple(member for member, what in judged().items()
           if member.startswith("resource_count_limit_exceeded_error.") and what.type == "QUOTA_EXHAUSTED")),
    ("policy", "CREATIVE_REJECTED", "change the ad: the policy's name and the text that breaks it are in the message",
     ("policy_finding_error.POLICY_FINDING", "policy_violation_error.POLICY_ERROR")),
)  # fmt: skip


def _hinted() -> tuple[Row, ...]:
    return tuple(Row(f"google_ads.{name}", code(*members), kind, hint=hint) for name, kind, hint, members in _HINTS)


def _meanings() -> tuple[Row, ...]:
    """A row for each meaning, in the order of their names; wrong requests come last and need no list."""
    by_meaning = sorted(judged().items(), key=lambda each: each[1])
    rows = [
        Row(_name(what), code(*(member for member, _ in group)), what.type, retryable=what.retryable)
        for what, group in groupby(by_meaning, key=lambda each: each[1])
        if what.type != REST
    ]
    known = Match(lambda facts: facts.code in judged())
    return (*rows, Row(f"google_ads.member.{REST.lower()}", known, REST))


def _name(what: Judged) -> str:
    passing = {True: ".passing", False: ""}[what.type == "CONFLICT" and what.retryable]
    return f"google_ads.member.{what.type.lower()}{passing}"


MEMBERS: Final = (*_hinted(), *_meanings())
"""Every member that has been judged. A newer one is told by the status around it."""
