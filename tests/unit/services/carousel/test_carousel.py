"""A carousel from topic to post: what is asked how often, what a crash leaves, what degrades, and what is bounded."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backstay.answer import Served, with_served
from backstay.clock import utc
from backstay.content import ContentCapabilities, Depth, PostKind
from backstay.errors import (
    BackstayError,
    CallTimeoutError,
    Certainty,
    ConflictError,
    CreativeRejectedError,
    IdempotencyConflictError,
    InvalidRequestError,
    NotReadyError,
    ServiceUnavailableError,
    SpendGuardError,
    TokenInvalidError,
    UnknownOutcomeError,
    UnsupportedCapabilityError,
)
from backstay.money import Money
from backstay.services.carousel import CarouselPlan
from backstay.services.carousel.at_once import some_at_once
from tests.support.studio import PLAN, Death, Studio

CALLS = Counter(research=1, text=1 + 3 + 1 + 1, image=3)
"""Of three slides: research, outline, a text for each slide, caption, hooks, and a picture for each slide."""


# All is well --------------------------------------------------------------------------------------------------------


def test_from_topic_to_post() -> None:
    """Each call is made once, each picture is hosted, one post goes out with alt texts, hook, tags and declaration."""
    studio = Studio()
    post = studio.run(studio.carousel().run())
    request, _ = studio.world.posts["carousel/sails"]
    assert studio.world.paid == CALLS
    assert len(studio.world.hosted) == 3
    assert (post.id, request.kind, request.ai_generated) == ("post-1", PostKind.CAROUSEL, True)
    assert [media.url.partition("sails/")[2][:2] for media in request.media] == ["1-", "2-", "3-"]
    assert all(media.alt_text for media in request.media)
    hook, _, rest = request.caption.partition("\n\n")
    state = studio.run(studio.carousel().state())
    assert hook == state.hooks[0]
    assert "#" in rest
    assert (state.made, state.degraded, state.post) == (PLAN.steps, (), post)


def test_progress_makes_a_bar() -> None:
    """One event a step, counted upwards, from the start to all of them, under the carousel's id."""
    studio = Studio(PLAN.but(user_id="abc-123"))
    studio.run(studio.carousel(at_once=1).run())
    steps = studio.told("carousel_step")
    assert [each["step"] for each in steps] == [
        "start", "research", "outline", "slide 1", "slide 2", "slide 3", "caption", "hooks", "picture 1", "picture 2",
        "picture 3", "media 1", "media 2", "media 3", "publish",
    ]  # fmt: skip
    assert [each["done"] for each in steps] == list(range(15))
    assert {each["total"] for each in steps} == {14}
    assert (steps[1]["by"], steps[-1]["by"]) == ("maker", "fake")
    told = [event for event in studio.events if event.name == "carousel_step"]
    assert all(event.context == {"carousel_id": "sails", "user_id": "abc-123"} for event in told)


def test_who_did_what_is_kept() -> None:
    """Each step with its adapter, where the answer came from, and the calls that it took."""
    studio = Studio()
    studio.world.script["image"] = [ServiceUnavailableError()]
    studio.run(studio.carousel(at_once=1).run())
    done = {each.step: each for each in studio.run(studio.carousel().state()).done}
    assert (done["picture 1"].by, done["picture 1"].source, done["picture 1"].attempts) == ("maker", "live", 2)
    assert len(done) == PLAN.steps


def test_a_draft_can_be_looked_at_before_it_is_published() -> None:
    """`prepare` publishes nothing; texts are in the state, pictures one by one."""
    studio = Studio()
    state = studio.run(studio.carousel().prepare())
    assert (state.prepared, state.post, studio.world.posts) == (True, None, {})
    assert studio.run(studio.carousel().picture(2)).sha256 == state.pictures[1]
    assert studio.run(studio.carousel().publish()).id == "post-1"
    assert studio.world.paid == CALLS


