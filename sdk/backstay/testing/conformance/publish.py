"""What makes publishers swappable: the same posts, steps, keys, limits and errors, whoever puts them out.

class TestSquare(PublisherConformance):
    @pytest.fixture
    def bench(self) -> PublishBench:
        return PublishBench(SquareSandbox, lambda runtime, transport: Square(..., runtime=runtime), ...)
"""

from __future__ import annotations

import pytest

from backstay.content.capabilities import ContentCapability as Can
from backstay.content.protocols import Publisher
from backstay.content.publish import Post, Quota
from backstay.content.words import ContainerState
from backstay.errors import (
    BackstayError,
    IdempotencyConflictError,
    InvalidRequestError,
    UnsupportedCapabilityError,
)
from backstay.sandbox import FaultKind, FaultRule
from backstay.taxonomy import Certainty
from backstay.testing.conformance.publish_faults import KEY, PublishFaultCases
from backstay.testing.publish_bench import KINDS, PublishBench


class PublisherConformance(PublishFaultCases):
    """Subclass it and override the fixture `bench`."""

    def test_it_speaks_the_protocol(self, bench: PublishBench) -> None:
        """The adapter has every method of Publisher."""
        assert isinstance(bench.adapter(), Publisher)

    @pytest.mark.parametrize("kind", KINDS)
    def test_p01_each_kind_goes_out_or_is_refused(self, bench: PublishBench, kind: str) -> None:
        """P1: what capabilities promise is published, with its id and permalink; the rest is refused unsent."""
        adapter = bench.adapter()
        post = bench.posts.get(kind)  # type: ignore[call-overload]  # a kind is a word
        if KINDS[kind] in adapter.capabilities:  # type: ignore[index]  # as above
            assert post is not None
            made = bench.run(adapter.publish_post(post, idempotency_key=KEY))
            (live,) = bench.live
            assert (made.id, made.kind, made.how) == (live.id, post.kind, "created")
            assert made.permalink
            assert made.container_id
            return
        with pytest.raises(UnsupportedCapabilityError):
            bench.run(adapter.publish_post(bench.asked.but(kind=kind), idempotency_key=KEY))
        assert bench.sent == 0

    def test_p02_a_key_publishes_once(self, bench: PublishBench) -> None:
        """P2: the same key again is the same post, from this process and from another; another key is another post."""

        async def main() -> tuple[Post, Post, Post]:
            adapter = bench.adapter()
            first = await adapter.publish_post(bench.asked, idempotency_key=KEY)
            again = await adapter.publish_post(bench.asked, idempotency_key=KEY)
            return first, again, await bench.adapter().publish_post(bench.asked, idempotency_key=KEY)

        first, again, elsewhere = bench.run(main())
        assert (first.id, first.permalink) == (again.id, again.permalink) == (elsewhere.id, elsewhere.permalink)
        assert (again.how, bench.published) == ("replayed", 1)
        bench.run(bench.adapter().publish_post(bench.asked.but(caption="Other words"), idempotency_key="another"))
        assert len(bench.live) == 2

    def test_p03_another_payload_under_the_key_is_refused(self, bench: PublishBench) -> None:
        """P3: before anything is sent, whether the post is out or only prepared."""
        bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        bench.run(bench.adapter().prepare(bench.asked, idempotency_key="prepared"))
        sent = bench.sent
        for key in (KEY, "prepared"):
            with pytest.raises(IdempotencyConflictError):
                bench.run(bench.adapter().publish_post(bench.asked.but(caption="Bye"), idempotency_key=key))
        assert bench.sent == sent

    def test_p04_what_was_prepared_is_not_made_again(self, bench: PublishBench) -> None:
        """P4: preparing shows nothing to anybody; publishing goes on from there."""
        container = bench.run(bench.adapter().prepare(bench.asked, idempotency_key=KEY))
        assert bench.live == []
        post = bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert post.container_id == container.id
        bench.clock.advance(60.0)  # states may show late what was done
        seen = bench.run(bench.adapter().container(container.id))
        assert seen.state is ContainerState.PUBLISHED

    def test_p05_every_word_for_a_state_has_a_meaning(self, bench: PublishBench) -> None:
        """P5: no word that the vendor documents is UNKNOWN to us."""
        assert bench.states
        assert [word for word, state in bench.states.items() if state is ContainerState.UNKNOWN] == []

    def test_p06_what_the_vendor_would_refuse_is_refused_unsent(self, bench: PublishBench) -> None:
        """P6: naming the field, its value and the cure."""
        assert bench.refused
        for request in bench.refused:
            with pytest.raises(InvalidRequestError) as caught:
                bench.run(bench.adapter().publish_post(request, idempotency_key=KEY))
            assert caught.value.field
            assert caught.value.hint
        assert bench.sent == 0

    @pytest.mark.parametrize("key", ["", "  ", "a\nb"])
    def test_p07_a_key_is_needed(self, bench: PublishBench, key: str) -> None:
        """P7: without one nothing could be found again."""
        with pytest.raises(InvalidRequestError):
            bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=key))
        assert bench.sent == 0

    def test_p08_that_a_model_made_it_is_declared_or_refused(self, bench: PublishBench) -> None:
        """P8: it is never left out in silence."""
        adapter, asked = bench.adapter(), bench.asked.but(ai_generated=True)
        if Can.AI_DISCLOSURE not in adapter.capabilities:
            with pytest.raises(UnsupportedCapabilityError):
                bench.run(adapter.publish_post(asked, idempotency_key=KEY))
            return
        assert bench.run(adapter.publish_post(asked, idempotency_key=KEY)).ai_generated is True

    def test_p09_the_quota_is_asked_for_live(self, bench: PublishBench) -> None:
        """P9: it counts each post, and no answer is kept."""
        if Can.QUOTA not in bench.adapter().capabilities:
            pytest.skip("this vendor tells no quota")

        async def main() -> tuple[Quota, Quota]:
            adapter = bench.adapter()
            before = await adapter.quota()
            await adapter.publish_post(bench.asked, idempotency_key=KEY)
            return before, await adapter.quota()

        before, after = bench.run(main())
        assert (after.used - before.used, after.served.source) == (1, "live")

    def test_p10_insights_are_kept_and_served_stale(self, bench: PublishBench) -> None:
        """P10: marked as what they are."""
        if Can.INSIGHTS not in bench.adapter().capabilities:
            pytest.skip("this vendor tells no figures")

        async def main() -> list[str]:
            adapter = bench.adapter()
            post = await adapter.publish_post(bench.asked, idempotency_key=KEY)
            found = [await adapter.insights(str(post.id)), await adapter.insights(str(post.id))]
            await bench.clock.sleep(3 * 3600.0)
            bench.break_with(FaultRule(FaultKind.HTTP_5XX))
            return [each.served.source for each in (*found, await adapter.insights(str(post.id)))]

        assert bench.run(main()) == ["live", "cache", "stale"]

    def test_p11_find_post_is_certain_or_raises(self, bench: PublishBench) -> None:
        """P11: the post of a container; none of one that waits."""

        async def main() -> tuple[Post, Post | None, Post | None]:
            post = await bench.adapter().publish_post(bench.asked, idempotency_key=KEY)
            waiting = await bench.adapter().prepare(bench.asked.but(caption="Other words"), idempotency_key="b")
            found = await bench.adapter().find_post(str(post.container_id))
            return post, found, await bench.adapter().find_post(waiting.id)

        post, found, none = bench.run(main())
        assert found is not None
        assert (found.id, none) == (post.id, None)

    def test_p12_a_misspelled_option_is_refused(self, bench: PublishBench) -> None:
        """P12: it must not pass in silence."""
        with pytest.raises(InvalidRequestError, match="max_atempts"):
            bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY, max_atempts=1))  # type: ignore[call-arg]  # wrong on purpose
        assert bench.published == 0

    def test_p13_errors_have_their_type(self, bench: PublishBench) -> None:
        """P13: each answer that the vendor is known to give, in type, in retryable, and in what it asks to wait."""
        assert bench.errors
        for row in bench.errors:
            with bench.answering(row), pytest.raises(BackstayError) as caught:
                bench.run(bench.adapter().with_options(max_attempts=1).quota())
            found = caught.value
            assert (found.type, found.retryable) == (row.type, row.retryable), row.body
            if row.retry_after is not None:
                assert found.retry_after == row.retry_after

    def test_p14_what_was_never_sent_is_known(self, bench: PublishBench) -> None:
        """P14: a refused connection leaves no doubt, and the key is free again."""
        bench.break_writing(FaultKind.CONNECT_REFUSED)
        with pytest.raises(BackstayError) as caught:
            bench.run(bench.adapter().publish_post(bench.asked, idempotency_key=KEY))
        assert caught.value.certainty is Certainty.NOT_SENT


__all__ = ["PublishBench", "PublisherConformance"]
