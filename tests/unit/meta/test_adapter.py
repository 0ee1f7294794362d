"""MetaAds on its simulator: the wire, partial reads, the account, lists; errors of the vendor's own SDK."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from backstay.ads import (
    Budget,
    ConfiguredStatus,
    Level,
    Money,
    Platform,
    Query,
    Ref,
)
from backstay.auth import Credentials
from backstay.errors import (
    BackstayError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    TokenInvalidError,
    TooMuchDataError,
)
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultRule
from backstay.writes.guard import SpendGuard
from backstay_adapters.meta import MetaAds
from backstay_adapters.meta.sandbox import ACCOUNTS, SECRET, TOKEN
from tests.support.meta import HOME, SPEC, Stage, usd

# The wire ---------------------------------------------------------------------------------------------------------


def test_the_token_travels_in_the_header_and_nowhere_else() -> None:
    """Queries and forms are logged by every proxy."""
    stage = Stage()

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        await stage.ads.list_campaigns(Query(ids=(ref.id,)))
        await stage.ads.set_status(ref, ConfiguredStatus.DELETED)

    stage.run(main())
    assert {request.method for request in stage.transport.requests} == {"GET", "POST", "DELETE"}
    for request in stage.transport.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in request.path
        assert TOKEN not in json.dumps(dict(request.query))
        assert TOKEN.encode() not in request.body
        assert request.path.startswith("/v26.0/")


def test_the_apps_proof_is_sent_beside_the_token() -> None:
    """HMAC-SHA256 of the token, keyed with the app's secret; a wrong one is named."""
    stage = Stage(require_proof=True)

    async def main() -> None:
        await stage.adapter(app_secret=SECRET).get_account()
        with pytest.raises(TokenInvalidError) as caught:
            await stage.adapter(app_secret="wrong").get_account(max_age=0)
        assert "app_secret" in (caught.value.hint or "")
        with pytest.raises(BackstayError):
            await stage.adapter().get_account(max_age=0)

    stage.run(main())
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert stage.transport.requests[0].query["appsecret_proof"] == proof
    assert SECRET not in repr(stage.transport.requests[0])


def test_two_tenants_in_one_process_never_mix() -> None:
    """The vendor's SDK has one default client for all; here each adapter has its own token."""
    stage = Stage(tokens={"token-one": [ACCOUNTS[0]], "token-two": [ACCOUNTS[2]]})
    one, two = stage.adapter(token="token-one"), stage.adapter(ACCOUNTS[2], token="token-two")

    async def main() -> None:
        for _ in range(3):
            assert (await one.get_account(max_age=0)).currency == "USD"
            assert (await two.get_account(max_age=0)).currency == "GBP"
        with pytest.raises(PermissionDeniedError):
            await stage.adapter(ACCOUNTS[2], token="token-one").get_account()

    stage.run(main())


