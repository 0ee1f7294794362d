"""The official async client on Google Ads' simulator, in process and in virtual time: what it raises, and its traps."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, storm
from backstay.testing.clock import VirtualClock, run
from backstay_adapters.google_ads.sandbox import CUSTOMERS, DEVELOPER_TOKEN, MANAGER, TOKEN, GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.official import service
from tests.unit.google_ads.desk import CAMPAIGN, NOW

K = FaultKind
C = CUSTOMERS[0]
QUERY = "SELECT campaign.id, campaign.name FROM campaign"
Work = Callable[[Any, VirtualClock], Awaitable[Any]]


@pytest.fixture(autouse=True)
def quiet() -> None:
    """The client logs every failure; each failed call leaves a task behind otherwise (its own logging does)."""
    logging.getLogger("google.ads.googleads.client").setLevel(logging.CRITICAL)


def client(**options: Any) -> GoogleAdsClient:
    """The client as a user makes it; the constructor does no I/O."""
    options = {"developer_token": DEVELOPER_TOKEN, "login_customer_id": MANAGER, "use_proto_plus": True, **options}
    return GoogleAdsClient(AnonymousCredentials(), version="v26", **options)


def on(sim: GoogleAdsSandbox, work: Work, name: str = "GoogleAdsService") -> Any:
    """Run something with an official service in virtual time."""
    clock = VirtualClock()

    async def main() -> Any:
        return await work(
            service(client(), name, lambda each: sim.channel(clock, token=TOKEN, interceptors=each)), clock
        )

    return run(main(), clock)


def budget_operation(number: int = -1) -> dict[str, Any]:
    """A budget's create in a mixed mutate."""
    name = f"customers/{C}/campaignBudgets/{number}"
    create = {"resource_name": name, "amount_micros": 50_000_000, "explicitly_shared": False}
    return {"campaign_budget_operation": {"create": create}}


async def mutate(ads: Any, *operations: dict[str, Any], **options: Any) -> Any:
    """GoogleAdsService.Mutate with an explicit time-out."""
    return await ads.mutate(customer_id=C, mutate_operations=list(operations), timeout=10, **options)


def test_the_client_makes_reads_and_streams_a_tree() -> None:
    """Mutate, pages of Search, batches of SearchStream; the metadata are those of the real client."""
    sim = GoogleAdsSandbox(page_rows=1, require_authorization=True, require_developer_token=True)

    async def work(ads: Any, _: VirtualClock) -> None:
        for name in ("A", "B"):
            budget = f"customers/{C}/campaignBudgets/-1"
            campaign = {**CAMPAIGN, "name": name, "campaign_budget": budget}
            made = await mutate(ads, budget_operation(), {"campaign_operation": {"create": campaign}})
            assert made.mutate_operation_responses[1].campaign_result.resource_name.startswith(
                f"customers/{C}/campaigns/"
            )
        pager = await ads.search(customer_id=C, query=QUERY, timeout=10)
        assert [row.campaign.name async for row in pager] == ["A", "B"]
        stream = await ads.search_stream(customer_id=C, query=QUERY, timeout=10)
        assert [[row.campaign.name for row in batch.results] async for batch in stream] == [["A"], ["B"]]
        sent = ads.transport.grpc_channel.requests[-1].metadata
        assert sent["authorization"] == f"Bearer {TOKEN}"
        assert (sent["developer-token"], sent["login-customer-id"]) == (DEVELOPER_TOKEN, MANAGER)
        assert f"customer_id={C}" in sent["x-goog-request-params"]

    on(sim, work)


def test_a_services_own_mutate_takes_masks_and_flags() -> None:
    """CampaignService with an update mask, a remove, and validate_only in a request."""
    sim = GoogleAdsSandbox()

    async def work(campaigns: Any, clock: VirtualClock) -> None:
        budgets = service(client(), "CampaignBudgetService", lambda each: sim.channel(clock, interceptors=each))
        made = await budgets.mutate_campaign_budgets(
            customer_id=C, operations=[{"create": {"amount_micros": 50_000_000, "explicitly_shared": False}}], timeout=5
        )
        create = {"create": {**CAMPAIGN, "name": "A", "campaign_budget": made.results[0].resource_name}}
        request = {"customer_id": C, "operations": [create], "validate_only": True}
        assert (await campaigns.mutate_campaigns(request=request, timeout=5)).results == []
        own = (await campaigns.mutate_campaigns(customer_id=C, operations=[create], timeout=5)).results[0].resource_name
        update = {"update": {"resource_name": own, "status": "ENABLED"}, "update_mask": {"paths": ["status"]}}
        await campaigns.mutate_campaigns(customer_id=C, operations=[update], timeout=5)
        assert sim.thing(own).state == "active"
        await campaigns.mutate_campaigns(customer_id=C, operations=[{"remove": own}], timeout=5)
        assert sim.thing(own).state == "removed"

    on(sim, work, "CampaignService")


