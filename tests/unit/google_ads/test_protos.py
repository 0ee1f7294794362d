"""Rows and details out of the vendor's messages: plain values, whatever the vendor has added since."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.google_ads.wire.protos import protos

Json = Any


def read(fields: tuple[str, ...], **row: Json) -> dict[str, Json]:
    """What a reader of these fields makes of a row."""
    return protos().reader(fields)(protos().Row(**row))


def test_a_row_is_read_as_plain_values() -> None:
    """Enums by name, texts of assets, lists as tuples, messages as mappings."""
    ad = {
        "type_": "RESPONSIVE_SEARCH_AD", "final_urls": ["https://a.example"],
        "responsive_search_ad": {"headlines": [{"text": "A"}, {"text": "B"}]},
    }  # fmt: skip
    fields = (
        "ad_group_ad.ad.type", "ad_group_ad.ad.final_urls", "ad_group_ad.ad.responsive_search_ad.headlines",
        "ad_group_ad.ad.responsive_search_ad", "ad_group_ad.status",
    )  # fmt: skip
    assert read(fields, ad_group_ad={"ad": ad, "status": "PAUSED"}) == {
        "ad_group_ad.ad.type": "RESPONSIVE_SEARCH_AD",
        "ad_group_ad.ad.final_urls": ("https://a.example",),
        "ad_group_ad.ad.responsive_search_ad.headlines": ("A", "B"),
        "ad_group_ad.ad.responsive_search_ad": {"headlines": [{"text": "A"}, {"text": "B"}]},
        "ad_group_ad.status": "PAUSED",
    }


def test_what_is_empty_is_left_out() -> None:
    """The wire does not tell an empty value from one that is not there."""
    fields = ("campaign.id", "campaign.name", "campaign.status", "campaign.labels")
    assert read(fields, campaign={"id": 7}) == {"campaign.id": 7}


def test_a_word_newer_than_the_package_is_read_as_its_number() -> None:
    """It has no name here, and is no crash."""
    assert read(("campaign.status",), campaign={"status": 99}) == {"campaign.status": "99"}
    reasons = read(("campaign.primary_status_reasons",), campaign={"primary_status_reasons": [2, 999]})
    assert reasons["campaign.primary_status_reasons"][1] == "999"


@pytest.mark.parametrize("path", ["campaign.colour", "camp.id", "campaign.target_cpa.colour"])
def test_a_field_that_is_none_is_named(path: str) -> None:
    """A caller's own field of a report is checked before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        read((path,))
    assert (caught.value.field, caught.value.value) == ("fields", path)


def test_details_of_a_kind_that_the_package_does_not_know_are_kept_by_name() -> None:
    """The others beside it are read."""
    status: Any = protos().Status()
    status.details.add(type_url="type.googleapis.com/google.ads.Newer", value=b"\x08\x01")
    status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\x0a\x02\x08\x05")
    assert protos().details(status.SerializeToString()) == [
        {"@type": "type.googleapis.com/google.ads.Newer"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "5s"},
    ]


@pytest.mark.parametrize(
    "body", [{"colour": 1}, {"status": "SLEEPING"}, {"network_settings": {"target_moon": True}}, {"id": "x"}]
)
def test_a_request_in_words_that_the_version_lacks_is_refused(body: dict[str, Json]) -> None:
    """Here, not by the vendor: a misspelled field of `extra` is never dropped."""
    with pytest.raises(InvalidRequestError, match="does not take this"):
        protos().mutate({"customer_id": "1", "mutate_operations": [{"campaign_operation": {"create": body}}]})
