"""Graph behind one door: every request of an account, its answers opened, its errors in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backstay.content_adapter import opened
from backstay.engine.call import current, note_request_id, note_usage
from backstay_adapters.instagram.errors import TABLE, failed_container
from backstay_adapters.instagram.wire.usage import told

if TYPE_CHECKING:
    from backstay.auth import Credentials
    from backstay.http import Http
    from backstay.table import Facts

Json = Any


class Wire:
    """One connection; shared by an adapter and its `with_options` copies."""

    def __init__(self, http: Http, version: str, credentials: Credentials) -> None:
        self._http = http
        self._version = version
        self._credentials = credentials

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        await self._http.aclose()

    async def get(self, path: str, **params: str) -> Json:
        """Read a node or an edge; the state of a container that failed is an answer."""
        facts = await self._ask("GET", path, params=params)
        if failed_container(facts) and facts.ok_status:
            note_request_id(*facts.request_ids)
            return facts.data
        return opened(TABLE, facts).data

    async def post(self, path: str, params: Mapping[str, str]) -> Json:
        """Send a form."""
        return opened(TABLE, await self._ask("POST", path, data=params)).data

    async def _ask(self, method: str, path: str, **sent: Any) -> Facts:
        secret = await self._credentials.get()
        headers = {"authorization": f"Bearer {secret.reveal()}"}
        reply = await self._http.send(method, f"/{self._version}/{path}", headers=headers, **sent)
        call = current()
        name = call.plan.function if call is not None else None
        facts = TABLE.decode(reply.status, reply.headers, reply.body, name)
        for usage in told(facts.headers):
            note_usage(usage.limit, usage.used, usage.wait)
        return facts


__all__ = ["Wire"]