async def caught(work: Awaitable[Any]) -> Exception:
    """What a call raised."""
    with pytest.raises(Exception) as found:
        await work
    return found.value


REFUSALS: list[tuple[FaultRule, type[Exception], type[Exception]]] = [
    (FaultRule(K.TOKEN_EXPIRED), GoogleAdsException, exceptions.Unauthenticated),
    (FaultRule(K.TOKEN_REVOKED), GoogleAdsException, exceptions.Unauthenticated),
    (FaultRule(K.RATE_LIMIT), exceptions.ResourceExhausted, exceptions.ResourceExhausted),
    (FaultRule(K.RATE_LIMIT, long=True), exceptions.ResourceExhausted, exceptions.ResourceExhausted),
    (FaultRule(K.VENDOR_ERROR, error="internal_error.INTERNAL_ERROR"),
     exceptions.InternalServerError, exceptions.InternalServerError),
    (FaultRule(K.VENDOR_ERROR, error="INTERNAL"), exceptions.InternalServerError, exceptions.InternalServerError),
    (FaultRule(K.VENDOR_ERROR, error="UNAVAILABLE"), exceptions.ServiceUnavailable, exceptions.ServiceUnavailable),
    (FaultRule(K.VENDOR_ERROR, error="database_error.CONCURRENT_MODIFICATION"),
     GoogleAdsException, exceptions.InvalidArgument),
    (FaultRule(K.TOKEN_REVOKED, error="invalid_grant"), exceptions.ServiceUnavailable, exceptions.ServiceUnavailable),
    (FaultRule(K.CONNECT_REFUSED), exceptions.ServiceUnavailable, exceptions.ServiceUnavailable),
    (FaultRule(K.RESET_AFTER), exceptions.ServiceUnavailable, exceptions.ServiceUnavailable),
    (FaultRule(K.TIMEOUT), exceptions.DeadlineExceeded, exceptions.DeadlineExceeded),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "unary", "streamed"), REFUSALS, ids=lambda value: getattr(value, "kind", ""))
def test_the_client_raises_what_it_raises_in_production(
    rule: FaultRule, unary: type[Exception], streamed: type[Exception]
) -> None:
    """Its traps too: a stream never raises GoogleAdsException, nor does RESOURCE_EXHAUSTED or INTERNAL."""
    sim = GoogleAdsSandbox(faults=FaultPlan([rule]))

    async def work(ads: Any, _: VirtualClock) -> None:
        assert type(await caught(mutate(ads, budget_operation()))) is unary

        async def read() -> None:
            async for _ in await ads.search_stream(customer_id=C, query=QUERY, timeout=10):
                pytest.fail("a row came")

        assert type(await caught(read())) is streamed

    on(sim, work)


def test_the_failure_can_be_read_from_whatever_is_raised() -> None:
    """GoogleAdsException holds it; else it is in the trailing metadata of the RpcError inside."""
    sim = GoogleAdsSandbox(faults=FaultPlan([FaultRule(K.RATE_LIMIT, retry_after=40_591.0, long=True, times=1)]))

    async def work(ads: Any, _: VirtualClock) -> None:
        quota = await caught(mutate(ads, budget_operation()))
        trailing = dict(quota.errors[0].trailing_metadata())
        assert any(key.endswith(".errors.googleadsfailure-bin") for key in trailing)
        assert "Retry in 40591 seconds" in str(trailing)
        both = [{"campaign_operation": {"create": {"name": ""}}}]
        failed = await caught(mutate(ads, *both))
        error = failed.failure.errors[0]
        assert (error.error_code.field_error.name, failed.request_id) == ("REQUIRED", failed.failure.request_id)
        assert [(each.field_name, each.index) for each in error.location.field_path_elements][:2] == [
            ("mutate_operations", 0),
            ("campaign_operation", 0),
        ]

    on(sim, work)


