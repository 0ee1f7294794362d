"""GAQL, the vendor's query language: read, checked, and answered from the world."""

from __future__ import annotations

from backstay_adapters.google_ads.sandbox.gaql.parse import Condition, Query, parse

__all__ = ["Condition", "Query", "parse"]
