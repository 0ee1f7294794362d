"""Signature Version 4 by botocore, with our clock: the one module that imports it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from backstay.errors import InvalidRequestError

STAMP = "%Y%m%dT%H%M%SZ"


class Keys(NamedTuple):
    """An access key."""

    id: str
    secret: str
    token: str | None = None

    @classmethod
    def of(cls, text: str) -> Keys:
        """From "id:secret" or "id:secret:token", as the credentials hold it."""
        parts = text.split(":", 2)
        if len(parts) < 2 or not all(parts):
            raise InvalidRequestError(
                "the credential is no access key", field="credentials", vendor="s3",
                hint='give S3Host(bucket, key_id, secret), or a provider of "id:secret" or "id:secret:session token"',
            )  # fmt: skip
        return cls(*parts)


def load() -> None:
    """Import botocore's signers: about a fifth of a second."""
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials  # noqa: F401 - so that they are there


def signed(
    method: str, url: str, headers: Mapping[str, str], body: bytes, *, keys: Keys, region: str, now: float
) -> dict[str, str]:
    """The headers of a request with its signature; `now` is wall seconds. The bytes themselves are signed, too."""
    from botocore.auth import S3SigV4Auth

    auth = S3SigV4Auth(_credentials(keys), "s3", region)
    request = _request(method, url, headers, body, now)
    auth._modify_request_before_signing(request)  # noqa: SLF001 - add_auth() does the same by the machine's clock
    text = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(text, request))  # noqa: SLF001 - as above
    return {name.lower(): value for name, value in request.headers.items()}


def link(url: str, *, keys: Keys, region: str, now: float, seconds: int) -> str:
    """An address that everybody may fetch for so many seconds."""
    from botocore.auth import S3SigV4QueryAuth

    auth = S3SigV4QueryAuth(_credentials(keys), "s3", region, seconds)
    request = _request("GET", url, {}, b"", now)
    auth._modify_request_before_signing(request)  # noqa: SLF001 - as in signed()
    text = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(text, request))  # noqa: SLF001 - as above
    return str(request.url)


def _credentials(keys: Keys) -> Any:
    from botocore.credentials import Credentials

    return Credentials(keys.id, keys.secret, keys.token)


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes, now: float) -> Any:
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method=method, url=url, headers=dict(headers), data=body or None)
    request.context["timestamp"] = datetime.fromtimestamp(now, UTC).strftime(STAMP)
    return request


__all__ = ["Keys", "link", "load", "signed"]
