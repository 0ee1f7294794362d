"""S3Host: media in a bucket of S3 or of a server that speaks its API."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, Unpack

from backstay.auth import Credentials, Secret
from backstay.clock import utc
from backstay.content_adapter import as_set, opened, variable
from backstay.content_adapter.hosting import Blob, HostAdapter, Place, media_address
from backstay.engine.call import current
from backstay.errors import InvalidRequestError, NotFoundError
from backstay.operation import CallOptions
from backstay.policies.settings import refuse, within
from backstay_adapters.s3.adapter.capabilities import CAPABILITIES
from backstay_adapters.s3.errors import TABLE
from backstay_adapters.s3.profile import LONGEST_LINK, REGION, SHORTEST_LINK, STYLES, s3_profile
from backstay_adapters.s3.wire import signing
from backstay_adapters.s3.wire.objects import digest_of, headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from backstay.content.capabilities import ContentCapabilities
    from backstay.http import Reply
    from backstay.profile import Profile
    from backstay.runtime import Runtime

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/-]*", re.ASCII)


class S3Host(HostAdapter):
    """Keeps media in a bucket.

        async with S3Host("my-bucket", key_id, secret, region="eu-central-1") as host:
            hosted = await host.put(data, "image/jpeg", key="spring/1.jpg")

    `endpoint_url` and `style="path"` are for other servers than Amazon's. Addresses are those of the bucket, which then
    is public; or `public_url`, where something else serves it; or links that are signed and last for `links`. Without
    `conditional` (servers that know no conditional writes) it looks before it writes. `prefix` goes before every key.
    """

    vendor = "s3"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        bucket: str,
        key_id: str = "",
        secret: str | Secret | None = None,
        *,
        session_token: str | None = None,
        credentials: Credentials | None = None,
        region: str = REGION,
        endpoint_url: str | None = None,
        style: str = "virtual",
        public_url: str | None = None,
        links: timedelta | None = None,
        prefix: str = "",
        cache_control: str | None = None,
        conditional: bool = True,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        from backstay.http import Http  # httpx is half of what importing this adapter would cost

        _check(bucket, style, prefix, links)
        endpoint = (endpoint_url or f"https://s3.{region}.amazonaws.com").rstrip("/")
        base = _address(endpoint, bucket, style)
        super().__init__(
            credentials=credentials or _credentials(key_id, secret, session_token),
            account=bucket,
            host=base,
            profile=s3_profile() if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        self.region = region
        self.links = links
        self.public_url = (public_url or base).rstrip("/")
        self.prefix = prefix.strip("/")
        self._cache_control = cache_control
        self._conditional = conditional
        self._http = Http.of(self, base, client, transport)

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from S3_BUCKET, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the other variables as set."""
        names = ("S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        bucket, key_id, secret = (variable(name, "pass it to S3Host(bucket, key_id, secret)") for name in names)
        told = as_set(
            session_token="AWS_SESSION_TOKEN",  # noqa: S106 - a variable's name
            region="AWS_REGION", endpoint_url="S3_ENDPOINT_URL", style="S3_STYLE", public_url="S3_PUBLIC_URL",
        )  # fmt: skip
        return cls(bucket, key_id, secret, **{**told, **arguments})

    async def connect(self) -> None:
        """Import the signer off the loop; the first request opens the connection."""
        await asyncio.to_thread(signing.load)

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._http.aclose()

    # The hooks of HostAdapter -----------------------------------------------------------------------------------

    async def keep(self, key: str, blob: Blob) -> None:
        """PUT, in one step where nothing is yet."""
        if not self._conditional and await self.kept(key, blob) is not None:
            raise TABLE.error(TABLE.decode(412, {}, b"", "put"))
        headers = headers_of(blob, self._cache_control, conditional=self._conditional)
        await self._ask("PUT", key, headers, blob.data)

    async def kept(self, key: str, blob: Blob | None) -> str | None:
        """HEAD."""
        try:
            return digest_of((await self._ask("HEAD", key)).headers, blob)
        except NotFoundError as error:
            if error.vendor_code == "NoSuchBucket":
                raise
            return None

    async def drop(self, key: str) -> None:
        """DELETE; of what is not there, too."""
        try:
            await self._ask("DELETE", key)
        except NotFoundError as error:
            if error.vendor_code == "NoSuchBucket":
                raise

    async def place(self, key: str, media_type: str) -> Place:
        """Public, or signed for a while."""
        del media_type
        if self.links is None:
            return Place(f"{self.public_url}/{self._name(key)}")
        now, seconds = self.runtime.clock.wall(), int(self.links.total_seconds())
        keys = signing.Keys.of((await self.credentials.get()).reveal())
        url = signing.link(
            f"{self.host}/{self._name(key)}", keys=keys, region=self.region, now=now, seconds=seconds
        )  # fmt: skip
        return Place(url, utc(float(int(now)) + seconds))

    async def _ask(self, method: str, key: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        keys = signing.Keys.of((await self.credentials.get()).reveal())
        path = f"/{self._name(key)}"
        ready = signing.signed(
            method, f"{self.host}{path}", headers or {}, body, keys=keys, region=self.region,
            now=self.runtime.clock.wall(),
        )  # fmt: skip
        reply = await self._http.send(method, path, headers=ready, content=body or None)
        call = current()
        facts = TABLE.decode(reply.status, reply.headers, reply.body, call.plan.function if call is not None else None)
        opened(TABLE, facts)
        return reply

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key


def _credentials(key_id: str, secret: str | Secret | None, token: str | None) -> Credentials:
    shown = secret.reveal() if isinstance(secret, Secret) else secret
    if not key_id or not shown or ":" in key_id or ":" in shown:
        raise InvalidRequestError(
            "no access key", field="key_id", vendor="s3",
            hint="S3Host(bucket, key_id, secret), or credentials=Credentials(provider=..., name=...)",
        )  # fmt: skip
    return Credentials(f"{key_id}:{shown}:{token}" if token else f"{key_id}:{shown}", name=key_id)


def _address(endpoint: str, bucket: str, style: str) -> str:
    parts = media_address("endpoint_url", endpoint, "an address such as https://s3.example.com")
    if style == "path":
        return f"{endpoint}/{bucket}"
    return f"{parts.scheme}://{bucket}.{parts.netloc}{parts.path}"


def _check(bucket: str, style: str, prefix: str, links: timedelta | None) -> None:
    if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
        refuse("bucket", bucket, "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens")
    if style not in STYLES:
        refuse("style", style, f"one of {', '.join(STYLES)}")
    if not _PLAIN.fullmatch(prefix) or ".." in prefix or "//" in prefix:
        refuse("prefix", prefix, "letters, digits, '.', '_', '-' and '/'")
    if links is not None:
        within("links", links.total_seconds(), SHORTEST_LINK, LONGEST_LINK)


__all__ = ["S3Host"]
