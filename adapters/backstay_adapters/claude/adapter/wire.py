"""The official SDK behind one door: made off the loop, asked raw, its errors and its network's put into our words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backstay.auth import Secret
from backstay.content_adapter import opened
from backstay.engine.call import note_request_id, note_usage
from backstay.errors import BackstayError, InvalidRequestError
from backstay_adapters.claude.errors import TABLE
from backstay_adapters.claude.wire.limits import usages
from backstay_adapters.claude.wire.read import unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstay.clock import Clock
    from backstay.content_adapter import Network
    from backstay.table import Facts

Json = Any


@dataclass(frozen=True, slots=True)
class Setting:
    """What the SDK's client is made of."""

    base_url: str
    api_version: str
    network: Network


class Wire:
    """One connection; shared by an adapter and its `with_options` copies."""

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._sdk: Any = None
        self._anthropic: Any = None

    def load(self) -> None:
        """Import the SDK and make its client: a second and a half of CPU, so never on the loop.

        Raises:
            InvalidRequestError: `client=` is no client of httpx2.
        """
        import anthropic

        at = self._setting
        self._anthropic = anthropic
        self._sdk = anthropic.AsyncAnthropic(
            api_key="given with each request",  # so that a credential can be renewed without a new client
            base_url=at.base_url,
            max_retries=0,
            timeout=at.network.timeout(),
            http_client=at.network.open(),
            default_headers={"anthropic-version": at.api_version},
            open_telemetry=False,
        )
        _ = self._sdk.messages, self._sdk.models  # the SDK imports each of them at its first use

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        await self._setting.network.aclose()

    def schema(self, schema: Mapping[str, Json]) -> dict[str, Json]:
        """A JSON schema in the dialect that the API takes, by the SDK's own rules.

        Bounds that the API does not know move into the description; the answer is checked against the whole of it.

        Raises:
            InvalidRequestError: the API cannot take it at all.
        """
        try:
            found: dict[str, Json] = self._anthropic.transform_schema(dict(schema))
        except (ValueError, TypeError, AssertionError) as error:
            raise InvalidRequestError(
                f"the API cannot take this schema: {error}", field="json_schema", value=None,
                hint="give every part a type, an enum, a const, or anyOf",
            ) from error  # fmt: skip
        return found

    # Asking -----------------------------------------------------------------------------------------------------

    async def write(self, body: Mapping[str, Json], extra: Mapping[str, Json], key: Secret) -> Facts:
        """POST /v1/messages."""
        call = self._sdk.messages.with_raw_response.create
        return await self._ask("messages.create", call, key, **body, **_more(extra))

    async def count(self, body: Mapping[str, Json], key: Secret) -> Facts:
        """POST /v1/messages/count_tokens."""
        return await self._ask("messages.count_tokens", self._sdk.messages.with_raw_response.count_tokens, key, **body)

    async def models(self, key: Secret) -> Facts:
        """GET /v1/models, all of them on one page."""
        return await self._ask("models.list", self._sdk.models.with_raw_response.list, key, limit=1000)

    async def _ask(self, operation: str, call: Any, key: Secret, **arguments: Json) -> Facts:
        try:
            raw = await call(**arguments, **self._each(key))
            # The body is read and judged here: the SDK hands out HTML as a text and `{}` as a message of nothing.
            body = await raw.read()
        except Exception as error:
            raise self._named(error, operation) from error
        return self._opened(raw.status_code, raw.headers, body, operation)

    @asynccontextmanager
    async def stream(
        self, body: Mapping[str, Json], extra: Mapping[str, Json], key: Secret
    ) -> AsyncGenerator[tuple[str | None, AsyncIterator[Any]], None]:
        """POST /v1/messages as a stream: the request's id, and the events as they come."""
        operation = "messages.create"
        call = self._sdk.messages.with_streaming_response.create
        try:
            async with call(**body, **_more(extra), stream=True, **self._each(key)) as raw:
                response = raw.http_response
                await self._check_stream(response, operation)
                yield response.headers.get("request-id"), self._anthropic.AsyncStream.raw_events(response)
        except BackstayError:
            raise
        except Exception as error:
            raise self._named(error, operation) from error

    async def _check_stream(self, response: Any, operation: str) -> None:
        """Refuse an answer that says 200 and is no stream: an error in JSON, or a page."""
        if "event-stream" in response.headers.get("content-type", ""):
            self._listen(response.headers)
            return
        facts = self._opened(response.status_code, response.headers, await response.aread(), operation)
        raise unreadable("a stream of events", facts.data)

    def event_error(self, data: Json, request_id: str | None) -> BackstayError:
        """The error that an event of a stream tells, after HTTP 200."""
        return TABLE.error(TABLE.decode(200, {"request-id": request_id or ""}, data, "messages.create"))

    def _each(self, key: Secret) -> dict[str, Json]:
        """What goes with each request."""
        return {
            "extra_headers": {"Authorization": f"Bearer {key.reveal()}"},
            "timeout": self._setting.network.timeout(),
        }

    # Reading ----------------------------------------------------------------------------------------------------

    def _opened(self, status: int, headers: Mapping[str, str], body: object, operation: str) -> Facts:
        return opened(TABLE, self._facts(status, headers, body, operation))

    def _facts(self, status: int, headers: Mapping[str, str], body: object, operation: str) -> Facts:
        low = self._listen(headers)
        return TABLE.decode(status, low, body, operation)

    def _listen(self, headers: Mapping[str, str]) -> dict[str, str]:
        low = {name.lower(): value for name, value in headers.items()}
        for usage in usages(low):
            wait = None if usage.resets_at is None else max(0.0, usage.resets_at - self._clock.wall())
            note_usage(usage.limit, usage.used, wait)
        return low

    def _named(self, error: Exception, operation: str) -> BackstayError:
        """Our error for what the SDK raised; what is neither an answer nor the network is a fault of ours."""
        from backstay import http2

        if isinstance(error, BackstayError):
            return error
        if isinstance(error, self._anthropic.APIStatusError):
            said: Any = error
            facts = self._facts(said.status_code, said.response.headers, said.body, operation)
            note_request_id(*facts.request_ids)
            return TABLE.error(facts)
        found = http2.translated(error, f"{self._setting.base_url}/v1")
        if found is not None:
            return found
        if isinstance(error, TypeError | ValueError):
            return InvalidRequestError(
                f"the SDK refuses the request: {error}", field="extra", hint="see the fields of the Messages API"
            )
        raise error


def _more(extra: Mapping[str, Json]) -> dict[str, Json]:
    return {"extra_body": dict(extra)} if extra else {}


__all__ = ["Setting", "Wire"]
