"""`backstay doctor`: what is installed, what is missing, and the cure for each red line."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from backstay.clock import SystemClock

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    verdict: Verdict
    found: str
    cure: str = ""


CORE: Final = ("httpx", "httpx-aiohttp", "aiohttp", "pydantic", "structlog")
OPTIONAL: Final = {
    "typer": "cli",
    "rich": "cli",
    "vcrpy": "testing",
}
CREDENTIALS: Final = {
    "tiktok": ("TIKTOK_ACCESS_TOKEN", "TIKTOK_ADVERTISER_ID"),
}
HOSTS: Final = {"tiktok": "business-api.tiktok.com"}
PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")

MOST_SKEW: Final = 300.0
"""Seconds of difference at which signed requests and certificates begin to fail."""


@dataclass(frozen=True, slots=True)
class Met:
    """What a connection told: the protocol, and by how many seconds our clock runs ahead."""

    protocol: str
    skew: float | None = None


Connect = Callable[[str, float], Met]


def examine(*, online: bool = False, connect: Connect | None = None) -> list[Check]:
    """All checks; those that open a connection only when `online`."""
    checks = [*versions(), *credentials(), tls_store(), proxy()]
    if online:
        checks += [reach(vendor, host, connect or tls_connect) for vendor, host in HOSTS.items()]
    return checks


def versions() -> Iterator[Check]:
    """Python, the package itself, what it needs, and its extras."""
    new_enough = sys.version_info >= (3, 11)
    yield Check(
        "python", "ok" if new_enough else "fail", platform.python_version(), "" if new_enough else "use 3.11 or newer"
    )
    for name in ("backstay", *CORE):
        found = _version(name)
        yield Check(name, "ok" if found else "fail", found or "missing", "" if found else f"pip install {name}")
    for name, extra in OPTIONAL.items():
        found = _version(name)
        cure = "" if found else f'pip install "backstay[{extra}]"'
        yield Check(name, "ok" if found else "warn", found or f"missing (extra {extra})", cure)


def credentials() -> Iterator[Check]:
    """Whether each vendor's variables are set; their values are never shown."""
    for vendor, names in CREDENTIALS.items():
        missing = [name for name in names if not os.environ.get(name)]
        found = f"{', '.join(missing)} not set" if missing else "set"
        cure = f"export {missing[0]}=... (only for from_env())" if missing else ""
        yield Check(f"{vendor} credentials", "warn" if missing else "ok", found, cure)


def tls_store() -> Check:
    """Which certificates our transport trusts: certifi's, unless the environment names others."""
    override = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    if override and not os.path.exists(override):  # noqa: PTH110 - a name from the environment, file or folder
        return Check("TLS store", "fail", f"{override} does not exist", "correct SSL_CERT_FILE or unset it")
    return Check("TLS store", "ok", f"{override or 'certifi'} ({ssl.OPENSSL_VERSION})")


def proxy() -> Check:
    """Proxies of the environment are not used unless they are handed to the runtime."""
    named = [name for name in PROXIES if os.environ.get(name)]
    if not named:
        return Check("proxy", "ok", "none")
    return Check("proxy", "warn", f"{', '.join(named)} set, but not used", "pass Runtime(proxy=...) to use it")


def reach(vendor: str, host: str, connect: Connect) -> Check:
    """Whether a vendor's host answers over TLS, and whether its clock and ours agree."""
    name = f"{vendor} reachable"
    try:
        met = connect(host, 5.0)
    except ssl.SSLCertVerificationError as error:
        clock = "not yet valid" in str(error) or "expired" in str(error)
        cure = "set the machine's clock" if clock else "pass Runtime(ssl_context=...) with your company's certificates"
        return Check(name, "fail", str(error.verify_message), cure)
    except OSError as error:
        return Check(name, "fail", str(error), "check network, DNS and firewall")
    if met.skew is not None and abs(met.skew) > MOST_SKEW:
        return Check(name, "fail", f"our clock is off by {met.skew:.0f} s", "set the machine's clock (NTP)")
    return Check(name, "ok", met.protocol)


def tls_connect(host: str, seconds: float) -> Met:
    """Open a TLS connection and ask for nothing but the date."""
    with (
        socket.create_connection((host, 443), timeout=seconds) as raw,
        ssl.create_default_context().wrap_socket(raw, server_hostname=host) as secured,
    ):
        secured.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = secured.recv(4096).decode("latin-1")
        return Met(secured.version() or "TLS", _skew(head))


def _skew(head: str) -> float | None:
    """Seconds by which our clock runs ahead of an answer's Date header."""
    for line in head.splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "date":
            return SystemClock().wall() - parsedate_to_datetime(value.strip()).timestamp()
    return None


def as_json(checks: list[Check]) -> dict[str, object]:
    """The report as data."""
    return {"ok": all(check.verdict != "fail" for check in checks), "checks": [asdict(check) for check in checks]}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
