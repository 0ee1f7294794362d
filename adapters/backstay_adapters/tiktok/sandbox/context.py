"""One request on its way through the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backstay_adapters.tiktok.sandbox.envelope import Params, Refusal

if TYPE_CHECKING:
    from backstay.sandbox.faults import Fault
    from backstay.sandbox.wire import Request
    from backstay.sandbox.world import Thing, World
    from backstay_adapters.tiktok.sandbox.access import Grant
    from backstay_adapters.tiktok.sandbox.app import TikTokSandbox
    from backstay_adapters.tiktok.sandbox.settings import Advertiser, Switches


@dataclass(slots=True)
class Ctx:
    """What a handler works with."""

    sim: TikTokSandbox
    request: Request
    params: Params
    now: float
    grant: Grant
    fault: Fault | None = None

    @property
    def world(self) -> World:
        """What exists."""
        return self.sim.world

    @property
    def switches(self) -> Switches:
        """How the vendor behaves where it is not known."""
        return self.sim.switches

    def advertiser(self) -> Advertiser:
        """The request's advertiser, if the token may act for it."""
        return self.sim.permitted(self.grant, self.params.text("advertiser_id"))

    def writer(self) -> Advertiser:
        """The same for a write: a punished account cannot."""
        account = self.advertiser()
        if account.status != "STATUS_ENABLE":
            raise Refusal(40002, "Your advertiser account has been suspended. Contact support for details.")
        return account

    def need(self, account: Advertiser, level: str, name: str, id_: str, *, flow: str | None = None) -> Thing:
        """An object of the account that has not been removed; of one flow, if that is asked."""
        thing = self.world.get(id_)
        gone = thing is None or thing.account != account.id or thing.level != level or thing.state == "removed"
        if thing is None or gone or flow not in {None, thing.data.get("_flow")}:
            message = f"The {name} {id_} doesn't exist or has been deleted."
            raise Refusal(40002, message)
        return thing
