"""What a letter may hold of a call: planted secrets never, and what is left can be called again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backstay.ads import (
    Budget,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    Compliance,
    ConfiguredStatus,
    DeliveryStatus,
    Level,
    MediaKind,
    MediaUpload,
    Money,
    Objective,
    Platform,
    Ref,
    Status,
)
from backstay.answer import Served, require_live, with_served
from backstay.auth import Secret
from backstay.errors import BadResponseError, InvalidRequestError
from backstay.letters.kept import LONGEST, View, digest, pack, pack_answer, unpack, unpack_answer
from backstay.redact import FIELDS, HIDDEN

REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "1800")
TOKEN = "act." + "Zx9" * 12
"""Planted; nobody may find it again."""


def spec(**changes: Any) -> CampaignSpec:
    base = {
        "name": "Spring", "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(),
        "budget": Budget.daily(Money("100.00", "USD")),
    }  # fmt: skip
    return CampaignSpec(**{**base, **changes})


def campaign(**changes: Any) -> Campaign:
    status = Status(configured=ConfiguredStatus.PAUSED, delivery=DeliveryStatus.PAUSED, raw={})
    base: dict[str, Any] = {"ref": REF, "name": "Spring", "objective": Objective.TRAFFIC, "status": status}
    return Campaign(**{**base, **changes})


class Own:
    """A type that nobody knows."""


HIDES = [
    ({"spec": spec(extra={"access_token": TOKEN})}, "spec.extra.access_token is not in the allow-list"),
    ({"spec": spec(extra={"special": "x"})}, "spec.extra.special is not in the allow-list"),
    ({"spec": spec(extra={"pin": 1234})}, "spec.extra.pin is not in the allow-list"),
    ({"spec": spec(name=f"Spring {TOKEN}")}, "spec.name holds what looks like a credential"),
    ({"patch": CampaignPatch(name=f"access_token={TOKEN}")}, "patch.name holds what looks like a credential"),
    ({"token": TOKEN}, "token has a credential's name"),
    ({"api_key": "short"}, "api_key has a credential's name"),
    ({"password": 12345}, "password has a credential's name"),
    ({"auth": Secret("hush-hush")}, "auth is a credential"),
    ({"link": f"https://me:{TOKEN}@example.com/x"}, "link holds what looks like a credential"),
    ({"url": f"https://cdn.example.com/a.mp4?X-Amz-Signature={TOKEN}"}, "url holds what looks like a credential"),
    ({"note": f"use token={TOKEN}"}, "note holds what looks like a credential"),
    ({"event": {"event_id": "e1", "payload": TOKEN}}, "event.payload is not in the allow-list"),
    ({"event": {"event_id": TOKEN}}, "event.event_id holds what looks like a credential"),
    ({"rows": [{"campaign_id": "1"}, {"cookie": TOKEN}]}, "rows[1].cookie is not in the allow-list"),
    ({"data": TOKEN.encode()}, f"data has {len(TOKEN)} bytes, which are not kept"),
    ({"media": MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=TOKEN.encode())},
     f"media.data has {len(TOKEN)} bytes, which are not kept"),
    ({"text": "x" * (LONGEST + 1)}, f"text has {LONGEST + 1} characters"),
    ({"thing": Own()}, "thing is a Own, which cannot be kept"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "why"), HIDES, ids=[why for _, why in HIDES])
def test_what_nobody_vouched_for_is_hidden_and_named(given: dict[str, Any], why: str) -> None:
    """The reason names the place and never the value."""
    view = View()
    shown = json.dumps(view.arguments(given))
    assert view.hidden == [why]
    assert HIDDEN in shown
    for text in (shown, *view.hidden):
        assert TOKEN not in text
        assert "hush-hush" not in text


KEEPS: list[dict[str, Any]] = [
    {"spec": spec(), "idempotency_key": "spring/1"},
    {"ref": REF, "patch": CampaignPatch(name="New", budget=Budget.daily(Money("1.50", "USD")))},
    {"status": ConfiguredStatus.ACTIVE, "dry_run": False, "nothing": None, "share": 0.5},
    {"day": date(2026, 1, 2), "at": datetime(2026, 1, 2, 3, tzinfo=UTC), "amount": Decimal("1.50")},
    {"event": {"event_id": "e1", "workflow_id": "w", "status": "failed"}},
    {"media": MediaUpload(kind=MediaKind.IMAGE, name="a.png", url="https://example.com/a.png")},
    {"expect": campaign(extra={"anything": "that the vendor showed"})},
]


@pytest.mark.parametrize("given", KEEPS, ids=",".join)
def test_what_is_known_is_kept_and_comes_back_equal(given: dict[str, Any]) -> None:
    """Declared names, models of ours, answers with their vendor's fields, and allow-listed keys."""
    view = View()
    json.dumps(view.arguments(given))
    assert view.hidden == []
    method, args, kwargs = unpack(pack("create", (), given))
    assert (method, args, kwargs) == ("create", (), given)


