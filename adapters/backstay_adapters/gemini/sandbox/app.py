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
from backstay_adapters.gemini.sandbox import checks
from backstay_adapters.gemini.sandbox.answer import answer, input_tokens
from backstay_adapters.gemini.sandbox.events import chunks, error_event
from backstay_adapters.gemini.sandbox.faults import said, words
from backstay_adapters.gemini.sandbox.limits import Limits
from backstay_adapters.gemini.sandbox.refusal import Refusal
from backstay_adapters.gemini.sandbox.settings import KEY, PROJECT, Said

Json = Any

ANSWER: Final = "answer"
"""The level of the world's objects: texts and pictures that were made, and are billed."""
WRITES: Final = frozenset({"generateContent", "streamGenerateContent"})


class GeminiSandbox(ContentSandbox):
    """A Gemini for tests: the same seed and the same requests give the same texts and pictures.

    A VENDOR_ERROR with a name of `sandbox.faults` answers with that error, or with 200 and no good. `tier` turns quotas
    on. See `ContentSandbox` for the rest.
    """

    vendor = "gemini"
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
        """Such as "generateContent"."""
        return super().operation(request).rpartition(":")[2]

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault)
        early(fault, broken)
        checks.access(request, self.keys)
        path, _, method = request.path.strip("/").rpartition(":")
        model = path.rpartition("models/")[2]
        if request.method != "POST" or method not in {*WRITES, "countTokens"}:
            raise Refusal(404, "NOT_FOUND", "Requested entity was not found.")
        most, body = checks.model_of(model, method), checks.body_of(request)
        tokens = input_tokens(body)
        checks.contents(body, most, tokens)
        headers = {"server-timing": f"gfet4t7; dur={bits(self.world.seed, 'took', self.requests) % 900 + 100}"}
        if method == "countTokens":
            return whole({"totalTokens": tokens}, headers, broken)
        self.limits.take(now, model)
        made = self._made(model, body, fault, now)
        if method == "generateContent":
            return whole(made, headers, broken)
        error = None if broken is None else error_event(broken.body(request_id))
        return streamed(chunks(made, self.pace), headers, error)

    def _made(self, model: str, body: Mapping[str, Json], fault: Fault | None, now: float) -> dict[str, Json]:
        number = self.world.next_number()
        told = said(fault) or (self._next.popleft() if self._next else None)
        # A picture is another one each time: models draw no picture twice.
        seed = self.world.seed + (number if model.endswith("-image") else 0)
        made = answer(model, body, told, seed, f"resp-{bits(self.world.seed, 'response', number):016x}")
        self.remember(now, f"answer-{number}", PROJECT, ANSWER, {"model": model, "usage": made["usageMetadata"]})
        return made


__all__ = ["ANSWER", "GeminiSandbox"]
