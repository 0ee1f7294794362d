"""The command line: what a newcomer types."""

from __future__ import annotations

import json
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.cli import doctor, main
from backstay.cli.app import app

runner = CliRunner()


def test_the_demo_prints_its_json_and_exits_by_its_verdict(tmp_path: Path) -> None:
    """The keys of the issue, and exit status 0 when all is well."""
    result = runner.invoke(app, ["demo", "--seed", "3", "--faults", "storm", "--json", "--out", str(tmp_path)])
    body = json.loads(result.stdout)
    assert set(body) == {"seed", "faults", "seconds", "simulated_seconds", "platforms", "world", "carousel", "ok"}
    assert set(body["platforms"]["tiktok"]) == {
        "operations",
        "attempts",
        "retries",
        "stale_served",
        "adopted",
        "errors",
    }
    assert set(body["world"]) == {"duplicates", "parked", "active_trees", "orphans"}
    assert (result.exit_code, body["ok"]) == (0, True)
    assert body["seconds"] < 30


def test_the_demo_shows_two_tables(tmp_path: Path) -> None:
    """For people: the day's numbers, the post's, the verdicts, and what to open."""
    result = runner.invoke(app, ["demo", "--faults", "calm", "--out", str(tmp_path / "new")])
    assert result.exit_code == 0
    for words in ("active trees", "world: posts", "open it", "ok"):
        assert words in result.stdout
    assert (tmp_path / "new" / "post.html").is_file()


def test_the_exit_status_follows_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day or a post that is not ok ends with 1."""
    from backstay.cli import demo, post

    bad = {"seed": 1, "faults": "calm", "seconds": 1, "simulated_seconds": 1, "platforms": {}, "world": {}, "ok": False}
    asked = ["demo", "--json", "--out", str(tmp_path)]
    monkeypatch.setattr(demo, "play", lambda *_, **__: bad)
    monkeypatch.setattr(post, "play_carousel", lambda *_: {"ok": True})
    assert runner.invoke(app, asked).exit_code == 1
    monkeypatch.setattr(demo, "play", lambda *_, **__: {**bad, "ok": True})
    assert runner.invoke(app, asked).exit_code == 0
    monkeypatch.setattr(post, "play_carousel", lambda *_: {"ok": False})
    assert runner.invoke(app, asked).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--faults", "hail"], ("--faults", "hail", "storm")),
        (["demo", "--out", f"{__file__}/x"], ("--out", "a folder that can be made")),
        (["sandbox", "--host", "0.0.0.0"], ("host", "loopback")),
        (["sandbox", "--faults", "nowhere.json"], ("faults", "nowhere.json")),
        (["sandbox", "--tier", "gold"], ("tier", "gold")),
    ],
)
def test_bad_arguments_name_field_value_and_cure(arguments: list[str], words: tuple[str, ...]) -> None:
    """Exit status 2, on standard error, without a traceback."""
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2
    said = result.stderr.replace("\n", " ")
    assert all(word in said for word in words), said
    assert "Traceback" not in said


def test_doctor_gives_a_cure_for_each_red_line() -> None:
    """Every check that is not ok says what to do."""
    checks = doctor.examine()
    assert {"python", "httpx", "TLS store", "proxy", "tiktok credentials"} <= {check.name for check in checks}
    assert all(check.cure for check in checks if check.verdict != "ok")
    result = runner.invoke(app, ["doctor", "--json"])
    assert json.loads(result.stdout)["ok"] is (result.exit_code == 0)
    assert runner.invoke(app, ["doctor"]).exit_code == result.exit_code


def test_doctor_never_shows_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that the variable is set, not what it holds."""
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("TIKTOK_ADVERTISER_ID", "7")
    assert "hunter2" not in runner.invoke(app, ["doctor", "--json"]).stdout


def refuses(error: OSError) -> Any:
    """A connection that fails."""

    def connect(host: str, seconds: float) -> doctor.Met:
        raise error

    return connect


def test_doctor_tells_why_a_vendor_cannot_be_reached() -> None:
    """Network, certificate and clock have different cures."""
    late = ssl.SSLCertVerificationError("certificate is not yet valid")
    late.verify_message = "certificate is not yet valid"
    foreign = ssl.SSLCertVerificationError("self-signed certificate")
    foreign.verify_message = "self-signed certificate"
    cures = [doctor.reach("tiktok", "x", refuses(error)).cure for error in (late, foreign, OSError("no route"))]
    assert "clock" in cures[0]
    assert "ssl_context" in cures[1]
    assert "network" in cures[2]


@pytest.mark.parametrize(
    ("skew", "verdict"), [(0.0, "ok"), (10.0, "ok"), (400.0, "fail"), (-400.0, "fail"), (None, "ok")]
)
def test_doctor_measures_the_clock(skew: float | None, verdict: str) -> None:
    """Five minutes off and signatures fail."""
    found = doctor.reach("tiktok", "x", lambda host, seconds: doctor.Met("TLSv1.3", skew))
    assert found.verdict == verdict


def test_without_the_extra_the_cure_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`backstay` without typer says what to install."""
    monkeypatch.setitem(sys.modules, "typer", None)
    monkeypatch.delitem(sys.modules, "backstay.cli.app", raising=False)
    with pytest.raises(SystemExit):
        main()
    assert 'pip install "backstay[cli]"' in capsys.readouterr().err
