"""Google Ads' simulator, reads: pages and batches, lag, metrics, statuses, who may read, and quotas."""

from __future__ import annotations

from typing import Any

import pytest

from backstay_adapters.google_ads.sandbox import CUSTOMERS, DEVELOPER_TOKEN, MANAGER, TOKEN, Customer
from backstay_adapters.google_ads.sandbox.failure import KEY, NUMBERS
from tests.unit.google_ads.desk import DAY, GBP, JPY, USD, Desk, Json, RefusedError

SEARCH = "GoogleAdsService/Search"
IDS = "SELECT label.id FROM label"


def refused(work: Any) -> RefusedError:
    """What a call that must fail was refused with."""
    with pytest.raises(RefusedError) as caught:
        work()
    return caught.value


def test_pages_follow_each_other_and_a_token_is_of_its_query() -> None:
    """Three pages of two; a token of another query, an unknown one and an old one are refused."""
    desk = Desk(page_rows=2)
    for name in "ABCDE":
        desk.create("label", name=name)
    seen, token = [], ""
    while True:
        page = desk.call(SEARCH, query="SELECT label.name FROM label", page_token=token)
        seen.append([each.label.name for each in page.results])
        if not page.next_page_token:
            break
        token = page.next_page_token
    assert seen == [["A", "B"], ["C", "D"], ["E"]]
    assert refused(lambda: desk.call(SEARCH, query=IDS, page_token=token)).codes == ["request_error.INVALID_PAGE_TOKEN"]
    unknown = refused(lambda: desk.call(SEARCH, query=IDS, page_token="x"))
    assert unknown.codes == ["request_error.INVALID_PAGE_TOKEN"]
    desk.later(7_201.0)
    late = refused(lambda: desk.call(SEARCH, query="SELECT label.name FROM label", page_token=token))
    assert late.codes == ["request_error.EXPIRED_PAGE_TOKEN"]


def test_a_page_size_is_refused_and_totals_come_when_asked() -> None:
    """The vendor fixes the size of a page."""
    desk = Desk(page_rows=1)
    desk.create("label", name="A")
    desk.create("label", name="B")
    assert refused(lambda: desk.call(SEARCH, query=IDS, page_size=5)).codes == ["request_error.PAGE_SIZE_NOT_SUPPORTED"]
    assert desk.call(SEARCH, query=IDS).total_results_count == 0
    asked = desk.call(SEARCH, query=IDS, search_settings={"return_total_results_count": True})
    assert asked.total_results_count == 2
    assert list(asked.field_mask.paths) == ["label.id"]


def test_a_stream_comes_in_batches_with_their_request_id() -> None:
    """Of an empty answer there is one empty batch."""
    desk = Desk(page_rows=2)
    for name in "ABC":
        desk.create("label", name=name)
    batches = desk.stream("GoogleAdsService/SearchStream", query=IDS)
    assert [len(each.results) for each in batches] == [2, 1]
    assert batches[0].request_id == batches[1].request_id != ""
    none = desk.stream("GoogleAdsService/SearchStream", query="SELECT asset.id FROM asset")
    assert [len(each.results) for each in none] == [0]


def test_lists_lag_behind_writes_when_they_are_told_to() -> None:
    """A new campaign shows after the lag, a change at once or late; writes know everything at once."""
    desk = Desk(read_lag=3.0, lag_updates=True)
    own = desk.campaign("Spring")
    assert desk.rows("SELECT campaign.id FROM campaign") == []
    assert refused(lambda: desk.campaign("Spring")).codes == ["campaign_error.DUPLICATE_CAMPAIGN_NAME"]
    desk.later(3.0)
    desk.update("campaign", own, status="ENABLED")
    query = "SELECT campaign.status FROM campaign"
    assert desk.values(query) == [{"campaign": {"status": "PAUSED"}}]
    desk.later(3.0)
    assert desk.values(query) == [{"campaign": {"status": "ENABLED"}}]


METRICS = "metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value"


