"""Everything that a carousel needs, in memory: vendors that obey the protocols, a world that outlives them, deaths."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeVar

from backstay.answer import Served, with_served
from backstay.auth import Credentials
from backstay.content import (
    Container,
    ContentCapabilities,
    Cost,
    Finish,
    HostedMedia,
    ImageRequest,
    ImageResult,
    Post,
    PostInsights,
    PublishRequest,
    Quota,
    ResearchDelta,
    ResearchRequest,
    ResearchResult,
    Source,
    TextDelta,
    TextRequest,
    TextResult,
)
from backstay.content import ContentCapability as Can
from backstay.content_adapter import ImageAdapter, ResearchAdapter, TextAdapter, picture
from backstay.errors import ConflictError, IdempotencyConflictError, UnknownOutcomeError
from backstay.events import Event
from backstay.operation import Operation
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.sandbox.writer import write_json
from backstay.services.carousel import Carousel, CarouselPlan
from backstay.services.store import Kept, MemoryStore
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay.values import Value
from tests.support.content import PNG

T = TypeVar("T")
PLAN = CarouselPlan(id="sails", topic="How vector embeddings work", slides=3)
LIVE = Served(source="live", by="fake")


class Death(BaseException):
    """The process ends here."""


class World:
    """What outlives a process: what was paid for, what is hosted, what is live, and when the next death comes."""

    def __init__(self) -> None:
        self.paid: Counter[str] = Counter()
        self.script: dict[str, list[Any]] = {}
        """What happens to the next calls of an operation: an exception is raised, None lets it pass."""
        self.hosted: dict[str, bytes] = {}
        self.posts: dict[str, tuple[PublishRequest, Post]] = {}
        self.published = 0
        """Calls that reached the publisher."""
        self.moments: list[str] = []
        """Everything that happened, in its order."""
        self.die_at: int | None = None

    def moment(self, name: str) -> None:
        """Something happens; perhaps it is the end."""
        self.moments.append(name)
        if self.die_at is not None and self.die_at < len(self.moments):  # what is dead stays dead
            raise Death

    def planned(self, operation: str) -> None:
        """Raise what the script has for this call."""
        steps = self.script.get(operation, [])
        step = steps.pop(0) if steps else None
        if step is not None:
            raise step


class Maker(TextAdapter, ImageAdapter, ResearchAdapter):
    """Writes JSON of any schema, draws, and finds out; each answer is paid for."""

    vendor = "maker"
    CAPABILITIES: ClassVar[ContentCapabilities] = ContentCapabilities.of(
        "maker", Can.TEXT, Can.SYSTEM, Can.IMAGE, Can.RESEARCH, Can.RESEARCH_DEEP
    )

    def __init__(self, world: World, runtime: Runtime, profile: Profile | str | None = "external_api") -> None:
        super().__init__(
            credentials=Credentials("a-key"), account="a", host="h", profile=profile, runtime=runtime, options={}
        )
        self.model = self.image_model = "m"
        self.max_output_tokens = 100
        self.world = world
        self.keys: list[str | None] = []

    def estimate(self, operation: Operation, args: tuple[Any, ...]) -> Cost | None:
        return Cost(amount=Decimal("0.05"))

    async def _pay(self, operation: str) -> None:
        await asyncio.sleep(0)  # others that run at the same time get their turn, as over a network
        self.world.planned(operation)
        self.world.paid[operation] += 1

    async def write_text(self, request: TextRequest) -> TextResult:
        await self._pay("text")
        text = json.dumps(write_json(request.json_schema or {}, request.messages[-1].text, 7))
        said = self.world.script.get("says", [])
        return TextResult(
            text=said.pop(0) if said else text, finish=Finish.STOP, cost=Cost(amount=Decimal("0.02"))
        )  # fmt: skip

    async def stream_text(self, request: TextRequest) -> AsyncGenerator[TextDelta | TextResult, None]:
        yield await self.write_text(request)

    async def draw(self, request: ImageRequest) -> ImageResult:
        await self._pay("image")
        drawn = PNG + hashlib.sha256(request.prompt.encode()).digest()
        return ImageResult(images=(picture(drawn),), cost=Cost(amount=Decimal("0.04")))

    async def find_out(self, request: ResearchRequest, idempotency_key: str | None) -> ResearchResult:
        await self._pay("research")
        self.keys.append(idempotency_key)
        source = Source(url="https://example.com/1", title="Embeddings", snippet="Numbers for words.")
        return ResearchResult(
            answer=f"About {request.question}", sources=(source,), cost=Cost.reported(Decimal("0.01")),
            degraded=tuple(self.world.script.get("degraded", ())),
        )  # fmt: skip

    async def stream_findings(self, request: ResearchRequest) -> AsyncGenerator[ResearchDelta | ResearchResult, None]:
        yield await self.find_out(request, None)


class Plain:
    """What the two below have in common."""

    capabilities: ContentCapabilities

    def with_options(self, **_: Any) -> Self:
        return self

    async def warm_up(self) -> Self:
        return self

    async def aclose(self, grace: float = 5.0) -> None:
        """Nothing is open."""


class Host(Plain):
    """A media host in memory."""

    capabilities = ContentCapabilities.of("host", Can.HOST, Can.HOST_DELETE)

    def __init__(self, world: World, clock: VirtualClock) -> None:
        self.world = world
        self.clock = clock
        self.lasts: Any = None

    async def put(self, data: bytes, media_type: str, *, key: str, **_: Any) -> HostedMedia:
        await asyncio.sleep(0)  # as in `Maker`
        self.world.planned("put")
        if self.world.hosted.get(key, data) != data:
            raise ConflictError("other bytes", field="key", value=key)
        self.world.hosted[key] = data
        digest = hashlib.sha256(data).hexdigest()
        until = self.lasts() if self.lasts else None
        found = HostedMedia(
            key=key, url=f"https://media.example/{key}", media_type=media_type, size=len(data), sha256=digest,
            expires_at=until,
        )  # fmt: skip
        return with_served(found, LIVE)

    async def delete(self, key: str, **_: Any) -> None:
        self.world.hosted.pop(key, None)


class Poster(Plain):
    """A publisher that puts each key out once, and knows it in the next process; it can lose an answer."""

    capabilities = ContentCapabilities.of("poster", Can.PUBLISH_CAROUSEL, Can.AI_DISCLOSURE)

    def __init__(self, world: World) -> None:
        self.world = world

    async def publish_post(self, request: PublishRequest, *, idempotency_key: str, **_: Any) -> Post:
        self.world.planned("publish")
        self.world.published += 1
        known = self.world.posts.get(idempotency_key)
        if known is not None:
            if known[0] != request:
                raise IdempotencyConflictError("another post", field="idempotency_key", value=idempotency_key)
            return with_served(known[1].model_copy(update={"how": "replayed"}), LIVE)
        post = Post(id=f"post-{len(self.world.posts) + 1}", kind=request.kind, caption=request.caption)
        self.world.posts[idempotency_key] = (request, post)
        if self.world.script.get("lose"):
            self.world.script["lose"].pop()
            raise UnknownOutcomeError("it may be live")
        return with_served(post, LIVE)

    async def prepare(self, request: PublishRequest, *, idempotency_key: str, **_: Any) -> Container:
        raise NotImplementedError

    async def container(self, container_id: str, **_: Any) -> Container:
        raise NotImplementedError

    async def find_post(self, container_id: str, *, since: Any = None, **_: Any) -> Post | None:
        raise NotImplementedError

    async def quota(self, **_: Any) -> Quota:
        raise NotImplementedError

    async def insights(self, post_id: str, **_: Any) -> PostInsights:
        raise NotImplementedError


class Mortal:
    """A vendor whose calls are moments: before and after each, the process may die."""

    def __init__(self, world: World, vendor: Any) -> None:
        self._world, self._vendor = world, vendor

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._vendor, name)
        if name not in {"research", "generate", "generate_image", "put", "publish_post"}:
            return found

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._world.moment(f"before {name}")
            answer = await found(*args, **kwargs)
            self._world.moment(f"after {name}")
            return answer

        return call


class MortalStore(MemoryStore):
    """A store whose saves are moments too."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def save(self, name: str, value: Value, *, revision: int) -> int:
        what = "picture" if "-picture-" in name else "state"
        self._world.moment(f"before saving a {what}")
        saved = await super().save(name, value, revision=revision)
        self._world.moment(f"after saving a {what}")
        return saved

    async def load(self, name: str) -> Kept | None:
        return await super().load(name)


class Studio:
    """One world on one clock; `carousel()` is a new process each time."""

    def __init__(self, plan: CarouselPlan = PLAN, *, mortal: bool = False) -> None:
        self.plan = plan
        self.clock = VirtualClock()
        self.world = World()
        self.events: list[Event] = []
        self.store: MemoryStore = MortalStore(self.world) if mortal else MemoryStore()
        self.mortal = mortal
        self.lasts: Callable[[], Any] | None = None
        self.maker: Maker | None = None

    def carousel(self, plan: CarouselPlan | None = None, **facts: Any) -> Carousel:
        runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        self.maker = maker = Maker(self.world, runtime)
        host = Host(self.world, self.clock)
        host.lasts = self.lasts
        cast: dict[str, Any] = {
            "research": maker, "text": maker, "images": maker, "host": host, "publisher": Poster(self.world), **facts,
        }  # fmt: skip
        if self.mortal:
            cast = {name: Mortal(self.world, each) if name != "at_once" else each for name, each in cast.items()}
        return Carousel(plan or self.plan, store=self.store, **cast)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return virtually(work, self.clock)

    def told(self, name: str) -> list[dict[str, Any]]:
        """The facts of all events of a name."""
        return [event.facts() for event in self.events if event.name == name]
