"""The advertiser's account and balance."""

from __future__ import annotations

from typing import Final, Unpack

from backstay.ads import Account, Balance, Level
from backstay.errors import NotFoundError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay_adapters.tiktok.adapter.calls import TikTokCalls
from backstay_adapters.tiktok.wire import read
from backstay_adapters.tiktok.wire.kinds import FLOWS, Flow
from backstay_adapters.tiktok.wire.money import money_in

FIELDS: Final = (
    "advertiser_id", "name", "currency", "timezone", "display_timezone", "status", "balance", "role", "create_time",
)  # fmt: skip


class TikTokAccount(TikTokCalls):
    """What belongs to the account itself."""

    flows: tuple[Flow, ...] = FLOWS
    _currency: str | None = None

    @operation(Effect.READ, ttl=300.0, max_stale=3_600.0, group="account", tags=("account",))
    async def get_account(self, **_: Unpack[CallOptions]) -> Account:
        """The account with its currency, zone, status and balance."""
        data = await self._get("/advertiser/info/", advertiser_ids=[self.account], fields=list(FIELDS))
        rows = data.get("list") if isinstance(data, dict) else data
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and str(row.get("advertiser_id")) == self.account:
                return read.account(row)
        raise NotFoundError(
            f"no advertiser {self.account}", vendor=self.vendor, field="advertiser_id", value=self.account,
            rule="tiktok.account.empty", hint="check the id, and that the token was granted this advertiser",
        )  # fmt: skip

    @operation(Effect.READ, ttl=60.0, max_stale=900.0, group="account", tags=("account",))
    async def get_balance(self, **_: Unpack[CallOptions]) -> Balance:
        """What the account can still spend."""
        data = await self._get("/advertiser/info/", advertiser_ids=[self.account], fields=list(FIELDS))
        rows = data.get("list") if isinstance(data, dict) else data
        raw = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        currency = read.required(raw, "currency")
        available = money_in(read.required(raw, "balance"), currency)
        if available is None:
            raise NotFoundError("the account shows no balance", vendor=self.vendor, hint="it may be paid by invoice")
        return Balance(ref=read.ref(self.account, Level.ACCOUNT, self.account), available=available)

    async def currency(self) -> str:
        """The account's currency, asked once: it never changes."""
        if self._currency is None:
            self._currency = (await self.get_account()).currency
        return self._currency
