"""Meta's simulator under faults: the vendor's own words, lost answers, and what stays in the world."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Request, SimTransport, storm
from backstay.testing.clock import VirtualClock, run
from backstay_adapters.meta.errors import TABLE
from backstay_adapters.meta.sandbox import TOKEN, MetaSandbox
from backstay_adapters.meta.sandbox.catalogue import ERRORS, pair
from tests.unit.meta.sandbox_api import CAMPAIGN, NOW, USD, Api, refused, texts

KIND = FaultKind


def struck(api: Api, rule: FaultRule, seed: int = 0) -> Any:
    """A create under a fault: the JSON of the answer, the reply in `api.reply`."""
    form = urlencode(texts(CAMPAIGN)).encode()
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", f"/v26.0/act_{USD}/campaigns", {}, headers, form)
    fault = FaultPlan([rule], seed).decide(request, NOW, api.sandbox.operation(request))
    api.reply = api.sandbox.handle(request, NOW, fault)
    return json.loads(api.reply.body)


@pytest.mark.parametrize(
    ("rule", "status", "code", "subcode", "type_"),
    [
        (FaultRule(KIND.RATE_LIMIT), 400, 17, 2446079, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, long=True), 400, 80004, 2446079, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=4), 403, 4, None, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=32), 400, 32, None, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=341), 400, 341, None, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=613), 400, 613, None, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=1487742), 400, 613, 1487742, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=1487632), 400, 613, 1487632, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=80000), 400, 80000, 2446079, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=80003), 429, 80003, 2446079, "API_RATE_LIMIT"),
        (FaultRule(KIND.RATE_LIMIT, code=80014), 400, 80014, None, "API_RATE_LIMIT"),
        (FaultRule(KIND.TOKEN_EXPIRED), 401, 190, 463, "TOKEN_EXPIRED"),
        (FaultRule(KIND.TOKEN_EXPIRED, code=460), 401, 190, 460, "TOKEN_EXPIRED"),
        (FaultRule(KIND.TOKEN_REVOKED), 401, 190, 458, "TOKEN_INVALID"),
        (FaultRule(KIND.TOKEN_REVOKED, code=459), 401, 190, 459, "TOKEN_INVALID"),
        (FaultRule(KIND.TOKEN_REVOKED, code=464), 400, 190, 464, "TOKEN_INVALID"),
        (FaultRule(KIND.VENDOR_ERROR, code=1), 500, 1, None, "PLATFORM_SERVICE_ERROR"),
        (FaultRule(KIND.VENDOR_ERROR, code=99), 500, 1, 99, "PLATFORM_SERVICE_ERROR"),
        (FaultRule(KIND.VENDOR_ERROR, code=2), 500, 2, None, "PLATFORM_SERVICE_ERROR"),
        (FaultRule(KIND.VENDOR_ERROR, code=2, status=200), 200, 2, None, "PLATFORM_SERVICE_ERROR"),
        (FaultRule(KIND.VENDOR_ERROR, code=1487390), 400, 100, 1487390, "PLATFORM_SERVICE_ERROR"),
        (FaultRule(KIND.VENDOR_ERROR, code=960), 500, 960, None, "PLATFORM_TIMEOUT"),
        (FaultRule(KIND.VENDOR_ERROR, code=5000), 500, 5000, None, "PLATFORM_SERVICE_ERROR"),
        (FaultRule(KIND.VENDOR_ERROR, code=3858385), 200, 31, 3858385, "PERMISSION_DENIED"),
        (FaultRule(KIND.VENDOR_ERROR, code=2490592), 400, 200, 2490592, "ACCOUNT_DISABLED"),
    ],
)
def test_words_for_faults(rule: FaultRule, status: int, code: int, subcode: int | None, type_: str) -> None:
    """Each in the vendor's envelope, named by our table; nothing is done."""
    api = Api()
    refused(struck(api, rule), code, subcode)
    assert api.reply.status == status
    assert not api.sandbox.world.objects()
    verdict = TABLE.classify(status, api.reply.headers, json.loads(api.reply.body), None)
    assert verdict is not None
    assert verdict.type == type_


@pytest.mark.parametrize("rule", [FaultRule(KIND.VENDOR_ERROR, after_commit=True, code=1)])
def test_an_error_after_the_deed(rule: FaultRule) -> None:
    """The vendor says that it failed, and the campaign is there."""
    api = Api()
    refused(struck(api, rule), 1)
    assert len(api.sandbox.world.objects()) == 1


def test_the_vendors_own_failures_are_drawn() -> None:
    """1, 1/99, 2 and -1, all unknown in their outcome."""
    seen = set()
    for seed in range(40):
        error = struck(Api(), FaultRule(KIND.VENDOR_ERROR), seed)["error"]
        seen.add((error["code"], error.get("error_subcode")))
    assert seen == {(1, None), (1, 99), (2, None), (-1, None)}


@pytest.mark.parametrize(
    ("code", "long", "name", "wait"),
    [
        (17, False, "x-ad-account-usage", 60), (17, True, "x-ad-account-usage", 300),
        (80004, True, "x-business-use-case-usage", 5), (80000, False, "x-business-use-case-usage", 1),
    ],
)  # fmt: skip
def test_a_limit_comes_with_its_header(code: int, long: bool, name: str, wait: int) -> None:
    """Seconds for the account, minutes for a use case, which may not be the first of its entries."""
    api = Api()
    struck(api, FaultRule(KIND.RATE_LIMIT, code=code, long=long))
    found = json.loads(api.reply.headers[name])
    if name == "x-ad-account-usage":
        assert (found["acc_id_util_pct"], found["reset_time_duration"]) == (100, wait)
    else:
        assert len(found) == 2
        assert found[USD][0]["call_count"] < 100
        assert (found[USD][1]["call_count"], found[USD][1]["estimated_time_to_regain_access"]) == (100, wait)
    struck(api, FaultRule(KIND.RATE_LIMIT, code=4))
    assert json.loads(api.reply.headers["x-app-usage"])["call_count"] == 100


