"""The ad account: its money, zone and status; and reads that go on without a field that is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set

from backstay.ad_adapter import Json, parsing
from backstay.ads import Account, Balance, Level
from backstay.errors import BackstayError, NotFoundError
from backstay_adapters.meta.adapter.calls import MetaCalls
from backstay_adapters.meta.wire import read
from backstay_adapters.meta.wire.kinds import ACCOUNT_ESSENTIAL, ACCOUNT_FIELDS, Fields
from backstay_adapters.meta.wire.partial import drop, field_list, noted, refused
from backstay_adapters.meta.wire.read import Raw

Ask = Callable[[str], Awaitable[Json]]
"""Sends a read with these fields."""


class MetaAccount(MetaCalls):
    """What belongs to the account itself."""

    async def _read_account(self) -> Account:
        raw = await self._account_fields()
        with parsing(self.vendor, "account"):
            return read.account(raw)

    async def _read_balance(self) -> Balance:
        """What is left below the account's spend cap: Meta tells of no other limit."""
        found = await self._read_account()
        if found.spend_cap is None or found.amount_spent is None:
            raise NotFoundError(
                "the account has no spend cap, so nothing says what it can still spend", vendor=self.vendor,
                field="spend_cap", rule="meta.account.no_cap",
                hint="set an account spending limit; what is owed is in get_account().balance",
            )  # fmt: skip
        ref = read.ref(self.account, Level.ACCOUNT, self.account)
        return Balance(ref=ref, available=found.spend_cap - found.amount_spent, total=found.spend_cap)

    async def _account_fields(self) -> Raw:
        async def ask(fields: str) -> Json:
            return await self._send(self._build("AdAccount", self.account, "api_get", {"fields": fields}))

        raw, left_out = await self._reading("account", ACCOUNT_FIELDS, ACCOUNT_ESSENTIAL, ask)
        return noted(raw, left_out)

    async def _reading(
        self, what: str, wanted: Fields, essential: Set[str], ask: Ask
    ) -> tuple[Json, dict[str, str]]:  # fmt: skip
        """Read with all the fields that this token may see; those that it may not are remembered and named."""
        known = self._refused.setdefault(what, {})
        while True:
            try:
                return await ask(self._field_list(what, wanted)), known
            except BackstayError as error:
                names = refused(error, self._wanted(what, wanted), essential)
                if not names:
                    raise
                known |= dict.fromkeys(names, error.vendor_message or error.message)
                self._field_lists.pop(what, None)

    def _field_list(self, what: str, wanted: Fields) -> str:
        """The `fields` parameter for reading all that this token may see."""
        text = self._field_lists.get(what)
        if text is None:
            text = self._field_lists[what] = field_list(self._wanted(what, wanted))
        return text

    def _wanted(self, what: str, usual: Fields) -> Fields:
        """The usual fields and the caller's, without those that were refused."""
        return drop({**usual, **dict.fromkeys(self.fields.get(what, ()), ())}, tuple(self._refused.get(what, ())))
