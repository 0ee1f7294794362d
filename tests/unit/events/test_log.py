"""Events as log records: names and fields of the requirements, levels, contexts, and no secret anywhere."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import CapturingLogger

from backstay.errors import RateLimitError
from backstay.events import (
    BreakerChanged,
    CallFailed,
    DeadLetter,
    Event,
    FallbackUsed,
    LetterReplayed,
    LettersAlarm,
    LimiterWaited,
    Problem,
    RetryAttempt,
    RetryBudgetEmpty,
    RetryExhausted,
    RetrySuccess,
    StaleServed,
    WriteSettled,
    bind_context,
)
from backstay.events.console import ConsoleListener, sentence
from backstay.events.log import LogListener, current_logger, level_of, log_error
from backstay.functions import external_api_retry, resilient
from backstay.runtime import Runtime
from backstay.testing.clock import WALL_START, VirtualClock, run

AT = "2026-01-01T00:00:00+00:00"
TRY = {"at": WALL_START, "function": "ask"}
LEFT: dict[str, Any] = {
    "dlq_id": "1", "event_id": "e1", "error_type": "x", "error_message": "x", "outcome": "failed", "failures": 1,
    "replayable": True,
}  # fmt: skip


class Records:
    """A logger like structlog's that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self.lines.append((level, {"event": event, **fields}))

    def one(self, name: str) -> dict[str, Any]:
        return next(fields for _, fields in self.lines if fields["event"] == name)


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def unconfigured() -> Iterator[None]:
    """structlog as it is in an application that does not use it."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def play(records: Any, *steps: Any, **context: Any) -> None:
    """A research call under `external_api` that plays these outcomes, with its events written to `records`."""
    clock = VirtualClock()
    left = list(steps)

    @external_api_retry(runtime=Runtime.in_memory(clock=clock, listeners=(LogListener(records),)))
    async def _research_with_perplexity(topic: str) -> object:
        step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, Exception):
            raise step
        return step

    with bind_context(**context):
        try:
            run(_research_with_perplexity("secret topic"), clock)
        except Exception as error:  # noqa: BLE001 - the log is what is looked at
            assert error is steps[-1]


# The fields of the requirements --------------------------------------------------------------------------------------


def test_retry_attempt_has_the_fields_of_the_requirements(records: Records) -> None:
    """S3-70, and besides them how many calls there were and which rule named the failure (S2-26)."""
    slow = httpx.ReadTimeout("x")
    play(records, slow, slow, "done", user_id="abc-123", carousel_id="xyz-789")

    level, second = records.lines[1]
    assert level == "info"
    assert second == {
        "event": "retry_attempt", "attempt": 2, "max_attempts": 5, "delay": 4.0, "exception": "httpx.ReadTimeout",
        "function": "_research_with_perplexity", "user_id": "abc-123", "carousel_id": "xyz-789",
        "timestamp": "2026-01-01T00:00:02+00:00",
        "calls": 2, "type": "TIMEOUT", "rule": "plain.httpx.TimeoutException",
    }  # fmt: skip


def test_retry_success_has_the_fields_of_the_requirements(records: Records) -> None:
    """S3-71, with the worked example's 14 s (S3-50)."""
    play(records, *[httpx.ReadTimeout("x")] * 3, "done", carousel_id="xyz-789")

    assert records.lines[-1] == (
        "info",
        {
            "event": "retry_success", "attempt": 3, "total_delay": 14.0, "function": "_research_with_perplexity",
            "carousel_id": "xyz-789", "timestamp": "2026-01-01T00:00:14+00:00", "calls": 4,
        },
    )  # fmt: skip


