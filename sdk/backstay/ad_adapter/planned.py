"""Objects as a dry run imagines them: paused, under ids that no vendor knows."""

from __future__ import annotations

from typing import Any, Final

from backstay.ad_adapter.parts import Draft
from backstay.ads import Ad, AdGroup, AdGroupSpec, AdSpec, Campaign, CampaignSpec, ConfiguredStatus, Ref, Status
from backstay.values import freeze

PAUSED: Final = Status(configured=ConfiguredStatus.PAUSED)


def campaign(ref: Ref, spec: CampaignSpec, token: str, draft: Draft) -> Campaign:
    """The campaign that a spec would make."""
    return Campaign(
        ref=ref, objective=spec.objective, budget=spec.budget, bid=spec.bid, schedule=spec.schedule,
        **_common(spec, token, draft),
    )  # fmt: skip


def ad_group(ref: Ref, above: Campaign, spec: AdGroupSpec, token: str, draft: Draft) -> AdGroup:
    """The ad group that a spec would make."""
    return AdGroup(
        ref=ref, campaign=above.ref, budget=spec.budget, bid=spec.bid, schedule=spec.schedule,
        optimization=spec.optimization, targeting=spec.targeting, attribution=spec.attribution,
        **({} if spec.billing is None else {"billing": spec.billing}), **_common(spec, token, draft),
    )  # fmt: skip


def ad(ref: Ref, above: AdGroup, spec: AdSpec, token: str, draft: Draft) -> Ad:
    """The ad that a spec would make."""
    return Ad(
        ref=ref, ad_group=above.ref, campaign=above.campaign, creative=spec.creative, **_common(spec, token, draft)
    )


def _common(spec: CampaignSpec | AdGroupSpec | AdSpec, token: str, draft: Draft) -> dict[str, Any]:
    extra = freeze({**spec.extra, **draft.extra})
    return {"name": spec.name, "status": PAUSED, "key_token": token, "extra": extra}
