"""Finding a post whose answer was lost: by certain facts, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Unpack

from backstay.answer import Served, stamp
from backstay.clock import utc
from backstay.content.publish import Container, Post
from backstay.content.words import ContainerState, PostKind
from backstay.content_adapter.base import ContentAdapter
from backstay.content_adapter.steps import PUBLISH, STEP, Prepared, Steps, digest, payload_of
from backstay.errors import NotFoundError, NotReadyError, UnknownOutcomeError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.policies.publishing import Fate, Sighting, judge_post
from backstay.policies.settings import refuse
from backstay.writes.journal import DONE, OPEN, JournalKey, Record
from backstay.writes.reconcile import looks

if TYPE_CHECKING:
    from backstay.content.publish import PublishRequest

HOUR: Final = 3_600.0
WEEK: Final = 7 * 86_400.0
SKEW: Final = 60.0
"""Seconds by which the vendor's clock may be behind ours."""
LATE: Final = 1.0
"""Seconds before the end of the read lag at which a look counts as the last."""
REMEMBERED: Final = 2_000
"""Newest records of the journal in which a container or a post is looked for."""
_FATES: Final = {
    ContainerState.PUBLISHED: Fate.LIVE, ContainerState.FAILED: Fate.DEAD, ContainerState.EXPIRED: Fate.DEAD,
}  # fmt: skip
_LIVE: Final[CallOptions] = {"max_age": 0.0, "max_stale": 0.0}


class _Known(NamedTuple):
    """What the journal knows of a container."""

    value: Post | Prepared
    made: float
    key: str = ""
    ended: float | None = None
    """When the attempt to publish it is over that is open now."""