def test_run_again_gives_the_same_post() -> None:
    """Nothing is asked again; the answer says that it comes from what was kept."""
    studio = Studio()
    studio.run(studio.carousel().run())
    again = studio.run(studio.carousel().run())
    assert (again.id, again.how, again.served.source, again.served.by) == ("post-1", "replayed", "replayed", "poster")
    assert (studio.world.paid, studio.world.published) == (CALLS, 1)


def test_deep_research_has_a_key_and_other_research_none() -> None:
    """A job that takes minutes must start once; a key on a quick question would keep it from the cache."""
    for depth, key in ((Depth.DEEP, "carousel/sails/research"), (Depth.STANDARD, None)):
        studio = Studio(PLAN.but(depth=depth))
        carousel = studio.carousel()
        studio.run(carousel.run())
        assert studio.maker is not None
        assert studio.maker.keys == [key]


def test_several_are_made_at_once_and_no_more() -> None:
    """Three slides at once take as long as one; one at a time, as long as three."""
    for most, seconds in ((1, 9.0), (3, 3.0)):
        studio = Studio()
        began = studio.clock.monotonic()
        slow = [lambda: asyncio.sleep(3.0)] * 3
        studio.run(some_at_once(slow, most))
        assert studio.clock.monotonic() - began == pytest.approx(seconds)


# The requirements' examples -----------------------------------------------------------------------------------------


def test_the_third_retry_succeeds_after_fourteen_seconds_of_waits() -> None:
    """S3-50: two timeouts and a 503 in research, waits of 2, 4 and 8 s, and the carousel comes out all the same."""
    studio = Studio(PLAN.but(user_id="abc-123"))
    studio.world.script["research"] = [CallTimeoutError(), CallTimeoutError(), ServiceUnavailableError()]
    began = studio.clock.monotonic()
    studio.run(studio.carousel().run())
    assert studio.clock.monotonic() - began == pytest.approx(14.0)
    retries = studio.told("retry_attempt")
    assert [(each["attempt"], each["delay"], each["calls"]) for each in retries] == [
        (1, 2.0, 1),
        (2, 4.0, 2),
        (3, 8.0, 3),
    ]
    assert studio.told("retry_success")[0]["total_delay"] == 14.0
    assert {tuple(event.context.items()) for event in studio.events if event.name.startswith("retry")} == {
        (("carousel_id", "sails"), ("user_id", "abc-123"))
    }
    assert studio.world.paid == CALLS
    done = studio.run(studio.carousel().state()).done[0]
    assert (done.step, done.attempts) == ("research", 4)


def test_pictures_retry_twice_and_come_out() -> None:
    """S3-62: two 503 and then a picture: three calls for it."""
    studio = Studio()
    studio.world.script["image"] = [ServiceUnavailableError(), ServiceUnavailableError()]
    studio.run(studio.carousel(at_once=1).run())
    done = {each.step: each.attempts for each in studio.run(studio.carousel().state()).done}
    assert done["picture 1"] == 3
    assert studio.world.paid == CALLS


@pytest.mark.parametrize(
    ("operation", "error", "kept"),
    [
        ("research", TokenInvalidError("no such key"), 0),
        ("text", CreativeRejectedError("refused"), 1),
        ("image", CreativeRejectedError("against the policy"), 7),
        ("put", ServiceUnavailableError("down"), 10),
        ("publish", TokenInvalidError("invalid token"), 13),
    ],
)
def test_a_step_that_fails_for_good_keeps_what_was_made(operation: str, error: BackstayError, kept: int) -> None:
    """The error is raised as it is and told; the next run begins with that step and pays for nothing again."""
    studio = Studio()
    studio.world.script[operation] = [error]
    with pytest.raises(type(error)):
        studio.run(studio.carousel(at_once=1).run())
    assert studio.run(studio.carousel().state()).made == kept
    assert studio.told("service_trouble")[0]["error_type"] == error.type
    studio.run(studio.carousel().run())
    assert studio.world.paid == CALLS
    assert len(studio.world.posts) == 1


