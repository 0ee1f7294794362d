"""Google Ads' error table (API v26): the failure in the trailing metadata beats the status, texts beat it too.

The order: success that is none, versions that are gone, quotas, the members of the error enums, dead credentials in
disguise, messages too large, the gRPC status, the last row. Nothing here needs the vendor's package.
"""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable
from backstay_adapters.google_ads.errors.decode import decode, succeeded
from backstay_adapters.google_ads.errors.members import MEMBERS
from backstay_adapters.google_ads.errors.quota import QUOTA, SIZES
from backstay_adapters.google_ads.errors.statuses import FIRST, STATUSES
from backstay_adapters.google_ads.errors.texts import TEXTS, VERSION

TABLE: Final = ErrorTable(
    "google_ads", decode, (*FIRST, *VERSION, *QUOTA, *MEMBERS, *TEXTS, *SIZES, *STATUSES), succeeded=succeeded
)
"""Every answer of Google Ads', named."""

__all__ = ["TABLE", "decode", "succeeded"]
