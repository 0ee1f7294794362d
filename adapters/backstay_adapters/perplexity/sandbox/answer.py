"""What the simulated vendor finds, and the events that a streamed answer comes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.writer import tokens_of, topics, write_text
from backstay_adapters.perplexity.prices import PRICES, REQUEST

Json = Any

SITES: Final = ("example.com", "example.org", "example.net")
PIECE: Final = 24
"""Characters of a delta."""
_DEEP_FEE: Final = Decimal("0.1")


def completion(body: Mapping[str, Json], name: str, seed: int, now: float) -> dict[str, Json]:
    """The whole answer to a question."""
    question = str(body["messages"][-1]["content"])
    results = [] if body.get("disable_search") else _results(body, question, seed)
    marks = "".join(f"[{number}]" for number, _ in enumerate(results, 1))
    thought = "<think>What does the question want?</think>\n\n" if "reasoning" in body["model"] else ""
    text = f"{thought}{write_text(question, seed)} {marks}".strip()
    most = body.get("max_tokens")
    cut = most is not None and tokens_of(text) > most
    said = text.encode()[: most * 4].decode("utf-8", "ignore") if most is not None and cut else text
    found = {"citations": [each["url"] for each in results], "search_results": results} if results else {}
    return {
        "id": name, "model": body["model"], "created": int(now), "object": "chat.completion", **found,
        "usage": _usage(body, question, said),
        "choices": [{"index": 0, "finish_reason": "length" if cut else "stop",
                     "message": {"role": "assistant", "content": said}, "delta": {"role": "assistant", "content": ""}}],
    }  # fmt: skip


def events(made: Mapping[str, Json]) -> list[bytes]:
    """The events of `stream_mode: full`: each repeats everything, its delta alone is new; no [DONE] ends them."""
    choice = made["choices"][0]
    text = choice["message"]["content"]
    free = {**made["usage"], "cost": dict.fromkeys(made["usage"]["cost"], 0)}
    found = [b": ping - 2026-01-01 00:00:00\r\n\r\n"]
    for start in range(0, len(text), PIECE):
        part = {"index": 0, "message": {"role": "assistant", "content": text[: start + PIECE]},
                "delta": {"role": "assistant", "content": text[start : start + PIECE]}}  # fmt: skip
        found.append(event({**made, "object": "chat.completion.chunk", "usage": free, "choices": [part]}))
    found.append(event({**made, "object": "chat.completion.done"}))
    return found


def event(data: Json) -> bytes:
    """One event as the vendor writes it: CRLF twice at its end."""
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n\r\n"


def _results(body: Mapping[str, Json], question: str, seed: int) -> list[dict[str, Json]]:
    wanted = [each for each in body.get("search_domain_filter", ()) if not each.startswith("-")]
    banned = {each[1:] for each in body.get("search_domain_filter", ()) if each.startswith("-")}
    sites = [site for site in wanted or SITES if site not in banned]
    word = topics(question)[0]
    return [
        {"title": f"{word} at {site}", "url": f"https://{site}/{word.lower()}-{bits(seed, site, word) % 1000}",
         "date": "2025-11-20", "last_updated": "2025-12-01", "snippet": write_text(question, seed, 1), "source": "web"}
        for site in sites
    ]  # fmt: skip


def _usage(body: Mapping[str, Json], question: str, said: str) -> dict[str, Json]:
    size = (body.get("web_search_options") or {}).get("search_context_size", "low")
    asked, written = tokens_of(question), tokens_of(said)
    price = PRICES.of(body["model"]) or PRICES.models["sonar-pro"]
    input_, output = (price.input or Decimal(0)) * asked / 10**6, (price.output or Decimal(0)) * written / 10**6
    fee = _DEEP_FEE if "deep" in body["model"] else price.each[f"{REQUEST}{size}"]
    cost = {"input_tokens_cost": input_, "output_tokens_cost": output, "request_cost": fee,
            "total_cost": input_ + output + fee}  # fmt: skip
    return {
        "prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written,
        "search_context_size": size, "cost": {name: float(value) for name, value in cost.items()},
    }  # fmt: skip


__all__ = ["completion", "event", "events"]
