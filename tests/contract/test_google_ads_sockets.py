"""GoogleAds over real loopback sockets: what only a socket can show."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from backstay.clock import SystemClock
from backstay.errors import BackstayError
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve_rpc
from backstay.taxonomy import Certainty
from backstay.writes.guard import SpendGuard
from backstay_adapters.google_ads import GoogleAds, google_ads_profile
from backstay_adapters.google_ads.sandbox import CUSTOMERS, TOKEN, GoogleAdsSandbox
from tests.support.google import google_bench

PROFILE = google_ads_profile("standard").with_(read_lag=0.0, limits={}, attempt_timeout=5.0)


def adapter(target: str, *listeners: Any, **options: Any) -> GoogleAds:
    """One that speaks to this machine."""
    runtime = Runtime.in_memory(clock=SystemClock(1), listeners=listeners, guard=SpendGuard.unlimited())
    return GoogleAds(CUSTOMERS[0], TOKEN, runtime=runtime, profile=PROFILE, endpoint=f"http://{target}", **options)


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.HTTP_5XX])
async def test_a_lost_answer_on_a_real_socket_is_unknown_looked_up_and_adopted(kind: FaultKind) -> None:
    """The vendor commits and the connection breaks: UNKNOWN, found by its marker, adopted, one object."""
    rule = FaultRule(kind, operation="GoogleAdsService/Mutate", times=1, after_commit=True, status=502)
    sandbox = GoogleAdsSandbox(seed=1, faults=FaultPlan([rule]))
    events: list[Event] = []
    async with serve_rpc(sandbox) as served, adapter(served.target, events.append) as ads:
        made = await ads.create_campaign(google_bench(sandbox).campaign(), idempotency_key="socket/1")
    assert made.how == "adopted"
    assert len(sandbox.world.objects(level="campaign")) == 1
    assert [event.facts()["outcome"] for event in events if event.name == "write_settled"] == ["adopted"]


async def test_a_connection_that_dies_between_two_calls_is_opened_again() -> None:
    """A server that is gone and comes back on its port: the calls in between were not sent, the next one is."""
    async with serve_rpc(GoogleAdsSandbox()) as served:
        target = served.target
        ads = adapter(target, max_attempts=1)
        await ads.get_account(max_age=0)
    with pytest.raises(BackstayError) as caught:
        await ads.get_account(max_age=0, max_stale=0)
    assert caught.value.certainty is Certainty.NOT_SENT
    host, _, port = target.rpartition(":")
    async with serve_rpc(GoogleAdsSandbox(), host, int(port)):
        account = await ads.with_options(max_attempts=4).get_account(max_age=0, max_stale=0)
        await ads.aclose()
    assert account.currency == "USD"


async def test_without_a_vendor_nothing_was_sent() -> None:
    """Connection refused: NOT_SENT after every attempt, so the key is free again."""
    async with serve_rpc(GoogleAdsSandbox()) as served:
        target = served.target
    ads = adapter(target, max_attempts=2)
    with pytest.raises(BackstayError) as caught:
        await ads.get_account()
    await ads.aclose()
    assert caught.value.type == "CONNECTION_FAILED"
    assert caught.value.certainty is Certainty.NOT_SENT
    assert caught.value.retry_allowed


OVER_TLS = f"""
import asyncio, sys
from backstay.runtime import Runtime
from backstay_adapters.google_ads import GoogleAds

async def main():
    runtime = Runtime.in_memory(listeners=())
    async with GoogleAds("{CUSTOMERS[1]}", "{TOKEN}", runtime=runtime, endpoint=sys.argv[1], max_attempts=1) as ads:
        print((await ads.get_account()).currency)

asyncio.run(main())
"""


@pytest.mark.parametrize("trusted", [True, False])
async def test_an_address_without_a_scheme_is_spoken_to_over_tls(trusted: bool) -> None:
    """As the vendor's is; a certificate that this machine does not trust is no connection, and nothing was sent.

    In an interpreter of its own: grpc reads the trusted roots once.
    """
    async with serve_rpc(GoogleAdsSandbox(require_authorization=True), tls=True) as served:
        roots = {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(served.roots)} if trusted else {}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OVER_TLS, str(served.tls_target), env={**os.environ, **roots},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        out, said = await process.communicate()
    if trusted:
        assert (out, process.returncode) == (b"JPY\n", 0), said.decode()
    else:
        assert "ConnectionFailedError" in said.decode()
