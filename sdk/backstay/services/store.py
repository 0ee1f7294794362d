"""Where a service keeps what it has done so far: one JSON file a name, replaced as a whole, or memory for tests.

A service that died is started again with the same store and goes on. Two that work on one name at a time are found
out: the second one to save has not seen the first one's change, and is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from backstay.codec import decode, encode
from backstay.errors import BadResponseError, ConflictError, InvalidRequestError, ResourceError
from backstay.values import Value

V = TypeVar("V", bound=Value)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Kept(NamedTuple):
    """A stored value and how often it has been saved."""

    value: Any
    revision: int


class Store(Protocol):
    """A place for values by name."""

    async def load(self, name: str) -> Kept | None:
        """What was saved last; None if nothing was."""
        ...

    async def save(self, name: str, value: Value, *, revision: int) -> int:
        """Replace what was loaded at `revision` (0: nothing) and give the new one; raises ConflictError otherwise."""
        ...


class MemoryStore:
    """Keeps text, as a file would, so that a test finds what cannot be stored."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    async def load(self, name: str) -> Kept | None:
        """See `Store.load`."""
        text = self.texts.get(check_name(name))
        return None if text is None else _read(name, text)

    async def save(self, name: str, value: Value, *, revision: int) -> int:
        """See `Store.save`."""
        text = self.texts.get(check_name(name))
        _require(name, 0 if text is None else _read(name, text).revision, revision)
        self.texts[name] = _written(value, revision + 1, indent=None)  # nobody reads it, and compact is much faster
        return revision + 1


class FileStore:
    """Files `NAME.json` (mode 0600) in a folder (mode 0700), made at the first save; each save reaches the disk."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    async def load(self, name: str) -> Kept | None:
        """See `Store.load`; raises ResourceError where the disk does not give it."""
        try:
            return await asyncio.to_thread(self._load, check_name(name))
        except OSError as error:
            raise self._failed(name, "read", error) from error

    async def save(self, name: str, value: Value, *, revision: int) -> int:
        """See `Store.save`; raises ResourceError where the disk does not take it, and the old file stays."""
        try:
            return await asyncio.to_thread(self._save, check_name(name), value, revision)
        except OSError as error:
            raise self._failed(name, "saved", error) from error

    def _failed(self, name: str, what: str, error: OSError) -> ResourceError:
        return ResourceError(
            f"{name} cannot be {what}: {error}", field="store", value=str(self.folder), rule="services.store",
            hint="free the disk or correct the folder's permissions, and start the service again",
        )  # fmt: skip

    def _load(self, name: str) -> Kept | None:
        try:
            return _read(name, self._path(name).read_bytes())
        except FileNotFoundError:
            return None

    def _save(self, name: str, value: Value, revision: int) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone(name):
            known = self._load(name)
            _require(name, 0 if known is None else known.revision, revision)
            self._replace(name, _written(value, revision + 1))
        return revision + 1

    def _replace(self, name: str, text: str) -> None:
        new = self._path(name).with_suffix(".new")
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self._path(name))
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # a new name is durable only with its folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        from fcntl import LOCK_EX, flock  # POSIX; imported by the first save, not before

        file = os.open(self.folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            flock(file, LOCK_EX)
            yield
        finally:
            os.close(file)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


async def loaded(store: Store, name: str, kind: type[V], what: str) -> tuple[V | None, int]:
    """What was saved last and its revision, else None and 0; raises InvalidRequestError if it is another service's."""
    kept = await store.load(name)
    if kept is None:
        return None, 0
    if not isinstance(kept.value, kind):
        raise InvalidRequestError(
            f"the store holds no {what} under {name}", field="store", value=type(kept.value).__name__,
            hint="give this service a store, or an id or name, of its own",
        )  # fmt: skip
    return kept.value, kept.revision


def check_name(name: str, field: str = "id") -> str:
    """A name that is a file's name everywhere."""
    if _NAME.fullmatch(name) is None:
        raise InvalidRequestError(
            f"{field} cannot be {name!r}", field=field, value=name,
            hint="use letters, digits, dots, dashes and underscores, at most 80, the first a letter or digit",
        )  # fmt: skip
    return name


def _written(value: Value, revision: int, *, indent: int | None = 1) -> str:
    return json.dumps({"revision": revision, "state": json.loads(encode(value))}, ensure_ascii=False, indent=indent)


def _read(name: str, text: str | bytes) -> Kept:
    try:
        found = json.loads(text)
        return Kept(decode(json.dumps(found["state"])), int(found["revision"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadResponseError(
            f"the stored state of {name} cannot be read: {type(error).__name__}", field="store", value=name,
            rule="services.store", hint="put back a copy of the file, or move it away to start anew",
        ) from error  # fmt: skip


def _require(name: str, known: int, revision: int) -> None:
    if known != revision:
        raise ConflictError(
            f"{name} was saved by somebody else in the meantime", field="revision", value=f"{known}, not {revision}",
            rule="services.store", hint="run one service for each name; this one may be started again and goes on",
        )  # fmt: skip
