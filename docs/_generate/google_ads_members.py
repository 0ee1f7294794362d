"""Writes the list of Google Ads' error members from the enums of the installed package.

    python docs/_generate/google_ads_members.py

The list holds names and numbers only. What a member means is judged by hand, in `judgements.txt` beside it;
tests/unit/google_ads/test_members.py fails while the package, the list and the judgements disagree.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

from backstay_adapters.google_ads.profile import API_VERSION

FILE: Final = Path(__file__).parents[2] / "adapters" / "backstay_adapters" / "google_ads" / "errors" / "members.txt"
MEANINGLESS: Final = {"UNSPECIFIED", "UNKNOWN"}
"""Members 0 and 1 of every enum: the server has said nothing, or something newer than the package."""


def members() -> dict[str, tuple[int, dict[str, int]]]:
    """Each family of `ErrorCode`: the number of its field, and its members with theirs."""
    module: Any = importlib.import_module(f"google.ads.googleads.{API_VERSION}.errors.types.errors")
    fields = module.ErrorCode.pb(module.ErrorCode()).DESCRIPTOR.fields
    return {
        field.name: (
            field.number,
            {value.name: value.number for value in field.enum_type.values if value.name not in MEANINGLESS},
        )
        for field in fields
    }


def text() -> str:
    """The whole file: a head, then a line for each family."""
    head = (
        f"# The members of Google Ads {API_VERSION}'s error enums.\n"
        "# family, number of its field, members with their numbers; made by docs/_generate/google_ads_members.py\n"
    )
    lines = (
        f"{family} {number} {' '.join(f'{name}={value}' for name, value in found.items())}\n"
        for family, (number, found) in members().items()
    )
    return head + "".join(lines)


if __name__ == "__main__":
    FILE.write_text(text(), "utf8")
