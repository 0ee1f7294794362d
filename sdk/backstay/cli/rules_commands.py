"""The command `backstay services rules`: what rules would do to a file's objects, or do to those of platforms."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.text import Text

from backstay.cli.refusing import refused
from backstay.cli.services_live import ACTOR, Folder, JsonFlag, Live, Sandbox, Spend, live, table
from backstay.clock import SystemClock, utc
from backstay.errors import BackstayError, InvalidRequestError
from backstay.events import Event, Listener
from backstay.services.rules.decide import Decided, Decision
from backstay.services.rules.engine import RuleEngine
from backstay.services.rules.evaluate import Trace
from backstay.services.rules.events import RulesTrouble
from backstay.services.rules.file import RulesFile, rules_of
from backstay.services.rules.record import End, EndRecord, FileAudit
from backstay.services.rules.rule import Rule
from backstay.services.rules.words import SIGNS, Mode, Outcome
from backstay.services.store import FileStore

if TYPE_CHECKING:
    from rich.table import Table

SIGN: Final = {op.value: sign for sign, op in SIGNS.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    mode: Literal["dry_run", "propose", "apply"] = "dry_run"
    accept: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    kill: str | None = None

    @property
    def writes(self) -> bool:
        """Whether anything is to be kept."""
        return self.mode != "dry_run" or self.single

    @property
    def single(self) -> bool:
        """Whether it is about single actions, or the kill switch, and no run."""
        return bool(self.accept or self.undo or self.kill)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    decided: Decided = field(default_factory=Decided)
    ends: tuple[EndRecord, ...] = ()
    unread: tuple[str, ...] = ()
    """Platforms that could not be read, with why."""

    @property
    def well(self) -> bool:
        """Whether everything could be read and done."""
        return not self.unread and not {each.end for each in self.ends} & {End.FAILED, End.UNKNOWN}


def rules(
    file: Annotated[str, typer.Argument(help="YAML or JSON: the rules, and objects to try them on.")],
    apply: Annotated[bool, typer.Option("--apply", help="Each rule does what its own mode says.")] = False,
    propose: Annotated[bool, typer.Option("--propose", help="What rules would apply waits for consent.")] = False,
    accept: Annotated[list[str] | None, typer.Option("--accept", help="Carry out a proposal, by its key.")] = None,
    undo: Annotated[list[str] | None, typer.Option("--undo", help="Take an action back, by its key.")] = None,
    kill: Annotated[str | None, typer.Option("--kill-switch", help="on: no rule does anything; off.")] = None,
    sandbox: Sandbox = None,
    spend: Spend = None,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Run rules: on the file's objects, or on those of the platforms, where nothing is written unless asked for."""
    try:
        found = rules_of(file)
        asked = _asked(found, apply=apply, propose=propose, accept=accept, undo=undo, kill=kill)
        if found.facts:
            _only_tried(sandbox=sandbox, spend=spend, folder=folder)
            result = Result(found.decided(utc(SystemClock().wall())))
        else:
            result = asyncio.run(_live(found.rules, asked, sandbox, spend, folder))
    except BackstayError as error:
        refused(error)
    _show(result, as_json=as_json)
    raise typer.Exit(0 if result.well else 1)


def _asked(
    found: RulesFile, *, apply: bool, propose: bool, accept: list[str] | None, undo: list[str] | None, kill: str | None
) -> Asked:
    if apply and propose:
        raise InvalidRequestError(
            "both are given", field="--propose", value="--apply --propose", hint="choose one of them"
        )
    if kill not in {None, "on", "off"}:
        raise InvalidRequestError("it is on or off", field="--kill-switch", value=kill, hint="write on or off")
    mode: Literal["dry_run", "propose", "apply"] = "apply" if apply else "propose" if propose else "dry_run"
    asked = Asked(mode, tuple(accept or ()), tuple(undo or ()), kill)
    if found.facts and asked.writes:
        raise InvalidRequestError(
            "the file has objects to try the rules on", field="objects", value=str(len(found.facts)),
            hint="leave objects out of the file to run the rules on platforms",
        )  # fmt: skip
    return asked


def _only_tried(**places: str | None) -> None:
    """Refuse what a trial on the file's objects would not heed."""
    for name, told in places.items():
        if told is not None:
            raise InvalidRequestError(
                "the file has objects to try the rules on, so no platform is asked", field=f"--{name}", value=told,
                hint=f"leave out --{name}, or leave objects out of the file to run the rules on platforms",
            )  # fmt: skip


