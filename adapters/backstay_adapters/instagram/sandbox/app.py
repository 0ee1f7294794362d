"""The simulator itself: routes a request, guards it, answers it."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Unpack
from urllib.parse import parse_qsl

from backstay.sandbox.content import EXPIRED, GOOD, ContentSandbox, Settings, early, whole
from backstay.sandbox.draws import bits
from backstay.sandbox.faults import Fault
from backstay.sandbox.lags import Lag, check_lag, drawn
from backstay.sandbox.wire import Reply, Request
from backstay.sandbox.world import State, Thing, World
from backstay_adapters.instagram.sandbox import posts
from backstay_adapters.instagram.sandbox.containers import Kept, check, fails_later
from backstay_adapters.instagram.sandbox.posts import POST
from backstay_adapters.instagram.sandbox.refusal import Limited, Refusal, expired, revoked, usage, words

Json = Any

KEY: Final = "sandbox-instagram-token"
ACCOUNT: Final = "17841400000000001"
CONTAINER: Final = "container"
DAY: Final = 86_400.0
HOUR: Final = 3_600.0
_CONTAINERS, _POSTS = "178", "180"
"""How ids begin."""


class InstagramSandbox(ContentSandbox):
    """An Instagram for tests: the same seed and the same requests give the same answers.

    `prepare` and `video` are the seconds until a container is FINISHED, `status_lag` those until its state shows that
    it was published, `read_lag` those until lists show a post, `node_lag` those until the post itself can be read.
    `quota` posts go out in a moving day, `life` is a container's time. `again` says what publishing a container twice
    does, which nobody outside knows: "refused", "same" (the same post once more) or "posts" (a second one). `calls` are
    an account's requests in an hour. Words in a media address make the crawler fail, see `containers`.
    """

    vendor = "instagram"
    KEY = KEY

    def __init__(
        self,
        world: World | None = None,
        *,
        prepare: Lag = (0.5, 3.0),
        video: Lag = (8.0, 40.0),
        status_lag: Lag = 0.0,
        node_lag: Lag = 0.0,
        read_lag: Lag = 0.0,
        quota: int = 50,
        life: float = DAY,
        again: str = "refused",
        calls: int | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        for name, lag in (("prepare", prepare), ("video", video), ("status_lag", status_lag), ("node_lag", node_lag)):
            check_lag(name, lag)
        self.prepare, self.video, self.status_lag, self.node_lag = prepare, video, status_lag, node_lag
        self.quota, self.life, self.again, self.calls = quota, life, again, calls
        world = world or World(settings.get("seed", 0), read_lag=read_lag)
        super().__init__(world, **settings)

    def begin(self) -> None:
        """See `ContentSandbox.begin`."""
        super().begin()
        self.containers: dict[str, Kept] = {}
        self._asked: deque[float] = deque()

    def operation(self, request: Request) -> str:
        """Such as "media/single", "media/item", "media/carousel", "media_publish", "container", "post", "insights"."""
        node, edge = _path(request)
        if edge == "media" and request.method == "POST":
            params = _params(request)
            item = params.get("is_carousel_item") == "true"
            return "media/item" if item else f"media/{'carousel' if 'children' in params else 'single'}"
        if edge:
            return f"{edge}/list" if edge in {"media", "stories"} else edge
        return "container" if node.startswith(_CONTAINERS) and node != ACCOUNT else "post"

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault, ACCOUNT)
        early(fault, broken)
        self._access(request)
        told = self._count(now)
        made = self._route(request)(_params(request), now)
        return whole(made, {**told, "x-fb-request-id": request_id[-16:]}, broken)

    # Who may, and how often -------------------------------------------------------------------------------------

    def _access(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        state = self.keys.get(token or _params(request).get("access_token", ""))
        if state != GOOD:
            raise expired() if state == EXPIRED else revoked()

    def _count(self, now: float) -> dict[str, str]:
        self._asked.append(now)
        while self._asked and self._asked[0] <= now - HOUR:
            self._asked.popleft()
        if self.calls is None:
            return usage(ACCOUNT, 1)
        if len(self._asked) > self.calls:
            self._asked.pop()
            raise Limited(max(1, int((self._asked[0] + HOUR - now) / 60) + 1), ACCOUNT)
        return usage(ACCOUNT, min(99, int(len(self._asked) * 100 / self.calls)))

    # Routes -----------------------------------------------------------------------------------------------------

    def _route(self, request: Request) -> Callable[[Mapping[str, str], float], Json]:
        node, edge = _path(request)
        if node == ACCOUNT:
            found = {
                ("POST", "media"): self._make, ("POST", "media_publish"): self._publish,
                ("GET", "media"): self._list("FEED", "REELS"), ("GET", "stories"): self._list("STORY"),
                ("GET", "content_publishing_limit"): self._limit, ("GET", ""): self._account,
            }.get((request.method, edge))  # fmt: skip
            if found is None:
                raise Refusal("parameter", message=f"Unsupported {request.method.lower()} request")
            return found
        if request.method != "GET":
            raise Refusal("parameter", message="Unsupported post request")
        return lambda params, now: self._node(node, edge, params, now)

    def _account(self, params: Mapping[str, str], now: float) -> Json:
        del params, now
        return {"id": ACCOUNT, "username": "sandbox", "media_count": len(self.live())}

    def _make(self, params: Mapping[str, str], now: float) -> Json:
        check(params, self.containers)
        number = self.world.next_number()
        name = f"{_CONTAINERS}{bits(self.world.seed, 'container', number) % 10**14:014d}"
        takes = self.video if "video_url" in params else self.prepare
        ready = now + drawn(takes, len(self.containers), self.world.seed, "prepare", name)
        kept = Kept(name, ACCOUNT, now, ready, dict(params), fails_later(params))
        self.containers[name] = kept
        self.world.create(now, id=name, account=ACCOUNT, level=CONTAINER, key="", spends=False, kind="prepare")
        return {"id": name}

    def _publish(self, params: Mapping[str, str], now: float) -> Json:
        kept = self.containers.get(params.get("creation_id", ""))
        if kept is None or kept.is_item:
            raise Refusal("gone")
        kept.tries += 1
        state = kept.truth(now, self.life)
        if state == "PUBLISHED" and self.again == "same":
            return {"id": kept.post}
        if state != "FINISHED" and not (state == "PUBLISHED" and self.again == "posts"):
            raise Refusal("gone" if state in {"EXPIRED", "PUBLISHED"} else "not_ready")
        if self.used(now) >= self.quota:
            raise Refusal("quota")
        return {"id": self._post(kept, now)}

    def _post(self, kept: Kept, now: float) -> str:
        number = self.world.next_number()
        name = f"{_POSTS}{bits(self.world.seed, 'post', number) % 10**14:014d}"
        data = posts.data_of(kept.kind, kept.params, kept.id, name)
        data["_visible"] = now + drawn(self.node_lag, len(self.live()), self.world.seed, "node", name)
        self.world.create(
            now, id=name, account=ACCOUNT, level=POST, state=State.ACTIVE, data=data, spends=False, kind="publish",
            key=self._content(kept),
        )  # fmt: skip
        kept.published, kept.post = now, name
        kept.shown = now + drawn(self.status_lag, len(self.live()), self.world.seed, "status", name)
        return name

    def _content(self, kept: Kept) -> str:
        """The same for posts that show the same: two of them are a double post."""
        shown = self._shown(kept.params)
        return hashlib.sha256("|".join((kept.kind, kept.params.get("caption", ""), *shown)).encode()).hexdigest()[:16]

    def _shown(self, params: Mapping[str, str]) -> list[str]:
        names = params.get("children", "").split(",")
        own = params.get("video_url") or params.get("image_url") or ""
        return [self.containers[name].address for name in names if name in self.containers] or [own]

    def _limit(self, params: Mapping[str, str], now: float) -> Json:
        del params
        config = {"quota_total": self.quota, "quota_duration": int(DAY)}
        return {"data": [{"quota_usage": self.used(now), "config": config}]}

    def _list(self, *products: str) -> Callable[[Mapping[str, str], float], Json]:
        def listed(params: Mapping[str, str], now: float) -> Json:
            shown = [thing for thing in reversed(self.live()) if thing.seen(now) is not None]
            shown = [thing for thing in shown if thing.data["media_product_type"] in products]
            names = [thing.id for thing in shown]
            first = names.index(params["after"]) + 1 if params.get("after") in names else 0
            limit = int(params.get("limit", "25"))
            page = shown[first : first + limit]
            told: dict[str, Json] = {"data": [posts.body(thing, params.get("fields", "id")) for thing in page]}
            if page:
                paging: dict[str, Json] = {"cursors": {"before": page[0].id, "after": page[-1].id}}
                if first + limit < len(shown):
                    paging["next"] = f"https://graph.facebook.com/{ACCOUNT}/media?after={page[-1].id}"
                told["paging"] = paging
            return told

        return listed

    def _node(self, node: str, edge: str, params: Mapping[str, str], now: float) -> Json:
        kept = self.containers.get(node)
        if kept is not None and not edge:
            return kept.body(now, self.life)
        thing = self.world.get(node)
        if thing is None or thing.level != POST or now < thing.data["_visible"]:
            raise Refusal("not_found")
        if edge == "insights":
            return posts.figures(thing, params.get("metric", ""), self.world.seed, now)
        if edge:
            raise Refusal("parameter", message=f"(#100) Tried accessing nonexisting field ({edge})")
        return posts.body(thing, params.get("fields", "id"))

    # What really is ---------------------------------------------------------------------------------------------

    def live(self) -> list[Thing]:
        """Every post, oldest first."""
        return self.world.at(ACCOUNT, POST)

    def addresses(self, thing: Thing) -> list[str]:
        """Where the media of a post were fetched, in their order."""
        return self._shown(thing.data["_params"])

    def used(self, now: float) -> int:
        """Posts of the last 24 hours."""
        return sum(thing.created_at > now - DAY for thing in self.live())

    def by_hand(self, now: float, caption: str = "", kind: str = "IMAGE") -> str:
        """Somebody posts with the app: what a look must not take for ours."""
        params = {"caption": caption, "image_url": f"https://app.example/{self.world.next_number()}.jpg"}
        kept = Kept("", ACCOUNT, now, now, {**params, "media_type": kind})
        return self._post(kept, now)


def _path(request: Request) -> tuple[str, str]:
    """The node and the edge of /v26.0/node/edge."""
    parts = request.path.strip("/").split("/")
    parts = parts[1:] if parts and parts[0].startswith("v") else parts
    return parts[0] if parts else "", parts[1] if len(parts) > 1 else ""


def _params(request: Request) -> dict[str, str]:
    return {**request.query, **dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))}


__all__ = ["ACCOUNT", "KEY", "InstagramSandbox"]