def test_what_was_begun_at_the_same_time_is_kept_when_one_fails() -> None:
    """Pictures that are under way are paid for: they end and are kept before the error is raised."""
    studio = Studio()
    studio.world.script["image"] = [CreativeRejectedError("refused"), None, None]
    with pytest.raises(CreativeRejectedError):
        studio.run(studio.carousel(at_once=3).run())
    assert [picture is not None for picture in studio.run(studio.carousel().state()).pictures] == [False, True, True]


def test_other_failures_at_the_same_time_are_notes() -> None:
    """The first one is raised, the others are not lost."""
    studio = Studio()
    studio.world.script["image"] = [CreativeRejectedError("one"), CreativeRejectedError("two")]
    with pytest.raises(CreativeRejectedError, match="one") as caught:
        studio.run(studio.carousel(at_once=2).run())
    assert "two" in caught.value.__notes__[0]


# Death --------------------------------------------------------------------------------------------------------------


def _moments() -> list[str]:
    studio = Studio(PLAN.but(slides=2), mortal=True)
    studio.run(studio.carousel(at_once=1).run())
    return studio.world.moments


MOMENTS = _moments()
PAID = {"research": "research", "generate": "text", "generate_image": "image"}


def _lost(moment: int) -> str | None:
    """What is paid for again after a death at this moment: an answer that was given and is not kept yet."""
    name = MOMENTS[moment]
    if name.startswith("before saving") and (name.endswith("picture") or "saving a picture" not in MOMENTS[moment - 1]):
        name = MOMENTS[moment - 1]
    return PAID.get(name.removeprefix("after ")) if name.startswith("after ") else None


@pytest.mark.parametrize("moment", range(len(MOMENTS)), ids=lambda n: f"{n} {MOMENTS[n]}")
def test_a_death_anywhere_publishes_once_and_pays_once(moment: int) -> None:
    """Before and after each call and each save: the next process ends it; only what was not kept yet is paid again."""
    studio = Studio(PLAN.but(slides=2), mortal=True)
    studio.world.die_at = moment
    with pytest.raises((Death, BaseExceptionGroup)):
        studio.run(studio.carousel(at_once=1).run())
    studio.world.die_at = None
    post = studio.run(studio.carousel().run())
    assert post.id == "post-1"
    assert len(studio.world.posts) == 1
    lost = _lost(moment)
    assert studio.world.paid == Counter(research=1, text=5, image=2) + Counter([lost] if lost else [])


def test_death_after_death() -> None:
    """Processes that never live for more than six moments end it all the same, with one post."""
    studio = Studio(PLAN.but(slides=2), mortal=True)
    for _ in range(len(MOMENTS)):
        studio.world.moments.clear()
        studio.world.die_at = 6
        try:
            studio.run(studio.carousel(at_once=1).run())
        except (Death, BaseExceptionGroup):
            continue
        break
    assert len(studio.world.posts) == 1
    assert sum(studio.world.paid.values()) <= 2 * 8


def test_a_lost_answer_of_the_publisher_is_settled_by_the_next_run() -> None:
    """It was live already: the same key and the same request find it, and no second post goes out."""
    studio = Studio()
    studio.world.script["lose"] = [True]
    with pytest.raises(UnknownOutcomeError):
        studio.run(studio.carousel().run())
    post = studio.run(studio.carousel().run())
    assert (post.id, len(studio.world.posts), studio.world.published) == ("post-1", 1, 2)


def test_two_processes_at_once_are_found_out() -> None:
    """The second one to save is refused; nothing goes out twice."""
    studio = Studio()

    async def main() -> list[Any]:
        both = studio.carousel(), studio.carousel()
        return await asyncio.gather(*(each.run() for each in both), return_exceptions=True)

    ends = studio.run(main())
    assert any(isinstance(end, ConflictError | BaseExceptionGroup) for end in ends)
    studio.run(studio.carousel().run())
    assert len(studio.world.posts) == 1


