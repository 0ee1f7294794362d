"""Pages: every item once, whatever shifts meanwhile; stop and go on; one query, one cursor."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ads import Level, MetricBasis, MetricsRow, Money, Page, PageData, Pages, Platform, Query, Ref
from backstay.answer import UNSERVED, Answer, Served, with_served
from backstay.errors import InvalidRequestError, RateLimitError


class Item(Answer):
    """Something in a list."""

    ref: str


class Shop:
    """A vendor with page numbers; what a visit changes happens before the page is read."""

    def __init__(self, *names: object, size: int = 2) -> None:
        self.names, self.size = [str(name) for name in names], size
        self.visits: list[int] = []
        self.changes: dict[int, Any] = {}
        self.total = True

    async def fetch(self, state: Any) -> PageData[Item]:
        """One page."""
        number = state or 0
        self.visits.append(number)
        self.changes.pop(len(self.visits), lambda _: None)(self.names)
        start = number * self.size
        page: PageData[Item] = PageData(
            items=tuple(Item(ref=name) for name in self.names[start : start + self.size]),
            next_state=number + 1 if start + self.size < len(self.names) else None,
            total=len(self.names) if self.total else None,
        )
        return with_served(page, Served("live", "shop", attempts=len(self.visits)))

    def list(self, cursor: str | None = None, **query: Any) -> Pages[Item]:
        """The list of a query."""
        return Pages(self.fetch, platform="shop", account_id="1", query=Query(**query), cursor=cursor)


async def names(pages: Pages[Item]) -> list[str]:
    """All refs in order."""
    return [item.ref async for item in pages]


@given(st.integers(0, 12), st.integers(1, 5))
async def test_all_ways_of_reading_agree(count: int, size: int) -> None:
    """Items, pages, everything at once, the first."""
    shop = Shop(*range(count), size=size)
    wanted = [str(number) for number in range(count)]
    assert await names(shop.list()) == wanted
    assert [item.ref for item in await shop.list()] == wanted
    assert [item.ref for item in await shop.list().all(limit=3)] == wanted[:3]
    assert [item.ref async for page in shop.list().pages() for item in page.items] == wanted
    first = await shop.list().first()
    assert (first.ref if first else None) == (wanted[0] if wanted else None)


async def test_nothing_is_asked_before_it_is_used() -> None:
    """And only the pages that are needed."""
    shop = Shop(*range(6))
    pages = shop.list()
    assert shop.visits == []
    assert pages.served is UNSERVED
    await pages.first()
    assert shop.visits == [0]
    assert await pages.all(limit=0) == ()
    assert shop.visits == [0]


async def test_an_empty_list_is_one_empty_page() -> None:
    """With nothing behind it."""
    pages = [page async for page in Shop().list().pages()]
    assert [(page.items, page.cursor, page.total) for page in pages] == [((), None, 0)]


async def test_items_say_where_they_came_from() -> None:
    """Each as its page; the list as the last page read."""
    pages = Shop(1, 2, 3).list()
    items = await pages
    assert [item.served.attempts for item in items] == [1, 1, 2]
    assert pages.served.attempts == 2
    page = await anext(pages.pages())
    assert isinstance(page, Page)
    assert page.served == page.items[0].served


async def test_what_was_given_out_goes_on_saying_where_it_came_from() -> None:
    """A cache hands the same objects to the next reader: what the first one has stays live, whatever came after."""
    stored: PageData[Item] = PageData(items=(Item(ref="1"), Item(ref="2")))
    sources = ["live", "cache", "stale"]

    async def fetch(_: Any) -> PageData[Item]:
        return with_served(stored, Served(sources.pop(0), "shop"))  # type: ignore[arg-type]  # from the list above

    found = [await Pages(fetch, platform="shop", account_id="1", query=Query()) for _ in range(3)]
    assert [[item.served.source for item in items] for items in found] == [
        ["live"] * 2, ["cache"] * 2, ["stale"] * 2
    ]  # fmt: skip
    assert found[0] == found[1] == found[2]


async def test_a_list_can_be_read_again() -> None:
    """From its start, with fresh answers."""
    shop = Shop(1, 2, 3)
    pages = shop.list()
    assert await pages == await pages
    assert shop.visits == [0, 1, 0, 1]


@given(st.integers(1, 9), st.integers(1, 4), st.data())
async def test_a_cursor_goes_on_behind_the_last_item(count: int, size: int, data: st.DataObject) -> None:
    """In another process, from any place."""
    stop = data.draw(st.integers(0, count))
    shop = Shop(*range(count), size=size)
    pages, seen = shop.list(), []
    if stop:
        async for item in pages:
            seen.append(item.ref)
            if len(seen) == stop:
                break
    cursor = pages.cursor
    assert cursor is not None
    assert seen + await names(shop.list(cursor)) == [str(number) for number in range(count)]


async def test_at_the_end_there_is_no_cursor() -> None:
    """None means: all were given."""
    pages = Shop(1, 2, 3).list()
    await pages
    assert pages.cursor is None


async def test_a_page_has_the_cursor_of_what_follows() -> None:
    """So that a web page can show one at a time."""
    shop = Shop(1, 2, 3)
    first = await anext(shop.list().pages())
    rest = [page async for page in shop.list(first.cursor).pages()]
    assert [[item.ref for item in page.items] for page in [first, *rest]] == [["1", "2"], ["3"]]


async def test_a_cursor_belongs_to_its_query() -> None:
    """Another query, account, platform or garbage is refused before anything is asked."""
    shop = Shop(1, 2, 3)
    cursor = shop.list(name="a").cursor
    assert await names(shop.list(cursor, name="a")) == ["1", "2", "3"]
    visits = len(shop.visits)
    for platform, account, query, text in [
        ("shop", "1", Query(name="b"), cursor),
        ("shop", "2", Query(name="a"), cursor),
        ("market", "1", Query(name="a"), cursor),
        ("shop", "1", Query(name="a"), "garbage"),
        ("shop", "1", Query(name="a"), ""),
        ("shop", "1", Query(name="a"), "é"),
    ]:
        with pytest.raises(InvalidRequestError) as caught:
            Pages(shop.fetch, platform=platform, account_id=account, query=query, cursor=text)
        assert caught.value.field == "cursor"
        assert caught.value.hint
    assert len(shop.visits) == visits


async def test_an_item_that_moved_back_is_given_once() -> None:
    """Something new at the front pushes an item onto the next page."""
    shop = Shop(1, 2, 3, 4)
    shop.changes[2] = lambda items: items.insert(0, "new")
    assert await names(shop.list()) == ["1", "2", "3", "4"]


async def test_an_item_that_moved_forward_is_not_lost() -> None:
    """Something deleted pulls an item onto the page already read, which is read again."""
    shop = Shop(1, 2, 3, 4, 5)
    shop.changes[2] = lambda items: items.remove("1")
    assert sorted(await names(shop.list())) == ["1", "2", "3", "4", "5"]
    assert shop.visits == [0, 1, 0, 1]


async def test_when_more_than_a_page_goes_the_list_is_read_anew() -> None:
    """What is left is given, whatever page it is on now."""
    shop = Shop(*range(8))
    shop.changes[4] = lambda items: items.__delitem__(slice(0, 3))
    assert sorted(await names(shop.list())) == [str(number) for number in range(8)]


async def test_a_shrunk_list_behind_a_cursor_is_read_anew() -> None:
    """Items may come twice, none is lost."""
    shop = Shop(*range(6))
    pages = shop.list()
    async for item in pages:
        if item.ref == "2":
            break
    shop.names.remove("0")
    assert {"3", "4", "5"} <= set(await names(shop.list(pages.cursor)))


async def test_a_vendor_without_totals_is_read_straight_through() -> None:
    """Vendors with true cursors do not shift."""
    shop = Shop(1, 2, 3)
    shop.total = False
    shop.changes[2] = lambda items: items.remove("1")
    assert await names(shop.list()) == ["1", "2"]
    assert shop.visits == [0, 1]


async def test_after_an_error_the_cursor_goes_on() -> None:
    """A page that failed can be asked for again; what was given before stays given."""
    shop = Shop(1, 2, 3)

    def fail(_: Any) -> None:
        raise RateLimitError("slow down")

    shop.changes[2] = fail
    pages = shop.list()
    walk = aiter(pages)
    assert [(await anext(walk)).ref for _ in range(2)] == ["1", "2"]
    with pytest.raises(RateLimitError):
        await anext(walk)
    assert await names(shop.list(pages.cursor)) == ["3"]


async def test_rows_of_one_object_are_all_given() -> None:
    """A report has many rows with the same ref; only a row that comes twice is left out."""
    ref, basis = Ref(Platform.TIKTOK, "1", Level.CAMPAIGN, "2"), MetricBasis(timezone=ZoneInfo("UTC"))
    rows = [
        MetricsRow(ref=ref, day=date(2026, 1, 1), spend=Money.of("1 USD"), basis=basis, extra={"age": age})
        for age in ("18-24", "25-34", "35-44")
    ]

    async def fetch(state: Any) -> PageData[MetricsRow]:
        return PageData(items=tuple(rows[:2] if state is None else rows[1:]), next_state=1 if state is None else None)

    def pages(cursor: str | None = None) -> Pages[MetricsRow]:
        return Pages(fetch, platform="tiktok", account_id="1", query="job 1", cursor=cursor)

    assert await pages() == tuple(rows)
    half = pages()
    await half.first()
    assert await pages(half.cursor) == tuple(rows[1:])
