"""Posts in the journal's file, on the command line, in dead letters and on real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backstay import Runtime
from backstay.cli.journal import connected
from backstay.content import Post
from backstay.download import DownloadRules
from backstay.errors import BackstayError, UnknownOutcomeError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.writes.memory import MemoryJournal
from backstay.writes.recover import orphans
from backstay_adapters.claude.sandbox import ClaudeSandbox
from backstay_adapters.instagram import Instagram, instagram_profile
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY, InstagramSandbox
from tests.support.posts import CAROUSEL, IMAGE, Desk


def test_the_journals_file_keeps_steps_and_posts_and_no_text(tmp_path: Path) -> None:
    """A restart replays the post and goes on with what was prepared; captions are not in the file."""
    desk = Desk()

    def process() -> Instagram:
        runtime = Runtime(state=tmp_path, clock=desk.clock, listeners=())
        return Instagram(ACCOUNT, KEY, runtime=runtime, transport=desk.transport)

    secret = IMAGE.but(caption="Words that nobody else has")
    first = desk.run(process().publish_post(secret, idempotency_key="k"))
    desk.run(process().prepare(CAROUSEL, idempotency_key="c"))
    sent = len(desk.asked)
    again = desk.run(process().publish_post(secret, idempotency_key="k"))
    assert (again.id, again.caption, again.how) == (first.id, secret.caption, "replayed")
    assert desk.asked[sent:] == ["post"]
    desk.run(process().publish_post(CAROUSEL, idempotency_key="c"))
    assert (desk.posts(), desk.asked.count("media/carousel")) == (2, 1)
    assert b"nobody else" not in b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())


def test_a_post_that_is_given_up_leaves_a_letter_and_its_replay_publishes_once() -> None:
    """The letter is the caller's own call: made again later, it goes on with the same key."""
    desk = Desk()
    desk.breaks(FaultKind.HTTP_5XX, "media/*", times=None)

    async def main() -> tuple[list[str], Post]:
        ours = desk.process()
        with pytest.raises(BackstayError):
            await ours.publish_post(CAROUSEL, idempotency_key="k")
        letters = await ours.runtime.letters.list()
        desk.heals()
        post = await ours.runtime.letters.replay(letters[0].dlq_id, ours)
        return [each.operation for each in letters], post

    operations, post = desk.run(main())
    assert operations == ["publish_post"]
    assert (desk.posts(), post.id) == (1, desk.vendor.live()[0].id)


async def test_the_command_line_connects_to_whom_it_can_look_into() -> None:
    """A publisher with its account, and nobody who writes texts."""
    async with serve({"instagram": InstagramSandbox(), "claude": ClaudeSandbox()}) as served:
        address = f"http://{served.host}:{served.port}"
        async with connected(Runtime.in_memory(listeners=()), address) as adapters:
            assert [each.vendor for each in adapters] == ["instagram"]
            assert [each async for each in orphans(MemoryJournal(), adapters)] == []


@pytest.mark.parametrize("kind", [None, FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.HTML])
async def test_on_a_real_socket_a_post_goes_out_once(kind: FaultKind | None) -> None:
    """Over our pool, with faults that are real there; containers are ready at once, so nothing is waited for."""
    vendor = InstagramSandbox(prepare=0.0, again="posts")
    profile = instagram_profile().with_(read_lag=0.2, patience=(0.0, 0.1))
    if kind is not None:
        vendor.faults = FaultPlan([FaultRule(kind, operation="media_publish", times=1, after_commit=True)])
    async with serve({"instagram": vendor}) as served:
        runtime = Runtime.in_memory(listeners=())
        async with Instagram(
            ACCOUNT, KEY, runtime=runtime, profile=profile, base_url=served.urls["instagram"],
            media_rules=DownloadRules(private=True, schemes=frozenset({"http", "https"})),
        ) as instagram:  # fmt: skip
            posts = await asyncio.gather(*(instagram.publish_post(CAROUSEL, idempotency_key="k") for _ in range(2)))
    assert len(vendor.live()) == 1
    assert {each.id for each in posts} == {vendor.live()[0].id}
    assert not isinstance(posts[0], UnknownOutcomeError)
