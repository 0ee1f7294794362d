"""The read models: refs, vocabularies, and answers that hold others."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from backstay import ads
from backstay.ads import (
    Ad,
    AdGroup,
    BuiltGroup,
    BuiltTree,
    Campaign,
    Created,
    Creative,
    CreativeKind,
    DeliveryStatus,
    Level,
    Platform,
    Ref,
    Schedule,
    Updated,
    require_level,
    words,
)
from backstay.answer import Answer, Served, with_served
from backstay.errors import InvalidRequestError
from backstay.values import Value, Word

REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")


def test_a_ref_is_a_key_and_a_text() -> None:
    """Hashable, ordered, picklable, and readable back from its text."""
    same = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
    assert {REF: 1}[same] == 1
    assert str(REF) == "tiktok/7001/campaign/18001"
    assert Ref.parse(str(REF)) == copy.copy(REF) == pickle.loads(pickle.dumps(REF)) == REF
    assert REF.at(Level.AD, "5") == Ref(Platform.TIKTOK, "7001", Level.AD, "5")


def test_an_id_may_hold_slashes() -> None:
    """Google's resource names do."""
    ref = Ref(Platform.GOOGLE_ADS, "123", Level.AD, "customers/123/adGroupAds/1~2")
    assert Ref.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "tiktok", "tiktok/1/campaign", "myspace/1/campaign/2", "tiktok//ad/2", None])
def test_other_texts_are_no_refs(text: object) -> None:
    """Refused by name, with the form that is wanted."""
    with pytest.raises(InvalidRequestError) as caught:
        Ref.parse(text)  # type: ignore[arg-type] # the point of the test
    assert caught.value.hint


@pytest.mark.parametrize("id_", [18001, "", None])
def test_ids_are_text(id_: object) -> None:
    """Numbers above 2**53 do not survive JSON everywhere."""
    with pytest.raises(InvalidRequestError):
        Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, id_)  # type: ignore[arg-type] # the point of the test


def test_a_ref_of_another_level_is_refused() -> None:
    """Before a vendor gets an ad's id as a campaign's."""
    assert require_level(REF, Level.CAMPAIGN) is REF
    with pytest.raises(InvalidRequestError) as caught:
        require_level(REF, Level.AD)
    assert caught.value.value == str(REF)


@pytest.mark.parametrize(
    "vocabulary", [cls for _, cls in inspect.getmembers(words, inspect.isclass) if issubclass(cls, Word)]
)
def test_a_vendors_new_word_is_unknown(vocabulary: type[Word]) -> None:
    """Every vocabulary has an UNKNOWN and finds its own words."""
    if vocabulary is Word:
        return
    assert vocabulary.of("something new").name == "UNKNOWN"
    assert vocabulary.of(None).name == "UNKNOWN"
    assert all(vocabulary.of(member.value) is member for member in vocabulary)


def test_campaigns_are_values() -> None:
    """Equal by content, usable in sets although their extras are mappings, without shared defaults to change."""
    one, two = Campaign(ref=REF, name="a", extra={"x": [1]}), Campaign(ref=REF, name="a", extra={"x": [1]})
    assert {one} == {two}
    assert one != Campaign(ref=REF, name="a", extra={"x": [2]})
    assert one.status.delivery is DeliveryStatus.UNKNOWN
    with pytest.raises(ValidationError):
        one.status.delivery = DeliveryStatus.DELIVERING
    with pytest.raises(ValidationError, match="nmae"):
        Campaign(ref=REF, nmae="a")  # type: ignore[call-arg] # the point of the test


def test_times_have_zones() -> None:
    """A schedule without zones is none."""
    with pytest.raises(InvalidRequestError, match="zone") as caught:
        Schedule(start=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
    assert caught.value.field == "start"


BOOLEANS: dict[str, Any] = {"name": "g", "optimization": "clicks", "attribution": {"click_days": True}}
IN_A_SPEC: dict[str, Any] = {"name": "g", "optimization": "clicks", "targeting": {"age_min": 5}}


@pytest.mark.parametrize(
    ("make", "field", "said"),
    [
        (ads.Compliance, "special_categories", "give special_categories="),
        (lambda: ads.Targeting(age_min=True), "age_min", "write a number"),
        (lambda: ads.Targeting(age_min=5), "age_min", "13"),
        (lambda: ads.Targeting(zzz=1), "zzz", "extra="),  # type: ignore[call-arg]
        (lambda: ads.Targeting(locations="US"), "locations", "tuple"),  # type: ignore[arg-type]
        (lambda: Creative(kind="film"), "kind", "one of"),  # type: ignore[arg-type]
        (lambda: ads.MediaRef(kind="video"), "id", "give id="),  # type: ignore[arg-type, call-arg]
        (lambda: ads.AdGroupSpec(**IN_A_SPEC), "targeting.age_min", "13"),
        (lambda: ads.AdGroupSpec(**BOOLEANS), "attribution.click_days", "write a number"),
    ],
)  # fmt: skip
def test_what_specs_are_made_of_is_refused_by_field_value_and_cure(make: Any, field: str, said: str) -> None:
    """Also where it is made by itself: nobody has to know whose check it was; inside of a spec with its path."""
    with pytest.raises(InvalidRequestError) as caught:
        make()
    assert caught.value.field == field
    assert said in (caught.value.hint or "")


def test_the_answers_of_writes_carry_where_they_came_from() -> None:
    """What is inside of a created tree is as live as the tree, so it can be passed as `expect`."""
    live = Served("live", "tiktok")
    group = AdGroup(ref=REF.at(Level.AD_GROUP, "2"), campaign=REF, name="g")
    ad = Ad(ref=REF.at(Level.AD, "3"), ad_group=group.ref, name="a", creative=Creative(kind=CreativeKind.VIDEO))
    tree = BuiltTree(campaign=Campaign(ref=REF, name="c"), groups=(BuiltGroup(ad_group=group, ads=(ad,)),))
    created = with_served(Created[BuiltTree](value=tree), live)
    assert created.value.campaign.served is live
    assert created.value.groups[0].ad_group.served is live
    assert created.value.groups[0].ads[0].served is live
    assert with_served(Updated(value=group, applied=("name",)), live).value.served is live
    assert with_served(Created(value=REF), live).value is REF


def test_the_face_is_whole() -> None:
    """Every public name is there, once."""
    assert len(ads.__all__) == len(set(ads.__all__))
    assert all(hasattr(ads, name) for name in ads.__all__)


@pytest.mark.parametrize(
    "model",
    [
        cls
        for _, cls in inspect.getmembers(ads, inspect.isclass)
        if issubclass(cls, Value) and not cls.__pydantic_generic_metadata__["parameters"]
    ],
)
def test_models_have_docs_and_schemas(model: type[Value]) -> None:
    """Each says what it is, and tools can have its JSON schema."""
    assert model.__doc__
    assert TypeAdapter(model).json_schema()["title"] == model.__name__
    assert not issubclass(model, Answer) or "served" not in model.model_fields


@pytest.mark.parametrize("field", ["click_days", "view_days", "engaged_view_days"])
@pytest.mark.parametrize("days", [-1, True])
def test_windows_of_attribution_are_days(field: str, days: Any) -> None:
    """None is not known and 0 is off; less than nothing, or a boolean, is no window."""
    with pytest.raises(InvalidRequestError, match=field) as caught:
        ads.AttributionSetting(**{field: days})
    assert caught.value.field == field
    assert caught.value.hint
    assert ads.AttributionSetting(**{field: 0}) != ads.AttributionSetting(**{field: None})
