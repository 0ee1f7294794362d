"""The simulator itself: routes a request, guards it, and puts the answer into the envelope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.faultfile import load_faults
from backstay.sandbox.faults import Fault, FaultPlan
from backstay.sandbox.lags import Lag
from backstay.sandbox.wire import Reply, Request, json_reply, text_reply
from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, World
from backstay_adapters.tiktok.profile import ROOT
from backstay_adapters.tiktok.sandbox.access import Grant, checked
from backstay_adapters.tiktok.sandbox.context import Ctx
from backstay_adapters.tiktok.sandbox.envelope import Params, Refusal, envelope, stamp
from backstay_adapters.tiktok.sandbox.faults import words
from backstay_adapters.tiktok.sandbox.kinds import MANUAL
from backstay_adapters.tiktok.sandbox.limits import Limits
from backstay_adapters.tiktok.sandbox.memory import Key
from backstay_adapters.tiktok.sandbox.routes import OPEN, ROUTES
from backstay_adapters.tiktok.sandbox.settings import (
    APP_ID,
    SECRET,
    TOKEN,
    Advertiser,
    Switches,
    default_advertisers,
)
from backstay_adapters.tiktok.sandbox.wirefile import File

FIRST_ID: Final = 1_800_000_000_000_000_000
"""Ids have 19 digits and grow with time."""

NOBODY: Final = Grant("")


class TikTokSandbox:
    """A TikTok for tests: the same seed and the same requests give the same world.

    `tokens` are good for every advertiser, or map each token to its advertisers' ids. `faults` is a plan, the name of
    one ("calm", "storm"), or a file's path. `tier` (basic, advanced, premium, ultimate, sandbox) turns rate limits on.
    Keywords that are `Switches` set the behaviours that are not known of the real one.
    """

    vendor: str = "tiktok"

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        faults: FaultPlan | str | None = None,
        tokens: Iterable[str] | Mapping[str, Sequence[str]] = (TOKEN,),
        advertisers: Iterable[Advertiser] | None = None,
        app_id: str = APP_ID,
        secret: str = SECRET,
        auth_codes: Iterable[str] = ("sandbox-code",),
        read_lag: Lag = 0.0,
        lag_updates: bool = False,
        tier: str | None = None,
        **switches: Any,
    ) -> None:
        self.world = world or World(seed, read_lag=read_lag, lag_updates=lag_updates)
        self._lag: Lag = self.world.read_lag
        self.switches = Switches(**switches)
        self.app_id = app_id
        self.secret = secret
        self.advertisers = {each.id: each for each in advertisers or default_advertisers()}
        self.auth_codes = frozenset(auth_codes)
        self.tier = tier
        allowed = dict(tokens) if isinstance(tokens, Mapping) else dict.fromkeys(tokens)
        self.grants = {token: Grant(app_id, None if ids is None else frozenset(ids)) for token, ids in allowed.items()}
        self._begin()
        self.faults = load_faults(faults, seed) if isinstance(faults, str) else faults

    def _begin(self) -> None:
        self.used_codes: set[str] = set()
        self.memory: dict[Key, tuple[float, str]] = {}
        self.touched: dict[str, float] = {}
        self.limits = Limits(self.tier)
        self._requests = 0

    @property
    def faults(self) -> FaultPlan | None:
        """What goes wrong; its read lag, if it has one, becomes the world's."""
        return self._faults

    @faults.setter
    def faults(self, plan: FaultPlan | None) -> None:
        self._faults = plan
        self.world.read_lag = self._lag if plan is None or plan.read_lag is None else plan.read_lag

    def reset(self) -> None:
        """An empty world; tokens and advertisers stay, the fault plan begins anew."""
        self.world.clear()
        self._begin()
        if self._faults is not None:
            self._faults.reset()

    def operation(self, request: Request) -> str:
        """Such as "campaign/create": the path without its root and slashes."""
        return request.path.removeprefix(ROOT).strip("/")

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what is asked at `now` (wall seconds) and answer."""
        self._requests += 1
        if not request.path.startswith(f"{ROOT}/") or not request.path.endswith("/"):
            return text_reply("404 page not found", 404)  # no envelope: the gateway does not know the path
        try:
            return self._answer(request, now, fault)
        except Refusal as refusal:
            return self._reply(now, refusal.code, refusal.message, refusal.data)

    def _answer(self, request: Request, now: float, fault: Fault | None) -> Reply:
        broken = None if fault is None else words(fault, self.app_id)
        if broken is not None and (fault is None or not fault.after_commit):
            raise broken
        data = self._perform(request, now, fault)
        if broken is not None:
            raise broken
        if isinstance(data, File):
            return Reply(data.status, {"content-type": data.kind}, data.content)
        return self._reply(now, 0, "OK", data)

    def _perform(self, request: Request, now: float, fault: Fault | None) -> Any:
        name = self.operation(request)
        if name not in ROUTES:
            raise Refusal(40400, f"The API path {request.path} does not exist.")
        method, handler = ROUTES[name]
        if request.method.upper() != method:
            raise Refusal(40117, f"The method {request.method} is forbidden for this path.")
        grant = NOBODY if name in OPEN else checked(self.grants, request.headers.get("access-token"))
        self.limits.check(grant.app_id or self.app_id, name, now)
        return handler(Ctx(self, request, Params(request), now, grant, fault))

    def _reply(self, now: float, code: int, message: str, data: Any) -> Reply:
        log_id = f"{stamp(now).translate(_DIGITS)}{bits(self.world.seed, 'log', self._requests):016X}"
        return json_reply(envelope(code, message, log_id, data), x_tt_logid=log_id)

    def new_id(self) -> str:
        """An id of 19 digits."""
        number = self.world.next_number()
        gap = bits(self.world.seed, "id", number) % 1_000
        return str(FIRST_ID + (self.world.seed % 1_000) * 10**12 + number * 1_000 + gap)

    def permitted(self, grant: Grant, advertiser_id: str) -> Advertiser:
        """An advertiser that exists and that the token may act for."""
        account = self.advertisers.get(advertiser_id)
        if account is None:
            raise Refusal(40001, f"The advertiser {advertiser_id} doesn't exist or has been deleted.")
        if not grant.allows(advertiser_id):
            raise Refusal(40001, f"No permission to operate advertiser {advertiser_id}")
        return account

    def grant(self, token: str, advertisers: Sequence[str] | None = None) -> None:
        """Make a token good; for all advertisers unless some are named."""
        self.grants[token] = Grant(self.app_id, None if advertisers is None else frozenset(advertisers))

    def expire(self, token: str = TOKEN) -> None:
        """Let a token expire: 40102 from now on."""
        self.grants[token].expired = True

    def revoke(self, token: str = TOKEN) -> None:
        """Revoke a token: 40105 from now on."""
        self.grants[token].revoked = True

    def add_tree(self, advertiser_id: str, name: str, since: float, *, ads: int = 1, budget: float = 50.0) -> list[str]:
        """An active campaign with an ad group and its ads, made at `since`; ids from the top down."""
        common: dict[str, Any] = {"account": advertiser_id, "state": State.ACTIVE}
        top = {"_flow": MANUAL, "objective_type": "TRAFFIC", "budget_mode": "BUDGET_MODE_DAY", "budget": budget}
        middle = {
            "_flow": MANUAL, "_starts": since, "_ends": None, "budget_mode": "BUDGET_MODE_INFINITE", "budget": 0.0,
            "schedule_type": "SCHEDULE_FROM_NOW", "schedule_start_time": stamp(since), "billing_event": "CPC",
            "optimization_goal": "CLICK", "promotion_type": "WEBSITE", "location_ids": ["6252001"],
        }  # fmt: skip
        bottom = {"_flow": MANUAL, "_reviewed_at": since, "ad_format": "SINGLE_VIDEO", "ad_text": name}
        create = self.world.create
        campaign = create(
            since, id=self.new_id(), level=CAMPAIGN, name=name, data={**top, "budget_optimize_on": True}, **common
        )
        group = create(
            since, id=self.new_id(), level=AD_GROUP, name=f"{name} group", parent=campaign.id, data=middle, **common
        )
        made = [campaign.id, group.id]
        for number in range(1, ads + 1):
            label = f"{name} ad {number}"
            made.append(
                create(since, id=self.new_id(), level=AD, name=label, parent=group.id, data=bottom, **common).id
            )
        return made


_DIGITS: Final = str.maketrans("", "", "-: ")
