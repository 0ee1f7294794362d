"""A media host that is a folder: `from backstay.hosting import FolderHost`.

The folder is what a web server of yours serves at `base_url`. Others can fetch from it only if they reach that server:
a vendor that fetches media by itself (Instagram) needs a public HTTPS address.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Unpack

from backstay.auth import Credentials
from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can
from backstay.content_adapter.hosting import Blob, HostAdapter, Place, media_address
from backstay.errors import ConflictError, InvalidRequestError, ResourceError
from backstay.operation import CallOptions
from backstay.profile import Profile
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.runtime import Runtime

SUFFIXES: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif", "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}  # fmt: skip
"""What a file's name ends with where its key says nothing: by it a web server tells the type."""
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
TEMPORARY: Final = ".backstay-"


class FolderHost(HostAdapter):
    """Keeps media as files of a folder that is served at an address.

        host = FolderHost("/srv/media", "https://media.example.com")
        hosted = await host.put(data, "image/jpeg", key="spring/1.jpg")

    A file appears whole or not at all, and is never replaced by another one. No key leads out of the folder, links in
    it included. A key without an ending gets the one of its media type.
    """

    vendor = "folder"
    CAPABILITIES: ClassVar[ContentCapabilities] = ContentCapabilities.of("folder", Can.HOST, Can.HOST_DELETE)

    def __init__(
        self,
        folder: str | os.PathLike[str],
        base_url: str,
        *,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        media_address(
            "base_url", base_url, "the address at which the folder is served, such as https://media.example.com"
        )
        self.folder = Path(folder).absolute()
        self.base_url = base_url.rstrip("/")
        super().__init__(
            credentials=Credentials("folder"), account=str(self.folder), host=self.base_url, profile=profile,
            runtime=runtime, options=options,
        )  # fmt: skip

    async def keep(self, key: str, blob: Blob) -> None:
        """See `HostAdapter.keep`."""
        await asyncio.to_thread(self._written, key, blob)

    async def kept(self, key: str, blob: Blob | None) -> str | None:
        """See `HostAdapter.kept`."""
        del blob
        return await asyncio.to_thread(self._digest, key)

    async def drop(self, key: str) -> None:
        """See `HostAdapter.drop`."""
        await asyncio.to_thread(self._dropped, key)

    async def place(self, key: str, media_type: str) -> Place:
        """See `HostAdapter.place`."""
        return Place(f"{self.base_url}/{_named(key, media_type)}")

    # In a thread ------------------------------------------------------------------------------------------------

    def _written(self, key: str, blob: Blob) -> None:
        if self._found(key) is not None:
            raise _there(key)
        target = self._path(_named(key, blob.media_type))
        with _as_ours(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path(_named(key, blob.media_type))  # what was made in between may be a link
            number, name = tempfile.mkstemp(prefix=TEMPORARY, dir=target.parent)
            temporary = Path(name)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(blob.data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.chmod(0o644)
                _appear(temporary, target, key)
            finally:
                temporary.unlink(missing_ok=True)

    def _digest(self, key: str) -> str | None:
        found = self._found(key)
        if found is None:
            return None
        with _as_ours(found), found.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _dropped(self, key: str) -> None:
        found = self._found(key)
        if found is not None:
            with _as_ours(found):
                found.unlink(missing_ok=True)

    def _found(self, key: str) -> Path | None:
        """The file of a key, whichever ending it was given."""
        names = (key, *(f"{key}{suffix}" for suffix in SUFFIXES.values() if not Path(key).suffix))
        return next((path for name in names if (path := self._path(name)).is_file()), None)

    def _path(self, name: str) -> Path:
        """Where a file is; refuses a way that a link leads out of the folder."""
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise InvalidRequestError(
                f"key cannot be {name!r}: it leads out of the folder", field="key", value=name, rule="hosting.outside",
                hint="take the link out of the folder, or choose another key",
            )  # fmt: skip
        return path


def _named(key: str, media_type: str) -> str:
    return key if Path(key).suffix else f"{key}{SUFFIXES.get(media_type, '')}"


def _appear(temporary: Path, target: Path, key: str) -> None:
    """Give the file its name, unless the name is taken: a link is made in one step, and only where nothing is."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise _there(key) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise _there(key) from None
        temporary.replace(target)  # a file system without links: the last one of two at once wins


def _there(key: str) -> ConflictError:
    return ConflictError(f"something is kept under {key!r} already", vendor="folder", rule="hosting.there")


@contextlib.contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResourceError(
            f"{path.name} cannot be kept or read: {error.strerror or type(error).__name__}", field="folder",
            value=str(path.parent), certainty=Certainty.REFUSED, rule="hosting.disk",
            retryable=error.errno in {errno.ENOSPC, errno.EMFILE, errno.EAGAIN, errno.EINTR},
            hint="check that the folder is there, may be written to, and has room",
        ) from error  # fmt: skip


__all__ = ["SUFFIXES", "FolderHost"]
