"""Switches a whole set off, all campaigns at the same time, and says what it could not reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from backstay.ads import AdPlatform, ConfiguredStatus, Level, Ref
from backstay.errors import BackstayError
from backstay.services.campaigns.book import Book, Teller
from backstay.services.campaigns.report import NotPaused, PausedAll
from backstay.services.campaigns.spec import CampaignSet
from backstay.services.campaigns.state import CampaignsState
from backstay.services.campaigns.survey import platform_of


async def pause_all(
    spec: CampaignSet, on: Mapping[str, AdPlatform], book: Book, state: CampaignsState, teller: Teller
) -> PausedAll:
    """Every campaign that the spec or the state names; a campaign that is off stops all that is under it."""
    wanted, known = ((each.id, each.on) for each in spec.targets), ((each.id, each.on) for each in state.sites)
    names = dict.fromkeys((*wanted, *known))
    refs = {(site.id, site.on): site.ref for site in state.sites}
    held = asyncio.ensure_future(_hold(book, teller))
    found = await asyncio.gather(*(_one(spec, on, name, refs.get(name), teller) for name in names))
    await held
    paused = [ref for each in found if not isinstance(each, NotPaused) for ref in each]
    failed = [each for each in found if isinstance(each, NotPaused)]
    teller.paused(len(paused), len(failed))
    return PausedAll(set=spec.id, paused=tuple(paused), failed=tuple(failed))


async def _hold(book: Book, teller: Teller) -> None:
    """Remember it; a disk that takes nothing keeps no campaign running."""
    try:
        await book.save(book.state.put_out())
    except BackstayError as error:
        teller.trouble("holding what is paused", error)


async def _one(
    spec: CampaignSet, on: Mapping[str, AdPlatform], name: tuple[str, str], ref: Ref | None, teller: Teller
) -> tuple[Ref, ...] | NotPaused:
    """One campaign: by its ref, or whatever carries its key; nothing, where there is none yet."""
    try:
        platform = platform_of(on, name[1])
        refs = (ref,) if ref is not None else await platform.find_by_key(Level.CAMPAIGN, spec.key(name[0]))
        for each in refs:
            ref = each
            await platform.set_status(each, ConfiguredStatus.PAUSED)
    except BackstayError as error:
        teller.trouble(f"pausing {name[0]}@{name[1]}", error)
        return NotPaused(
            id=name[0], on=name[1], ref=ref, error_type=error.type, message=error.message,
            hint=error.hint or f"pause it at {name[1]} by hand, or call pause_all() again",
        )  # fmt: skip
    return refs
