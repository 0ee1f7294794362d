"""The simulator itself: routes a call, guards it, and answers with the vendor's messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.faultfile import load_faults
from backstay.sandbox.rpc import RpcReply, RpcRequest
from backstay.sandbox.wire import Reply, Request, text_reply
from backstay.sandbox.world import Thing, World
from backstay_adapters.google_ads.sandbox import access, seeds
from backstay_adapters.google_ads.sandbox.access import Caller, Grant
from backstay_adapters.google_ads.sandbox.context import Ctx
from backstay_adapters.google_ads.sandbox.failure import Refusal, refused
from backstay_adapters.google_ads.sandbox.faults import words
from backstay_adapters.google_ads.sandbox.kinds import PLURALS
from backstay_adapters.google_ads.sandbox.limits import Limits
from backstay_adapters.google_ads.sandbox.protos import SERVICES, message
from backstay_adapters.google_ads.sandbox.routes import ROUTES, operations_of
from backstay_adapters.google_ads.sandbox.search import Result
from backstay_adapters.google_ads.sandbox.settings import (
    DEVELOPER_TOKEN,
    TOKEN,
    Customer,
    Switches,
    default_customers,
)

if TYPE_CHECKING:
    from backstay.clock import Clock
    from backstay.sandbox.faults import Fault, FaultPlan
    from backstay.sandbox.lags import Lag
    from backstay.sandbox.rpc_channel import RpcChannel

FIRST_ID: Final = 20_000_000_000
"""Ids have eleven digits and grow with time."""


class GoogleAdsSandbox:
    """A Google Ads for tests: the same seed and the same calls give the same world.

    `tokens` are good for every customer, or map each token to the customers that its user reaches directly. `faults`
    is a plan, the name of one ("calm", "storm"), or a file's path. `tier` (explorer, basic, standard), or
    `operations_per_day` and `queries_per_second`, turn quotas on. Keywords that are `Switches` set the behaviours that
    are not known of the real one.
    """

    vendor: str = "google_ads"

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        faults: FaultPlan | str | None = None,
        tokens: Iterable[str] | Mapping[str, Sequence[str]] = (TOKEN,),
        developer_token: str = DEVELOPER_TOKEN,
        customers: Iterable[Customer] | None = None,
        read_lag: Lag = 0.0,
        lag_updates: bool = False,
        operations_per_day: int | None = None,
        queries_per_second: float | None = None,
        tier: str | None = None,
        **switches: Any,
    ) -> None:
        self.world = world or World(seed, read_lag=read_lag, lag_updates=lag_updates)
        self._lag: Lag = self.world.read_lag
        self.switches = Switches(**switches)
        self.developer_token = developer_token
        self.customers = {each.id: each for each in customers or default_customers()}
        allowed = dict(tokens) if isinstance(tokens, Mapping) else dict.fromkeys(tokens)
        self.grants = {token: Grant(None if ids is None else frozenset(ids)) for token, ids in allowed.items()}
        self._quotas = (operations_per_day, queries_per_second, tier)
        self._begin()
        self.faults = load_faults(faults, seed) if isinstance(faults, str) else faults

    def _begin(self) -> None:
        self.limits = Limits(*self._quotas)
        self.users: dict[str, set[str]] = {}
        """By a budget's name: the campaigns that have had it."""
        self.pages: dict[str, tuple[Result, int]] = {}
        """By page token: what is being read, and where the page begins."""
        self._calls = 0

    @property
    def faults(self) -> FaultPlan | None:
        """What goes wrong; its read lag, if it has one, becomes the world's."""
        return self._faults

    @faults.setter
    def faults(self, plan: FaultPlan | None) -> None:
        self._faults = plan
        self.world.read_lag = self._lag if plan is None or plan.read_lag is None else plan.read_lag

    def channel(self, clock: Clock, *, token: str | None = None, interceptors: Sequence[Any] = ()) -> RpcChannel:
        """An in-process `grpc.aio` channel; `token` is what a secure channel's credentials would add to each call."""
        from backstay.sandbox.rpc_channel import RpcChannel

        metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        # To pyright a property with a setter is no variable.
        own: Any = self
        return RpcChannel(own, clock, interceptors=interceptors, metadata=metadata)

    def reset(self) -> None:
        """An empty world; tokens and customers stay, the fault plan begins anew."""
        self.world.clear()
        self._begin()
        if self._faults is not None:
            self._faults.reset()

    def operation(self, request: Request) -> str:
        """Such as "CampaignService/MutateCampaigns": the path without its package."""
        return request.path.removeprefix(f"/{SERVICES}").strip("/")

    def streams(self, method: str) -> bool:
        """Whether a method answers with a stream."""
        return method.endswith("/SearchStream")

    def prepare(self) -> None:
        """Import the vendor's messages, which takes over a second; otherwise the first call does."""
        for route in ROUTES.values():
            message(route.module, route.request)

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:  # noqa: ARG002 - the frame's
        """What a browser gets: this vendor speaks gRPC."""
        return text_reply(f"{request.path}: this simulator speaks gRPC; connect to its grpc address", 415)

    def call(self, rpc: RpcRequest, now: float, fault: Fault | None = None) -> RpcReply:
        """Do what is asked at `now` (wall seconds) and answer."""
        self._calls += 1
        request_id = f"sim{bits(self.world.seed, 'request', self._calls):018x}"
        try:
            messages = self._answer(rpc, now, request_id, fault)
        except Refusal as refusal:
            return refused(refusal, request_id)
        return RpcReply(messages, trailing=(("request-id", request_id),))

    def _answer(self, rpc: RpcRequest, now: float, request_id: str, fault: Fault | None) -> tuple[bytes, ...]:
        broken = None if fault is None else words(fault)
        if broken is not None and (fault is None or not fault.after_commit):
            raise broken
        messages = self._perform(rpc, now, request_id, fault)
        if broken is not None:
            raise broken
        return messages

    def _perform(self, rpc: RpcRequest, now: float, request_id: str, fault: Fault | None) -> tuple[bytes, ...]:
        route = ROUTES.get(rpc.method.removeprefix(f"/{SERVICES}"))
        if route is None:
            raise Refusal(code="UNIMPLEMENTED")
        caller = access.identified(self, rpc.metadata)
        request = message(route.module, route.request).FromString(rpc.message)
        ctx = Ctx(self, request, now, caller, request_id, fault)
        self.limits.check(getattr(request, "customer_id", ""), operations_of(request), now)
        return tuple(each.SerializeToString() for each in route.handler(ctx))

    def new_id(self) -> str:
        """An id of eleven digits."""
        number = self.world.next_number()
        return str(FIRST_ID + (self.world.seed % 1_000) * 10**7 + number * 10 + bits(self.world.seed, number) % 10)

    def thing(self, resource_name: str) -> Thing | None:
        """What a resource name names, removed or not."""
        parts = resource_name.split("/")
        if len(parts) != 4 or parts[0] != "customers" or parts[2] not in PLURALS:
            return None
        found = self.world.get(PLURALS[parts[2]].id_of(resource_name))
        return found if found is not None and found.account == parts[1] else None

    def add_tree(self, customer: str, name: str, since: float, *, ads: int = 1, budget: int = 50_000_000) -> list[str]:
        """A running campaign, made at `since` without a request: names of budget, campaign, ad group and ads."""
        return seeds.tree(self, customer, name, since, ads, budget)

    def permitted(self, caller: Caller, customer_id: str) -> Customer:
        """A customer that exists and that the caller may read."""
        return access.permitted(self, caller, customer_id)

    def grant(self, token: str, customers: Sequence[str] | None = None) -> None:
        """Make a token good; for all customers unless some are named."""
        self.grants[token] = Grant(None if customers is None else frozenset(customers))

    def expire(self, token: str = TOKEN) -> None:
        """Let a token expire: OAUTH_TOKEN_EXPIRED from now on."""
        self.grants[token].expired = True

    def revoke(self, token: str = TOKEN) -> None:
        """Revoke a token: OAUTH_TOKEN_REVOKED from now on."""
        self.grants[token].revoked = True
