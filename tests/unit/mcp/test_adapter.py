"""MCP's adapter: what is listed, how each kind of tool is called, and what becomes of lost answers and sessions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backstay.auth import Credentials, Secret
from backstay.content import TextRequest, Tool, ToolCall, ToolResult
from backstay.errors import (
    BackstayError,
    IdempotencyConflictError,
    InvalidRequestError,
    McpToolError,
    NotFoundError,
    UnknownOutcomeError,
)
from backstay.letters import LetterOptions
from backstay.policies.effect import Effect
from backstay.redact import FIELDS
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.taxonomy import Certainty
from backstay_adapters.mcp import MCPTools, ToolAnswer
from backstay_adapters.mcp.sandbox import KEY, MODERN, SESSIONS
from backstay_adapters.mcp.sandbox.tools import BERTH, HARBOUR
from backstay_adapters.mcp.sandbox.tools import FLAG as FLAGS
from tests.support.harbour import BERTH as BOOK
from tests.support.harbour import FLAG, URL, WIND, Bench, broken, said

ERAS = pytest.mark.parametrize("era", [MODERN, SESSIONS])


def berths(bench: Bench) -> int:
    """Bookings that were really made."""
    return len(bench.sandbox.world.at(HARBOUR, BERTH))


# Listing ------------------------------------------------------------------------------------------------------------


@ERAS
def test_tools_are_listed_with_what_their_hints_say(era: str) -> None:
    """All pages; a tool without a word counts as one that changes something each time."""
    bench = Bench(era=era)
    listed = bench.run(bench.tools.list_tools())
    assert {each.name: each.effect for each in listed.tools} == {
        "wind": Effect.READ, "hoist_flag": Effect.SET, "book_berth": Effect.CREATE, "find_berths": Effect.READ,
    }  # fmt: skip
    wind = listed.named("wind")
    assert wind is not None
    assert (wind.title, wind.output_schema["required"], wind.annotations["readOnlyHint"]) == ("Wind", ["knots"], True)
    assert listed.named("nobody") is None
    assert TextRequest.ask("x", tools=listed.offered).tools[0] == Tool(
        name="wind", description="The wind at a place, in knots.", input_schema=wind.tool.input_schema
    )


def test_who_knows_better_says_so() -> None:
    """`effects` beats the hints, and `trust=False` believes none."""
    told = {"book_berth": Effect.SET}
    trusting, wary = Bench(effects=told), Bench(effects=told, trust=False)
    for bench, wind in ((trusting, Effect.READ), (wary, Effect.CREATE)):
        effects = {each.name: each.effect for each in bench.run(bench.tools.list_tools()).tools}
        assert (effects["book_berth"], effects["wind"]) == (Effect.SET, wind)


def test_a_list_is_kept_and_served_while_the_server_is_away() -> None:
    """Five minutes as it is, then stale, marked."""
    bench = Bench()
    tools = bench.tools

    async def main() -> list[str]:
        first = await tools.list_tools()
        again = await tools.list_tools()
        await bench.clock.sleep(400.0)
        bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX)])
        old = await tools.list_tools()
        assert first == again == old
        return [first.served.source, again.served.source, old.served.source]

    assert bench.run(main()) == ["live", "cache", "stale"]


@ERAS
def test_a_list_that_does_not_come_is_a_timeout_of_mcp(era: str) -> None:
    """3002, as a call of a tool is."""
    error = Bench(FaultRule(FaultKind.TIMEOUT, operation="tools/list"), era=era).fail(*WIND, max_attempts=1)
    assert (error.type, error.code) == ("MCP_TIMEOUT", "3002")


def test_a_tool_that_is_not_there_is_not_called() -> None:
    """The list is asked for anew once where it is an old one; then the error names what there is."""
    bench = Bench()
    error = bench.fail("sail", {})
    assert isinstance(error, NotFoundError)
    assert (error.field, error.certainty) == ("name", Certainty.NOT_SENT)
    assert "wind" in str(error.hint)
    assert bench.sent == []


# Calling ------------------------------------------------------------------------------------------------------------


@ERAS
def test_a_tool_answers_in_words_and_data(era: str) -> None:
    """Both, and everything that it gave."""
    answer = Bench(era=era).call(*WIND)
    assert set(answer.data) == {"knots"}
    assert answer.text == f"{answer.data['knots']} knots at Kiel"
    assert answer.blocks == ({"type": "text", "text": answer.text},)
    assert (answer.name, answer.how, answer.served.source, answer.served.by) == ("wind", "called", "live", "mcp")
    assert answer.served.request_ids


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.HTML, FaultKind.EMPTY, FaultKind.TIMEOUT])
@pytest.mark.parametrize(("what", "again"), [(WIND, True), (FLAG, True), (BOOK, False)])
@ERAS
def test_a_lost_answer(era: str, what: Any, again: bool, kind: FaultKind) -> None:
    """What reads or sets is called again; what may act each time is not, and the error says that it may have acted."""
    bench = Bench(broken(kind, status=200 if kind is FaultKind.HTML else None, times=1), era=era)
    if again:
        assert bench.call(*what).served.attempts == 2
        assert len(bench.sent) == 2
        return
    error = bench.fail(*what)
    assert isinstance(error, UnknownOutcomeError)
    assert (len(bench.sent), error.certainty, error.retry_allowed) == (1, Certainty.UNKNOWN, False)
    assert berths(bench) <= 1


@pytest.mark.parametrize("what", [WIND, FLAG, BOOK], ids=lambda what: what[0])
def test_what_never_left_is_sent_again(what: Any) -> None:
    """A refused connection did nothing, whatever the tool does."""
    bench = Bench(broken(FaultKind.CONNECT_REFUSED, times=1))
    assert bench.call(*what).served.attempts == 2
    assert len(bench.sent) == 1


def test_setting_twice_is_as_once() -> None:
    """The flag is up once; that the first answer was lost is not said to be proof of anything."""
    bench = Bench(broken(FaultKind.RESET_AFTER))
    error = bench.fail(*FLAG, max_attempts=3)
    assert (error.type, error.certainty) == ("MCP_CONNECTION_ERROR", Certainty.UNKNOWN)
    assert len(bench.sandbox.world.at(HARBOUR, FLAGS)) == 1


def test_a_key_acts_once() -> None:
    """The same key gives the first call's answer; other arguments under it are refused; another key acts again."""
    bench = Bench()
    tools = bench.tools

    async def main() -> list[ToolAnswer]:
        found = [await tools.call_tool(*BOOK, idempotency_key="k") for _ in range(2)]
        with pytest.raises(IdempotencyConflictError):
            await tools.call_tool("book_berth", {"boat": "Nina", "nights": 3}, idempotency_key="k")
        return [*found, await tools.call_tool(*BOOK, idempotency_key="other"), await tools.call_tool(*BOOK)]

    first, again, other, without = bench.run(main())
    assert (first.how, again.how) == ("called", "replayed")
    assert (again.served.source, again.data) == ("replayed", first.data)
    assert len({each.data["booking"] for each in (first, other, without)}) == 3
    assert berths(bench) == 3


