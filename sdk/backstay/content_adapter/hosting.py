"""What adapters that keep media share: safe keys, the same bytes again, other bytes refused, lost answers looked up."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Unpack
from urllib.parse import SplitResult, urlsplit

from backstay.answer import Served, stamp
from backstay.clock import utc
from backstay.content.capabilities import ContentCapability as Can
from backstay.content.hosting import HostedMedia
from backstay.content_adapter.base import ContentAdapter
from backstay.errors import ConflictError, InvalidRequestError
from backstay.operation import CallOptions, NeverSpends, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import refuse
from backstay.writes.reconcile import Seen

LONGEST_KEY: Final = 500
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}", re.ASCII)
"""Begins with no dot, so that no part of a key is `.`, `..` or hidden; every character means the same in an address."""
_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)
_KEEPS: Final = NeverSpends("keeps bytes at a place of one's own")


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are to be kept; no journal, letter or log holds them."""

    data: bytes = field(repr=False)
    media_type: str
    sha256: str


class Place(NamedTuple):
    """Where something can be fetched."""

    url: str
    expires_at: datetime | None = None


class HostAdapter(ContentAdapter):
    """A `MediaHost` without its vendor."""

    # What a vendor's adapter gives --------------------------------------------------------------------------------

    async def keep(self, key: str, blob: Blob) -> None:
        """Keep bytes where nothing is yet, in one step: nobody ever sees half of them.

        Raises:
            ConflictError: something is there already; the same bytes or others.
        """
        raise NotImplementedError

    async def kept(self, key: str, blob: Blob | None) -> str | None:
        """The SHA-256 of what is there, as a hexadecimal text; None: nothing. `blob` is what it is compared with."""
        raise NotImplementedError

    async def drop(self, key: str) -> None:
        """Delete what is there, if anything is."""
        raise NotImplementedError

    async def place(self, key: str, media_type: str) -> Place:
        """Where it can be fetched."""
        raise NotImplementedError

    # What callers use ---------------------------------------------------------------------------------------------

    async def put(self, data: bytes, media_type: str, *, key: str, **options: Unpack[CallOptions]) -> HostedMedia:
        """Keep bytes under a key; see `MediaHost.put`."""
        self.capabilities.require(Can.HOST, "put")
        check_media_key(key)
        if not isinstance(data, bytes | bytearray | memoryview) or not len(data):
            refuse("data", f"{type(data).__name__}, {len(data)} long", "the bytes of a file")
        if not isinstance(media_type, str) or _TYPE.fullmatch(media_type) is None:
            refuse("media_type", media_type, 'a type such as "image/jpeg"')
        blob = Blob(bytes(data), media_type, hashlib.sha256(data).hexdigest())
        await self._put(key, blob, **options)
        url, expires_at = await self.place(key, media_type)
        made = HostedMedia(
            key=key, url=url, media_type=media_type, size=len(blob.data), sha256=blob.sha256, expires_at=expires_at
        )
        return stamp(made, Served(source="live", by=self.vendor, fetched_at=utc(self.runtime.clock.wall())))

    async def delete(self, key: str, **options: Unpack[CallOptions]) -> None:
        """Delete what is kept under a key; see `MediaHost.delete`."""
        self.capabilities.require(Can.HOST_DELETE, "delete")
        check_media_key(key)
        await self._delete(key, **options)

    @operation(Effect.SET, name="put", kind="upload", group="put", look="_look_put", spend=_KEEPS)
    async def _put(self, key: str, blob: Blob, **_: Unpack[CallOptions]) -> None:
        try:
            await self.keep(key, blob)
        except ConflictError as there:
            found = await self._seen(key, blob)
            if found == blob.sha256:
                return
            there.field, there.value = "key", key
            there.hint = "other bytes are kept under this key: give these ones a key of their own, or delete those"
            raise

    async def _look_put(self, key: str, blob: Blob) -> Seen:
        found = await self._seen(key, blob)
        if found is None:
            return Seen.BEFORE
        return Seen.WANTED if found == blob.sha256 else Seen.OTHER

    @operation(Effect.DELETE, name="delete", group="delete", look="_look_delete", spend=_KEEPS)
    async def _delete(self, key: str, **_: Unpack[CallOptions]) -> None:
        await self.drop(key)

    async def _look_delete(self, key: str) -> Seen:
        return Seen.WANTED if await self._seen(key, None) is None else Seen.BEFORE

    @operation(Effect.READ, name="head", deciding=True, group="head")
    async def _seen(self, key: str, blob: Blob | None, **_: Unpack[CallOptions]) -> str | None:
        return await self.kept(key, blob)


def media_address(field: str, value: str, cure: str) -> SplitResult:
    """The parts of an address of HTTP without query and fragment; refuses anything else."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        refuse(field, value, cure)
    return parts


def check_media_key(key: object) -> None:
    """Refuse a key that could lead elsewhere or mean something else in an address.

    Raises:
        InvalidRequestError: naming the cure.
    """
    parts = key.split("/") if isinstance(key, str) and 0 < len(key) <= LONGEST_KEY else []
    if not parts or not all(_SEGMENT.fullmatch(part) for part in parts):
        shown = key[:80] if isinstance(key, str) else key
        raise InvalidRequestError(
            f"key cannot be {shown!r}", field="key", value=shown, rule="hosting.key",
            hint="letters, digits, '.', '_' and '-', in parts divided by '/', no part beginning with '.', for example "
            f"'spring/slide-1.jpg'; at most {LONGEST_KEY} characters",
        )  # fmt: skip


__all__ = ["Blob", "HostAdapter", "Place", "check_media_key", "media_address"]
