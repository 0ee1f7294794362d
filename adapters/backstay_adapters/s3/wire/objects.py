"""What is sent with an object's bytes, and what a HEAD says of them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from backstay.content_adapter.hosting import Blob

DIGEST = "x-amz-meta-sha256"
"""Our own note of an object's bytes: the vendor's checksums are told only to whoever asks for them, where at all."""


def headers_of(blob: Blob, cache_control: str | None, *, conditional: bool) -> dict[str, str]:
    """Type, length and checksum; `conditional` writes only where nothing is."""
    told = {
        "content-type": blob.media_type,
        "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(blob.sha256)).decode(),
        DIGEST: blob.sha256,
    }
    if cache_control:
        told["cache-control"] = cache_control
    return {**told, "if-none-match": "*"} if conditional else told


def digest_of(headers: Mapping[str, str], blob: Blob | None) -> str:
    """The SHA-256 of an object by its HEAD; of one that others have put there by its ETag, where that is an MD5."""
    noted = headers.get(DIGEST, "")
    if noted:
        return noted
    if blob is not None and headers.get("etag", "").strip('"') == _md5(blob.data):
        return blob.sha256
    return "unknown"


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


__all__ = ["DIGEST", "digest_of", "headers_of"]