def test_retry_exhausted_has_the_fields_of_the_requirements(records: Records) -> None:
    """S3-72 and decision 2: 30 s were really waited, not 62."""
    play(records, httpx.ReadTimeout("too slow"), carousel_id="xyz-789")

    level, fields = records.lines[-2]
    assert level == "warning"
    assert "too slow" in fields.pop("error")
    assert fields == {
        "event": "retry_exhausted", "max_attempts": 5, "total_delay": 30.0, "function": "_research_with_perplexity",
        "carousel_id": "xyz-789", "timestamp": "2026-01-01T00:00:30+00:00",
        "calls": 5, "type": "TIMEOUT", "rule": "plain.httpx.TimeoutException", "why": "attempts",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "count", "why"), [(httpx.ReadTimeout("x"), 4, "attempts"), (ValueError("x"), 0, "not_retryable")]
)
def test_operation_error_has_the_fields_of_the_requirements(
    records: Records, error: Exception, count: int, why: str
) -> None:
    """S1-31, S2-04 and decision 10: retries really made, and why there were no more."""
    play(records, error)

    level, fields = records.lines[-1]
    assert level == "error"
    assert {"context", "error_type", "error_message", "platform", "retry_count", "timestamp"} <= fields.keys()
    assert (fields["context"], fields["platform"]) == ("_research_with_perplexity", None)
    assert (fields["retry_count"], fields["why"]) == (count, why)


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (RetryAttempt(**TRY, attempt=1, max_attempts=5, delay=2.0, exception="x", calls=1), "info"),
        (RetrySuccess(**TRY, attempt=1, total_delay=2.0, calls=2), "info"),
        (RetryExhausted(**TRY, max_attempts=5, total_delay=2.0, error="x", calls=2), "warning"),
        (CallFailed(**TRY, error_type="x", error_message="x", platform=None, retry_count=0, calls=1), "error"),
        (BreakerChanged(**TRY, scope="s", old="closed", new="open"), "warning"),
        (BreakerChanged(**TRY, scope="s", old="closed", new="open", shadow=True), "info"),
        (BreakerChanged(**TRY, scope="s", old="open", new="half_open"), "debug"),
        (BreakerChanged(**TRY, scope="s", old="half_open", new="open"), "debug"),
        (BreakerChanged(**TRY, scope="s", old="ramp", new="closed"), "info"),
        (RetryBudgetEmpty(**TRY, scope="s", refused=1), "warning"),
        (LimiterWaited(**TRY, scope="s", wait=0.5), "debug"),
        (StaleServed(**TRY, age=60.0, cause="TIMEOUT"), "info"),
        (FallbackUsed(**TRY, by="b", cause="TIMEOUT"), "info"),
        (WriteSettled(**TRY, outcome="adopted", found=1), "info"),
        (WriteSettled(**TRY, outcome="unknown", found=0), "warning"),
        (Problem(**TRY, where="cache.refresh", error="x"), "warning"),
        (DeadLetter(**TRY, **LEFT, stored="store"), "error"),
        (DeadLetter(**TRY, **LEFT, stored="spill"), "critical"),
        (DeadLetter(**TRY, **LEFT, stored="nowhere", letter="{}"), "critical"),
        (LetterReplayed(**TRY, dlq_id="1", outcome="replayed", failures=1), "info"),
        (LetterReplayed(**TRY, dlq_id="1", outcome="failed", failures=2, error_message="x"), "warning"),
        (LettersAlarm(at=WALL_START, waiting=1_000, limit=1_000, dropped=1), "error"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.name}",
)
def test_levels_and_sentences(records: Records, event: Event, level: str) -> None:
    """WARNING and ERROR only for what did not heal by itself; every event has a sentence for people."""
    assert level_of(event) == level
    LogListener(records)(event)
    assert records.lines == [(level, {**records.lines[0][1], "event": event.name, "timestamp": AT})]
    assert "ask" in sentence(event) or "s:" in sentence(event) or "1000 dead letters" in sentence(event)
    assert len(sentence(event).split()) > 2


def test_a_letter_that_is_kept_nowhere_is_in_the_line_in_full(records: Records) -> None:
    """Longer than any other field may be; without what looks like a credential, for it is a line of a log."""
    letter = json.dumps({"dlq_id": "1", "note": "x" * 5_000, "access_token": "abcdefgh"})
    event = DeadLetter(**TRY, **LEFT, stored="nowhere", letter=letter)
    LogListener(records)(event)
    whole = letter.replace("abcdefgh", "REDACTED")
    assert records.one("dead_letter")["letter"] == whole
    assert whole in sentence(event)
    LogListener(records)(DeadLetter(**TRY, **LEFT, stored="store"))
    assert "letter" not in records.lines[-1][1]


