"""Google Ads' simulator on real sockets, with the official client: plain, with TLS as it is, by the command."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, ServedRpc, serve_rpc
from backstay_adapters.google_ads.sandbox import CUSTOMERS, DEVELOPER_TOKEN, MANAGER, TOKEN, GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.official import service
from tests.unit.google_ads.desk import CAMPAIGN

C = CUSTOMERS[0]
QUERY = "SELECT campaign.id, campaign.name, campaign.status FROM campaign"
K = FaultKind


@pytest.fixture(autouse=True)
def quiet() -> None:
    """The client logs every failure."""
    logging.getLogger("google.ads.googleads.client").setLevel(logging.CRITICAL)


@pytest.fixture
async def at() -> AsyncIterator[tuple[GoogleAdsSandbox, Any, ServedRpc]]:
    """A simulator, the official service on a plain channel to it, and where it listens."""
    sim = GoogleAdsSandbox(seed=1)
    client = GoogleAdsClient(
        AnonymousCredentials(), developer_token=DEVELOPER_TOKEN, login_customer_id=MANAGER, version="v26",
        use_proto_plus=True,
    )  # fmt: skip
    options = (("grpc.use_local_subchannel_pool", 1),)
    async with serve_rpc(sim) as served:
        ads = service(
            client,
            "GoogleAdsService",
            lambda each: grpc.aio.insecure_channel(served.target, options=options, interceptors=each),
        )
        yield sim, ads, served
        await ads.transport.close()


def tree(name: str) -> list[dict[str, Any]]:
    """A budget and a campaign."""
    budget = f"customers/{C}/campaignBudgets/-1"
    return [
        {"campaign_budget_operation": {
            "create": {"resource_name": budget, "amount_micros": 50_000_000, "explicitly_shared": False}}},
        {"campaign_operation": {"create": {**CAMPAIGN, "name": name, "campaign_budget": budget}}},
    ]  # fmt: skip


async def make(ads: Any, name: str = "Spring") -> Any:
    """Both in one mutate."""
    return await ads.mutate(customer_id=C, mutate_operations=tree(name), timeout=10)


async def test_the_official_client_works_against_the_server(at: tuple[GoogleAdsSandbox, Any, ServedRpc]) -> None:
    """Mutate, pages, a stream, a typed failure, and the request id of a good answer."""
    sim, ads, _ = at
    sim.switches.page_rows = 1
    await make(ads, "A")
    await make(ads, "B")
    assert [row.campaign.name async for row in await ads.search(customer_id=C, query=QUERY, timeout=10)] == ["A", "B"]
    stream = await ads.search_stream(customer_id=C, query=QUERY, timeout=10)
    assert [batch.results[0].campaign.name async for batch in stream] == ["A", "B"]
    with pytest.raises(GoogleAdsException) as caught:
        await make(ads, "A")
    failure = caught.value.failure
    assert failure.errors[0].error_code.campaign_error.name == "DUPLICATE_CAMPAIGN_NAME"
    assert caught.value.request_id == failure.request_id
    assert len(sim.world.objects(level="campaign")) == 2


@pytest.mark.parametrize(
    ("rule", "error", "made"),
    [
        (FaultRule(K.RESET_AFTER), exceptions.ServiceUnavailable, 1),
        (FaultRule(K.RESET_BEFORE), exceptions.ServiceUnavailable, 0),
        (FaultRule(K.RATE_LIMIT, retry_after=7.0), exceptions.ResourceExhausted, 0),
        (FaultRule(K.VENDOR_ERROR, error="internal_error.TRANSIENT_ERROR", after_commit=True),
         exceptions.InternalServerError, 1),
        (FaultRule(K.TOKEN_REVOKED, error="invalid_grant"), exceptions.ServiceUnavailable, 0),
        (FaultRule(K.VENDOR_ERROR, error="database_error.CONCURRENT_MODIFICATION"), GoogleAdsException, 0),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)  # fmt: skip
async def test_faults_on_the_wire(
    at: tuple[GoogleAdsSandbox, Any, ServedRpc], rule: FaultRule, error: type[Exception], made: int
) -> None:
    """What the client raises and what the vendor has done."""
    sim, ads, _ = at
    sim.faults = FaultPlan([rule])
    with pytest.raises(error) as caught:
        await make(ads)
    assert type(caught.value) is error
    assert len(sim.world.objects(level="campaign")) == made


async def test_many_calls_share_a_connection(at: tuple[GoogleAdsSandbox, Any, ServedRpc]) -> None:
    """A hundred at once; every name is there once."""
    sim, ads, _ = at
    await asyncio.gather(*(make(ads, f"C{number}") for number in range(100)))
    rows = [row.campaign.name async for row in await ads.search(customer_id=C, query=QUERY, timeout=10)]
    assert sorted(rows) == sorted(f"C{number}" for number in range(100))
    assert len({thing.id for thing in sim.world.objects()}) == 200


AS_IT_IS = """
import asyncio, os, sys
endpoint, roots, token, manager, customer = sys.argv[1:]

os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = roots
from google.ads.googleads.client import GoogleAdsClient
from google.oauth2.credentials import Credentials
client = GoogleAdsClient(Credentials(token), endpoint=endpoint, login_customer_id=manager, version="v26")

async def main():
    ads = client.get_service("GoogleAdsService", is_async=True)
    query = "SELECT customer.currency_code FROM customer"
    stream = await ads.search_stream(customer_id=customer, query=query, timeout=20)
    print([row.customer.currency_code async for batch in stream for row in batch.results])
    await ads.transport.close()

asyncio.run(main())
sync = client.get_service("GoogleAdsService")
query = "SELECT customer.currency_code FROM customer"
print([row.customer.currency_code for row in sync.search(customer_id=customer, query=query, timeout=20)])
"""


async def connect(endpoint: str, roots: str) -> str:
    """The official client, unmodified, in a program of its own: what it prints."""
    arguments = (endpoint, roots, TOKEN, MANAGER, CUSTOMERS[1])
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", AS_IT_IS, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await program.communicate()
    assert program.returncode == 0, err.decode()
    return out.decode()


async def test_the_client_connects_as_it_is() -> None:
    """`get_service`, async and sync, with an endpoint, a token and the certificate; the token is checked."""
    async with serve_rpc(GoogleAdsSandbox(require_authorization=True), tls=True) as served:
        assert await connect(str(served.tls_target), str(served.roots)) == "['JPY']\n['JPY']\n"


async def test_the_command_serves_it() -> None:
    """`backstay sandbox --json` says where; the client connects with what it says; /_sandbox/ shows the same world."""
    # Whoever runs the tests in the background has SIGINT ignored, and so have the programs that they start.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = f"{heed}from backstay.cli import main; main()"
    command = ("-c", program, "sandbox", "--vendor", "google_ads", "--port", "0", "--json")
    serving = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=subprocess.PIPE)
    assert serving.stdout is not None
    try:
        told = json.loads(await serving.stdout.readline())
        google = told["vendors"]["google_ads"]
        assert google["accounts"] == list(CUSTOMERS)
        assert await connect(google["tls"], google["roots"]) == "['JPY']\n['JPY']\n"
    finally:
        serving.send_signal(signal.SIGINT)
        assert await serving.wait() == 0
