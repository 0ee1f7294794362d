"""The vendor's errors in its own words, by code and subcode (texts from public reports and pages)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GRAPH: Final = "GraphMethodException"
CALLS: Final = (
    "There have been too many calls {0}. Wait a bit and try again. For more info, please refer to "
    "https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
)


@dataclass(frozen=True, slots=True)
class Known:
    """How an error looks when nothing else is said."""

    message: str
    status: int = 400
    type: str = "OAuthException"
    title: str | None = None
    told: str | None = None
    transient: bool | None = None


Pair = tuple[int, int | None]

_SYSTEM: Final[dict[Pair, Known]] = {
    (1, None): Known("An unknown error occurred", 500, transient=False),
    (1, 99): Known("An unknown error occurred", 500),
    (2, None): Known("(#2) Service temporarily unavailable", 500, transient=True),
    (2, 1504043): Known("An unexpected error has occurred. Please retry your request later.", 500, transient=True),
    (2, 1504041): Known("The breakdowns are not valid together.", title="Invalid breakdowns", told="Change them."),
    (2, 1504042): Known("A custom metric is not valid.", title="Invalid metric", told="Change it."),
    (-1, None): Known("Internal error", 500, transient=True),
    (-2, 2490547): Known("The report could not be made.", 500),
    (-3, 1504045): Known("The request is too large.", 500),
    (300, None): Known("(#300) Edit failed", 500),
    (960, None): Known("Request aborted. This could happen if a dependent request failed or the entire request timed "
                       "out.", 500, type="FacebookApiException"),
    (5000, None): Known("Unknown Error", 500),
}  # fmt: skip
_LIMITS: Final[dict[Pair, Known]] = {
    (4, None): Known("(#4) Application request limit reached", 403, transient=True),
    (4, 1504022): Known("(#4) There have been too many calls to the insights API.", 400, transient=True),
    (4, 1504039): Known("(#4) There have been too many calls to the insights API.", 400, transient=True),
    (17, None): Known("(#17) User request limit reached", title="Ad Account Has Too Many API Calls", transient=False,
                      told="There have been too many calls to this ad-account. Please wait a bit and try again."),
    (17, 2446079): Known("(#17) User request limit reached", title="Ad Account Has Too Many API Calls", transient=True,
                         told="There have been too many calls to this ad-account. Please wait a bit and try again."),
    (17, 1885172): Known("(#17) User request limit reached", title="Spending limit changed too often",
                         told="You can change the spending limit ten times a day."),
    (32, None): Known("(#32) Page request limit reached", transient=True),
    (341, None): Known("(#341) Application limit reached", transient=True),
    (368, None): Known("The action attempted has been deemed abusive or is otherwise disallowed"),
    (613, None): Known("(#613) Calls to this api have exceeded the rate limit.", 400),
    (613, 1996): Known("(#613) Calls to this api have exceeded the rate limit.", 400),
    (613, 1487225): Known("(#613) Calls to this api have exceeded the rate limit.", title="Too many ads",
                          told="The number of ads that you can create depends on your daily spend."),
    (613, 1487632): Known("(#613) Calls to this api have exceeded the rate limit.", title="Budget changed too often",
                          told="You can change the budget of an ad set four times an hour.", transient=False),
    (613, 1487742): Known("(#613) There have been too many calls from this ad-account.", transient=True,
                          title="Too many calls", told="There have been too many calls from this ad-account."),
    (613, 5044001): Known("(#613) Calls to this api have exceeded the rate limit.", transient=True),
    (80000, 2446079): Known(f"(#80000) {CALLS.format('from this ad-account')}"),
    (80001, None): Known(f"(#80001) {CALLS.format('to this Page account')}"),
    (80002, None): Known(f"(#80002) {CALLS.format('to this Instagram account')}"),
    (80003, 2446079): Known(f"(#80003) {CALLS.format('to this ad-account')}", 429),
    (80004, 2446079): Known(f"(#80004) {CALLS.format('to this ad-account')}"),
    (80005, None): Known(f"(#80005) {CALLS.format('to this leadgen account')}"),
    (80006, None): Known(f"(#80006) {CALLS.format('to this messenger account')}"),
    (80008, None): Known(f"(#80008) {CALLS.format('to this WhatsApp Business account')}"),
    (80009, None): Known(f"(#80009) {CALLS.format('to this catalog')}"),
    (80014, None): Known(f"(#80014) {CALLS.format('to this catalog batch')}"),
}  # fmt: skip
_DOOR: Final[dict[Pair, Known]] = {
    (3, None): Known("(#3) Application does not have the capability to make this API call."),
    (10, None): Known("(#10) Application does not have permission for this action", 403),
    (31, 3858385): Known("This request requires the user to take a pending action", 200),
    (102, None): Known("Session key invalid or no longer valid", 401),
    (104, None): Known("An access token is required to request this resource."),
    (190, None): Known("Invalid OAuth access token - Cannot parse access token"),
    (190, 458): Known("Error validating access token: The user has not authorized application.", 401),
    (190, 459): Known("Error validating access token: You cannot access the app till you log in to www.facebook.com "
                      "and follow the instructions given.", 401),
    (190, 460): Known("Error validating access token: The session has been invalidated because the user changed their "
                      "password or Facebook has changed the session for security reasons.", 401),
    (190, 463): Known("Error validating access token: Session has expired.", 401),
    (190, 464): Known("Error validating access token: Sessions for the user are not allowed because the user is not a "
                      "confirmed user."),
    (190, 467): Known("Error validating access token: The session is invalid because the user logged out.", 401),
    (190, 492): Known("The user must be an administrator, editor, or moderator of the page in order to impersonate "
                      "it."),
    (200, None): Known("(#200) Permissions error", 403),
    (200, 2490592): Known("Permissions error"),
    (270, None): Known("(#270) This Ads API request is not allowed for apps with development access level", 403),
    (294, None): Known("(#294) Managing advertisements requires an access token with the extended permission "
                       "ads_management", 403),
    (368, 1404006): Known("A security check is required to proceed."),
    (1404163, None): Known("You can't advertise right now.", title="Restricted from advertising",
                           told="This account is restricted from advertising."),
    (2500, None): Known("An active access token must be used to query information about the current user."),
    (2635, None): Known("(#2635) You are calling a deprecated version of the Ads API. Please upgrade to the latest "
                        "version: v26.0."),
}  # fmt: skip
_WRONG: Final[dict[Pair, Known]] = {
    (100, None): Known("Invalid parameter"),
    (100, 33): Known("Unsupported get request.", type=GRAPH),
    (100, 34): Known("(#100) The object does not exist.", 404, type=GRAPH),
    (100, 1359188): Known("Invalid parameter", title="Payment method required",
                          told="Add a payment method to publish this ad.", transient=False),
    (100, 1487390): Known("Invalid parameter", title="The Adcreative Create Failed", transient=False,
                          told="Something went wrong. Please try again later"),
    (100, 1487124): Known("Invalid parameter", title="Account disabled", told="The ad account is disabled."),
    (100, 1487534): Known("Invalid parameter", title="Too many rows", told="Ask for less data.", transient=False),
    (100, 1504018): Known("Invalid parameter", title="Request timed out", transient=False,
                          told="Your request timed out. Please try a smaller date range, or use an async job."),
    (100, 1815001): Known("(#100) Requesting for deleted objects is not supported in this endpoint"),
    (100, 1815573): Known("(#100) The parameter is not supported"),
    (100, 2446307): Known("Invalid parameter", title="Spending limit too low", transient=False),
    (100, 3858258): Known("Invalid parameter", title="Image not downloaded", told="The image could not be fetched."),
    (105, None): Known("(#105) Too many parameters"),
    (194, None): Known("(#194) Required parameter missing"),
    (506, None): Known("(#506) Duplicate status message"),
    (803, None): Known("(#803) Some of the aliases you requested do not exist"),
    (1609005, None): Known("The link could not be scraped."),
    (2601, 1815107): Known("Error accessing adreport job.", transient=True, title="Loading Async Ads Report Failed",
                           told="Sorry, the report cannot be loaded successfully. Please check if your job status is "
                                "completed instead of failed or running before fetching the data."),
    (2642, None): Known("(#2642) Invalid cursors values"),
    (3018, None): Known("(#3018) The start date of the time range cannot be beyond 37 months from the current date"),
    (6000, 1363045): Known("There was a problem uploading your video file. Please try again with another file.",
                           transient=False),
    (6001, 1363037): Known("There was a problem uploading your video. Please try again.", transient=False,
                           title="Error Uploading Video",
                           told="There was a problem uploading your video. Please try uploading it again."),
    (1363030, None): Known("Your video upload timed out before it could be completed.", transient=True),
}  # fmt: skip
ERRORS: Final = {**_SYSTEM, **_LIMITS, **_DOOR, **_WRONG}


def known(code: int, subcode: int | None = None) -> Known:
    """The vendor's words for a code and subcode; plain ones for what is not listed."""
    found = ERRORS.get((code, subcode)) or ERRORS.get((code, None))
    return found or Known(f"(#{code}) Error")


def pair(number: int) -> Pair:
    """The code and subcode that a single number means: a subcode that is listed, or a code, with its usual subcode."""
    for code, subcode in ERRORS:
        if subcode == number:
            return code, subcode
    if (number, None) in ERRORS:
        return number, None
    return next(((code, subcode) for code, subcode in ERRORS if code == number), (number, None))
