"""`backstay services rules`: trials on a file's objects, and runs on a served sandbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.ads import Budget, CampaignSpec, Compliance, ConfiguredStatus, Money, Objective
from backstay.cli.app import app
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.writes.guard import SpendGuard
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox
from tests.support.served import serving

EXAMPLE = Path(__file__).resolve().parents[3] / "docs/services/rules.yaml"
SPEC = CampaignSpec(
    name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
    budget=Budget.daily(Money.of("100 USD")),
)  # fmt: skip
UP = """\
rules:
  - id: up
    mode: apply
    when: {no: {metric: impressions, op: "<", value: 0, if_undefined: "false"}}
    then: [{do: scale_budget, percent: 20}]
"""


class Place:
    """A state folder, a file of rules, and a served sandbox with a campaign that runs."""

    def __init__(self, folder: Path, url: str, sandbox: TikTokSandbox) -> None:
        self.folder, self.url, self.sandbox = folder, url, sandbox
        self.file = folder / "rules.yaml"
        self.file.write_text(UP, "utf8")
        asyncio.run(self._campaign())

    async def _campaign(self) -> None:
        runtime = Runtime.in_memory(listeners=(), guard=SpendGuard.unlimited())
        async with TikTokAds(ADVERTISERS[0], TOKEN, base_url=f"{self.url}/tiktok", runtime=runtime) as ads:
            made = await ads.create_campaign(SPEC, idempotency_key="spring")
            await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE)
        await runtime.aclose()

    def __call__(self, *arguments: str) -> Any:
        place = ("--sandbox", self.url, "--folder", str(self.folder / "state"), "--json")
        result: Any = CliRunner().invoke(app, ["services", "rules", str(self.file), *arguments, *place])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        result.body = json.loads(result.stdout) if result.stdout else None
        return result

    @property
    def budget(self) -> Money:
        """As the sandbox has it."""

        async def read() -> Money:
            runtime = Runtime.in_memory(listeners=())
            async with TikTokAds(ADVERTISERS[0], TOKEN, base_url=f"{self.url}/tiktok", runtime=runtime) as ads:
                (found,) = [each async for each in ads.list_campaigns()]
            await runtime.aclose()
            assert found.budget is not None
            assert found.budget.amount is not None
            return found.budget.amount

        return asyncio.run(read())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    sandbox = TikTokSandbox(seed=3)
    with serving({"tiktok": sandbox}) as url:
        yield Place(tmp_path, url, sandbox)


def test_a_file_with_objects_is_a_trial() -> None:
    """What would be done to each object, and why; nothing is asked of anybody."""
    result = CliRunner().invoke(app, ["services", "rules", str(EXAMPLE)])
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    for words in ("2 actions, 4 objects left as they are", "pause; too dear", "suppressed", "conflict by"):
        assert words in said


def test_a_trial_as_json() -> None:
    """The decisions with their traces."""
    result = CliRunner().invoke(app, ["services", "rules", str(EXAMPLE), "--json"])
    body = json.loads(result.stdout)
    assert [each["outcome"] for each in body["decisions"]] == [
        "act", "suppressed", "no_action", "act", "no_action", "no_action",
    ]  # fmt: skip
    assert body["decisions"][0]["trace"]["under"][0]["note"] == "cpa has no value and is at least 61.2"
    assert body["ends"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--apply",), "objects cannot be '3': the file has objects to try the rules on"),
        (("--apply", "--propose"), "--propose cannot be '--apply --propose'"),
        (("--kill-switch", "maybe"), "--kill-switch cannot be 'maybe': it is on or off"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], words: str) -> None:
    """Exit status 2, on standard error, with the cure."""
    result = CliRunner().invoke(app, ["services", "rules", str(EXAMPLE), *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_a_bad_file_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    """Each with its line and field."""
    path = tmp_path / "rules.yaml"
    path.write_text(UP.replace("up", "a/b").replace("percent: 20", "percent: 0"), "utf8")
    result = CliRunner().invoke(app, ["services", "rules", str(path)])
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert "rules.yaml, line 2, rules.0.id" in said
    assert "rules.yaml, line 5, rules.0.then.0.percent: 0 changes nothing" in said


def test_a_run_on_a_platform_writes_nothing_unless_asked_for(place: Place) -> None:
    """It decides on live objects and leaves neither a state nor another budget; applied, it writes once."""
    dry = place()
    assert [(each["outcome"], each["after"]) for each in dry.body["decisions"]] == [("act", "120.00 USD")]
    assert (place.budget, (place.folder / "state" / "services").exists()) == (Money("100", "USD"), False)
    assert [each["end"] for each in place("--apply", "--spend", "unlimited").body["ends"]] == ["applied"]
    assert place.budget == Money("120", "USD")
    assert place("--apply", "--spend", "unlimited").body["ends"] == []
    assert place.budget == Money("120", "USD")


def test_a_platform_that_cannot_be_read_is_told(place: Place) -> None:
    """With what it said, and exit status 1: nothing was decided there."""
    place.sandbox.faults = FaultPlan((FaultRule(FaultKind.TOKEN_REVOKED),), 0)
    result = place()
    assert (result.exit_code, result.body["decisions"]) == (1, [])
    assert result.body["unread"][0].startswith("tiktok: TOKEN_")


def test_without_a_spend_guard_nothing_is_raised(place: Place) -> None:
    """The write is refused before it is sent, and the exit status says so."""
    result = place("--apply")
    assert (result.exit_code, [each["end"] for each in result.body["ends"]]) == (1, ["failed"])
    assert result.body["ends"][0]["error_type"] == "SPEND_GUARD"
    assert place.budget == Money("100", "USD")


def test_a_proposal_is_accepted_and_taken_back_by_its_key(place: Place) -> None:
    """--propose holds applying rules back; --accept writes; --undo puts the old budget back."""
    proposed = place("--propose").body
    assert (proposed["ends"], place.budget) == ([], Money("100", "USD"))
    key = proposed["decisions"][0]["key"]
    assert [each["end"] for each in place("--accept", key, "--spend", "unlimited").body["ends"]] == ["applied"]
    assert place.budget == Money("120", "USD")
    assert [each["end"] for each in place("--undo", key, "--spend", "unlimited").body["ends"]] == ["applied"]
    assert place.budget == Money("100", "USD")


def test_a_proposal_of_a_rule_that_was_edited_since_is_not_carried_out(place: Place) -> None:
    """Its percent is another one by now."""
    key = place("--propose").body["decisions"][0]["key"]
    place.file.write_text(UP.replace("20", "90"), "utf8")
    assert [each["end"] for each in place("--accept", key, "--spend", "unlimited").body["ends"]] == ["version_changed"]
    assert place.budget == Money("100", "USD")


def test_the_kill_switch_outlives_the_process(place: Place) -> None:
    """Thrown by one call, seen by the next."""
    place("--kill-switch", "on")
    held = place("--apply", "--spend", "unlimited").body
    assert [each["reason"] for each in held["decisions"]] == ["kill_switch"]
    assert place.budget == Money("100", "USD")


def test_a_comparison_with_nothing_shows_the_nothing(tmp_path: Path) -> None:
    """`value: 0` is a number, not an unknown one."""
    path = tmp_path / "rules.yaml"
    path.write_text(
        'rules: [{id: a, when: {metric: spend, op: ">=", value: 0}, then: [{do: pause}]}]\n'
        "objects: [{ref: meta/a/campaign/1, numbers: {today: {spend: 5 USD}}}]\n", "utf8",
    )  # fmt: skip
    told = " ".join(CliRunner().invoke(app, ["services", "rules", str(path)]).stdout.split())
    assert ">= 0: true" in told


@pytest.mark.parametrize("option", [("--sandbox", "http://127.0.0.1:1"), ("--spend", "5 USD"), ("--folder", "state")])
def test_a_trial_on_objects_refuses_what_it_would_not_heed(option: tuple[str, str]) -> None:
    """No platform is asked, so what is said of platforms is told instead of ignored."""
    result = CliRunner().invoke(app, ["services", "rules", str(EXAMPLE), *option])
    assert result.exit_code == 2
    assert option[0] in result.output
    assert "leave objects out" in " ".join(result.output.split())
