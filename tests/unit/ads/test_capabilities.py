"""Capabilities: asked before a call, refused before a request."""

from __future__ import annotations

import pickle

import pytest

from backstay.ads import Capabilities, Capability, Platform
from backstay.errors import UnsupportedCapabilityError

SOME = Capabilities.of(
    Platform.GOOGLE_ADS,
    Capability.KEYWORDS,
    Capability.VALIDATE_ONLY,
    version="v26",
    reasons={Capability.BALANCE: "ask the billing setup"},
)


@pytest.mark.parametrize("capability", Capability)
def test_what_is_off_is_refused(capability: Capability) -> None:
    """With the operation, the platform and the flag; what is on passes."""
    if capability in SOME:
        SOME.require(capability, "get_balance")
        return
    with pytest.raises(UnsupportedCapabilityError) as caught:
        SOME.require(capability, "get_balance")
    assert (caught.value.operation, caught.value.vendor) == ("get_balance", "google_ads")
    assert caught.value.value == capability.value
    assert caught.value.type == "UNSUPPORTED"


def test_the_reason_is_the_cure() -> None:
    """Where the platform has another way, the error says it."""
    with pytest.raises(UnsupportedCapabilityError) as caught:
        SOME.require(Capability.BALANCE, "get_balance")
    assert caught.value.hint == "ask the billing setup"


def test_the_table_has_every_flag() -> None:
    """Each with a meaning, in one order for all platforms."""
    table = SOME.table()
    assert [name for name, _, _ in table] == [flag.value for flag in Capability]
    assert {name for name, on, _ in table if on} == {"keywords", "validate_only"}
    assert all(meaning for _, _, meaning in table)
    assert "ask the billing setup" in {name: text for name, _, text in table}["balance"]


def test_other_facts_make_another_set() -> None:
    """An account without a right; the original stays."""
    less = SOME.with_changes(add=[Capability.LABELS], remove=[Capability.KEYWORDS])
    assert list(less) == [Capability.LABELS, Capability.VALIDATE_ONLY]
    assert (len(SOME), len(less)) == (2, 2)
    assert Capability.KEYWORDS in SOME
    assert pickle.loads(pickle.dumps(less)) == less
    assert hash(less) != hash(SOME)