def test_a_call_that_stayed_open_is_not_sent_by_its_key() -> None:
    """Nobody can look, so the second call says the same as the first."""
    bench = Bench(broken(FaultKind.RESET_AFTER, times=1))
    tools = bench.tools

    async def main() -> None:
        for _ in range(2):
            with pytest.raises(UnknownOutcomeError):
                await tools.call_tool(*BOOK, idempotency_key="k")

    bench.run(main())
    assert (len(bench.sent), berths(bench)) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "how", "sent"), [(FaultKind.RESET_AFTER, "adopted", 1), (FaultKind.RESET_BEFORE, "called", 2)]
)
def test_who_can_look_settles_a_lost_answer(kind: FaultKind, how: str, sent: int) -> None:
    """What was made is adopted; what was not made is made, once."""

    async def find(tools: MCPTools, arguments: Any) -> ToolAnswer | None:
        found = await tools.call_tool("find_berths", {"boat": arguments["boat"]})
        return None if found.text == "none" else ToolAnswer(name="book_berth", text=found.text)

    bench = Bench(broken(kind, "tools/call/book_berth", times=1), looks={"book_berth": find})
    answer = bench.call(*BOOK)
    assert answer.how == how
    assert (bench.sent.count("book_berth"), berths(bench)) == (sent, 1)


