"""Google's service: how every request is sent and every answer is opened. Hooks are built on this."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from backstay.ad_adapter import AdAdapter, Json, Request
from backstay.auth import Credentials, Secret, secret_of
from backstay.engine.call import current, note_request_id
from backstay.errors import BackstayError, InternalError, PartialFailureError, TokenExpiredError
from backstay_adapters.google_ads.errors import TABLE
from backstay_adapters.google_ads.profile import ENDPOINT, MAX_MESSAGE, google_ads_profile
from backstay_adapters.google_ads.wire import gaql, protos
from backstay_adapters.google_ads.wire.names import customer_id as digits

if TYPE_CHECKING:
    from backstay.grpc import Received, Rpc, RpcFailed
    from backstay.operation import CallOptions
    from backstay.profile import Profile
    from backstay.runtime import Runtime

MUTATE = f"{protos.SERVICE}/Mutate"
SEARCH = f"{protos.SERVICE}/SearchStream"
RUN_OUT = frozenset({"google_ads.auth.access_token", "authentication_error.OAUTH_TOKEN_INVALID"})
"""Rule or code of an access token that is refused: with a provider it is worth asking for another."""


class _Line:
    """What an adapter and its `with_options` copies share once one of them has connected."""

    rpc: Rpc | None = None
    messages: protos.Protos | None = None


class GoogleCalls(AdAdapter):
    """The connection of one customer: token, channel, messages."""

    vendor = "google_ads"

    def __init__(
        self,
        customer_id: str | int,
        token: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        developer_token: str | Secret | None = None,
        login_customer_id: str | int | None = None,
        linked_customer_id: str | int | None = None,
        project: str = "",
        level: str = "basic",
        endpoint: str = ENDPOINT,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        channel: Any = None,
        **options: Unpack[CallOptions],
    ) -> None:
        super().__init__(
            credentials=credentials or Credentials(token),
            account=digits(customer_id),
            host=endpoint,
            profile=google_ads_profile(level) if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        self.project = project
        self.login_customer_id = None if login_customer_id is None else digits(login_customer_id, "login_customer_id")
        self.linked_customer_id = (
            None if linked_customer_id is None else digits(linked_customer_id, "linked_customer_id")
        )
        self._developer_token = None if developer_token in (None, "") else secret_of(developer_token, "developer_token")
        self._channel = channel
        self._line = _Line()

    def app(self) -> str:
        """The vendor counts by Google Cloud project; without its name the credential stands for it."""
        return self.project or self.credentials.fingerprint

    async def connect(self) -> None:
        """Import the vendor's messages, in a thread because it takes over a second, and open the channel."""
        if protos.protos.cache_info().currsize == 0:
            await asyncio.to_thread(_load)
        from backstay.grpc import Rpc  # loaded by now

        messages = protos.protos()
        rpc = Rpc(self.host, channel=self._channel, max_message=MAX_MESSAGE, proxy=self.runtime.proxy)
        rpc.prepare(MUTATE, messages.Mutate.SerializeToString, messages.Mutated.FromString)
        rpc.prepare(SEARCH, messages.Search.SerializeToString, messages.Found.FromString, stream=True)
        self._line.messages, self._line.rpc = messages, rpc

    async def disconnect(self) -> None:
        """Close the channel, unless it was the user's."""
        if self._line.rpc is not None:
            await self._line.rpc.aclose()

    # Reading ----------------------------------------------------------------------------------------------------

    async def _search(
        self, resource: str, fields: tuple[str, ...], where: Sequence[str] = (), *, order: str | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Json]]:  # fmt: skip
        """The rows of a query, each as a mapping of what was selected; a stream that breaks gives none of them."""
        return await self._rows(gaql.select(resource, fields, where, order=order, limit=limit), fields)

    async def _rows(self, query: str, fields: tuple[str, ...]) -> list[dict[str, Json]]:
        messages, rpc = self._connected()
        from backstay.grpc import RpcFailed

        try:
            received = await rpc.stream(SEARCH, messages.search(self.account, query), await self._metadata())
        except RpcFailed as failed:
            raise self._named(failed) from failed.__cause__
        _note(received, *(batch.request_id for batch in received.messages[:1]))
        read = messages.reader(fields)
        return [read(row) for batch in received.messages for row in batch.results]

    # Writing ----------------------------------------------------------------------------------------------------

    async def _mutate(self, request: Request, **flags: bool) -> list[tuple[str, str]]:
        """Send one mutate; the kind and the resource name of each operation's result, in their order.

        Raises:
            PartialFailureError: some operations of a batch that allows it failed; `.items` is by their number.
        """
        messages, rpc = self._connected()
        from backstay.grpc import RpcFailed

        message = messages.mutate(request["request"], **flags)
        try:
            received = await rpc.unary(MUTATE, message, await self._metadata())
        except RpcFailed as failed:
            raise self._named(failed) from failed.__cause__
        _note(received)
        (answer,) = received.messages
        if answer.HasField("partial_failure_error") and answer.partial_failure_error.code:
            raise self._partial(answer, request)
        return [_result(each) for each in answer.mutate_operation_responses]

    def _partial(self, answer: Any, request: Request) -> BackstayError:
        messages, _ = self._connected()
        told = {"partialFailureError": messages.partial(answer.partial_failure_error)}
        facts = TABLE.decode(None, {}, told, None)
        error = TABLE.error(facts)
        if isinstance(error, PartialFailureError):
            count = len(request["request"]["mutate_operations"])
            error.items = {**{str(number): None for number in range(count)}, **error.items}
        return error

    # Envelope -----------------------------------------------------------------------------------------------------

    def _connected(self) -> tuple[protos.Protos, Rpc]:
        line = self._line
        if line.messages is None or line.rpc is None:
            raise InternalError("the adapter is not connected", vendor=self.vendor, hint="await adapter.warm_up()")
        return line.messages, line.rpc

    async def _metadata(self) -> tuple[tuple[str, str], ...]:
        secret = await self.credentials.get()
        found = [
            ("authorization", f"Bearer {secret.reveal()}"),
            ("x-goog-request-params", f"customer_id={self.account}"),
        ]
        if self._developer_token is not None:
            found.append(("developer-token", self._developer_token.reveal()))
        if self.login_customer_id is not None:
            found.append(("login-customer-id", self.login_customer_id))
        if self.linked_customer_id is not None:
            found.append(("linked-customer-id", self.linked_customer_id))
        return tuple(found)

    def _named(self, failed: RpcFailed) -> BackstayError:
        """The error that the table names; the failure in the trailing metadata first."""
        facts = TABLE.decode(None, {}, self._told(failed), None)
        note_request_id(*facts.request_ids)
        error = TABLE.error(facts)
        running = current()
        worth = bool(RUN_OUT & {error.rule, error.vendor_code}) and self.credentials.renewable
        if not worth or (running is not None and running.renewed):
            return error
        # With a provider the token has only run out: the engine then asks for another, once.
        return TokenExpiredError(
            error.message, vendor=self.vendor, vendor_code=error.vendor_code, vendor_message=error.vendor_message,
            status=error.status,
            request_ids=error.request_ids, rule=error.rule, hint=error.hint,
        )  # fmt: skip

    def _told(self, failed: RpcFailed) -> Mapping[str, Json]:
        """A call's end as plain JSON."""
        messages, _ = self._connected()
        told: dict[str, Json] = {"status": failed.status.code, "details": failed.status.details}
        for name, value in failed.status.trailing:
            if name == "request-id":
                told["request_id"] = str(value)
            elif isinstance(value, bytes):
                told |= _decoded(messages, name, value)
        return told


def _decoded(messages: protos.Protos, name: str, value: bytes) -> dict[str, Json]:
    """What a binary entry of the trailing metadata says; the failure itself beats the one among the details."""
    try:
        if name.endswith(protos.FAILURE_SUFFIX):
            return {"failure": messages.failure(value)}
        if name == protos.DETAILS:
            return _details(messages.details(value))
    except messages.Damaged:  # on the way: the status and its text still speak
        return {}
    return {}


def _details(details: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for each in details:
        kind = str(each.get("@type", ""))
        if kind.endswith(".RetryInfo"):
            found["retry_delay"] = each.get("retryDelay")
        elif kind.endswith(".ErrorInfo"):
            found["reason"] = each.get("reason")
    return found


def _result(response: Any) -> tuple[str, str]:
    kind = response.WhichOneof("response")
    return (str(kind), str(getattr(response, kind).resource_name)) if kind else ("", "")


def _note(received: Received, *more: str) -> None:
    note_request_id(*dict.fromkeys((*(str(value) for name, value in received.trailing if name == "request-id"), *more)))


def _load() -> None:
    """Import what takes its time: grpc, and the vendor's messages."""
    importlib.import_module("backstay.grpc")
    protos.protos()
