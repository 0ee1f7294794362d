"""`backstay journal` and `backstay orphans`, against a running sandbox."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.ads import Budget, CampaignSpec, Compliance, Money, Objective, Ref
from backstay.cli.app import app
from backstay.clock import SystemClock
from backstay.runtime import Runtime
from backstay.sandbox import serve
from backstay.writes.database import Database
from backstay.writes.folder import DATABASE
from backstay.writes.journal import JournalKey, Moment, Record, State
from backstay.writes.sqlite import SqliteJournal
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

ACCOUNT = ADVERTISERS[0]
SPEC = CampaignSpec(
    name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
    budget=Budget.daily(Money.of("100 USD")),
)  # fmt: skip
HOURS_AGO = 7_200.0
"""Longer than clocks may be wrong: what is open since then needs no waiting."""


class Place:
    """A state folder and a served sandbox."""

    def __init__(self, folder: Path, url: str, sandbox: TikTokSandbox) -> None:
        self.folder = folder
        self.url = url
        self.sandbox = sandbox

    def __call__(self, *arguments: str) -> Any:
        result = CliRunner().invoke(app, [*arguments, "--folder", str(self.folder)], catch_exceptions=False)
        result.body = json.loads(result.stdout) if "--json" in arguments and result.stdout else None
        return result

    def write(self, key: str, state: State, *, account: str = ACCOUNT, note: str = "", held: bool = False) -> str:
        """A record as a process of two hours ago left it, or of now that still holds it; its journal id."""
        then = Moment(SystemClock().wall() - (0.0 if held else HOURS_AGO), 0.0)

        async def main() -> str:
            with closing(Database(self.folder / DATABASE)) as database:
                journal = SqliteJournal(database)
                fresh = Record(JournalKey("tiktok", account, "create_campaign", key), "p", owner="gone")
                record = await journal.claim(fresh, then)
                record.state, record.attempts, record.note = state, 1, note
                record.uncertain_since, record.in_air = then.wall, 30.0
                await journal.save(record, then, release=not held)
                return record.id

        return asyncio.run(main())

    def create(self, key: str, *, forget: bool = False) -> Ref:
        """A campaign of a process whose journal is this one's, or lost."""

        async def main() -> Ref:
            runtime = Runtime.in_memory(listeners=()) if forget else Runtime(state=self.folder, listeners=())
            async with TikTokAds(ACCOUNT, TOKEN, base_url=f"{self.url}/tiktok", runtime=runtime) as ads:
                spec = SPEC.but(name=f"Spring {key}")
                made = await ads.create_campaign(spec, idempotency_key=key)
            await runtime.aclose()
            return made.value.ref

        return asyncio.run(main())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    sandbox, started, stop = TikTokSandbox(seed=3), threading.Event(), threading.Event()
    found: list[str] = []

    async def serving() -> None:
        async with serve({"tiktok": sandbox}) as served:
            found.append(served.admin_url.removesuffix("/_sandbox/"))
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serving()))
    thread.start()
    assert started.wait(10)
    (tmp_path / "state").mkdir()
    yield Place(tmp_path / "state", found[0], sandbox)
    stop.set()
    thread.join()


def test_looking_makes_no_folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was ever written, so there is nothing to list, and nothing appears on the disk."""
    assert place("journal", "list", "--json").body == {"records": []}
    assert place("orphans", "--sandbox", place.url, "--json").body == {"orphans": []}
    assert not list(place.folder.iterdir())
    monkeypatch.setenv("BACKSTAY_STATE", str(place.folder / "usual"))
    listed = CliRunner().invoke(app, ["journal", "list", "--json"])
    assert json.loads(listed.stdout) == {"records": []}
    assert not (place.folder / "usual").exists()


@pytest.mark.parametrize("command", [
    ("journal", "list"), ("journal", "show", "abcd"), ("journal", "abandon", "abcd"), ("orphans",), ("letters", "list"),
    ("letters", "replay", "--all"), ("letters", "purge"),
])  # fmt: skip
@pytest.mark.parametrize(("folder", "why"), [("typo", "no such folder"), ("file", "no folder"), ("", "no such folder")])
def test_a_folder_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], folder: str, why: str
) -> None:
    """A misspelled one is not an empty journal, for which all objects are orphans."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*command, "--folder", folder])
    assert result.exit_code == 2
    for word in ("--folder", folder, why, "BACKSTAY_STATE"):
        assert word in result.stderr


def test_the_usual_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be absent; it cannot be something else."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("BACKSTAY_STATE", str(tmp_path / "file"))
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["journal", "list"])
    assert result.exit_code == 2
    assert "BACKSTAY_STATE cannot be" in result.stderr


def test_a_failure_without_a_field_is_told_as_it_is(tmp_path: Path) -> None:
    """Not as "journal cannot be None": no option is to blame."""
    (tmp_path / DATABASE).write_bytes(b"no database " * 1_000)
    for command in (("journal", "list"), ("journal", "show", "abcd")):
        result = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*command, "--folder", str(tmp_path)])
        assert result.exit_code in {1, 2}
        assert "cannot be 'None'" not in result.stderr
        assert "Traceback" not in result.stderr


