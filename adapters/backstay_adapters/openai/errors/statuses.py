"""What is left when neither a code nor a text has spoken: statuses that say more than a type, types, statuses."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, Row, code, status, statuses_between, subcode
from backstay.taxonomy import Certainty
from backstay_adapters.openai.profile import REQUESTS

TYPES: Final = (
    # The type of these is invalid_request_error as well, so the status goes first.
    Row("openai.http.401", status(401), "TOKEN_INVALID", hint="check the API key"),
    Row("openai.http.402", status(402), "BUDGET_INSUFFICIENT"),
    Row("openai.http.403", status(403), "PERMISSION_DENIED"),
    Row("openai.http.404", status(404, 410), "NOT_FOUND"),
    Row("openai.http.408", status(408, 499, 504), "PLATFORM_TIMEOUT"),
    Row("openai.http.409", status(409), "CONFLICT"),
    Row("openai.http.413", status(413), "TOO_MUCH_DATA", hint="smaller pictures"),
    Row("openai.http.429", status(429), "API_RATE_LIMIT", scope=REQUESTS),
    Row("openai.type.money", subcode("insufficient_quota"), "BUDGET_INSUFFICIENT"),
    Row("openai.type.token", subcode("authentication_error"), "TOKEN_INVALID"),
    Row("openai.type.permission", subcode("permission_error"), "PERMISSION_DENIED"),
    Row("openai.type.not_found", subcode("not_found_error"), "NOT_FOUND"),
    Row("openai.type.service", subcode("server_error", "api_error"), "AI_MODEL_FAILED", certainty=Certainty.UNKNOWN),
    Row("openai.request", subcode("invalid_request_error", "image_generation_user_error"), "VALIDATION_FAILED"),
)  # fmt: skip

REST: Final = (
    Row("openai.image",
        code("invalid_image", "invalid_image_file", "invalid_image_format", "invalid_base64_image",
             "invalid_image_url", "image_too_small", "image_parse_error", "invalid_image_mode", "empty_image_file",
             "unsupported_image_media_type", "failed_to_download_image", "image_file_not_found", "invalid_prompt"),
        "VALIDATION_FAILED"),
    Row("openai.http.501", status(501, 505), "UNSUPPORTED"),
    Row("openai.http.5xx", statuses_between(500, 599), "AI_MODEL_FAILED"),
    Row("openai.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("openai.unknown_code", ~code(None), "AI_MODEL_FAILED", certainty=Certainty.UNKNOWN,
        hint="an error code that is new: read the message"),
    Row("openai.anything", ANYTHING, "BAD_RESPONSE", certainty=Certainty.UNKNOWN),
)  # fmt: skip
