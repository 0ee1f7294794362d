"""The official SDK behind one door: made off the loop, asked raw, its errors and its network's put into our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backstay.auth import Secret
from backstay.content_adapter import opened
from backstay.engine.call import note_request_id, note_usage
from backstay.errors import BackstayError, InvalidRequestError
from backstay_adapters.openai.errors import TABLE
from backstay_adapters.openai.wire.limits import usages

if TYPE_CHECKING:
    from backstay.content_adapter import Network
    from backstay.download import Downloaded, Downloads
    from backstay.table import Facts
    from backstay_adapters.openai.wire.write import Asked

Json = Any

MAX_BODY: Final = 256 * 1024 * 1024
"""Bytes of an answer at most: ten pictures of the largest size, in base64."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the SDK's client is made of."""

    base_url: str
    organization: str | None
    project: str | None
    network: Network
    downloads: Downloads | None


class Wire:
    """One connection; shared by an adapter and its `with_options` copies."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._sdk: Any = None
        self._openai: Any = None
        self._downloads: Downloads | None = setting.downloads

    def load(self) -> None:
        """Import the SDK and make its client: most of a second of CPU, so never on the loop.

        Raises:
            InvalidRequestError: `client=` is no client of httpx2.
        """
        import openai

        at = self._setting
        self._openai = openai
        self._sdk = openai.AsyncOpenAI(
            api_key="given with each request",  # so that a credential can be renewed without a new client
            base_url=at.base_url,
            max_retries=0,
            timeout=at.network.timeout(),
            http_client=at.network.open(max_body=MAX_BODY),
        )
        # The SDK would else take the two, and a key for administrators, from the environment.
        self._sdk.organization, self._sdk.project, self._sdk.admin_api_key = at.organization, at.project, None
        _ = self._sdk.images, self._sdk.models  # the SDK imports each of them at its first use

    async def aclose(self) -> None:
        """Close the pools; what was given by the user stays open."""
        await self._setting.network.aclose()
        if self._downloads is not None and self._setting.downloads is None:
            await self._downloads.aclose()

    # Asking -----------------------------------------------------------------------------------------------------

    async def draw(self, asked: Asked, extra: Mapping[str, Json], key: Secret) -> Facts:
        """POST /images/generations, or /images/edits: as a form for bytes, as JSON for addresses."""
        images = self._sdk.images.with_raw_response
        each = {**self._each(key), **({"extra_body": dict(extra)} if extra else {})}
        if not asked.edits:
            return await self._ask("images.generate", images.generate(**asked.body, **each))
        if "images" in asked.body:
            return await self._ask("images.edit", self._edit_by_address({**asked.body, **extra}, key))
        each["extra_headers"]["Content-Type"] = f"multipart/form-data; boundary={asked.boundary()}"
        mask = {"mask": asked.mask} if asked.mask is not None else {}
        return await self._ask("images.edit", images.edit(image=list(asked.images), **mask, **asked.body, **each))

    async def models(self, key: Secret) -> Facts:
        """GET /models, all of them on one page."""
        return await self._ask("models.list", self._sdk.models.with_raw_response.list(**self._each(key)))

    async def fetch(self, url: str) -> Downloaded:
        """GET a picture by its address: without our key, which is nobody else's business."""
        if self._downloads is None:
            from backstay.download import Downloads  # few answers hold addresses, and httpx is slow to import

            network = self._setting.network
            self._downloads = Downloads(ssl_context=network.ssl_context, proxy=network.proxy)
        return await self._downloads.fetch(url)

    async def _edit_by_address(self, body: dict[str, Json], key: Secret) -> Any:
        # The SDK's own method takes files only; the API takes addresses as well.
        each = self._each(key)
        headers = {**each["extra_headers"], "X-Stainless-Raw-Response": "true"}
        return await self._sdk.post(
            "/images/edits", cast_to=object, body=body, options={"headers": headers, "timeout": each["timeout"]}
        )

    async def _ask(self, operation: str, call: Any) -> Facts:
        try:
            raw = await call
            # The body is judged here: the SDK hands out HTML as a text and `{}` as an answer without pictures.
            status, headers, body = raw.status_code, raw.headers, raw.content
        except Exception as error:
            raise self._named(error, operation) from error
        return opened(TABLE, self._facts(status, headers, body, operation))

    def _each(self, key: Secret) -> dict[str, Json]:
        """What goes with each request."""
        return {
            "extra_headers": {"Authorization": f"Bearer {key.reveal()}"},
            "timeout": self._setting.network.timeout(),
        }

    # Reading ----------------------------------------------------------------------------------------------------

    def _facts(self, status: int, headers: Mapping[str, str], body: object, operation: str) -> Facts:
        low = {name.lower(): value for name, value in headers.items()}
        for usage in usages(low):
            note_usage(usage.limit, usage.used, usage.wait)
        return TABLE.decode(status, low, body, operation)

    def _named(self, error: Exception, operation: str) -> BackstayError:
        """Our error for what the SDK raised; what is neither an answer nor the network is a fault of ours."""
        from backstay import http2

        if isinstance(error, BackstayError):
            return error
        if isinstance(error, self._openai.APIStatusError):
            said: Any = error
            # The whole body: the SDK's `.body` is the inner object, and a text where it was no JSON.
            facts = self._facts(said.status_code, said.response.headers, said.response.content, operation)
            note_request_id(*facts.request_ids)
            return TABLE.error(facts)
        found = http2.translated(error, self._setting.base_url)
        if found is not None:
            return found
        if isinstance(error, TypeError | ValueError):
            return InvalidRequestError(
                f"the SDK refuses the request: {error}", field="extra", hint="see the fields of the Images API"
            )
        raise error


__all__ = ["Setting", "Wire"]
