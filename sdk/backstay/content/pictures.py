"""What a picture's bytes say of themselves: kind and size, read from the head; no library, nothing decoded."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Sniffed(NamedTuple):
    """Kind and pixels."""

    media_type: str
    width: int
    height: int


def sniff(data: bytes) -> Sniffed | None:
    """PNG, JPEG, GIF or WebP; None for anything else, a cut head included."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
            return Sniffed("image/png", *struct.unpack(">II", data[16:24]))
        if data[:6] in {b"GIF87a", b"GIF89a"}:
            return Sniffed("image/gif", *struct.unpack("<HH", data[6:10]))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        return _jpeg(data) if data[:2] == b"\xff\xd8" else None
    except (struct.error, IndexError):
        return None


def _webp(data: bytes) -> Sniffed | None:
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return Sniffed("image/webp", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return Sniffed("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X" and len(data) >= 30:
        return Sniffed("image/webp", _three(data[24:27]) + 1, _three(data[27:30]) + 1)
    return None


def _three(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _jpeg(data: bytes) -> Sniffed | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Sniffed("image/jpeg", width, height)
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


__all__ = ["Sniffed", "sniff"]
