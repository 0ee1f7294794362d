"""Requests, built by the vendor's own SDK and never sent by it.

`facebook-business` knows each call's method and path; `pending=True` gives its request unsent. A call's request differs
from the next one's in id and parameters only, so each call is asked for once. Its transport, its default client, its
exception hook and `init()` are not touched: the token never reaches it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from backstay.ad_adapter import Json, Request
from backstay.errors import UnsupportedError

ATTRIBUTES: Final = ("_method", "_path", "_params")
"""Private attributes of the SDK's request that are read; a test fails when one goes (pinned: >=26,<27)."""
_ID: Final = "{id}"
_JSON: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False)


class NoSession:
    """Stands where the SDK's session would be; it has nothing to send with."""


class Builder:
    """The SDK's objects as makers of requests; shared by an adapter and its copies."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._api: Any = None
        self._nodes: dict[str, Any] = {}
        self._shapes: dict[tuple[str, str], tuple[str, str, dict[str, Json]]] = {}

    def load(self) -> None:
        """Import the SDK: a third of a second, so off the loop; what is imported stays.

        Raises:
            UnsupportedError: it is not installed.
        """
        if self._nodes:
            return
        try:
            from facebook_business.adobjects.ad import Ad
            from facebook_business.adobjects.adaccount import AdAccount
            from facebook_business.adobjects.adcreative import AdCreative
            from facebook_business.adobjects.adreportrun import AdReportRun
            from facebook_business.adobjects.adset import AdSet
            from facebook_business.adobjects.advideo import AdVideo
            from facebook_business.adobjects.campaign import Campaign
            from facebook_business.api import FacebookAdsApi
        except ModuleNotFoundError as error:
            raise UnsupportedError(
                f"Meta's SDK is not installed: {error}", vendor="meta", rule="meta.sdk",
                hint='pip install "backstay[meta]"',
            ) from error  # fmt: skip
        self._api = FacebookAdsApi(NoSession(), api_version=self.version)
        nodes = (Ad, AdAccount, AdCreative, AdReportRun, AdSet, AdVideo, Campaign)
        self._nodes = {node.__name__: node for node in nodes}

    def build(self, node: str, id: str, call: str, params: Mapping[str, Json] | None = None) -> Request:  # noqa: A002 - the field's own name
        """One call of a node as plain JSON: `{"method", "path", "params"}`, the path without version and host."""
        shape = self._shapes.get((node, call))
        if shape is None:
            shape = self._shapes[node, call] = self._shape(node, call)
        method, path, fixed = shape
        # Not by the SDK's `add_param`: its types know less than the API (its issues #177 and #527), and it would warn.
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return {"method": method, "path": path.replace(_ID, id), "params": fixed | given}

    def _shape(self, node: str, call: str) -> tuple[str, str, dict[str, Json]]:
        """Method, path with a place for the id, and parameters that every request of a call has."""
        self.load()
        request = getattr(self._nodes[node](_ID, api=self._api), call)(pending=True)
        path = "/".join(str(part) for part in request._path if part)  # noqa: SLF001 - see ATTRIBUTES
        return request._method, path, dict(request._params)  # noqa: SLF001 - as above


def encoded(params: Mapping[str, Json]) -> dict[str, str]:
    """Parameters as they travel, in a query or a form: lists, objects and booleans are JSON text."""
    return {name: _text(value) for name, value in params.items() if value is not None}


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return _JSON.encode(value)
