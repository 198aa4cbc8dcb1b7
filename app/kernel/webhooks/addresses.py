"""Where a webhook may go: out of the house, never back into its own network, unless the installation allows it."""

import ipaddress
from urllib.parse import urlsplit

from app.schema.errors import Refusal

LONGEST = 300


def outside(address: str) -> bool:
    """Whether a numeric address is one of the open internet: not of a private network, nor this machine's own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return found.is_global and mapped.is_global and not (found.is_multicast or mapped.is_multicast)


def checked(url: str, *, private: bool) -> str:
    """The address as written, if a webhook may be sent there as far as can be told without asking. Raises `Refusal`.

    What a name stands for is checked when it is sent, on the connection itself.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or len(url) > LONGEST or parts.username is not None or not url.isascii() or " " in url:
        raise Refusal("Write a whole web address, such as https://example.cn/hooks.", field="url")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise Refusal("Write an address that begins with https://.", field="url")
    try:
        inside = not outside(host)
    except ValueError:
        inside = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    if inside and not private:
        raise Refusal("This address lies within a private network.", field="url")
    return url
