"""A post's way out in virtual time, through storms and a process that dies, judged by the publisher's own log."""

from __future__ import annotations

from pathlib import Path

import pytest

from backstay.cli.post import play_carousel


@pytest.mark.parametrize("seed", range(25))
def test_one_post_goes_out_whatever_happens(seed: int, tmp_path: Path) -> None:
    """No post twice, none lost, and nothing that is degraded."""
    result = play_carousel(seed, "storm", tmp_path, lambda *_: None)
    assert result["ok"], result
    assert result["world"] == {"posts": 1, "double_posts": 0, "lost_posts": 0}
