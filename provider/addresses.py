"""Which network addresses are public, and a socket maker that refuses all others.

The check sits where the socket is made: by then a name has been resolved and every spelling of an address has
become the address itself, so there is nothing left to be fooled by.
"""

import errno
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

# The standard library's `is_global` follows the IANA registries of its release and counts multicast as global:
# what must never be reached is named here as well, so that the answer does not hang on Python's patch level.
_NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, with the clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")  # all that IANA has given out as global unicast
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, with Teredo and ORCHID: tunnels and names, no web hosts
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
# How an IPv6-only network reaches an IPv4 host (RFC 6052): as public as the IPv4 address in its last four bytes.
_NAT64: Final = IPv6Network("64:ff9b::/96")


class ForbiddenAddress(OSError):
    """A connection to an address that is not public was refused."""

    def __init__(self) -> None:
        # One text for all of them: where several addresses were tried, the connector then raises this very error.
        super().__init__(errno.EACCES, "the address is not public")


def is_public(text: str) -> bool:
    """Whether `text` is an IP address of the public internet. False for whatever can't be read as one."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address in _NAT64:
        address = IPv4Address(int(address) & 0xFFFF_FFFF)
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)
    return (
        address.scope_id is None
        and address.is_global
        and address in _GLOBAL_V6
        and not any(address in network for network in _NOT_PUBLIC_V6)
    )


def open_public_socket(
    info: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]],
) -> socket.socket:
    """A socket for the address in `info`, as `getaddrinfo` gives it. Raises ForbiddenAddress if not public."""
    family, kind, protocol, _, address = info
    if family not in {socket.AF_INET, socket.AF_INET6} or not is_public(str(address[0])):
        raise ForbiddenAddress
    return socket.socket(family, kind, protocol)
