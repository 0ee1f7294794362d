"""`backstay explain`: the numbers that apply, where they come from, and what would follow an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.cli.app import app
from backstay.cli.explain import explain, find, leaves, outcome
from backstay.engine.loop import begin, run
from backstay.engine.write import create
from backstay.errors import CLASSES, BackstayError, InvalidRequestError
from backstay.policies.effect import Effect
from backstay.profile import Profile
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay.writes.journal import JournalKey
from backstay.writes.memory import MemoryJournal
from backstay_adapters.tiktok.profile import TIERS, tiktok_profile
from tests.support import make_plan

runner = CliRunner()
VENDORS = ["tiktok", "meta", "google_ads", "claude", "openai", "gemini"]
PARTS = {"adapter", "vendor", "levels", "note", "profile", "operations"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_number_of_the_profile_is_there_with_its_source(vendor: str) -> None:
    """Nothing is left out, each value is the adapter's own, and no source is missing."""
    told = explain(vendor)
    known = find(vendor)
    expected = dict(leaves(known.profiles[known.usual]))
    assert {name: fact["value"] for name, fact in told["profile"].items()} == expected
    assert all(fact["from"] for fact in told["profile"].values())
    assert set(told) >= PARTS


def test_a_number_says_whether_it_is_everybodys_the_vendors_or_the_tiers() -> None:
    """One of each."""
    profile = explain("tiktok", level="premium")["profile"]
    assert profile["retry.max_attempts"] == {"value": 4, "from": "Profile()"}
    assert profile["read_lag"] == {"value": 10.0, "from": "tiktok"}
    assert profile["limits.app.rate"] == {
        "value": tiktok_profile("premium").limits["app"].rate,
        "from": "tiktok, tier premium",
    }


