"""`backstay letters`: what an operator sees and does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from backstay import Money, Runtime, SpendGuard
from backstay.adapters import TikTokAds
from backstay.ads import Budget, CampaignSpec, Compliance, ConfiguredStatus, Objective
from backstay.cli.app import app
from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

runner = CliRunner(env={"COLUMNS": "200"})
NOWHERE = "http://127.0.0.1:1"
"""No one listens there."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKSTAY_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def ask(*arguments: str) -> Result:
    return runner.invoke(app, ["letters", *arguments])


def asked(*arguments: str) -> Any:
    return json.loads(ask(*arguments, "--json").stdout)


def give_up(*keys: str) -> None:
    """Creates that a service could not do: the vendor was away."""
    budget = Budget.daily(Money("100.00", "USD"))
    spec = CampaignSpec(name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), budget=budget)

    async def main() -> None:
        runtime = Runtime(listeners=())
        ads = TikTokAds(ADVERTISERS[0], TOKEN, base_url=NOWHERE, runtime=runtime, max_attempts=1)
        for key in keys:
            with pytest.raises(Exception, match="failed"):
                await ads.create_campaign(spec, idempotency_key=key)
        await ads.aclose()
        await runtime.aclose()

    asyncio.run(main())


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, TikTokSandbox]]:
    """TikTok's simulator on a loopback port, and the environment that names its account."""
    simulator, started, stop = TikTokSandbox(), threading.Event(), threading.Event()
    found: list[str] = []

    async def serving() -> None:
        async with serve({"tiktok": simulator}, "127.0.0.1", 0) as served:
            found.append(served.urls["tiktok"])
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serving(),))
    thread.start()
    started.wait(10)
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("TIKTOK_ADVERTISER_ID", ADVERTISERS[0])
    yield found[0], simulator
    stop.set()
    thread.join()


def test_nothing_is_made_by_looking(folder: Path) -> None:
    """An empty list, no folder."""
    assert asked("list") == {"letters": []}
    assert ask("list").exit_code == 0
    assert asked("purge") == {"deleted": {"settled": 0, "waiting": 0}}
    assert not folder.exists()


def test_letters_are_listed_and_shown(folder: Path) -> None:
    """As a table for people, as JSON for programs; a beginning of the id is enough."""
    give_up("a", "b")
    letters = asked("list")["letters"]
    assert [letter["original_event"]["arguments"]["idempotency_key"] for letter in letters] == ["a", "b"]
    table = ask("list").stdout
    assert letters[0]["dlq_id"][:8] in table
    assert "CONNECTION_FAILED" in table
    shown = ask("show", letters[0]["dlq_id"][:8]).stdout
    assert "create_campaign" in shown
    assert "100.00 USD" in shown
    assert asked("show", letters[0]["dlq_id"]) == letters[0]
    assert asked("list", "--vendor", "meta") == {"letters": []}
    assert len(asked("list", "--limit", "1")["letters"]) == 1
    (folder.parent / "other").mkdir()
    elsewhere = asked("list", "--folder", str(folder.parent / "other"))
    assert elsewhere == {"letters": []}


def test_letters_are_replayed_at_a_running_sandbox(folder: Path, vendor: tuple[str, TikTokSandbox]) -> None:
    """Credentials from the environment, the place from --base-url; what is over is not replayed again."""
    url, simulator = vendor
    give_up("a", "b", "c")
    first = asked("list")["letters"][0]["dlq_id"]
    one = asked("replay", first, "--base-url", url)
    assert (one["replayed"], one["failed"], one["results"][0]["how"]) == (1, 0, "created")
    rest = ask("replay", "--all", "--base-url", url)
    assert rest.exit_code == 0
    assert "2 replayed, 0 failed" in rest.stdout
    assert asked("replay", "--all", "--base-url", url) == {"results": [], "replayed": 0, "failed": 0}
    again = ask("replay", first, "--base-url", url)
    assert again.exit_code == 1
    assert "replayed already" in again.stdout
    assert len(simulator.world.objects(level="campaign")) == 3
    assert {letter["state"] for letter in asked("list", "--state", "all")["letters"]} == {"replayed"}


