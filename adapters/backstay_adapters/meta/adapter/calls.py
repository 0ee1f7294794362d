"""Graph's wire: how every request is sent and every answer is opened. Operations are built on this."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Unpack
from urllib.parse import urlencode

from backstay.ad_adapter import AdAdapter, Json, Request
from backstay.ads import Level
from backstay.auth import Credentials, Secret, secret_of
from backstay.endpoint import address
from backstay.engine.call import current, note_request_id, note_usage
from backstay.errors import BackstayError, InvalidRequestError, TooMuchDataError
from backstay_adapters.meta.adapter.build import Builder, encoded
from backstay_adapters.meta.errors import TABLE, is_sdk_error, written
from backstay_adapters.meta.profile import API, API_VERSION, VIDEO_API, meta_profile
from backstay_adapters.meta.wire.read import ACCOUNT, required
from backstay_adapters.meta.wire.usage import told

if TYPE_CHECKING:
    import httpx

    from backstay.http import Reply
    from backstay.operation import CallOptions
    from backstay.profile import Profile
    from backstay.runtime import Runtime
    from backstay.table import Facts

Files = Mapping[str, tuple[str, bytes, str]]

LARGEST_BATCH: Final = 50
"""Calls in one batch (vendor's page "Batch Requests")."""


@dataclass(slots=True)
class Upload:
    """A large video on its way: what the server has of it, and which part it wants next."""

    session: str
    video: str
    start: int
    end: int


_ACCOUNT_ID: Final = re.compile(r"(act_)?\d{1,20}", re.ASCII)
_LEVELS: Final = tuple(level.value for level in Level)
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_VERSION: Final = re.compile(r"v\d{1,3}\.\d{1,2}", re.ASCII)


class MetaCalls(AdAdapter):
    """The connection of one ad account: token, host, envelope."""

    vendor = "meta"

    def __init__(
        self,
        account_id: str,
        token: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        app_id: str = "",
        app_secret: str | Secret | None = None,
        tier: str = "full",
        api_version: str = API_VERSION,
        label: bool = False,
        fields: Mapping[str, Sequence[str]] | None = None,
        base_url: str = API,
        video_url: str | None = None,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        from backstay.http import Http  # httpx is half of what importing this adapter would cost

        super().__init__(
            credentials=credentials or Credentials(token),
            account=account_of(account_id),
            host=address("base_url", base_url),
            profile=meta_profile(tier) if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        if not isinstance(api_version, str) or not _VERSION.fullmatch(api_version):
            raise InvalidRequestError(
                "no version of Graph", field="api_version", value=api_version, hint=f'for example "{API_VERSION}"'
            )
        self.app_id = app_id
        self.api_version = api_version
        self.label = label
        self.fields = more_fields(fields or {})
        video = video_url or (VIDEO_API if base_url == API else base_url)
        self.video_url = address("video_url", video).rstrip("/")
        self._app_secret = None if app_secret in (None, "") else secret_of(app_secret, "app_secret")
        self._builder = Builder(api_version)
        self._refused: dict[str, dict[str, str]] = {}
        self._field_lists: dict[str, str] = {}
        self._uploads: dict[str, Upload] = {}
        self._http = Http.of(self, base_url, client, transport)

    def app(self) -> str:
        """The vendor counts by app; without its id the credential stands for it."""
        return self.app_id or self.credentials.fingerprint

    def judge(self, error: Exception) -> BackstayError:
        """Name an error of the vendor's own SDK, too, should one come out of a hook of yours."""
        if is_sdk_error(error):
            return TABLE.error(TABLE.decode(None, {}, error, _operation()))
        return super().judge(error)

    async def connect(self) -> None:
        """Import the vendor's SDK off the loop; the first request opens the connection."""
        await asyncio.to_thread(self._builder.load)

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._http.aclose()

    # Sending ----------------------------------------------------------------------------------------------------

    def _build(self, node: str, id: str, call: str, params: Mapping[str, Json] | None = None) -> Request:  # noqa: A002 - the field's own name
        return self._builder.build(node, id, call, params)

    async def _send(self, request: Request, *, files: Files | None = None, host: str = "") -> Json:
        """Send one request, once; the answer's body, or the error that the table names."""
        facts = await self._ask(request, files, host)
        failure = TABLE.failure(facts)
        if failure is not None:
            raise _narrow(failure)
        return facts.data

    async def _send_create_once(self, request: Request) -> tuple[str, Json]:
        """Send a create with `fields`, once: the new id, and what the read behind it shows; None if that failed.

        Graph writes first and reads then, so that one request does for two (its "read-after-write").
        """
        facts = await self._ask(request)
        failure = TABLE.failure(facts)
        if failure is None:
            return required(facts.data, "id"), facts.data
        made = written(facts)
        if made is None:
            raise _narrow(failure)
        return required(made, "id"), None

    async def _ask(self, request: Request, files: Files | None = None, host: str = "") -> Facts:
        """Send one request, once; what the answer says, error or not."""
        reply = await self._exchange(request, files, host)
        facts = TABLE.decode(reply.status, reply.headers, reply.body, _operation())
        self._listen(facts)
        return facts

    async def _exchange(self, request: Request, files: Files | None = None, host: str = "") -> Reply:
        secret = await self.credentials.get()
        headers = {"authorization": f"Bearer {secret.reveal()}"}
        values = {**encoded(request["params"]), **self._proof(secret)}
        url = f"{host}/{self.api_version}/{request['path']}"
        if request["method"] != "POST":
            return await self._http.send(request["method"], url, params=values, headers=headers)
        if files is not None:
            headers["content-type"] = f"multipart/form-data; boundary={_boundary(values, files)}"
        return await self._http.send("POST", url, data=values, files=files, headers=headers)

    def _proof(self, secret: Secret) -> dict[str, str]:
        """That the caller knows the app's secret, where the adapter was given it; it goes beside the token."""
        if self._app_secret is None:
            return {}
        key, token = self._app_secret.reveal().encode(), secret.reveal().encode()
        return {"appsecret_proof": hmac.new(key, token, hashlib.sha256).hexdigest()}

    def _listen(self, facts: Facts) -> None:
        """Take from the headers what the engine wants to know: ids, and how near the limits are."""
        note_request_id(*facts.request_ids)
        for usage in told(facts.headers, self.account.removeprefix(ACCOUNT)):
            note_usage(usage.limit, usage.used, usage.wait)

    # Batches ----------------------------------------------------------------------------------------------------

    async def _batch(self, requests: Sequence[Request]) -> list[Facts | None]:
        """Send up to fifty reads as one; what each of them was answered, None for one that was not run."""
        items = [{"method": each["method"], "relative_url": _relative(each)} for each in requests]
        whole: Request = {"method": "POST", "path": "", "params": {"batch": items, "include_headers": True}}
        facts = await self._ask(whole)
        if not isinstance(facts.data, tuple) or len(facts.data) != len(items) or not facts.ok_status:
            raise TABLE.error(facts)
        found: list[Facts | None] = list(facts.data)
        for item in found:
            if item is not None:
                self._listen(item)
        if any(item is None for item in found):  # reads, so that the whole may be asked again
            raise TABLE.error(facts)
        return found


def account_of(account_id: str) -> str:
    """An ad account's id with its `act_`; refuses what is none."""
    text = str(account_id)
    if not _ACCOUNT_ID.fullmatch(text):
        raise InvalidRequestError(
            "no ad account's id", field="account_id", value=text, vendor="meta",
            hint='pass "act_1234567890", from the address of Ads Manager or GET /me/adaccounts',
        )  # fmt: skip
    return text if text.startswith(ACCOUNT) else ACCOUNT + text


def more_fields(asked: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    """Fields to read besides the usual ones, by level; refuses levels and names that are none."""
    if not isinstance(asked, Mapping):
        raise _no_fields(asked)
    for level, names in asked.items():
        if level not in _LEVELS:
            raise _no_fields(level)
        listed = isinstance(names, Sequence) and not isinstance(names, str)
        if not listed or not all(isinstance(each, str) and _FIELD.fullmatch(each) for each in names):
            raise _no_fields(names)
    return MappingProxyType({level: tuple(names) for level, names in asked.items()})


def _no_fields(value: object) -> InvalidRequestError:
    return InvalidRequestError(
        f"fields cannot be {value!r}", field="fields", value=value, vendor="meta",
        hint=f"give names by level ({', '.join(_LEVELS)}): fields={{'campaign': ['promoted_object']}}",
    )  # fmt: skip


def _narrow(error: BackstayError) -> BackstayError:
    """What is too much passes when less is asked for, never by asking for the same again."""
    if isinstance(error, TooMuchDataError):
        error.retryable = error.retry_allowed = False
    return error


def _operation() -> str | None:
    call = current()
    return call.plan.function if call is not None else None


def _relative(request: Request) -> str:
    query = urlencode(encoded(request["params"]))
    return f"{request['path']}?{query}" if query else request["path"]


def _boundary(values: Mapping[str, str], files: Files) -> str:
    """From the content, so that equal uploads are equal bytes on the wire."""
    return hashlib.sha256(repr((sorted(values.items()), sorted(files.items()))).encode()).hexdigest()[:32]


__all__ = ["LARGEST_BATCH", "Files", "MetaCalls", "Upload", "account_of"]
