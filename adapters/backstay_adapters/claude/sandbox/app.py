"""The simulator itself: routes a request, guards it, lets the model speak, and puts the answer on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.faultfile import load_faults
from backstay.sandbox.faults import Fault, FaultPlan
from backstay.sandbox.wire import Reply, Request, json_reply, stream_reply
from backstay.sandbox.world import World
from backstay_adapters.claude.sandbox import checks
from backstay_adapters.claude.sandbox.answer import input_tokens, message
from backstay_adapters.claude.sandbox.events import chunks, error_chunk
from backstay_adapters.claude.sandbox.faults import said, words
from backstay_adapters.claude.sandbox.limits import Limits
from backstay_adapters.claude.sandbox.refusal import Refusal
from backstay_adapters.claude.sandbox.settings import KEY, MODELS, ORGANIZATION, Said

Json = Any

MESSAGE: Final = "message"
"""The level of the world's objects: messages that were written, and are billed."""


class ClaudeSandbox:
    """A Claude for tests: the same seed and the same requests give the same texts.

    `faults` is a plan, the name of one ("calm", "storm"), or a file's path; a VENDOR_ERROR with `error="refusal"`,
    "max_tokens", "context" or "bad_json" answers with 200 and no good. `tier` turns rate limits and their headers on.
    `pace` is the time in seconds between two pieces of a stream.
    """

    vendor: str = "claude"

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        faults: FaultPlan | str | None = None,
        keys: Iterable[str] = (KEY,),
        tier: str | None = None,
        pace: float = 0.0,
    ) -> None:
        self.world = world or World(seed)
        self.keys = dict.fromkeys(keys, "good")
        self.tier = tier
        self.pace = pace
        self.faults = load_faults(faults, seed) if isinstance(faults, str) else faults
        self._begin()

    def _begin(self) -> None:
        self.limits = Limits(self.tier)
        self._next: deque[Said] = deque()
        self._requests = 0

    def reset(self) -> None:
        """An empty world; keys stay, the fault plan begins anew."""
        self.world.clear()
        self._begin()
        if self.faults is not None:
            self.faults.reset()

    def say(self, *answers: Said) -> None:
        """Put these into the model's mouth, one after the other."""
        self._next.extend(answers)

    def expire(self, key: str = KEY) -> None:
        """Let a key expire."""
        self.keys[key] = "expired"

    def revoke(self, key: str = KEY) -> None:
        """Revoke a key."""
        self.keys[key] = "revoked"

    def operation(self, request: Request) -> str:
        """Such as "messages" or "messages/count_tokens"."""
        return request.path.strip("/").removeprefix("v1/")

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what is asked at `now` (wall seconds) and answer."""
        self._requests += 1
        request_id = f"req_011C{bits(self.world.seed, 'request', self._requests):020X}"
        try:
            return self._answer(request, now, fault, request_id)
        except Refusal as refusal:
            return refusal.reply(request_id)

    def _answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        broken = None if fault is None else words(fault)
        if broken is not None and (fault is None or not fault.after_commit):
            raise broken
        checks.access(request, self.keys)
        route = (request.method, self.operation(request))
        if route == ("POST", "messages"):
            return self._message(request, now, fault, request_id, broken)
        if broken is not None:
            raise broken
        return json_reply(self._other(request, route), request_id=request_id)

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
        if body.get("stream"):
            return self._stream(made, headers, broken, request_id)
        if broken is not None:
            raise broken
        plain = json_reply(made)
        return Reply(plain.status, {**plain.headers, **headers}, plain.body)

    def _stream(
        self, made: Mapping[str, Json], headers: Mapping[str, str], broken: Refusal | None, request_id: str
    ) -> Reply:
        """The events; where something breaks, half of them and the vendor's own error."""
        parts = chunks(made, self.pace)
        if broken is not None:
            parts = [*parts[: len(parts) // 2], error_chunk(broken.body(request_id))]
        plain = stream_reply(parts)
        return Reply(plain.status, {**plain.headers, **headers}, plain.body, plain.chunks)

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
        self.world.create(
            now, id=made["id"], account=ORGANIZATION, level=MESSAGE, data=data, spends=False, kind="generate"
        )

    def _headers(self, now: float) -> dict[str, str]:
        told = self.limits.headers(now)
        # One answer in six says retry-after although nothing is wrong, as the real one does.
        odd = {"retry-after": "24"} if told and self._requests % 6 == 0 else {}
        return {"anthropic-organization-id": ORGANIZATION, **told, **odd}


def _model(name: str) -> dict[str, Json]:
    model = MODELS[name]
    return {
        "type": "model", "id": name, "display_name": model.name, "created_at": "2026-03-01T00:00:00Z",
        "lifecycle": model.lifecycle, "deprecated_at": None, "retires_at": model.retires_at,
        "max_input_tokens": model.context, "max_tokens": model.most,
    }  # fmt: skip


__all__ = ["MESSAGE", "ClaudeSandbox"]
