"""Tokens: who may do what, the app's secret, and what is said to those who may not."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.clock import utc
from backstay_adapters.meta.sandbox.refusal import Data, Refused

if TYPE_CHECKING:
    from backstay.sandbox.wire import Request
    from backstay_adapters.meta.sandbox.app import MetaSandbox
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.params import Params

SCOPES: Final = frozenset({"ads_management", "ads_read", "business_management"})
NO_PROOF: Final = "API calls from the server require an appsecret_proof argument"
WRONG_PROOF: Final = "Invalid appsecret_proof provided in the API argument"
STRANGER: Final = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"


@dataclass(slots=True)
class Grant:
    """What a token allows."""

    accounts: frozenset[str] | None = None
    """None: all of them."""
    scopes: frozenset[str] = SCOPES
    spoiled: int | None = None
    """The subcode of 190 with which it is refused; 0 means the bare code."""

    def allows(self, account: str) -> bool:
        """Whether the token may see an account."""
        return self.accounts is None or account in self.accounts


def token_of(request: Request, params: Params) -> str | None:
    """The token: from the header (Bearer or OAuth), else from the parameters."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() in {"bearer", "oauth"} and value.strip():
        return value.strip()
    found = params.get("access_token")
    return None if found is None else str(found)


def checked(sim: MetaSandbox, request: Request, params: Params, now: float) -> Grant:
    """The grant behind a request; raises the vendor's refusals."""
    token = token_of(request, params)
    if token is None:
        raise Refused(2500) if request.path.rstrip("/").endswith("/me") else Refused(104)
    grant = sim.grants.get(token)
    if grant is None:
        raise Refused(190)
    if grant.spoiled is not None:
        raise spoiled(grant.spoiled, now)
    _proof(sim, token, params.get("appsecret_proof"))
    return grant


def proof(secret: str, token: str) -> str:
    """The proof that a caller knows the app's secret."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _proof(sim: MetaSandbox, token: str, given: object) -> None:
    if given is None and not sim.require_proof:
        return
    if given is None:
        raise Refused(100, message=NO_PROOF)
    if given != proof(sim.secret, token):
        raise Refused(100, message=WRONG_PROOF)


def spoiled(subcode: int, now: float) -> Refused:
    """A token that is no longer good."""
    if subcode != 463:
        return Refused(190, subcode or None)
    clock = "%A, %d-%b-%y %H:%M:%S PST"
    ended, current = utc(now - 3_600).strftime(clock), utc(now).strftime(clock)
    text = f"Error validating access token: Session has expired on {ended}. The current time is {current}."
    return Refused(190, 463, message=text)


def me(_: Ctx) -> Data:
    """GET /me: who the token is."""
    return {"name": "Sandbox user", "id": "1000000000000009"}


def my_accounts(ctx: Ctx) -> Data:
    """GET /me/adaccounts: the accounts of a token."""
    found = [each for each in ctx.sim.accounts.values() if ctx.grant.allows(each.id)]
    return {"data": [{"account_id": each.id, "id": f"act_{each.id}", "name": each.name} for each in found]}


def debug_token(ctx: Ctx) -> Data:
    """GET /debug_token: what is known of a token."""
    grant = ctx.sim.grants.get(ctx.params.text("input_token"))
    good = grant is not None and grant.spoiled is None
    found = {"app_id": ctx.sim.app_id, "type": "USER", "is_valid": good, "expires_at": 0}
    return {"data": {**found, "scopes": sorted(grant.scopes) if grant else []}}
