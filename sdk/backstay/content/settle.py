"""From what a model wrote to what a caller can use: refusals, cuts and JSON, all of them typed, nothing made up."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from backstay.content.jsonschema import faults
from backstay.content.parts import Message
from backstay.content.text import TextRequest, TextResult
from backstay.content.words import Finish
from backstay.cost import add_costs
from backstay.errors import (
    BackstayError,
    BadResponseError,
    CreativeRejectedError,
    TooMuchDataError,
    TruncatedOutputError,
)
from backstay.taxonomy import Certainty

UNREADABLE: Final = "content.unreadable_json"
"""The rule of the error for an answer that is no JSON of the schema; one repair may follow it."""

_FENCE: Final = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
MOST_FAULTS: Final = 8


def settled(result: TextResult, request: TextRequest) -> TextResult:
    """The result, with its JSON decoded and checked where a schema was given.

    Raises:
        CreativeRejectedError: refused, and `allow_refusal` is off.
        TruncatedOutputError, TooMuchDataError: cut at its limit or at the model's window; never for text with
            `allow_truncated`, always for JSON.
        BadResponseError: no JSON of the schema (rule `content.unreadable_json`).
        Each has the answer in `.partial`.
    """
    if result.finish is Finish.REFUSED:
        return _refused(result, request)
    if result.finish in {Finish.LENGTH, Finish.CONTEXT_EXCEEDED}:
        return _cut(result, request)
    if request.json_schema is None or result.finish in {Finish.TOOL_USE, Finish.PAUSED}:
        return result
    data, wrong = decoded(result.text, request.json_schema)
    if wrong:
        raise _kept(
            BadResponseError(
                f"the model's answer is no JSON of the schema: {'; '.join(wrong[:MOST_FAULTS])}", rule=UNREADABLE,
                retryable=False, certainty=Certainty.REFUSED, hint="simplify the schema or raise max_output_tokens",
            ), result,
        )  # fmt: skip
    return result.model_copy(update={"data": data})


def decoded(text: str, schema: Any) -> tuple[Any, tuple[str, ...]]:
    """The JSON of a text and what is wrong with it; a fence around the whole text is taken off, nothing else is."""
    fenced = _FENCE.match(text)
    try:
        data = json.loads(fenced[1] if fenced else text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return None, (f"$: {error}",)
    return data, faults(data, schema)


def repair(request: TextRequest, error: BackstayError) -> TextRequest:
    """The same request with the unreadable answer and what is wrong with it: asked once, never again."""
    bad: TextResult = error.partial
    said = (
        f"That answer cannot be used: {error.message}\n"
        "Answer again with the corrected JSON alone: no other words, no code fence."
    )
    # A model's words may be empty, and no vendor takes an empty message.
    turns = (Message.assistant(bad.text), Message.user(said)) if bad.text.strip() else (Message.user(said),)
    return request.but(messages=(*request.messages, *turns))


def repaired(result: TextResult, error: BackstayError) -> TextResult:
    """The second answer, with what both have used and cost."""
    first: TextResult = error.partial
    cost = None if result.cost is None and first.cost is None else add_costs((first.cost, result.cost))
    return result.model_copy(update={"repaired": True, "usage": first.usage + result.usage, "cost": cost})


def _refused(result: TextResult, request: TextRequest) -> TextResult:
    if request.allow_refusal:
        return result
    why = ", ".join(str(value) for value in result.raw.values() if isinstance(value, str))
    raise _kept(
        CreativeRejectedError(
            f"the model refused{f' ({why})' if why else ''}", certainty=Certainty.REFUSED, rule="content.refused",
            vendor_code=result.raw_finish,
            hint="change the request, or take refusals as answers with allow_refusal=True",
        ), result,
    )  # fmt: skip


def _cut(result: TextResult, request: TextRequest) -> TextResult:
    if request.allow_truncated and request.json_schema is None:
        return result
    if result.finish is Finish.CONTEXT_EXCEEDED:
        raise _kept(
            TooMuchDataError(
                "the model's window is full and the answer is cut", certainty=Certainty.REFUSED,
                rule="content.window", hint="send a shorter conversation; what there is stands in .partial",
            ), result,
        )  # fmt: skip
    raise _kept(
        TruncatedOutputError(
            f"the answer was cut after {result.usage.output_tokens} tokens", certainty=Certainty.REFUSED,
            retryable=False, rule="content.truncated", field="max_output_tokens", value=request.max_output_tokens,
            hint="raise max_output_tokens; what there is stands in .partial",
        ), result,
    )  # fmt: skip


def _kept(error: BackstayError, result: TextResult) -> BackstayError:
    error.partial = result
    error.request_ids = (result.request_id,) if result.request_id else ()
    return error


def _no_constant(name: str) -> Any:
    message = f"{name} is no JSON"
    raise ValueError(message)


__all__ = ["UNREADABLE", "decoded", "repair", "repaired", "settled"]
