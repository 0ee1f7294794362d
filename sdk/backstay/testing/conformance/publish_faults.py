"""What may go wrong with a post: lost answers, crashes, refusals that are none. Never two posts, never a lie."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from backstay.content.publish import Post
from backstay.errors import BackstayError, ResourceError, TokenExpiredError, UnknownOutcomeError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.posting import Trouble, endure
from backstay.testing.publish_bench import PublishBench
from backstay.writes.recover import Verdict, recover

KEY: Final = "spring/1"
DONE: Final[tuple[tuple[FaultKind, dict[str, Any]], ...]] = (
    (FaultKind.RESET_AFTER, {}), (FaultKind.HALF_JSON, {}), (FaultKind.EMPTY, {}),
    (FaultKind.HTTP_5XX, {"after_commit": True}), (FaultKind.TIMEOUT, {"after_commit": True}),
    (FaultKind.HTML, {"after_commit": True, "status": 200}), (FaultKind.VENDOR_ERROR, {"after_commit": True}),
)  # fmt: skip
NOT_DONE: Final[tuple[tuple[FaultKind, dict[str, Any]], ...]] = (
    (FaultKind.RESET_BEFORE, {}), (FaultKind.CONNECT_REFUSED, {}), (FaultKind.HTTP_5XX, {"after_commit": False}),
    (FaultKind.TIMEOUT, {"after_commit": False}), (FaultKind.VENDOR_ERROR, {}),
)  # fmt: skip
EVERY: Final = 5
"""Of the troubles at each await, how many are played here; all of them are in the vendor's own simulation."""


class PublishFaultCases:
    """Mixed into `PublisherConformance`."""

    @pytest.fixture
    def bench(self) -> PublishBench:
        """The adapter under test."""
        raise NotImplementedError

    @pytest.mark.parametrize(("kind", "facts"), DONE, ids=[str(kind) for kind, _ in DONE])
    def test_pf01_a_post_that_is_out_is_success(
        self, bench: PublishBench, kind: FaultKind, facts: dict[str, Any]
    ) -> None:
        """PF1: whatever became of the answer, it is found, and nothing is sent again."""
        bench.break_writing(kind, times=1, **facts)
        post = bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        (live,) = bench.live
        assert (post.how, post.id, bench.published) == ("adopted", live.id, 1)

    @pytest.mark.parametrize(("kind", "facts"), NOT_DONE, ids=[str(kind) for kind, _ in NOT_DONE])
    def test_pf02_a_post_that_is_not_out_is_sent_again(
        self, bench: PublishBench, kind: FaultKind, facts: dict[str, Any]
    ) -> None:
        """PF2: when that is certain, and the same container."""
        bench.break_writing(kind, times=1, **facts)
        post = bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert (post.how, len(bench.live)) == ("created", 1)

    def test_pf03_a_refusal_of_what_was_carried_out_is_success(self, bench: PublishBench) -> None:
        """PF3: the vendor says no, and the post is out."""
        if "refused_but_live" not in bench.rules:
            pytest.skip("this vendor is not known to do so")
        bench.break_with(bench.rules["refused_but_live"])
        post = bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert (len(bench.live), post.id, bench.published) == (1, bench.live[0].id, 1)

    def test_pf04_somebody_elses_post_is_not_taken_for_ours(self, bench: PublishBench) -> None:
        """PF4: the latest post is another one; ours is still missing, and goes out."""
        bench.break_writing(FaultKind.RESET_BEFORE, times=1)
        post = bench.run(self._beside(bench, "Something else"))
        theirs, ours = bench.live
        assert (post.id, theirs.id == post.id) == (ours.id, False)

    def test_pf05_what_cannot_be_told_is_left_open(self, bench: PublishBench) -> None:
        """PF5: a post with our words that is not ours: UNKNOWN_OUTCOME, by the next call too, and nothing is sent."""
        bench.break_writing(FaultKind.RESET_BEFORE, times=1)
        with pytest.raises(UnknownOutcomeError):
            bench.run(self._beside(bench, bench.asked.caption))
        with pytest.raises(UnknownOutcomeError):
            bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert (len(bench.live), bench.published) == (1, 1)

    async def _beside(self, bench: PublishBench, caption: str) -> Post:
        task = asyncio.ensure_future(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        while not bench.published:
            await bench.clock.sleep(0.5)
        bench.somebody_posts(caption)
        return await task

    @pytest.mark.parametrize("what", ["crash", "lost", "cancel"])
    def test_pf06_a_process_that_dies_anywhere_leaves_one_post(self, bench: PublishBench, what: str) -> None:
        """PF6: at some of all awaits; the next call with the key goes on."""
        for at in range(1, 40, EVERY):
            assert endure(bench.stage, bench.asked, Trouble(what, at)) == []

    @pytest.mark.parametrize(("done", "verdict"), [(True, Verdict.ADOPTED), (False, Verdict.ABSENT)])
    def test_pf07_recover_settles_it_by_looking(self, bench: PublishBench, done: bool, verdict: Verdict) -> None:  # noqa: FBT001 - a case
        """PF7: after a crash, without another call; nothing is sent."""
        bench.break_writing(FaultKind.TIMEOUT, after_commit=done)

        async def main() -> Verdict:
            task = asyncio.ensure_future(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
            while not bench.published:
                await bench.clock.sleep(0.5)
            task.cancel()
            await asyncio.wait([task])
            bench.simulator.faults = FaultPlan()
            again = bench.adapter()
            (found,) = await recover(bench.runtime, [again])
            return found.verdict

        assert bench.run(main()) is verdict
        assert (bench.published, len(bench.live)) == (1, int(done))

    def test_pf08_without_a_journal_nothing_goes_out(
        self, bench: PublishBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PF8: what cannot be written down is not published."""

        async def full(*_: object, **__: object) -> object:
            raise ResourceError("the disk is full")

        adapter = bench.adapter()
        monkeypatch.setattr(bench.runtime.journal, "claim", full)
        with pytest.raises(ResourceError):
            bench.run(adapter.publish_post(bench.asked, idempotency_key=KEY))
        assert (bench.published, bench.live) == (0, [])

    def test_pf09_places_are_given_back_whatever_happens(self, bench: PublishBench) -> None:
        """PF9: after success, failure and cancellation."""
        bench.break_writing(FaultKind.TOKEN_EXPIRED)
        with pytest.raises(TokenExpiredError):
            bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert bench.busy() == 0
        bench.simulator.faults = FaultPlan()
        bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert (bench.busy(), len(bench.live)) == (0, 1)

    def test_pf10_a_deadline_is_that_of_all_steps_together(self, bench: PublishBench) -> None:
        """PF10: and the same key goes on afterwards."""
        bench.break_with(FaultRule(FaultKind.TIMEOUT, operation=bench.preparing))
        began = bench.clock.monotonic()
        with pytest.raises(BackstayError):
            bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY, deadline=20.0))
        assert bench.clock.monotonic() - began <= 20.5
        bench.simulator.faults = FaultPlan()
        bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert len(bench.live) == 1


__all__ = ["PublishFaultCases"]
