"""The codec: equal values come back, nothing else gets in or out."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay import codec
from backstay.ads import (
    Account,
    Budget,
    Campaign,
    ConfiguredStatus,
    Created,
    DateRange,
    Level,
    MediaKind,
    MediaUpload,
    Money,
    Objective,
    Platform,
    Query,
    Ref,
    Schedule,
    Status,
)
from backstay.answer import UNSERVED, Answer, Served, with_served
from backstay.codec import canonical, decode, encode
from backstay.errors import BadResponseError, InvalidRequestError
from backstay.spec import Spec
from backstay.values import qualified

REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
CAMPAIGN = Campaign(
    ref=REF,
    name="Spring",
    objective=Objective.SALES,
    status=Status(configured=ConfiguredStatus.PAUSED, reasons=("new",), raw={"operation_status": "DISABLE"}),
    budget=Budget.daily(Money.of("50.00 USD")),
    schedule=Schedule(start=datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Asia/Shanghai"))),
    extra={"$": "trap", "list": [1, {"$": "tuple"}], "n": None},
)

keys = st.text(max_size=5) | st.just("$")
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.binary(max_size=10)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(ZoneInfo("Europe/Berlin")))
    | st.integers(0, 10**6).map(lambda cents: Money(Decimal(cents) / 100, "EUR"))
    | st.just(CAMPAIGN)
    | st.just(REF)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner),
    max_leaves=12,
)


@given(values)
def test_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    """Through text, however deeply nested, tags in keys included."""
    back = decode(encode(value))
    assert type(back) is type(value)
    assert back == value


@given(values)
def test_equal_values_give_equal_text(value: Any) -> None:
    """So that texts can be compared and hashed."""
    assert encode(decode(encode(value))) == encode(value)


@pytest.mark.parametrize(
    "answer",
    [
        CAMPAIGN,
        Created[Campaign](value=CAMPAIGN, how="adopted"),
        Account(ref=REF, name="A", currency="USD", timezone=ZoneInfo("America/New_York")),
    ],
)
def test_answers_come_back(answer: Answer) -> None:
    """Parametrised generics and zones included; where an answer came from is not stored."""
    back = decode(encode(with_served(answer, Served("live"))))
    assert back == answer
    assert back.served is UNSERVED


def test_a_time_in_the_repeated_hour_keeps_its_instant_and_zone() -> None:
    """When clocks go back, 02:30 comes twice; the stored one is the one meant."""
    zone = ZoneInfo("Europe/Berlin")
    for fold in (0, 1):
        moment = datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold)
        back = decode(encode(moment))
        assert back.astimezone(UTC) == moment.astimezone(UTC)
        assert (back.tzinfo, back.fold) == (zone, fold)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_in_the_hour_that_is_left_out_comes_back_as_it_was(fold: int) -> None:
    """When clocks go forward, 02:30 never comes; whoever wrote it down finds it so."""
    value = datetime(1999, 3, 28, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    back = decode(encode(value))
    assert (back, back.fold, encode(back)) == (value, fold, encode(value))


def test_an_instant_stays_where_a_zone_has_other_rules_by_now() -> None:
    """An offset that the zone does not have at that time: the instant counts, not the hour on the wall."""
    back = decode('{"$":"datetime","v":"2026-01-05T12:00:00+05:00","z":"Europe/Berlin"}')
    assert back.astimezone(UTC) == datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert (back.hour, back.tzinfo) == (8, ZoneInfo("Europe/Berlin"))


def test_fixed_offsets_and_ranges_come_back() -> None:
    """A zone without a name, and a registered dataclass."""
    moment = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))
    days = DateRange(date(2026, 1, 1), date(2026, 1, 31))
    assert decode(encode([moment, days])) == [moment, days]


@given(st.timedeltas() | st.times())
def test_spans_and_times_of_day_come_back(value: timedelta | time) -> None:
    """To the microsecond, however long."""
    assert decode(encode([value])) == [value]


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, {1: 2}, time(9, tzinfo=UTC), 1j, [object()], (lambda: None,), Answer]
)
def test_other_types_are_refused(value: object) -> None:
    """With the type's name, before anything is stored."""
    with pytest.raises(InvalidRequestError) as caught:
        encode(value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"$":"nonsense","v":1}',
        '{"$":"model","n":"os.path","v":{}}',
        '{"$":"model","n":"backstay.ads.model.Nothing","v":{}}',
        '{"$":"model","n":"backstay.ads.model.Campaign","v":{}}',
        '{"$":"model","n":"backstay.nowhere.Thing","v":{}}',
        '{"$":"money","v":"1"}',
        '{"$":"datetime","v":"yesterday","z":null}',
        '{"$":"decimal","v":"x"}',
        '{"$":"bytes","v":"*"}',
        '{"$":"zone","v":"Moon/Base"}',
        '{"$":"ref","v":"x"}',
        '{"$":["list"],"v":1}',
    ],
)
def test_damaged_text_is_a_typed_error(text: str) -> None:
    """Whatever a store gives back, the reader gets a BadResponseError."""
    with pytest.raises(BadResponseError):
        decode(text)


