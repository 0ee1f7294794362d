"""The API behind one door: whole answers, streams and jobs, their errors in our words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backstay.auth import Secret
from backstay.content_adapter import opened
from backstay.errors import BackstayError
from backstay_adapters.perplexity.errors import TABLE
from backstay_adapters.perplexity.errors.decode import ASYNC
from backstay_adapters.perplexity.wire.read import unreadable

if TYPE_CHECKING:
    from backstay.http import Flow, Http, Reply
    from backstay.table import Facts

Json = Any

CHAT = "chat.completions"
JOBS = "/async/chat/completions"


class Wire:
    """One connection; shared by an adapter and its `with_options` copies."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        await self._http.aclose()

    async def ask(self, body: Mapping[str, Json], key: Secret) -> Facts:
        """POST /chat/completions."""
        reply = await self._http.send("POST", "/chat/completions", json=dict(body), headers=_headers(key))
        return _opened(reply, CHAT)

    async def begin(self, body: Mapping[str, Json], idempotency_key: str, key: Secret) -> Facts:
        """POST /async/chat/completions: a job, the same one for the same idempotency key."""
        asked = {"request": dict(body), "idempotency_key": idempotency_key}
        reply = await self._http.send("POST", JOBS, json=asked, headers=_headers(key))
        return _opened(reply, f"{ASYNC}.create")

    async def look(self, job: str, key: Secret) -> Facts:
        """GET /async/chat/completions/{id}."""
        path = f"{JOBS}/{quote(job, safe='')}"
        return _opened(await self._http.send("GET", path, headers=_headers(key)), f"{ASYNC}.get")

    @asynccontextmanager
    async def stream(self, body: Mapping[str, Json], key: Secret) -> AsyncGenerator[Flow, None]:
        """POST /chat/completions as a stream that is known to be one."""
        asked = {**body, "stream": True}
        async with self._http.stream("POST", "/chat/completions", json=asked, headers=_headers(key)) as flow:
            if flow.status != 200 or "event-stream" not in flow.headers.get("content-type", ""):
                facts = _opened(await flow.whole(), CHAT)
                raise unreadable("a stream of events", facts.data)
            opened(TABLE, TABLE.decode(200, flow.headers, {}, CHAT))
            yield flow


def event_error(data: str, headers: Mapping[str, str], *, named: bool) -> BackstayError | None:
    """The error that an event of a stream tells after HTTP 200; None where it tells none."""
    if not named and '"error"' not in data:
        return None
    facts = TABLE.decode(200, headers, data, CHAT)
    return TABLE.error(facts) if named else TABLE.failure(facts)


def _headers(key: Secret) -> dict[str, str]:
    return {"authorization": f"Bearer {key.reveal()}"}


def _opened(reply: Reply, operation: str) -> Facts:
    return opened(TABLE, TABLE.decode(reply.status, reply.headers, reply.body, operation))


__all__ = ["JOBS", "Wire", "event_error"]