def test_numbers_grow_while_a_tree_runs_and_add_up() -> None:
    """Per day and in sum, at every level; the same seed gives the same numbers; a pause stops them."""
    desk = Desk()
    campaign, *_ = desk.tree()
    desk.later(3 * DAY)
    query = f"SELECT segments.date, {METRICS} FROM campaign WHERE segments.date BETWEEN '2026-01-01' AND '2026-01-31'"
    days = desk.rows(query)
    assert [each.segments.date for each in days] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    for level in ("customer", "campaign", "ad_group", "ad_group_ad"):
        total = desk.rows(f"SELECT {METRICS} FROM {level}")[0].metrics
        assert total.cost_micros == sum(each.metrics.cost_micros for each in days) > 0
        assert total.conversions == pytest.approx(sum(each.metrics.conversions for each in days))
    assert all(each.metrics.cost_micros % 10_000 == 0 for each in days)
    desk.update("campaign", campaign, status="PAUSED")
    desk.later(3 * DAY)
    assert len(desk.rows(query)) == 3
    twin = Desk()
    twin.tree()
    twin.later(3 * DAY)
    assert [each.metrics.cost_micros for each in twin.rows(query)] == [each.metrics.cost_micros for each in days]


def test_zero_rows_vanish_with_a_segment_and_stay_without() -> None:
    """The trap of every report: a paused campaign has a row of zeros, until a segment is chosen."""
    desk = Desk()
    desk.campaign("Paused")
    desk.later(DAY)
    plain = desk.rows("SELECT campaign.name, metrics.impressions FROM campaign WHERE segments.date DURING LAST_7_DAYS")
    assert [(each.campaign.name, each.metrics.impressions) for each in plain] == [("Paused", 0)]
    dated = (
        "SELECT campaign.name, segments.date, metrics.impressions FROM campaign WHERE segments.date DURING LAST_7_DAYS"
    )
    assert desk.rows(dated) == []


def test_longer_segments_hold_the_sums_of_their_days() -> None:
    """Week, month and day of the week; and a condition on a metric."""
    desk = Desk()
    desk.tree()
    desk.later(10 * DAY)
    where = "WHERE segments.date BETWEEN '2026-01-01' AND '2026-01-10'"
    total = desk.rows(f"SELECT metrics.clicks FROM campaign {where}")[0].metrics.clicks
    for segment, count in (("week", 2), ("month", 1), ("day_of_week", 7), ("hour", 24)):
        rows = desk.rows(f"SELECT segments.{segment}, metrics.clicks FROM campaign {where}")
        assert (len(rows), sum(each.metrics.clicks for each in rows)) == (count, total)
    assert desk.rows(f"SELECT metrics.clicks FROM campaign {where} AND metrics.clicks > {total}") == []
    assert len(desk.rows(f"SELECT metrics.clicks FROM campaign {where} AND metrics.clicks >= {total}")) == 1


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_days_and_units_are_the_customers(customer: str) -> None:
    """Yen are whole; the day is the local one: at midnight in UTC it is nine in Tokyo."""
    desk = Desk(customer)
    desk.tree()
    desk.later(DAY)
    rows = desk.rows(f"SELECT segments.date, {METRICS} FROM customer WHERE segments.date DURING LAST_7_DAYS")
    assert [each.segments.date for each in rows] == ["2026-01-01"]
    unit = 1_000_000 if customer == JPY else 10_000
    assert rows[0].metrics.cost_micros % unit == 0


STATUSES: list[tuple[dict[str, str], str, str]] = [
    ({}, "ELIGIBLE", ""),
    ({"campaign": "PAUSED"}, "PAUSED", "CAMPAIGN_PAUSED"),
    ({"campaign": "REMOVED"}, "REMOVED", "CAMPAIGN_REMOVED"),
]


