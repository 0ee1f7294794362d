"""The stub server: one message and one picture, the same bytes for all; `python -m benchmarks.content.canned`."""

from __future__ import annotations

import asyncio
import base64
import json

from aiohttp import web

from backstay.sandbox.painter import draw
from benchmarks.adapters.canned import announce, closed

MESSAGE = {
    "id": "msg_01Canned", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "Wind from the north-west at twelve knots, rising. " * 16}],
    "stop_reason": "end_turn", "stop_sequence": None,
    "usage": {
        "input_tokens": 24, "output_tokens": 210, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "service_tier": "standard",
    },
}  # fmt: skip
LIMITS = {
    "request-id": "req_canned", "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999", "anthropic-ratelimit-requests-reset": "2026-11-26T12:00:00Z",
    "anthropic-ratelimit-tokens-limit": "4000000", "anthropic-ratelimit-tokens-remaining": "3990000",
    "anthropic-ratelimit-tokens-reset": "2026-11-26T12:00:00Z",
}  # fmt: skip
IMAGE_LIMITS = {"x-request-id": "req_canned", "openai-processing-ms": "20", "openai-version": "2020-10-01"}


def picture() -> bytes:
    """An answer of the Images API with one PNG in it."""
    drawn = base64.b64encode(draw("A red sail at dawn", 1024, 1024)).decode()
    usage = {"input_tokens": 9, "output_tokens": 1056, "total_tokens": 1065}
    usage |= {"input_tokens_details": {"text_tokens": 9, "image_tokens": 0}}
    body = {"created": 1_795_000_000, "background": "opaque", "data": [{"b64_json": drawn}], "output_format": "png"}
    return json.dumps({**body, "quality": "medium", "size": "1024x1024", "usage": usage}).encode()


async def main() -> None:
    """Serve until the parent closes our standard input."""
    answers = {"messages": (json.dumps(MESSAGE).encode(), LIMITS), "generations": (picture(), IMAGE_LIMITS)}

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        body, headers = answers[request.path.rpartition("/")[2]]
        return web.Response(body=body, content_type="application/json", headers=headers)

    app = web.Application()
    app.router.add_post("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    announce(runner.addresses[0][1])
    await closed()


if __name__ == "__main__":
    asyncio.run(main())
