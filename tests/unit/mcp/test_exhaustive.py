"""One booking under every trouble: each fault at each request of the whole exchange, in both eras of the protocol."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultRule
from backstay.taxonomy import TYPES, Certainty
from backstay_adapters.mcp.sandbox import MODERN, SESSIONS
from backstay_adapters.mcp.sandbox.refusal import NAMES
from backstay_adapters.mcp.sandbox.tools import BERTH, HARBOUR
from tests.support.harbour import BERTH as BOOK
from tests.support.harbour import WIND, Bench, broken

KINDS = [kind for kind in FaultKind if kind not in {FaultKind.VENDOR_ERROR, FaultKind.PARTIAL, FaultKind.LATENCY}]
RULES = [
    *(FaultRule(kind, times=1, delay=3.0 if kind is FaultKind.SLOW_DRIP else 0.0) for kind in KINDS),
    *(FaultRule(FaultKind.VENDOR_ERROR, error=name, times=1) for name in NAMES),
    *(FaultRule(FaultKind.VENDOR_ERROR, error=name, times=1, after_commit=True) for name in ("internal", "own")),
]
REQUESTS = 8
"""At least as many as the longest exchange has: what strikes beyond it strikes nothing."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.error or rule.kind.value)
@pytest.mark.parametrize("era", [MODERN, SESSIONS])
def test_one_booking_is_one_booking(era: str, rule: FaultRule) -> None:
    """Made once or not at all, whatever breaks; success is success, and a doubt is said to be one."""
    for place in range(REQUESTS):
        bench = Bench(replace(rule, skip=place), era=era)
        try:
            bench.call(*BOOK, idempotency_key="k", deadline=300.0)
            made = True
        except BackstayError as error:
            assert error.type in TYPES
            made = None if error.certainty is Certainty.UNKNOWN else False
        found = len(bench.sandbox.world.at(HARBOUR, BERTH))
        assert found <= 1
        assert made is None or found == made, (place, found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.error or rule.kind.value)
def test_a_key_that_stayed_open_never_acts_again(rule: FaultRule) -> None:
    """Three calls under one key, the first of which is struck: at most one booking."""
    bench = Bench(replace(rule, operation="tools/call/*"))
    tools = bench.tools

    async def main() -> None:
        async with tools:
            for _ in range(3):
                try:
                    await tools.call_tool(*BOOK, idempotency_key="k")
                except BackstayError as error:
                    assert error.type in TYPES

    bench.run(main())
    assert len(bench.sandbox.world.at(HARBOUR, BERTH)) <= 1


def test_many_at_once_survive_a_lost_session() -> None:
    """All of them notice, one opens another session, and each call is made again."""
    bench = Bench(broken(FaultKind.VENDOR_ERROR, error="session", times=1), era=SESSIONS)
    tools = bench.tools

    async def main() -> int:
        async with tools:
            await tools.list_tools()
            answers = await asyncio.gather(*(tools.call_tool("wind", {"place": f"p{n}"}) for n in range(10)))
            await tools.call_tool(*WIND)
            return sum(each.served.attempts for each in answers)

    assert bench.run(main()) <= 20
    assert [bench.sandbox.operation(each) for each in bench.transport.requests].count("initialize") == 2