def test_reading_imports_nothing_foreign() -> None:
    """A stored name outside our packages is never imported."""
    text = json.dumps({"$": "model", "n": "this.Zen", "v": {}})
    with pytest.raises(BadResponseError):
        decode(text)
    import sys

    assert "this" not in sys.modules


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({"a": 1, "b": [Decimal("1.0")]}, {"b": [Decimal(1)], "a": 1}),
        ({"$": 1, "b": 2}, {"b": 2, "$": 1}),
        (Money.of("50 USD"), Money.of("50.00 USD")),
        (Money.of("0 USD"), Money.of("-0.00 USD")),
        (CAMPAIGN, CAMPAIGN.model_copy(update={"budget": Budget.daily(Money.of("50 USD"))})),
        (Query(extra={"a": 1, "b": 2}), Query(extra={"b": 2, "a": 1})),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=ZoneInfo("Europe/Berlin"))),
        (Query(), Query(name=None, ids=())),
    ],
)
def test_equal_values_have_one_canonical_text(one: Any, same: Any) -> None:
    """So that a repeated create with the same payload is known as the same."""
    assert one == same
    assert canonical(one) == canonical(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], [2, 1]),
        ([1], (1,)),
        ("1", 1),
        (Money.of("50 USD"), Money.of("50 EUR")),
        (Money.of("50 USD"), Money.of("5 USD")),
        (CAMPAIGN, CAMPAIGN.model_copy(update={"name": "Summer"})),
        ({"a": None}, {}),
        (Decimal(10**40 + 1), Decimal(10**40 + 2)),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 12)),  # noqa: DTZ001 - a time without a zone
        (b"one", b"two"),
        (b"one", "one"),
        (b"one", {"$": "sha256", "v": hashlib.sha256(b"one").hexdigest()}),
        (Query(), Query(name="spring")),
        (Query(name="a"), Query(name_contains="a")),
    ],
)
def test_other_values_have_another_canonical_text(one: Any, other: Any) -> None:
    """What counts is kept."""
    assert canonical(one) != canonical(other)


def test_a_later_versions_field_changes_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that has its default is not what the caller set: a file written before the field existed still fits."""

    class Older(Spec):
        name: str

    class Newer(Spec):
        name: str
        region: str | None = None

    names = {Older: "x.Thing", Newer: "x.Thing"}
    monkeypatch.setattr(codec, "qualified", lambda cls: names.get(cls) or qualified(cls))
    for cached in ("_defaults", "_plain_defaults"):
        monkeypatch.setattr(codec, cached, getattr(codec, cached).__wrapped__)
    texts = []
    for cls in (Older, Newer):
        monkeypatch.setitem(codec.REGISTRY, "x.Thing", cls)
        texts.append(canonical(cls(name="spring")))
    assert texts[0] == texts[1] != canonical(Newer(name="spring", region="eu"))


def test_media_is_hashed_by_its_digest() -> None:
    """A video of megabytes is a line in what is hashed, and comes back whole from what is stored."""
    video = MediaUpload(kind=MediaKind.VIDEO, name="v.mp4", data=b"x" * 1_000_000, media_type="video/mp4")
    assert len(canonical(video)) < 500
    assert decode(encode(video)) == video