def test_records_are_listed_by_state(place: Place) -> None:
    """Open ones by default; all and single states on demand; a table for people."""
    place.write("a", State.UNKNOWN, note="TIMEOUT: no answer within 30 s")
    place.write("b", State.CREATED)
    assert [each["key"] for each in place("journal", "list", "--json").body["records"]] == ["a"]
    assert [each["key"] for each in place("journal", "list", "--state", "all", "--json").body["records"]] == ["a", "b"]
    assert [each["key"] for each in place("journal", "list", "--state", "created", "--json").body["records"]] == ["b"]
    table = place("journal", "list").stdout
    assert "unknown" in table
    assert "TIMEOUT" in table


def test_a_record_is_shown_by_the_beginning_of_its_id(place: Place) -> None:
    """With all that it says."""
    own = place.write("a", State.UNKNOWN, note="TIMEOUT")
    told = place("journal", "show", own[:6], "--json").body
    assert (told["id"], told["state"], told["operation"], told["attempts"]) == (own, "unknown", "create_campaign", 1)
    assert told["open_since"]
    assert told["held_by"] is None
    assert own in place("journal", "show", own).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("journal", "show", "zzzz"), ("zzzz", "journal list")),
        (("journal", "show", "ab"), ("too short",)),
        (("journal", "list", "--state", "lost"), ("--state", "lost", "abandoned")),
        (("journal", "recover"), ("environment", "--sandbox")),
        (("orphans",), ("environment", "--sandbox")),
    ],
)
def test_bad_input_is_refused_with_field_value_and_cure(
    place: Place, arguments: tuple[str, ...], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 2."""
    for name in ("TIKTOK_ACCESS_TOKEN", "META_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = place(*arguments)
    assert result.exit_code == 2
    for word in words:
        assert word in result.stderr


def test_an_address_without_a_sandbox_is_refused(place: Place) -> None:
    """It names the command that serves one."""
    for address in (f"{place.url}/tiktok", "http://127.0.0.1:1", "nonsense"):
        result = place("orphans", "--sandbox", address)
        assert result.exit_code == 2
        assert "--sandbox cannot be" in result.stderr
        assert address[:20] in result.stderr
        assert "backstay sandbox" in result.stderr


def test_recover_settles_what_a_dead_process_left(place: Place) -> None:
    """What was made is adopted, what was not is absent; nothing is sent but reads."""
    ref = place.create("made", forget=True)
    made, lost = place.write("made", State.SENT), place.write("lost", State.UNKNOWN)
    before = len(place.sandbox.world.log)
    result = place("journal", "recover", "--sandbox", place.url, "--json")
    found = {each["id"]: each for each in result.body["recovered"]}
    assert (result.exit_code, result.body["open"]) == (0, 0)
    assert (found[made]["verdict"], found[made]["made"]) == ("adopted", str(ref))
    assert found[lost]["verdict"] == "absent"
    assert len(place.sandbox.world.log) == before
    assert place("journal", "list", "--json").body == {"records": []}


def test_what_stays_open_is_said_and_exits_with_1(place: Place) -> None:
    """A record of another account, in a table."""
    place.write("foreign", State.UNKNOWN, account="123")
    result = place("journal", "recover", "--sandbox", place.url)
    assert result.exit_code == 1
    assert "1 still open" in result.stdout


def test_abandoning_closes_a_key(place: Place) -> None:
    """Only an open record can be given up; the note reaches whoever uses the key again."""
    own = place.write("a", State.UNKNOWN)
    told = place("journal", "abandon", own, "--note", "deleted by hand", "--json").body
    assert (told["state"], told["note"]) == ("abandoned", "deleted by hand")
    again = place("journal", "abandon", own)
    assert again.exit_code == 2
    assert "abandoned, not open" in again.stderr


def test_abandoning_says_what_it_waits_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that died a moment ago left its claim, which is watched for a whole lease."""
    monkeypatch.setattr(SqliteJournal.__init__, "__kwdefaults__", {"lease": 0.1})
    own = place.write("a", State.SENT, held=True)
    result = place("journal", "abandon", own, "--json")
    assert result.body["state"] == "abandoned"
    assert "waiting 0 s for a sign of life" in result.stderr.replace("\n", " ")


def test_orphans_are_listed_and_exit_with_1(place: Place) -> None:
    """Objects of a lost journal; those of this one have an owner."""
    place.create("owned")
    lost = place.create("lost", forget=True)
    result = place("orphans", "--sandbox", place.url, "--json")
    assert result.exit_code == 1
    assert [(each["ref"], each["why"]) for each in result.body["orphans"]] == [(str(lost), "no record")]
    assert "Spring lost" in place("orphans", "--sandbox", place.url).stdout


def test_credentials_come_from_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --sandbox the adapters are those whose variables are set."""
    from backstay.cli import journal as commands

    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("TIKTOK_ADVERTISER_ID", ACCOUNT)
    runtime = Runtime.in_memory(listeners=())
    made = commands._of_environment(runtime)
    assert [(each.vendor, each.account) for each in made] == [("tiktok", ACCOUNT)]
