"""Pictures that come as addresses: they are bytes all the same, fetched as reads of their own, and with care."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from backstay.content import Basis, ImageRequest, ImageResult
from backstay.download import DownloadRules, Downloads
from backstay.errors import BackstayError, InvalidRequestError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport, SimTransport2, serve
from backstay.taxonomy import Certainty
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.openai import OpenAIImages
from backstay_adapters.openai.profile import openai_profile
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox

ASKED = ImageRequest(prompt="A red sail")


class Bench:
    """A simulator that answers with addresses, and the two roads to it: the SDK's, and that of downloads."""

    def __init__(self, *rules: FaultRule, **sandbox: Any) -> None:
        self.clock = VirtualClock()
        self.sandbox = OpenAISandbox(seed=1, faults=FaultPlan(rules), **{"urls": True, **sandbox})
        self.asked = SimTransport2(self.sandbox, self.clock)
        self.fetched = SimTransport(self.sandbox, self.clock)
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())

    def draw(self, request: ImageRequest = ASKED, **arguments: Any) -> ImageResult:
        """One picture."""
        adapter = OpenAIImages(
            KEY, runtime=self.runtime, transport=self.asked, downloads=Downloads(transport=self.fetched), **arguments
        )
        result: ImageResult = virtually(adapter.generate_image(request), self.clock)
        return result


def named(error: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=error, operation="images/*", **facts)


def test_a_picture_by_address_is_bytes() -> None:
    """Fetched at once and without our key; what is kept of the address holds no signature; it says when it ends."""
    bench = Bench()
    result = bench.draw(ASKED.but(n=2))
    assert len({image.sha256 for image in result.images}) == 2
    image = result.image
    assert (image.media_type, image.width, image.height) == ("image/png", 1024, 1024)
    assert image.revised_prompt == "A picture as it was asked for."
    assert image.url is not None
    assert "?" not in image.url
    assert image.expires_at == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert [sent.method for sent in bench.fetched.requests] == ["GET", "GET"]
    assert all("authorization" not in sent.headers and KEY not in str(sent) for sent in bench.fetched.requests)


def test_what_is_not_counted_has_no_known_cost() -> None:
    """Such answers say nothing of tokens: unknown, and never nought."""
    cost = Bench().draw().cost
    assert cost is not None
    assert (cost.basis, cost.amount) == (Basis.UNKNOWN, None)


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.HTTP_5XX, FaultKind.HALF_JSON, FaultKind.EMPTY])
def test_a_download_is_tried_again_by_itself(kind: FaultKind) -> None:
    """A read: the picture is drawn once, and fetched until it is here."""
    bench = Bench(FaultRule(kind, operation="files/*", times=2, wrong_length=kind is FaultKind.HALF_JSON, status=503))
    assert bench.draw().image.data
    assert (len(bench.asked.requests), len(bench.sandbox.world.objects())) == (1, 1)


@pytest.mark.parametrize("again", [False, True])
def test_a_picture_that_cannot_be_fetched_is_not_drawn_again(again: bool) -> None:
    """It is drawn and billed; the error is of unknown outcome, whatever the profile says of lost pictures."""
    bench = Bench(FaultRule(FaultKind.RESET_BEFORE, operation="files/*"))
    with pytest.raises(BackstayError) as caught:
        bench.draw(profile=openai_profile().with_(generate_again=again))
    assert (caught.value.certainty, caught.value.retry_allowed) == (Certainty.UNKNOWN, False)
    assert (len(bench.asked.requests), len(bench.fetched.requests)) == (1, 4)
    assert bench.runtime.ledger.total().lost > 0


def test_an_address_that_has_ended_is_named() -> None:
    """403 by the storage: no retry, and the hint says why."""
    bench = Bench(named("dead_address"))
    with pytest.raises(BackstayError) as caught:
        bench.draw()
    assert (caught.value.type, len(bench.fetched.requests)) == ("PERMISSION_DENIED", 1)
    assert "expire" in str(caught.value.hint)


def test_an_address_inside_our_network_is_not_asked() -> None:
    """The vendor's answer cannot make us ask the cloud's own metadata."""
    bench = Bench(named("unsafe_address"))
    with pytest.raises(InvalidRequestError) as caught:
        bench.draw()
    assert caught.value.field == "url"
    assert bench.fetched.requests == []


async def test_on_a_socket_a_private_address_needs_leave() -> None:
    """The sandbox lies on this machine: refused as it comes, allowed where the user says so."""
    async with serve({"openai": OpenAISandbox(seed=1, urls=True)}) as served:
        runtime = Runtime.in_memory(listeners=())
        async with OpenAIImages(KEY, runtime=runtime, base_url=served.urls["openai"]) as careful:
            with pytest.raises(InvalidRequestError):
                await careful.generate_image(ASKED)
        rules = DownloadRules(schemes=frozenset({"http"}), private=True)
        fetching = Downloads(rules)
        async with OpenAIImages(KEY, runtime=runtime, base_url=served.urls["openai"], downloads=fetching) as trusting:
            assert (await trusting.generate_image(ASKED)).image.width == 1024
        await fetching.aclose()
