"""What is known of an object when it is judged: its settings and its numbers, each with where it came from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Bid, Budget, ConfiguredStatus, DateRange, DeliveryStatus, MetricBasis, Money, Ref
from backstay.spec import Spec


class Numbers(Spec):
    """One window's numbers. An object of which the platform has no row has no numbers, not zeros."""

    window: str
    """The window's key."""
    days: DateRange | None = None
    """None: the window cannot be told, such as the lifetime of an object of unknown age."""
    known: bool = True
    """False: no row speaks of it."""
    impressions: int = 0
    clicks: int = 0
    conversions: Decimal = Decimal(0)
    spend: Money | None = None
    revenue: Money | None = None
    basis: MetricBasis | None = None
    fetched_at: AwareDatetime | None = None
    source: str = "live"


class Facts(Spec):
    """One object."""

    ref: Ref
    name: str = ""
    zone: ZoneInfo
    """The account's."""
    currency: str
    configured: ConfiguredStatus = ConfiguredStatus.ACTIVE
    delivery: DeliveryStatus = DeliveryStatus.UNKNOWN
    budget: Budget | None = None
    bid: Bid | None = None
    tags: tuple[str, ...] = ()
    """What rules have marked it with."""
    numbers: tuple[Numbers, ...] = ()

    def of(self, window: str) -> Numbers:
        """A window's numbers; unknown ones if nobody asked for them."""
        return next((each for each in self.numbers if each.window == window), Numbers(window=window, known=False))

    def local(self, at: datetime) -> datetime:
        """A moment in the account's zone."""
        return at.astimezone(self.zone)
