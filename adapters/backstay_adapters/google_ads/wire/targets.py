"""Whom ads are shown to: criteria of the campaign (places, languages) and of the ad group (ages, genders, keywords).

Google targets places and languages for a whole campaign (a Demand Gen ad group has its own), while our ad groups carry
them. So the first ad group brings them to its campaign, and another one with others is refused. Ages and genders are
narrowed by leaving the others out: everybody is in until a criterion says no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NoReturn

from backstay.ads import Gender, Targeting
from backstay.errors import ConflictError, InvalidRequestError, UnsupportedCapabilityError
from backstay_adapters.google_ads.wire.words import AGES, GENDERS, NO_AGE, NO_GENDER

Criterion = dict[str, Any]

OWN_PLACES: Final = frozenset({"DEMAND_GEN"})
"""Channels whose ad groups have places and languages of their own."""

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "1000", "de": "1001", "fr": "1002", "es": "1003", "it": "1004", "ja": "1005", "da": "1009", "nl": "1010",
        "fi": "1011", "ko": "1012", "no": "1013", "pt": "1014", "sv": "1015", "zh-cn": "1017", "zh-tw": "1018",
        "ar": "1019", "bg": "1020", "cs": "1021", "el": "1022", "hi": "1023", "hu": "1024", "id": "1025", "is": "1026",
        "he": "1027", "lv": "1028", "lt": "1029", "pl": "1030", "ru": "1031", "ro": "1032", "sk": "1033", "sl": "1034",
        "sr": "1035", "uk": "1036", "tr": "1037", "ca": "1038", "hr": "1039", "vi": "1040", "ur": "1041", "tl": "1042",
        "et": "1043", "th": "1044", "bn": "1056", "fa": "1064", "gu": "1072", "kn": "1086", "ml": "1098", "mr": "1101",
        "ms": "1102", "pa": "1110", "ta": "1130", "te": "1131",
    }
)  # fmt: skip
"""Language tags and the vendor's ids (its page "Language codes"); an id itself may be given as well."""
_TAGS: Final = MappingProxyType({theirs: ours for ours, theirs in LANGUAGES.items()})
_ALIASES: Final = MappingProxyType({"zh": "zh-cn", "zh-hans": "zh-cn", "zh-hant": "zh-tw", "nb": "no", "iw": "he"})

KEYWORDS: Final = "keywords"
"""The name in an ad group's `extra`: `{"text": ..., "match_type": "BROAD" | "PHRASE" | "EXACT"}` each."""


def places(value: Targeting) -> tuple[Criterion, ...]:
    """Places and languages as criteria, of a campaign or of an ad group."""
    where = ({"location": {"geo_target_constant": f"geoTargetConstants/{_digits(each)}"}} for each in value.locations)
    tongues = ({"language": {"language_constant": f"languageConstants/{_language(each)}"}} for each in value.languages)
    return (*where, *tongues)


def people(value: Targeting) -> tuple[Criterion, ...]:
    """Ages and genders as criteria of an ad group: those that are left out."""
    if value.placements:
        _refuse("targeting.placements", value.placements, "the channel decides where", "leave placements out")
    return (
        *({"negative": True, "age_range": {"type_": each}} for each in _ages_out(value)),
        *({"negative": True, "gender": {"type_": each}} for each in _genders_out(value)),
    )


def keywords(extra: Mapping[str, Any]) -> tuple[Criterion, ...]:
    """Keywords as criteria of an ad group."""
    found = extra.get(KEYWORDS, ())
    if not isinstance(found, list | tuple) or not all(isinstance(each, Mapping) and each.get("text") for each in found):
        raise InvalidRequestError(
            "keywords are no list of texts", field="extra.keywords", value=found,
            hint='give [{"text": "running shoes", "match_type": "PHRASE"}]',
        )  # fmt: skip
    return tuple(
        {
            "status": "ENABLED",
            "keyword": {"text": str(each["text"]), "match_type": str(each.get("match_type", "BROAD"))},
        }
        for each in found
    )


def missing(wanted: Sequence[Criterion], there: Sequence[Criterion]) -> tuple[Criterion, ...]:
    """The places and languages that a campaign still needs; raises ConflictError where it has others.

    A campaign that has none of a kind targets everywhere, so an ad group may narrow it only as its first one.
    """
    found: list[Criterion] = []
    for kind in ("location", "language"):
        mine, theirs = ([each[kind] for each in some if kind in each] for some in (wanted, there))
        if theirs and _sorted(mine) != _sorted(theirs):
            raise narrowing(str(_sorted(theirs)))
        found += [] if theirs else [{kind: each} for each in mine]
    return tuple(found)


def same(first: Sequence[Criterion], other: Sequence[Criterion], channel: str) -> None:
    """Refuse ad groups of one new campaign with other places or languages; raises ConflictError."""
    if channel not in OWN_PLACES and sorted(map(str, first)) != sorted(map(str, other)):
        raise narrowing(str(_sorted([each for some in other for each in some.values()])))


def narrowing(value: str) -> ConflictError:
    """The refusal of places that would hold for ad groups which have others, or none."""
    return ConflictError(
        "ad groups of this campaign have other places or languages, and Google targets them for a whole campaign",
        vendor="google_ads", field="targeting.locations", value=value, rule="google_ads.places",
        hint="give all ad groups of a campaign the same, or make another campaign",
    )  # fmt: skip


