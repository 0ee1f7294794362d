"""One call on its way through the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.sandbox.faults import Fault
    from backstay.sandbox.world import World
    from backstay_adapters.google_ads.sandbox.access import Caller
    from backstay_adapters.google_ads.sandbox.app import GoogleAdsSandbox
    from backstay_adapters.google_ads.sandbox.protos import Message
    from backstay_adapters.google_ads.sandbox.settings import Customer, Switches


@dataclass(slots=True)
class Ctx:
    """What a handler works with."""

    sim: GoogleAdsSandbox
    request: Message
    now: float
    caller: Caller
    request_id: str
    fault: Fault | None = None

    @property
    def world(self) -> World:
        """What exists."""
        return self.sim.world

    @property
    def switches(self) -> Switches:
        """How the vendor behaves where it is not known."""
        return self.sim.switches

    def customer(self) -> Customer:
        """The request's customer, if the caller may act for it."""
        return self.sim.permitted(self.caller, self.request.customer_id)
