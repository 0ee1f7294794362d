"""The faults that have words: how Meta says that it is too much, broken, or that the token is no longer good."""

from __future__ import annotations

import json
from typing import Final

from backstay.sandbox.faults import Fault, FaultKind
from backstay_adapters.meta.sandbox.access import spoiled
from backstay_adapters.meta.sandbox.catalogue import pair
from backstay_adapters.meta.sandbox.refusal import Refused

USUAL: Final = ((1, None), (1, 99), (2, None), (-1, None))
ONE_AD_SET: Final = 1487632
"""The limit of one ad set's budget says nothing of the account's."""
SHORT: Final = (17, 2446079)
LONG: Final = (80004, 2446079)
USE_CASES: Final = {
    80000: "ads_insights", 80001: "pages", 80002: "instagram", 80003: "custom_audience", 80004: "ads_management",
    80005: "leadgen", 80006: "messenger",
}  # fmt: skip
_TIER: Final = "standard_access"


def words(fault: Fault, account: str | None, now: float) -> Refused | None:
    """The vendor's refusal for a fault; None when it has no words for it."""
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            return _limit(fault, account)
        case FaultKind.TOKEN_EXPIRED:
            return _token(fault, 463, now)
        case FaultKind.TOKEN_REVOKED:
            return _token(fault, 458, now)
        case FaultKind.VENDOR_ERROR:
            code, subcode = USUAL[int(fault.draw * len(USUAL))] if fault.code is None else pair(fault.code)
            return Refused(code, subcode, message=fault.text, status=fault.status)
        case _:
            return None


def _token(fault: Fault, usual: int, now: float) -> Refused:
    code, subcode = (190, usual) if fault.code is None else pair(fault.code)
    found = spoiled(463, now) if (code, subcode) == (190, 463) else Refused(code, subcode)
    return found if fault.text is None else Refused(code, subcode, message=fault.text, status=fault.status)


def _limit(fault: Fault, account: str | None) -> Refused:
    code, subcode = (LONG if fault.long else SHORT) if fault.code is None else pair(fault.code)
    headers = {} if subcode == ONE_AD_SET else usage(code, account, 300 if fault.long else 60)
    return Refused(code, subcode, message=fault.text, status=fault.status, headers=headers)


def usage(code: int, account: str | None, seconds: int) -> dict[str, str]:
    """The header that says that this limit is used up, and until when: seconds for accounts, minutes for use cases."""
    if code in {4, 341}:
        return {"x-app-usage": json.dumps({"call_count": 100, "total_time": 25, "total_cputime": 25})}
    if account is None:
        return {}
    if code in {17, 613}:
        row = {"acc_id_util_pct": 100, "reset_time_duration": seconds, "ads_api_access_tier": _TIER}
        return {"x-ad-account-usage": json.dumps(row)}
    if not 80_000 <= code <= 80_099:
        return {}
    entry = {
        "type": USE_CASES.get(code, "ads_management"), "call_count": 100, "total_cputime": 20, "total_time": 40,
        "estimated_time_to_regain_access": max(1, seconds // 60), "ads_api_access_tier": _TIER,
    }  # fmt: skip
    other = {**entry, "type": "pages", "call_count": 3, "estimated_time_to_regain_access": 0}
    return {"x-business-use-case-usage": json.dumps({"99": [other], account: [other, entry]})}
