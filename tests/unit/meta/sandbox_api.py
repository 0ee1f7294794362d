"""Talks to Meta's simulator as a client would, without HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx

from backstay.sandbox import Reply, Request
from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, MetaSandbox

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
DAY = 86_400.0
USD, JPY, GBP = ACCOUNTS
FORM = "application/x-www-form-urlencoded"
Json = dict[str, Any]

CAMPAIGN: Json = {
    "name": "Spring", "objective": "OUTCOME_TRAFFIC", "status": "PAUSED", "special_ad_categories": [],
    "daily_budget": 5000,
}  # fmt: skip
TARGETING: Json = {"geo_locations": {"countries": ["US"]}, "targeting_automation": {"advantage_audience": 0}}
ADSET: Json = {
    "name": "Everybody", "targeting": TARGETING, "optimization_goal": "LINK_CLICKS", "billing_event": "IMPRESSIONS",
    "status": "PAUSED",
}  # fmt: skip
STORY: Json = {"page_id": "1", "link_data": {"link": "https://example.com/", "message": "Buy"}}


class Api:
    """One client of one sandbox, with a clock of its own."""

    def __init__(self, account: str = USD, sandbox: MetaSandbox | None = None, **kwargs: Any) -> None:
        self.sandbox = sandbox or MetaSandbox(**kwargs)
        self.account = account
        self.now = NOW
        self.token: str | None = TOKEN
        self.version = "/v26.0"
        self.reply = Reply(0, {}, b"")

    def send(
        self, method: str, path: str, query: Json | None = None, body: bytes = b"", kind: str = "", **headers: str
    ) -> Any:
        """One request; the answer's JSON, the whole reply in `reply`."""
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (query or {}).items()}
        auth = {"authorization": f"Bearer {self.token}"} if self.token else {}
        request = Request(method, f"{self.version}{path}", texts, {"content-type": kind, **auth, **headers}, body)
        self.reply = self.sandbox.handle(request, self.now)
        return json.loads(self.reply.body)

    def get(self, path: str, **query: Any) -> Any:
        """GET."""
        return self.send("GET", path, query)

    def delete(self, path: str, **query: Any) -> Any:
        """DELETE."""
        return self.send("DELETE", path, query)

    def post(self, path: str, **form: Any) -> Any:
        """POST with a form, as the vendor's SDK does: lists, objects and booleans are JSON."""
        return self.send("POST", path, body=urlencode(texts(form)).encode(), kind=FORM)

    def upload(self, path: str, files: dict[str, tuple[str, bytes]], **form: Any) -> Any:
        """POST with files."""
        parts: Any = [(name, (None, value.encode())) for name, value in texts(form).items()]
        parts += list(files.items())
        request = httpx.Request("POST", "http://x/", files=parts)
        return self.send("POST", path, body=request.read(), kind=request.headers["content-type"])

    @property
    def act(self) -> str:
        """The account's path."""
        return f"/act_{self.account}"

    def campaign(self, **changes: Any) -> str:
        """A new campaign's id."""
        return good(self.post(f"{self.act}/campaigns", **{**CAMPAIGN, **changes}))

    def adset(self, campaign_id: str, **changes: Any) -> str:
        """A new ad set's id."""
        return good(self.post(f"{self.act}/adsets", campaign_id=campaign_id, **{**ADSET, **changes}))

    def creative(self, **changes: Any) -> str:
        """A new creative's id."""
        return good(self.post(f"{self.act}/adcreatives", **{"name": "Text", "object_story_spec": STORY, **changes}))

    def ad(self, adset_id: str, creative_id: str | None = None, **changes: Any) -> str:
        """A new ad's id."""
        shown = {"creative_id": creative_id or self.creative()}
        return good(self.post(f"{self.act}/ads", adset_id=adset_id,
                              **{"name": "Ad", "creative": shown, "status": "PAUSED", **changes}))  # fmt: skip

    def tree(self) -> tuple[str, str, str]:
        """A paused campaign with an ad set and an ad."""
        campaign = self.campaign()
        adset = self.adset(campaign)
        return campaign, adset, self.ad(adset)

    def activate(self, *ids: str) -> None:
        """Set each to ACTIVE."""
        for id_ in ids:
            assert self.post(f"/{id_}", status="ACTIVE") == {"success": True}

    def names(self, edge: str = "campaigns", **query: Any) -> list[str]:
        """The names of what an edge of the account lists."""
        found = self.get(f"{self.act}/{edge}", fields="name", **query)
        assert "data" in found, found
        return [row["name"] for row in found["data"]]


def texts(form: Json) -> dict[str, str]:
    """Values as the vendor's SDK encodes them."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in form.items()}


def good(body: Any) -> str:
    """The id of a success."""
    assert set(body) >= {"id"}, body
    return str(body["id"])


def refused(body: Any, code: int, subcode: int | None = None, text: str = "") -> Json:
    """The error of a refusal, with its code, subcode and a part of its texts."""
    assert "error" in body, body
    error: Json = body["error"]
    assert (error["code"], error.get("error_subcode")) == (code, subcode), error
    assert text.lower() in f"{error['message']} {error.get('error_user_title')} {error.get('error_user_msg')}".lower()
    return error


def filtering(field: str, operator: str, value: Any) -> str:
    """The parameter of one condition."""
    return json.dumps([{"field": field, "operator": operator, "value": value}])