class FindsPosts(ContentAdapter):
    """Containers and posts, read and found again."""

    # What a vendor's adapter gives --------------------------------------------------------------------------------

    async def read_container(self, container_id: str) -> Container:
        """How far the vendor is with a container; one that failed is an answer, no error."""
        raise NotImplementedError

    async def read_recent(self, kind: PostKind, since: datetime) -> Sequence[Post]:
        """The account's posts of a kind since then, all of them, by the vendor's own clock."""
        raise NotImplementedError

    async def read_post(self, post_id: str) -> Post:
        """A post with its permalink."""
        raise NotImplementedError

    # What callers use ---------------------------------------------------------------------------------------------

    @operation(Effect.READ, name="container", deciding=True, kind="status", group="reads")
    async def container(self, container_id: str, **_: Unpack[CallOptions]) -> Container:
        """How far the vendor is with it; see `Publisher.container`."""
        return await self.read_container(container_id)

    @operation(Effect.READ, name="post", group="reads", ttl=HOUR, max_stale=WEEK)
    async def post(self, post_id: str, **_: Unpack[CallOptions]) -> Post:
        """A post with its permalink, which never changes: kept, and served stale when the vendor fails."""
        return await self.read_post(post_id)

    async def find_post(
        self, container_id: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> Post | None:
        """The post that a container has become; see `Publisher.find_post`.

        Without `since` (when publishing began at the earliest) reads are given their whole lag from now on.

        Raises:
            UnknownOutcomeError: nothing is certain.
        """
        if since is not None and since.tzinfo is None:
            refuse("since", since, "a time with its zone, for example tzinfo=UTC")
        clock = self.runtime.clock
        known = await self._remembered(container_id)
        if isinstance(known.value, Post):
            return stamp(known.value.model_copy(update={"how": "replayed"}), self._now())
        made = known.made if since is None else since.timestamp()
        ended = known.ended or (clock.wall() if since is None else made)
        began = clock.monotonic() + max(0.0, ended - clock.wall())
        for at in looks(self.profile.patience, self.profile.read_lag):
            wait = began + at - clock.monotonic()
            if wait > 0.0:
                await clock.sleep(wait)
            sighting, post = await self._sighted(known.value, made, ended, known.key, options)
            if post is not None:
                return stamp(post, self._now())
            over = self._caught_up(ended)
            if sighting is Sighting.NEVER or (sighting is Sighting.QUIET and over):
                return None
            if over:
                break
        raise self._uncertain(container_id)

    # One look -----------------------------------------------------------------------------------------------------

    async def glance(self, prepared: Prepared, made: float, ended: float, key: str) -> Sequence[Post]:
        """What a look after a lost answer finds: the post, or nothing that shows it.

        `made` is when the container was, `ended` when the attempt was over (wall seconds).

        Raises:
            NotReadyError: it is live, but which post it is will only show later.
            UnknownOutcomeError: nothing is certain.
        """
        sighting, post = await self._sighted(prepared, made, ended, key, {})
        if post is not None:
            return (post,)
        if sighting is Sighting.UNNAMED_YET:
            raise NotReadyError(f"{prepared.id} is live; its post does not show yet", rule="publish.unnamed")
        if sighting is Sighting.UNCERTAIN:
            raise self._uncertain(prepared.id)
        return ()

    async def look_up(self, record: Record) -> Sequence[Post]:
        """What became of an open record of this adapter's, for `recover`; raises as `glance`."""
        steps = Steps(self.runtime.journal, self.runtime.clock, (self.vendor, self.account), record.key.key)
        kept = await steps.last()
        if kept is None:
            raise self._uncertain("")
        return await self.glance(*kept, _ended(record), record.key.key)

    looks_up = frozenset({PUBLISH})
    """Operations whose records `look_up` settles."""

    async def _sighted(
        self, prepared: Prepared, made: float, ended: float, key: str, options: CallOptions
    ) -> tuple[Sighting, Post | None]:
        asked: CallOptions = {**options, **_LIVE}
        fate, kind = Fate.UNSEEN, prepared.kind
        try:
            container = await self.container(prepared.id, **asked)
            fate = _FATES.get(container.state, Fate.WAITING)
        except NotFoundError:
            pass
        matches = [] if fate is Fate.DEAD else await self._matches(prepared, made, key, asked)
        sighting = judge_post(
            fate, matches=len(matches), telling=bool(prepared.caption), alone=not await self._others(key),
            caught_up=self._caught_up(ended), explained=await self._explained(prepared, made, key) if matches else 0,
        )  # fmt: skip
        if sighting is Sighting.NAMED:
            return sighting, matches[0].model_copy(update={"container_id": prepared.id, "caption": None})
        if sighting is Sighting.LIVE:
            return sighting, Post(id=None, kind=kind, container_id=prepared.id)
        return sighting, None

    async def _matches(self, prepared: Prepared, made: float, key: str, asked: CallOptions) -> list[Post]:
        since = utc(made - SKEW)
        recent = await self._recent(prepared.kind, since, **asked)
        owned = await self._owned(key)
        return [
            post
            for post in recent
            if post.id not in owned and (not prepared.caption or digest(post.caption) == prepared.caption)
        ]

    @operation(Effect.READ, name="recent_posts", deciding=True, group="reads")
    async def _recent(self, kind: PostKind, since: datetime, **_: Unpack[CallOptions]) -> Sequence[Post]:
        return await self.read_recent(kind, since)

    # What the journal knows ---------------------------------------------------------------------------------------

    async def _owned(self, key: str) -> frozenset[str]:
        """Posts that other keys own."""
        found = await self._records(*DONE, operation=PUBLISH)
        return frozenset(
            each.value.id
            for each in found
            if each.key.key != key and isinstance(each.value, Post) and each.value.id is not None
        )

    async def _explained(self, prepared: Prepared, made: float, key: str) -> int:
        """Posts like this one that other keys have put out since then, without anybody knowing which they are."""
        found = await self._records(*DONE, operation=PUBLISH)
        unnamed = {
            each.value.container_id
            for each in found
            if each.key.key != key and isinstance(each.value, Post) and each.value.id is None
            and each.created >= made - SKEW  # so that its post is among those that were looked at
        }  # fmt: skip
        if not unnamed:
            return 0
        steps = [each.value for each in await self._records(*DONE, operation=STEP) if isinstance(each.value, Prepared)]
        return sum(
            each.id in unnamed and (each.kind, each.caption) == (prepared.kind, prepared.caption) for each in steps
        )

    async def _others(self, key: str) -> bool:
        """Whether other posts of this account are open now."""
        return any(each.key.key != key for each in await self._records(*OPEN, operation=PUBLISH))

    async def _remembered(self, container_id: str) -> _Known:
        for each in await self._records(*DONE, operation=PUBLISH):
            if isinstance(each.value, Post) and each.value.container_id == container_id:
                return _Known(each.value, each.created)
        for each in await self._records(*DONE, operation=STEP):
            if isinstance(each.value, Prepared) and each.value.id == container_id:
                key = each.key.key.rpartition("#")[0]
                outcome = await self.runtime.journal.get(JournalKey(self.vendor, self.account, PUBLISH, key).id)
                is_open = outcome is not None and outcome.state in OPEN
                return _Known(each.value, each.created, key, _ended(outcome) if outcome and is_open else None)
        return _Known(Prepared(id=container_id), self.runtime.clock.wall())

    async def _records(self, *states: object, operation: str) -> list[Record]:
        found = await self.runtime.journal.records(*states, limit=REMEMBERED)  # type: ignore[arg-type]  # states are
        scope = (self.vendor, self.account, operation)
        return [each for each in found if each.key[:3] == scope]

    # Small things -------------------------------------------------------------------------------------------------

    def _steps(self, key: str, request: PublishRequest) -> Steps:
        return Steps(
            self.runtime.journal, self.runtime.clock, (self.vendor, self.account), key, payload_of(request)
        )  # fmt: skip

    def _caught_up(self, ended: float) -> bool:
        return self.runtime.clock.wall() >= ended + self.profile.read_lag - LATE

    def _now(self) -> Served:
        return Served(source="live", by=self.vendor, fetched_at=utc(self.runtime.clock.wall()))

    def _uncertain(self, container_id: str) -> UnknownOutcomeError:
        return UnknownOutcomeError(
            f"whether {container_id or 'it'} was published is not certain", vendor=self.vendor, operation=PUBLISH,
            field="container_id", value=container_id, rule="publish.uncertain",
            hint="look at the account; nothing was sent again",
        )  # fmt: skip


def _ended(record: Record) -> float:
    """Wall seconds at which an open attempt is over."""
    return record.uncertain_since + record.in_air


__all__ = ["FindsPosts"]
