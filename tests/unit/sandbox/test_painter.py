"""The painter: real PNGs with words on them."""

from __future__ import annotations

import struct
import zlib

import pytest

from backstay.content.pictures import sniff
from backstay.sandbox.letters import rows_of
from backstay.sandbox.painter import INK, draw


def pixels(png: bytes) -> list[bytes]:
    """The rows of a PNG with a palette, every chunk's sum checked."""
    at, packed, width = 8, b"", 0
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        if kind == b"IHDR":
            width = struct.unpack(">I", data[:4])[0]
        packed += data if kind == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(packed)
    return [raw[row + 1 : row + 1 + width] for row in range(0, len(raw), width + 1)]


@pytest.mark.parametrize(("width", "height"), [(1088, 1360), (64, 48), (16, 16), (1, 1), (3264, 96), (96, 3264)])
def test_any_size_is_a_whole_picture(width: int, height: int) -> None:
    """Rows and columns as asked for, and the checksums are right."""
    png = draw("A red sail on a calm sea at dawn, and many more words than fit into a small picture", width, height)
    assert sniff(png) == ("image/png", width, height)
    assert [len(row) for row in pixels(png)] == [width] * height


def test_the_words_are_on_it() -> None:
    """The letters of the prompt are drawn in ink, larger on a larger picture; other words look otherwise."""
    rows = pixels(draw("I", 1024, 1024))
    inked = [row for row in rows if INK in row]
    bits = [[0 if index != INK else 1 for index in row] for row in inked]
    scale = len(inked) // 5
    assert scale > 1
    left = min(row.index(1) for row in bits if 1 in row)
    seen = tuple(int("".join(str(row[left + scale * x]) for x in range(3)), 2) for row in bits[::scale])
    assert seen == rows_of("I")
    assert draw("I", 64, 64) != draw("L", 64, 64)


def test_the_same_words_and_seed_are_the_same_picture() -> None:
    """And another seed is another one."""
    assert draw("x", 64, 64, 1) == draw("x", 64, 64, 1) != draw("x", 64, 64, 2)


def test_without_a_background_only_the_ink_is_seen() -> None:
    """The sky is clear, the letters are not."""
    assert b"tRNS" + bytes(64) + b"\xff" in draw("x", 64, 64, transparent=True)
    assert b"tRNS" not in draw("x", 64, 64)


def test_every_sign_has_a_drawing_of_its_own() -> None:
    """Letters and digits differ, small ones are as large ones, and a sign without a drawing is not blank."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    assert len({rows_of(sign) for sign in signs}) == len(signs)
    assert rows_of("a") == rows_of("A")
    assert any(rows_of("\u98ce"))
    assert rows_of("\u98ce") != rows_of("\u5e06")
