"""The demo's second act: what it leaves for the user to open, and when it is left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from backstay.cli import post
from backstay.cli.app import post_table
from backstay.content import sniff

if TYPE_CHECKING:
    import pytest


def played(folder: Path, faults: str = "storm", seed: int = 7) -> tuple[dict[str, Any], list[tuple[int | None, str]]]:
    said: list[tuple[int | None, str]] = []
    return post.play_carousel(seed, faults, folder, lambda done, note: said.append((done, note))), said


def test_pictures_and_preview_can_be_opened(tmp_path: Path) -> None:
    """Real JPEGs of the size that the publisher wants, and one HTML file with all of them in it."""
    result, _ = played(tmp_path)
    assert len(result["pictures"]) == post.PLAN.slides
    for name in result["pictures"]:
        found = sniff(Path(name).read_bytes())
        assert found is not None
        assert (found.media_type, found.width * 5) == ("image/jpeg", found.height * 4)
    page = Path(result["preview"]).read_text("utf8")
    assert page.count("data:image/jpeg;base64,") == post.PLAN.slides
    assert post.PLAN.topic in page


def test_the_act_is_bad_and_ends_well(tmp_path: Path) -> None:
    """The process dies once, answers are lost, one is adopted, and one post is live."""
    result, said = played(tmp_path)
    assert (result["ok"], result["deaths"], result["processes"] >= 2) == (True, 1, True)
    assert result["retries"] > 10
    assert result["world"] == {"posts": 1, "double_posts": 0, "lost_posts": 0}
    assert (None, "the process dies after picture 3; the next one goes on") in said
    assert said[-1] == (post.PLAN.steps, "publish")


def test_a_calm_act_is_one_process_without_a_retry(tmp_path: Path) -> None:
    """Nothing fails, so nothing is asked again: one finding, nine texts, six pictures, seven containers."""
    result, _ = played(tmp_path, "calm")
    assert (result["processes"], result["deaths"], result["retries"], result["lost_answers"]) == (1, 0, 0, 0)
    assert (result["calls"], result["steps"], result["fallbacks"]) == (1 + 9 + 6 + 7, 23, {})


def test_the_same_seed_is_the_same_act_in_the_same_folder(tmp_path: Path) -> None:
    """A second play replaces the preview and finds the pictures there."""
    one, other = played(tmp_path)[0], played(tmp_path)[0]
    one.pop("seconds")
    other.pop("seconds")
    assert one == other


def test_vendors_that_are_not_installed_leave_it_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's verdict is then that of the day alone, and the table names the cure."""
    monkeypatch.setattr(post, "find_sandboxes", lambda: {"claude": None, "instagram": None})
    result, _ = played(tmp_path)
    assert result == {"skipped": ["openai", "perplexity"], "ok": True}
    console = Console(width=100, record=True)
    console.print(post_table(result))
    assert 'pip install "backstay[openai]"' in console.export_text()
