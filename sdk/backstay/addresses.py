"""Which network addresses belong to the public internet: what somebody else's link may make us connect to."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(OSError):
    """A name leads to an address of this machine or of a private network; no connection was made."""

    def __init__(self) -> None:
        super().__init__("the address is not on the public internet")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; an address inside another one is looked at too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _inside(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return ip.is_global and not ip.is_multicast if inner is None else is_public(str(inner))


def _inside(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of version 4 that one of version 6 leads to: mapped, 6to4, Teredo, NAT64."""
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def public_socket(info: tuple[Any, ...]) -> socket.socket:
    """A socket for a public address, made where the connection is: a name cannot lead elsewhere a moment later.

    Raises:
        PrivateAddressError: it is not one.
    """
    family, kind, protocol, _, address = info
    if not is_public(address[0]):
        raise PrivateAddressError
    return socket.socket(family, kind, protocol)


__all__ = ["PrivateAddressError", "is_public", "public_socket"]
