"""JPEGs without a library: each dot of a small picture becomes a block of 8 by 8 pixels of one colour, exactly.

A block of one colour is its first coefficient and nothing else, so there is nothing to transform.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

BLOCK: Final = 8
"""Pixels of a block's side."""

Colour = tuple[int, int, int]

_DC: Final = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110")
"""Codes of the sizes of a difference, by the standard's own table for brightness (ITU T.81, table K.3)."""
_DC_COUNTS: Final = bytes((0, 1, 5, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
_END: Final = "0"
"""The end of a block: the only sign of the second table."""


def jpeg(rows: Sequence[bytes], colours: Sequence[Colour], width: int, height: int) -> bytes:
    """A baseline JPEG of `width` by `height` pixels; `rows` are indexes into `colours`, a dot for each block."""
    values = [_ycc(*colour) for colour in colours]
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes((n, 0x11, 0)) for n in (1, 2, 3))
    parts = [
        (0xE0, b"JFIF\0" + bytes((1, 1, 0, 0, 1, 0, 1, 0, 0))),
        (0xDB, b"\0" + bytes((BLOCK,)) * 64),
        (0xC0, frame),
        (0xC4, b"\0" + _DC_COUNTS + bytes(range(len(_DC)))),
        (0xC4, b"\x10" + bytes((1, *([0] * 15))) + b"\0"),
        (0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))),
    ]
    head = b"".join(bytes((0xFF, kind)) + struct.pack(">H", len(data) + 2) + data for kind, data in parts)
    return b"\xff\xd8" + head + _packed(_bits(rows, values)) + b"\xff\xd9"


def _ycc(red: int, green: int, blue: int) -> Colour:
    """Brightness and colours of a block, as its coefficients: less 128, since the quantiser takes the block's 8."""
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(bright) - 128, round((blue - bright) * 0.564), round((red - bright) * 0.713)


def _bits(rows: Sequence[bytes], values: Sequence[Colour]) -> str:
    """Each block as the difference to the one before it."""
    steps: dict[tuple[int, int], str] = {}
    last, bits = -1, []
    for row in rows:
        for dot in row:
            known = steps.get((last, dot))
            if known is None:
                before = values[last] if last >= 0 else (0, 0, 0)
                known = steps[last, dot] = "".join(map(_step, before, values[dot]))
            bits.append(known)
            last = dot
    return "".join(bits)


def _step(before: int, now: int) -> str:
    difference = now - before
    size = abs(difference).bit_length()
    told = difference if difference > 0 else difference + (1 << size) - 1
    return _DC[size] + (f"{told:0{size}b}" if size else "") + _END


def _packed(bits: str) -> bytes:
    whole = bits + "1" * (-len(bits) % 8)
    return int(whole, 2).to_bytes(len(whole) // 8).replace(b"\xff", b"\xff\0")


__all__ = ["BLOCK", "jpeg"]
