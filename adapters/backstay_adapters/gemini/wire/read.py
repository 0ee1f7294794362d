"""From the API's answers to ours."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backstay.content.parts import Opaque, Part, Text, ToolCall
from backstay.content.text import TextResult
from backstay.content.words import Finish
from backstay.content_adapter import Answers
from backstay.cost import PriceTable
from backstay_adapters.gemini.wire.usage import cost_of, usage_of
from backstay_adapters.gemini.wire.write import SIGNED, UNNAMED

Json = Any

ANSWERS: Final = Answers("gemini")
reading, unreadable = ANSWERS.reading, ANSWERS.unreadable

REFUSALS: Final = (
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
)  # fmt: skip
FAULTS: Final = (
    "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE", "NO_IMAGE", "IMAGE_OTHER", "OTHER", "ESCALATION", "FINISH_REASON_UNSPECIFIED",
)  # fmt: skip
"""The model's own: another try is likely to do better."""

FINISHES: Final[Mapping[str, Finish]] = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "CONTINUATION": Finish.PAUSED,
    **dict.fromkeys(REFUSALS, Finish.REFUSED),
    **dict.fromkeys(FAULTS, Finish.OTHER),
}
_READ: Final = frozenset({"candidates", "usageMetadata", "modelVersion", "promptFeedback", "sdkHttpResponse"})


def ending(data: Mapping[str, Json]) -> tuple[str | None, bool]:
    """The word with which an answer ends, and whether it is the prompt that was blocked."""
    feedback = data.get("promptFeedback")
    if isinstance(feedback, Mapping) and feedback.get("blockReason"):
        return str(feedback["blockReason"]), True
    word = candidate(data).get("finishReason")
    return (str(word), False) if word else (None, False)


def candidate(data: Mapping[str, Json]) -> Mapping[str, Json]:
    """The first candidate; empty where there is none."""
    listed = data.get("candidates")
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, Mapping) else {}


def parts_of(data: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The parts of the first candidate."""
    content = candidate(data).get("content")
    found = content.get("parts") if isinstance(content, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def is_answer(data: Json) -> bool:
    """Whether this is the answer of a model, a refusal included."""
    return isinstance(data, Mapping) and not data.get("error") and ("candidates" in data or "promptFeedback" in data)


def message(data: Json, *, model: str, prices: PriceTable | None) -> TextResult:
    """A whole answer; raises BadResponseError where it is none."""
    with reading("a text", data):
        return _message(data, model, prices)


def _message(data: Json, model: str, prices: PriceTable | None) -> TextResult:
    word, blocked = ending(data) if isinstance(data, Mapping) else (None, False)
    if word is None:
        raise unreadable("a text", data)
    finish = Finish.REFUSED if blocked else FINISHES.get(word, Finish.UNKNOWN)
    parts = tuple(part for number, each in enumerate(parts_of(data)) for part in read_part(each, number))
    if finish is Finish.LENGTH:  # a call that was cut must not be carried out
        parts = tuple(each for each in parts if not isinstance(each, ToolCall))
    if finish is Finish.STOP and any(isinstance(each, ToolCall) for each in parts):
        finish = Finish.TOOL_USE
    usage = usage_of(data.get("usageMetadata"))
    named = str(data.get("modelVersion") or model)
    return TextResult(
        text="".join(each.text for each in parts if isinstance(each, Text)),
        parts=parts,
        finish=finish,
        raw_finish=word,
        usage=usage,
        cost=cost_of(usage, named, prices),
        model=named,
        request_id=str(data["responseId"]) if data.get("responseId") else None,
        raw=_why(data, blocked=blocked) if finish is Finish.REFUSED else {},
        extra={name: value for name, value in data.items() if name not in _READ and value},
    )


def _why(data: Mapping[str, Json], *, blocked: bool) -> dict[str, Json]:
    found = data["promptFeedback"] if blocked else candidate(data)
    names = ("blockReason", "blockReasonMessage", "finishReason", "finishMessage", "safetyRatings")
    return {name: found[name] for name in names if found.get(name)}


def read_part(told: Mapping[str, Json], number: int) -> Iterator[Part]:
    """One part of an answer, its signature before it; what is not ours goes back to the vendor unchanged."""
    call = told.get("functionCall")
    if told.get("thought") or not ("text" in told or isinstance(call, Mapping)):
        yield Opaque(kind="thought" if told.get("thought") else next(iter(told), "part"), raw=told)
        return
    if told.get("thoughtSignature"):
        yield Opaque(kind=SIGNED, raw={"thoughtSignature": told["thoughtSignature"]})
    if isinstance(call, Mapping):
        name = str(call.get("id") or f"{UNNAMED}{number}-{call.get('name')}")
        yield ToolCall(id=name, name=str(call.get("name")), input=call.get("args") or {})
    elif told["text"]:
        yield Text(text=str(told["text"]))


def pictures(data: Mapping[str, Json]) -> list[bytes]:
    """The pictures of an answer."""
    found = []
    for part in parts_of(data):
        inline = part.get("inlineData")
        if not isinstance(inline, Mapping) or part.get("thought"):
            continue
        try:
            found.append(base64.b64decode(str(inline.get("data") or ""), validate=True))
        except (binascii.Error, ValueError) as error:
            raise unreadable("a picture: it is no base64", data) from error
    return found


def words(data: Mapping[str, Json]) -> str:
    """What an answer says beside its pictures."""
    return "".join(str(part["text"]) for part in parts_of(data) if part.get("text") and not part.get("thought"))


__all__ = [
    "FAULTS", "FINISHES", "REFUSALS", "candidate", "ending", "is_answer", "message", "parts_of", "pictures",
    "read_part", "reading", "unreadable", "words",
]  # fmt: skip
