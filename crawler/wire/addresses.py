"""Names to addresses, and which of them a crawl may be led to.

The check comes after resolution, at every connection, so that neither a redirect nor a name server
can send the crawl of a public source into the network it runs in.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from crawler.wire.exchange import WireError

Resolver = Callable[[str], Awaitable[tuple[str, ...]]]
"""Gives the addresses of a host name; raises `socket.gaierror`."""

_CODES = {
    socket.EAI_NONAME: "dns-nxdomain",
    socket.EAI_NODATA: "dns-nodata",
    socket.EAI_AGAIN: "dns-servfail",
}
_NAT64 = ip_network("64:ff9b::/96")
_ELSEWHERE = ("192.88.99.1", "2001:4860:4860::8888")
"""Public addresses, one a family, asked of the routing table only: nothing is sent to them."""


async def system_resolver(host: str) -> tuple[str, ...]:
    """The system's answer, in the order in which it wants the addresses tried (RFC 6724)."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def resolve(host: str, resolver: Resolver, limit: float) -> tuple[str, ...]:
    """The addresses of a host; an address is its own. Raises `WireError` with a `dns-…` code."""
    if is_address(host):
        return (str(ip_address(host)),)
    try:
        async with asyncio.timeout(limit):
            found = await resolver(host)
    except TimeoutError:
        raise WireError("dns-timeout", f"no answer within {limit:g} s") from None
    except socket.gaierror as error:
        code = _CODES.get(error.errno or 0, "dns-failure")
        raise WireError(code, str(error.strerror or error)) from error
    except (UnicodeError, OSError) as error:
        raise WireError("dns-failure", str(error)) from error
    if not found:
        raise WireError("dns-nodata", "the name has no address")
    return found


def permitted(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Those addresses that a public source may lead to. Raises `WireError` where none is."""
    found = tuple(address for address in addresses if not is_private(address))
    if not found:
        raise WireError("private-address", f"leads into a private network: {', '.join(addresses)}")
    return found


def is_private(text: str) -> bool:
    """Whether an address is not one of the public internet, however it is wrapped up in IPv6."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = _embedded(address) or address
    return not address.is_global or address.is_multicast or address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which the network would deliver what is sent to this one."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def network_is_up() -> bool:
    """Whether this machine has a way out at all, by its routing table."""
    for family, address in zip((socket.AF_INET, socket.AF_INET6), _ELSEWHERE, strict=True):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))  # a datagram socket: sets the route, sends nothing
                return True
        except OSError:
            continue
    return False


def is_address(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
