"""Reading: the account, lists, single objects, look-ups by key, read-back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final, Unpack

from backstay.ad_adapter import tags
from backstay.ad_adapter.hooks import AdHooks
from backstay.ad_adapter.parts import Asked, sieve
from backstay.ads import (
    Account,
    Ad,
    AdGroup,
    Balance,
    Campaign,
    Capability,
    Level,
    PageData,
    Pages,
    Query,
    Ref,
    require_level,
)
from backstay.answer import with_served
from backstay.engine.poll import poll
from backstay.errors import InvalidRequestError, NotFoundError, TooMuchDataError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import need
from backstay.writes.journal import check_key
from backstay.writes.marker import token
from backstay.writes.reconcile import looks

STATUS_TTL: Final = 300.0
"""Seconds that an object's status counts as fresh (requirement S0-31)."""
STATUS_STALE: Final = 3_600.0
SMALLEST_PAGE: Final = 5
"""A vendor that finds a page too large is asked for half of it, down to this."""
PLANNED: Final = "planned-"
"""Ids of objects that only a dry run knows begin so."""


class Reading(AdHooks):
    """What is read of an account."""

    _currency: str | None = None

    # The account ------------------------------------------------------------------------------------------------

    @operation(Effect.READ, ttl=300.0, max_stale=3_600.0, hedge=True, group="account", tags=("account",))
    async def get_account(self, **_: Unpack[CallOptions]) -> Account:
        """The account with its currency, zone and status."""
        return await self._read_account()

    async def get_balance(self, **options: Unpack[CallOptions]) -> Balance:
        """What the account can still spend; needs BALANCE."""
        self.capabilities.require(Capability.BALANCE, "get_balance")
        return await self._balance(**options)

    @operation(
        Effect.READ, ttl=60.0, max_stale=900.0, hedge=True, group="account", tags=("account",), name="get_balance"
    )
    async def _balance(self, **_: Unpack[CallOptions]) -> Balance:
        return await self._read_balance()

    async def currency(self) -> str:
        """The account's currency, asked once: it never changes."""
        if self._currency is None:
            self._currency = (await self.get_account()).currency
        return self._currency

    # Lists ------------------------------------------------------------------------------------------------------

    def list_campaigns(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Campaign]:
        """The account's campaigns; nothing is asked until the pages are read."""
        return self._pages(Level.CAMPAIGN, query, cursor, options)

    def list_ad_groups(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[AdGroup]:
        """The account's ad groups, or those of `query.parent`."""
        return self._pages(Level.AD_GROUP, query, cursor, options)

    def list_ads(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Ad]:
        """The account's ads, or those of `query.parent`."""
        return self._pages(Level.AD, query, cursor, options)

    def _pages(self, level: Level, query: Query | None, cursor: str | None, options: CallOptions) -> Pages[Any]:
        """One list after the other; the state is [list's number, its own state, how many the lists before had]."""
        asked = Query() if query is None else query
        need("query", asked, Query)
        lists, size, tests = self._asks(level, asked), Size(asked.page_size or self.page_limit), sieve(asked)

        async def fetch(state: Any) -> PageData[Any]:
            number, own, before = state or (0, None, 0)
            found = await size.fitting(partial(self._list, level, None, lists[number], own, **options))
            kept = found.items
            for test in tests:
                kept = tuple([item for item in kept if test(item)])
            total = None if found.total is None or before is None else before + found.total
            following: list[Any] | None = None if found.next_state is None else [number, found.next_state, before]
            if following is None and number + 1 < len(lists):
                following = [number + 1, None, total]
            return found.model_copy(update={"items": kept, "next_state": following, "total": total})

        return Pages(fetch, platform=self.vendor, account_id=self.account, query=asked, cursor=cursor, key=_id)

    @operation(
        Effect.READ,
        ttl=STATUS_TTL,
        max_stale=STATUS_STALE,
        hedge=True,
        group="objects",
        tags=tags.of_list,
        name="list_objects",
    )
    async def _list(
        self, level: Level, one: str | None, asked: Asked, state: Any, size: int, **_: Unpack[CallOptions]
    ) -> PageData[Any]:
        del one  # names the cached answer
        return await self._fetch(level, asked, state, size)

    @operation(Effect.READ, deciding=True, group="objects", name="list_live")
    async def _list_live(
        self, level: Level, asked: Asked, state: Any, size: int, **_: Unpack[CallOptions]
    ) -> PageData[Any]:
        return await self._fetch(level, asked, state, size)

    # One object -------------------------------------------------------------------------------------------------

    async def get_campaign(self, ref: Ref, **options: Unpack[CallOptions]) -> Campaign:
        """One campaign; raises NotFoundError."""
        found: Campaign = await self._one(Level.CAMPAIGN, ref, options)
        return found

    async def get_ad_group(self, ref: Ref, **options: Unpack[CallOptions]) -> AdGroup:
        """One ad group; raises NotFoundError."""
        found: AdGroup = await self._one(Level.AD_GROUP, ref, options)
        return found

    async def get_ad(self, ref: Ref, **options: Unpack[CallOptions]) -> Ad:
        """One ad; raises NotFoundError."""
        found: Ad = await self._one(Level.AD, ref, options)
        return found

    async def _one(self, level: Level, ref: Ref, options: CallOptions) -> Any:
        self._own(ref, level)
        try:
            return await self._stored(level, ref, options)
        except NotFoundError as error:
            live: CallOptions = {**options, "max_age": 0.0}
            found = await self._awaited(level, ref, live) if self._is_new(ref) else None
            if found is None:
                error.operation = error.operation or f"get_{level}"
                raise
            return found

    async def _awaited(self, level: Level, ref: Ref, options: CallOptions) -> Any | None:
        """An object that reads may not show yet, as soon as they do."""

        async def look() -> Any | None:
            with suppress(NotFoundError):
                return await self._stored(level, ref, options)
            return None

        return await poll(self.runtime.clock, look, self._looks())

    async def _stored(self, level: Level, ref: Ref, options: CallOptions) -> Any:
        """The object from the cache or the vendor; raises NotFoundError."""
        error: NotFoundError | None = None
        for asked in self._asks_one(level, ref.id):
            try:
                found = await self._list(level, ref.id, asked, None, 1, **options)
            except NotFoundError as said:
                error = said
                continue
            if found.items:
                return with_served(found.items[0], found.served)
        raise error or self._missing(ref)

    async def _live(self, ref: Ref, **options: Unpack[CallOptions]) -> Any | None:
        """The object as the vendor shows it now, None if it shows none."""
        for asked in self._asks_one(ref.level, ref.id):
            try:
                found = await self._list_live(ref.level, asked, None, 1, **options)
            except NotFoundError:
                continue
            if found.items:
                return with_served(found.items[0], found.served)
        return None

    async def _must_be_live(self, level: Level, ref: Ref) -> Any:
        self._own(ref, level)
        found = await self._live(ref)
        if found is None and self._is_new(ref):
            return await self._read_back(ref)
        if found is None:
            raise self._missing(ref)
        return found

    def _is_new(self, ref: Ref) -> bool:
        """Whether it was made so lately that reads may not show it yet."""
        return self.runtime.lately.has(ref, self.runtime.clock.monotonic())

    async def _read_back(self, ref: Ref) -> Any:
        """The object as the vendor shows it after a write; waits for reads that lag behind writes."""
        found = await poll(self.runtime.clock, lambda: self._live(ref), self._looks())
        if found is None:
            raise self._missing(ref)
        return found

    def _looks(self) -> Any:
        """Seconds from now at which to look for what was written."""
        return looks(self.profile.patience, self.profile.read_lag)

    def _missing(self, ref: Ref) -> NotFoundError:
        return NotFoundError(
            f"no {ref.level} {ref.id} in account {self.account}", vendor=self.vendor, field="ref", value=ref.id,
            rule=f"{self.vendor}.list.empty", hint="check the id and the account; deleted objects are not listed",
        )  # fmt: skip

    def _ref(self, level: Level, id: str) -> Ref:  # noqa: A002 - the field's own name
        return Ref(self.platform, self.account, level, id)

    def owns(self, ref: Ref) -> bool:
        """Whether an object is of this account; asks nobody."""
        return ref.platform == self.platform and ref.account_id == self.account

    def _own(self, ref: Ref, level: Level) -> Ref:
        """The ref, if it names an object of that level in this account, and one that exists outside a dry run."""
        need("ref", ref, Ref)
        require_level(ref, level)
        if not self.owns(ref):
            raise InvalidRequestError(
                f"{ref} is not of this adapter", field="ref", value=str(ref),
                hint=f"use an adapter for {ref.platform}/{ref.account_id}",
            )  # fmt: skip
        if ref.id.startswith(PLANNED):
            raise InvalidRequestError(
                f"{ref} was only planned by a dry run", field="ref", value=str(ref),
                hint="create it first; to plan what comes below it as well use create_tree(..., dry_run=True)",
            )  # fmt: skip
        return ref

    # Keys -------------------------------------------------------------------------------------------------------

    def _token(self, level: Level, key: str) -> str:
        """The token of a create's key; part of every name that it makes."""
        check_key(key)
        return token(self.vendor, self.account, f"create_{level}", key)

    async def find_by_key(
        self, level: Level, key: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> tuple[Ref, ...]:
        """The objects whose names carry the key's marker, oldest first; always asks the vendor."""
        return await self._find(level, self._token(level, key), since=since, **options)

    async def _find(
        self, level: Level, key_token: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> tuple[Ref, ...]:
        found, size = list[Any](), Size(self.page_limit)
        for asked in self._asks_key(level, key_token, since):
            state: Any = None
            while True:
                page = await size.fitting(partial(self._list_live, level, asked, state, **options))
                found += [item for item in page.items if item.key_token == key_token]
                state = page.next_state
                if state is None:
                    break
        oldest = sorted(found, key=lambda item: (str(item.created_at), item.ref.id))
        return tuple(dict.fromkeys(item.ref for item in oldest))


def _id(item: Any) -> str:
    """What tells the objects of one list apart: they are of one account and one level."""
    found: str = item.ref.id
    return found


class Size:
    """How many objects a page of one list holds: fewer for the rest of it once the vendor found a page too large."""

    __slots__ = ("now",)

    def __init__(self, now: int) -> None:
        self.now = now

    async def fitting(self, read: Callable[[int], Awaitable[PageData[Any]]]) -> PageData[Any]:
        """A page that the vendor does not find too large; raises TooMuchDataError if it does at the smallest size."""
        while True:
            try:
                return await read(self.now)
            except TooMuchDataError:
                if self.now <= SMALLEST_PAGE:
                    raise
                self.now = max(SMALLEST_PAGE, self.now // 2)
