"""Sabotage: without the gate in the way of writes, C15 fails."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Unpack

import pytest

from backstay.base import Adapter
from backstay.operation import CallOptions, NeverSpends, Operation, operation
from backstay.policies.effect import Effect
from backstay.testing.bench import Bench
from backstay.testing.conformance.guard import GuardCases
from backstay.writes.guard import Act, Passage
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox


def bench() -> Bench:
    return Bench(
        TikTokSandbox(seed=11),
        lambda runtime, shell: TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=shell, tier="ultimate"),
    )


def skipping(*names: str) -> Any:
    """The way through the gate, with a hole for some writes."""
    honest = Adapter._passing

    def passing(self: Adapter, operation: Operation, *rest: Any) -> Any:
        return nothing() if operation.name in names else honest(self, operation, *rest)

    @contextlib.asynccontextmanager
    async def nothing() -> AsyncIterator[Passage]:
        yield Passage(Act("", "", "", "", 0.0), "")

    return passing


def test_an_honest_adapter_passes() -> None:
    """Else the tests below would prove nothing."""
    GuardCases().test_c15_every_write_passes_the_guard(bench())


@pytest.mark.parametrize("forgotten", ["set_status", "update", "create_campaign", "upload_image", "delete"])
def test_one_write_that_skips_the_guard_is_found(monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    """Whichever it is."""
    monkeypatch.setattr(Adapter, "_passing", skipping(forgotten))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        GuardCases().test_c15_every_write_passes_the_guard(bench())


class Further(TikTokAds):
    """TikTok with one more write."""

    @operation(Effect.SET, spend=NeverSpends("it does nothing"))
    async def polish(self, name: str, **_: Unpack[CallOptions]) -> None:
        """Do nothing."""


@pytest.mark.parametrize("told", [False, True])
def test_a_write_that_the_suite_does_not_know_is_found(told: bool) -> None:
    """A vendor's further write needs a call of it, or nobody knows whether it passes."""
    further = {"polish": lambda ads, _: ads.polish("x")} if told else None
    known = Bench(
        TikTokSandbox(seed=11),
        lambda runtime, shell: Further(ADVERTISERS[0], TOKEN, runtime=runtime, transport=shell, tier="ultimate"),
        further_writes=further,
    )
    if told:
        GuardCases().test_c15_every_write_passes_the_guard(known)
        return
    with pytest.raises(AssertionError, match="forgotten"):
        GuardCases().test_c15_every_write_passes_the_guard(known)