@pytest.mark.parametrize(("change", "status", "reason"), STATUSES)
def test_primary_status_says_why(change: dict[str, str], status: str, reason: str) -> None:
    """The campaign's own state first."""
    desk = Desk()
    campaign, *_ = desk.tree()
    if change.get("campaign") == "REMOVED":
        desk.remove("campaign", campaign)
    elif change:
        desk.update("campaign", campaign, status=change["campaign"])
    row = desk.values("SELECT campaign.primary_status, campaign.primary_status_reasons FROM campaign")[0]["campaign"]
    assert row["primary_status"] == status
    assert row.get("primary_status_reasons", [""]) == [reason]


def test_what_is_below_says_what_stops_it() -> None:
    """An ad of a paused campaign is not eligible because of the campaign; a pending campaign has not begun."""
    desk = Desk()
    campaign, group, ad = desk.tree()
    query = "SELECT ad_group_ad.primary_status, ad_group_ad.primary_status_reasons FROM ad_group_ad"
    for word, kind, reason in (
        (campaign, "campaign", "CAMPAIGN_PAUSED"),
        (group, "ad_group", "AD_GROUP_PAUSED"),
    ):
        desk.update(kind, word, status="PAUSED")
        row = desk.values(query)[0]["ad_group_ad"]
        assert (row["primary_status"], row["primary_status_reasons"]) == ("NOT_ELIGIBLE", [reason])
        desk.update(kind, word, status="ENABLED")
    desk.update("ad_group_ad", ad, status="PAUSED")
    assert desk.values(query)[0]["ad_group_ad"]["primary_status"] == "PAUSED"
    desk.campaign("Later", status="ENABLED", start_date_time="2026-02-01 00:00:00")
    row = desk.values(
        "SELECT campaign.primary_status, campaign.serving_status FROM campaign WHERE campaign.name = 'Later'"
    )
    assert row[0]["campaign"] == {"primary_status": "PENDING", "serving_status": "PENDING"}


def test_a_campaign_ends_at_its_end() -> None:
    """The end is local time; afterwards nothing can spend and nothing is spent."""
    desk = Desk(GBP)
    own = desk.campaign(status="ENABLED", end_date_time="2026-01-02 23:59:59")
    desk.ad(desk.group(own, status="ENABLED"), status="ENABLED")
    assert desk.sim.world.could_spend(desk.now)
    desk.later(5 * DAY)
    assert desk.sim.world.could_spend(desk.now) == []
    row = desk.values("SELECT campaign.primary_status FROM campaign")[0]
    assert row["campaign"]["primary_status"] == "ENDED"
    dated = "SELECT segments.date, metrics.impressions FROM campaign WHERE segments.date DURING LAST_7_DAYS"
    assert [each.segments.date for each in desk.rows(dated)] == ["2026-01-01", "2026-01-02"]


def test_the_account_its_clients_and_its_constants_can_be_read() -> None:
    """customer, customer_client on the manager, conversion_action, currency_constant."""
    desk = Desk()
    fields = "customer.id, customer.currency_code, customer.time_zone, customer.status, customer.manager"
    account = desk.values(f"SELECT {fields} FROM customer")[0]["customer"]
    assert account == {"id": USD, "currency_code": "USD", "time_zone": "UTC", "status": "ENABLED", "manager": False}
    manager = Desk(MANAGER)
    clients = manager.rows("SELECT customer_client.id, customer_client.level FROM customer_client")
    assert sorted((str(each.customer_client.id), each.customer_client.level) for each in clients) == sorted(
        [(MANAGER, 0), *((id_, 1) for id_ in CUSTOMERS)]
    )
    yen = "SELECT currency_constant.billable_unit_micros FROM currency_constant WHERE currency_constant.code = 'JPY'"
    assert desk.values(yen)[0]["currency_constant"]["billable_unit_micros"] == "1000000"
    action = desk.values("SELECT conversion_action.click_through_lookback_window_days FROM conversion_action")
    assert action[0]["conversion_action"]["click_through_lookback_window_days"] == "30"


def test_a_manager_owns_no_campaigns_and_has_no_metrics() -> None:
    """Writes and metrics of a manager are refused."""
    desk = Desk(MANAGER)
    assert refused(desk.budget).codes == ["request_error.CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT"]
    metrics = refused(lambda: desk.rows("SELECT metrics.clicks FROM customer"))
    assert metrics.codes == ["query_error.REQUESTED_METRICS_FOR_MANAGER"]


