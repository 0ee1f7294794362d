"""The customer's account, and what of it everything else needs."""

from __future__ import annotations

from typing import Final

from backstay.ad_adapter import parsing
from backstay.ads import Account
from backstay.errors import NotFoundError
from backstay.operation import operation
from backstay.policies.effect import Effect
from backstay_adapters.google_ads.adapter.calls import GoogleCalls
from backstay_adapters.google_ads.wire import gaql, read, write

FIELDS: Final = (
    "customer.id", "customer.descriptive_name", "customer.currency_code", "customer.time_zone", "customer.status",
    "customer.test_account", "customer.manager",
)  # fmt: skip
UNIT: Final = "currency_constant.billable_unit_micros"


class GoogleAccount(GoogleCalls):
    """What belongs to the account itself."""

    _home: read.Home | None = None
    _step: int | None = None

    async def _read_account(self) -> Account:
        rows = await self._search("customer", FIELDS)
        if not rows:
            raise NotFoundError(
                f"no customer {self.account}", vendor=self.vendor, field="customer_id", value=self.account,
                rule="google_ads.account.empty", hint="check the id, and that this login reaches the customer",
            )  # fmt: skip
        with parsing(self.vendor, "account"):
            return read.account(rows[0])

    async def home(self) -> read.Home:
        """Currency and zone, asked once: they never change."""
        if self._home is None:
            found = await self.get_account()
            self._home = read.Home(self.account, found.currency, found.timezone)
        return self._home

    async def place(self) -> write.Place:
        """What writing needs of the account: its currency, the least step of it, and its clock."""
        home = await self.home()
        if self._step is None:
            self._step = await self._read_step(home.currency)
        return write.Place(self.account, home.currency, self._step, home.zone)

    @operation(Effect.READ, deciding=True, group="account", name="get_billable_unit")
    async def _read_step(self, currency: str) -> int:
        """The smallest amount in micros that the vendor bills in this currency."""
        rows = await self._search("currency_constant", (UNIT,), (gaql.equals("currency_constant.code", currency),))
        return int(read.required(rows[0] if rows else {}, UNIT))