def test_the_console_line_of_the_requirements() -> None:
    """S3-51: `Attempt 1/5 failed, retrying in 2.0s`."""
    lines: list[str] = []
    event = RetryAttempt(**TRY, attempt=1, max_attempts=5, delay=2.0, exception="httpx.ReadTimeout", calls=1)

    ConsoleListener(lines.append)(event)

    assert lines == ["Attempt 1/5 failed, retrying in 2.0s (ask: httpx.ReadTimeout)\n"]


def test_the_console_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to the program."""
    ConsoleListener()(LimiterWaited(**TRY, scope="s", wait=0.5))
    assert capsys.readouterr() == ("", "ask: waited 0.50s for its turn (s)\n")


# Where it goes -------------------------------------------------------------------------------------------------------


def test_structlog_is_used_where_it_is_configured(unconfigured: None) -> None:
    """And its context variables come along; ours win where both have a name."""
    sink = CapturingLogger()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=False,
    )
    with structlog.contextvars.bound_contextvars(user_id="theirs", workflow_id="w"), bind_context(user_id="ours"):
        LogListener()(LimiterWaited(**TRY, scope="s", wait=0.5))

    (call,) = sink.calls
    said = json.loads(call.args[0])
    assert (call.method_name, said["event"]) == ("debug", "limiter_waited")
    assert (said["user_id"], said["workflow_id"]) == ("ours", "w")


def test_the_standard_library_is_used_otherwise(unconfigured: None, caplog: pytest.LogCaptureFixture) -> None:
    """A sentence for people, and the fields in the record's attribute `backstay`; nothing is configured."""
    with caplog.at_level(logging.INFO, "backstay"):
        LogListener()(RetryAttempt(**TRY, attempt=1, max_attempts=5, delay=2.0, exception="x.Y", calls=1))
        LogListener()(LimiterWaited(**TRY, scope="s", wait=0.5))  # DEBUG: not wanted here

    (record,) = caplog.records
    assert record.getMessage().startswith("Attempt 1/5 failed, retrying in 2.0s")
    assert (record.levelname, record.name) == ("INFO", "backstay")
    assert record.backstay["event"] == "retry_attempt"  # type: ignore[attr-defined]  # from `extra`
    assert record.backstay["delay"] == 2.0  # type: ignore[attr-defined]  # as above
    assert not structlog.is_configured()


def test_structlog_is_not_imported_for_a_log() -> None:
    """Who does not use it does not pay for it, neither before nor after the first event."""
    code = """
import sys
from backstay.functions import resilient
@resilient(max_attempts=1)
def fail(): raise TimeoutError("x")
try: fail()
except TimeoutError: pass
print(sorted({"structlog", "httpx", "pydantic"} & set(sys.modules)))"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    assert "fail: failed with TimeoutError" in ran.stderr  # logging's last resort shows warnings and errors


def test_without_structlog_there_is_a_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not installed, or never imported: the standard library's."""
    monkeypatch.delitem(sys.modules, "structlog")
    assert isinstance(current_logger(), logging.Logger)


# Redaction -----------------------------------------------------------------------------------------------------------


def test_the_context_comes_by_allow_list(records: Records) -> None:
    """Names that nobody allowed keep their value hidden; a value with an inside is never shown; ids become text."""
    user = UUID(int=7)
    with bind_context(
        user_id=user, carousel_id={"token": "s3cret"}, shoe_size=43, password="s3cret", event="mine", timestamp="mine",
        page=True,
    ):  # fmt: skip
        LogListener(records)(LimiterWaited(**TRY, scope="s", wait=0.5))

    fields = records.lines[0][1]
    assert fields["user_id"] == str(user)
    assert [fields[name] for name in ("carousel_id", "shoe_size", "password")] == ["REDACTED"] * 3
    assert (fields["event"], fields["timestamp"], fields["page"]) == ("limiter_waited", AT, True)
    assert "s3cret" not in str(records.lines)


