"""What an object's status comes to: Meta's effective status, and what it keeps quiet about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from backstay.ads.parts import Schedule, Status
from backstay.ads.words import ConfiguredStatus, DeliveryStatus
from backstay.values import FrozenDict
from backstay_adapters.meta.wire import words
from backstay_adapters.meta.wire.parts import maps

HARD: Final = "HARD_ERROR"
"""The `error_type` of an issue that stops delivery; others only limit it."""


def status(raw: Mapping[str, Any], schedule: Schedule, now: datetime) -> Status:
    """The switch, the effective status, and the vendor's reasons."""
    switch = str(raw.get("status") or raw.get("configured_status") or "")
    effective = str(raw.get("effective_status") or "")
    return _status(switch, effective, _delivery(raw, effective, schedule, now), (*_issues(raw), *_checks(raw)))


@lru_cache(maxsize=1024)
def _status(switch: str, effective: str, delivery: DeliveryStatus, reasons: tuple[str, ...]) -> Status:
    """Most objects of an account have one of a few statuses: they share it."""
    raws = {"status": switch, "effective_status": effective}
    return Status(
        configured=words.CONFIGURED.get(switch, ConfiguredStatus.UNKNOWN),
        delivery=delivery,
        reasons=reasons,
        raw=FrozenDict({name: value for name, value in raws.items() if value}),
    )


def _delivery(raw: Mapping[str, Any], effective: str, schedule: Schedule, now: datetime) -> DeliveryStatus:
    known = words.DELIVERY.get(effective, DeliveryStatus.UNKNOWN)
    if known is DeliveryStatus.LIMITED and any(each.get("error_type") == HARD for each in maps(raw.get("issues_info"))):
        return DeliveryStatus.MISCONFIGURED
    # Meta goes on saying ACTIVE before the start, after the end, and when a lifetime's budget is gone.
    if known is not DeliveryStatus.DELIVERING:
        return known
    if schedule.end is not None and schedule.end <= now:
        return DeliveryStatus.ENDED
    if schedule.start is not None and schedule.start > now:
        return DeliveryStatus.SCHEDULED
    if raw.get("lifetime_budget") not in (None, "", "0") and str(raw.get("budget_remaining")) == "0":
        return DeliveryStatus.BUDGET_EXHAUSTED
    stage = raw.get("learning_stage_info")
    learning = isinstance(stage, Mapping) and stage.get("status") == "LEARNING"
    return DeliveryStatus.LEARNING if learning else known


def _issues(raw: Mapping[str, Any]) -> tuple[str, ...]:
    if not raw.get("issues_info"):
        return ()
    found = (_told(each, "error_summary", "error_message") for each in maps(raw.get("issues_info")))
    return tuple(text for text in found if text)


def _checks(raw: Mapping[str, Any]) -> tuple[str, ...]:
    if not raw.get("failed_delivery_checks"):
        return ()
    found = (_told(each, "summary", "description") for each in maps(raw.get("failed_delivery_checks")))
    return tuple(text for text in found if text)


def _told(entry: Mapping[str, Any], *names: str) -> str:
    return ": ".join(str(entry[name]) for name in names if entry.get(name))
