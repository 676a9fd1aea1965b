"""Which endpoints may be connected to: one rule for the config, for feeds and for plug-in venues."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def endpoint_problem(url: str, kind: str) -> str:
    """Returns what keeps one from connecting to `url`, empty if nothing does, without a word of it: it may hold a key.

    `kind` is `ws` or `http`; without TLS only loopback will do.

    >>> endpoint_problem("wss://example.com/v1", "ws"), endpoint_problem("ws://127.0.0.1:9", "ws")
    ('', '')
    >>> endpoint_problem("ws://example.com", "ws")
    'plain ws is for loopback only, use wss'
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "no URL; a host, or a port from 1 to 65535, can't be read"
    if parts.scheme not in (kind, f"{kind}s") or not host or port == 0:
        return f"no URL; expected {kind}s://host, or {kind}:// on loopback"
    if parts.username or parts.password or parts.fragment:
        return "a user, a password or a fragment has no place in an endpoint"
    address = _address(host)
    if parts.scheme == kind and host != "localhost" and not (address is not None and address.is_loopback):
        return f"plain {kind} is for loopback only, use {kind}s"
    if address is not None and (address.is_link_local or address.is_multicast or address.is_unspecified):
        return "a link-local, multicast or unspecified address"
    return ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
