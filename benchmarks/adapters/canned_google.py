"""A gRPC server in another process with the same bytes for all; `python -m benchmarks.adapters.canned_google`.

It speaks GoogleAdsService without TLS and prints its port. What is answered: the customer, one campaign where ids are
asked for, ten thousand in one batch where not, and as many results as a mutate has operations unless it only validates.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
from grpc import aio

from backstay.ads import Level
from backstay_adapters.google_ads.adapter.calls import MUTATE, SEARCH
from backstay_adapters.google_ads.adapter.reads import IDS
from backstay_adapters.google_ads.profile import MAX_MESSAGE
from backstay_adapters.google_ads.wire import protos
from benchmarks.adapters.canned import announce, closed

CUSTOMER: Final = "1000000001"
FIRST: Final = 21_000_000_001
ROWS: Final = 10_000
TRAILING: Final = (("request-id", "CannedRequest-1234567"),)


def campaign(number: int) -> dict[str, Any]:
    """A row as the query of a campaign selects it."""
    name = f"customers/{CUSTOMER}/campaigns/{FIRST + number}"
    budget = f"customers/{CUSTOMER}/campaignBudgets/{FIRST + number}"
    return {
        "campaign": {
            "resource_name": name, "id": FIRST + number, "name": "Spring sale bs-2ppco6a2elefojni",
            "status": "PAUSED", "serving_status": "SERVING", "primary_status": "PAUSED",
            "primary_status_reasons": ["CAMPAIGN_PAUSED"], "advertising_channel_type": "SEARCH",
            "bidding_strategy_type": "TARGET_SPEND", "campaign_budget": budget,
            "start_date_time": "2026-01-01 00:00:00", "optimization_score": 0.83,
        },
        "campaign_budget": {
            "resource_name": budget, "amount_micros": 100_000_000, "period": "DAILY", "reference_count": 1,
        },
    }  # fmt: skip


class Answers:
    """Every answer, made once."""

    def __init__(self) -> None:
        messages = protos.protos()
        customer = {
            "id": int(CUSTOMER), "descriptive_name": "Canned", "currency_code": "USD", "time_zone": "Etc/UTC",
            "status": "ENABLED",
        }  # fmt: skip
        self.messages = messages
        self.customer = self._found([{"customer": customer}])
        self.unit = self._found([{"currency_constant": {"code": "USD", "billable_unit_micros": 10_000}}])
        self.one = self._found([campaign(0)])
        self.all = self._found([campaign(number) for number in range(ROWS)])

    def _found(self, rows: list[dict[str, Any]]) -> bytes:
        found: bytes = self.messages.Found(results=rows, request_id=TRAILING[0][1]).SerializeToString()
        return found

    async def search(self, asked: bytes, context: Any) -> AsyncIterator[bytes]:
        """One batch, or none."""
        query = self.messages.Search.FromString(asked).query
        context.set_trailing_metadata(TRAILING)
        if " FROM customer" in query:
            yield self.customer
        elif " FROM currency_constant" in query:
            yield self.unit
        elif f" AND {IDS[Level.CAMPAIGN]} > " not in query:  # else the page behind the last one: there is none
            yield self.one if f" WHERE {IDS[Level.CAMPAIGN]} " in query else self.all

    async def mutate(self, asked: bytes, context: Any) -> bytes:
        """A result for each operation: what it updates; none where nothing is to be done."""
        context.set_trailing_metadata(TRAILING)
        request = self.messages.Mutate.FromString(asked)
        results = [
            {"campaign_result": {"resource_name": each.campaign_operation.update.resource_name}}
            for each in request.mutate_operations
            if not request.validate_only
        ]
        done: bytes = self.messages.Mutated(mutate_operation_responses=results).SerializeToString()
        return done


async def main() -> None:
    """Serve until the parent closes our standard input."""
    answers = Answers()
    sizes = [("grpc.max_send_message_length", MAX_MESSAGE), ("grpc.max_receive_message_length", MAX_MESSAGE)]
    server = aio.server(options=sizes)
    handlers = {
        SEARCH.rpartition("/")[2]: grpc.unary_stream_rpc_method_handler(answers.search),
        MUTATE.rpartition("/")[2]: grpc.unary_unary_rpc_method_handler(answers.mutate),
    }
    service = protos.SERVICE.lstrip("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    announce(port)
    await closed()
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
