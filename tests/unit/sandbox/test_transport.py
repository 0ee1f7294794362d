"""The in-process shell: every fault as httpx would show it, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from backstay.engine.loop import begin
from backstay.engine.loop import run as drive
from backstay.errors import ConnectionFailedError
from backstay.http import Http
from backstay.sandbox import FaultKind, FaultRule, SimTransport
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock, run
from tests.support import make_plan
from tests.unit.sandbox.toy import Toy

Outcome = tuple[object, bool, int, float]


def play(*rules: FaultRule, timeout: float | None = None, method: str = "POST") -> Outcome:
    """One request: its answer or error's class, whether its head left, objects made, seconds taken."""
    toy, clock = Toy(*rules), VirtualClock()
    sent: list[bool] = []

    async def main() -> object:
        async with httpx.AsyncClient(transport=SimTransport(toy, clock), timeout=timeout) as client:
            request = client.build_request(method, "http://toy/things/?a=1", json={})
            request.extensions["backstay.sent"] = lambda: sent.append(True)
            try:
                answer = await client.send(request)
            except httpx.HTTPError as error:
                return type(error)
            return answer

    began = clock.monotonic()
    outcome = run(main(), clock)
    return outcome, bool(sent), len(toy.world.objects()), clock.monotonic() - began


def rule(kind: FaultKind, **facts: Any) -> FaultRule:
    """A rule that always strikes."""
    return FaultRule(kind, **facts)


K = FaultKind
RAISING = [
    (rule(K.CONNECT_REFUSED), None, httpx.ConnectError, False, 0, 0.0),
    (rule(K.CONNECT_REFUSED, delay=3.0), None, httpx.ConnectError, False, 0, 3.0),
    (rule(K.RESET_BEFORE), None, httpx.ReadError, True, 0, 0.0),
    (rule(K.RESET_AFTER), None, httpx.ReadError, True, 1, 0.0),
    (rule(K.TIMEOUT, after_commit=True), 5.0, httpx.ReadTimeout, True, 1, 5.0),
    (rule(K.TIMEOUT, after_commit=False), 5.0, httpx.ReadTimeout, True, 0, 5.0),
    (rule(K.TIMEOUT, after_commit=True), None, httpx.RemoteProtocolError, True, 1, 3600.0),
    (rule(K.LATENCY, delay=8.0), 5.0, httpx.ReadTimeout, True, 1, 5.0),
    (rule(K.LATENCY, delay=12.0), 5.0, httpx.ReadTimeout, True, 1, 5.0),
    (rule(K.HALF_JSON, wrong_length=True), None, httpx.RemoteProtocolError, True, 1, 0.0),
    (rule(K.SLOW_DRIP, delay=80.0), 5.0, httpx.ReadTimeout, True, 1, 5.0),
]


@pytest.mark.parametrize(("fault", "timeout", "error", "sent", "made", "took"), RAISING)
def test_faults_raise_what_httpx_raises(
    fault: FaultRule, timeout: float | None, error: type[Exception], sent: bool, made: int, took: float
) -> None:
    """The error's class, the sent mark, the effect in the world and the time are as in real life."""
    assert play(fault, timeout=timeout) == (error, sent, made, pytest.approx(took))


ANSWERING = [
    (None, 200, b'{"count":1', 1, 0.0),
    (rule(K.LATENCY, delay=3.0), 200, b'{"count":1', 1, 3.0),
    (rule(K.SLOW_DRIP, delay=8.0), 200, b'{"count":1', 1, 8.0),
    (rule(K.HTTP_5XX, status=503), 503, b"Service Unavailable", 0, 0.0),
    (rule(K.HTTP_5XX, status=502, after_commit=True), 502, b"Bad Gateway", 1, 0.0),
    (rule(K.HTML, status=200), 200, b"<!DOCTYPE html>", 0, 0.0),
    (rule(K.HTML, status=502, after_commit=True), 502, b"<!DOCTYPE html>", 1, 0.0),
    (rule(K.HALF_JSON), 200, b'{"count":1', 1, 0.0),
    (rule(K.EMPTY), 200, b"", 1, 0.0),
    (rule(K.RATE_LIMIT), 200, b'{"words":"rate_limit"}', 0, 0.0),
    (rule(K.VENDOR_ERROR, after_commit=True), 200, b'{"words":"vendor_error"}', 1, 0.0),
    (rule(K.TOKEN_EXPIRED), 200, b'{"words":"token_expired"}', 0, 0.0),
    (rule(K.TOKEN_REVOKED), 200, b'{"words":"token_revoked"}', 0, 0.0),
    (rule(K.PARTIAL), 200, b'{"words":"partial"}', 1, 0.0),
]