# Tools that fail ----------------------------------------------------------------------------------------------------


def test_a_tool_that_fails_is_an_error_of_its_own() -> None:
    """Not one of the connection, never called again; its answer is in `.partial`, or is given where that is wanted."""
    bench = Bench(said("tool"))
    error = bench.fail(*WIND)
    assert isinstance(error, McpToolError)
    assert (error.code, error.retryable, error.vendor_message) == ("3003", False, "Error executing tool wind")
    assert error.partial.text == "Error executing tool wind"
    assert bench.call(*WIND, allow_error=True).is_error
    assert len(bench.sent) == 2


def test_a_tool_that_failed_in_the_middle_of_its_work_is_not_called_again_under_its_key() -> None:
    """It may have done half; the same key gives the same failure, and nothing is sent."""
    bench = Bench(said("tool"))
    tools = bench.tools

    async def main() -> None:
        for _ in range(2):
            with pytest.raises(McpToolError) as caught:
                await tools.call_tool(*BOOK, idempotency_key="k")
            assert caught.value.certainty is Certainty.UNKNOWN

    bench.run(main())
    assert len(bench.sent) == 1


def test_arguments_that_do_not_fit_can_be_mended() -> None:
    """The tool did nothing, so the same key takes the right ones."""
    bench = Bench()
    tools = bench.tools

    async def main() -> ToolAnswer:
        with pytest.raises(InvalidRequestError):
            await tools.call_tool("book_berth", {"boat": "Nina"}, idempotency_key="k")
        return await tools.call_tool(*BOOK, idempotency_key="k2")

    assert bench.run(main()).how == "called"
    assert bench.fail("wind", {"place": 5}).type == "VALIDATION_FAILED"


def test_a_model_is_answered_in_its_own_words() -> None:
    """A call becomes a result, a tool's failure too; the call's id makes it act once."""
    bench = Bench()
    tools = bench.tools
    call = ToolCall(id="toolu_1", name="book_berth", input={"boat": "Nina", "nights": 2})

    async def main() -> tuple[ToolResult, ToolResult, ToolResult]:
        first, again = await tools.answer(call), await tools.answer(call)
        bench.sandbox.faults = FaultPlan([said("tool")])
        return first, again, await tools.answer(ToolCall(id="toolu_2", name="wind", input={"place": "Kiel"}))

    first, again, failed = bench.run(main())
    assert first == again == ToolResult(call_id="toolu_1", content=first.content)
    assert failed == ToolResult(call_id="toolu_2", content="Error executing tool wind", is_error=True)
    assert berths(bench) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_a_call_that_is_given_up_leaves_a_letter(kept: bool) -> None:
    """Arguments are in it where their names are allowed, and then it can be replayed: once, under its key."""
    options = LetterOptions(allow=FIELDS | {"boat", "nights"}) if kept else LetterOptions()
    bench = Bench(broken(FaultKind.RATE_LIMIT, times=1), letters=options)
    tools = bench.tools

    async def main() -> None:
        with pytest.raises(BackstayError):
            await tools.call_tool(*BOOK, idempotency_key="k", max_attempts=1)
        (letter,) = await bench.runtime.letters.list()
        assert ("Nina" in str(letter), letter.operation) == (kept, "call_tool")
        if kept:
            made = await bench.runtime.letters.replay(letter.dlq_id, tools)
            assert made.value.data["booking"]
            assert (await tools.call_tool(*BOOK, idempotency_key="k")).how == "replayed"

    bench.run(main())
    assert berths(bench) == kept


