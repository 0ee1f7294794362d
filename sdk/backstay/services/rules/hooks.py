"""Functions of the caller's that rules call by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from backstay.errors import InvalidRequestError
from backstay.redact import scrub
from backstay.services.rules.decide import Decision
from backstay.services.rules.record import End, EndRecord
from backstay.services.rules.rule import Rule

HookCall = Callable[[Decision], Awaitable[None]]


def check_hooks(rules: Iterable[Rule], hooks: Mapping[str, HookCall]) -> None:
    """Refuse rules that call what nobody has given."""
    for rule in rules:
        for name in rule.hooks:
            if name not in hooks:
                raise InvalidRequestError(
                    f"the rule {rule.id} calls {name}, which the engine was not given", field="hooks", value=name,
                    hint=f'give RuleEngine(hooks={{"{name}": function}}); there are: {", ".join(hooks) or "none"}',
                )  # fmt: skip


async def call(hook: HookCall, name: str, run: str, decision: Decision, at: datetime, actor: str) -> EndRecord:
    """Call it once; how it ended goes on record, and its error stops no rule."""
    end, kind, message = End.APPLIED, None, None
    try:
        await hook(decision)
    except Exception as error:  # noqa: BLE001 - the caller's own code: its error is recorded, and the rules go on
        end, kind, message = End.FAILED, type(error).__name__, scrub(str(error))
    return EndRecord(
        run=run, key=f"hook-{name}-{run}", rule=decision.rule, ref=decision.ref, at=at, end=end, error_type=kind,
        message=message, actor=actor,
    )  # fmt: skip
