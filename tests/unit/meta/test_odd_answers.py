"""Nulls and odd values in Meta's answers: they break no read and are never taken for something they are not."""

from __future__ import annotations

from datetime import UTC, datetime

from backstay.ads import DeliveryStatus
from backstay_adapters.meta.wire import read
from backstay_adapters.meta.wire.read import Reader
from backstay_adapters.meta.wire.status import status

BY = Reader("act_7", "USD", datetime(2026, 3, 1, tzinfo=UTC))


def test_a_name_that_is_null_is_empty() -> None:
    """And not the word "None"."""
    assert read.campaign({"id": "1", "name": None}, BY).name == ""
    assert read.account({"id": "act_7", "currency": "USD", "name": None}).name == ""


def test_a_label_that_is_null_is_no_marker() -> None:
    """Labels come as objects whose name may be missing."""
    assert read.campaign({"id": "1", "name": "x", "adlabels": [{"id": "5", "name": None}, None]}, BY).key_token is None


def test_a_budget_that_is_no_text_leaves_the_status_readable() -> None:
    """Only "0" left of a lifetime's budget says that it is used up."""
    raw = {"status": "ACTIVE", "effective_status": "ACTIVE", "lifetime_budget": {}, "budget_remaining": "5"}
    campaign = read.campaign({"id": "1", "name": "x"}, BY)
    assert status(raw, campaign.schedule, BY.now).delivery is DeliveryStatus.DELIVERING


def test_a_roas_that_is_no_number_is_none() -> None:
    """Whatever stands there; a number counts ten thousandths."""
    odd: tuple[object, ...] = ("NaN", "Infinity", "", [], {})
    for value in odd:
        assert read.roas({"roas_average_floor": value}) is None
    assert str(read.roas({"roas_average_floor": "20000"})) == "2"