# Sessions -----------------------------------------------------------------------------------------------------------


def test_a_session_that_the_server_forgot_is_opened_anew() -> None:
    """The call that noticed is made again, whatever it does: the server refused it unread."""
    bench = Bench(said("session", times=1), era=SESSIONS)
    assert bench.call(*BOOK).served.attempts == 2
    asked = [bench.sandbox.operation(each) for each in bench.transport.requests]
    assert asked.count("initialize") == 2
    assert berths(bench) == 1


@ERAS
def test_a_broken_request_leaves_the_others_alone(era: str) -> None:
    """Ten at once on one session, one of which breaks: nine do not notice, and no second session is opened."""
    bench = Bench(broken(FaultKind.RESET_AFTER, skip=4, times=1, delay=1.0), era=era)
    tools = bench.tools

    async def main() -> list[ToolAnswer]:
        await tools.list_tools()
        return await asyncio.gather(*(tools.call_tool("wind", {"place": f"p{n}"}) for n in range(10)))

    assert sorted(each.served.attempts for each in bench.run(main())) == [1] * 9 + [2]
    asked = [bench.sandbox.operation(each) for each in bench.transport.requests]
    assert asked.count("server/discover") == 1


def test_a_server_that_comes_late_is_waited_for() -> None:
    """A session that cannot be opened is tried again, and nothing counts as sent."""
    bench = Bench(FaultRule(FaultKind.CONNECT_REFUSED, times=3))
    assert bench.call(*BOOK).data
    down = Bench(FaultRule(FaultKind.CONNECT_REFUSED))
    error = down.fail(*BOOK, max_attempts=2)
    assert (error.type, error.code, error.certainty) == ("MCP_CONNECTION_ERROR", "3001", Certainty.NOT_SENT)


@pytest.mark.parametrize(
    ("kind", "type_"), [(FaultKind.TIMEOUT, "MCP_TIMEOUT"), (FaultKind.TOKEN_REVOKED, "TOKEN_INVALID")]
)
@ERAS
def test_a_handshake_that_fails_has_its_type(era: str, kind: FaultKind, type_: str) -> None:
    """What HTTP has said is not lost in it."""
    error = Bench(FaultRule(kind), era=era).fail(*WIND, max_attempts=1)
    assert (error.type, error.certainty) == (type_, Certainty.NOT_SENT)


def test_whoever_waits_for_a_session_in_vain_has_sent_nothing() -> None:
    """The one that opens it, and those that wait for it: nothing stays open in the journal."""
    bench = Bench(FaultRule(FaultKind.TIMEOUT, operation="server/discover", skip=1))
    tools, other = bench.tools, bench.tools

    async def main() -> list[Any]:
        await tools.list_tools()
        calls = (other.call_tool(*BOOK, idempotency_key=f"k{n}", max_attempts=1, deadline=35.0) for n in range(3))
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = bench.run(main())
    assert {error.type for error in errors} <= {"MCP_TIMEOUT", "TIMEOUT", "DEADLINE_EXCEEDED"}
    assert {error.certainty for error in errors} == {Certainty.NOT_SENT}


