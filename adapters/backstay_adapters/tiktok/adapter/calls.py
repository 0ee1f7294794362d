"""TikTok's envelope: how every request is sent and every answer is opened. Operations are built on this."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, Unpack

from backstay.ad_adapter import AdAdapter, Json
from backstay.auth import Credentials, Secret
from backstay.endpoint import address
from backstay.engine.call import note_request_id
from backstay.errors import InvalidRequestError
from backstay.policies.settings import one_of
from backstay_adapters.tiktok.errors import TABLE
from backstay_adapters.tiktok.profile import API, ROOT, tiktok_profile
from backstay_adapters.tiktok.wire.kinds import FLOWS, Flow
from backstay_adapters.tiktok.wire.read import required

if TYPE_CHECKING:
    import httpx

    from backstay.http import Reply
    from backstay.operation import CallOptions
    from backstay.profile import Profile
    from backstay.runtime import Runtime


_ADVERTISER: Final = re.compile(r"\d{1,20}", re.ASCII)


class TikTokCalls(AdAdapter):
    """The connection of one advertiser: token, host, envelope."""

    vendor = "tiktok"

    def __init__(
        self,
        advertiser_id: str,
        token: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        app_id: str = "",
        tier: str = "basic",
        flow: Flow | Literal["auto"] = "auto",
        base_url: str = API,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        from backstay.http import Http  # httpx is half of what importing this adapter would cost

        super().__init__(
            credentials=credentials or Credentials(token),
            account=account_of(advertiser_id),
            host=address("base_url", base_url),
            profile=tiktok_profile(tier) if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        one_of("flow", flow, ("auto", *FLOWS))
        self.app_id = app_id
        self.flow: Flow | Literal["auto"] = flow
        self._http = Http.of(self, base_url, client, transport)

    def app(self) -> str:
        """The vendor counts by app; without its id the credential stands for it."""
        return self.app_id or self.credentials.fingerprint

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._http.aclose()

    async def _get(self, path: str, **params: Json) -> Json:
        """GET an endpoint; lists and objects travel as JSON text inside the query (vendor's convention)."""
        query = {name: text_of(value) for name, value in params.items() if value is not None}
        return await self._open(await self._http.send("GET", ROOT + path, params=query, headers=await self._headers()))

    async def _get_text(self, path: str, **params: Json) -> str:
        """GET a file: its text comes bare, an error in the envelope."""
        query = {name: text_of(value) for name, value in params.items() if value is not None}
        reply = await self._http.send("GET", ROOT + path, params=query, headers=await self._headers())
        if reply.status == 200 and "json" not in reply.headers.get("content-type", ""):
            return reply.body.decode("utf-8", "replace")
        data = await self._open(reply)
        return data if isinstance(data, str) else required(data, "content")

    async def _post(self, path: str, body: Mapping[str, Json]) -> Json:
        """POST a JSON body."""
        reply = await self._http.send("POST", ROOT + path, json=dict(body), headers=await self._headers())
        return await self._open(reply)

    async def _upload(self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]]) -> Json:
        """POST a form. The boundary comes from the content, so that equal uploads are equal bytes on the wire."""
        digest = hashlib.sha256(repr((sorted(fields.items()), sorted(files.items()))).encode()).hexdigest()[:32]
        kind = {"Content-Type": f"multipart/form-data; boundary={digest}"}
        headers = {**await self._headers(), **kind}
        # Fields are parts without a file's name: a form that has fields only would travel urlencoded.
        parts = {name: (None, value.encode(), None) for name, value in fields.items()}
        reply = await self._http.send("POST", ROOT + path, files={**parts, **files}, headers=headers)
        return await self._open(reply)

    async def _headers(self) -> dict[str, str]:
        secret = await self.credentials.get()
        return {"Access-Token": secret.reveal()}

    async def _open(self, reply: Reply) -> Json:
        """The envelope's data, or the error that the table names."""
        facts = TABLE.decode(reply.status, reply.headers, reply.body, None)
        note_request_id(*facts.request_ids)
        failure = TABLE.failure(facts)
        if failure is not None:
            raise failure
        return facts.data


def account_of(advertiser_id: object) -> str:
    """An advertiser's id as text; refuses what is none."""
    text = str(advertiser_id)
    if not _ADVERTISER.fullmatch(text):
        raise InvalidRequestError(
            "no advertiser's id", field="advertiser_id", value=advertiser_id, vendor="tiktok",
            hint='pass its number, such as "7000000000000000000": GET /oauth2/advertiser/get/ lists those of a token',
        )  # fmt: skip
    return text


def text_of(value: Json) -> str:
    """A value as queries and forms carry it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


__all__ = ["TikTokCalls", "text_of"]
