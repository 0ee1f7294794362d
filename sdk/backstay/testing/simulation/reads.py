"""Reads against the world: what an answer shows was so, within the lag of the reads and the answer's own age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backstay.ads import ConfiguredStatus, Query, Ref
from backstay.answer import Served
from backstay.sandbox.world import Thing
from backstay.testing.simulation.history import CHANGES, Said
from backstay.testing.simulation.judge import Evidence, Wrong, between, wanted
from backstay.testing.simulation.stage import Look
from backstay.writes.journal import JournalKey

ONES: Final = ("get_campaign", "get_ad_group", "get_ad")
CURRENCY: Final = "USD"
"""Of all accounts in a run."""
DUST: Final = 0.001
JOINED: Final = 130.0
"""Seconds by which the flight that a read has joined may have begun before it."""
CACHED: Final = 4_000.0
"""Seconds that an answer of a list may be old which need not be live: a stale one stands in for an hour."""


def judge_reads(evidence: Evidence) -> Iterator[Wrong]:
    """Everything that was read."""
    for said in evidence.calls:
        if said.method in ONES and said.outcome == "ok":
            yield from _served(said)
            yield from _own_writes(evidence, said)
            yield from _true(evidence, said, said.value, _since(said))
        elif said.method in ONES and said.error is not None and said.error.type == "NOT_FOUND":
            yield from _missing(evidence, said)
        elif said.method == "find_by_key" and said.outcome == "ok":
            yield from _found(evidence, said)
        elif said.method == "list" and said.outcome == "ok":
            yield from _listed(evidence, said)
        elif said.method == "get_metrics" and said.outcome == "ok":
            yield from _counted(evidence, said)
        elif said.method == "get_account" and said.outcome == "ok" and said.value.currency != CURRENCY:
            yield Wrong("wrong_answer", f"{said} says {said.value.currency}", (f"#{said.number} ",))


def _live(said: Said) -> bool:
    """Whether it asked for an answer of this moment."""
    return said.given.get("max_age") == 0


def _served(said: Said) -> Iterator[Wrong]:
    """Where the answer comes from is said, and allowed."""
    served, about = said.value.served, (f"#{said.number} ",)
    if served.source == "stale" and served.cause is None:
        yield Wrong("wrong_answer", f"{said} is stale without a cause", about)
    if served.source == "cache" and _live(said):
        yield Wrong("wrong_answer", f"{said} asked the vendor and got a cached answer", about)
    if served.source == "stale" and said.given.get("max_stale") == 0:
        yield Wrong("wrong_answer", f"{said} wanted no stale answer", about)


def _own_writes(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """A process is not shown from its cache what it has changed since."""
    served, ref = said.value.served, said.value.ref
    if served.source == "live":
        return
    fetched = said.ended - served.age
    for other in evidence.by_id.get(ref.id, []):
        changed = other.method in CHANGES and other.outcome == "ok" and not other.given.get("dry_run")
        if _has(said.value, wanted(other)):  # it was so before the change, which then changed nothing
            continue
        if changed and other.process == said.process and fetched + DUST < other.ended < said.began - DUST:
            yield Wrong("wrong_answer", f"{said} was cached before {other}", (f"#{said.number} ", ref.id))


def _has(answer: Any, asked: Mapping[str, Any]) -> bool:
    """Whether an answer shows all that a change asked for."""
    budget = getattr(answer, "budget", None)
    amount = budget.amount.amount if budget is not None and budget.amount is not None else None
    shown = {"name": answer.name, "status": answer.status.configured, "budget": amount}
    return bool(asked) and all(shown[name] == value for name, value in asked.items())


def _since(said: Said) -> float:
    """The earliest moment of which the answer may speak."""
    served: Served = said.value.served
    if served.source == "live":
        return said.began - (0.0 if _live(said) else JOINED)
    return said.ended - served.age - JOINED


def _true(evidence: Evidence, said: Said, answer: Any, since: float) -> Iterator[Wrong]:
    """The answer is a state in which the object was, not longer ago than it says."""
    thing, about = evidence.played.world.get(answer.ref.id), (f"#{said.number} ", answer.ref.id)
    if thing is None:
        yield Wrong("wrong_answer", f"{said} shows {answer.ref}, which does not exist", about)
        return
    past = evidence.played.past(thing)
    if not _shown(answer, between(past, since - evidence.played.lag - DUST, said.ended), apart=evidence.played.apart):
        shown = (answer.name, answer.status.configured, getattr(answer, "budget", None))
        yield Wrong("wrong_answer", f"{said} shows {shown}, it was {past}", about)


def _shown(answer: Any, looks: Sequence[Look], *, apart: bool) -> bool:
    """Whether it is one of them; with `apart` its budget may be another one's, for that lags by itself."""
    if apart:
        return any(_is(answer, look) for look in looks) and any(_pays(answer, look) for look in looks)
    return any(_is(answer, look) and _pays(answer, look) for look in looks)