def test_a_lost_answer_is_no_failed_call() -> None:
    """The answer is lost after the commit: the name is taken, and the second create says so."""
    plan = FaultPlan([FaultRule(K.RESET_AFTER, operation="GoogleAdsService/Mutate", times=1)])
    sim = GoogleAdsSandbox(faults=plan)
    campaign = {**CAMPAIGN, "name": "Spring", "campaign_budget": f"customers/{C}/campaignBudgets/-1"}

    async def work(ads: Any, _: VirtualClock) -> None:
        operations = [budget_operation(), {"campaign_operation": {"create": campaign}}]
        assert type(await caught(mutate(ads, *operations))) is exceptions.ServiceUnavailable
        again = await caught(mutate(ads, *operations))
        assert again.failure.errors[0].error_code.campaign_error.name == "DUPLICATE_CAMPAIGN_NAME"

    on(sim, work)
    assert [len(sim.world.objects(level=level)) for level in ("campaign", "campaign_budget")] == [1, 1]


def test_a_stream_that_breaks_in_the_middle_is_no_answer() -> None:
    """Two of four batches come, then UNAVAILABLE."""
    sim = GoogleAdsSandbox(page_rows=1)
    sim.faults = FaultPlan([FaultRule(K.HALF_JSON, operation="*/SearchStream")])

    async def work(ads: Any, _: VirtualClock) -> int:
        for number in range(-4, 0):
            await mutate(ads, budget_operation(number))
        got: list[int] = []

        async def read() -> None:
            query = "SELECT campaign_budget.id FROM campaign_budget"
            async for batch in await ads.search_stream(customer_id=C, query=query, timeout=10):
                got.append(len(batch.results))  # noqa: PERF401 - what came before the break counts

        assert type(await caught(read())) is exceptions.ServiceUnavailable
        return sum(got)

    assert on(sim, work) == 2


def test_time_is_the_clocks() -> None:
    """A slow stream takes its seconds; a deadline of ten ends a minute's silence after ten; nothing really waits."""
    rules = [FaultRule(K.SLOW_DRIP, operation="*/SearchStream", delay=60.0, times=1), FaultRule(K.TIMEOUT)]
    sim = GoogleAdsSandbox(faults=FaultPlan(rules))

    async def work(ads: Any, clock: VirtualClock) -> list[float]:
        start = clock.monotonic()
        stream = await ads.search_stream(customer_id=C, query=QUERY, timeout=100)
        at = [clock.monotonic() async for _ in stream]
        await caught(ads.search(customer_id=C, query=QUERY, timeout=10))
        return [start, *at, clock.monotonic()]

    start, batch, late = on(sim, work)
    assert (batch - start, late - batch) == (pytest.approx(60.0), pytest.approx(10.0))


def test_cancelling_a_task_cancels_its_call() -> None:
    """CancelledError goes through the client as it is."""
    sim = GoogleAdsSandbox(faults=FaultPlan([FaultRule(K.TIMEOUT)]))

    async def work(ads: Any, clock: VirtualClock) -> None:
        task = asyncio.ensure_future(ads.search(customer_id=C, query=QUERY, timeout=60))
        await clock.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    on(sim, work)


def test_a_storm_is_the_same_storm_twice() -> None:
    """Same seed, same calls: the same log of effects and the same errors."""

    def play() -> tuple[list[str], list[str]]:
        sim = GoogleAdsSandbox(seed=3, faults=storm(3))

        async def work(ads: Any, clock: VirtualClock) -> list[str]:
            found = []
            for number in range(60):
                await clock.sleep(30.0)
                try:
                    await mutate(ads, budget_operation(-number - 1))
                    found.append("ok")
                except Exception as error:  # noqa: BLE001 - all of them are listed
                    found.append(type(error).__name__)
            return found

        return on(sim, work), [f"{effect.at} {effect.id}" for effect in sim.world.log]

    first = play()
    assert first == play()
    assert len(set(first[0])) > 2


def test_the_simulator_imports_nothing_of_google_until_it_is_called() -> None:
    """Importing the vendor's messages takes over a second: nobody pays for it by an import of ours."""
    code = (
        "import sys, backstay, backstay.sandbox, backstay_adapters.google_ads.sandbox as s; s.GoogleAdsSandbox();"
        "print([n for n in sys.modules if n.split('.')[0] in ('google', 'grpc')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_ids_and_times_come_from_seed_and_clock() -> None:
    """The world's first effect is at the clock's beginning."""
    sim = GoogleAdsSandbox()

    async def work(ads: Any, _: VirtualClock) -> None:
        await mutate(ads, budget_operation())

    on(sim, work)
    assert sim.world.log[0].at == NOW
