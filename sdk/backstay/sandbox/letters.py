"""A small alphabet for drawn pictures: five rows of three pixels for each sign, as five digits of three bits."""

from __future__ import annotations

import zlib
from typing import Final

WIDTH: Final = 3
HEIGHT: Final = 5

_SIGNS: Final = {
    "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644", "G": "34553", "H": "55755",
    "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555", "O": "25552", "P": "65644",
    "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552", "W": "55775", "X": "55255",
    "Y": "55222", "Z": "71247", "0": "75557", "1": "26227", "2": "61247", "3": "61216", "4": "55711", "5": "74616",
    "6": "34757", "7": "71222", "8": "75757", "9": "75716", " ": "00000", ".": "00002", ",": "00024", ":": "02020",
    ";": "02024", "!": "22202", "?": "61202", "'": "22000", '"': "55000", "-": "00700", "+": "02720", "=": "07070",
    "/": "11244", "(": "12221", ")": "42224", "%": "51245", "&": "25356", "#": "57575", "_": "00007", "*": "05250",
    "@": "25543", "$": "36236", "<": "12421", ">": "42124", "[": "64446", "]": "31113",
}  # fmt: skip


def rows_of(sign: str) -> tuple[int, ...]:
    """The five rows of a sign, three bits each; one that has no drawing gets a pattern of its own."""
    drawn = _SIGNS.get(sign.upper())
    if drawn is not None:
        return tuple(int(digit) for digit in drawn)
    pattern = zlib.crc32(sign.encode("utf-8", "replace"))
    return tuple((pattern >> 3 * row & 7) or 5 for row in range(HEIGHT))


__all__ = ["HEIGHT", "WIDTH", "rows_of"]
