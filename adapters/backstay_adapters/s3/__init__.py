"""A bucket as media host: `from backstay.adapters import S3Host`."""

from __future__ import annotations

from backstay_adapters.s3.adapter import S3Host
from backstay_adapters.s3.profile import s3_profile

__all__ = ["S3Host", "s3_profile"]
