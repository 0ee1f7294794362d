"""What simulated models draw: real PNGs and JPEGs with the prompt on them, the same for the same prompt and seed."""

from __future__ import annotations

import colorsys
import struct
import textwrap
import zlib
from typing import Final

from backstay.sandbox.draws import unit
from backstay.sandbox.jpeg import BLOCK, jpeg
from backstay.sandbox.letters import HEIGHT, WIDTH, rows_of

SHADES: Final = 64
"""Colours of the sky, from the top to the bottom."""
INK: Final = SHADES
COLUMNS: Final = 22
"""Signs of a line, about."""
LARGE: Final = 15
"""Columns for large letters."""
MOST_LINES: Final = 14


def draw(prompt: str, width: int, height: int, seed: int = 0, *, transparent: bool = False) -> bytes:
    """A PNG of a sky with the prompt's words on it."""
    picture = _painted(prompt, width, height)
    return _png(picture, width, height, _palette(prompt, seed), transparent=transparent)


def draw_jpeg(prompt: str, width: int, height: int, seed: int = 0) -> bytes:
    """A JPEG in dots of 8 by 8 pixels, with the prompt's first paragraph on it in large letters."""
    across, down = -(-width // BLOCK), -(-height // BLOCK)
    title = prompt.strip().partition("\n\n")[0]
    return jpeg(_painted(title, across, down, LARGE), _palette(prompt, seed), width, height)


def _painted(prompt: str, width: int, height: int, columns: int = COLUMNS) -> list[bytes]:
    """Rows of colours; about so many signs in a line."""
    lines = _lines(prompt, width, height, columns)
    scale = max(1, min(width // ((columns + 2) * (WIDTH + 1)), height // ((len(lines) + 1) * (HEIGHT + 2))))
    top = max(0, (height - len(lines) * (HEIGHT + 2) * scale) // 2)
    picture = [bytes((y * SHADES // height,)) * width for y in range(height)]
    for number, line in enumerate(lines):
        _write(picture, line, (number * (HEIGHT + 2)) * scale + top, scale)
    return picture


def _lines(prompt: str, width: int, height: int, columns: int) -> list[str]:
    columns = min(columns, max(1, width // (WIDTH + 1) - 2))
    rows = min(MOST_LINES, max(1, height // (HEIGHT + 2)))
    return textwrap.wrap(prompt, columns)[:rows] or ["?"]


def _write(picture: list[bytes], line: str, top: int, scale: int) -> None:
    width = len(picture[0])
    left = max(0, (width - len(line) * (WIDTH + 1) * scale) // 2)
    glyphs = [rows_of(sign) for sign in line]
    for row in range(HEIGHT):
        at = top + row * scale
        if at + scale > len(picture):
            return
        paper = picture[at][:1]
        dots = b"".join(_dots(glyph[row], paper, scale) for glyph in glyphs)[: width - left]
        written = paper * left + dots + paper * (width - left - len(dots))
        picture[at : at + scale] = [written] * scale


def _dots(bits: int, paper: bytes, scale: int) -> bytes:
    ink = bytes((INK,))
    return b"".join((ink if bits >> (WIDTH - 1 - x) & 1 else paper) * scale for x in range(WIDTH)) + paper * scale


def _palette(prompt: str, seed: int) -> list[tuple[int, int, int]]:
    hue = unit(seed, "hue", prompt)
    sky = [colorsys.hsv_to_rgb(hue + 0.12 * n / SHADES, 0.75 - 0.4 * n / SHADES, 0.45 + 0.4 * n / SHADES)
           for n in range(SHADES)]  # fmt: skip
    return [(int(r * 255), int(g * 255), int(b * 255)) for r, g, b in (*sky, (1.0, 1.0, 1.0))]


def _png(
    picture: list[bytes], width: int, height: int, palette: list[tuple[int, int, int]], *, transparent: bool
) -> bytes:
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(bytes(colour) for colour in palette)),
        *([(b"tRNS", bytes(SHADES) + b"\xff")] if transparent else []),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in picture), 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


__all__ = ["draw", "draw_jpeg"]
