"""JPEGs of the simulators: a decoder that was written from the standard alone gives the dots back."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from backstay.content import sniff
from backstay.sandbox.jpeg import jpeg
from backstay.sandbox.painter import draw_jpeg

COLOURS = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255), (12, 200, 77)]


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each part; the last one is the packed picture."""
    at = 2
    while data[at + 1] != 0xD9:
        kind, (length,) = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])
        yield kind, data[at + 4 : at + 2 + length]
        at += 2 + length
        if kind == 0xDA:
            yield 0, data[at:-2]
            return


def codes(table: bytes) -> dict[str, int]:
    """The Huffman codes of a DHT segment (T.81, annex C)."""
    found, code, at = {}, 0, 17
    for length, count in enumerate(table[1:17], 1):
        for _ in range(count):
            found[f"{code:0{length}b}"] = table[at]
            code, at = code + 1, at + 1
        code <<= 1
    return found


def dots(data: bytes) -> list[tuple[int, int, int]]:
    """The colour of each block."""
    tables, packed, quant = [], b"", 0
    for kind, part in segments(data):
        if kind == 0xC4:
            tables.append(codes(part))
        elif kind == 0xDB:
            quant = part[1]
        elif kind == 0:
            packed = part.replace(b"\xff\0", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in packed)
    found, last, at = [], [0, 0, 0], 0

    def word(table: dict[str, int]) -> int:
        nonlocal at
        for end in range(at + 1, at + 17):
            if bits[at:end] in table:
                known, at = table[bits[at:end]], end
                return known
        pytest.fail("no such code")

    while len(bits) - at >= 8 or "0" in bits[at:]:
        for plane in range(3):
            size = word(tables[0])
            told, at = (int(bits[at : at + size], 2) if size else 0), at + size
            last[plane] += told if size and told >> (size - 1) else told - (1 << size) + 1 if size else 0
            assert word(tables[1]) == 0
        bright, blue, red = (value * quant / 8 for value in last)
        rgb = (bright + 128 + 1.402 * red, bright + 128 - 0.344 * blue - 0.714 * red, bright + 128 + 1.772 * blue)
        found.append(tuple(max(0, min(255, round(value))) for value in rgb))
    return found  # type: ignore[return-value]  # three each


def near(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    return all(abs(one - other) <= 2 for one, other in zip(a, b, strict=True))


def test_each_dot_comes_back() -> None:
    """Within a rounding; runs of one colour and jumps between extremes alike."""
    rows = [bytes((0, 0, 1)), bytes((2, 3, 4)), bytes((1, 0, 1))]
    found = dots(jpeg(rows, COLOURS, 24, 24))
    wanted = [COLOURS[dot] for row in rows for dot in row]
    assert len(found) == 9
    assert all(near(one, other) for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("width", "height"), [(1088, 1360), (1080, 1350), (17, 9)])
def test_sizes_need_not_be_whole_blocks(width: int, height: int) -> None:
    """The head says the size that was asked for; the last blocks reach over the edge."""
    data = draw_jpeg("Why do sails billow?", width, height, 3)
    assert sniff(data) == ("image/jpeg", width, height)
    assert len(dots(data)) == -(-width // 8) * -(-height // 8)


def test_the_same_prompt_gives_the_same_picture_and_another_one_another() -> None:
    """With the seed."""
    first = draw_jpeg("sails", 200, 300, 1)
    assert draw_jpeg("sails", 200, 300, 1) == first
    assert draw_jpeg("sails", 200, 300, 2) != first
    assert draw_jpeg("winds", 200, 300, 1) != first


def test_the_words_are_on_it() -> None:
    """Some dots are ink, most are sky."""
    ink = sum(near(dot, (255, 255, 255)) for dot in dots(draw_jpeg("SAILS", 400, 400)))
    assert 10 < ink < 400