ACCESS: list[tuple[Json, Json, str, str]] = [
    ({}, {"authorization": "Bearer nobody"}, "UNAUTHENTICATED", "authentication_error.OAUTH_TOKEN_INVALID"),
    ({}, {"authorization": "Basic x"}, "UNAUTHENTICATED", "authentication_error.OAUTH_TOKEN_INVALID"),
    ({"require_authorization": True}, {"authorization": ""}, "UNAUTHENTICATED", ""),
    ({"require_developer_token": True}, {}, "INVALID_ARGUMENT", "request_error.DEVELOPER_TOKEN_PARAMETER_MISSING"),
    ({"require_developer_token": True}, {"developer-token": "x"},
     "UNAUTHENTICATED", "authentication_error.DEVELOPER_TOKEN_INVALID"),
    ({}, {"login-customer-id": "999-000-0001"}, "INVALID_ARGUMENT", "header_error.INVALID_LOGIN_CUSTOMER_ID"),
    ({}, {"login-customer-id": "1000000002"}, "PERMISSION_DENIED", "authorization_error.USER_PERMISSION_DENIED"),
    ({"tokens": {TOKEN: [MANAGER]}}, {}, "PERMISSION_DENIED", "authorization_error.USER_PERMISSION_DENIED"),
    ({"tokens": {TOKEN: [JPY]}}, {"login-customer-id": MANAGER},
     "PERMISSION_DENIED", "authorization_error.USER_PERMISSION_DENIED"),
    ({"customers": [Customer(USD, status="CANCELED")]}, {},
     "PERMISSION_DENIED", "authorization_error.CUSTOMER_NOT_ENABLED"),
    ({"customers": [Customer(JPY)]}, {}, "UNAUTHENTICATED", "authentication_error.CUSTOMER_NOT_FOUND"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "metadata", "status", "code"), ACCESS, ids=lambda value: str(value)[:50])
def test_who_may_not(options: Json, metadata: Json, status: str, code: str) -> None:
    """Tokens, developer tokens and managers, each with its family and its status."""
    desk = Desk(**options)
    desk.metadata |= metadata
    if not desk.metadata["authorization"]:
        del desk.metadata["authorization"]
    failed = refused(lambda: desk.rows(IDS))
    assert (failed.code, failed.codes) == (status, [code] if code else [])


@pytest.mark.parametrize(
    ("options", "metadata"),
    [
        ({}, {}),
        ({}, {"authorization": ""}),
        ({}, {"login-customer-id": MANAGER}),
        ({}, {"login-customer-id": USD}),
        ({"require_developer_token": True}, {"developer-token": DEVELOPER_TOKEN}),
        ({"tokens": {TOKEN: [MANAGER]}}, {"login-customer-id": MANAGER}),
        ({"tokens": {TOKEN: [USD]}}, {}),
    ],
)
def test_who_may(options: Json, metadata: Json) -> None:
    """The other side of the table above."""
    desk = Desk(**options)
    desk.metadata |= metadata
    assert desk.rows(IDS) == []


def test_a_customer_id_has_ten_digits() -> None:
    """Dashes are the users' writing, not the vendor's."""
    failed = refused(lambda: Desk("100-000-0001").rows(IDS))
    assert failed.codes == ["request_error.INVALID_CUSTOMER_ID"]


def test_a_token_expires_and_is_revoked_in_mid_flow() -> None:
    """From one call to the next; a new grant cures it."""
    desk = Desk()
    desk.sim.expire()
    assert refused(lambda: desk.rows(IDS)).codes == ["authentication_error.OAUTH_TOKEN_EXPIRED"]
    desk.sim.grant(TOKEN)
    assert desk.rows(IDS) == []
    desk.sim.revoke()
    assert refused(lambda: desk.rows(IDS)).codes == ["authentication_error.OAUTH_TOKEN_REVOKED"]