def test_the_allow_list_can_be_longer() -> None:
    """A name that the application vouches for; its value is looked at all the same."""
    view = View(FIELDS | {"special"})
    shown = view.arguments({"spec": spec(extra={"special": "x"})})
    assert shown["spec"]["extra"] == {"special": "x"}
    assert view.hidden == []
    view.arguments({"spec": spec(extra={"special": TOKEN})})
    assert view.hidden == ["spec.extra.special holds what looks like a credential"]


def test_values_show_as_plain_json() -> None:
    """As a person reads them."""
    shown = View().arguments({"budget": Money("1.50", "USD"), "id_": UUID(int=7), "many": (1, "2"), "ref": REF})
    assert shown["budget"] == "1.50 USD"
    assert shown["id_"] == str(UUID(int=7))
    assert shown["many"] == [1, "2"]
    assert shown["ref"]["id"] == "1800"


def test_words_stay_words_and_live_answers_stay_live() -> None:
    """An enum is compared by identity, and a write takes live answers only: both must survive the store."""
    live = with_served(campaign(), Served(source="live", by="tiktok", request_ids=("r1",)))
    _, (status,), kwargs = unpack(pack("m", (ConfiguredStatus.PAUSED,), {"expect": live}))
    assert status is ConfiguredStatus.PAUSED
    assert require_live(kwargs["expect"]) == live
    assert kwargs["expect"].served.request_ids == ("r1",)
    _, _, stale = unpack(pack("m", (), {"expect": with_served(campaign(), Served(source="stale"))}))
    assert stale["expect"].served.source == "stale"


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"method":"m"}',
        '{"method":"m","args":{"$":"tuple","v":["x"]},"kwargs":{},"words":{"0":"backstay.ads.words.Nothing"},"live":{}}',
        '{"method":"m","args":{"$":"tuple","v":["x"]},"kwargs":{},"words":{"0":"backstay.runtime.Runtime"},"live":{}}',
        '{"method":"m","args":{"$":"tuple","v":["x"]},"kwargs":{},"words":{"7":"backstay.ads.words.Level"},"live":{}}',
    ],
)  # fmt: skip
def test_a_damaged_call_is_refused(text: str) -> None:
    """With a word of ours, whatever is wrong with it; a letter makes nothing but words of what it names."""
    with pytest.raises(BadResponseError):
        unpack(text)


def test_a_word_of_somebody_else_stays_text() -> None:
    """Reading a letter imports no module but ours."""
    text = pack("m", ("x",), {}).replace('"words":{}', '"words":{"0":"os.path"}')
    assert unpack(text) == ("m", ("x",), {})


@pytest.mark.parametrize("value", [Own(), {1: 2}, "half \ud800"])
def test_what_the_codec_does_not_know_cannot_be_packed(value: object) -> None:
    """The letter is then not replayable; a text with half a character would fail in the file."""
    with pytest.raises(InvalidRequestError):
        pack("m", (value,), {})


def test_what_an_object_was_is_kept_without_what_looks_secret() -> None:
    """First without the vendor's own fields; if its own fields are not clean either, not at all."""
    assert unpack_answer(pack_answer(campaign(extra={"color": "red"}))) == campaign(extra={"color": "red"})
    assert unpack_answer(pack_answer(campaign(extra={"access_token": TOKEN}))) == campaign()
    assert pack_answer(campaign(name=f"x {TOKEN}")) is None
    assert pack_answer(None) is None
    assert unpack_answer(None) is None


def test_a_digest_names_what_is_asked_not_what_was_seen() -> None:
    """Two calls that differ in the answer that their caller had read ask for the same thing."""
    one = digest((REF,), {"budget": Budget.daily(Money("50", "USD")), "expect": campaign()})
    same = digest((REF,), {"budget": Budget.daily(Money("50.00", "USD")), "expect": campaign(name="Other")})
    other = digest((REF,), {"budget": Budget.daily(Money("51", "USD")), "expect": campaign()})
    assert one is not None
    assert one == same != other
    assert digest((Own(),), {}) is None