def test_a_default_that_is_changed_is_told_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer follows the code: another default, another number and source."""
    from backstay_adapters.tiktok import profile

    monkeypatch.setattr(profile, "tiktok_profile", lambda tier="basic": Profile(deadline=77.0))
    told = explain("tiktok")
    assert told["profile"]["deadline"] == {"value": 77.0, "from": "tiktok"}
    assert told["operations"]["set_status"]["deadline"] == 77.0


def test_operations_tell_what_applies_to_them() -> None:
    """Effect, times, freshness, hedging, limits."""
    told = explain("tiktok")["operations"]
    assert told["set_status"]["effect"] == "set"
    assert told["get_balance"]["stale_up_to"] == 900.0
    assert told["list_live"]["stale_up_to"] == 0.0  # it decides a write
    assert "ad_create" in told["create_ad"]["limits"]
    assert (told["get_metrics"]["attempt_timeout"], told["set_status"]["who"]) == (60.0, "write")


@pytest.mark.parametrize(
    ("vendor", "level", "hedged"),
    [
        ("tiktok", "basic", True), ("tiktok", "sandbox", False), ("meta", "full", True), ("meta", "limited", False),
        ("google_ads", "standard", True), ("google_ads", "explorer", False), ("google_ads", "basic", False),
    ],
)  # fmt: skip
def test_safe_reads_are_hedged_where_the_limits_allow_it(vendor: str, level: str, hedged: bool) -> None:
    """Account and lists, and nothing else: no report, no read that decides a write; not where calls are scarce."""
    told = explain(vendor, level=level)["operations"]
    found = {name for name, fact in told.items() if fact["hedged"]}
    assert found == ({"get_account", "get_balance", "list_objects"} & set(told) if hedged else set())


class Once:
    """Fails once with an error and then answers; counts calls and looks."""

    def __init__(self, error: BackstayError) -> None:
        self.error, self.calls, self.looks = error, 0, 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls == 1:
            raise self.error
        return "fine"

    async def look(self) -> list[str]:
        self.looks += 1
        return []


@pytest.mark.parametrize("certainty", Certainty)
@pytest.mark.parametrize("type_", sorted(CLASSES))
def test_what_is_told_is_what_the_engine_does(type_: str, certainty: Certainty) -> None:
    """For every type: a read and a create that fail once with it do just what is said."""
    clock = VirtualClock()

    async def played(effect: Effect) -> str:
        vendor = Once(CLASSES[type_](certainty=certainty))
        plan = make_plan(clock, effect=effect, read_lag=1.0)
        try:
            if effect is Effect.READ:
                await run(begin(plan), vendor, (), {})
            else:
                key = JournalKey("test", "1", "make", "k")
                await create(plan, vendor, (), {}, key=key, payload="", look=vendor.look, journal=MemoryJournal())
        except BackstayError as error:
            return "look first" if vendor.looks else f"stop: {error.why}"
        return "look first" if vendor.looks else "again"

    for effect in (Effect.READ, Effect.CREATE):
        told = outcome(make_plan(clock, effect=effect), type_, effect, certainty)
        assert virtually(played(effect), clock) == told, effect


def test_an_error_is_explained_for_each_effect() -> None:
    """What the issue of the day would be: an internal error of the platform."""
    error = explain("tiktok", "platform-service-error")["error"]
    assert error["then"]["create"] == {"not_sent": "again", "refused": "again", "unknown": "look first"}
    assert error["then"]["set that pauses"]["unknown"] == "again"
    assert error["breaker"] == "counts against the vendor"
    assert error["stale"]["get_metrics"] == 86_400.0
    assert error["waits"] == [(0.0, 0.05), (0.0, 0.1), (0.0, 0.2)]
    assert "tiktok.service" in {row["rule"] for row in error["rows"]}


@pytest.mark.parametrize(
    ("type_", "facts"),
    [
        ("API_RATE_LIMIT", {"holds_everybody": True, "breaker": "counts neither way", "price_of_a_retry": 0.4}),
        ("TIMEOUT", {"fewer_at_once": True, "breaker": "counts against the vendor"}),
        ("TOKEN_EXPIRED", {"credential_renewed": True, "may_pass": False, "stale": {}}),
        ("VALIDATION_FAILED", {"breaker": "counts as a sign of life", "stale": {}, "may_pass": False}),
        ("PERMISSION_DENIED", {"stale": {}}),
    ],
)
def test_types_differ_in_what_they_set_off(type_: str, facts: dict[str, Any]) -> None:
    """Breaker, limits, credentials, stale answers."""
    error = explain("meta", type_)["error"]
    assert {name: error[name] for name in facts} == facts


def test_one_operation_narrows_the_answer() -> None:
    """Its own effect, its own stale answer."""
    told = explain("tiktok", "TIMEOUT", "get_balance")
    assert list(told["operations"]) == ["get_balance"]
    assert list(told["error"]["then"]) == ["read"]
    assert told["error"]["stale"] == {"get_balance": 900.0}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("googel_ads",), ("adapter", "googel_ads", "google_ads")),
        (("TikTokAd",), ("did you mean TikTokAds?",)),
        (("tiktok", "RATE_LIMIT"), ("type", "did you mean API_RATE_LIMIT?")),
        (("tiktok", None, "set_budgt"), ("operation", "there are", "set_status")),
        (("tiktok", None, None, "gold"), ("tier", "gold", *TIERS)),
        (("claude", None, None, "gold"), ("tier", "gold", "one profile only")),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(given: tuple[Any, ...], words: tuple[str, ...]) -> None:
    """The field, the value and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        explain(*given)
    text = f"{caught.value.message} {caught.value.hint}"
    assert [word for word in words if word not in text] == []


def test_the_command_prints_tables() -> None:
    """For people: a setting, an operation, what follows, on lines of eighty characters."""
    result = runner.invoke(app, ["explain", "TikTokAds", "TIMEOUT", "--operation", "list_objects"])
    assert result.exit_code == 0
    for words in ("retry.max_attempts", "list_objects", "again", "counts against the vendor"):
        assert words in result.stdout


def test_the_command_prints_json() -> None:
    """For programs: one object."""
    result = runner.invoke(app, ["explain", "meta", "CONFLICT", "--tier", "limited", "--json"])
    body = json.loads(result.stdout)
    assert set(body) == PARTS | {"tier", "error"}
    assert body["error"]["then"]["create"]["refused"] == "look first"


def test_the_command_refuses_on_standard_error() -> None:
    """Exit status 2, and nothing on standard output."""
    result = runner.invoke(app, ["explain", "facebok"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "facebok" in result.stderr
