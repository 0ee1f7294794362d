"""Resource names and ids, and the names that people give."""

from __future__ import annotations

from typing import Final

from backstay.ads import Level
from backstay.errors import BadResponseError, InvalidRequestError
from backstay.writes.marker import SUFFIX_LENGTH, mark

LONGEST: Final = 255
"""Bytes of a campaign's or ad group's name. The vendor states it for ad groups and budgets, and not for campaigns,
whose budget takes over their name."""
LONGEST_LABEL: Final = 80
"""Characters of a label's name; it carries an ad's."""

COLLECTIONS: Final = {Level.CAMPAIGN: "campaigns", Level.AD_GROUP: "adGroups", Level.AD: "adGroupAds"}


def customer_id(given: object, field: str = "customer_id") -> str:
    """A customer's ten digits; people write them with dashes."""
    digits = str(given).replace("-", "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) == 10):
        raise InvalidRequestError(
            "a customer id has ten digits", field=field, value=given, hint='for example "1234567890"'
        )
    return digits


def resource(customer: str, collection: str, id: str | int) -> str:  # noqa: A002 - the vendor's word
    """`customers/1234567890/campaigns/17`; a negative id is a temporary one, within one mutate."""
    return f"customers/{customer}/{collection}/{id}"


def named(customer: str, level: Level, id: str) -> str:  # noqa: A002 - as above
    """The resource name of an object."""
    return resource(customer, COLLECTIONS[level], id)


def id_of(name: object) -> str:
    """The id at the end of a resource name; of an ad it is `adgroup~ad`."""
    text = name if isinstance(name, str) else ""
    found = text.rpartition("/")[2]
    if text.count("/") != 3 or not found:
        raise BadResponseError(
            "the answer has no resource name", vendor="google_ads", field="resource_name", value=text,
            rule="google_ads.wire.missing", hint="try again, then report the request id",
        )  # fmt: skip
    return found


def whole_id(level: Level, id: str) -> str:  # noqa: A002 - as above
    """An id as it may stand in a query: digits, of an ad two numbers; raises InvalidRequestError."""
    parts = id.split("~")
    wanted = 2 if level is Level.AD else 1
    if len(parts) != wanted or not all(part.isascii() and part.isdigit() for part in parts):
        form = "adgroup~ad, two numbers" if level is Level.AD else "a number"
        raise InvalidRequestError(
            f"no {level} has such an id", field="ref", value=id, hint=f"the id of a Google {level} is {form}"
        )
    return id


def marked(name: str, token: str | None, field: str, longest: int = LONGEST) -> str:
    """A name with its marker, if it has one, checked before anything is sent."""
    if any(each in name for each in "\0\n\r"):
        raise InvalidRequestError(
            f"{field} holds a line break or a NUL", field=field, value=name, hint="Google takes none: remove it"
        )
    size, room = len(name.encode()), longest - (0 if token is None else SUFFIX_LENGTH)
    if size > room:
        raise InvalidRequestError(
            f"{field} is {size} bytes long", field=field, value=name,
            hint=f"shorten it to {room} bytes of UTF-8{'' if token is None else '; our marker needs the rest'}",
        )  # fmt: skip
    return name if token is None else mark(name, token)
