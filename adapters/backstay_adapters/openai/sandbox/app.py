"""The simulator itself: routes a request, guards it, lets the model draw, and puts the answer on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Unpack

from backstay.sandbox.content import ContentSandbox, Settings, early, whole
from backstay.sandbox.draws import bits
from backstay.sandbox.faults import Fault
from backstay.sandbox.wire import Reply, Request
from backstay.sandbox.world import World
from backstay_adapters.openai.models import MODELS, SUNSETS
from backstay_adapters.openai.sandbox import checks
from backstay_adapters.openai.sandbox.answer import answer, base64_of, pictures
from backstay_adapters.openai.sandbox.faults import words
from backstay_adapters.openai.sandbox.files import Files
from backstay_adapters.openai.sandbox.limits import Limits
from backstay_adapters.openai.sandbox.refusal import Refusal
from backstay_adapters.openai.sandbox.settings import KEY, ORGANIZATION

Json = Any

PICTURE: Final = "picture"
"""The level of the world's objects: pictures that were drawn, and are billed."""
UNSAFE: Final = "http://169.254.169.254/latest/meta-data"
"""An address that no vendor has any business to give."""


class OpenAISandbox(ContentSandbox):
    """An Images API for tests: the same seed and the same requests give the same pictures.

    A VENDOR_ERROR with a name of `sandbox.faults` answers with that error. `tier` turns rate limits and their headers
    on (the real API mostly sends none for pictures). With `urls` pictures come as addresses that work for an hour, and
    tokens are not counted unless `counting` says so: as old deployments did, and as compatible servers do. See
    `ContentSandbox` for the rest.
    """

    vendor = "openai"
    KEY = KEY

    def __init__(
        self,
        world: World | None = None,
        *,
        tier: str | None = None,
        urls: bool = False,
        counting: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        self.tier = tier
        self.urls = urls
        self.counting = counting
        super().__init__(world, **settings)

    def begin(self) -> None:
        """See `ContentSandbox.begin`."""
        super().begin()
        self.limits = Limits(self.tier)
        self.files = Files(self.world.seed)

    def operation(self, request: Request) -> str:
        """Such as "images/generations" or "files/img-1.png"."""
        return super().operation(request).removeprefix("v1/")

    def request_id(self) -> str:
        """See `ContentSandbox.request_id`."""
        return f"req_{super().request_id()}"

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault)
        early(fault, broken)
        name = self.operation(request)
        if request.method == "GET" and name.startswith("files/"):
            return self.files.answer(name.removeprefix("files/"), now)
        checks.access(request, self.keys)
        headers = {
            "x-request-id": request_id, "openai-version": "2020-10-01", "openai-organization": ORGANIZATION,
            "openai-processing-ms": str(11_500 + bits(self.world.seed, "took", self.requests) % 20_000),
        }  # fmt: skip
        match (request.method, name):
            case ("POST", "images/generations" | "images/edits"):
                how = (fault.error or "") if fault is not None else ""
                made = self._draw(checks.order_of(request, edit=name == "images/edits"), request, now, how)
                headers |= self.limits.headers(now)
            case ("GET", "models"):
                made = {"object": "list", "data": [_model(each) for each in MODELS]}
            case _:
                raise _unknown(request.method, name)
        return whole(made, headers, broken)

    def _draw(self, order: checks.Order, request: Request, now: float, how: str) -> Json:
        self.limits.take(now, order.count, order.model)
        drawn = pictures(order, self.world.seed)
        for _ in drawn:
            data = {"model": order.model, "prompt": order.body["prompt"], "sources": order.sources}
            self.remember(now, f"img-{self.world.next_number()}", ORGANIZATION, PICTURE, data)
        made = answer(order, self._shown(drawn, request, now, how), now)
        bare = self.urls and not self.counting
        return {name: made[name] for name in ("created", "data")} if bare else made

    def _shown(self, drawn: Sequence[bytes], request: Request, now: float, how: str) -> list[dict[str, Json]]:
        """The pictures as the answer has them: in itself, by address, or, for some faults, not at all."""
        match how:
            case "empty":
                return []
            case "no_picture":
                return [base64_of(b"not a picture") for _ in drawn]
            case "unsafe_address":
                return [{"url": UNSAFE} for _ in drawn]
            case "dead_address":
                return [self.files.keep(each, request, now, dead=True) for each in drawn]
            case "by_address":
                return [self.files.keep(each, request, now) for each in drawn]
            case _:
                return [self.files.keep(each, request, now) if self.urls else base64_of(each) for each in drawn]


def _unknown(method: str, name: str) -> Refusal:
    if name == "images/variations":
        message = "The image variations endpoint has been retired and is no longer available."
        return Refusal(404, "invalid_request_error", message, "endpoint_deprecated")
    return Refusal(404, "invalid_request_error", f"Invalid URL ({method} /v1/{name})")


def _model(name: str) -> dict[str, Json]:
    end = SUNSETS.get(name)
    return {
        "id": name, "object": "model", "created": 1_770_000_000, "owned_by": "system",
        "shutdown_date": None if end is None else end.last_day.isoformat(),
    }  # fmt: skip


__all__ = ["PICTURE", "OpenAISandbox"]
