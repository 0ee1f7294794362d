"""The wires of processes that die or stand still."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from backstay.testing.clock import VirtualClock, run
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import RpcWire, Wire


class Vendor(httpx.AsyncBaseTransport):
    """Acts half a second after a request has arrived; `call` is the same over gRPC."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.acted: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.act()
        return httpx.Response(200)

    async def act(self) -> None:
        for _ in range(5):
            await self.clock.sleep(0.1)
        self.acted.append(round(self.clock.monotonic() - self.began, 3))

    def unary_unary(self, method: str, **_: object) -> object:
        return lambda: asyncio.ensure_future(self.act())

    began = 0.0


def asked(vendor: Vendor, process: Process, wire: str, *, arrives: bool) -> list[float]:
    """When the vendor acted on one request, in seconds, after everything is over."""

    async def work() -> None:
        if wire == "http":
            await Wire(vendor, process, arrives=arrives).handle_async_request(httpx.Request("POST", "http://x"))
        else:
            await RpcWire(vendor, process, arrives=arrives).unary_unary("m")()

    async def play() -> None:
        vendor.began = vendor.clock.monotonic()
        end = asyncio.ensure_future(process.run(work()))
        await asyncio.wait([end])
        if process.dead:
            assert isinstance(end.exception(), Gone)
        else:
            end.result()
        await vendor.clock.sleep(100.0)
        process.bury()

    run(play(), vendor.clock)
    return vendor.acted


@pytest.mark.parametrize("wire", ["http", "rpc"])
@pytest.mark.parametrize("arrives", [True, False])
def test_a_vendor_does_not_stand_still_with_its_caller(wire: str, arrives: bool) -> None:
    """A process that stands still for a minute has its request carried out at the usual moment all the same."""
    vendor = Vendor(VirtualClock(1))
    assert asked(vendor, Process(stalls_at=1, stalls_for=60.0), wire, arrives=arrives) == [0.5]


@pytest.mark.parametrize("wire", ["http", "rpc"])
@pytest.mark.parametrize(("arrives", "acts"), [(True, [0.5]), (False, [])])
def test_what_a_dead_process_had_sent_goes_on_or_is_lost(wire: str, arrives: bool, acts: list[float]) -> None:
    """`arrives` decides."""
    vendor = Vendor(VirtualClock(1))
    assert asked(vendor, Process(1), wire, arrives=arrives) == acts
