"""The vendor says no: Graph's error envelope."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from backstay_adapters.meta.sandbox.catalogue import known

Data = dict[str, Any]


class Refused(Exception):  # noqa: N818 - the vendor's answer, not an error of ours
    """A refusal with code and subcode; what is not said comes from the catalogue."""

    def __init__(
        self,
        code: int,
        subcode: int | None = None,
        *,
        message: str | None = None,
        title: str | None = None,
        told: str | None = None,
        data: Data | None = None,
        status: int | None = None,
        transient: bool | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        row = known(code, subcode)
        super().__init__(message or row.message)
        self.code = code
        self.subcode = subcode
        self.row = row
        self.message = message or row.message
        self.title = title or row.title
        self.told = told or row.told
        self.data = data
        self.status = status or row.status
        self.transient = row.transient if transient is None else transient
        self.headers = dict(headers or {})
        self.original: Data | None = None
        """What a write answered whose reading back is refused: it was carried out."""

    @property
    def blames_caller(self) -> bool:
        """Whether the caller did something wrong, as opposed to too much, or to the vendor's own failures."""
        return self.status < 500 and self.code > 2 and self.code not in LIMITS and not 80_000 <= self.code <= 80_099

    def envelope(self, trace: str, *, foreign: bool = False, data_text: bool = False) -> Data:
        """The answer's body; absent keys are absent."""
        title, told = (FOREIGN if self.title else (None, None)) if foreign else (self.title, self.told)
        data = json.dumps(self.data) if data_text and self.data is not None else self.data
        found = {
            "message": self.message, "type": self.row.type, "code": self.code, "error_subcode": self.subcode,
            "error_data": data, "is_transient": self.transient, "error_user_title": title, "error_user_msg": told,
            "fbtrace_id": trace, "original_response": self.original,
        }  # fmt: skip
        return {"error": {name: value for name, value in found.items() if value is not None}}


LIMITS: Final = frozenset({4, 17, 32, 341, 613})
"""Codes that say "too much"; so do those from 80000 to 80099."""

FOREIGN: Final = ("Parâmetro inválido", "Corrija os dados e tente novamente.")
"""What a user with another language reads; nobody may match on these texts."""


def param(message: str) -> Refused:
    """Code 100 with its reason in the message, as Graph's own checks say it."""
    return Refused(100, message=f"(#100) {message}")


def missing(name: str) -> Refused:
    """A parameter that is not there."""
    return param(f"The parameter {name} is required")


def invalid(title: str, told: str, subcode: int | None = None, *, blame: str | None = None) -> Refused:
    """Code 100 "Invalid parameter": the reason is in the texts for the user only."""
    data = None if blame is None else {"blame_field_specs": [[blame]]}
    return Refused(100, subcode, message="Invalid parameter", title=title, told=told, data=data, transient=False)


def nothing(id_: str, method: str = "get") -> Refused:
    """100/33: there is no such object, or it is not yours."""
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{id_}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return Refused(100, 33, message=message)
