"""Ref: which object, on which platform, in which account."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.ads.words import Level, Platform
from backstay.codec import register
from backstay.errors import InvalidRequestError


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object of a platform; ids are text, since TikTok's exceed 2**53 and Google's are no numbers.

    Its text form is `tiktok/7001/campaign/18001`, which `Ref.parse` reads back.
    """

    platform: Platform
    account_id: str
    level: Level
    id: str

    def __post_init__(self) -> None:
        if type(self.account_id) is str is type(self.id) and self.account_id and self.id:
            return
        for name in ("account_id", "id"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise InvalidRequestError(
                    f"{name} is not a text with something in it", field=name, value=value, hint="pass the id as str"
                )

    def __hash__(self) -> int:
        return hash(self.id)  # enough to tell objects apart, and quick

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read `platform/account/level/id`."""
        try:
            platform, account_id, level, id_ = text.split("/", 3)
            return cls(Platform(platform), account_id, Level(level), id_)
        except (ValueError, AttributeError):
            raise InvalidRequestError(
                "no reference to an object", field="ref", value=text, hint="write platform/account/level/id"
            ) from None

    def at(self, level: Level, id: str) -> Ref:  # noqa: A002 - the field's own name
        """Another object of the same account."""
        return Ref(self.platform, self.account_id, level, id)

    def __str__(self) -> str:
        return f"{self.platform}/{self.account_id}/{self.level}/{self.id}"


def require_level(ref: Ref, level: Level, field: str = "ref") -> Ref:
    """The ref, if it names an object of that level; raises InvalidRequestError otherwise."""
    if ref.level is not level:
        raise InvalidRequestError(
            f"{field} names a {ref.level}, a {level} is wanted",
            field=field,
            value=str(ref),
            hint=f"pass a {level}'s ref",
        )
    return ref


register(Ref, "ref", str, Ref.parse)
