"""`backstay services campaigns`, against a served sandbox: planned, applied once, watched, switched off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from backstay.ads import Budget, Money
from backstay.cli.app import app
from backstay.cli.refusing import refused
from backstay.errors import ConnectionFailedError
from backstay.runtime import Runtime
from backstay_adapters.meta import MetaAds
from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, MetaSandbox
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TikTokSandbox
from tests.support.served import serving

META, TIKTOK = f"meta/act_{ACCOUNTS[0]}", f"tiktok/{ADVERTISERS[0]}"
"""Applied on Meta; TikTok is planned only, since its limits hold in real time."""
ENTRY = f"""\
  - id: sale
    on: {META}
    status: active
    name: Spring sale
    objective: traffic
    compliance: {{special_categories: [], eu_political: false}}
    budget: {{daily: 100.00 USD}}
    groups:
      - name: Everybody
        optimization: clicks
        targeting: {{locations: [US]}}
        ads:
          - {{name: First, creative: {{kind: existing_post, post_id: "7301", identity: {{id: identity-1}}}}}}
"""
EXAMPLE = Path(__file__).resolve().parents[3] / "docs/services/campaigns.yaml"
FILE = "id: spring\ncampaigns:\n" + ENTRY + ENTRY.replace("id: sale", "id: outlet")


class Place:
    """A state folder, a file of campaigns, and a served sandbox."""

    def __init__(self, folder: Path, url: str, meta: MetaSandbox) -> None:
        self.folder, self.url, self.meta = folder, url, meta
        self.file = folder / "campaigns.yaml"
        self.file.write_text(FILE, "utf8")

    def __call__(self, *arguments: str, spend: str | None = "unlimited") -> Any:
        """The command; with `--json` its body."""
        place = ["--sandbox", self.url, "--folder", str(self.folder / "state")]
        place += [] if spend is None else ["--spend", spend]
        result: Any = CliRunner().invoke(app, ["services", "campaigns", str(self.file), *arguments, *place])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        result.body = json.loads(result.stdout) if "--json" in arguments and result.stdout else None
        return result

    def edit(self, old: str, new: str) -> None:
        """Change the file."""
        text = self.file.read_text("utf8")
        assert old in text
        self.file.write_text(text.replace(old, new), "utf8")

    @property
    def active(self) -> int:
        """Trees that run."""
        return len(self.meta.world.active_trees())

    def outside(self, amount: str) -> None:
        """Somebody sets another budget of one campaign."""

        async def work() -> None:
            from backstay.writes.guard import SpendGuard

            runtime = Runtime.in_memory(listeners=(), guard=SpendGuard.unlimited())
            async with MetaAds(ACCOUNTS[0], TOKEN, base_url=f"{self.url}/meta", runtime=runtime) as ads:
                found, _ = [each async for each in ads.list_campaigns()]
                assert found.budget is not None
                budget = Budget(amount=Money(amount, "USD"), period=found.budget.period)
                await ads.set_budget(found.ref, budget, expect=found)
            await runtime.aclose()

        asyncio.run(work())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    meta = MetaSandbox(seed=3)
    with serving({"tiktok": TikTokSandbox(seed=3), "meta": meta}) as url:
        yield Place(tmp_path, url, meta)


def test_a_plan_writes_nothing_and_is_applied_by_its_hash_once(place: Place) -> None:
    """Shown with marks and what is not the same; applied by its hash; an old hash is refused; then nothing to do."""
    shown = place("plan")
    said = " ".join(shown.stdout.split())
    assert shown.exit_code == 0
    for words in ("4 steps", "create", "activate", "status"):
        assert words in said
    assert not (place.folder / "state" / "services").exists()
    body = place("plan", "--json").body
    assert [(each["do"], each["money"], each["status"]) for each in body["steps"]] == [
        ("create", False, False), ("create", False, False), ("activate", False, True), ("activate", False, True),
    ]  # fmt: skip
    applied = place("apply", "--plan", body["hash"], "--json")
    assert (applied.exit_code, applied.body["ok"], len(applied.body["done"])) == (0, True, 4)
    assert place.active == 2
    old = place("apply", "--plan", body["hash"])
    assert (old.exit_code, "is old" in " ".join(old.stderr.split())) == (2, True)
    assert place("plan", "--json").body["empty"] is True
    assert place("apply", "--json").body["done"] == []


def test_a_plan_says_what_is_not_the_same_on_its_platforms(place: Place) -> None:
    """How far a budget may be overspent on TikTok and on Meta, before anything is sent."""
    place.edit(f"on: {META}", f"on: [{META}, {TIKTOK}]")
    place.edit("targeting:", f'per: {{{TIKTOK}: {{targeting: {{locations: ["6252001"]}}}}}}\n        targeting:')
    told = {each["what"]: dict(each["by"]) for each in place("plan", "--json").body["differs"]}
    assert told["most that can be spent on one day"] == {META: "175.00 USD", TIKTOK: "100.00 USD"}
    said = " ".join(place("plan").stdout.split())
    assert "What is not the same on its platforms" in said


def test_changes_are_marked_as_money_and_drift_names_who(place: Place) -> None:
    """A lower budget in the file; then somebody raises one of them: told with exit status 1, and put back."""
    place("apply")
    place.edit("100.00", "80.00")
    steps = place("plan", "--json").body["steps"]
    assert [(each["do"], each["money"], each["fields"][0]["after"]) for each in steps] == [
        ("lower", True, "80.00 USD daily")
    ] * 2
    assert place("apply").exit_code == 0
    place.outside("95.00")
    drift = place("drift", "--json")
    assert (drift.exit_code, [(each["on"], each["field"], each["by"]) for each in drift.body["found"]]) == (
        1, [(META, "budget", "outside")],
    )  # fmt: skip
    assert "95" in place("drift").stdout
    assert place("apply").exit_code == 0
    assert place("drift", "--json").body["none"] is True


def test_all_is_paused_and_stays_so_until_it_is_released(place: Place) -> None:
    """Needs no spend guard; applying the file again activates nothing; released it does."""
    place("apply")
    paused = place("pause", "--json", spend=None)
    assert (paused.exit_code, len(paused.body["paused"]), place.active) == (0, 2, 0)
    held = place("apply")
    assert (held.exit_code, place.active) == (1, 0)
    assert "held" in held.stdout
    place("release")
    assert (place("apply").exit_code, place.active) == (0, 2)


def test_without_a_spend_guard_nothing_is_switched_on(place: Place) -> None:
    """The trees are made, paused; the failure names the guard, and the exit status is 1."""
    result = place("apply", "--json", spend=None)
    assert (result.exit_code, place.active) == (1, 0)
    assert [each["error_type"] for each in result.body["failed"]] == ["SPEND_GUARD"] * 2
    assert "failed" in place("apply", spend=None).stdout
    assert (place("apply").exit_code, place.active) == (0, 2)


@pytest.mark.parametrize(
    ("old", "new", "arguments", "words"),
    [
        ("traffic", "trafic", ("plan",), "campaigns.yaml, line 7, campaigns.0.objective"),
        (META, "meta/nobody", ("plan",), "campaigns.yaml, line 4, campaigns.0.on: there is no platform meta/nobody"),
        (META, "tiktok", ("plan",), f"there is no platform tiktok (write {TIKTOK}"),
        ("status", "status", ("plan", "--plan", "x"), "--plan cannot be 'x': it goes with apply"),
    ],
)
def test_what_makes_no_sense_is_refused(
    place: Place, old: str, new: str, arguments: tuple[str, ...], words: str
) -> None:
    """Exit status 2, on standard error, before anything is sent."""
    place.edit(old, new)
    result = place(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
    assert place.active == 0


def test_what_cannot_be_changed_is_shown_and_not_applied(place: Place) -> None:
    """The plan shows it with its cure and exit status 1; apply is refused."""
    place("apply")
    place.edit("traffic", "awareness")
    plan = place("plan", "--json")
    assert (plan.exit_code, {each["field"] for each in plan.body["troubles"]}) == (1, {"campaign.objective"})
    assert "cannot be changed" in " ".join(place("plan").stdout.split())
    assert place("apply").exit_code == 2


def test_a_failure_without_a_field_is_told_as_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that was given is to blame: exit status 1, the type and the cure."""
    with pytest.raises(typer.Exit) as ended:
        refused(ConnectionFailedError("the connection to a.example failed", hint="check the network"))
    said = " ".join(capsys.readouterr().err.split())
    assert (ended.value.exit_code, said) == (
        1, "CONNECTION_FAILED: the connection to a.example failed (check the network)",
    )  # fmt: skip


@pytest.mark.parametrize("spend", ["500", "-5 USD", "much"])
def test_a_spend_that_is_no_money_is_refused_by_its_name(tmp_path: Path, spend: str) -> None:
    """The option and its cure, not the money's own words."""
    arguments = [str(EXAMPLE), "apply", f"--spend={spend}", "--folder", str(tmp_path)]
    result = CliRunner().invoke(app, ["services", "campaigns", *arguments])
    said = " ".join(result.stderr.split())
    assert (result.exit_code, said.startswith(f"--spend cannot be '{spend}'")) == (2, True)
