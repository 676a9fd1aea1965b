"""One endpoint, step by step, each timed: what fails ends the probe with words that say what to do."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NotRequired, TypedDict
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException

from cambist.model.text import endpoint_label, sanitise
from feeds.conversation import SocketLimits, reason_of
from feeds.http import Unreachable
from feeds.reach import reach

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

DAY_S = 86_400
MIN_DAYS = 7
"""A certificate that ends sooner is worth a word."""


class Check(TypedDict):
    """One thing looked at; `found` says what was there, and what to do if that is not enough."""

    name: str
    ok: bool
    found: str
    step: NotRequired[str]
    """Of an endpoint: `dns`, `tcp`, `tls`, `open`, `subscribe`, …"""
    ms: NotRequired[float]
    """How long it took."""


class Failed(Exception):
    """A step that ends a probe."""


class Found:
    """What a step found; written by the step."""

    def __init__(self) -> None:
        self.text = "ok"
        self.ok = True


class Probe:
    """The checks of one endpoint. Only scheme and host of its address are shown: the rest may hold a key."""

    def __init__(self, name: str, url: str, key: str) -> None:
        """`key` is what sets the address in the config."""
        self.name, self.url, self.key = name, url, key
        self.label = endpoint_label(url)
        self.checks: list[Check] = []
        self._step, self._began = "", 0.0
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.tls = parts.scheme in ("wss", "https")
        self.port = parts.port or (443 if self.tls else 80)

    def add(self, step: str, found: str, *, ok: bool = True, ms: float | None = None) -> None:
        """Notes a step."""
        check = Check(name=self.name, ok=ok, found=sanitise(found, 240), step=step)
        if ms is not None:
            check["ms"] = round(ms, 2)
        self.checks.append(check)

    @contextmanager
    def step(self, name: str) -> Iterator[Found]:
        """Times a step. An error of the network ends the probe, in words."""
        self._step, self._began = name, time.perf_counter()
        found = Found()
        try:
            yield found
        except (OSError, WebSocketException, Unreachable, EOFError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            self.fail(error)
        self.add(name, found.text, ok=found.ok, ms=self._ms())
        self._step = ""

    def fail(self, error: Exception) -> None:
        """Notes that the step at hand failed, and ends the probe."""
        what = str(error) if isinstance(error, Unreachable | Failed) else reason_of(error, SocketLimits())
        self.add(self._step, f"{self.label}: {what}. {advice(what, self.key)}", ok=False, ms=self._ms())
        raise Failed(what) from error

    async def run(self, work: Coroutine[None, None, None], timeout_s: float) -> list[Check]:
        """Returns what the work found, within a time."""
        try:
            async with asyncio.timeout(timeout_s):
                await work
        except Failed:
            pass
        except TimeoutError:
            text = f"{self.label}: no answer in {timeout_s:g} s. {advice('no answer', self.key)}"
            self.add(self._step or "open", text, ok=False, ms=self._ms())
        return self.checks

    def _ms(self) -> float:
        return (time.perf_counter() - self._began) * 1e3

    async def reached(self) -> None:
        """Looks the name up, connects, and shakes hands where TLS is spoken; nothing else is sent."""
        with self.step("dns") as found:
            resolved = await asyncio.get_running_loop().getaddrinfo(self.host, self.port, type=1)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in resolved))
            found.text = f"{self.host}: {', '.join(addresses[:3])}"
        with self.step("tcp") as found:
            (await reach(self.host, self.port)).close()
            found.text = f"port {self.port} answers"
        if not self.tls:
            return
        connected = await reach(self.host, self.port)
        with self.step("tls") as found:
            context = ssl.create_default_context()
            _, writer = await asyncio.open_connection(sock=connected, ssl=context, server_hostname=self.host)
            try:
                found.text, found.ok = certificate(writer.get_extra_info("ssl_object"), time.time())
            finally:
                writer.transport.abort()


def certificate(session: ssl.SSLObject, now_s: float) -> tuple[str, bool]:
    """Returns the protocol and how long the certificate holds; whether that is long enough."""
    shown = session.getpeercert() or {}
    days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - now_s) / DAY_S if "notAfter" in shown else None
    cipher = session.cipher()
    text = f"{session.version()}{f', {cipher[0]}' if cipher else ''}"
    if days is None:
        return f"{text}, certificate without an end", True
    late = "" if days >= MIN_DAYS else ": expect it to be renewed before then, or connections to fail"
    return f"{text}, certificate for {days:.0f} more days{late}", days >= 1


def advice(what: str, key: str) -> str:
    """Returns what to do about a failure of the network."""
    lower = what.lower()
    for words, text in (
        ("host name", f"Check the host in {key}, and this machine's DNS."),
        ("refused", f"Nothing listens there: check host and port in {key}."),
        ("unreachable", "There is no way there: check network, VPN and firewall."),
        ("expired", "Its certificate is out of date, or this machine's clock is wrong: compare `date -u`."),
        ("not yet valid", "This machine's clock is behind: compare `date -u`."),
        ("mismatch", f"The certificate is another host's: check the host in {key}; a proxy may sit in between."),
        ("self-signed", "No known authority signed its certificate: a proxy may sit in between. Nothing was sent."),
        ("self signed", "No known authority signed its certificate: a proxy may sit in between. Nothing was sent."),
        ("issuer", "No known authority signed its certificate: a proxy may sit in between. Nothing was sent."),
        ("tls", f"The handshake failed: check scheme and port in {key}; a proxy may sit in between."),
        ("http 401", f"It wants a key: check {key}."),
        ("http 403", f"It refuses this address or key: check {key}, and whether the venue serves your country."),
        ("http 404", f"There is nothing at that path: check {key}."),
        ("http 429", "Too many requests from this address: wait, and run fewer programs against it."),
        ("http 451", "The venue does not serve your country."),
        ("http 5", "The server has trouble: try again later."),
        ("no answer", "It is slow or silent: try again, or a longer --timeout."),
    ):
        if words in lower:
            return text
    return f"Check {key}, then try again."