def test_a_suspended_account_can_be_read_and_not_changed() -> None:
    """Reads go on; writes are refused for the account's state."""
    desk = Desk(customers=[Customer(USD, status="SUSPENDED")])
    assert desk.rows(IDS) == []
    assert refused(desk.budget).codes == ["authorization_error.ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT"]


def test_the_accessible_customers_are_the_tokens_own() -> None:
    """Those that its user reaches directly; what is below a manager is not listed."""
    desk = Desk(tokens={TOKEN: [MANAGER]})
    found = desk.call("CustomerService/ListAccessibleCustomers")
    assert list(found.resource_names) == [f"customers/{MANAGER}"]


def test_an_unknown_method_is_unimplemented_without_a_failure() -> None:
    """As after the sunset of a version."""
    from backstay.sandbox.rpc import RpcRequest

    for method in ("/google.ads.googleads.v18.services.GoogleAdsService/Search", "/x/y"):
        reply = Desk().sim.call(RpcRequest(method, b""), 0.0)
        assert (reply.code, reply.details) == ("UNIMPLEMENTED", "GRPC target method can't be resolved.")
        assert KEY not in dict(reply.trailing)


def test_the_days_quota_is_the_projects_and_slides() -> None:
    """Each operation counts, pages do not; over it everybody waits until the oldest call is a day old."""
    desk = Desk(operations_per_day=4)
    desk.mutate("label", *[{"create": {"name": name}} for name in "ABC"])
    desk.later(100.0)
    assert len(desk.rows(IDS)) == 3
    other = refused(lambda: desk.call(SEARCH, customer_id=JPY, query=IDS))
    assert (other.code, other.codes) == ("RESOURCE_EXHAUSTED", ["quota_error.RESOURCE_EXHAUSTED"])
    about = other.failure.errors[0].details.quota_error_details
    assert (about.retry_delay.seconds, about.rate_name) == (86_300, "Number of operations for basic access")
    assert other.failure.errors[0].message == "Too many requests. Retry in 86300 seconds."
    desk.later(DAY - 100.0)
    assert len(desk.rows(IDS)) == 3


def test_calls_a_second_are_limited_for_each_customer() -> None:
    """A token bucket; the refusal is the temporary one and says how long."""
    desk = Desk(queries_per_second=2.0)
    desk.rows(IDS)
    desk.rows(IDS)
    failed = refused(lambda: desk.rows(IDS))
    assert (failed.code, failed.codes) == ("RESOURCE_EXHAUSTED", ["quota_error.RESOURCE_TEMPORARILY_EXHAUSTED"])
    desk.call(SEARCH, customer_id=JPY, query=IDS)
    desk.later(0.5)
    desk.rows(IDS)


def test_a_failure_rides_in_the_trailing_metadata_as_production_sends_it() -> None:
    """Three keys; the status inside says the same as the call's own, and holds the same failure."""
    from google.rpc import status_pb2

    failed = refused(lambda: Desk().rows("SELECT campaign.nothing FROM campaign"))
    status = status_pb2.Status.FromString(failed.trailing["grpc-status-details-bin"])
    assert (status.code, status.message) == (NUMBERS["INVALID_ARGUMENT"], "Request contains an invalid argument.")
    assert status.details[0].value == failed.trailing[KEY]
    assert failed.failure.request_id == failed.trailing["request-id"]
    assert failed.failure.errors[0].trigger.string_value == "campaign.nothing"


def test_reset_begins_anew() -> None:
    """An empty world, the same ids again, pages and quotas forgotten."""
    desk = Desk(operations_per_day=2)
    first = desk.budget()
    desk.sim.reset()
    assert desk.sim.world.objects() == []
    assert desk.budget() == first
    desk.rows(IDS)


def test_the_same_seed_gives_the_same_answers() -> None:
    """Byte for byte; another seed other ids."""

    def ids(seed: int) -> list[str]:
        from backstay_adapters.google_ads.sandbox import GoogleAdsSandbox

        desk = Desk()
        desk.sim = GoogleAdsSandbox(seed=seed)
        return list(desk.tree())

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
