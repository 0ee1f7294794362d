"""The traps of the vendor's own async client, each shown not to reach a user of ours.

They are numbered as they were found with google-ads 34: streams whose failure is lost, throttling and internal errors
that are not decoded, tasks that nobody awaits, dead credentials that look like a broken line, codes that cannot be
read, members newer than the package, failures of another version.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from datetime import date
from typing import Any

import pytest

from backstay.ads import Level, MetricsQuery, Query
from backstay.ads.metrics import DateRange
from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultRule
from backstay.sandbox.rpc import RpcReply
from backstay.testing.bench import VendorError
from backstay_adapters.google_ads.errors.judge import judged
from backstay_adapters.google_ads.sandbox.failure import KEY, Problem, Refusal, refused
from backstay_adapters.google_ads.wire.protos import protos
from tests.support.google import GoogleBench, google_bench


@pytest.fixture
def bench() -> GoogleBench:
    return google_bench()


def asked(bench: GoogleBench, reply: RpcReply) -> BackstayError:
    """What a read makes of an answer, at its first attempt."""
    ads = bench.adapter().with_options(max_attempts=1)
    with bench.answering(VendorError(b"", "", False, rpc=reply)), pytest.raises(BackstayError) as caught:
        bench.run(ads.get_account())
    return caught.value


def failing(family: str, member: str, code: str | None = None) -> RpcReply:
    """A failure as production sends it."""
    return refused(
        Refusal(Problem(family, member, "the vendor's words", path=(("operations", 0), "create")), code=code), "R9"
    )


def test_trap_1_a_failure_that_ends_a_stream_is_decoded(bench: GoogleBench) -> None:
    """The official client loses it on streams; every read of ours is one."""
    found = asked(bench, failing("query_error", "UNRECOGNIZED_FIELD"))
    assert found.vendor_code == "query_error.UNRECOGNIZED_FIELD"
    assert (found.type, found.vendor_message, found.request_ids) == ("VALIDATION_FAILED", "the vendor's words", ("R9",))


def test_trap_1_the_vendor_itself_refuses_a_query(bench: GoogleBench) -> None:
    """The same through the simulator's own GAQL."""
    ads = bench.adapter()
    pages = ads.list_campaigns(Query(extra={"where": ["campaign.no_such_field = 1"]}))
    with pytest.raises(BackstayError) as caught:
        bench.run(pages.all())
    assert str(caught.value.vendor_code).startswith("query_error.")


HIDDEN = [
    ("quota_error", "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"),
    ("quota_error", "RESOURCE_TEMPORARILY_EXHAUSTED", "RESOURCE_EXHAUSTED"),
    ("internal_error", "INTERNAL_ERROR", "INTERNAL"),
    ("internal_error", "DEADLINE_EXCEEDED", "INTERNAL"),
    ("field_error", "REQUIRED", "INTERNAL"),
]


@pytest.mark.parametrize(("family", "member", "code"), HIDDEN)
def test_trap_2_throttling_and_internal_errors_keep_their_failure(
    bench: GoogleBench, family: str, member: str, code: str
) -> None:
    """The member decides, not the status around it."""
    found = asked(bench, failing(family, member, code))
    assert found.vendor_code == f"{family}.{member}"
    assert found.type == judged()[f"{family}.{member}"].type


@pytest.mark.parametrize(("family", "member", "code"), HIDDEN)
def test_trap_2_on_unary_calls_as_well(bench: GoogleBench, family: str, member: str, code: str) -> None:
    """A mutate; checked only, so that nothing is looked up afterwards."""
    ads = bench.adapter().with_options(max_attempts=1)
    answer = VendorError(b"", "", False, rpc=failing(family, member, code))

    async def main() -> None:
        again = {"idempotency_key": "trap/2", "dry_run": True}
        await ads.create_campaign(bench.campaign(), **again)  # reads what creates need
        with bench.answering(answer):
            await ads.create_campaign(bench.campaign(), **again)

    with pytest.raises(BackstayError) as caught:
        bench.run(main())
    assert caught.value.vendor_code == f"{family}.{member}"


