"""GoogleAds: the whole adapter."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

from backstay.ad_adapter import flag, variable
from backstay.ads import Capabilities, Platform
from backstay_adapters.google_ads.adapter.capabilities import CAPABILITIES, SPEND_FIELDS, SWITCH_FIELDS
from backstay_adapters.google_ads.adapter.oauth import GoogleCredentials
from backstay_adapters.google_ads.adapter.trees import GoogleTrees


class GoogleAds(GoogleTrees):
    """Google Ads API v26 over gRPC, for one customer.

        credentials = GoogleCredentials.refresh_token(client_id, client_secret, refresh_token)
        async with GoogleAds("123-456-7890", credentials=credentials, login_customer_id="...") as ads:
            account = await ads.get_account()

    `login_customer_id` is the manager through which the login reaches the customer. `developer_token` is optional
    since access belongs to the Google Cloud project; `project` names that project, on which the day's quota depends,
    and `level` is its access level. `channel` replaces the connection (a simulator's, or one with interceptors).
    `warm_up()` imports the vendor's messages in a thread, which takes over a second.
    """

    switch_fields: ClassVar[frozenset[str]] = SWITCH_FIELDS
    spend_fields: ClassVar[frozenset[str]] = SPEND_FIELDS

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from the vendor's own GOOGLE_ADS_* variables: CUSTOMER_ID, and one way to log in.

        REFRESH_TOKEN with CLIENT_ID and CLIENT_SECRET, JSON_KEY_FILE_PATH (with IMPERSONATED_EMAIL),
        USE_APPLICATION_DEFAULT_CREDENTIALS, or ACCESS_TOKEN; DEVELOPER_TOKEN, LOGIN_CUSTOMER_ID, LINKED_CUSTOMER_ID,
        PROJECT, LEVEL and ENDPOINT as set.
        """
        names = ("developer_token", "login_customer_id", "linked_customer_id", "project", "level", "endpoint")
        told: dict[str, Any] = {
            name: value for name in names if (value := os.environ.get(f"GOOGLE_ADS_{name.upper()}"))
        }
        if not {"credentials", "token"} & arguments.keys():
            told["credentials" if _login() is not None else "token"] = _login() or variable(
                "GOOGLE_ADS_ACCESS_TOKEN", "set GOOGLE_ADS_REFRESH_TOKEN, or pass credentials= to GoogleAds"
            )
        customer = variable("GOOGLE_ADS_CUSTOMER_ID", "pass it to GoogleAds(customer_id, ...)")
        return cls(customer, **{**told, **arguments})

    @property
    def platform(self) -> Platform:
        """Google Ads."""
        return Platform.GOOGLE_ADS

    @property
    def capabilities(self) -> Capabilities:
        """What Google Ads can do; what is off is refused before anything is sent."""
        return CAPABILITIES


def _login() -> GoogleCredentials | None:
    """The credentials that the environment describes, but for a bare access token."""
    if os.environ.get("GOOGLE_ADS_REFRESH_TOKEN"):
        instead = "a refresh token needs the OAuth client that it was made for"
        names = ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")
        return GoogleCredentials.refresh_token(*(variable(f"GOOGLE_ADS_{name}", instead) for name in names))
    if path := os.environ.get("GOOGLE_ADS_JSON_KEY_FILE_PATH"):
        return GoogleCredentials.service_account(path, subject=os.environ.get("GOOGLE_ADS_IMPERSONATED_EMAIL"))
    return GoogleCredentials.application_default() if flag("GOOGLE_ADS_USE_APPLICATION_DEFAULT_CREDENTIALS") else None


__all__ = ["GoogleAds", "GoogleCredentials"]