def test_a_sandbox_serves_every_account(
    folder: Path, vendor: tuple[str, TikTokSandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is needed of the environment; where there is no sandbox it says so."""
    url, simulator = vendor
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    give_up("a")
    assert asked("replay", "--all", "--sandbox", url.removesuffix("/tiktok"))["replayed"] == 1
    assert len(simulator.world.objects(level="campaign")) == 1
    nobody = ask("replay", "--all", "--sandbox", NOWHERE)
    assert nobody.exit_code == 2
    assert "Traceback" not in nobody.stderr


def test_a_replay_that_fails_ends_with_1_and_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each letter on its own; the error is in the table."""
    give_up("a")
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("TIKTOK_ADVERTISER_ID", ADVERTISERS[1])
    wrong = ask("replay", "--all", "--base-url", NOWHERE)
    assert wrong.exit_code == 1
    assert ADVERTISERS[0] in wrong.stdout
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    unset = asked("replay", "--all")
    assert unset["failed"] == 1
    assert "TIKTOK_ACCESS_TOKEN" in unset["results"][0]["error"]
    assert asked("list")["letters"][0]["failures"] == 1  # nothing was tried


def test_letters_of_functions_are_replayed_in_code(folder: Path) -> None:
    """The command line has no functions; it says what to do."""

    async def main() -> None:
        runtime = Runtime(listeners=())
        await runtime.letters.publish_failed_event({"event_id": "e1"}, ValueError("no"), 3)
        await runtime.aclose()

    asyncio.run(main())
    result = asked("replay", "--all")
    assert result["failed"] == 1
    assert "await runtime.letters.replay(dlq_id, function)" in result["results"][0]["error"]


def test_letters_are_discarded_and_purged(folder: Path) -> None:
    """Discarded ones stay readable until they are purged."""
    give_up("a", "b")
    first = asked("list")["letters"][0]["dlq_id"]
    assert asked("discard", first) == {"discarded": [first]}
    assert "already" in ask("discard", first).stderr
    assert len(asked("list")["letters"]) == 1
    assert [letter["dlq_id"] for letter in asked("list", "--state", "discarded")["letters"]] == [first]
    assert asked("purge", "--max-count", "1") == {"deleted": {"settled": 1, "waiting": 0}}
    assert "0 that were over" in ask("purge").stdout
    assert len(asked("list", "--state", "all")["letters"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "--state", "lost"], ("--state", "lost", "waiting")),
        (["show", "abc"], ("abc", "4 characters")),
        (["show", "ffffffff"], ("ffffffff", "no dead letter")),
        (["discard"], ("ids", "name letters")),
        (["replay"], ("ids", "--all")),
        (["replay", "--all", "--spend", "abc"], ("--spend cannot be", "'abc'", "500 USD")),
        (["replay", "--all", "--spend", "x USD"], ("--spend cannot be", "'x USD'", "unlimited")),
        (["purge", "--max-age", "0"], ("max_age", "greater than 0")),
    ],
)
def test_bad_arguments_name_field_value_and_cure(folder: Path, arguments: list[str], words: tuple[str, ...]) -> None:
    """Exit status 2, on standard error, without a traceback."""
    give_up("a")
    result = ask(*arguments)
    assert result.exit_code == 2
    said = result.stderr.replace("\n", " ")
    assert all(word in said for word in words), said
    assert "Traceback" not in said


def test_a_replay_switches_on_only_under_a_cap(folder: Path, vendor: tuple[str, TikTokSandbox]) -> None:
    """An activation that was given up needs --spend, as every process needs a guard."""
    url, simulator = vendor

    async def main() -> None:
        runtime = Runtime(listeners=(), guard=SpendGuard.unlimited())
        async with TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, base_url=url) as ads:
            budget = Budget.daily(Money("100.00", "USD"))
            spec = CampaignSpec(
                name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), budget=budget
            )
            made = await ads.create_campaign(spec, idempotency_key="on")
            simulator.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, method="POST", status=503)])
            with pytest.raises(BackstayError):
                await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE, max_attempts=1)
            simulator.faults = FaultPlan()
        await runtime.aclose()

    asyncio.run(main())
    for options, rule in ((), "no spend guard"), (("--spend", "99 USD"), "the cap is 99 USD"):
        refused = asked("replay", "--all", "--base-url", url, *options)
        assert (refused["failed"], rule in refused["results"][0]["error"]) == (1, True)
    assert ask("replay", "--all", "--spend", "a lot").exit_code == 2
    assert asked("replay", "--all", "--base-url", url, "--spend", "100 USD")["replayed"] == 1
    assert [thing.state.value for thing in simulator.world.objects(level="campaign")] == ["active"]