@ERAS
def test_a_cancelled_call_frees_its_place_and_leaves_the_session(era: str) -> None:
    """The next call goes over the same session."""
    bench = Bench(broken(FaultKind.TIMEOUT, times=1), era=era)
    tools = bench.tools

    async def main() -> ToolAnswer:
        await tools.list_tools()
        calling = asyncio.ensure_future(tools.call_tool(*WIND))
        await bench.clock.sleep(3.0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert sum(scope.bulkhead.in_flight for scope in bench.runtime.scopes) == 0
        return await tools.call_tool(*WIND)

    assert bench.run(main()).data
    assert [bench.sandbox.operation(each) for each in bench.transport.requests].count("server/discover") == 1


def test_a_cancelled_write_stays_open() -> None:
    """It may have acted: its key does not act again."""
    bench = Bench(broken(FaultKind.TIMEOUT, times=1, after_commit=True))
    tools = bench.tools

    async def main() -> None:
        calling = asyncio.ensure_future(tools.call_tool(*BOOK, idempotency_key="k"))
        await bench.clock.sleep(3.0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        with pytest.raises(UnknownOutcomeError):
            await tools.call_tool(*BOOK, idempotency_key="k")

    bench.run(main())
    assert berths(bench) == 1


def test_closing_ends_the_session() -> None:
    """The server is told, once."""
    bench = Bench(era=SESSIONS)
    bench.call(*WIND)
    assert bench.sandbox.sessions == set()
    assert [each.method for each in bench.transport.requests].count("DELETE") == 1


# Waiting, credentials, secrets --------------------------------------------------------------------------------------


def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    """HTTP's 429 and its header, which the SDK loses."""
    bench = Bench(broken(FaultKind.RATE_LIMIT, retry_after=7.0, times=1))
    assert bench.call(*WIND).served.attempts == 2
    assert 1007.0 <= bench.clock.monotonic() < 1012.0
    error = Bench(broken(FaultKind.RATE_LIMIT, retry_after=7.0)).fail(*WIND, max_attempts=1)
    assert (error.type, error.retry_after, error.scope) == ("API_RATE_LIMIT", 7.0, "requests")


def test_a_new_token_is_asked_for_once() -> None:
    """An expired one is renewed and the call made again over the same session."""
    asked: list[int] = []

    async def provide() -> str:
        asked.append(1)
        return "old-token" if len(asked) == 1 else KEY

    bench = Bench(token=None, credentials=Credentials(provider=provide, name="harbour"))
    bench.sandbox.keys["old-token"] = "expired"
    assert bench.call(*WIND).data
    assert len(asked) == 2


def test_a_server_without_a_lock_is_asked_without_a_key() -> None:
    """No header is made up; headers of the caller's own are sent."""
    bench = Bench(token=None, headers={"x-harbour": Secret("pilot")})
    assert bench.fail(*WIND).type == "TOKEN_INVALID"
    headers = bench.transport.requests[0].headers
    assert "bearer" not in headers.get("authorization", "").lower()  # the address's own user stays
    assert headers["x-harbour"] == "pilot"


def test_secrets_are_shown_to_nobody() -> None:
    """Not the token, not what stands in the address: in no repr, no error, no scope."""
    bench = Bench(FaultRule(FaultKind.CONNECT_REFUSED))
    tools = bench.tools
    with pytest.raises(BackstayError) as caught:
        bench.run(tools.call_tool(*WIND, max_attempts=1))
    told = f"{tools!r} {caught.value} {caught.value!r} {caught.value.to_response()} {tools.host}"
    assert "hush" not in told
    assert KEY not in told
    assert tools.host == "http://harbour.example/mcp"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "url"),
        ({"url": URL, "command": ("server",)}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": URL, "effects": {"wind": Effect.PUBLISH}}, "effects"),
        ({"url": URL, "mode": "2020-01-01"}, "mode"),
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any], field: str) -> None:
    """Field, value and cure are named, and no secret."""
    with pytest.raises(InvalidRequestError) as caught:
        MCPTools(**given)
    assert caught.value.field == field
    assert caught.value.hint
    assert "hush" not in repr(caught.value.value)


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is needed, the token is not."""
    monkeypatch.delenv("MCP_URL", raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        MCPTools.from_env()
    assert caught.value.field == "MCP_URL"
    monkeypatch.setenv("MCP_URL", URL)
    assert MCPTools.from_env().host == "http://harbour.example/mcp"