@pytest.mark.parametrize(("fault", "status", "begins", "made", "took"), ANSWERING)
def test_faults_answer_what_they_should(
    fault: FaultRule | None, status: int, begins: bytes, made: int, took: float
) -> None:
    """Status and body, the effect in the world, and the time."""
    answer, sent, objects, seconds = play(*([fault] if fault else []))
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == status
    assert answer.content.startswith(begins)
    assert (sent, objects, seconds) == (True, made, pytest.approx(took))


def test_half_of_a_json_is_no_json() -> None:
    """The body is whole by its length and broken by its content."""
    answer, *_ = play(rule(K.HALF_JSON))
    assert isinstance(answer, httpx.Response)
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(ValueError, match=r"JSON|Unterminated"):
        answer.json()


def cancelled(*rules: FaultRule, after: float) -> Toy:
    """A POST whose caller leaves after some seconds."""
    toy, clock = Toy(*rules), VirtualClock()

    async def main() -> None:
        async with httpx.AsyncClient(transport=SimTransport(toy, clock), timeout=None) as client:
            task = asyncio.create_task(client.post("http://toy/things/"))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    run(main(), clock)
    return toy


@pytest.mark.parametrize("after", [1.0, 6.0])
def test_a_caller_who_leaves_stops_nothing(after: float) -> None:
    """The vendor acts at its time, whether the caller has left before or after that."""
    toy = cancelled(rule(K.LATENCY, delay=10.0), after=after)
    assert [effect.at for effect in toy.world.log] == [pytest.approx(1_767_225_600.0 + 5.0)]


def test_a_caller_who_leaves_a_lost_request_changes_nothing() -> None:
    """A request that never got through has no effect after a cancellation either."""
    assert cancelled(rule(K.TIMEOUT, after_commit=False), after=1.0).world.log == []


def test_requests_are_kept_for_the_test() -> None:
    """What left is there to look at: method, path with its slash, query."""
    toy, clock = Toy(), VirtualClock()
    transport = SimTransport(toy, clock)

    async def main(call: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            await call(client)

    run(main(lambda client: client.get("http://toy/things/", params={"a": '["1"]'})), clock)
    (request,) = transport.requests
    assert (request.method, request.path, request.query) == ("GET", "/things/", {"a": '["1"]'})


@pytest.mark.parametrize(
    ("kind", "certainty"),
    [
        (K.CONNECT_REFUSED, Certainty.NOT_SENT),
        (K.RESET_BEFORE, Certainty.UNKNOWN),
        (K.RESET_AFTER, Certainty.UNKNOWN),
    ],
)
def test_our_client_knows_what_was_sent(kind: FaultKind, certainty: Certainty) -> None:
    """Only a refused connection proves that nothing was sent: the transport's mark says so."""
    toy, clock = Toy(rule(kind)), VirtualClock()
    http = Http("http://toy", transport=SimTransport(toy, clock))

    async def main() -> None:
        plan = make_plan(clock)
        plan.retry = plan.retry.__class__(max_attempts=1)
        await drive(begin(plan), lambda: http.send("POST", "/things/"), (), {})

    with pytest.raises(ConnectionFailedError) as caught:
        run(main(), clock)
    assert caught.value.certainty is certainty
