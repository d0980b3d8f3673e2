"""Which addresses a webhook may go to: public ones, and hosts that the owner of the server allowed by name.

A name is resolved once, every address that it has is checked, and the connection goes to one of those addresses, so a
name that answers differently the next time (DNS rebinding) gains nothing. `ipaddress.is_global` alone is not enough: it
is true for NAT64, 6to4 and multicast, which all can end inside.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import WebhookError
from ..extra import needed_by

if TYPE_CHECKING:
    import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_HOST = re.compile(r"[a-zA-Z0-9_.-]+|[0-9a-fA-F:.]+")  # a name or IPv4, or IPv6 without a zone
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
MOST_URL = 2_000
"""Characters."""
_PUBLIC_6 = ipaddress.ip_network("2000::/3")
"""The block of IPv6 that public addresses are given out of: what is mapped, translated or local lies outside."""
_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's own services, on every machine there, from a public block
        "2001::/23",  # Teredo, benchmarking, ORCHID
        *("2001:db8::/32", "3fff::/20"),  # documentation
        "2002::/16",  # 6to4: an IPv4 address is inside
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)
"""In an address's third quarter: the last quarter is an IPv4 address that a tunnel goes to."""


class NoAddress(WebhookError):
    """Says that a host has no address now, which may change."""


def is_public(address: Address) -> bool:
    """Return whether an address is one of the Internet's, from wherever this machine stands."""
    if not address.is_global or address.is_multicast:
        return False
    if address.version == 6 and (address not in _PUBLIC_6 or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP):
        return False
    return not any(address.version == block.version and address in block for block in _REFUSED)


def own_addresses() -> frozenset[Address]:
    """Return the addresses of this machine: a public one of them leads to services that listen here."""
    import psutil

    found = (each.address for given in psutil.net_if_addrs().values() for each in given if each.family in _FAMILIES)
    return frozenset(ipaddress.ip_address(address.partition("%")[0]) for address in found)


def named_hosts(hosts: Iterable[str] | str | None = None) -> frozenset[str]:
    """Return the hosts that may be reached although they are private: as given, else of PIXELFLOW_WEBHOOK_HOSTS.

    Args:
        hosts: "hooks.local" for every port, "127.0.0.1:9000" for one; as text, separated by spaces or commas.
    """
    if hosts is None:
        hosts = os.environ.get("PIXELFLOW_WEBHOOK_HOSTS", "")
    words = re.split(r"[\s,]+", hosts) if isinstance(hosts, str) else hosts
    return frozenset(word.strip().lower() for word in words if word.strip())


def is_named(url: httpx.URL, hosts: frozenset[str]) -> bool:
    """Return whether a URL goes to a host that is allowed by name."""
    host = host_of(url)
    host = f"[{host}]" if ":" in host else host
    return host.lower() in hosts or f"{host}:{_port(url)}".lower() in hosts


def host_of(url: httpx.URL) -> str:
    """Return the host as it goes over the wire; `url.host` is what people read."""
    return url.raw_host.decode("ascii")


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else 443 if url.scheme == "https" else 80


def read_url(text: Any, hosts: frozenset[str] = frozenset()) -> httpx.URL:
    """Return a URL that a webhook may have, without asking a name server: private addresses in digits are refused here.

    Raises:
        WebhookError: It is no such URL.
    """
    if not isinstance(text, str) or not text or len(text) > MOST_URL:
        raise WebhookError(f"A webhook's URL is a text of at most {MOST_URL} characters that begins with https://.")
    if any(sign <= " " or sign in '\\"<>\x7f' for sign in text):
        raise WebhookError(
            "A webhook's URL holds no spaces, backslashes, quotes or control characters: write them as %xx."
        )
    with needed_by("A webhook"):
        import httpx
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise WebhookError(f"This is no URL that a webhook can have: {error}.") from None
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(host_of(url)) or not 0 < _port(url) < 65_536:
        raise WebhookError("A webhook's URL begins with https:// or http:// and names a host.")
    if url.userinfo:
        raise WebhookError("A webhook's URL carries no user name and password: who sends is proven by the signature.")
    if not is_named(url, hosts):
        in_digits = _resolved_in_digits(host_of(url))
        if not in_digits and _is_local(host_of(url)):
            raise _not_public(host_of(url))
        _check(host_of(url), in_digits)
    return url


def _is_local(name: str) -> bool:
    """Return whether a name is one of a machine or a house, and none of the Internet's."""
    name = name.rstrip(".").lower()
    return "." not in name or name.endswith(_LOCAL_NAMES)


def _resolved_in_digits(host: str) -> list[Address]:
    """Return the address that a host of digits is, in each way of writing one (127.1, 0x7f000001, 2130706433)."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []
    return _of_answers(found)


def _of_answers(answers: Sequence[Any]) -> list[Address]:
    found = (ipaddress.ip_address(answer[4][0].partition("%")[0]) for answer in answers if answer[0] in _FAMILIES)
    return list(dict.fromkeys(found))


def _check(host: str, addresses: Iterable[Address]) -> None:
    """Raise unless every address is public; which one is not is nobody's business outside."""
    own: frozenset[Address] | None = None
    for address in addresses:
        if is_public(address):
            own = own_addresses() if own is None else own
        if not is_public(address) or address in (own or ()):
            raise _not_public(host)


def _not_public(host: str) -> WebhookError:
    return WebhookError(
        f"The webhook's host '{host}' is not on the public Internet, so nothing is sent there. "
        "Whoever runs the server may allow it by name in PIXELFLOW_WEBHOOK_HOSTS."
    )


async def addresses_of(url: httpx.URL, hosts: frozenset[str] = frozenset()) -> list[Address]:
    """Resolve the host of a URL once and return its addresses, all of them checked.

    Raises:
        NoAddress: It has none.
        WebhookError: It has one that nothing may be sent to.
    """
    loop = asyncio.get_running_loop()
    try:
        found = _of_answers(await loop.getaddrinfo(host_of(url), _port(url), type=socket.SOCK_STREAM))
    except (OSError, UnicodeError, OverflowError):
        found = []
    if not found:
        raise NoAddress(f"The webhook's host '{host_of(url)}' has no address.")
    if not is_named(url, hosts):
        _check(host_of(url), found)
    return found
