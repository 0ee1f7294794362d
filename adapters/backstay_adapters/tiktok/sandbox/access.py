"""Tokens: who may do what, OAuth, and the cheap token probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.sandbox.draws import bits
from backstay_adapters.tiktok.sandbox.envelope import Data, Refusal, invalid

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx

SCOPES: Final = (1, 2, 3, 4, 5)
MISSING: Final = "Access token is null, you should set it in http header with key Access-Token."
WRONG: Final = "Access token is incorrect or has been revoked."
EXPIRED: Final = "Access token has expired."
OTHER_APP: Final = "The app_id is inconsistent with the token's app information. Please retry after correcting it."


@dataclass(slots=True)
class Grant:
    """What a token allows."""

    app_id: str
    advertisers: frozenset[str] | None = None
    """None: all of them."""
    expired: bool = False
    revoked: bool = False

    def allows(self, advertiser_id: str) -> bool:
        """Whether the token may act for an advertiser."""
        return self.advertisers is None or advertiser_id in self.advertisers


def checked(grants: dict[str, Grant], token: str | None) -> Grant:
    """The grant of a token; raises the vendor's refusals."""
    if not token:
        raise Refusal(40104, MISSING)
    grant = grants.get(token)
    if grant is None or grant.revoked:
        raise Refusal(40105, WRONG)
    if grant.expired:
        raise Refusal(40102, EXPIRED)
    return grant


def access_token(ctx: Ctx) -> Data:
    """POST /oauth2/access_token/: a code for a token, once."""
    _app(ctx)
    code = ctx.params.text("auth_code")
    if code in ctx.sim.used_codes or code not in ctx.sim.auth_codes:
        raise invalid("Auth code is expired or has been used.")
    ctx.sim.used_codes.add(code)
    token = f"{bits(ctx.world.seed, 'token', ctx.world.next_number()):016x}"
    ctx.sim.grant(token)
    return {"access_token": token, "advertiser_ids": list(ctx.sim.advertisers), "scope": list(SCOPES)}


def advertisers(ctx: Ctx) -> Data:
    """GET /oauth2/advertiser/get/: the accounts of a token."""
    _app(ctx)
    return {
        "list": [
            {"advertiser_id": each.id, "advertiser_name": each.name}
            for each in ctx.sim.advertisers.values()
            if ctx.grant.allows(each.id)
        ]
    }


def revoke(ctx: Ctx) -> Data:
    """POST /oauth2/revoke_token/."""
    _app(ctx)
    grant = ctx.sim.grants.get(ctx.params.text("access_token"))
    if grant is None:
        raise Refusal(40105, WRONG)
    grant.revoked = True
    return {}


def user(_: Ctx) -> Data:
    """GET /user/info/."""
    return {
        "core_user_id": "7000000000000000009",
        "display_name": "Sandbox user",
        "email": "s***x@example.com",
        "create_time": 1_600_000_000,
        "avatar_url": "https://example.com/avatar.png",
    }


def _app(ctx: Ctx) -> None:
    if ctx.params.text("app_id") != ctx.sim.app_id:
        raise Refusal(40000, OTHER_APP) if ctx.grant.app_id else Refusal(40113, "The app does not exist.")
    if ctx.params.text("secret") != ctx.sim.secret:
        raise Refusal(40101, "The secret is invalid.")
