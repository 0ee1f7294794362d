"""The simulator itself: routes a request, guards it, lets the model speak, and puts the answer on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Unpack

from backstay.sandbox.content import ContentSandbox, Settings, early, streamed, whole
from backstay.sandbox.draws import bits
from backstay.sandbox.faults import Fault
from backstay.sandbox.wire import Reply, Request
from backstay.sandbox.world import World
from backstay_adapters.claude.sandbox import checks
from backstay_adapters.claude.sandbox.answer import input_tokens, message
from backstay_adapters.claude.sandbox.events import chunks, error_event
from backstay_adapters.claude.sandbox.faults import said, words
from backstay_adapters.claude.sandbox.limits import Limits
from backstay_adapters.claude.sandbox.refusal import Refusal
from backstay_adapters.claude.sandbox.settings import KEY, MODELS, ORGANIZATION, Said

Json = Any

MESSAGE: Final = "message"
"""The level of the world's objects: messages that were written, and are billed."""


class ClaudeSandbox(ContentSandbox):
    """A Claude for tests: the same seed and the same requests give the same texts.

    A VENDOR_ERROR with `error="refusal"`, "max_tokens", "context" or "bad_json" answers with 200 and no good. `tier`
    turns rate limits and their headers on. See `ContentSandbox` for the rest.
    """

    vendor = "claude"
    KEY = KEY

    def __init__(self, world: World | None = None, *, tier: str | None = None, **settings: Unpack[Settings]) -> None:
        self.tier = tier
        super().__init__(world, **settings)

    def begin(self) -> None:
        """See `ContentSandbox.begin`."""
        super().begin()
        self.limits = Limits(self.tier)
        self._next: deque[Said] = deque()

    def say(self, *answers: Said) -> None:
        """Put these into the model's mouth, one after the other."""
        self._next.extend(answers)

    def operation(self, request: Request) -> str:
        """Such as "messages" or "messages/count_tokens"."""
        return super().operation(request).removeprefix("v1/")

    def request_id(self) -> str:
        """See `ContentSandbox.request_id`."""
        return f"req_011C{bits(self.world.seed, 'request', self.requests):020X}"

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault)
        early(fault, broken)
        checks.access(request, self.keys)
        route = (request.method, self.operation(request))
        if route == ("POST", "messages"):
            return self._message(request, now, fault, request_id, broken)
        return whole(self._other(request, route), {"request-id": request_id}, broken)

    def _message(
        self, request: Request, now: float, fault: Fault | None, request_id: str, broken: Refusal | None
    ) -> Reply:
        body = checks.body_of(request)
        tokens = input_tokens(body)
        checks.message_request(body, checks.model_of(body), tokens)
        self.limits.take(now, tokens)
        answer = said(fault) or (self._next.popleft() if self._next else None)
        made = message(body, answer, self.world.seed, self._new_id())
        self._wrote(made, now)
        headers = {"request-id": request_id, **self._headers(now)}
        if not body.get("stream"):
            return whole(made, headers, broken)
        return streamed(
            chunks(made, self.pace), headers, None if broken is None else error_event(broken.body(request_id))
        )

    def _other(self, request: Request, route: tuple[str, str]) -> Json:
        if route == ("POST", "messages/count_tokens"):
            body = checks.body_of(request)
            checks.model_of(body)
            checks.turns(body)
            return {"input_tokens": input_tokens(body)}
        if route == ("GET", "models"):
            listed = [_model(name) for name in MODELS]
            return {"data": listed, "has_more": False, "first_id": listed[0]["id"], "last_id": listed[-1]["id"]}
        name = route[1].removeprefix("models/")
        if route[0] == "GET" and name in MODELS:
            return _model(name)
        raise Refusal(404, "not_found_error", "Not found")

    def _new_id(self) -> tuple[str, int]:
        number = self.world.next_number()
        return f"msg_01{bits(self.world.seed, 'message', number):020X}", number

    def _wrote(self, made: Mapping[str, Json], now: float) -> None:
        used = made["usage"]
        self.limits.wrote(now, used["output_tokens"])
        data = {"model": made["model"], "stop_reason": made["stop_reason"], "usage": dict(used)}
        self.remember(now, made["id"], ORGANIZATION, MESSAGE, data)

    def _headers(self, now: float) -> dict[str, str]:
        told = self.limits.headers(now)
        # One answer in six says retry-after although nothing is wrong, as the real one does.
        odd = {"retry-after": "24"} if told and self.requests % 6 == 0 else {}
        return {"anthropic-organization-id": ORGANIZATION, **told, **odd}


def _model(name: str) -> dict[str, Json]:
    model = MODELS[name]
    return {
        "type": "model", "id": name, "display_name": model.name, "created_at": "2026-03-01T00:00:00Z",
        "lifecycle": model.lifecycle, "deprecated_at": None, "retires_at": model.retires_at,
        "max_input_tokens": model.context, "max_tokens": model.most,
    }  # fmt: skip


__all__ = ["MESSAGE", "ClaudeSandbox"]
