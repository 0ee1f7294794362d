"""Preparing a post: containers made and waited for, each written down, new ones in the place of dead ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Unpack

from backstay.content.publish import Container, PostMedia, PublishRequest
from backstay.content.words import ContainerState, PostKind
from backstay.content_adapter.finding import FindsPosts
from backstay.content_adapter.steps import PUBLISH, WHOLE, Prepared, Steps, digest
from backstay.cost import Cost
from backstay.engine.call import time_left
from backstay.errors import NotFoundError, NotReadyError
from backstay.operation import CallOptions, Operation, operation
from backstay.policies.effect import Effect

if TYPE_CHECKING:
    from backstay.errors import BackstayError

AT_ONCE: Final = 4
"""Items of a post that are prepared at one time."""
ROUNDS: Final = 2
"""Rounds that one call begins at most: a container that fails twice in a call has a reason that stays."""
READY: Final = frozenset({ContainerState.FINISHED, ContainerState.PUBLISHED})
DEAD: Final = frozenset({ContainerState.FAILED, ContainerState.EXPIRED})
_NOTHING: Final = Decimal(0)


class Prepares(FindsPosts):
    """The steps before a post is published: none of them shows anything to anybody."""

    # What a vendor's adapter gives --------------------------------------------------------------------------------

    async def make_container(self, request: PublishRequest, media: PostMedia | None, children: Sequence[str]) -> str:
        """Hand over one item (`media`), or the whole post made of `children`; gives the container's id."""
        raise NotImplementedError

    def failure_of(self, container: Container) -> BackstayError:
        """Why a container failed or ran out; `retryable` says that a new one may pass."""
        raise NotImplementedError

    def looks_at(self, request: PublishRequest) -> Iterator[float]:
        """Seconds between two looks at a container that is being prepared; endless."""
        raise NotImplementedError

    # The steps ----------------------------------------------------------------------------------------------------

    @operation(Effect.GENERATE, name="create_container", kind="container", group="containers")
    async def _make(
        self, request: PublishRequest, media: PostMedia | None, children: tuple[str, ...], **_: Unpack[CallOptions]
    ) -> str:
        return await self.make_container(request, media, children)

    def estimate(self, operation: Operation, args: tuple[Any, ...]) -> Cost | None:
        """A container costs nothing."""
        del args
        return Cost.reported(_NOTHING) if operation.name == "create_container" else None

    async def _ready_one(self, request: PublishRequest, steps: Steps, rest: CallOptions) -> Container:
        began = 0
        while True:
            number = await steps.round()
            found, resumed = await self._built(request, steps, number, rest)
            if isinstance(found, Prepared):
                found = await self._waited(request, found.id, rest)
            if found.state in READY:
                return found
            error = self.failure_of(found)
            error.operation = PUBLISH
            # What an earlier call left dead is no reason to fail now; what dies in this call is, unless it may pass.
            if began >= ROUNDS or not (resumed or error.retryable):
                raise error
            began += 1
            await steps.begin(number + 1, found.id)

    async def _built(
        self, request: PublishRequest, steps: Steps, number: int, rest: CallOptions
    ) -> tuple[Prepared | Container, bool]:
        """The container of the whole post, or an item's that is dead; and whether an earlier call has made it."""
        kept = await steps.known(number, WHOLE)
        if kept is not None:
            return kept[0], True
        children: tuple[str, ...] = ()
        if request.kind is PostKind.CAROUSEL:
            items = await self._items(request, steps, number, rest)
            dead = [(each, resumed) for each, resumed in items if each.state in DEAD]
            if dead:
                return dead[0][0], all(resumed for _, resumed in dead)
            children = tuple(each.id for each, _ in items)
        made = await self._make(request, None if children else request.media[0], children, **rest)
        return await steps.keep(number, WHOLE, prepared_of(request, made)), False

    async def _items(
        self, request: PublishRequest, steps: Steps, number: int, rest: CallOptions
    ) -> list[tuple[Container, bool]]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(place: int, media: PostMedia) -> tuple[Container, bool]:
            async with room:
                kept = await steps.known(number, f"{place}")
                item = (
                    kept[0] if kept is not None else await self._kept_item(request, media, steps, number, place, rest)
                )
                return await self._waited(request, item.id, rest), kept is not None

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(place, media)) for place, media in enumerate(request.media, 1)]
        except ExceptionGroup as errors:  # the first one stands for all
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _kept_item(
        self, request: PublishRequest, media: PostMedia, steps: Steps, number: int, place: int, rest: CallOptions
    ) -> Prepared:
        made = await self._make(request, media, (), **rest)
        return await steps.keep(number, f"{place}", Prepared(id=made))

    async def _waited(self, request: PublishRequest, container_id: str, rest: CallOptions) -> Container:
        """A container when it is ready or dead; nothing of it has been published, so one that is gone is dead.

        Raises:
            NotReadyError: it is still being prepared when the call's time is nearly over.
        """
        for wait in self.looks_at(request):
            try:
                found = await self.container(container_id, **rest)
            except NotFoundError:
                return Container(id=container_id, kind=request.kind, state=ContainerState.EXPIRED)
            if found.state in READY or found.state in DEAD:
                return found
            if (time_left() or 0.0) <= wait:
                break
            await self.runtime.clock.sleep(wait)
        raise NotReadyError(
            f"the container {container_id} is still being prepared", vendor=self.vendor, operation=PUBLISH,
            field="deadline", value=container_id, rule="publish.not_ready",
            hint="call again with the same key: it goes on from here",
        )  # fmt: skip


def prepared_of(request: PublishRequest, container_id: str) -> Prepared:
    """A post's container as the journal keeps it."""
    return Prepared(id=container_id, kind=request.kind, caption=digest(request.caption))


__all__ = ["PUBLISH", "Prepares", "prepared_of"]
