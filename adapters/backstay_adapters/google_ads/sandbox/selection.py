"""A query answered: its fields checked against the view, its rows filtered, measured, ordered and cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.delivery import Bucket, Numbers, local_day
from backstay_adapters.google_ads.sandbox import metrics
from backstay_adapters.google_ads.sandbox.gaql import Query
from backstay_adapters.google_ads.sandbox.gaql.dates import day_of, during, segments
from backstay_adapters.google_ads.sandbox.gaql.fields import DATES, MEASURED, SEGMENTS, Field, field, viewed
from backstay_adapters.google_ads.sandbox.gaql.tokens import wrong
from backstay_adapters.google_ads.sandbox.gaql.where import test_of
from backstay_adapters.google_ads.sandbox.protos import Message, put, row
from backstay_adapters.google_ads.sandbox.rows import Row, rows

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx
    from backstay_adapters.google_ads.sandbox.settings import Customer

Values = dict[str, Any]
"""Segments of a row, by name."""

_OWN: Final = frozenset({"segments", "metrics"})


class Selection:
    """One query on its way; making one checks it."""

    def __init__(self, ctx: Ctx, customer: Customer, query: Query) -> None:
        self.ctx = ctx
        self.customer = customer
        self.query = query
        self.today = local_day(customer.timezone, ctx.now)
        self.view = viewed(query.resource)
        self.select = [field(path) for path in query.select]
        self.tests = [(field(each.field), test_of(field(each.field), each, self.today)) for each in query.where]
        self.order = [(field(path), down) for path, down in query.order]
        self.fields = [*self.select, *(each for each, _ in self.tests), *(each for each, _ in self.order)]
        self.segments = list(dict.fromkeys(each.steps[0] for each in self.select if each.resource == "segments"))
        self.measures = any(each.resource in _OWN for each in self.fields)
        self._check()

    def rows(self) -> Iterator[Message]:
        """The answer's rows."""
        found = [each for own in self._objects() for each in self._measured(own)]
        for by, down in reversed(self.order):
            found.sort(key=partial(_sorted_by, by), reverse=down)
        for each in found[: self.query.limit]:
            yield each.shown(self)

    def _objects(self) -> Iterator[Row]:
        needs: dict[str, set[str]] = {}
        for each in self.fields:
            needs.setdefault(each.resource, set()).add(each.steps[0])
        frozen = {word: frozenset(names) for word, names in needs.items()}
        tests = [(each, test) for each, test in self.tests if each.resource not in _OWN]
        for own in rows(self.ctx, self.customer, self.query.resource, frozen):
            if all(test(_value(own, name)) for name, test in tests):
                yield own

    def _measured(self, own: Row) -> Iterator[Found]:
        if not self.measures:
            yield Found(own, {}, None)
            return
        ads = metrics.ads_of(self.ctx, self.customer, own.thing)
        tests = [(each.steps[0], test) for each, test in self.tests if each.resource == "metrics"]
        for values, pieces in self._pieces():
            sums = metrics.total(self.ctx, self.customer, ads, pieces)
            if self.segments and not sums["impressions"]:
                continue  # the vendor leaves out what is zero, once a segment is chosen
            if all(test(metrics.shown(name, sums)) for name, test in tests):
                yield Found(own, values, sums)

    def _pieces(self) -> Iterator[tuple[Values, list[Bucket]]]:
        """The chosen segments' values, each with its pieces of time."""
        tests = [(each.steps[0], test) for each, test in self.tests if each.resource == "segments"]
        hourly = any(each.resource == "segments" and each.steps[0] == "hour" for each in self.fields)
        named = []
        for bucket, hour in metrics.buckets(self.customer, *self._range(), hourly=hourly):
            values = segments(bucket.day, hour)
            if all(test(values[name]) for name, test in tests):
                named.append(({name: values[name] for name in self.segments}, bucket))
        if not self.segments:
            yield {}, [bucket for _, bucket in named]
            return
        named.sort(key=lambda each: tuple(str(value) for value in each[0].values()))
        for values, group in groupby(named, key=lambda each: each[0]):
            yield values, [bucket for _, bucket in group]

    def _range(self) -> tuple[date, date]:
        """The days that can matter: the account's life, cut by the conditions on segments.date."""
        first, last = metrics.lifetime(self.ctx, self.customer)
        for each in self.query.where:
            if each.field != "segments.date":
                continue
            low, high = _bounds(each.operator, [token.text for token in each.values], self.today)
            first, last = max(first, low or first), min(last, high or last)
        return first, last

    def _check(self) -> None:
        for each in self.fields:
            self._known(each)
        clauses = {each.path for each in self.select}
        for each in (*(name for name, _ in self.tests), *(name for name, _ in self.order)):
            dated = each.resource == "segments" and each.steps[0] in DATES
            if each.resource in _OWN and each.path not in clauses and not dated and each.resource == "segments":
                text = f"the field '{each.path}' must be in the SELECT clause."
                raise wrong("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", text, each.path)
        dates = {name for name in self.segments if name in DATES}
        filtered = any(each.field in {f"segments.{name}" for name in DATES} for each in self.query.where)
        if dates and not filtered:
            text = "a date range is required in the WHERE clause when a date segment is selected."
            raise wrong("EXPECTED_FILTERS_ON_DATE_RANGE", text)
        if self.measures and self.customer.is_manager:
            text = "metrics cannot be requested for a manager account."
            raise wrong("REQUESTED_METRICS_FOR_MANAGER", text)

    def _known(self, each: Field) -> None:
        if each.resource in self.view:
            return
        if each.resource not in _OWN:
            text = f"the resource '{each.resource}' cannot be read together with '{self.query.resource}'."
            raise wrong("PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE", text, each.path)
        if self.query.resource not in MEASURED:
            text = f"the sandbox has no metrics and segments FROM {self.query.resource}."
            raise wrong("PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE", text, each.path)
        if each.resource == "segments" and each.steps[0] not in SEGMENTS:
            text = f"the sandbox does not simulate {each.path}; it has {', '.join(SEGMENTS)}."
            raise wrong("PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE", text, each.path)
        if each.resource == "metrics" and each.steps[0] not in metrics.METRICS:
            metrics.shown(each.steps[0], {})


