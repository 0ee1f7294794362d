"""Everything that is wrong in a file, told at once, so that it can be corrected in one go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from backstay.errors import InvalidRequestError
from backstay.services.document import Document
from backstay.spec import each_refused
from backstay.values import Value

V = TypeVar("V", bound=Value)


class Faults:
    """Of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[InvalidRequestError] = []

    def build(self, cls: type[V], data: object, under: str) -> V | None:
        """A model of `data`, which stands at the path `under`; None, and its faults are noted."""
        if not isinstance(data, Mapping):
            self.refuse(under, data, "no mapping of fields", f"write the fields of {cls.__name__}")
            return None
        try:
            return cls(**data)
        except InvalidRequestError as error:
            cause = error.__context__  # what pydantic found, of which the error tells the first
            each = each_refused(cls, cause) if isinstance(cause, ValidationError) else [error]
            self.found += [self.document.placed(one, under, given=data, cls=cls) for one in each]
        except ValidationError as error:  # of models that are read as well
            self.found += [self.document.placed(one, under, given=data, cls=cls) for one in each_refused(cls, error)]
        return None

    def add(self, error: InvalidRequestError, under: str = "") -> None:
        """A refusal of something that stands at the path `under`."""
        self.found.append(self.document.placed(error, under))

    def refuse(self, path: str, value: object, message: str, hint: str) -> None:
        """A fault of the file itself."""
        self.add(InvalidRequestError(message, field=path, value=value, hint=hint))

    def check(self) -> None:
        """Raise what was found: one fault as it is, several as one error that tells them all, in the file's order."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            ordered = sorted(self.found, key=lambda error: self.document.line_of(error.field or ""))
            lines = "\n".join(f"- {error.message} ({error.hint})" for error in ordered)
            raise InvalidRequestError(
                f"{len(ordered)} faults:\n{lines}", field=ordered[0].field, value=ordered[0].value,
                hint="correct them all", rule="services.file",
            )  # fmt: skip
