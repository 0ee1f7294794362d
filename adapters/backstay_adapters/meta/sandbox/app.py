"""The simulator itself: finds what a request is for, guards it, and puts the answer on the wire."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from backstay.policies.settings import refuse
from backstay.sandbox.draws import bits
from backstay.sandbox.faultfile import load_faults
from backstay.sandbox.faults import Fault, FaultPlan
from backstay.sandbox.lags import Lag, check_lag, drawn
from backstay.sandbox.wire import Part, Reply, Request, json_reply
from backstay.sandbox.world import AD, State, World
from backstay_adapters.meta.sandbox import batch, jobs, seeds
from backstay_adapters.meta.sandbox.access import SCOPES, Grant, checked
from backstay_adapters.meta.sandbox.context import Ctx
from backstay_adapters.meta.sandbox.faults import words
from backstay_adapters.meta.sandbox.lags import Index
from backstay_adapters.meta.sandbox.params import Params
from backstay_adapters.meta.sandbox.refusal import Refused, nothing
from backstay_adapters.meta.sandbox.routes import EDGES, ROUTES, Target, target
from backstay_adapters.meta.sandbox.settings import (
    APP_ID,
    LIVE,
    SECRET,
    TOKEN,
    VERSION,
    Account,
    Switches,
    default_accounts,
)
from backstay_adapters.meta.sandbox.usage import INSIGHTS, MANAGEMENT, Usage

FIRST_ID: Final = 120_200_000_000_000_000
"""Ids have 18 digits and grow with time."""

IDS: Final = "The ids parameter is deprecated. Read one object at a time."


class MetaSandbox:
    """A Meta for tests: the same seed and the same requests give the same world.

    `tokens` are good for every account, or map each token to its accounts' ids. `faults` is a plan, the name of one
    ("calm", "storm"), or a file's path. `read_lag` is how far lists lag behind writes; the indexes of names and of
    labels have lags of their own (`name_lag`, `label_lag`; None: as lists). Each lag is seconds, a range, or a list
    that is taken in turn. With `replica_lag` each look may be answered by a replica that is so far behind, so that
    the next look may not see what this one saw. `tier` (limited, full) turns rate limits on. `endings` are the
    `async_status` words with which the next report runs end. Keywords that are `Switches` set the behaviours that
    are not known of the real one.
    """

    vendor: str = "meta"

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        faults: FaultPlan | str | None = None,
        tokens: Iterable[str] | Mapping[str, Sequence[str]] = (TOKEN,),
        accounts: Iterable[Account] | None = None,
        pages: Iterable[str] | None = None,
        app_id: str = APP_ID,
        secret: str = SECRET,
        require_proof: bool = False,
        read_lag: Lag = 0.0,
        name_lag: Lag | None = None,
        label_lag: Lag | None = None,
        replica_lag: Lag = 0.0,
        lag_updates: bool = False,
        tier: str | None = None,
        users: int = 50,
        endings: Sequence[str] = (),
        **switches: Any,
    ) -> None:
        _check(name_lag=name_lag, label_lag=label_lag, replica_lag=replica_lag, endings=endings)
        self.world = world or World(seed, read_lag=read_lag, lag_updates=lag_updates)
        self._lag: Lag = self.world.read_lag
        self.name_lag = name_lag
        self.label_lag = label_lag
        self.replica_lag = replica_lag
        self.switches = Switches(**switches)
        self.app_id = app_id
        self.secret = secret
        self.require_proof = require_proof
        self.pages = None if pages is None else frozenset(pages)
        self.accounts = {each.id: each for each in accounts or default_accounts()}
        allowed = dict(tokens) if isinstance(tokens, Mapping) else dict.fromkeys(tokens)
        self.grants = {token: Grant(None if ids is None else frozenset(ids)) for token, ids in allowed.items()}
        self.tier = tier
        self.users = users
        self._endings = tuple(endings)
        self._begin()
        self.faults = load_faults(faults, seed) if isinstance(faults, str) else faults

    def _begin(self) -> None:
        self.usage = Usage(self.tier, self.users, self.switches.score_error)
        self.budget_changes: dict[str, list[float]] = {}
        self.cap_changes: dict[str, list[float]] = {}
        self.uploads: dict[str, str] = {}
        self._counted: dict[str, tuple[int, int]] = {}
        self.endings = list(self._endings)
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
        """An empty world; tokens and accounts stay, the fault plan begins anew."""
        self.world.clear()
        self._begin()
        if self._faults is not None:
            self._faults.reset()

    def lag_of(self, index: Index) -> Lag | None:
        """The lag of an index; None where it is the lists' own."""
        return {"list": None, "name": self.name_lag, "label": self.label_lag}[index]

    def operation(self, request: Request) -> str:
        """Such as "campaign/create", "adset/list" or "batch"."""
        found = target(self.world, request)
        if not found.node:
            return "batch" if request.method == "POST" else "root"
        route = ROUTES.get((found.level, found.edge, request.method.upper()))
        return route[0] if route else f"{found.level}/{found.edge or request.method.lower()}"

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what is asked at `now` (wall seconds) and answer."""
        if target(self.world, request).node:
            return self.serve(request, now, fault)
        try:
            return self._root(request, now, fault)
        except Refused as refused:
            return self.refuse(refused)

    def _root(self, request: Request, now: float, fault: Fault | None) -> Reply:
        """POST /: a batch. GET /?ids=: no longer there."""
        params = Params(request)
        if request.method != "POST":
            raise Refused(100, message=IDS, status=500) if params.get("ids") else nothing("", request.method)
        broken = None if fault is None else words(fault, None, now)
        if broken is not None and (fault is None or not fault.after_commit):
            raise broken
        checked(self, request, params, now)
        found = batch.run(self, request, params, now, fault)
        if broken is not None:
            raise broken
        return self._reply(found, 200, {})

    def serve(
        self, request: Request, now: float, fault: Fault | None = None, files: Mapping[str, Part] | None = None
    ) -> Reply:
        """One call, by itself or as an item of a batch."""
        self._requests += 1
        found = target(self.world, request)
        use = INSIGHTS if found.edge == "insights" or found.level == "report_run" else MANAGEMENT
        account = found.account if found.account in self.accounts else None
        try:
            body = self._performed(request, found, now, fault, files or {}, use)
        except Refused as refused:
            if refused.blames_caller:
                self.usage.failed(account, use, now)
            return self.refuse(refused, self._headers(account, now))
        return self._reply(body, 200, self._headers(account, now))

    def _performed(
        self, request: Request, found: Target, now: float, fault: Fault | None, files: Mapping[str, Part], use: str
    ) -> Any:
        broken = None if fault is None else words(fault, found.account, now)
        if broken is not None and (fault is None or not fault.after_commit):
            raise broken
        data = self._perform(request, found, now, fault, files, use)
        if broken is not None:
            raise broken
        return data

    def _perform(
        self, request: Request, found: Target, now: float, fault: Fault | None, files: Mapping[str, Part], use: str
    ) -> Any:
        if found.version not in LIVE:
            raise Refused(2635)
        params = Params(request)
        params.files.update(files)
        grant = checked(self, request, params, now)
        method = request.method.upper()
        route = ROUTES.get((found.level, found.edge, method))
        if route is None and (found.level, found.edge) not in EDGES and found.level != "unknown":
            raise Refused(2500, message=f"Unknown path components: /{found.edge}")
        if found.account is not None and found.account in self.accounts:
            active = self._active(found.account)
            self.usage.check(found.account, use, write=method != "GET", active=active, now=now)
        if route is None:
            raise nothing(found.node, method)
        stale = drawn(self.replica_lag, self._requests, self.world.seed, "replica", self._requests)
        return route[1](Ctx(self, request, params, now, grant, found, fault, stale))

    def _active(self, account: str) -> int:
        """Active ads, counted anew when something has happened."""
        happened = len(self.world.log)
        known = self._counted.get(account)
        if known is None or known[0] != happened:
            count = sum(thing.state is State.ACTIVE for thing in self.world.at(account, AD))
            known = self._counted[account] = (happened, count)
        return known[1]

    def _headers(self, account: str | None, now: float) -> dict[str, str]:
        return self.usage.headers(account, self._active(account) if account else 0, now)

    def refuse(self, refused: Refused, headers: Mapping[str, str] | None = None) -> Reply:
        """A refusal on the wire."""
        body = refused.envelope(
            self._trace(), foreign=self.switches.foreign_texts, data_text=self.switches.error_data_text
        )
        named = {**(headers or {}), **refused.headers}
        if refused.code in {102, 190} or refused.status == 401:
            text = f'OAuth "Facebook Platform" "invalid_token" "{refused.message}"'
            named["www-authenticate"] = text
        return self._reply(body, refused.status, named)

    def _reply(self, body: Any, status: int, headers: Mapping[str, str]) -> Reply:
        trace = body["error"]["fbtrace_id"] if isinstance(body, dict) and "error" in body else self._trace()
        reply = json_reply(body, status)
        about = {
            "content-type": "application/json; charset=UTF-8", "facebook-api-version": VERSION, "x-fb-trace-id": trace,
            "x-fb-rev": "1030000000", "x-fb-debug": f"{trace}==", "x-fb-request-id": trace,
        }  # fmt: skip
        return Reply(status, {**about, **headers}, reply.body)

    def _trace(self) -> str:
        self._requests += 1
        raw = b"".join(bits(self.world.seed, "trace", self._requests, n).to_bytes(8) for n in range(2))
        return "A" + base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def new_id(self) -> str:
        """An id of 18 digits."""
        number = self.world.next_number()
        gap = bits(self.world.seed, "id", number) % 1_000
        return str(FIRST_ID + (self.world.seed % 1_000) * 10**12 + number * 1_000 + gap)

    def grant(self, token: str, accounts: Sequence[str] | None = None, scopes: Iterable[str] = SCOPES) -> None:
        """Make a token good; for all accounts unless some are named."""
        self.grants[token] = Grant(None if accounts is None else frozenset(accounts), frozenset(scopes))

    def spoil(self, subcode: int, token: str = TOKEN) -> None:
        """Refuse a token from now on with 190 and this subcode (0: none)."""
        self.grants[token].spoiled = subcode

    def expire(self, token: str = TOKEN) -> None:
        """Let a token expire: 190/463 from now on."""
        self.spoil(463, token)

    def revoke(self, token: str = TOKEN) -> None:
        """The user removes the app: 190/458 from now on."""
        self.spoil(458, token)

    def trouble(self, id: str, *issues: Mapping[str, Any]) -> None:  # noqa: A002 - the field's name everywhere
        """Give an object `issues_info`: WITH_ISSUES while it could run; none takes them away."""
        thing = self.world.get(id)
        if thing is None:
            refuse("id", id, "the id of an object of the world")
        self.world.update(thing.now.at, thing, _trouble=[dict(each) for each in issues])

    def add_tree(self, account: str, name: str, since: float, *, ads: int = 1, budget: float = 50.0) -> list[str]:
        """An active campaign with an ad set and its ads, made at `since`: ids from the top; budget in main units."""
        return seeds.tree(self, account, name, since, ads=ads, budget=budget)


def _check(*, name_lag: Lag | None, label_lag: Lag | None, replica_lag: Lag, endings: Sequence[str]) -> None:
    for name, lag in (("name_lag", name_lag), ("label_lag", label_lag), ("replica_lag", replica_lag)):
        if lag is not None:
            check_lag(name, lag)
    for word in endings:
        if word not in jobs.ENDINGS:
            refuse("endings", word, f"words of: {', '.join(jobs.ENDINGS)}")
