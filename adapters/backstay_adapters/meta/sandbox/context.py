"""One request on its way through the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backstay_adapters.meta.sandbox.access import STRANGER
from backstay_adapters.meta.sandbox.refusal import Data, Refused, nothing

if TYPE_CHECKING:
    from backstay.sandbox.faults import Fault
    from backstay.sandbox.wire import Request
    from backstay.sandbox.world import Thing, World
    from backstay_adapters.meta.sandbox.access import Grant
    from backstay_adapters.meta.sandbox.app import MetaSandbox
    from backstay_adapters.meta.sandbox.params import Params
    from backstay_adapters.meta.sandbox.routes import Target
    from backstay_adapters.meta.sandbox.settings import Account, Switches

DONE: Data = {"success": True}


@dataclass(slots=True)
class Ctx:
    """What a handler works with."""

    sim: MetaSandbox
    request: Request
    params: Params
    now: float
    grant: Grant
    target: Target
    fault: Fault | None = None
    staleness: float = 0.0
    """Seconds by which the replica that answers this request is behind."""
    extra: dict[str, str] = field(default_factory=dict)
    """Headers of the answer."""

    @property
    def world(self) -> World:
        """What exists."""
        return self.sim.world

    @property
    def switches(self) -> Switches:
        """How the vendor behaves where it is not known."""
        return self.sim.switches

    @property
    def account(self) -> Account:
        """The request's account: named in the path, or the object's own."""
        found = self.sim.accounts.get(self.target.account or "")
        if found is None:
            raise nothing(self.target.node, self.request.method)
        if not self.grant.allows(found.id):
            raise Refused(200, message=STRANGER)
        return found

    @property
    def thing(self) -> Thing:
        """The object of the path."""
        thing = self.world.get(self.target.node)
        if thing is None:
            raise nothing(self.target.node, self.request.method)
        return thing

    @property
    def only_validate(self) -> bool:
        """Whether everything is checked and nothing is done."""
        return "validate_only" in self.params.items("execution_options")

    def writer(self) -> Account:
        """The account, if the token may write to it and it is not closed to writes."""
        account = self.account
        if "ads_management" not in self.grant.scopes:
            raise Refused(294)
        if account.status != 1:
            raise Refused(*self.switches.disabled)
        return account

    def own(self, level: str, id_: str, method: str = "get") -> Thing:
        """Another object of the same account that the request names."""
        thing = self.world.get(id_)
        if thing is None or thing.level != level or thing.account != self.account.id:
            raise nothing(id_, method)
        return thing
