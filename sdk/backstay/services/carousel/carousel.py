"""Carousel: from a topic to a post that went out once, whatever fails or dies on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from backstay.answer import Served, with_served
from backstay.clock import Clock
from backstay.content import (
    GeneratedImage,
    ImageGenerator,
    MediaHost,
    Post,
    Publisher,
    Researcher,
    TextGenerator,
)
from backstay.errors import BackstayError, ConflictError, InvalidRequestError, NotReadyError
from backstay.events import Listener
from backstay.services.carousel.book import Book
from backstay.services.carousel.makers import Makers, Teller
from backstay.services.carousel.making import Making
from backstay.services.carousel.plan import CarouselPlan
from backstay.services.carousel.state import CarouselState
from backstay.services.places import clock_of, ledger_of, listener_of
from backstay.services.store import Store

T = TypeVar("T")


class Carousel:
    """One carousel.

        carousel = Carousel(plan, research=perplexity, text=Fallback(claude, gemini), images=openai, host=folder,
                            publisher=instagram, store=FileStore("carousels"))
        post = await carousel.run()

    Research, outline, slides, caption and hooks, pictures, media host, publishing: each answer is kept before the next
    step begins. Started again with the same plan and store, it goes on where it was: what was answered is not paid for
    again, and the post goes out once, by the publisher's own journal. Nothing is retried here as a whole: the adapters
    ask again, and an error that is raised leaves everything that was made.

    `at_once` slides, pictures and uploads run at the same time. `plan.money`, `.retries` and `.retry_seconds` bound the
    work of all processes on it together. What a process has paid for when it dies in the middle of a call is known to
    nobody.
    """

    def __init__(
        self, plan: CarouselPlan, *, research: Researcher, text: TextGenerator, images: ImageGenerator,
        host: MediaHost, publisher: Publisher, store: Store, at_once: int = 3, clock: Clock | None = None,
        tell: Listener | None = None,
    ) -> None:  # fmt: skip
        if at_once < 1:
            raise InvalidRequestError("nothing can be done", field="at_once", value=at_once, hint="at least 1")
        self.plan = plan
        self._makers = Makers(research, text, images, host, publisher)
        self._store = store
        self._at_once = at_once
        self._teller = Teller(clock_of(self._makers.all, clock), listener_of(self._makers.all, tell))

    async def state(self) -> CarouselState:
        """How far it is; raises IdempotencyConflictError if its id stands for another plan."""
        return (await self._open()).state

    async def picture(self, number: int) -> GeneratedImage:
        """A slide's picture, counted from 1; raises NotReadyError if it is not made yet."""
        book = await self._open()
        known = book.state.pictures[number - 1 : number] if number > 0 else ()
        kept = await book.picture(number - 1) if any(known) else None
        if kept is None:
            raise NotReadyError(
                f"picture {number} is not made yet", field="number", value=number, hint="prepare() or run() makes it"
            )
        return kept.image

    async def run(self, *, allow_degraded: bool = False) -> Post:
        """Make what is missing and publish it; see `prepare` and `publish`."""
        await self.prepare()
        return await self.publish(allow_degraded=allow_degraded)

    async def prepare(self) -> CarouselState:
        """Make everything but the post, for somebody to look at; called again it goes on where it broke off.

        Raises:
            UnsupportedCapabilityError: one of the adapters cannot do its part; nothing was asked.
            SpendGuardError: the plan's money is used up.
            BackstayError: a step failed for good; what was made is kept.
        """
        self._makers.check()
        book = await self._open()
        if book.state.post is not None:
            return book.state
        with book.spending(ledger_of(self._makers.all)):
            return await self._kept(book, self._making(book).prepare)

    async def publish(self, *, allow_degraded: bool = False) -> Post:
        """Put it out, once; called again it goes on where it broke off, or gives the post.

        Raises:
            NotReadyError: something is not made yet.
            InvalidRequestError: a part is degraded, and `allow_degraded` is off (rule `carousel.degraded`).
            UnknownOutcomeError: it may be live and looking did not settle it; call again.
        """
        book = await self._open()
        if book.state.post is not None:
            by = self._makers.publisher.capabilities.vendor
            return with_served(
                book.state.post.model_copy(update={"how": "replayed"}), Served(source="replayed", by=by, attempts=0)
            )
        _require_publishable(book.state, allow_degraded=allow_degraded)
        with book.spending(ledger_of(self._makers.all)):
            return await self._kept(book, self._making(book).publish)

    async def remake(self) -> CarouselState:
        """Drop what is degraded and all that was made from it, so that the next run makes it anew, at its price.

        Raises:
            ConflictError: it was handed to the publisher already.
        """
        book = await self._open()
        if book.state.request is not None:
            raise ConflictError(
                "it was handed to the publisher already", field="plan.id", value=self.plan.id,
                rule="carousel.published", hint="make another carousel, with an id of its own",
            )  # fmt: skip
        return await book.change(lambda state: state.without_degraded())

    # Parts --------------------------------------------------------------------------------------------------------

    async def _open(self) -> Book:
        return await Book.open(self._store, self.plan)

    def _making(self, book: Book) -> Making:
        return Making(self._makers, book, self._teller, self._at_once)

    async def _kept(self, book: Book, work: Callable[[], Awaitable[T]]) -> T:
        """An error is told; what it, or a run that was cancelled, has cost is kept."""
        try:
            return await work()
        except (BackstayError, asyncio.CancelledError) as error:
            if isinstance(error, BackstayError):
                self._teller.trouble(error)
            try:
                await book.change(lambda state: state)
            except BackstayError as worse:
                error.add_note(f"and what was spent could not be kept: {worse}")
            raise


def _require_publishable(state: CarouselState, *, allow_degraded: bool) -> None:
    plan = state.plan
    if not state.prepared:
        raise NotReadyError(
            f"{state.made} of {plan.steps} steps are done", field="plan.id", value=plan.id, rule="carousel.unprepared",
            hint="call prepare() first, or run() for everything", retryable=False,
        )  # fmt: skip
    if state.degraded and not allow_degraded:
        raise InvalidRequestError(
            f"it is degraded: {'; '.join(state.degraded)}", field="allow_degraded", value=False,
            rule="carousel.degraded",
            hint="look at it and publish(allow_degraded=True), or remake() what is degraded and run again",
        )  # fmt: skip


__all__ = ["Carousel"]