def test_addresses_that_expire_are_renewed_before_they_are_handed_over_and_never_after() -> None:
    """A publisher must be able to fetch them; a request under a key never changes."""
    studio = Studio()
    studio.lasts = lambda: utc(studio.clock.wall()) + timedelta(hours=2)
    studio.run(studio.carousel().prepare())
    studio.clock.advance(5_400.0)
    studio.world.script["publish"] = [ServiceUnavailableError()]
    with pytest.raises(ServiceUnavailableError):
        studio.run(studio.carousel().run())
    steps = [each["step"] for each in studio.told("carousel_step")]
    assert steps.count("media 1") == 2
    studio.clock.advance(90_000.0)
    studio.run(studio.carousel().run())
    assert [each["step"] for each in studio.told("carousel_step")].count("media 1") == 2


# Degraded -----------------------------------------------------------------------------------------------------------


def _degraded() -> Studio:
    studio = Studio()
    studio.world.script["says"] = ["no JSON", "still none"]
    return studio


def test_an_outline_that_stays_unreadable_becomes_the_template_and_is_never_published_unasked() -> None:
    """S3-22 and decision 16: after one repair; marked, told, and refused without the caller's word."""
    studio = _degraded()
    with pytest.raises(InvalidRequestError) as caught:
        studio.run(studio.carousel().run())
    assert (caught.value.rule, caught.value.field) == ("carousel.degraded", "allow_degraded")
    assert studio.world.posts == {}
    state = studio.run(studio.carousel().state())
    assert state.outline is not None
    assert (state.outline.template, len(state.outline.points)) == (True, 3)
    assert state.degraded == ("outline: the writer's could not be read, a template stands in",)
    assert studio.told("carousel_degraded")[0]["step"] == "outline"
    assert studio.world.paid == CALLS + Counter(text=1)
    assert studio.run(studio.carousel().run(allow_degraded=True)).id == "post-1"


def test_one_repair_is_enough() -> None:
    """A second answer that can be read is no degradation."""
    studio = Studio()
    studio.world.script["says"] = ["no JSON"]
    studio.run(studio.carousel().run())
    assert studio.run(studio.carousel().state()).degraded == ()
    assert studio.world.paid == CALLS + Counter(text=1)


def test_other_texts_that_stay_unreadable_are_errors() -> None:
    """There is a template for the outline and for nothing else."""
    studio = Studio()
    studio.run(studio.carousel(at_once=1).prepare())
    other = Studio()
    outline = studio.run(studio.carousel().state()).outline
    assert outline is not None
    text = outline.model_dump_json(exclude={"template"}).replace('"points"', '"slides"')
    other.world.script["says"] = [text, "no JSON", "still none"]
    with pytest.raises(BackstayError, match="no JSON of the schema"):
        other.run(other.carousel(at_once=1).run())


def test_what_is_degraded_can_be_made_anew() -> None:
    """With the outline go the texts and pictures that were made from it; research stays."""
    studio = _degraded()
    studio.run(studio.carousel().prepare())
    state = studio.run(studio.carousel().remake())
    assert (state.degraded, state.outline, state.research is None) == ((), None, False)
    with pytest.raises(NotReadyError):
        studio.run(studio.carousel().picture(1))
    assert studio.run(studio.carousel().run()).id == "post-1"
    assert studio.world.paid == CALLS + CALLS - Counter(research=1) + Counter(text=1)


def test_what_was_handed_over_is_not_made_anew() -> None:
    """It may be live."""
    studio = Studio()
    studio.run(studio.carousel().run())
    with pytest.raises(ConflictError, match="handed to the publisher"):
        studio.run(studio.carousel().remake())


def test_parts_of_research_that_failed_degrade_it() -> None:
    """A carousel on half the sources is no full one."""
    studio = Studio()
    studio.world.script["degraded"] = ["reddit: TIMEOUT"]
    state = studio.run(studio.carousel().prepare())
    assert state.degraded == ("research: reddit: TIMEOUT",)


