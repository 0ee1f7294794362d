"""Batches: up to fifty calls in one request, not atomic; an item that was not run, or whose end is unknown, is null."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from backstay.sandbox.faults import Fault, FaultKind
from backstay.sandbox.wire import Part, Reply, Request
from backstay_adapters.meta.sandbox.catalogue import pair
from backstay_adapters.meta.sandbox.params import Params
from backstay_adapters.meta.sandbox.refusal import Data, Refused, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.app import MetaSandbox

MOST: Final = 50
_RESULT: Final = re.compile(r"\{result=([^:}]+):\$([^}]*)\}")
_STEP: Final = re.compile(r"\.([A-Za-z0-9_*]+)|\[(\d+|\*)\]")


def run(sim: MetaSandbox, request: Request, params: Params, now: float, fault: Fault | None) -> list[Data | None]:
    """Every item's answer, in order."""
    items = params.items("batch")
    if not 1 <= len(items) <= MOST or not all(isinstance(item, dict) for item in items):
        raise param(f"Param batch must be a JSON array of 1 to {MOST} requests")
    headers = params.flag("include_headers", default=True)
    bodies: dict[str, Any] = {}
    found = []
    for number, item in enumerate(items):
        answer = _item(sim, request, params, now, fault if number % 2 else None, item, bodies)
        found.append(_told(items, item, answer, headers=headers))
    return found


def _item(
    sim: MetaSandbox, request: Request, params: Params, now: float, fault: Fault | None, item: Data,
    bodies: dict[str, Any],
) -> Reply | None:  # fmt: skip
    struck = fault is not None and fault.kind is FaultKind.PARTIAL
    if fault is not None and struck and fault.code is not None:
        code, subcode = pair(fault.code)
        return sim.refuse(Refused(code, subcode, message=fault.text))
    try:
        asked = _request(request, params, item, bodies)
    except _Unknown as unknown:
        return sim.refuse(param(f"The result of the operation {unknown} is not known"))
    if fault is not None and struck and fault.draw < 0.5:
        return None  # not run
    answer = sim.serve(asked, now, files=_files(params, item))
    if struck:
        return None  # run, but its end is not known
    if answer.status == 200 and item.get("name"):
        bodies[str(item["name"])] = json.loads(answer.body)
    return answer


class _Unknown(Exception):  # noqa: N818 - becomes a refusal of one item
    """A result that no earlier item gave."""


def _request(outer: Request, params: Params, item: Data, bodies: Mapping[str, Any]) -> Request:
    method = str(item.get("method", "GET")).upper()
    relative = _filled(str(item.get("relative_url", "")), bodies)
    parts = urlsplit(f"/{relative.lstrip('/')}")
    kept = {
        name: outer.headers[name] for name in ("authorization", "host", "x-forwarded-prefix") if name in outer.headers
    }
    query = {**_shared(params), **dict(parse_qsl(parts.query, keep_blank_values=True))}
    body = _filled(str(item.get("body", "")), bodies).encode()
    return Request(method, parts.path, query, {**kept, "content-type": "application/x-www-form-urlencoded"}, body)


def _shared(params: Params) -> dict[str, str]:
    """The outer request's token goes with every item that has none of its own."""
    return {name: str(params.get(name)) for name in ("access_token", "appsecret_proof") if params.get(name)}


def _filled(text: str, bodies: Mapping[str, Any]) -> str:
    return _RESULT.sub(lambda match: quote(_result(bodies, match[1], match[2]), safe=","), text)


def _result(bodies: Mapping[str, Any], name: str, path: str) -> str:
    if name not in bodies:
        raise _Unknown(name)
    found = [bodies[name]]
    for key, index in _STEP.findall(path):
        found = [each for value in found for each in _step(value, key or index)]
    if not found:
        raise _Unknown(name)
    return ",".join(str(each) for each in found)


def _step(value: Any, step: str) -> list[Any]:
    if step == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if isinstance(value, list):
        return [value[int(step)]] if step.isdigit() and int(step) < len(value) else []
    return [value[step]] if isinstance(value, dict) and step in value else []


def _files(params: Params, item: Data) -> dict[str, Part]:
    names = [name.strip() for name in str(item.get("attached_files", "")).split(",") if name.strip()]
    return {name: params.files[name] for name in names if name in params.files}


def _told(items: list[Data], item: Data, answer: Reply | None, *, headers: bool) -> Data | None:
    if answer is None or (answer.status == 200 and _omitted(items, item)):
        return None
    found: Data = {"code": answer.status, "body": answer.body.decode()}
    if headers:
        found["headers"] = [{"name": name.title(), "value": value} for name, value in answer.headers.items()]
    return found


def _omitted(items: list[Data], item: Data) -> bool:
    """What a later item builds on is not told, unless it is asked for."""
    name = item.get("name")
    asked = item.get("omit_response_on_success")
    if not name or asked is not None:
        return bool(asked) if name else False
    mark = f"{{result={name}:"
    return any(mark in str(each.get("relative_url", "")) + str(each.get("body", "")) for each in items)
