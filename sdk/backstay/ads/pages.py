"""Lists that are read page by page: iterate, collect, or stop and go on later from a cursor."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing
from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar

from backstay.ads.refs import Ref
from backstay.answer import UNSERVED, Answer, Served, hand_out
from backstay.codec import encode
from backstay.errors import InvalidRequestError

T = TypeVar("T")

CURSOR_VERSION: Final = 1


class PageData(Answer, Generic[T]):
    """What an adapter's fetch gives: items, the state of the next page (None at the end), and how many in all."""

    items: tuple[T, ...]
    next_state: Any = None
    """Plain JSON: a page number, a vendor's cursor or token."""
    total: int | None = None


class Page(Answer, Generic[T]):
    """One page, each item served as the page was; `cursor` continues after it (None at the end)."""

    _carries: ClassVar = ("items",)

    items: tuple[T, ...]
    cursor: str | None = None
    total: int | None = None


Fetch = Callable[[Any], Awaitable[PageData[T]]]
"""Reads the page of a state; None is the first."""


class Pages(Generic[T]):
    """A list that is read as it is used: `async for item in pages`, `await pages`, `async for page in pages.pages()`.

    Vendors with page numbers shift items between pages while objects come and go. An item is given once; when the
    total shrinks, earlier pages are read again, so that none is passed over. Going on from a cursor may give an item
    a second time, never lose one.
    """

    def __init__(
        self,
        fetch: Fetch[T],
        *,
        platform: str,
        account_id: str,
        query: object,
        cursor: str | None = None,
        key: Callable[[T], object] | None = None,
    ) -> None:
        """Make one; nothing is asked until it is read. Raises InvalidRequestError for another query's cursor."""
        self._fetch = fetch
        self._mark = {"v": CURSOR_VERSION, "p": platform, "q": _fingerprint(account_id, query)}
        self._key = key or _identity
        self._start = (None, None, None) if cursor is None else self._open(cursor)
        self._total: int | None = None
        self._at: tuple[Any, str | Callable[[], str] | None] | None = self._start[:2]
        self._served: Served = UNSERVED

    @property
    def cursor(self) -> str | None:
        """Where to go on after the last item given, for another process or day; None once all were given."""
        if self._at is None:
            return None
        state, after = self._at
        return self._seal(state, after() if callable(after) else after)

    @property
    def served(self) -> Served:
        """Where the last page came from."""
        return self._served

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        async with aclosing(self._walk()) as walk:
            async for state, following, page in walk:
                for item in page.items:
                    self._at = (state, partial(self._name, item))  # named only if somebody asks for the cursor
                    yield item
                self._at = following

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Page after page; pages that had nothing new are left out, but for an only one."""
        given = False
        async with aclosing(self._walk()) as walk:
            async for _, following, page in walk:
                self._at = following
                if page.items or (following is None and not given):
                    given = True
                    yield page

    async def all(self, limit: int | None = None) -> tuple[T, ...]:
        """All items, or the first `limit`."""
        found: list[T] = []
        if limit is None:
            async for page in self.pages():
                found += page.items
            return tuple(found)
        if limit <= 0:
            return ()
        async with aclosing(self.__aiter__()) as items:
            async for item in items:
                found.append(item)
                if len(found) == limit:
                    break
        return tuple(found)

    async def first(self) -> T | None:
        """The first item, or None."""
        return next(iter(await self.all(limit=1)), None)

    def __await__(self) -> Generator[Any, None, tuple[T, ...]]:
        return self.all().__await__()

    async def _walk(self) -> AsyncGenerator[tuple[Any, tuple[Any, None] | None, Page[T]], None]:
        """Pages without items given before, each with the state that it was read from and where to go on."""
        seen: set[object] = set()
        state, after, total = self._start
        before: tuple[Any, int] | None = None if total is None else (None, 0)
        while True:
            data = await self._fetch(state)
            self._served, self._total = data.served, data.total
            again = _again(before, total, data.total)
            following = data.next_state if again is None else again[0]
            ended = again is None and following is None
            new = self._new(self._rest(data.items, after), seen)
            page: Page[T] = Page(items=new, total=data.total, cursor=None if ended else self._seal(following, None))
            yield state, None if ended else (following, None), hand_out(page, data.served)
            if ended:
                return
            before = (state, len(data.items)) if again is None else None
            state, after, total = following, None, data.total

    def _rest(self, items: tuple[T, ...], after: str | None) -> tuple[T, ...]:
        """The items behind the one that the cursor names; all of them if it is no longer on this page."""
        names = [] if after is None else [self._name(item) for item in items]
        return items[names.index(after) + 1 :] if after in names else items

    def _name(self, item: T) -> str:
        """A short name of an item for a cursor."""
        key = self._key(item)
        return str(key) if isinstance(key, str | Ref) else _hash(repr(key))

    def _new(self, items: tuple[T, ...], seen: set[object]) -> tuple[T, ...]:
        keys = [self._key(item) for item in items]
        told = set(keys)
        if len(told) == len(keys) and seen.isdisjoint(told):  # as nearly always
            seen |= told
            return items
        new = []
        for key, item in zip(keys, items, strict=True):
            if key not in seen:
                seen.add(key)
                new.append(item)
        return tuple(new)

    def _seal(self, state: Any, after: str | None) -> str:
        text = json.dumps({**self._mark, "s": state, "a": after, "t": self._total}, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _open(self, cursor: str) -> tuple[Any, str | None, int | None]:
        try:
            found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            mark = {name: found[name] for name in self._mark}
            start = found["s"], found["a"], found["t"]
        except (ValueError, TypeError, KeyError):
            raise _refuse(cursor, "no cursor of ours", "pass a `.cursor` unchanged") from None
        if mark != self._mark:
            raise _refuse(cursor, "the cursor belongs to another query", "use it with the query it came from")
        return start


def _again(before: tuple[Any, int] | None, total: int | None, now: int | None) -> tuple[Any] | None:
    """The state to read again because the list shrank: the page before, or the start if more than that went."""
    if before is None or total is None or now is None or now >= total:
        return None
    state, held = before
    return (state if total - now <= held else None,)


def _identity(item: Any) -> object:
    """An object's ref; a row of a report is itself, since many have the same ref."""
    return getattr(item, "ref", item) if isinstance(item, Answer) else item


def _fingerprint(account_id: str, query: object) -> str:
    return _hash(encode([account_id, query]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse(cursor: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(message, field="cursor", value=str(cursor)[:40], hint=hint)
