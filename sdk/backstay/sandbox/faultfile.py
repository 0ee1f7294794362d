"""Fault plans as JSON, and the plans that have a name.

{"seed": 7, "read_lag": [0, 3], "rules": [{"kind": "reset_after", "rate": 0.04, "method": "POST"}]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from backstay.errors import InvalidRequestError
from backstay.policies.settings import refuse
from backstay.sandbox.faults import FaultKind, FaultPlan, FaultRule, Span, check_span

_TEXTS: Final = frozenset({"method", "path", "operation", "text", "error"})
_FLAGS: Final = frozenset({"after_commit", "long", "wrong_length"})
_WHOLE: Final = frozenset({"skip", "times", "status", "code"})
_RULE_FIELDS: Final = tuple(field.name for field in fields(FaultRule))
_DEFAULTS: Final = {field.name: field.default for field in fields(FaultRule) if field.default is not MISSING}
_PLAN_FIELDS: Final = ("name", "read_lag", "rules", "seed")


def calm(seed: int = 0) -> FaultPlan:
    """A good day: answers within a third of a second, nothing fails."""
    return FaultPlan([FaultRule(FaultKind.LATENCY, delay=(0.02, 0.3))], seed, name="calm")


def storm(seed: int = 0) -> FaultPlan:
    """A campaign service's bad two hours: lost answers, bursts, an outage of four minutes, a hiccup of the token."""
    kind, rule = FaultKind, FaultRule
    return FaultPlan(
        [
            rule(kind.LATENCY, delay=(0.02, 0.3)),
            rule(kind.LATENCY, rate=0.02, delay=(2.0, 8.0)),
            rule(kind.CONNECT_REFUSED, rate=0.5, start=3600, end=3840),  # the outage: half refused,
            rule(kind.HTTP_5XX, start=3600, end=3840),  # half answered by the gateway
            rule(kind.TOKEN_EXPIRED, start=5400, end=5415),
            rule(kind.RATE_LIMIT, start=1800, end=1860, long=True),
            rule(kind.HTTP_5XX, rate=0.5, start=900, end=990),
            rule(kind.HTTP_5XX, rate=0.4, start=4800, end=4860, after_commit=True),
            rule(kind.RESET_AFTER, rate=0.04),
            rule(kind.RESET_BEFORE, rate=0.015),
            rule(kind.CONNECT_REFUSED, rate=0.01),
            rule(kind.TIMEOUT, rate=0.004),
            rule(kind.HTTP_5XX, rate=0.01),
            rule(kind.VENDOR_ERROR, rate=0.01),
            rule(kind.VENDOR_ERROR, rate=0.005, after_commit=True),
            rule(kind.RATE_LIMIT, rate=0.005),
            rule(kind.HTML, rate=0.005),
            rule(kind.HALF_JSON, rate=0.005),
            rule(kind.EMPTY, rate=0.003),
            rule(kind.SLOW_DRIP, rate=0.01, delay=(1.0, 5.0)),
        ],
        seed,
        read_lag=(0.0, 3.0),
        name="storm",
    )


PLANS: Final[Mapping[str, Callable[[int], FaultPlan]]] = MappingProxyType({"calm": calm, "storm": storm})


def load_faults(source: str | Path, seed: int | None = None) -> FaultPlan:
    """A plan by its name (calm, storm) or from a JSON file; `seed` overrides the file's.

    Raises:
        InvalidRequestError: naming the rule, the field, the value and the cure.
    """
    if str(source) in PLANS:
        return PLANS[str(source)](seed or 0)
    path = Path(source)
    if not path.is_file():
        refuse("faults", str(source), f"a name ({', '.join(sorted(PLANS))}) or the path of a JSON file")
    plan = parse_faults(path.read_text("utf-8"))
    return plan if seed is None else FaultPlan(plan.rules, seed, read_lag=plan.read_lag, name=plan.name)


def parse_faults(text: str | bytes) -> FaultPlan:
    """A plan from JSON text; see `load_faults`."""
    try:
        data = json.loads(text)
    except ValueError as error:
        message = f"the fault plan is no JSON: {error}"
        hint = 'write {"seed": 0, "rules": [{"kind": "reset_after", "rate": 0.1}]}'
        raise InvalidRequestError(message, field="faults", hint=hint) from None
    if isinstance(data, list):
        data = {"rules": data}
    if not isinstance(data, dict):
        refuse("faults", data, 'an object with "rules"')
    return _plan(data)


def dump_faults(plan: FaultPlan) -> dict[str, Any]:
    """A plan as JSON data; what is as by default is left out."""
    rules = [{name: v for name, v in _items(rule) if name == "kind" or v != _DEFAULTS.get(name)} for rule in plan.rules]
    lag = {} if plan.read_lag is None else {"read_lag": _listed(plan.read_lag)}
    return {"name": plan.name, "seed": plan.seed, **lag, "rules": rules}


def _items(rule: FaultRule) -> list[tuple[str, Any]]:
    return [(name, _listed(getattr(rule, name))) for name in _RULE_FIELDS]


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _plan(data: dict[str, Any]) -> FaultPlan:
    for name in data:
        if name not in _PLAN_FIELDS:
            refuse("faults", name, f"only the fields {', '.join(_PLAN_FIELDS)}")
    seed, rules = data.get("seed", 0), data.get("rules", [])
    if not isinstance(seed, int) or isinstance(seed, bool):
        refuse("seed", seed, "a whole number")
    if not isinstance(rules, list):
        refuse("rules", rules, "a list of rules")
    lag = _span("read_lag", data["read_lag"]) if data.get("read_lag") is not None else None
    made = [_rule(f"rules[{index}]", rule) for index, rule in enumerate(rules)]
    return FaultPlan(made, seed, read_lag=lag, name=str(data.get("name", "custom")))


def _rule(where: str, data: Any) -> FaultRule:
    if not isinstance(data, dict):
        refuse(where, data, 'an object such as {"kind": "timeout"}')
    if "kind" not in data:
        refuse(f"{where}.kind", None, f"one of {', '.join(FaultKind)}")
    values = {name: _value(f"{where}.{name}", name, value) for name, value in data.items()}
    try:
        return FaultRule(**values)
    except InvalidRequestError as error:
        field = f"{where}.{error.field}"
        message = f"{field} cannot be {error.value!r}"
        raise InvalidRequestError(message, field=field, value=error.value, hint=error.hint) from None


def _value(where: str, name: str, value: Any) -> Any:
    if name not in _RULE_FIELDS:
        refuse(where, value, f"only the fields {', '.join(_RULE_FIELDS)}")
    if name == "kind":
        if value not in list(FaultKind):
            refuse(where, value, f"one of {', '.join(FaultKind)}")
        return FaultKind(value)
    if name == "delay":
        return _span(where, value)
    wanted, cure = _type_of(name)
    if value is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and name not in _FLAGS)):
        refuse(where, value, cure)
    return _DEFAULTS.get(name) if value is None else value


def _type_of(name: str) -> tuple[type | tuple[type, ...], str]:
    if name in _TEXTS:
        return str, "a text"
    if name in _FLAGS:
        return bool, "true or false"
    return (int, "a whole number") if name in _WHOLE else ((int, float), "a number")


def _span(where: str, value: Any) -> Span:
    span = tuple(value) if isinstance(value, list) else value
    check_span(where, span)
    return span
