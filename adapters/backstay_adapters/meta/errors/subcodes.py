"""Subcodes, which are global: one row a meaning, whatever code stands before them.

Sources: the vendor's page "Marketing API Error Codes", its reference of ads errors, and answers seen in public
connectors and issues; (x) marks meanings for which there is one witness only.
"""

from __future__ import annotations

from typing import Final

from backstay.table import Row
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors.matches import number

_UNKNOWN: Final = Certainty.UNKNOWN

SUBCODES: Final = (
    # The account
    Row("meta.account.disabled", number(1487124, 2490592), "ACCOUNT_DISABLED",  # (x)
        hint="look at the account's status and the reason for it: get_account()"),
    Row("meta.account.country", number(3686001), "ACCOUNT_DISABLED", hint="this country's advertisers cannot run ads"),
    Row("meta.account.banned", number(1404163), "ACCOUNT_DISABLED", hint="banned from advertising: appeal at Meta"),
    Row("meta.account.blocked", number(1404006, 1404078), "ACCOUNT_DISABLED",
        hint="a human has to pass the security check or the page's authorisation at facebook.com"),
    Row("meta.account.payment", number(1359188), "BUDGET_INSUFFICIENT", hint="add a payment method to the account"),
    Row("meta.account.count", number(2446867), "QUOTA_EXHAUSTED",  # (x)
        hint="the account is full: delete old objects"),
    # What a good credential may not do
    Row("meta.denied.delegate_page", number(2853001), "PERMISSION_DENIED",
        hint="link the profile to its delegate page, in the page's settings"),
    Row("meta.denied.instagram", number(1815199), "PERMISSION_DENIED",
        hint="give this ad account access to the Instagram account"),
    Row("meta.denied.identity", number(3858385), "PERMISSION_DENIED",
        hint="the user has an open step to do: open Ads Manager and do it"),
    Row("meta.denied.library", number(2332002), "PERMISSION_DENIED", hint="confirm the identity for the ads library"),
    Row("meta.denied.audience_terms", number(1870034, 1870047), "PERMISSION_DENIED",
        hint="accept the terms of custom audiences for this account"),  # (x)
    Row("meta.denied.audience", number(1487301), "PERMISSION_DENIED", hint="ask the owner to share the audience"),
    Row("meta.denied.development", number(1885183), "PERMISSION_DENIED",
        hint="the app is in development mode: set it live"),
    Row("meta.denied.report", number(3191001), "PERMISSION_DENIED", hint="this token may not read the report"),
    Row("meta.denied.format", number(3858449), "PERMISSION_DENIED", hint="the account may not use this ad format"),
    Row("meta.denied.political", number(2708008), "PERMISSION_DENIED",
        hint="the advertiser has to be authorised for ads about politics and society"),
    # The creative
    Row("meta.rejected", number(2490427, 2490468), "CREATIVE_REJECTED",
        hint="the ad's review feedback names the policy: change the creative, or ask for another review"),
    Row("meta.flagged", number(246003, 246004, 2460004), "CREATIVE_REJECTED",
        hint="an audience or a conversion was flagged: dispute it in Ads Manager"),
    # Too much, gone, there already
    Row("meta.copy_too_large", number(1885194), "TOO_MUCH_DATA", hint="copy fewer objects at once, or as a batch"),
    Row("meta.rows", number(1487534), "TOO_MUCH_DATA", hint="too many rows: fewer days, fields or breakdowns"),
    Row("meta.report_size", number(1504045), "TOO_MUCH_DATA", hint="the report is too large: split its days"),
    Row("meta.gone.post", number(1885557), "NOT_FOUND", hint="the post is not available: check it and its page"),
    Row("meta.gone.audience", number(1487366), "NOT_FOUND", hint="the audience was deleted: take another one"),
    Row("meta.ended", number(1487056, 1487566, 1885088), "CONFLICT",
        hint="deleted and archived objects cannot be edited: only their name can"),
    Row("meta.retired", number(3858504), "UNSUPPORTED",
        hint="standard_enhancements was retired: name the single enhancements"),
    # Reports and uploads
    Row("meta.report_timeout", number(1504038), "PLATFORM_TIMEOUT", hint="ask for less at once"),
    Row("meta.insights_timeout", number(1504018), "PLATFORM_TIMEOUT", hint="ask for less at once, or as a job"),
    Row("meta.report_breakdown", number(1504041, 1504042), "VALIDATION_FAILED",
        hint="these breakdowns or metrics do not go together"),
    Row("meta.report_failed", number(1504043, 1504044, 2490547), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="start the report again, at most twice, then ask for less"),
    Row("meta.upload_timeout", number(1363030), "PLATFORM_TIMEOUT", hint="send smaller parts of the file"),
    Row("meta.upload_part", number(1363037), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="a part of the file was lost: go on at the offset that the vendor names"),
    Row("meta.upload_file", number(1363045), "VALIDATION_FAILED", hint="the vendor cannot use this file: change it"),
    # Flaky although the vendor denies it: users report thousands that passed at the second try
    Row("meta.creative_flaky", number(1487390), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="creating a creative fails now and then: try again; one left over spends nothing"),
    Row("meta.image_fetch", number(3858258), "VALIDATION_FAILED", retryable=True,
        hint="the image could not be fetched: try once more, then upload its bytes"),
    Row("meta.link_fetch", number(1609005), "VALIDATION_FAILED", retryable=True,
        hint="the link could not be read: check that it is public, then try once more"),
    # The request
    Row("meta.budget_minimum", number(1885272, 1885650, 1487901), "VALIDATION_FAILED",
        hint="the budget is below the least for this currency and bid: get_account() shows min_daily_budget"),
    Row("meta.spend_cap_minimum", number(2446307), "VALIDATION_FAILED", hint="raise the spend cap"),
    Row("meta.budget_twice", number(1885621), "VALIDATION_FAILED",
        hint="the campaign and the ad set both have a budget: give it to one level only"),
    Row("meta.budget_sharing", number(4834011), "VALIDATION_FAILED",
        hint="say is_adset_budget_sharing_enabled on a campaign whose ad sets have the budgets"),
    Row("meta.targeting", number(1487079, 1487694, 1487756, 1885364, 1359202, 1359207), "VALIDATION_FAILED",
        hint="correct the targeting: what is wrong with it is in the vendor's message"),
    Row("meta.promoted_object", number(1815430, 1487929, 1487810), "VALIDATION_FAILED",
        hint="name the one thing that is promoted (a pixel, a page, an app) in the ad group's conversion or extra"),
    Row("meta.bid", number(1487851, 1885204), "VALIDATION_FAILED", hint="change the bid or its strategy"),
    Row("meta.creative_fixed", number(1815573), "VALIDATION_FAILED",
        hint="a creative's content cannot be changed: make a new one and point the ad at it"),
    Row("meta.deleted_not_listed", number(1815001), "VALIDATION_FAILED",
        hint="deleted objects are not listed here: read them by their ids"),
    Row("meta.end_in_past", number(1487033), "VALIDATION_FAILED", hint="give an end in the future"),
    Row("meta.argument",
        number(1752129, 1885998, 2446880, 2446885, 2490392, 2490589, 2490408, 2804003, 1713092),
        "VALIDATION_FAILED"),
    Row("meta.argument_listed",
        number(2859015, 3910001, 3867105, 1815629, 1815694, 1487007, 1487472, 1487678, 1487831, 1487990, 1885029,
               1885316, 2238055, 2446149, 2446173, 2446289, 2446347, 2446383, 2446394, 2446509, 2446580, 2446712,
               2490085, 2490155, 2490372, 3858064, 3858082, 3858152, 1340029, 1373054, 1870065, 1870088, 1870090,
               1870092, 1870165, 1870196, 1870199, 1870219, 1870220, 3260011),
        "VALIDATION_FAILED"),
)  # fmt: skip
"""In the order of the taxonomy; the last row is the vendor's list of faults in arguments, audiences and set-up."""
