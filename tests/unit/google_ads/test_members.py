"""The list of error members, our judgements, and the installed package agree."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from backstay.errors import CLASSES
from backstay_adapters.google_ads.errors import TABLE
from backstay_adapters.google_ads.errors.failure import RANKS
from backstay_adapters.google_ads.errors.judge import FOLDER, Family, Judgement, families, judged, judgements

TOP = Path(__file__).parents[3]


def generator() -> ModuleType:
    """The script that writes the list."""
    spec = importlib.util.spec_from_file_location("members", TOP / "docs" / "_generate" / "google_ads_members.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_is_the_one_of_the_installed_package() -> None:
    """A package with other members is seen: run the script, then judge what is new."""
    assert (FOLDER / "members.txt").read_text("utf8") == generator().text(), (
        "run docs/_generate/google_ads_members.py, then judge the new members in judgements.txt"
    )


def test_there_are_as_many_families_as_the_package_has() -> None:
    """Nothing is lost in reading: 168 families, 2,227 members in v26."""
    assert len(families()) == 168
    assert len(judged()) == 2_227


def problems(known: Mapping[str, Family], said: Mapping[str, Judgement]) -> list[str]:
    """What somebody still has to judge in judgements.txt."""
    found = [f"{name} is gone" for name in said if name not in known]
    for name, family in known.items():
        members, own = set(family.members.values()), said.get(name)
        if own is None:
            found.append(f"{name} is new")
        elif not set(own.named) <= members:
            found.append(f"{name}: {sorted(set(own.named) - members)} are gone")
        elif len(members) - len(own.named) != own.rest:
            found.append(f"{name}: {len(members)} members, {len(own.named)} named and {own.rest} others judged")
    return found


def test_every_member_is_judged() -> None:
    """Named members exist, and the others are as many as somebody has said."""
    assert problems(families(), judgements()) == []


def test_new_and_lost_members_and_families_are_noticed() -> None:
    """The check above finds what a new package could bring."""
    more = Family(3, {**families()["campaign_error"].members, 9_999: "NEWER"})
    less = Family(3, {n: m for n, m in families()["quota_error"].members.items() if m != "RESOURCE_EXHAUSTED"})
    newer = Family(300, {2: "NEW"})
    known = {**families(), "campaign_error": more, "quota_error": less, "newer_error": newer}
    del known["label_error"]
    assert [line.split()[0].rstrip(":") for line in problems(known, judgements())] == [
        "label_error", "quota_error", "campaign_error", "newer_error",
    ]  # fmt: skip


def test_each_type_has_a_rank_and_a_class() -> None:
    """Of several errors one can always be chosen, and it can be raised."""
    types = {what.type for what in judged().values()}
    assert types <= set(RANKS)
    assert types <= set(CLASSES)


@pytest.mark.parametrize("code", ["campaign_error.DUPLICATE_CAMPAIGN_NAME", "field_error.REQUIRED"])
def test_a_judged_member_has_its_own_row(code: str) -> None:
    """The table gives the meaning that was judged."""
    family, member = code.split(".")
    answer = {"status": "INVALID_ARGUMENT", "failure": {"errors": [{"errorCode": {family: member}}]}}
    found = TABLE.classify(None, {}, answer)
    assert found is not None
    assert found.type == judged()[code].type


def test_every_member_has_the_meaning_that_was_judged() -> None:
    """All 2,227, through the table; quotas are told by their delay and have their own tests."""
    wrong = {}
    for code, what in judged().items():
        family, member = code.split(".")
        answer = {"status": "INVALID_ARGUMENT", "failure": {"errors": [{"errorCode": {family: member}}]}}
        found = TABLE.classify(None, {}, answer)
        assert found is not None
        if (found.type, found.retryable) != (what.type, what.retryable):
            wrong[code] = found
    assert wrong == {}