@pytest.mark.parametrize("account", [ACCOUNTS[0], HOME])
def test_an_accounts_id_gets_its_prefix(account: str) -> None:
    """A bare number is another kind of object to Graph (100/33)."""
    stage = Stage()
    ads = stage.adapter(account)
    assert stage.run(ads.get_account()).ref == Ref(Platform.META, HOME, Level.ACCOUNT, HOME)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"account": "act_"}, "account_id"), ({"account": "my account"}, "account_id"), ({"account": ""}, "account_id"),
        ({"api_version": "26"}, "api_version"), ({"api_version": "v26.0/x"}, "api_version"), ({"token": ""}, "token"),
        ({"tier": "gold"}, "tier"), ({"fields": {"ads": ["x"]}}, "fields"), ({"fields": {"ad": ["x{y}"]}}, "fields"),
        ({"fields": {"ad": "name"}}, "fields"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_refused_before_anything_is_sent(facts: dict[str, Any], field: str) -> None:
    """Field, value, cure."""
    with pytest.raises(InvalidRequestError) as caught:
        Stage().adapter(**facts)
    assert caught.value.field == field
    assert caught.value.hint


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """META_*; what is missing is named."""
    monkeypatch.delenv("META_ACCESS_TOKEN", raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        MetaAds.from_env()
    assert caught.value.field == "META_ACCESS_TOKEN"
    for name, value in {
        "META_ACCESS_TOKEN": "token", "META_AD_ACCOUNT_ID": "7", "META_APP_ID": "5", "META_APP_SECRET": "shh",
        "META_TIER": "limited", "META_API_VERSION": "v25.0", "META_BASE_URL": "http://127.0.0.1:1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    ads = MetaAds.from_env(runtime=Runtime.in_memory(listeners=()))
    assert (ads.account, ads.app_id, ads.api_version, ads.host) == ("act_7", "5", "v25.0", "http://127.0.0.1:1")
    assert ads.video_url == ads.host
    assert "shh" not in repr(ads)


def test_a_renewed_token_is_used_and_proved_anew() -> None:
    """A provider is asked once when the token has expired, and the call succeeds."""
    stage = Stage(tokens=["new-token"], require_proof=True)
    asked: list[str] = []

    async def provider() -> str:
        asked.append("x")
        return "old-token" if len(asked) == 1 else "new-token"

    stage.sandbox.grants["old-token"] = stage.sandbox.grants["new-token"].__class__(spoiled=463)
    ads = MetaAds(
        HOME, credentials=Credentials(provider=provider, name="p"), app_secret=SECRET, runtime=stage.runtime,
        transport=stage.transport,
    )  # fmt: skip
    assert stage.run(ads.get_account()).currency == "USD"
    assert len(asked) == 2


# Partial reads ----------------------------------------------------------------------------------------------------


def test_a_field_that_needs_another_permission_does_not_fail_the_read() -> None:
    """It is left out, named with the vendor's reason, and not asked for again."""
    stage = Stage()
    stage.sandbox.grant(TOKEN, [ACCOUNTS[0]], ["ads_management"])
    ads = stage.adapter(fields={"account": ("owner", "funding_source", "age")})

    async def main() -> None:
        account = await ads.get_account()
        assert account.currency == "USD"
        assert {"owner", "funding_source"} <= set(account.extra["refused_fields"])
        assert "age" not in account.extra["refused_fields"]
        assert "business_management" in account.extra["refused_fields"]["owner"]
        before = len(stage.sent)
        await ads.get_account(max_age=0)
        assert len(stage.sent) == before + 1

    stage.run(main())


def test_a_field_that_is_gone_does_not_fail_the_read() -> None:
    """An object is read without it, alone and in a list; what is essential cannot be missed."""
    stage = Stage()
    ads = stage.adapter(fields={"campaign": ("no_such_field", "pacing_type")})

    async def main() -> None:
        ref = (await ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        found = await ads.get_campaign(ref, max_age=0)
        assert set(found.extra["refused_fields"]) == {"no_such_field"}
        listed = await ads.list_campaigns(max_age=0).first()
        assert listed is not None
        assert listed.extra["refused_fields"] == found.extra["refused_fields"]

    stage.run(main())


def test_a_refusal_that_names_no_field_is_raised() -> None:
    """A token that may see nothing is no partial read."""
    stage = Stage()
    stage.sandbox.grant(TOKEN, [ACCOUNTS[2]])
    with pytest.raises(PermissionDeniedError):
        stage.run(stage.ads.get_account())


def test_an_id_of_another_kind_is_not_found() -> None:
    """A campaign's ref with an ad set's id: reading it without its fields would invent a campaign."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        for level in (Level.CAMPAIGN, Level.AD):
            get = stage.ads.get_campaign if level is Level.CAMPAIGN else stage.ads.get_ad
            with pytest.raises(NotFoundError) as caught:
                await get(group.at(level, group.id))
            assert caught.value.field == "ref"

    stage.run(main())


def test_an_object_of_another_account_is_not_found() -> None:
    """The token may see both; an adapter is for one."""
    stage = Stage()
    other = stage.adapter(ACCOUNTS[2])

    async def main() -> None:
        spec = SPEC.but(budget=Budget.daily(Money("50", "GBP")))
        foreign = (await other.create_campaign(spec, idempotency_key="k")).value.ref
        with pytest.raises(NotFoundError):
            await stage.ads.get_campaign(Ref(Platform.META, HOME, Level.CAMPAIGN, foreign.id))
        assert await stage.ads.list_campaigns(Query(ids=(foreign.id,))) == ()

    stage.run(main())


# The account ------------------------------------------------------------------------------------------------------


def test_what_is_left_is_the_cap_less_what_was_spent() -> None:
    """Without a cap nothing says it, and so does the error."""
    stage = Stage()
    stage.sandbox.accounts[ACCOUNTS[0]].spend_cap = 100_00
    stage.sandbox.accounts[ACCOUNTS[0]].spent = 30_00

    async def main() -> None:
        balance = await stage.ads.get_balance()
        assert (balance.available, balance.total) == (usd("70.00"), usd("100.00"))
        stage.sandbox.accounts[ACCOUNTS[0]].spend_cap = 0
        with pytest.raises(NotFoundError, match="no spend cap"):
            await stage.ads.get_balance(max_age=0)

    stage.run(main())


# Lists ------------------------------------------------------------------------------------------------------------


def test_many_ids_are_read_in_batches() -> None:
    """One request for fifty objects; what is not there is left out."""
    stage = Stage()

    async def main() -> None:
        ids = [(await stage.ads.create_campaign(SPEC, idempotency_key=str(number))).value.ref.id for number in range(3)]
        before = len(stage.sent)
        asked = (*ids, *(str(10**18 + number) for number in range(60)))
        found = await stage.ads.list_campaigns(Query(ids=asked), max_age=0)
        assert [each.ref.id for each in found] == ids
        assert stage.sent[before:] == [("POST", "/v26.0/"), ("POST", "/v26.0/")]

    stage.run(main())


def test_a_batch_with_an_item_that_was_not_run_is_asked_again() -> None:
    """They are reads, so that the whole may be asked again; an item's own error is raised as itself."""
    stage = Stage()

    async def main() -> None:
        refs = [(await stage.ads.create_campaign(SPEC, idempotency_key=str(number))).value.ref for number in range(4)]
        query = Query(ids=tuple(ref.id for ref in refs))
        stage.fail(FaultRule(FaultKind.PARTIAL, operation="batch", times=1))
        assert len(await stage.ads.list_campaigns(query, max_age=0)) == 4
        stage.fail(FaultRule(FaultKind.PARTIAL, operation="batch", code=2635))
        with pytest.raises(BackstayError) as caught:
            await stage.ads.list_campaigns(query, max_age=0)
        assert caught.value.type == "UNSUPPORTED"

    stage.run(main())


def test_lists_filter_exactly_and_show_what_is_archived_when_asked() -> None:
    """By name, parent and status; deleted ads cannot be listed at Meta."""
    stage = Stage()

    async def main() -> None:
        one, two, three = [
            (await stage.ads.create_campaign(SPEC.but(name=name), idempotency_key=name)).value.ref
            for name in ("Spring", "Spring sale", "Autumn")
        ]
        await stage.ads.set_status(two, ConfiguredStatus.ARCHIVED)
        await stage.ads.set_status(three, ConfiguredStatus.DELETED)

        async def listed(**query: Any) -> list[Ref]:
            return sorted(each.ref for each in await stage.ads.list_campaigns(Query(**query), max_age=0))

        assert await listed() == [one]
        assert await listed(name="Spring") == [one]
        assert await listed(name_contains="Spring", statuses=tuple(ConfiguredStatus)[:3]) == sorted([one, two])
        assert await listed(statuses=(ConfiguredStatus.ARCHIVED,)) == [two]
        assert await listed(deleted=True) == sorted([one, three])
        assert await stage.ads.list_ads(Query(deleted=True), max_age=0) == ()
        with pytest.raises(InvalidRequestError) as caught:
            stage.ads.list_campaigns(Query(parent=one))
        assert caught.value.field == "parent"

    stage.run(main())


def test_lists_of_what_is_below_ask_the_parent() -> None:
    """An edge of the campaign or the ad set, not the whole account's."""
    stage = Stage()

    async def main() -> None:
        ad = await stage.ad()
        found = await stage.ads.get_ad(ad)
        assert found.campaign is not None
        before = len(stage.sent)
        assert [each.ref for each in await stage.ads.list_ads(Query(parent=found.ad_group))] == [ad]
        assert [each.ref for each in await stage.ads.list_ads(Query(parent=found.campaign))] == [ad]
        assert [each.ref for each in await stage.ads.list_ad_groups(Query(parent=found.campaign))] == [found.ad_group]
        paths = [path for _, path in stage.sent[before:]]
        campaign = found.campaign.id
        assert paths == [f"/v26.0/{found.ad_group.id}/ads", f"/v26.0/{campaign}/ads", f"/v26.0/{campaign}/adsets"]

    stage.run(main())


def test_a_page_that_is_too_much_is_asked_for_in_halves() -> None:
    """HTTP 500, "reduce the amount of data": half of it from the same cursor, and never the same again."""
    stage = Stage(heavy_limit=30)

    async def main() -> None:
        for number in range(40):
            await stage.ads.create_campaign(SPEC.but(name=f"C{number}"), idempotency_key=str(number))
        before = len(stage.sent)
        assert len(await stage.ads.list_campaigns(max_age=0)) == 40
        limits = [int(request.query["limit"]) for request in stage.transport.requests[before:]]
        assert limits == [100, 50, 25, 25]

    stage.run(main())


def test_a_list_never_follows_the_vendors_next() -> None:
    """That address holds the token; the cursor in it is enough."""
    stage = Stage()

    async def main() -> None:
        for number in range(5):
            await stage.ads.create_campaign(SPEC, idempotency_key=str(number))
        pages = stage.ads.list_campaigns(Query(page_size=2), max_age=0)
        assert len({each.ref async for each in pages}) == 5

    stage.run(main())
    lists = [request for request in stage.transport.requests if request.path.endswith("/campaigns")]
    assert all("access_token" not in request.query for request in lists)
    assert [("after" in request.query) for request in lists][-3:] == [False, True, True]


def test_what_was_archived_still_holds_its_key() -> None:
    """Somebody archives it in Ads Manager; a repeated create must not make another one."""
    stage = Stage()

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        await stage.ads.set_status(ref, ConfiguredStatus.ARCHIVED)
        assert await stage.ads.find_by_key(Level.CAMPAIGN, "k") == (ref,)
        again = stage.adapter(runtime=Runtime.in_memory(clock=stage.clock, listeners=(), guard=SpendGuard.unlimited()))
        assert (await again.create_campaign(SPEC, idempotency_key="k")).value.ref == ref

    stage.run(main())


@pytest.mark.parametrize("label", [False, True])
def test_keys_are_found_by_name_or_by_label(label: bool) -> None:
    """On every level; a label leaves the name as it was."""
    stage = Stage()
    stage.ads = stage.adapter(label=label)

    async def main() -> None:
        ad = await stage.ad()
        found = await stage.ads.get_ad(ad)
        assert (found.name, found.key_token is not None) == ("First", True)
        refs = {Level.CAMPAIGN: found.campaign, Level.AD_GROUP: found.ad_group, Level.AD: ad}
        for level, key in {Level.CAMPAIGN: "c", Level.AD_GROUP: "g", Level.AD: "a"}.items():
            assert await stage.ads.find_by_key(level, key) == (refs[level],)
        assert await stage.ads.find_by_key(Level.AD, "other") == ()
        names = {thing.name for thing in stage.sandbox.world.objects(level="ad")}
        assert names == ({"First"} if label else {f"First bs-{found.key_token}"})

    stage.run(main())


# The vendor's own SDK ---------------------------------------------------------------------------------------------


def test_an_error_of_the_sdk_in_a_users_call_is_judged() -> None:
    """A hook that calls the SDK itself gets the same names."""
    from facebook_business.exceptions import FacebookRequestError

    body = json.dumps({"error": {"code": 190, "error_subcode": 463, "message": "expired"}})
    raised = FacebookRequestError("failed", {"method": "GET"}, 400, {}, body)
    error = Stage().ads.judge(raised)
    assert (error.type, error.vendor_subcode) == ("TOKEN_EXPIRED", 463)
    assert Stage().ads.judge(ValueError("x")).type == "INTERNAL_ERROR"


def test_what_is_too_much_is_never_asked_for_again_as_it_was() -> None:
    """The table says that it may pass, in smaller parts; the adapter knows that the same again does not."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        before = len(stage.sent)
        reduce = "Please reduce the amount of data you're asking for, then retry your request"
        stage.fail(FaultRule(FaultKind.VENDOR_ERROR, code=1, status=500, text=reduce))
        with pytest.raises(TooMuchDataError) as caught:
            await stage.ads.get_account(max_age=0, max_stale=0)
        assert caught.value.retry_allowed is False
        assert len(stage.sent) == before + 1

    stage.run(main())