async def _live(
    rules: tuple[Rule, ...], asked: Asked, sandbox: str | None, spend: str | None, folder: str | None
) -> Result:
    """On platforms: a run, or what was asked of single actions."""
    events: list[Event] = []
    capped = asked.mode == "propose" or asked.accept  # what is accepted was judged as a proposal
    told = tuple(map(_at_most_proposed, rules)) if capped else rules
    async with live(sandbox, spend, folder) as where:
        engine, audit = _engine(told, where, events.append, writes=asked.writes)
        if asked.single:
            return Result(ends=await _single(engine, asked))
        record = await engine.run(dry_run=asked.mode == "dry_run")
        kept = [] if asked.mode == "dry_run" else await audit.records()
    ends = tuple(each for each in kept if isinstance(each, EndRecord) and each.run == record.inputs.run)
    troubles = (each for each in events if isinstance(each, RulesTrouble))
    unread = tuple(f"{each.vendor}: {each.error_type} {each.error_message}" for each in troubles)
    return Result(record.decided, ends, unread)


async def _single(engine: RuleEngine, asked: Asked) -> tuple[EndRecord, ...]:
    if asked.kill is not None:
        await engine.kill(on=asked.kill == "on")
    accepted = [await engine.accept(key) for key in asked.accept]
    return (*accepted, *[await engine.undo(key) for key in asked.undo])


def _engine(rules: tuple[Rule, ...], where: Live, tell: Listener, *, writes: bool) -> tuple[RuleEngine, FileAudit]:
    if writes:
        where.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    audit = FileAudit(where.folder / "rules.jsonl")
    store = FileStore(where.folder)
    return RuleEngine(rules, on=where.adapters, store=store, audit=audit, actor=ACTOR, tell=tell), audit


def _at_most_proposed(rule: Rule) -> Rule:
    return rule if rule.mode is Mode.DRY_RUN else rule.but(mode=Mode.PROPOSE)


# Showing ------------------------------------------------------------------------------------------------------------


def _show(result: Result, *, as_json: bool) -> None:
    from backstay.cli.app import out, print_json

    if as_json:
        told = {"ends": [each.model_dump(mode="json") for each in result.ends], "unread": list(result.unread)}
        print_json({**result.decided.model_dump(mode="json"), **told})
        return
    if result.decided.decisions or result.decided.skipped:
        out.print(_decisions(result.decided))
    if result.ends:
        ends = table(f"{len(result.ends)} actions", "object", "rule", "end", "key", "what went wrong")
        for each in result.ends:
            texts = (str(each.ref), each.rule, each.end.value, each.key, each.message or "")
            ends.add_row(*map(Text, texts))
        out.print(ends)
    for one in result.unread:
        out.print(Text(f"could not be read: {one}"))


def _decisions(decided: Decided) -> Table:
    acting = sum(each.outcome is Outcome.ACT for each in decided.decisions)
    title = f"{acting} actions, {len(decided.decisions) - acting} objects left as they are"
    shown = table(title, "object", "rule", "mode", "what", "why")
    shown.add_column("key", overflow="fold", no_wrap=True)
    for each in decided.decisions:
        texts = (str(each.ref), each.rule, each.mode.value, _what(each), _why(each), each.key or "")
        shown.add_row(*map(Text, texts))
    for one in decided.skipped:
        shown.add_row(*map(Text, (one.account, one.rule, "", "skipped", one.note or one.why.value, "")))
    return shown


def _what(each: Decision) -> str:
    if each.outcome is not Outcome.ACT:
        return each.outcome.value
    amounts = f" {each.part.value} {each.before} -> {each.after}" if each.after is not None else ""
    more = [*each.notices, *(f"tag {one.tag}" for one in each.tags), *(f"hook {one}" for one in each.hooks)]
    word = "" if each.kind is None else each.kind.value
    return "; ".join(filter(None, (f"{word}{amounts}", *more)))


def _why(each: Decision) -> str:
    reason = "" if each.reason is None else each.reason.value
    by = f" by {each.suppressed_by}" if each.suppressed_by else ""
    return "; ".join(filter(None, (f"{reason}{by}", *_comparisons(each.trace))))


def _comparisons(trace: Trace | None) -> list[str]:
    """The leaves of a condition, with both sides."""
    if trace is None:
        return []
    if trace.under:
        return [found for each in trace.under for found in _comparisons(each)]
    metric, window, op = trace.node.split(" ")
    left = "?" if trace.left is None else f"{trace.left:f}"
    note = f" ({trace.note})" if trace.note else ""
    right = "?" if trace.right is None else trace.right
    return [f"{metric} {window} {left} {SIGN[op]} {right}: {trace.truth.value}{note}"]


__all__ = ["rules"]
