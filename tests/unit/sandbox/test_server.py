"""The loopback shell on real sockets: real resets, real silence, and the admin routes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox import FaultKind, FaultRule, Served, serve
from tests.unit.sandbox.toy import Toy

K = FaultKind


@contextlib.asynccontextmanager
async def serving(*rules: FaultRule, **kwargs: Any) -> AsyncIterator[tuple[Toy, Served, aiohttp.ClientSession]]:
    """A toy behind a socket, and a client that waits half a second at most."""
    toy = Toy(*rules)
    timeout = aiohttp.ClientTimeout(total=0.5)
    async with serve({"toy": toy}, **kwargs) as served, aiohttp.ClientSession(timeout=timeout) as session:
        yield toy, served, session


async def post(*rules: FaultRule) -> tuple[object, int]:
    """One POST: status and body, or the error's class; and objects made."""
    async with serving(*rules) as (toy, served, session):
        try:
            async with session.post(f"{served.urls['toy']}/things/", json={}) as answer:
                outcome: object = (answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = type(error)
        return outcome, len(toy.world.objects())


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [
        (FaultRule(K.CONNECT_REFUSED), aiohttp.ClientOSError, 0),
        (FaultRule(K.RESET_BEFORE), aiohttp.ClientOSError, 0),
        (FaultRule(K.RESET_AFTER), aiohttp.ClientOSError, 1),
        (FaultRule(K.TIMEOUT, after_commit=True), TimeoutError, 1),
        (FaultRule(K.TIMEOUT, after_commit=False), TimeoutError, 0),
        (FaultRule(K.HALF_JSON, wrong_length=True), aiohttp.ClientPayloadError, 1),
        (FaultRule(K.SLOW_DRIP, delay=4.0), TimeoutError, 1),
    ],
)
async def test_connections_really_break(fault: FaultRule, error: type[Exception], made: int) -> None:
    """A client on a real socket sees resets, silence and cut bodies; the effect is in the world or not."""
    outcome, objects = await post(fault)
    assert isinstance(outcome, type)
    assert issubclass(outcome, error) or (error is aiohttp.ClientOSError and issubclass(outcome, aiohttp.ClientError))
    assert objects == made


@pytest.mark.parametrize(
    ("fault", "status", "begins", "made"),
    [
        (None, 200, b'{"count":1', 1),
        (FaultRule(K.LATENCY, delay=0.02), 200, b'{"count":1', 1),
        (FaultRule(K.SLOW_DRIP, delay=0.05), 200, b'{"count":1', 1),
        (FaultRule(K.HTTP_5XX, status=504), 504, b"Gateway Timeout", 0),
        (FaultRule(K.HTML, status=502), 502, b"<!DOCTYPE", 0),
        (FaultRule(K.HALF_JSON), 200, b'{"count":1', 1),
        (FaultRule(K.EMPTY), 200, b"", 1),
        (FaultRule(K.RATE_LIMIT), 200, b'{"words"', 0),
    ],
)
async def test_answers_come_as_planned(fault: FaultRule | None, status: int, begins: bytes, made: int) -> None:
    """Status and body over a real socket."""
    outcome, objects = await post(*([fault] if fault else []))
    assert isinstance(outcome, tuple)
    assert outcome[0] == status
    assert outcome[1].startswith(begins)
    assert objects == made


async def admin(
    session: aiohttp.ClientSession, served: Served, method: str, path: str, body: str = ""
) -> tuple[int, Any]:
    """One administrative request."""
    async with session.request(method, served.admin_url + path, data=body) as answer:
        return answer.status, await answer.json()


async def test_the_world_can_be_seen_and_emptied() -> None:
    """Summary, objects and log over HTTP; a reset empties them."""
    async with serving() as (toy, served, session):
        async with session.post(f"{served.urls['toy']}/things/") as answer:
            assert answer.status == 200
        assert (await admin(session, served, "GET", "summary"))[1]["objects"] == 1
        assert (await admin(session, served, "GET", "objects"))[1][0]["level"] == "thing"
        assert (await admin(session, served, "GET", "log"))[1][0]["kind"] == "create"
        assert (await admin(session, served, "POST", "reset"))[1]["objects"] == 0
        assert toy.world.log == []
        assert "GET summary" in (await admin(session, served, "GET", ""))[1]["routes"]


async def test_faults_come_and_go() -> None:
    """A plan put over HTTP strikes at once and can be read and deleted."""
    async with serving() as (toy, served, session):
        plan = json.dumps({"seed": 4, "rules": [{"kind": "http_5xx", "status": 503}]})
        assert (await admin(session, served, "PUT", "faults", plan))[0] == 200
        async with session.get(f"{served.urls['toy']}/things/") as answer:
            assert answer.status == 503
        shown = (await admin(session, served, "GET", "faults"))[1]
        assert (shown["seed"], shown["struck"]) == (4, [1])
        await admin(session, served, "DELETE", "faults")
        assert toy.faults is None
        async with session.get(f"{served.urls['toy']}/things/") as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("PUT", "faults", "{", 400, "faults"),
        ("PUT", "faults", '{"rules": [{"kind": "boom"}]}', 400, "rules[0].kind"),
        ("GET", "summary?vendor=meta", "", 400, "vendor"),
        ("GET", "nothing", "", 404, "path"),
        ("POST", "advance", "{", 400, "seconds"),
        ("POST", "advance", '{"seconds": -1}', 400, "seconds"),
    ],
)
async def test_bad_admin_requests_say_what_is_wrong(method: str, path: str, body: str, status: int, field: str) -> None:
    """Field and cure are in the answer, and nothing has changed."""
    async with serving() as (toy, served, session):
        got, told = await admin(session, served, method, path, body)
        assert (got, told["field"]) == (status, field)
        assert told["cure"]
        assert toy.faults is None


async def test_time_can_be_advanced() -> None:
    """The simulators' clock runs ahead by what is asked."""
    async with serving() as (_, served, session):

        async def now() -> float:
            async with session.get(f"{served.urls['toy']}/things/") as answer:
                return float(answer.headers["x-now"])

        before = await now()
        assert (await admin(session, served, "POST", "advance", '{"seconds": 3600}'))[1]["ahead"] == 3600.0
        assert 3600.0 <= await now() - before < 3605.0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com", "::"])
async def test_only_loopback_is_served(host: str) -> None:
    """The sandbox has no protection, so other machines must not reach it."""
    with pytest.raises(InvalidRequestError, match="host"):
        async with serve({"toy": Toy()}, host=host):
            pass


async def test_a_single_vendor_answers_at_the_root_too() -> None:
    """With two vendors the path must name one; with one it may."""
    async with (
        serving() as (_, served, session),
        session.get(f"http://127.0.0.1:{served.port}/things/") as answer,
    ):
        assert answer.status == 200
    async with serve({"a": Toy(), "b": Toy()}) as served, aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{served.port}/things/") as answer:
            assert (answer.status, "/a/" in await answer.text()) == (404, True)
        async with session.get(f"{served.urls['b']}/things/") as answer:
            assert answer.status == 200


async def test_silence_does_not_hold_up_the_end() -> None:
    """The server closes although a client is still waiting for its answer, and the client learns of it."""
    session = aiohttp.ClientSession()
    async with serve({"toy": Toy(FaultRule(K.TIMEOUT))}) as served:
        task = asyncio.create_task(session.post(f"{served.urls['toy']}/things/").__aenter__())
        await asyncio.sleep(0.05)
    with pytest.raises(aiohttp.ClientError):
        await asyncio.wait_for(task, 5.0)
    await session.close()
