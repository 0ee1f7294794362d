"""The advertiser's account and balance."""

from __future__ import annotations

from typing import Any, Final

from backstay.ad_adapter import parsing
from backstay.ads import Account, Balance, Level
from backstay.errors import NotFoundError
from backstay_adapters.tiktok.adapter.calls import TikTokCalls
from backstay_adapters.tiktok.wire import read
from backstay_adapters.tiktok.wire.money import money_in

FIELDS: Final = (
    "advertiser_id", "name", "currency", "timezone", "display_timezone", "status", "balance", "role", "create_time",
)  # fmt: skip


class TikTokAccount(TikTokCalls):
    """What belongs to the account itself."""

    async def _read_account(self) -> Account:
        raw = await self._advertiser()
        with parsing(self.vendor, "account"):
            return read.account(raw)

    async def _read_balance(self) -> Balance:
        raw = await self._advertiser()
        available = money_in(read.required(raw, "balance"), read.required(raw, "currency"))
        if available is None:
            raise NotFoundError("the account shows no balance", vendor=self.vendor, hint="it may be paid by invoice")
        return Balance(ref=read.ref(self.account, Level.ACCOUNT, self.account), available=available)

    async def _advertiser(self) -> dict[str, Any]:
        data = await self._get("/advertiser/info/", advertiser_ids=[self.account], fields=list(FIELDS))
        rows = data.get("list") if isinstance(data, dict) else data
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and str(row.get("advertiser_id")) == self.account:
                return row
        raise NotFoundError(
            f"no advertiser {self.account}", vendor=self.vendor, field="advertiser_id", value=self.account,
            rule="tiktok.account.empty", hint="check the id, and that the token was granted this advertiser",
        )  # fmt: skip