def test_stale_research_degrades_it() -> None:
    """An old answer may be shown; nothing goes out on it without the caller's word, and it is asked anew."""
    studio = Studio()
    carousel = studio.carousel()
    maker = studio.maker
    assert maker is not None
    real = maker.research

    class Stale:
        def __getattr__(self, name: str) -> Any:
            return getattr(maker, name)

        async def research(self, *args: Any, **kwargs: Any) -> Any:
            found = await real(*args, **kwargs)
            return with_served(found, Served(source="stale", by="maker", age=4_000.0, cause="SERVICE_UNAVAILABLE"))

    carousel = studio.carousel(research=Stale())
    with pytest.raises(InvalidRequestError, match="research: an answer that is 4000 s old, because of SERVICE_UNAV"):
        studio.run(carousel.run())
    assert studio.run(studio.carousel().remake()).research is None


class Careless:
    """A writer of somebody's that keeps to no schema."""

    def __init__(self, maker: Any, data: Any) -> None:
        self._maker, self._data = maker, data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._maker, name)

    async def generate(self, request: Any, **_: Any) -> Any:
        answer = await self._maker.generate(request)
        wanted = request.json_schema["properties"]
        return answer if self._data is None or "slides" in wanted else answer.model_copy(update={"data": self._data})


@pytest.mark.parametrize("data", [{}, {"hooks": []}, {"headline": 1}, "text", 7])
def test_writers_that_keep_to_no_schema_are_typed_errors(data: Any) -> None:
    """Whatever is handed to the carousel, what comes out is ours; nothing is published."""
    studio = Studio()
    studio.carousel()
    writer = Careless(studio.maker, data)
    with pytest.raises(BackstayError, match="does not fit the schema"):
        studio.run(studio.carousel(text=writer).run())
    assert studio.world.posts == {}


def test_a_foreign_exception_is_raised_as_itself() -> None:
    """Not in a group, though several slides were written at once; what they have made is kept."""
    studio = Studio()
    studio.world.script["image"] = [RuntimeError("a bug"), None, None]
    with pytest.raises(BackstayError, match="RuntimeError in maker"):
        studio.run(studio.carousel().run())
    studio = Studio()
    studio.world.script["put"] = [RuntimeError("a bug")]
    with pytest.raises(RuntimeError, match="a bug"):
        studio.run(studio.carousel().run())
    assert sum(media is not None for media in studio.run(studio.carousel().state()).media) == 2


# Bounds -------------------------------------------------------------------------------------------------------------


def test_money_is_bounded_over_all_processes() -> None:
    """S3-92: the call that could pass the bound is not made; what was spent before counts in the next process."""
    studio = Studio(PLAN.but(money=Money.of("0.14 USD")))
    with pytest.raises(SpendGuardError) as caught:
        studio.run(studio.carousel(at_once=1).run())
    assert (caught.value.code, caught.value.field) == ("6005", "money")
    state = studio.run(studio.carousel().state())
    assert (state.spent, studio.world.paid) == (Decimal("0.11"), Counter(research=1, text=5))
    with pytest.raises(SpendGuardError):
        studio.run(studio.carousel(at_once=1).run())
    assert studio.world.paid == Counter(research=1, text=5)
    studio.run(studio.carousel(PLAN.but(money=Money.of("1 USD"))).run())
    assert studio.run(studio.carousel(PLAN).state()).spent == Decimal("0.25")


def test_a_lost_answer_counts_as_spent() -> None:
    """With the most that it may have cost, also when the run ends with it."""
    studio = Studio()
    studio.world.script["image"] = [CallTimeoutError(certainty=Certainty.UNKNOWN, retryable=False)]
    with pytest.raises(CallTimeoutError):
        studio.run(studio.carousel(at_once=1).run())
    assert studio.run(studio.carousel().state()).spent == Decimal("0.13") + Decimal("0.05")


def test_what_a_cancelled_run_has_spent_is_kept() -> None:
    """Somebody presses stop while the second picture is drawn: it may be billed, so it counts."""
    studio = Studio()
    tasks: list[asyncio.Task[Any]] = []

    def stop(event: Any) -> None:
        if event.name == "carousel_step" and event.step == "picture 1":
            asyncio.get_running_loop().call_soon(tasks[0].cancel)

    async def main() -> None:
        tasks.append(asyncio.ensure_future(studio.carousel(at_once=1, tell=stop).run()))
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    studio.run(main())
    state = studio.run(studio.carousel().state())
    assert [picture is not None for picture in state.pictures] == [True, False, False]
    assert state.spent == Decimal("0.13") + Decimal("0.04") + Decimal("0.05")
    assert studio.told("service_trouble") == []


