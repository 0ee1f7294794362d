"""Files that people write, in YAML or JSON: numbers stay exact, and each fault is told with its line and field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from backstay.errors import InvalidRequestError
from backstay.services.whose import field_of
from backstay.spec import refused
from backstay.values import Value

V = TypeVar("V", bound=Value)

LARGEST: Final = 20_000_000
"""Bytes of a file."""
DEEPEST: Final = 32
_BOOLS: Final = {"true": True, "false": False}
_PREFIX: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and on which line it says it."""

    name: str
    data: dict[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each field by its path, such as `arms.0.days.3.clicks`."""

    def build(self, cls: type[V], data: Mapping[str, Any] | None = None, *, under: str = "") -> V:
        """A model of the whole, or of `data` found at the path `under`; raises InvalidRequestError with the line."""
        given = self.data if data is None else data
        try:
            return cls(**given)
        except ValidationError as error:  # of models that are read as well
            raise self.placed(refused(cls, error), under, given=given, cls=cls) from None
        except InvalidRequestError as error:
            raise self.placed(error, under, given=given, cls=cls) from None

    def placed(
        self, error: InvalidRequestError, under: str = "", *, given: Mapping[str, Any] | None = None,
        cls: type[Value] | None = None,
    ) -> InvalidRequestError:  # fmt: skip
        """The same refusal with the file's name, line and field in front."""
        name = "" if cls is None else cls.__name__
        path = self._plain(".".join(part for part in (under, self._named(error, given or {}, cls)) if part))
        message = re.sub(rf"^(\w+: )?{re.escape(error.field or '')}: ", "", error.message.removeprefix(f"{name}: "))
        return InvalidRequestError(
            f"{self.name}, line {self.line_of(path)}, {path}: {message}", field=path, value=error.value,
            hint=error.hint, rule=error.rule or "services.file",
        )  # fmt: skip

    def _named(self, error: InvalidRequestError, given: Mapping[str, Any], cls: type[Value] | None) -> str:
        """The refused field; where a value of its own refused (money), the field that holds this value."""
        named = error.field or ""
        held = None if cls is None else field_of(error, cls, given)
        if held is not None:
            return held
        if named.partition(".")[0] in given or error.value in (None, ""):
            return named
        leaves = list(_leaves(given))
        holders = [path for path, value in leaves if value == error.value]
        parts = [path for path, value in leaves if isinstance(value, str) and str(error.value) in value]
        return next((found[0] for found in (holders, parts) if len(found) == 1), named)

    def _plain(self, path: str) -> str:
        """Without what is no part of the file: pydantic names the kind of a value in its path as well."""
        node: Any = self.data
        found: list[str] = []
        for place, part in enumerate(parts := path.split(".")):
            if isinstance(node, dict) and part in node:
                node = node[part]
            elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
                node = node[int(part)]
            elif place < len(parts) - 1 or isinstance(node, list):
                continue
            found.append(part)
        return ".".join(found)

    def line_of(self, path: str) -> int:
        """The line of a field, or of the nearest thing around it that is there."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 1)


def _leaves(node: object, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, by its path."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from _leaves(value, _under(at, name))
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from _leaves(value, _under(at, n))
    else:
        yield at, node


def read(path: str | Path) -> Document:
    """Read a file; raises InvalidRequestError if there is none, or if it is neither YAML nor JSON."""
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST:
            raise _refuse(file.name, 1, "", f"the file has more than {LARGEST} bytes", "give daily numbers only")
        text = file.read_text("utf8")
    except OSError as error:
        cure = "check the path and its permissions"
        raise _refuse(str(path), 1, "", f"the file cannot be read: {error.strerror}", cure) from error
    except UnicodeDecodeError as error:
        raise _refuse(str(path), 1, "", f"the file cannot be read: {error}", "give a text file in UTF-8") from error
    return parse(text, file.name)


def parse(text: str, name: str) -> Document:
    """Read a text, JSON if its name ends so or it begins with a brace, else YAML."""
    lines: dict[str, int] = {}
    if name.endswith(".json") or text.lstrip().startswith("{"):
        data = _json(text, name)
        _value(_root(text.replace("\t", " "), name), name, "", lines)  # for the lines; YAML's blanks are no tabs
    else:
        data = _value(_root(text, name), name, "", lines)
    if not isinstance(data, dict):
        raise _refuse(name, 1, "", "the file is no mapping of fields", "begin with `plan:` or another field")
    return Document(name, data, lines)


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _refuse(name, getattr(error, "lineno", 1), "", f"no JSON: {error}", "correct it") from error


def _no_number(word: str) -> Any:
    message = f"{word} is no number"
    raise ValueError(message)


def _root(text: str, name: str) -> Any:
    try:
        import yaml
    except ImportError as error:  # pragma: no cover - it comes with the extra
        raise _refuse(name, 1, "", "PyYAML is not installed", "pip install backstay[cli]") from error
    try:
        _check_events(yaml.parse(text, Loader=yaml.SafeLoader), name)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        line = _line(error, "problem_mark")
        raise _refuse(name, line, "", f"no YAML: {getattr(error, 'problem', error)}", "correct it") from error


def _check_events(events: Iterator[Any], name: str) -> None:
    """Before anything is built: a few aliases stand for a billion values, and deep nesting for as many seconds."""
    depth = 0
    for event in events:
        kind = type(event).__name__
        depth += kind in {"SequenceStartEvent", "MappingStartEvent"}
        depth -= kind in {"SequenceEndEvent", "MappingEndEvent"}
        if kind == "AliasEvent":
            raise _refuse(name, _line(event), "", "aliases are not read", "write the value out")
        if depth > DEEPEST:
            raise _refuse(name, _line(event), "", "nested too deep", "write it flatter")


def _line(thing: Any, mark: str = "start_mark") -> int:
    place = getattr(thing, mark, None)
    return 1 if place is None else int(place.line) + 1


def _value(node: Any, name: str, path: str, lines: dict[str, int]) -> Any:
    if node is None:
        return None
    lines[path] = _line(node)
    if node.id == "scalar":
        return _scalar(node, name, path, lines)
    if node.id == "sequence":
        return [_value(item, name, _under(path, n), lines) for n, item in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key, line, item in _pairs(node, name, path):
        if key in found:
            raise _refuse(name, line, _under(path, key), "given twice", "leave one of them out")
        found[key] = _value(item, name, _under(path, key), lines)
        lines[_under(path, key)] = line
    return found


def _pairs(node: Any, name: str, path: str) -> Iterator[tuple[str, int, Any]]:
    """Each field with the line of its name."""
    for key, item in node.value:
        if key.id != "scalar":
            raise _refuse(name, _line(key), path, "a field's name is no text", "name the field")
        yield key.value, _line(key), item


def _scalar(node: Any, name: str, path: str, lines: dict[str, int]) -> Any:
    kind, text = node.tag.removeprefix(_PREFIX), node.value
    if kind == "null":
        return None
    if kind == "bool":
        return _BOOLS.get(text.lower(), text)  # `yes` and `no` stay texts
    if kind in {"int", "float"}:
        try:
            return int(text) if kind == "int" else Decimal(text.replace("_", ""))
        except (ValueError, InvalidOperation):
            raise _refuse(
                name, lines[path], path, f"no plain number: {text}", "write digits and a point", text
            ) from None
    return text  # a date is read by the field that wants one


def _under(path: str, part: object) -> str:
    return f"{path}.{part}" if path else str(part)


def _refuse(name: str, line: int, path: str, message: str, hint: str, value: str = "") -> InvalidRequestError:
    place = f"{name}, line {line}" + (f", {path}" if path else "")
    return InvalidRequestError(
        f"{place}: {message}", field=path or "file", value=value or name, hint=hint, rule="services.file"
    )