class Found:
    """A row that is in the answer."""

    __slots__ = ("own", "sums", "values")

    def __init__(self, own: Row, values: Values, sums: Numbers | None) -> None:
        self.own = own
        self.values = values
        self.sums = sums

    def value(self, name: Field) -> Any:
        """What the row has in a field."""
        if name.resource == "segments":
            return self.values.get(name.steps[0])
        if name.resource == "metrics":
            return None if self.sums is None else metrics.shown(name.steps[0], self.sums)
        return _value(self.own, name)

    def shown(self, selection: Selection) -> Message:
        """The row as the vendor sends it: the chosen fields, and the resource names of what they belong to."""
        made = row()
        if not selection.query.parameters.get("omit_unselected_resource_names"):
            words = {selection.query.resource, *(each.resource for each in selection.select)} - _OWN
            for word in words & self.own.parts.keys():
                getattr(made, word).resource_name = self.own.parts[word].resource_name
        for each in selection.select:
            self._put(each, made)
        return made

    def _put(self, each: Field, made: Message) -> None:
        if each.resource not in _OWN:
            part = self.own.parts.get(each.resource)
            if part is not None:
                each.copy(part, getattr(made, each.resource))
            return
        value, target = self.value(each), getattr(made, each.resource)
        if each.type == "enum":
            put(target, each.steps[0], value)
        else:
            setattr(target, each.steps[0], value)


def _bounds(operator: str, values: list[str], today: date) -> tuple[date | None, date | None]:
    if operator == "DURING":
        return during(values[0], today)
    days = sorted(day_of(value) for value in values)
    if operator in {"=", "IN", "BETWEEN"}:
        return days[0], days[-1]
    return (days[0] if operator in {">", ">="} else None), (days[0] if operator in {"<", "<="} else None)


def _value(own: Row, name: Field) -> Any:
    part = own.parts.get(name.resource)
    return None if part is None else name.value(part)


def _sorted_by(name: Field, found: Found) -> tuple[bool, Any]:
    value = found.value(name)
    return value is not None, value if value is not None else 0
