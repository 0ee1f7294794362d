"""The simulator itself: a bucket."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Unpack

from backstay.sandbox.content import EXPIRED, GOOD, ContentSandbox, Settings, early
from backstay.sandbox.faults import Fault
from backstay.sandbox.wire import Reply, Request
from backstay.sandbox.world import State, World
from backstay_adapters.s3.sandbox.refusal import Refusal, words
from backstay_adapters.s3.sandbox.signature import check

BUCKET: Final = "sandbox-bucket"
KEY: Final = "SANDBOXKEYID:sandbox-secret"
OBJECT: Final = "object"
"""The level of the world's objects."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One object."""

    data: bytes
    headers: Mapping[str, str]
    """Its type and our notes."""


class S3Sandbox(ContentSandbox):
    """An S3 for tests, path style and virtual-host style alike.

    `conditional=False` is a server that knows no conditional writes; `listing=False` a key that may not list, so that
    the vendor says 403 of what is not there. Whoever fetches needs a signature, unless `public`.
    """

    vendor = "s3"
    KEY = KEY

    def __init__(
        self,
        world: World | None = None,
        *,
        bucket: str = BUCKET,
        conditional: bool = True,
        listing: bool = True,
        public: bool = True,
        **settings: Unpack[Settings],
    ) -> None:
        self.bucket = bucket
        self.conditional, self.listing, self.public = conditional, listing, public
        super().__init__(world, **settings)

    def begin(self) -> None:
        """See `ContentSandbox.begin`."""
        super().begin()
        self.objects: dict[str, Kept] = {}

    def operation(self, request: Request) -> str:
        """put, head, get or delete."""
        return request.method.lower()

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault)
        early(fault, broken)
        try:
            self._access(request, now)
            made = self._done(request, now)
        except Refusal as refusal:
            if request.method == "HEAD":
                return Reply(refusal.status, {"x-amz-request-id": request_id[-16:]}, b"")
            raise
        if broken is not None:
            raise broken
        return Reply(made.status, {**made.headers, "x-amz-request-id": request_id[-16:]}, made.body)

    def _access(self, request: Request, now: float) -> None:
        if request.method == "GET" and self.public and "X-Amz-Signature" not in request.query:
            return
        secrets = {name: secret for name, secret, *_ in (key.split(":", 2) for key in self.keys)}
        name = check(request, secrets, now, ("", f"/{self.vendor}"))
        state = next(state for key, state in self.keys.items() if key.startswith(f"{name}:"))
        if state != GOOD:
            raise Refusal("ExpiredToken" if state == EXPIRED else "InvalidAccessKeyId")

    def _done(self, request: Request, now: float) -> Reply:
        name = self._name(request)
        if request.method == "PUT":
            return self._put(name, request, now)
        kept = self.objects.get(name)
        if request.method == "DELETE":
            self.objects.pop(name, None)
            return Reply(204, {}, b"")
        if kept is None:
            raise Refusal("NoSuchKey" if self.listing else "AccessDenied")
        headers = {**kept.headers, "etag": _etag(kept.data), "content-length": str(len(kept.data))}
        if request.method not in {"GET", "HEAD"}:
            raise Refusal("MethodNotAllowed")
        return Reply(200, headers, kept.data if request.method == "GET" else b"")

    def _name(self, request: Request) -> str:
        """The object's name, in either style."""
        path = request.path.lstrip("/")
        if request.headers.get("host", "").startswith(f"{self.bucket}."):
            return path
        bucket, _, name = path.partition("/")
        if bucket != self.bucket:
            raise Refusal("NoSuchBucket")
        return name

    def _put(self, name: str, request: Request, now: float) -> Reply:
        if "if-none-match" in request.headers and not self.conditional:
            raise Refusal("NotImplemented")
        if request.headers.get("if-none-match") == "*" and name in self.objects:
            raise Refusal("PreconditionFailed")
        told = request.headers.get("x-amz-checksum-sha256")
        if told is not None and told != base64.b64encode(hashlib.sha256(request.body).digest()).decode():
            raise Refusal("BadDigest")
        kept = {
            key: value
            for key, value in request.headers.items()
            if key.startswith("x-amz-meta-") or key in {"content-type", "cache-control"}
        }
        self.objects[name] = Kept(request.body, kept)
        number = self.world.next_number()
        self.world.create(
            now, id=f"{number}", account=self.bucket, level=OBJECT, name=name, state=State.ACTIVE, spends=False, key="",
            kind="put",
        )  # fmt: skip
        return Reply(200, {"etag": _etag(request.body)}, b"")


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


__all__ = ["BUCKET", "KEY", "S3Sandbox"]
