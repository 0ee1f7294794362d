"""Writes docs/recovery-matrix.md from the code; run it when tests/unit/test_matrix.py says that the page is stale."""

from __future__ import annotations

from pathlib import Path

from backstay.matrix import recovery_matrix

Path(__file__).parents[1].joinpath("recovery-matrix.md").write_text(recovery_matrix(), "utf8")
