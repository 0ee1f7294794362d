"""Signature Version 4, calculated from the vendor's page and not by the library that signs: a check, not an echo."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from backstay.sandbox.wire import Request
from backstay_adapters.s3.sandbox.refusal import Refusal

SKEW: Final = 900.0
"""Seconds by which a request's time may be off."""
_HEADER: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/,]+)/(?P<scope>[^,]+), SignedHeaders=(?P<names>[^,]+), "
    r"Signature=(?P<sign>\w+)"
)


def check(request: Request, secrets: Mapping[str, str], now: float, prefixes: Iterable[str]) -> str:
    """The id of the key that has signed a request; raises the vendor's refusal."""
    if "X-Amz-Signature" in request.query:
        return _link(request, secrets, now, prefixes)
    found = _HEADER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise Refusal("AccessDenied")
    secret = _secret(found["id"], secrets)
    stamp = request.headers.get("x-amz-date", "")
    if abs(_seconds(stamp) - now) > SKEW:
        raise Refusal("RequestTimeTooSkewed")
    digest = request.headers.get("x-amz-content-sha256", "")
    if digest != hashlib.sha256(request.body).hexdigest():
        raise Refusal("XAmzContentSHA256Mismatch")
    head = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in found["names"].split(";"))
    _compare(request, secret, found["scope"], stamp, "", head, found["names"], digest, found["sign"], prefixes)
    return found["id"]


def _link(request: Request, secrets: Mapping[str, str], now: float, prefixes: Iterable[str]) -> str:
    query = dict(request.query)
    sign = query.pop("X-Amz-Signature")
    name, _, scope = query["X-Amz-Credential"].partition("/")
    stamp = query["X-Amz-Date"]
    if now > _seconds(stamp) + float(query["X-Amz-Expires"]):
        raise Refusal("AccessDenied", message="Request has expired")
    told = "&".join(f"{quote(key, safe='-_.~')}={quote(query[key], safe='-_.~')}" for key in sorted(query))
    head = f"host:{request.headers.get('host', '')}\n"
    _compare(
        request, _secret(name, secrets), scope, stamp, told, head, query["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD",
        sign, prefixes,
    )  # fmt: skip
    return name


def _compare(
    request: Request, secret: str, scope: str, stamp: str, query: str, head: str, names: str, digest: str, sign: str,
    prefixes: Iterable[str],
) -> None:  # fmt: skip
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    for prefix in prefixes:
        asked = "\n".join((request.method, f"{prefix}{request.path}", query, head, names, digest))
        text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(asked.encode()).hexdigest()))
        if hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), sign):
            return
    raise Refusal("SignatureDoesNotMatch")


def _secret(name: str, secrets: Mapping[str, str]) -> str:
    if name not in secrets:
        raise Refusal("InvalidAccessKeyId")
    return secrets[name]


def _seconds(stamp: str) -> float:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Refusal("AccessDenied", message="AWS authentication requires a valid Date or x-amz-date header") from None


__all__ = ["check"]
