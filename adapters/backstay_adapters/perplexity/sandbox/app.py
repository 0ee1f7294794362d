"""The simulator itself: routes a request, guards it, answers it or begins a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.faultfile import load_faults
from backstay.sandbox.faults import Fault, FaultPlan
from backstay.sandbox.wire import Reply, Request, json_reply, stream_reply
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


class PerplexitySandbox:
    """A Perplexity for tests: the same seed and the same requests give the same answers.

    `faults` is a plan, the name of one ("calm", "storm"), or a file's path; a VENDOR_ERROR has an `error` of
    `refusal.ERRORS`, or "job_failed" for a job that ends badly. `pace` is the time in seconds between two pieces of a
    stream, `deep` the time that a job takes. The same idempotency key gives the same job.
    """

    vendor: str = "perplexity"

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        faults: FaultPlan | str | None = None,
        keys: Iterable[str] = (KEY,),
        pace: float = 0.0,
        deep: float = 120.0,
    ) -> None:
        self.world = world or World(seed)
        self.keys = dict.fromkeys(keys, True)
        self.pace = pace
        self.deep = deep
        self.faults = load_faults(faults, seed) if isinstance(faults, str) else faults
        self._begin()

    def _begin(self) -> None:
        self._requests = 0
        self._jobs: dict[str, dict[str, Json]] = {}
        self._by_key: dict[str, str] = {}

    def reset(self) -> None:
        """An empty world; keys stay, the fault plan begins anew."""
        self.world.clear()
        self._begin()
        if self.faults is not None:
            self.faults.reset()

    def expire(self, key: str = KEY) -> None:
        """A key that is good no more: the vendor does not say why."""
        self.keys[key] = False

    revoke = expire

    def operation(self, request: Request) -> str:
        """Such as "chat/completions", "async/chat/completions"; a look at a job is "async/chat/completions/get"."""
        path = request.path.strip("/")
        return f"{JOBS.strip('/')}/get" if path.startswith(f"{JOBS.strip('/')}/") else path

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what is asked at `now` (wall seconds) and answer."""
        self._requests += 1
        request_id = f"{bits(self.world.seed, 'request', self._requests):032x}"
        try:
            return self._answer(request, now, fault, request_id)
        except Refusal as refusal:
            return refusal.reply(request_id)

    def _answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        broken = None if fault is None else words(fault)
        if broken is not None and fault is not None and not fault.after_commit:
            raise broken
        checks.access(request, self.keys)
        if (request.method, request.path) == ("POST", "/chat/completions"):
            return self._chat(request, now, broken, request_id)
        made = self._job(request, now, fault)
        if broken is not None:
            raise broken
        return json_reply(made, x_request_id=request_id)

    def _chat(self, request: Request, now: float, broken: Refusal | None, request_id: str) -> Reply:
        body = checks.body_of(request)
        checks.chat(body)
        made = self._written(body, now)
        if body.get("stream"):
            parts = events(made)
            if broken is not None:
                parts = [*parts[: len(parts) // 2], event(broken.body())]
            return stream_reply([(self.pace, part) for part in parts], x_request_id=request_id)
        if broken is not None:
            raise broken
        return json_reply(made, x_request_id=request_id)

    def _job(self, request: Request, now: float, fault: Fault | None) -> dict[str, Json]:
        if (request.method, request.path) == ("POST", JOBS):
            asked = checks.body_of(request)
            checks.chat(asked.get("request") or {})
            key = str(asked.get("idempotency_key") or f"none-{self._requests}")
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
        data = {"model": made["model"], "usage": dict(made["usage"])}
        self.world.create(now, id=name, account=ACCOUNT, level=ANSWER, data=data, spends=False, kind="generate")
        return made


__all__ = ["ACCOUNT", "ANSWER", "KEY", "PerplexitySandbox"]