def _is(answer: Any, look: Look) -> bool:
    return look.name in {None, answer.name} and answer.status.configured is look.status


def _pays(answer: Any, look: Look) -> bool:
    budget = getattr(answer, "budget", None)
    amount = budget.amount.amount if budget is not None and budget.amount is not None else None
    return amount is None or look.budget is None or amount == look.budget


def _missing(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """Not found was not there, or not to be seen yet, or deleted."""
    thing = None if said.ref is None else evidence.played.world.get(said.ref.id)
    if thing is not None and _plain(evidence, thing, said):
        yield Wrong("wrong_answer", f"{said}: it was there for all to see", (f"#{said.number} ", thing.id))


def _plain(evidence: Evidence, thing: Thing, said: Said) -> bool:
    """Whether every read of the call should have shown it."""
    past = evidence.played.past(thing)
    began = said.began - (0.0 if _live(said) or said.method == "find_by_key" else JOINED)
    deleted = any(look.status is ConfiguredStatus.DELETED for look in past if look.at <= said.ended)
    return past[0].at + evidence.played.lag + DUST < began and not deleted


def _found(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """All that carry the key and can be seen, and nothing else."""
    found: tuple[Ref, ...] = said.value
    create = f"create_{said.given['level']}"
    key = JournalKey(said.vendor, said.account, create, said.given["key"]).id
    about, ids = (f"#{said.number} ", key), {ref.id for ref in found}
    things = evidence.played.world.objects(key)
    for id_ in ids - {thing.id for thing in things}:
        yield Wrong("wrong_answer", f"{said} gave {id_}, which does not carry the key", about)
    for thing in things:
        if thing.id not in ids and _plain(evidence, thing, said):
            yield Wrong("wrong_answer", f"{said} missed {thing.level} {thing.id}", about)


def _counted(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """Numbers of the days that were asked for, and money only of what ever ran."""
    query, report = said.given["query"], said.value
    days = {row.day for row in report.rows} | set(report.missing_days)
    if days - {None} != set(query.days):
        yield Wrong("wrong_answer", f"{said} speaks of {days}, asked for {query.days}", (f"#{said.number} ",))
    ran = {thing.id for thing in evidence.things() if thing.was_active}
    for row in report.rows:
        if row.day not in query.days or (row.spend.amount > 0 and row.ref.id not in ran):
            yield Wrong("wrong_answer", f"{said} gave {row}", (f"#{said.number} ", row.ref.id))


def _asked_for(query: Query, item: Any) -> bool:
    return (not query.statuses or item.status.configured in query.statuses) and (
        query.name_contains is None or query.name_contains in item.name
    )


def _listed(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """Each item is true; a live list without filters misses nothing."""
    query: Query = said.given["query"]
    for item in said.value:
        if not _asked_for(query, item):
            yield Wrong("wrong_answer", f"{said} lists {item.ref}, which {query} does not ask for", (item.ref.id,))
        yield from _true(evidence, said, item, said.began - (0.0 if _live(said) else CACHED))
    if not _live(said) or query.but(page_size=None) != Query():
        return
    ids = {item.ref.id for item in said.value}
    for thing in evidence.things():
        if thing.level == said.given["level"] and thing.id not in ids and _plain(evidence, thing, said):
            text = f"{said} missed {thing.id}, made at {thing.created_at:.3f}"
            yield Wrong("wrong_answer", text, (f"#{said.number} ", thing.id))


__all__ = ["judge_reads"]