def test_trap_3_no_task_is_left_whose_error_nobody_reads(
    bench: GoogleBench, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The official client's logging interceptor leaves one behind each failed call."""
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            asked(bench, failing("query_error", "UNRECOGNIZED_FIELD"))
            asked(bench, RpcReply(code="UNAVAILABLE", details="gone"))
        gc.collect()
    assert "never retrieved" not in caplog.text + capfd.readouterr().err


def test_trap_4_a_dead_refresh_token_is_no_broken_line(bench: GoogleBench) -> None:
    """It comes as UNAVAILABLE, and is asked once, not until the end of time."""
    ads = bench.adapter()
    bench.break_with(FaultRule(FaultKind.TOKEN_REVOKED, error="invalid_grant"))
    before = bench.sent
    with pytest.raises(BackstayError) as caught:
        bench.run(ads.get_account())
    assert caught.value.type in {"TOKEN_INVALID", "TOKEN_EXPIRED"}
    assert not caught.value.retryable
    assert len(caught.value.attempts) == 1
    assert bench.sent - before <= 1


def test_trap_5_and_6_what_is_newer_than_the_package_has_a_type(bench: GoogleBench) -> None:
    """A member's number, and a family's, that the package does not know: no warning, no crash, told by the status."""
    message = protos().Failure()
    message.errors.add(message="of tomorrow").error_code.campaign_error = 9_999
    trailing = ((KEY, message.SerializeToString()),)
    found = asked(bench, RpcReply(code="INVALID_ARGUMENT", details="no", trailing=trailing))
    assert (found.type, found.vendor_code, found.vendor_message) == (
        "VALIDATION_FAILED", "campaign_error.9999", "of tomorrow",
    )  # fmt: skip
    # An error code with the field 900 (a varint): 900 << 3 is 7200, then the member 3.
    code = bytes([0xA0, 0x38, 0x03])
    error = bytes([0x0A, len(code), *code])
    raw = bytes([0x0A, len(error), *error])
    found = asked(bench, RpcReply(code="PERMISSION_DENIED", details="no", trailing=((KEY, raw),)))
    assert (found.type, found.vendor_code) == ("PERMISSION_DENIED", "family_900.3")


@pytest.mark.parametrize("version", ["v23", "v25", "v27"])
def test_trap_7_a_failure_of_another_version_is_read(bench: GoogleBench, version: str) -> None:
    """The key in the trailing metadata carries the version; the messages are alike on the wire."""
    reply = failing("campaign_error", "DUPLICATE_CAMPAIGN_NAME")
    trailing = tuple((name.replace("v26", version), value) for name, value in reply.trailing if name == KEY)
    found = asked(bench, RpcReply(code=reply.code, details=reply.details, trailing=trailing))
    assert found.vendor_code == "campaign_error.DUPLICATE_CAMPAIGN_NAME"


def test_damaged_trailers_leave_the_status_to_speak(bench: GoogleBench) -> None:
    """Half a failure is none, and no crash."""
    trailing = ((KEY, b"\x0a\xff\xff"), ("grpc-status-details-bin", b"\xff"), ("other-bin", b"\x00"))
    found = asked(bench, RpcReply(code="UNAVAILABLE", details="gone", trailing=trailing))
    assert (found.type, found.vendor_code) == ("PLATFORM_SERVICE_ERROR", None)


def test_every_call_has_a_deadline_and_no_retries_of_the_vendors(bench: GoogleBench) -> None:
    """The official client sets neither; here each request carries a timeout, and one attempt is one request."""
    seen: list[float | None] = []
    channel = bench.transport

    class Watched:
        """A channel that notes each call's timeout."""

        def __getattr__(self, name: str) -> Any:
            made = getattr(channel, name)
            return (lambda *a, **k: noted(made(*a, **k))) if name in {"unary_unary", "unary_stream"} else made

    def noted(multi: Any) -> Any:
        def call(request: Any, *, timeout: float | None = None, metadata: Any = None) -> Any:
            seen.append(timeout)
            return multi(request, timeout=timeout, metadata=metadata)

        return call

    bench.transport = Watched()
    ads = bench.adapter()
    days = DateRange.last_days(3, date(2026, 1, 1))

    async def main() -> None:
        built = await ads.create_tree(await bench.tree(ads), idempotency_key="trap")
        await ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days))
        await ads.get_ad(built.value.groups[0].ads[0].ref, max_age=0)

    bench.run(main())
    assert len(seen) > 5
    assert all(timeout is not None and 0.0 < timeout <= 121.0 for timeout in seen)


def test_a_call_cut_off_by_its_timer_cancels_the_rpc(bench: GoogleBench) -> None:
    """TIMEOUT is ours and says how long; the call under it does not go on."""
    ads = bench.adapter().with_options(max_attempts=1, attempt_timeout=2.0)
    bench.break_with(FaultRule(FaultKind.LATENCY, delay=60.0))

    async def main() -> None:
        with pytest.raises(BackstayError) as caught:
            await ads.get_account()
        assert caught.value.type == "TIMEOUT"
        await asyncio.sleep(0)
        assert not bench.transport.active

    bench.run(main())
