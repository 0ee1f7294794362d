"""What a split reads: from an object's own member, or from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Self, TypeVar, Unpack

from backstay.ads import (
    Account,
    Ad,
    AdGroup,
    AdPlatform,
    Balance,
    Campaign,
    Capabilities,
    Capability,
    Level,
    MetricsQuery,
    MetricsReport,
    MetricsRow,
    PageData,
    Pages,
    Platform,
    Query,
    Ref,
    ReportJob,
)
from backstay.answer import stamp
from backstay.compose import answers, specs
from backstay.compose.members import Members
from backstay.compose.routes import Routes
from backstay.compose.rules import Rule, Weights, check_rule
from backstay.errors import InvalidRequestError
from backstay.operation import CallOptions
from backstay.runtime import Runtime, default_runtime

T = TypeVar("T")


class Reading:
    """The members, and everything that is read of them."""

    def __init__(
        self,
        members: Mapping[str, AdPlatform],
        rule: Rule | Weights,
        *,
        name: str,
        adapt: Mapping[str, specs.Adapt] | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self._members = Members(members)
        self._rule = check_rule(rule, self._members)
        self._name = _named(name)
        self._adapt = specs.Translation(adapt or {})
        self.runtime = runtime or self._members.runtime() or _one_runtime(self._members)
        """Whose journal keeps the routes: the members' own, unless they have several."""
        self._routes = Routes(self.runtime, name)

    @property
    def members(self) -> Mapping[str, AdPlatform]:
        """The members by name."""
        return MappingProxyType(dict(self._members))

    @property
    def platform(self) -> Platform:
        """The members' platform, SPLIT if they have several."""
        return self._members.platform

    @property
    def capabilities(self) -> Capabilities:
        """What all members can do."""
        return self._members.capabilities()

    def lacking(self, capability: Capability) -> tuple[str, ...]:
        """The names of the members that lack a capability."""
        return self._members.lacking(capability)

    def owns(self, ref: Ref) -> bool:
        """Whether an object is of one of the members' accounts; asks nobody."""
        return any(member.owns(ref) for member in self._members.values())

    def member_of(self, ref: Ref) -> AdPlatform:
        """The member that an object is of; raises InvalidRequestError if it is nobody's."""
        return self._members[self._members.owner(ref)]

    async def route(self, key: str) -> str | None:
        """The name of the member that a key went to; None if it has not been used."""
        return await self._routes.known(key)

    # The accounts -----------------------------------------------------------------------------------------------

    async def get_account(self, **options: Unpack[CallOptions]) -> Account:
        """All accounts as one; raises InvalidRequestError if their currencies or time zones differ."""
        found = await self._members.each(lambda _, member: member.get_account(**options))
        return answers.account(self._ref, found)

    async def get_balance(self, **options: Unpack[CallOptions]) -> Balance:
        """What all accounts together can still spend; needs BALANCE and one currency."""
        self.capabilities.require(Capability.BALANCE, "get_balance")
        found = await self._members.each(lambda _, member: member.get_balance(**options))
        return answers.balance(self._ref, found)

    @property
    def _ref(self) -> Ref:
        return answers.account_ref(self.platform, self._name)

    # Reading ----------------------------------------------------------------------------------------------------

    async def get_campaign(self, ref: Ref, **options: Unpack[CallOptions]) -> Campaign:
        """One campaign, from its member."""
        return await self.member_of(ref).get_campaign(ref, **options)

    async def get_ad_group(self, ref: Ref, **options: Unpack[CallOptions]) -> AdGroup:
        """One ad group, from its member."""
        return await self.member_of(ref).get_ad_group(ref, **options)

    async def get_ad(self, ref: Ref, **options: Unpack[CallOptions]) -> Ad:
        """One ad, from its member."""
        return await self.member_of(ref).get_ad(ref, **options)

    def list_campaigns(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Campaign]:
        """The campaigns of all members, one after the other."""
        return self._pages(lambda member: partial(member.list_campaigns, query, **options), query, cursor)

    def list_ad_groups(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[AdGroup]:
        """The ad groups of all members, or those of `query.parent`."""
        return self._pages(lambda member: partial(member.list_ad_groups, query, **options), query, cursor)

    def list_ads(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Ad]:
        """The ads of all members, or those of `query.parent`."""
        return self._pages(lambda member: partial(member.list_ads, query, **options), query, cursor)

    def _pages(
        self, listing: Callable[[AdPlatform], Callable[..., Pages[T]]], query: Query | None, cursor: str | None
    ) -> Pages[T]:
        """The state is [the member's name, its own cursor]."""
        parent = None if query is None else query.parent
        names = list(self._members) if parent is None else [self._members.owner(parent, "query.parent")]

        async def fetch(state: Any) -> PageData[T]:
            name, own = state or (names[0], None)
            page = await first_page(listing(self._members[name])(cursor=own))
            following = None if page.next_state is None else [name, page.next_state]
            if following is None and name != names[-1]:
                following = [names[names.index(name) + 1], None]
            return stamp(page.model_copy(update={"next_state": following}), page.served)

        return Pages(fetch, platform=self.platform, account_id=self._name, query=query, cursor=cursor)

    async def find_by_key(
        self, level: Level, key: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> tuple[Ref, ...]:
        """The objects that creates with this key have made, with all members; always asks the vendors."""
        found = await self._members.each(lambda _, member: member.find_by_key(level, key, since=since, **options))
        return tuple(ref for refs in found.values() for ref in refs)

    # Metrics ----------------------------------------------------------------------------------------------------

    async def get_metrics(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> MetricsReport:
        """The rows of all members; `basis` is None where they count differently, and such rows do not add up."""
        asked = self._asked(query)
        return answers.report(
            await self._members.each(lambda name, member: member.get_metrics(asked[name], **options), asked)
        )

    async def start_report(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> ReportJob:
        """Start a report job with each member; needs REPORT_JOB."""
        self.capabilities.require(Capability.REPORT_JOB, "start_report")
        asked = self._asked(query)
        jobs = await self._members.each(lambda name, member: member.start_report(asked[name], **options), asked)
        return answers.job(self.platform, self._name, query, jobs)

    async def poll_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> ReportJob:
        """How far the jobs are now: done when all are, failed when one is."""
        jobs = self._jobs(job)
        now = await self._members.each(lambda name, member: member.poll_report(jobs[name], **options), jobs)
        return answers.job(self.platform, self._name, job.query, now)

    def fetch_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> Pages[MetricsRow]:
        """The rows of all members' finished jobs, one after the other."""
        jobs = self._jobs(job)
        names = list(jobs)

        async def fetch(state: Any) -> PageData[MetricsRow]:
            name = state or names[0]
            pages = self._members[name].fetch_report(jobs[name], **options)
            rows = await pages.all()
            following = None if name == names[-1] else names[names.index(name) + 1]
            return stamp(PageData(items=rows, next_state=following), pages.served)

        return Pages(
            fetch, platform=self.platform, account_id=self._name, query=job.id, key=lambda row: (row.ref, row.day)
        )

    def _asked(self, query: MetricsQuery) -> dict[str, MetricsQuery]:
        """Each member's part of a query: all of it, or only its own objects."""
        if not query.refs:
            return dict.fromkeys(self._members, query)
        own: dict[str, list[Ref]] = {}
        for ref in query.refs:
            own.setdefault(self._members.owner(ref, "query.refs"), []).append(ref)
        return {name: query.but(refs=tuple(refs)) for name, refs in own.items()}

    def _jobs(self, job: ReportJob) -> dict[str, ReportJob]:
        return answers.jobs_of(job, self._asked(job.query))

    # Lifetime ---------------------------------------------------------------------------------------------------

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A copy whose members have other options."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._members = Members({name: member.with_options(**options) for name, member in self._members.items()})
        return twin

    async def warm_up(self) -> Self:
        """Connect all members now."""
        await self._members.each(lambda _, member: member.warm_up())
        return self

    async def aclose(self, grace: float = 5.0) -> None:
        """Close all members; each lets sent writes finish for `grace` seconds."""
        await self._members.each(lambda _, member: member.aclose(grace))

    async def __aenter__(self) -> Self:
        return await self.warm_up()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._members)}, name={self._name!r})"


async def first_page(pages: Pages[T]) -> PageData[T]:
    """The next page of a list, with the cursor behind it as its state."""
    async with aclosing(pages.pages()) as walk:
        async for page in walk:
            return stamp(PageData(items=page.items, next_state=page.cursor), page.served)
    return stamp(PageData(items=()), pages.served)


def _named(name: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidRequestError(
            "a split needs a name", field="name", value=name, hint="it stands in the journal: name what it is for"
        )
    return name


def _one_runtime(members: Members) -> Runtime:
    """The process's runtime, for members that do not say which they have."""
    if any(getattr(member, "runtime", None) is not None for member in members.values()):
        raise InvalidRequestError(
            "the members have several runtimes", field="runtime", value=None,
            hint="pass the one whose journal shall keep the routes: Split(..., runtime=...)",
        )  # fmt: skip
    return default_runtime()