def test_an_application_may_allow_more(records: Records) -> None:
    """`allow` names the fields that may be shown."""
    with bind_context(shoe_size=43, user_id="u"):
        LogListener(records, allow=frozenset({"shoe_size"}))(LimiterWaited(**TRY, scope="s", wait=0.5))
    assert records.lines[0][1]["shoe_size"] == 43
    assert records.lines[0][1]["user_id"] == "REDACTED"


ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SHAPES = [
    ("EAA", 40), ("sk-", 40), ("sk-ant-", 40), ("pplx-", 40), ("AIza", 35), ("ya29.", 40), ("https://me:", 12),
    ("access_token=", 24), ("Authorization: Bearer ", 24), ('"api_key": "', 16), ("client_secret=", 16),
    ("password=", 8), ("id_token=", 24), ("Cookie: session=", 20),
]  # fmt: skip
"""Prefixes and lengths. Only a random text follows, so that this file holds nothing that looks like a key."""
END = "Zq7"
"""What every secret ends with, so that none of them is a word that a log may hold."""
SECRETS = st.sampled_from(SHAPES).flatmap(
    lambda shape: st.tuples(
        st.just(shape[0]), st.text(ALPHABET, min_size=shape[1], max_size=shape[1]).map(lambda text: text[:-3] + END)
    )
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SECRETS, st.sampled_from(["", "see ", "https://x.example/?a=1&", "line one\nline two ", "{'h': '"]))
def test_no_secret_reaches_a_log_line(unconfigured: None, secret: tuple[str, str], before: str) -> None:
    """In an argument, an exception's text, the context, a header or a structlog variable: in no line or sentence."""
    name, value = secret
    text = f"{before}{name}{value}@host"
    request = httpx.Request("GET", "https://vendor.example/x", headers={"X-Key": value})
    response = httpx.Response(503, headers={"Set-Cookie": value}, request=request)
    clock, records, lines = VirtualClock(), Records(), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(f"{record.getMessage()} {record.__dict__}")  # type: ignore[method-assign]  # a sink
    library = logging.Logger("test", logging.DEBUG)  # noqa: LOG001 - its own, so that it leaves nothing behind
    library.addHandler(handler)
    listeners = (LogListener(records), LogListener(library), ConsoleListener(lines.append))

    @resilient("api", runtime=Runtime.in_memory(clock=clock, listeners=listeners))
    async def ask(topic: str, key: str) -> None:
        raise httpx.HTTPStatusError(text, request=request, response=response)

    with bind_context(user_id=text, api_key=value), structlog.contextvars.bound_contextvars(token=value):
        with pytest.raises(httpx.HTTPStatusError):
            run(ask(text, key=value), clock)
        log_error(records, RuntimeError(text))
        log_error(library, RateLimitError(text, vendor_message=text))

    everything = f"{records.lines} {lines}"
    assert len(records.lines) == 5
    assert len(lines) == 9
    assert value not in everything


# log_error -----------------------------------------------------------------------------------------------------------


def test_log_error_writes_any_exception(records: Records) -> None:
    """S4-82 with the fields of S1-31; what the caller counted is believed for foreign exceptions."""
    with bind_context(carousel_id="c"):
        log_error(records, ValueError("bad"), context="create_campaign", platform="meta", retry_count=2)

    level, fields = records.lines[0]
    assert level == "error"
    assert fields.pop("timestamp").endswith("+00:00")
    assert fields == {
        "event": "operation_error", "context": "create_campaign", "error_type": "ValueError", "error_message": "bad",
        "platform": "meta", "retry_count": 2, "carousel_id": "c",
    }  # fmt: skip


def test_an_errors_own_count_wins(records: Records) -> None:
    """Decision 10: one that counted its attempts is believed, whatever the argument says."""
    clock = VirtualClock()

    @resilient("api", runtime=Runtime.in_memory(clock=clock, listeners=()))
    async def ask() -> None:
        raise RateLimitError(vendor="meta", operation="list_ads")

    with pytest.raises(RateLimitError) as caught:
        run(ask(), clock)
    log_error(records, caught.value, retry_count=99)

    fields = records.lines[0][1]
    assert fields["retry_count"] == 2
    assert (fields["context"], fields["platform"], fields["code"], fields["type"]) == (
        "list_ads", "meta", "1003", "API_RATE_LIMIT"
    )  # fmt: skip
