"""What `/_sandbox/` answers: the world as JSON, faults in and out, a fresh start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.errors import InvalidRequestError
from backstay.sandbox.faultfile import dump_faults, parse_faults
from backstay.sandbox.simulator import Simulator
from backstay.sandbox.wire import Reply, Request, json_reply
from backstay.sandbox.world import Effect, Thing
from backstay.values import EMPTY

ROUTES: Final = (
    "GET summary", "GET objects", "GET log", "GET faults", "PUT faults", "DELETE faults", "POST reset", "POST advance",
)  # fmt: skip


def handle(simulators: Mapping[str, Simulator], request: Request, now: float, rpcs: Mapping[str, str] = EMPTY) -> Reply:
    """One administrative request; its path comes without the prefix, the vendor is named by `?vendor=`."""
    if not request.path:
        return shown({"vendors": sorted(simulators), "rpcs": dict(rpcs), "routes": ROUTES})
    name = request.query.get("vendor") or (next(iter(simulators)) if len(simulators) == 1 else "")
    if name not in simulators:
        return refused("vendor", name, f"add ?vendor= with one of {', '.join(sorted(simulators))}")
    simulator = simulators[name]
    match request.method, request.path:
        case "GET", "summary":
            return shown(_summary(simulator, now))
        case "GET", "objects":
            return shown([_thing(thing) for thing in simulator.world.objects(request.query.get("key"))])
        case "GET", "log":
            return shown([_effect(effect) for effect in simulator.world.log])
        case "POST", "reset":
            simulator.reset()
            return shown(_summary(simulator, now))
        case (("GET" | "PUT" | "DELETE"), "faults"):
            return _faults(simulator, request, now)
    return refused("path", f"{request.method} {request.path}", f"use one of: {', '.join(ROUTES)}", 404)


def shown(data: object) -> Reply:
    """A good answer."""
    return json_reply(data)


def refused(field: str, value: object, cure: str | None, status: int = 400) -> Reply:
    """A refusal: the field, its value and the cure."""
    return json_reply({"error": f"{field} cannot be {value!r}", "field": field, "value": value, "cure": cure}, status)


def _faults(simulator: Simulator, request: Request, now: float) -> Reply:
    if request.method == "PUT":
        try:
            plan = parse_faults(request.body)
        except InvalidRequestError as error:
            return json_reply(
                {
                    "error": error.message,
                    "field": error.field,
                    "value": repr(error.value),
                    "cure": error.hint,
                },
                400,
            )
        plan.begin(now)
        simulator.faults = plan
    if request.method == "DELETE":
        simulator.faults = None
    current = simulator.faults
    return shown({"rules": []} if current is None else {**dump_faults(current), "struck": current.struck})


def _summary(simulator: Simulator, now: float) -> dict[str, Any]:
    world = simulator.world
    return {"now": now, **world.summary(), "could_spend": len(world.could_spend(now))}


def _thing(thing: Thing) -> dict[str, Any]:
    data = {name: value for name, value in thing.data.items() if not name.startswith("_")}
    return {
        "id": thing.id, "level": thing.level, "account": thing.account, "parent": thing.parent, "name": thing.name,
        "state": thing.state, "key": thing.key, "created_at": thing.created_at, "visible_at": thing.visible_at,
        "was_active": thing.was_active, "data": data,
    }  # fmt: skip


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "at": effect.at, "kind": effect.kind, "level": effect.level, "id": effect.id, "account": effect.account,
        "key": effect.key, "can_spend": effect.can_spend, "note": dict(effect.note),
    }  # fmt: skip
