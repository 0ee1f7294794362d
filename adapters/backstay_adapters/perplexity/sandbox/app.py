"""The simulator itself: routes a request, guards it, answers it or begins a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

from backstay.sandbox.content import ContentSandbox, Settings, early, streamed, whole
from backstay.sandbox.draws import bits
from backstay.sandbox.faults import Fault
from backstay.sandbox.wire import Reply, Request
from backstay.sandbox.world import World
from backstay_adapters.perplexity.sandbox import checks
from backstay_adapters.perplexity.sandbox.answer import completion, event, events
from backstay_adapters.perplexity.sandbox.refusal import Refusal, words

Json = Any

KEY: Final = "sandbox-perplexity-key"
ACCOUNT: Final = "sandbox-project"
ANSWER: Final = "answer"
"""The level of the world's objects: answers and jobs, which are billed."""
JOBS: Final = "/async/chat/completions"


class PerplexitySandbox(ContentSandbox):
    """A Perplexity for tests: the same seed and the same requests give the same answers.

    A VENDOR_ERROR has an `error` of `refusal.ERRORS`, or "job_failed" for a job that ends badly. `deep` is the time in
    seconds that a job takes. The same idempotency key gives the same job. See `ContentSandbox` for the rest.
    """

    vendor = "perplexity"
    KEY = KEY

    def __init__(self, world: World | None = None, *, deep: float = 120.0, **settings: Unpack[Settings]) -> None:
        self.deep = deep
        super().__init__(world, **settings)

    def begin(self) -> None:
        """See `ContentSandbox.begin`."""
        super().begin()
        self._jobs: dict[str, dict[str, Json]] = {}
        self._by_key: dict[str, str] = {}

    def operation(self, request: Request) -> str:
        """Such as "chat/completions", "async/chat/completions"; a look at a job is "async/chat/completions/get"."""
        path = super().operation(request)
        return f"{JOBS.strip('/')}/get" if path.startswith(f"{JOBS.strip('/')}/") else path

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault)
        early(fault, broken)
        checks.access(request, self.keys)
        headers = {"x-request-id": request_id}
        if (request.method, request.path) != ("POST", "/chat/completions"):
            return whole(self._job(request, now, fault), headers, broken)
        body = checks.body_of(request)
        checks.chat(body)
        made = self._written(body, now)
        if not body.get("stream"):
            return whole(made, headers, broken)
        error = None if broken is None else event(broken.body(request_id))
        return streamed([(self.pace, part) for part in events(made)], headers, error)

    def _job(self, request: Request, now: float, fault: Fault | None) -> dict[str, Json]:
        if (request.method, request.path) == ("POST", JOBS):
            asked = checks.body_of(request)
            checks.chat(asked.get("request") or {})
            key = str(asked.get("idempotency_key") or f"none-{self.requests}")
            if key not in self._by_key:
                made = self._written(asked["request"], now)
                failed = fault is not None and fault.error == "job_failed"
                self._by_key[key] = made["id"]
                self._jobs[made["id"]] = {"since": now, "failed": failed, "response": made}
            return self._state(self._by_key[key], now)
        name = request.path.removeprefix(f"{JOBS}/")
        if request.method != "GET" or name not in self._jobs:
            raise Refusal(404, "not_found", "Not found")
        return self._state(name, now)

    def _state(self, name: str, now: float) -> dict[str, Json]:
        job = self._jobs[name]
        told = {"id": name, "model": job["response"]["model"], "created_at": int(job["since"])}
        if now < job["since"] + self.deep:
            return {**told, "status": "CREATED" if now == job["since"] else "IN_PROGRESS", "response": None}
        ended = int(job["since"] + self.deep)
        if job["failed"]:
            return {**told, "status": "FAILED", "failed_at": ended, "error_message": "The research failed."}
        return {**told, "status": "COMPLETED", "completed_at": ended, "response": job["response"]}

    def _written(self, body: Mapping[str, Json], now: float) -> dict[str, Json]:
        number = self.world.next_number()
        name = f"{bits(self.world.seed, 'answer', number):032x}"
        made = completion(body, name, self.world.seed, now)
        self.remember(now, name, ACCOUNT, ANSWER, {"model": made["model"], "usage": dict(made["usage"])})
        return made


__all__ = ["ACCOUNT", "ANSWER", "KEY", "PerplexitySandbox"]