def criteria(prefix: str, rows: Iterable[Mapping[str, Any]]) -> tuple[Criterion, ...]:
    """Places and languages that were read, as they would be written."""
    return tuple(each for each, _ in managed(prefix, rows) if "location" in each or "language" in each)


def managed(prefix: str, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Criterion, Mapping[str, Any]]]:
    """The criteria that our targeting speaks of, as they would be written, each with its row."""
    found: list[tuple[Criterion, Mapping[str, Any]]] = []
    for row in rows:
        for kind, read, written in _MANAGED:
            value, out = row.get(f"{prefix}.{kind}.{read}"), bool(row.get(f"{prefix}.negative"))
            if value is not None and out is (kind in {"age_range", "gender"}):
                found.append(({**({"negative": True} if out else {}), kind: {written: value}}, row))
    return found


_MANAGED: Final = (
    ("location", "geo_target_constant", "geo_target_constant"), ("language", "language_constant", "language_constant"),
    ("age_range", "type", "type_"), ("gender", "type", "type_"),
)  # fmt: skip
"""Kind of criterion, its field as it is read, and as it is written."""


def targeting(campaign: Iterable[Mapping[str, Any]], group: Iterable[Mapping[str, Any]]) -> Targeting:
    """What the criteria of a campaign and of an ad group (rows as read) come to."""
    own, above = _read("ad_group_criterion", group), _read("campaign_criterion", campaign)
    ages = {name for negative, kind, name in own if negative and kind == "AGE_RANGE"}
    genders = {name for negative, kind, name in own if negative and kind == "GENDER"}
    kept = [(low, high) for name, low, high in AGES if name not in ages] if ages else []
    where = _places(own, "LOCATION") or _places(above, "LOCATION")
    tongues = _places(own, "LANGUAGE") or _places(above, "LANGUAGE")
    return Targeting(
        locations=where,
        languages=tuple(_TAGS.get(each, each) for each in tongues),
        age_min=min((low for low, _ in kept), default=None),
        age_max=max((high for _, high in kept), default=None),
        genders=tuple(ours for theirs, ours in GENDERS.items() if theirs not in genders) if genders else (),
    )


def keywords_in(group: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    """The keywords of an ad group, as `extra` takes them."""
    prefix = "ad_group_criterion"
    return tuple(
        {"text": row[f"{prefix}.keyword.text"], "match_type": row.get(f"{prefix}.keyword.match_type", "")}
        for row in group
        if row.get(f"{prefix}.type") == "KEYWORD" and f"{prefix}.keyword.text" in row
    )


def _read(prefix: str, rows: Iterable[Mapping[str, Any]]) -> list[tuple[bool, str, str]]:
    """(left out?, kind, what) of each criterion."""
    ends = ("location.geo_target_constant", "language.language_constant", "age_range.type", "gender.type")
    return [
        (bool(row.get(f"{prefix}.negative")), row.get(f"{prefix}.type", ""), str(row[f"{prefix}.{end}"]))
        for row in rows
        for end in ends
        if f"{prefix}.{end}" in row
    ]


def _places(found: list[tuple[bool, str, str]], kind: str) -> tuple[str, ...]:
    return tuple(name.rpartition("/")[2] for negative, each, name in found if each == kind and not negative)


def _sorted(values: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(str(each).rpartition("/")[2].rstrip("'}") for value in values for each in value.values())


def _digits(value: str) -> str:
    digits = value.rpartition("/")[2]
    if not (digits.isascii() and digits.isdigit()):
        _refuse("targeting.locations", value, "no id of a place", "give geo target ids (2840 is the United States)")
    return digits


def _language(value: str) -> str:
    tag = value.lower().replace("_", "-")
    digits = value.rpartition("/")[2]
    known = LANGUAGES.get(_ALIASES.get(tag, tag)) or LANGUAGES.get(tag.partition("-")[0])
    if digits.isascii() and digits.isdigit():
        return digits
    if known is None:
        _refuse("targeting.languages", value, "no language that is known here", "give its id, such as 1000 for English")
    return known


def _ages_out(value: Targeting) -> list[str]:
    """The age groups outside a range; Google's are fixed, so the range must begin and end where groups do."""
    if value.age_min is None and value.age_max is None:
        return []
    first, last = value.age_min or AGES[0][1], value.age_max or AGES[-1][2]
    kept = [name for name, low, high in AGES if first <= low and high <= last]
    if first not in {low for _, low, _ in AGES} or last not in {high for *_, high in AGES}:
        edges = ", ".join(f"{low}-{high}" for _, low, high in AGES)
        _refuse("targeting.age_min", f"{first}-{last}", f"Google has no ages {first} to {last}", f"its groups: {edges}")
    out = [name for name, *_ in AGES if name not in kept]
    return [*out, NO_AGE] if out else []


def _genders_out(value: Targeting) -> list[str]:
    wanted = set(value.genders) - {Gender.UNKNOWN}
    out = [theirs for theirs, ours in GENDERS.items() if ours not in wanted]
    return [*out, NO_GENDER] if wanted and out else []


def _refuse(field: str, value: object, message: str, hint: str) -> NoReturn:
    raise UnsupportedCapabilityError(
        f"{field}: {message}", vendor="google_ads", field=field, value=str(value), hint=hint
    )
