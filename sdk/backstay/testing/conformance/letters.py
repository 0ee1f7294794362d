"""C20: what is given up leaves one letter, and replaying it makes each thing once."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, cast

import pytest

from backstay.ads import AdPlatform, Campaign, CampaignPatch, ConfiguredStatus
from backstay.errors import BackstayError, ConflictError
from backstay.letters import LetterState
from backstay.sandbox import FaultKind, FaultRule
from backstay.testing.bench import Bench
from backstay.testing.conformance.common import KEY, LAG

if TYPE_CHECKING:
    from backstay.letters.replay import Redoes

AWAY = (FaultKind.CONNECT_REFUSED, FaultKind.RESET_AFTER, FaultKind.TIMEOUT)


class LetterCases:
    """Dead letters."""

    @pytest.mark.parametrize("kind", AWAY)
    @pytest.mark.parametrize("writes_only", [False, True])
    def test_c20_what_is_given_up_is_made_once_by_its_replay(
        self,
        bench: Bench,
        kind: FaultKind,
        writes_only: bool,  # noqa: FBT001 - a parameter of the test
    ) -> None:
        """C20: an outage, of all or of writes only; then every letter is replayed, and is over."""
        ads = bench.adapter()
        letters, target = bench.runtime.letters, cast("Redoes", ads)

        async def main() -> Campaign:
            tree = await bench.tree(ads)
            old = (await ads.create_campaign(bench.campaign("Old"), idempotency_key="old")).value
            if writes_only:
                bench.break_writes(kind)
            else:
                bench.break_with(FaultRule(kind))
            given_up = await _given_up(
                ads.create_campaign(bench.campaign(), idempotency_key=KEY),
                ads.create_tree(tree, idempotency_key="tree"),
                ads.update_campaign(old.ref, CampaignPatch(name="New")),
            )
            bench.heal()
            await bench.clock.sleep(600.0)
            assert len(await letters.list()) == given_up
            assert given_up or writes_only, "an outage that nobody notices proves nothing"
            for letter in await letters.list():
                await letters.replay(letter.dlq_id, target)
                with pytest.raises(ConflictError):
                    await letters.replay(letter.dlq_id, target)
            assert {letter.state for letter in await letters.list(None)} <= {LetterState.REPLAYED}
            await bench.clock.sleep(LAG)
            return await ads.get_campaign(old.ref, max_age=0)

        assert bench.run(main()).name == "New"
        assert len(bench.world.objects(level="campaign")) == 3
        assert bench.world.summary()["duplicates"] == 0

    def test_c20_a_refusal_leaves_nothing(self, bench: Bench) -> None:
        """C20: what is wrong, and a dry run, leave no letter."""
        ads: AdPlatform = bench.adapter()

        async def main() -> None:
            made = (await ads.create_campaign(bench.campaign(), idempotency_key=KEY)).value
            live = await ads.get_campaign(made.ref, max_age=0)
            await ads.update_campaign(made.ref, CampaignPatch(name="Changed"))
            with pytest.raises(ConflictError):
                await ads.update_campaign(made.ref, CampaignPatch(name="Mine"), expect=live)
            bench.break_writes(FaultKind.CONNECT_REFUSED)
            for dry in (
                ads.create_campaign(bench.campaign("Planned"), idempotency_key="planned", dry_run=True),
                ads.set_status(made.ref, ConfiguredStatus.PAUSED, dry_run=True),
            ):
                with contextlib.suppress(BackstayError):  # some vendors check it, by what is a write on the wire
                    await dry
            assert await bench.runtime.letters.list(None) == ()

        bench.run(main())


async def _given_up(*works: Awaitable[Any]) -> int:
    """How many of them are given up; each with a note of its letter. What a look finds is no failure."""
    left = [await _left(work) for work in works]
    return sum(left)


async def _left(work: Awaitable[Any]) -> bool:
    try:
        await work
    except BackstayError as error:
        return any("dead letter" in note for note in error.__notes__)
    return False


__all__ = ["LetterCases"]
