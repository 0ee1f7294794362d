"""The vendor's own async clients on a channel of one's choice.

`GoogleAdsClient.get_service` makes its channel itself, always with TLS. This does the same with another channel, the
client's interceptors included, so that metadata, logging and exceptions are as in production.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from backstay_adapters.google_ads.sandbox.protos import ROOT, VERSION


def service(client: Any, name: str, channel: Callable[[Sequence[Any]], Any]) -> Any:
    """An async service of a `GoogleAdsClient`, such as "CampaignService"; `channel` makes one with interceptors.

    In process: `lambda each: sandbox.channel(clock, token=TOKEN, interceptors=each)`. On a port without TLS:
    `lambda each: grpc.aio.insecure_channel(served.target, interceptors=each)`.
    """
    from google.ads.googleads import client as package
    from google.ads.googleads import util

    module = importlib.import_module(f"{ROOT}.services.services.{util.convert_upper_case_to_snake_case(name)}")
    kind = getattr(module, f"{name}AsyncClient")
    made = channel(_interceptors(client, client.version or VERSION))
    transport = kind.get_transport_class("grpc_asyncio")
    return kind(transport=transport(channel=made, client_info=package._CLIENT_INFO))  # noqa: SLF001 - as it does itself


def _interceptors(client: Any, version: str) -> list[Any]:
    from google.ads.googleads import interceptors

    metadata = (client.developer_token, client.login_customer_id, client.linked_customer_id)
    log = logging.getLogger("google.ads.googleads.client")
    plus = client.use_proto_plus
    return [
        interceptors.AsyncUnaryUnaryMetadataInterceptor(*metadata),
        interceptors.AsyncUnaryStreamMetadataInterceptor(*metadata),
        interceptors.AsyncUnaryUnaryLoggingInterceptor(log, version, "localhost"),
        interceptors.AsyncUnaryStreamLoggingInterceptor(log, version, "localhost"),
        interceptors.AsyncUnaryUnaryExceptionInterceptor(version, use_proto_plus=plus),
        interceptors.AsyncUnaryStreamExceptionInterceptor(version, use_proto_plus=plus),
    ]
