"""The official SDK behind one door: made off the loop, its errors and its network's put into our words."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backstay.auth import Secret
from backstay.engine.call import current, note_request_id
from backstay.errors import BackstayError, InvalidRequestError
from backstay_adapters.gemini.errors import TABLE
from backstay_adapters.gemini.wire.read import unreadable

if TYPE_CHECKING:
    from backstay.content_adapter import Network
    from backstay.table import Facts

Json = Any

_OURS: Final = {"automatic_function_calling": {"disable": True}, "automatic_continuation": False}
"""What the SDK would else do by itself: call functions, and send further requests."""

_OPENED: ContextVar[list[Any] | None] = ContextVar("backstay_gemini_opened", default=None)
"""Where the answer of a stream is noted, so that whoever leaves the stream closes it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the SDK's client is made of."""

    base_url: str
    api_version: str
    network: Network


class Wire:
    """One connection; shared by an adapter and its `with_options` copies."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._models: Any = None
        self._genai: Any = None

    def load(self) -> None:
        """Import the SDK and make its client: most of a second of CPU, so never on the loop.

        Raises:
            InvalidRequestError: `client=` is no client of httpx2.
        """
        from google import genai

        at = self._setting
        http = at.network.open()
        if at.network.ours:
            http.event_hooks = {"response": [_note]}
        self._genai = genai
        sdk = genai.Client(
            # Both said: else the environment chooses another service, and looks for Google's credentials.
            vertexai=False,
            api_key="given with each request",
            http_options=genai.types.HttpOptions(
                base_url=at.base_url, api_version=at.api_version, httpx_async_client=http
            ),  # without retry_options it tries once
        )
        self._models = sdk.aio.models

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        await self._setting.network.aclose()

    # Asking -----------------------------------------------------------------------------------------------------

    async def generate(
        self, model: str, contents: Sequence[Json], config: Mapping[str, Json], extra: Mapping[str, Json], key: Secret
    ) -> Facts:
        """POST models/...:generateContent; the body as it came."""
        asked = {**config, **_OURS, "should_return_http_response": True, "http_options": self._each(key, extra)}
        try:
            raw = await self._models.generate_content(model=model, contents=self._typed(contents), config=asked)
        except Exception as error:
            raise self._named(error, "generateContent") from error
        response = raw.sdk_http_response
        facts = TABLE.decode(200, _low(response.headers), response.body, "generateContent")
        note_request_id(*facts.request_ids)
        return facts

    async def stream(
        self, model: str, contents: Sequence[Json], config: Mapping[str, Json], extra: Mapping[str, Json], key: Secret
    ) -> AsyncGenerator[dict[str, Json], None]:
        """POST models/...:streamGenerateContent; its pieces in the words of the wire."""
        asked = {**config, **_OURS, "http_options": self._each(key, extra)}
        opened: list[Any] = []
        try:
            made = await self._models.generate_content_stream(model=model, contents=self._typed(contents), config=asked)
            token = _OPENED.set(opened)
            try:
                piece = await anext(made, None)  # only now is it sent
            finally:
                _OPENED.reset(token)
            while piece is not None:
                yield piece.model_dump(mode="json", by_alias=True, exclude_none=True)
                piece = await anext(made, None)
        except Exception as error:
            raise self._named(error, "streamGenerateContent") from error
        finally:
            for response in opened:  # the SDK leaves them to the garbage collector, with their connections
                await response.aclose()

    async def count(self, model: str, contents: Sequence[Json], key: Secret) -> int:
        """POST models/...:countTokens."""
        try:
            found = await self._models.count_tokens(
                model=model, contents=self._typed(contents), config={"http_options": self._each(key, {})}
            )
        except Exception as error:
            raise self._named(error, "countTokens") from error
        if not isinstance(found.total_tokens, int):
            raise unreadable("a token count", None)
        return found.total_tokens

    def _typed(self, contents: Sequence[Json]) -> list[Any]:
        """The contents as the SDK wants them; from JSON, since only there bytes are base64."""
        content = self._genai.types.Content
        return [content.model_validate_json(json.dumps(each)) for each in contents]

    def _each(self, key: Secret, extra: Mapping[str, Json]) -> dict[str, Json]:
        """What goes with each request; the timeout in the SDK's milliseconds."""
        read = self._setting.network.timeout().read
        options: dict[str, Json] = {"headers": {"x-goog-api-key": key.reveal()}}
        if read is not None:
            options["timeout"] = int(read * 1000)
        return {**options, "extra_body": dict(extra)} if extra else options

    # Reading ----------------------------------------------------------------------------------------------------

    def _named(self, error: Exception, operation: str) -> BackstayError:
        """Our error for what the SDK raised; what is neither an answer nor the network is a fault of ours."""
        from backstay import http2

        if isinstance(error, BackstayError):
            return error
        if isinstance(error, self._genai.errors.APIError):
            return TABLE.error(_facts(error, operation))
        found = http2.translated(error, self._setting.base_url)
        if found is not None:
            return found
        if isinstance(error, TypeError | ValueError):
            call = current()
            if call is not None and call.sent:  # the SDK has read something that is no answer
                return unreadable("JSON", None)
            return InvalidRequestError(
                f"the SDK refuses the request: {type(error).__name__}", field="extra",
                hint="see the fields of generateContent", rule="gemini.sdk",
            )  # fmt: skip
        raise error


async def _note(response: Any) -> None:
    opened = _OPENED.get()
    if opened is not None:
        opened.append(response)


def _facts(error: Any, operation: str) -> Facts:
    """What an error of the SDK's tells: the answer itself, or, in the middle of a stream, an event after 200."""
    answer = error.response
    status = getattr(answer, "status_code", None)
    headers = _low(getattr(answer, "headers", None) or {})
    body = getattr(answer, "content", None) if status not in (None, 200) else None
    return TABLE.decode(status, headers, error.details if body is None else body, operation)


def _low(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


__all__ = ["Setting", "Wire"]
