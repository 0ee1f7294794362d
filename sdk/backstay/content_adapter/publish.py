"""What adapters that publish share: steps that are written down, lost answers that are looked up, limits of requests.

A vendor's adapter gives the hooks of `PublisherAdapter`, each of them one exchange; in which order they are asked, what
is asked again, and what is never asked twice is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Unpack

from backstay.answer import with_served
from backstay.content.capabilities import ContentCapability as Can
from backstay.content.publish import Container, Post, PostInsights, PublishRequest, Quota
from backstay.content.words import ContainerState, PostKind
from backstay.content_adapter.preparing import Prepares, prepared_of
from backstay.content_adapter.steps import PUBLISH, ROOM, Steps
from backstay.download import DownloadRules, check_url
from backstay.engine.call import enter, leave
from backstay.engine.claim import noted
from backstay.engine.loop import begin
from backstay.engine.write import Written
from backstay.errors import BackstayError, InvalidRequestError, NotReadyError
from backstay.events import Problem
from backstay.letters.frame import suspected
from backstay.operation import CallOptions, NeverSpends, declared_by, intent, merge_options, operation
from backstay.policies.effect import Effect
from backstay.writes.journal import FREE, OPEN, check_key

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
FREE_OF_CHARGE: Final = NeverSpends("a post costs nothing")
_KINDS: Final[Mapping[PostKind, Can]] = {
    PostKind.IMAGE: Can.PUBLISH_IMAGE, PostKind.CAROUSEL: Can.PUBLISH_CAROUSEL, PostKind.REEL: Can.PUBLISH_REEL,
    PostKind.STORY: Can.PUBLISH_STORY,
}  # fmt: skip


class PublisherAdapter(Prepares):
    """A `Publisher` without its vendor."""

    media_rules: DownloadRules
    """What the addresses of media must be like."""

    # What a vendor's adapter gives, besides the hooks of the classes above ------------------------------------------

    async def send_publish(self, container_id: str) -> str:
        """Publish a container; gives the post's id. Asked once, and again only where it certainly was not done."""
        raise NotImplementedError

    async def read_quota(self) -> Quota:
        """How many posts are left."""
        raise NotImplementedError

    async def read_insights(self, post_id: str) -> PostInsights:
        """How a post is doing."""
        raise NotImplementedError

    def check_post(self, request: PublishRequest) -> None:
        """Refuse what the vendor would refuse; raises InvalidRequestError."""
        raise NotImplementedError

    # What callers use ---------------------------------------------------------------------------------------------

    @intent(Effect.PUBLISH)
    async def publish_post(
        self, request: PublishRequest, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Post:
        """Prepare, wait, publish and confirm, once for each key; see `Publisher.publish_post`."""
        self.check_publish(request, idempotency_key)
        with self._within(request, options) as rest:
            steps = self._steps(idempotency_key, request)
            container = await self._to_publish(request, steps, rest)
            written = await self._publish(request, container, idempotency_key=idempotency_key, **rest)
            return await self._confirmed(written, request, rest)

    @intent(Effect.CREATE)
    async def prepare(
        self, request: PublishRequest, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Container:
        """Hand the media over; nothing is public yet. `publish_post` with the same key goes on from there."""
        self.check_publish(request, idempotency_key)
        with self._within(request, options) as rest:
            steps = self._steps(idempotency_key, request)
            await steps.outcome()
            found, _ = await self._built(request, steps, await steps.round(), rest)
            return found if isinstance(found, Container) else await self.container(found.id, **rest)

    @operation(Effect.READ, name="quota", deciding=True, group="reads")
    async def quota(self, **_: Unpack[CallOptions]) -> Quota:
        """How many posts are left; see `Publisher.quota`."""
        self.capabilities.require(Can.QUOTA, "quota")
        return await self.read_quota()

    @operation(Effect.READ, name="insights", kind="report", group="insights", ttl=HOUR, max_stale=DAY)
    async def insights(self, post_id: str, **_: Unpack[CallOptions]) -> PostInsights:
        """How a post is doing; see `Publisher.insights`."""
        self.capabilities.require(Can.INSIGHTS, "insights")
        return await self.read_insights(post_id)

    # The write itself -----------------------------------------------------------------------------------------------

    @operation(
        Effect.PUBLISH, name=PUBLISH, look="_look_published", payload=("request",), kind="publish", group="publish",
        spend=FREE_OF_CHARGE,
    )  # fmt: skip
    async def _publish(
        self, request: PublishRequest, container: Container, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Post]:
        if container.state is ContainerState.PUBLISHED:  # by somebody else, or by a call that no journal knows
            return Written(await self._adopted(request, container, idempotency_key), "adopted", fresh=False)
        post_id = await self.send_publish(container.id)
        return Written(Post(id=post_id, kind=request.kind, container_id=container.id))

    async def _adopted(self, request: PublishRequest, container: Container, key: str) -> Post:
        kept = await self._steps(key, request).last()
        made = self.runtime.clock.wall() if kept is None else kept[1]
        found = await self.glance(prepared_of(request, container.id), made, made, key)
        if not found:
            raise NotReadyError(f"the vendor shows {container.id} as published, and then not", rule="publish.flapping")
        return found[0]

    async def _look_published(
        self, request: PublishRequest, container: Container, *, idempotency_key: str
    ) -> Sequence[Post]:
        steps, now = self._steps(idempotency_key, request), self.runtime.clock.wall()
        outcome, kept = await steps.outcome(), await steps.last()
        ended = outcome.uncertain_since + outcome.in_air if outcome is not None and outcome.state in OPEN else now
        made = now if kept is None else kept[1]
        elsewhere = suspected()  # a call whose journal this one is not: its container was made within the day before
        if elsewhere is not None:
            made = min(made, elsewhere - DAY)
        return await self.glance(prepared_of(request, container.id), made, ended, idempotency_key)

    # The steps before it ------------------------------------------------------------------------------------------

    async def _to_publish(self, request: PublishRequest, steps: Steps, rest: CallOptions) -> Container:
        """A container that can be published; the one that an earlier call may have published, as it is."""
        outcome = await steps.outcome()
        if outcome is None or outcome.state in FREE:
            return await self._ready_one(request, steps, rest)
        kept = await steps.last()
        return Container(id=kept[0].id if kept is not None else "", kind=request.kind)

    async def _confirmed(self, written: Written[Post], request: PublishRequest, rest: CallOptions) -> Post:
        """The post with its permalink; that it is out does not hang on this read."""
        post, how = written.value, written.how
        told: dict[str, Any] = {"caption": request.caption, "ai_generated": request.ai_generated, "how": how}
        served = self._now()
        if post.id is not None:
            try:
                found = await self.post(post.id, **rest)
                shown = {name: getattr(found, name) for name in ("permalink", "published_at")}
                told |= {name: value for name, value in shown.items() if value is not None}
                served = replace(served, attempts=found.served.attempts, request_ids=found.served.request_ids)
            except BackstayError as error:
                now = self.runtime.clock.wall()
                self.runtime.events.emit(Problem(at=now, where="publish.confirm", error=noted(error)))
        return with_served(post.model_copy(update=told), served)

    # Checks and frames --------------------------------------------------------------------------------------------

    def check_publish(self, request: PublishRequest, idempotency_key: str) -> None:
        """Refuse what cannot be published; raises UnsupportedCapabilityError, InvalidRequestError."""
        check_key(idempotency_key, ROOM)
        needed = _KINDS.get(request.kind)
        if needed is None:
            raise InvalidRequestError(
                f"nothing publishes a {request.kind}", field="kind", value=request.kind.value,
                hint=f"one of {', '.join(_KINDS)}",
            )  # fmt: skip
        self.capabilities.require(needed, "publish_post", field="kind", value=request.kind.value)
        if request.ai_generated is not None:
            self.capabilities.require(Can.AI_DISCLOSURE, "publish_post", field="ai_generated")
        for place, media in enumerate(request.media):
            for name, url in (("url", media.url), ("cover_url", media.cover_url)):
                if url is not None:
                    self._check_url(f"media.{place}.{name}", url)
        self.check_post(request)

    def _check_url(self, field: str, url: str) -> None:
        try:
            check_url(url, self.media_rules)
        except InvalidRequestError as error:
            error.field = field
            raise

    @contextmanager
    def _within(self, request: PublishRequest, options: CallOptions) -> Iterator[CallOptions]:
        """One deadline over all steps; inside it gives the options of a step."""
        given = merge_options(self._options, options)
        kind = "publish_video" if any(media.media_type.startswith("video/") for media in request.media) else "publish"
        plan = self.plan(declared_by(self._publish), dict(options))
        token = enter(begin(replace(plan, deadline=given.get("deadline") or self.profile.deadline_of(kind))))
        rest = options.copy()
        rest.pop("deadline", None)
        try:
            yield rest
        finally:
            leave(token)


__all__ = ["PublisherAdapter"]
