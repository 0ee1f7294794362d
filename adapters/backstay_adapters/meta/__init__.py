"""Meta's Marketing API (Graph v26.0): `from backstay.adapters import MetaAds`."""
