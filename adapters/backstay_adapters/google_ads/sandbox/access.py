"""Who may do what: the token, the developer token, and the customer that one logs in as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay_adapters.google_ads.sandbox.failure import Problem, Refusal, refusal

if TYPE_CHECKING:
    from backstay.sandbox.rpc import Value
    from backstay_adapters.google_ads.sandbox.app import GoogleAdsSandbox
    from backstay_adapters.google_ads.sandbox.settings import Customer

MISSING: Final = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential."
)
EXPIRED: Final = Problem("authentication_error", "OAUTH_TOKEN_EXPIRED", "The OAuth access token has expired.")
REVOKED: Final = Problem("authentication_error", "OAUTH_TOKEN_REVOKED", "User has revoked the access token.")
INVALID: Final = Problem("authentication_error", "OAUTH_TOKEN_INVALID", "The OAuth access token is invalid.")
DENIED: Final = (
    "User doesn't have permission to access customer. Note: If you're accessing a client customer, the manager's "
    "customer id must be set in the 'login-customer-id' header."
)
CLOSED: Final = "The customer account can't be accessed because it is not yet enabled or has been deactivated."


@dataclass(slots=True)
class Grant:
    """What a token allows."""

    customers: frozenset[str] | None = None
    """The ids that its user can reach directly; None: all of them."""
    expired: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the grant, and the manager that the call goes through."""

    grant: Grant
    login: str | None = None


def identified(sim: GoogleAdsSandbox, metadata: Mapping[str, Value]) -> Caller:
    """Who calls; raises the vendor's refusals."""
    grant = _grant(sim, _text(metadata, "authorization"))
    _developer(sim, _text(metadata, "developer-token"))
    login = _text(metadata, "login-customer-id") or None
    if login is not None and not _ten_digits(login):
        text = f"The login customer ID in the request header could not be validated: '{login}'."
        raise refusal("header_error", "INVALID_LOGIN_CUSTOMER_ID", text)
    return Caller(grant, login)


def permitted(sim: GoogleAdsSandbox, caller: Caller, customer_id: str) -> Customer:
    """A customer that exists and that the caller may read."""
    if not _ten_digits(customer_id):
        raise refusal("request_error", "INVALID_CUSTOMER_ID", f"Invalid customer ID '{customer_id}'.", "customer_id")
    customer = sim.customers.get(customer_id)
    if customer is None:
        text = "No customer found for the provided customer id."
        raise refusal("authentication_error", "CUSTOMER_NOT_FOUND", text, trigger=customer_id)
    entry = caller.login or customer_id
    reachable = caller.grant.customers is None or entry in caller.grant.customers
    if not reachable or not _above(sim, entry, customer):
        raise refusal("authorization_error", "USER_PERMISSION_DENIED", DENIED)
    if customer.status in {"CANCELED", "CLOSED"}:
        raise refusal("authorization_error", "CUSTOMER_NOT_ENABLED", CLOSED)
    return customer


def writable(customer: Customer) -> None:
    """Refuse to change what a suspended account or a manager cannot."""
    if customer.status == "SUSPENDED":
        text = "The action is not permitted for a suspended account."
        raise refusal("authorization_error", "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT", text)
    if customer.is_manager:
        text = "The request cannot be executed by a manager account."
        raise refusal("request_error", "CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT", text)


def _grant(sim: GoogleAdsSandbox, header: str) -> Grant:
    if not header:
        if sim.switches.require_authorization:
            raise Refusal(code="UNAUTHENTICATED", details=MISSING)
        return Grant()
    kind, _, token = header.partition(" ")
    grant = sim.grants.get(token)
    if kind.lower() != "bearer" or grant is None:
        raise Refusal(INVALID)
    if grant.revoked:
        raise Refusal(REVOKED)
    if grant.expired:
        raise Refusal(EXPIRED)
    return grant


def _developer(sim: GoogleAdsSandbox, token: str) -> None:
    if not sim.switches.require_developer_token:
        return
    if not token:
        text = "The developer token is required in the header of every request."
        raise refusal("request_error", "DEVELOPER_TOKEN_PARAMETER_MISSING", text)
    if token != sim.developer_token:
        raise refusal("authentication_error", "DEVELOPER_TOKEN_INVALID", "The developer token is not valid.")


def _above(sim: GoogleAdsSandbox, entry: str, customer: Customer) -> bool:
    at: Customer | None = customer
    while at is not None:
        if at.id == entry:
            return True
        at = sim.customers.get(at.manager or "")
    return False


def _ten_digits(text: str) -> bool:
    return len(text) == 10 and text.isascii() and text.isdigit()


def _text(metadata: Mapping[str, Value], key: str) -> str:
    value = metadata.get(key, "")
    return value if isinstance(value, str) else value.decode("ascii", "replace")