def test_texts_can_be_told() -> None:
    """A rule's own text takes the place of the vendor's."""
    assert struck(Api(), FaultRule(KIND.VENDOR_ERROR, code=2, text="moon"))["error"]["message"] == "moon"
    assert struck(Api(), FaultRule(KIND.RATE_LIMIT, text="moon"))["error"]["message"] == "moon"
    assert struck(Api(), FaultRule(KIND.TOKEN_EXPIRED, text="moon"))["error"]["message"] == "moon"


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (1487632, (613, 1487632)),
        (4, (4, None)),
        (80000, (80000, 2446079)),
        (463, (190, 463)),
        (123456, (123456, None)),
        (-1, (-1, None)),
    ],
)
def test_one_number_means_a_code_or_a_subcode(number: int, found: Any) -> None:
    """A listed subcode with its code, else a code with its usual subcode."""
    assert pair(number) == found


@pytest.mark.parametrize("known", sorted(ERRORS, key=str), ids=str)
def test_our_table_names_every_error_of_the_simulator(known: Any) -> None:
    """No answer of the simulator's falls through to the last row of the error table."""
    api = Api()
    struck(api, FaultRule(KIND.VENDOR_ERROR, code=known[1] or known[0]))
    verdict = TABLE.classify(api.reply.status, api.reply.headers, json.loads(api.reply.body), None)
    assert verdict is not None
    assert verdict.type


# Through the transport ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "made", "how"),
    [
        (FaultRule(KIND.RESET_AFTER, times=1), 1, httpx.ReadError),
        (FaultRule(KIND.RESET_BEFORE, times=1), 0, httpx.ReadError),
        (FaultRule(KIND.CONNECT_REFUSED, times=1), 0, httpx.ConnectError),
        (FaultRule(KIND.HALF_JSON, times=1), 1, ValueError),
        (FaultRule(KIND.HALF_JSON, times=1, wrong_length=True), 1, httpx.RemoteProtocolError),
        (FaultRule(KIND.HTML, times=1, status=200), 0, ValueError),
        (FaultRule(KIND.HTML, times=1, status=502, after_commit=True), 1, ValueError),
        (FaultRule(KIND.EMPTY, times=1), 1, ValueError),
        (FaultRule(KIND.HTTP_5XX, times=1, status=503), 0, ValueError),
        (FaultRule(KIND.TIMEOUT, times=1, after_commit=True), 1, httpx.ReadTimeout),
    ],
)
def test_faults_of_the_line(rule: FaultRule, made: int, how: Any) -> None:
    """A lost answer leaves the campaign, a broken line before it leaves nothing."""
    clock = VirtualClock(0)
    sandbox = MetaSandbox(faults=FaultPlan([rule]))

    async def one() -> Any:
        async with httpx.AsyncClient(
            transport=SimTransport(sandbox, clock), base_url="https://graph.facebook.com"
        ) as line:
            return (await line.post(f"/v26.0/act_{USD}/campaigns", data=texts(CAMPAIGN), headers=auth())).json()

    with pytest.raises(how):
        run(one(), clock)
    assert len(sandbox.world.objects(level="campaign")) == made


def auth() -> dict[str, str]:
    """The header of the sandbox's own token."""
    return {"authorization": f"Bearer {TOKEN}"}


def test_a_retrying_client_makes_duplicates_and_the_world_counts_them() -> None:
    """Naive retries through a storm: two campaigns of one marker that both run."""
    clock = VirtualClock(3)
    sandbox = MetaSandbox(seed=3, faults=FaultPlan([FaultRule(KIND.RESET_AFTER, times=1)]))
    body = {**CAMPAIGN, "name": "Spring bs-aaaaaaaaaaaaaaaa", "status": "ACTIVE"}

    async def naive() -> None:
        async with httpx.AsyncClient(
            transport=SimTransport(sandbox, clock), base_url="https://graph.facebook.com"
        ) as line:
            for _ in range(2):
                try:
                    await line.post(f"/v26.0/act_{USD}/campaigns", data=texts(body), headers=auth())
                except httpx.ReadError:
                    continue

    run(naive(), clock)
    assert len(sandbox.world.duplicates()["a" * 16]) == 2
    assert sandbox.world.summary()["duplicates"] == 1


def test_the_storm_runs_on_meta_too() -> None:
    """The named plan of the frame: two hours of calls, every answer decodable or a fault of the line."""
    clock = VirtualClock(1)
    sandbox = MetaSandbox(seed=1, faults=storm(1))
    seen: dict[str, int] = {}

    async def day() -> None:
        async with httpx.AsyncClient(transport=SimTransport(sandbox, clock), base_url="https://graph.facebook.com",
                                     timeout=30.0) as line:  # fmt: skip
            for _ in range(600):
                try:
                    reply = await line.get(f"/v26.0/act_{USD}/campaigns", headers=auth())
                    body = reply.json()
                    key = str(body["error"]["code"]) if "error" in body else "good"
                except (httpx.HTTPError, ValueError) as error:
                    key = type(error).__name__
                seen[key] = seen.get(key, 0) + 1
                await clock.sleep(12.0)

    run(day(), clock)
    assert seen["good"] > 400
    assert {"190", "80004"} <= set(seen)