def test_retries_are_bounded_over_all_steps_and_processes() -> None:
    """S3-92: two retries for the whole carousel; the third is not made, and the error says which bound."""
    studio = Studio(PLAN.but(retries=2))
    studio.world.script["research"] = [ServiceUnavailableError()]
    studio.world.script["text"] = [ServiceUnavailableError(), ServiceUnavailableError()]
    with pytest.raises(ServiceUnavailableError) as caught:
        studio.run(studio.carousel(at_once=1).run())
    assert caught.value.why == "allowance"
    assert "retries=2" in str(caught.value.hint)
    assert studio.run(studio.carousel().state()).retries == 2
    studio.world.script["text"] = [ServiceUnavailableError()]
    with pytest.raises(ServiceUnavailableError):
        studio.run(studio.carousel(at_once=1).run())


def test_bounds_without_a_ledger_are_refused() -> None:
    """A bound that nobody can hold would be no bound."""
    studio = Studio(PLAN.but(retry_seconds=60.0))
    carousel = studio.carousel()
    maker = studio.maker

    class Bare:
        capabilities = ContentCapabilities.of("bare", *(maker.capabilities if maker else ()))

        def __getattr__(self, name: str) -> Any:
            if name == "runtime":
                raise AttributeError(name)
            return getattr(maker, name)

    carousel = studio.carousel(research=Bare(), text=Bare(), images=Bare())
    with pytest.raises(InvalidRequestError, match="no adapter has a ledger"):
        studio.run(carousel.run())
    assert studio.world.paid == Counter()


# What is refused ----------------------------------------------------------------------------------------------------


def test_adapters_that_cannot_do_their_part_are_refused_before_anything_is_paid_for() -> None:
    """A publisher without carousels is found out at the start, not after the pictures."""
    studio = Studio()
    carousel = studio.carousel()
    assert studio.maker is not None
    with pytest.raises(UnsupportedCapabilityError, match="publish_carousel"):
        studio.run(studio.carousel(publisher=studio.maker).run())
    assert studio.world.paid == Counter()
    del carousel


def test_an_id_stands_for_one_plan() -> None:
    """Another topic under it is refused; other bounds are not."""
    studio = Studio()
    studio.run(studio.carousel().prepare())
    with pytest.raises(IdempotencyConflictError, match="another plan"):
        studio.run(studio.carousel(PLAN.but(topic="Winches")).state())
    studio.run(studio.carousel(PLAN.but(retries=5)).state())


def test_nothing_is_published_that_is_not_prepared() -> None:
    """The refusal says how far it is."""
    studio = Studio()
    with pytest.raises(NotReadyError, match="0 of 14 steps"):
        studio.run(studio.carousel().publish())
    for number in (0, 1, 99):
        with pytest.raises(NotReadyError, match=f"picture {number} is not made yet"):
            studio.run(studio.carousel().picture(number))


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"id": "no spaces"}, "id"),
        ({"id": "x" * 51}, "id"),
        ({"topic": ""}, "topic"),
        ({"slides": 1}, "slides"),
        ({"slides": 11}, "slides"),
        ({"hooks": 0}, "hooks"),
        ({"retries": -1}, "retries"),
    ],
)
def test_plans_that_are_none_are_refused(facts: dict[str, Any], field: str) -> None:
    """By the field."""
    with pytest.raises(InvalidRequestError) as caught:
        CarouselPlan(**{"id": "x", "topic": "y", **facts})
    assert caught.value.field == field


def test_at_once_is_at_least_one() -> None:
    """Nothing at a time would never end."""
    with pytest.raises(InvalidRequestError) as caught:
        Studio().carousel(at_once=0)
    assert caught.value.field == "at_once"
