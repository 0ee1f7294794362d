"""YAML and JSON with lines: exact numbers, no surprises, no bombs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from backstay.errors import InvalidRequestError
from backstay.services.document import Document, parse, read
from backstay.services.series import DayNumbers


def test_numbers_stay_exact_and_words_stay_words() -> None:
    """No float is made, no date guessed, and `no` is no false."""
    found = parse("a: 0.1\nb: 7\nc: 2026-01-05\nd: no\ne: true\nf: null\ng: '1'\nh: [1, {i: x}]\n", "x.yaml")
    assert found.data == {
        "a": Decimal("0.1"), "b": 7, "c": "2026-01-05", "d": "no", "e": True, "f": None, "g": "1",
        "h": [1, {"i": "x"}],
    }  # fmt: skip
    assert found.line_of("h.1.i") == 8
    assert found.line_of("h.1.j.k") == 8
    assert found.line_of("z") == 1


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("a: [1\nb: 2\n", "x.yaml", "x.yaml, line 2: no YAML"),
        ("a: 1\na: 2\n", "x.yaml", "x.yaml, line 2, a: given twice"),
        ("- 1\n", "x.yaml", "x.yaml, line 1: the file is no mapping"),
        ("", "x.yaml", "x.yaml, line 1: the file is no mapping"),
        ("a: &x [1]\nb: *x\n", "x.yaml", "x.yaml, line 2: aliases are not read"),
        ("? [1]\n: 2\n", "x.yaml", "x.yaml, line 1: a field's name is no text"),
        ("a: .nan\n", "x.yaml", "x.yaml, line 1, a: no plain number: .nan"),
        ("a: 0o7\nb: 0x1f\n", "x.yaml", "x.yaml, line 2, b: no plain number: 0x1f"),
        ('{"a": 1,\n "b": }', "x.json", "x.json, line 2: no JSON"),
        ('{"a": NaN}', "x.json", "x.json, line 1: no JSON: NaN is no number"),
        ('{"a": 1, "a": 2}', "x.json", "x.json, line 1, a: given twice"),
        ("a: " + "[" * 40 + "]" * 40, "x.yaml", "nested too deep"),
        ("a: " + "[" * 5_000 + "]" * 5_000, "x.yaml", "nested too deep"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, name: str, said: str) -> None:
    """Whatever the fault; never another exception."""
    with pytest.raises(InvalidRequestError) as caught:
        parse(text, name)
    assert said in caught.value.message
    assert caught.value.hint


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """None there, a folder, bytes, too large."""
    binary = tmp_path / "x.yaml"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "none.yaml", tmp_path, binary):
        with pytest.raises(InvalidRequestError, match="cannot be read"):
            read(path)


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is read."""
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n" * 10, "utf8")
    monkeypatch.setattr("backstay.services.document.LARGEST", 10)
    with pytest.raises(InvalidRequestError, match="more than 10 bytes"):
        read(file)


def test_a_model_is_built_at_its_place() -> None:
    """A refusal names the path from the top, also where a value of its own refused."""
    document = parse("days:\n  - day: 2026-01-05\n    spend: 12\n", "x.yaml")
    with pytest.raises(InvalidRequestError, match=r"x\.yaml, line 3, days\.0\.spend: no amount and currency"):
        document.build(DayNumbers, document.data["days"][0], under="days.0")
    assert isinstance(document, Document)
    with pytest.raises(InvalidRequestError, match=r"x\.yaml, line 2, days\.0\.day: Field required"):
        document.build(DayNumbers, {"clicks": None, "spend": "1 USD"}, under="days.0")
