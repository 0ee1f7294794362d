"""The steps of a carousel: each is made once, kept, and told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from backstay.answer import UNSERVED, Answer
from backstay.clock import utc
from backstay.content import ContentVendor, Depth, Post, PostKind, PostMedia, PublishRequest, ResearchResult
from backstay.content.settle import UNREADABLE
from backstay.errors import BackstayError, BadResponseError
from backstay.services.carousel import texts
from backstay.services.carousel.at_once import some_at_once
from backstay.services.carousel.book import Book
from backstay.services.carousel.makers import Makers, Teller
from backstay.services.carousel.state import CarouselState, Done, Outline

LASTS: Final = timedelta(hours=1)
"""How long an address must still be good for a publisher to fetch it."""
T = TypeVar("T")
Change = Callable[[CarouselState], CarouselState]


class Making:
    """One process's work on one carousel."""

    def __init__(self, makers: Makers, book: Book, teller: Teller, at_once: int) -> None:
        self._makers = makers
        self._book = book
        self._teller = teller
        self._at_once = at_once

    @property
    def _state(self) -> CarouselState:
        return self._book.state

    async def prepare(self) -> CarouselState:
        """Everything but the publishing; what is there already is not made again."""
        self._teller.step(self._state, "start")
        found = await self._research()
        outline = await self._outline(found)
        await self._each(self._state.slides, lambda number: self._slide(outline, number, found))
        await self._caption(outline)
        await self._hooks(outline)
        await self._each(self._state.pictures, lambda number: self._picture(outline, number))
        await self._each((), self._media)
        return self._state

    # Texts --------------------------------------------------------------------------------------------------------

    async def _research(self) -> ResearchResult:
        if self._state.research is not None:
            return self._state.research
        plan = self._state.plan
        key = f"carousel/{plan.id}/research" if plan.depth is Depth.DEEP else None  # a job that must start once
        found = await self._makers.research.research(texts.research_request(plan), idempotency_key=key)
        reasons = [f"research: {part}" for part in found.degraded]
        served = found.served
        if served.source == "stale" and served is not UNSERVED:
            reasons.append(f"research: an answer that is {served.age:.0f} s old, because of {served.cause}")
        await self._keep("research", found, self._makers.research, lambda state: state.but(research=found), reasons)
        return found

    async def _outline(self, found: ResearchResult) -> Outline:
        if self._state.outline is not None:
            return self._state.outline
        plan, writer = self._state.plan, self._makers.text
        answer: Answer | None = None
        reasons: list[str] = []
        try:
            answer = written = await writer.generate(texts.outline_request(plan, found))
            outline = _read(texts.outline_of, written.data)
        except BackstayError as error:
            if not _unreadable(error):
                raise
            outline = texts.template_outline(plan)
            reasons.append("outline: the writer's could not be read, a template stands in")
        await self._keep("outline", answer, writer, lambda state: state.but(outline=outline), reasons)
        return outline

    async def _slide(self, outline: Outline, number: int, found: ResearchResult) -> None:
        writer = self._makers.text
        answer = await writer.generate(texts.slide_request(self._state.plan, outline, number, found))
        slide = _read(texts.slide_of, answer.data)
        await self._keep(
            f"slide {number + 1}", answer, writer, lambda state: state.with_one("slides", number, slide)
        )  # fmt: skip

    async def _caption(self, outline: Outline) -> None:
        if self._state.caption is None:
            answer = await self._makers.text.generate(texts.caption_request(self._state.plan, outline))
            caption = _read(texts.caption_of, answer.data)
            await self._keep("caption", answer, self._makers.text, lambda state: state.but(caption=caption))

    async def _hooks(self, outline: Outline) -> None:
        if not self._state.hooks:
            answer = await self._makers.text.generate(texts.hooks_request(self._state.plan, outline))
            hooks = _read(texts.hooks_of, answer.data)
            await self._keep("hooks", answer, self._makers.text, lambda state: state.but(hooks=hooks))

    # Pictures -----------------------------------------------------------------------------------------------------

    async def _picture(self, outline: Outline, number: int) -> None:
        slide = self._state.slides[number]
        assert slide is not None  # noqa: S101 - all slides are written before the first picture is made
        request = texts.picture_request(self._state.plan, outline, slide, number)
        kept, answer = await self._book.picture(number), None
        if kept is None or kept.prompt != request.prompt:  # else a process died between two saves: it is paid for
            answer = await self._makers.images.generate_image(request)
            await self._book.keep_picture(number, request.prompt, answer.image)
        image = answer.image if answer is not None else kept.image if kept is not None else None
        assert image is not None  # noqa: S101 - one of the two is there
        await self._keep(
            f"picture {number + 1}", answer, self._makers.images,
            lambda state: state.with_one("pictures", number, image.sha256).but(
                ai_generated=state.ai_generated or image.ai_generated
            ),
        )  # fmt: skip

    async def _media(self, number: int) -> None:
        known = self._state.media[number] if self._state.media else None
        if known is not None and (self._state.request is not None or self._lasts(known.expires_at)):
            return
        kept = await self._book.picture(number)
        assert kept is not None  # noqa: S101 - its bytes are kept before the state says so
        image = kept.image
        key = f"{self._state.plan.id}/{number + 1}-{image.sha256[:16]}.{image.media_type.rpartition('/')[2]}"
        hosted = await self._makers.host.put(image.data, image.media_type, key=key)
        await self._keep(
            f"media {number + 1}", hosted, self._makers.host, lambda state: state.with_one("media", number, hosted)
        )

    # The post -----------------------------------------------------------------------------------------------------

    async def publish(self) -> Post:
        """Hand it to the publisher; the request is kept first, because a second one with this key must be the same."""
        publisher, request = self._makers.publisher, self._state.request
        if request is None:
            request = await self._request()
            await self._book.change(lambda state: state.but(request=request))
        post = await publisher.publish_post(request, idempotency_key=f"carousel/{self._state.plan.id}")
        await self._keep("publish", post, publisher, lambda state: state.but(post=post))
        return post

    async def _request(self) -> PublishRequest:
        """What goes out."""
        state = self._state
        assert state.caption is not None  # noqa: S101 - the caller has looked that everything is made
        media = [await self._post_media(number) for number in range(state.plan.slides)]
        return PublishRequest(
            kind=PostKind.CAROUSEL, media=tuple(media), caption=texts.post_text(state.hooks[0], state.caption),
            ai_generated=state.ai_generated,
        )  # fmt: skip

    async def _post_media(self, number: int) -> PostMedia:
        hosted, slide = self._state.media[number], self._state.slides[number]
        kept = await self._book.picture(number)
        assert hosted is not None and slide is not None and kept is not None  # noqa: S101, PT018 - as above
        return PostMedia(
            url=hosted.url, media_type=hosted.media_type, alt_text=slide.alt_text, size=hosted.size,
            width=kept.image.width, height=kept.image.height,
        )  # fmt: skip

    def _lasts(self, until: Any) -> bool:
        return until is None or until > utc(self._teller.clock.wall()) + LASTS

    # Keeping ------------------------------------------------------------------------------------------------------

    async def _each(self, there: tuple[Any, ...], work: Callable[[int], Awaitable[None]]) -> None:
        """The slides that are not there yet, some at once; all that were begun end before an error is raised."""
        wanted = [n for n in range(self._state.plan.slides) if not there or there[n] is None]
        await some_at_once([_bound(work, number) for number in wanted], self._at_once)

    async def _keep(
        self, step: str, answer: Answer | None, by: ContentVendor, change: Change, degraded: list[str] | None = None
    ) -> None:
        done = self._done(step, answer, by)
        reasons = tuple(degraded or ())
        state = await self._book.change(
            lambda state: change(state).but(done=(*state.done, done), degraded=(*state.degraded, *reasons))
        )
        for reason in reasons:
            self._teller.degraded(state, step, reason.partition(": ")[2])
        self._teller.step(state, step, done.by)

    def _done(self, step: str, answer: Answer | None, by: ContentVendor) -> Done:
        at = utc(self._teller.clock.wall())
        if answer is None or answer.served is UNSERVED:
            return Done(step=step, by=by.capabilities.vendor, at=at)
        served = answer.served
        return Done(
            step=step, by=served.by, at=at, source=served.source, cause=served.cause, attempts=served.attempts
        )  # fmt: skip


def _read(reader: Callable[[Any], T], data: Any) -> T:
    """What a writer's JSON says; raises BadResponseError where a writer of yours has not kept to the schema."""
    try:
        return reader(data)
    except (BackstayError, KeyError, TypeError, ValueError) as error:
        raise BadResponseError(
            f"the writer's answer does not fit the schema: {type(error).__name__}", rule=UNREADABLE, retryable=False,
            hint="a TextGenerator checks its answers against `json_schema` and puts them into `data`",
        ) from error  # fmt: skip


def _bound(work: Callable[[int], Awaitable[None]], number: int) -> Callable[[], Awaitable[None]]:
    return lambda: work(number)


def _unreadable(error: BackstayError) -> bool:
    """Whether it is about JSON that could not be read: one writer's, or that of all steps of a fallback."""
    cause = error.__cause__
    if isinstance(cause, ExceptionGroup):
        return all(isinstance(each, BackstayError) and _unreadable(each) for each in cause.exceptions)
    return error.rule == UNREADABLE


__all__ = ["Making"]
