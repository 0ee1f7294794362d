"""Every endpoint: method, operation, handler, and whether it needs a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from backstay_adapters.tiktok.sandbox import access, accounts, ad, adgroup, campaign, media, report, tasks
from backstay_adapters.tiktok.sandbox.context import Ctx
from backstay_adapters.tiktok.sandbox.kinds import (
    ADGROUPS,
    ADS,
    CAMPAIGNS,
    SMART_ADGROUPS,
    SMART_ADS,
    SMART_CAMPAIGNS,
)
from backstay_adapters.tiktok.sandbox.listing import listing
from backstay_adapters.tiktok.sandbox.status import switching

Handler = Callable[[Ctx], Any]

ROUTES: Final[Mapping[str, tuple[str, Handler]]] = MappingProxyType(
    {
        "oauth2/access_token": ("POST", access.access_token),
        "oauth2/advertiser/get": ("GET", access.advertisers),
        "oauth2/revoke_token": ("POST", access.revoke),
        "user/info": ("GET", access.user),
        "advertiser/info": ("GET", accounts.info),
        "advertiser/balance/get": ("GET", accounts.balance),
        "campaign/create": ("POST", campaign.create),
        "campaign/get": ("GET", listing(CAMPAIGNS)),
        "campaign/update": ("POST", campaign.update),
        "campaign/status/update": ("POST", switching(CAMPAIGNS)),
        "adgroup/create": ("POST", adgroup.create),
        "adgroup/get": ("GET", listing(ADGROUPS)),
        "adgroup/update": ("POST", adgroup.update),
        "adgroup/status/update": ("POST", switching(ADGROUPS)),
        "adgroup/budget/update": ("POST", adgroup.update_budget),
        "ad/create": ("POST", ad.create),
        "ad/get": ("GET", listing(ADS)),
        "ad/update": ("POST", ad.update),
        "ad/status/update": ("POST", switching(ADS)),
        "smart_plus/campaign/create": ("POST", campaign.create_smart),
        "smart_plus/campaign/get": ("GET", listing(SMART_CAMPAIGNS)),
        "smart_plus/campaign/update": ("POST", campaign.update),
        "smart_plus/campaign/status/update": ("POST", switching(SMART_CAMPAIGNS)),
        "smart_plus/adgroup/create": ("POST", adgroup.create_smart),
        "smart_plus/adgroup/get": ("GET", listing(SMART_ADGROUPS)),
        "smart_plus/adgroup/update": ("POST", adgroup.update),
        "smart_plus/adgroup/status/update": ("POST", switching(SMART_ADGROUPS)),
        "smart_plus/ad/create": ("POST", ad.create_smart),
        "smart_plus/ad/get": ("GET", listing(SMART_ADS)),
        "smart_plus/ad/update": ("POST", ad.update_smart),
        "smart_plus/ad/status/update": ("POST", switching(SMART_ADS)),
        "file/image/ad/upload": ("POST", media.upload_image),
        "file/image/ad/info": ("GET", media.images),
        "file/image/ad/search": ("GET", media.search_images),
        "file/video/ad/upload": ("POST", media.upload_video),
        "file/video/ad/info": ("GET", media.videos),
        "file/video/ad/search": ("GET", media.search_videos),
        "report/integrated/get": ("GET", report.integrated),
        "report/task/create": ("POST", tasks.create),
        "report/task/check": ("GET", tasks.check),
        "report/task/download": ("GET", tasks.download),
        "report/task/cancel": ("POST", tasks.cancel),
        "report/task/file": ("GET", tasks.file),
    }
)
OPEN: Final = frozenset({"oauth2/access_token", "report/task/file"})
"""Operations that need no token."""
