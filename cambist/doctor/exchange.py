"""The two endpoints of an exchange: its streams and its reads."""

from __future__ import annotations

import asyncio
import difflib
import itertools
import time
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from cambist.doctor.probe import Failed, Probe
from cambist.engine.reference.exchanges import DecodeError, Event, PriceScales, decode_venue
from cambist.engine.reference.exchanges.decimal import DECIMALS, MOST_DECIMALS
from cambist.model.text import sanitise
from feeds.http import HttpChannel, HttpLimits, Unreachable
from feeds.socket import open_connection
from feeds.venue_clock import VenueClock

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from cambist.config import Config, ExchangeEndpoint
    from feeds.venue import ParsedFrame, Request, Venue

MS = 1_000_000
LAG_FRAMES = 20
LAG_S = 1.5
"""How long frames are listened to for their lag."""
MAX_LAG_MS = 1_000.0
MAX_OFFSET_NS = 500 * MS
TIMES_ASKED = 3


class NoSink:
    """Takes what a read writes to a sink in a session: nobody records here."""

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Drops it."""

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Drops it."""

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Drops it."""

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Drops it."""


class Exchange:
    """Checks one exchange. Its clock is measured by the reads and used by the streams' lag."""

    def __init__(self, name: str, venue: Venue, table: ExchangeEndpoint, config: Config) -> None:
        self.name, self.venue, self.table, self.config = name, venue, table, config
        self._clock = VenueClock()
        self._measured = asyncio.Event()
        rest = table.rest or venue.rest
        url = (table.ws or venue.ws).rstrip("/")
        url = url if url.endswith(venue.path) else url + venue.path
        self.streams = Probe(f"{name} ws", url, f"[{name}] ws")
        self.reads = Probe(f"{name} rest", rest, f"[{name}] rest") if rest else None

    def untimed(self) -> None:
        """Lets the streams go without the venue's clock: there is no address to ask it at."""
        self._measured.set()

    # Reads

    async def read(self, probe: Probe, timeout_s: float) -> None:
        """Asks for the time and the instruments; compares the fee."""
        try:
            await probe.reached()
            http = HttpChannel(
                probe.url, NoSink(), name=self.name, limits=HttpLimits(attempts=1, timeout_s=max(0.1, timeout_s))
            )
            try:
                await self._time(probe, http)
                self._measured.set()
                self._limits(probe)
                await self._instruments(probe, http)
            finally:
                await http.close()
        finally:
            self._measured.set()

    async def _time(self, probe: Probe, http: HttpChannel) -> None:
        query = self.venue.server_time()
        if query is None:
            probe.add("clock", "the venue tells no time: lag can't be measured")
            return
        with probe.step("clock") as found:
            for _ in range(TIMES_ASKED):
                body, asked_ns, answered_ns = await http.peek(query.target, weight=query.weight)
                self._clock.took(asked_ns, answered_ns, *self._venue_time(body))
            offset, error = self._clock.offset_ns or 0, self._clock.error_ns
            found.text = f"its clock is {offset / MS:+.0f} ms from ours, to {error / MS:.0f} ms"
            found.ok = abs(offset) - error <= MAX_OFFSET_NS
            if not found.ok:
                found.text += ": orders stay disarmed; set this machine's clock (timedatectl set-ntp true)"

    def _venue_time(self, body: bytes) -> tuple[int, int]:
        try:
            return self.venue.time_ns(body)
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            what = f"what it tells is no time ({sanitise(str(error), 60)})"
            raise Unreachable(what, 200) from error

    def _limits(self, probe: Probe) -> None:
        limits, table = self.venue.limits, self.table
        weight, window_s = limits.rest
        weight = table.rest_weight or weight
        connections, span_s = limits.attempts
        operations, per_s = limits.operations
        probe.add(
            "limits",
            f"reads of weight {weight:g} in {window_s:g} s, {connections} connections in {span_s:g} s, "
            f"{operations:g} requests in {per_s:g} s, {limits.batch} symbols a request; we keep to 80 % of each",
        )

    async def _instruments(self, probe: Probe, http: HttpChannel) -> None:
        symbols = tuple(dict.fromkeys(self.table.symbols))
        query = self.venue.instruments(symbols)
        body = b""
        if query is not None:
            with probe.step("instruments") as found:
                body, _, _ = await http.peek(query.target, weight=query.weight)
                found.text, found.ok = self._listed(body, symbols)
        text, ok = self._fee(body, symbols)
        probe.add("fee", text, ok=ok)

    def _listed(self, body: bytes, symbols: tuple[str, ...]) -> tuple[str, bool]:
        try:
            fault = self.venue.check(body)
            listed = () if fault else self.venue.listed(body)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            return f"no list of instruments ({sanitise(str(error), 60)}): check [{self.name}] rest", False
        if fault:
            return f"{sanitise(fault, 80)}: check [{self.name}] symbols", False
        own = {self.venue.book_name(name) for name in listed} | set(listed)
        unknown = [symbol for symbol in symbols if symbol not in own and self.venue.book_name(symbol) not in own]
        if not unknown:
            return f"{len(listed)} listed, all {len(symbols)} of ours among them", True
        near = difflib.get_close_matches(unknown[0], listed, 1)
        hint = f"; nearest to {unknown[0]} is {near[0]}" if near else ""
        return f"not listed: {', '.join(unknown[:3])}{hint}. Change [{self.name}] symbols", False

    def _fee(self, body: bytes, symbols: tuple[str, ...]) -> tuple[str, bool]:
        """Returns which taker fee is in force here, beside what the venue's list says."""
        ours = next((fee.taker_ppm for fee in self.config.venue_fees if fee.venue == self.name), None)
        try:
            tiers = self.venue.taker_ppm(body, symbols[0]) if body and symbols else ()
        except (ValueError, TypeError, LookupError, RecursionError):
            tiers = ()
        listing = f"its list says {tiers[0][1]} ppm at the lowest volume" if tiers else "its public lists tell no fee"
        entry = f'[[venue_fees]] venue = "{self.name}"'
        if ours is None:
            return f"takers' fee unknown here, so cycles over it are refused; {listing}. Set {entry}", False
        if not tiers:
            return f"takers pay {ours} ppm by the config; {listing}: compare it with your account", True
        at = next((volume for volume, ppm in tiers if ppm == ours), None)
        if at is None:
            return f"takers pay {ours} ppm by the config, but {listing} and has no tier of that. Correct {entry}", False
        return f"takers pay {ours} ppm by the config: its list's tier from a volume of {at:g} on", True

    # Streams

    async def stream(self, probe: Probe, timeout_s: float) -> None:
        """Opens a stream, subscribes one symbol, waits for its data and measures how late that is."""
        await probe.reached()
        limits = msgspec.structs.replace(self.venue.socket, open_timeout_s=timeout_s, ping_interval_s=None)
        with probe.step("open") as found:
            socket = await open_connection(probe.url, limits)
            found.text = "a WebSocket"
        try:
            if not self.table.symbols:
                probe.add("subscribe", f"no symbol to try: set [{self.name}] symbols", ok=False)
                return
            await self._subscribed(probe, socket)
        finally:
            socket.transport.abort()

    async def _subscribed(self, probe: Probe, socket: ClientConnection) -> None:
        symbol = self.table.symbols[0]
        wanted = self.venue.subscriptions((symbol,), self.table.streams or self.venue.streams)
        requests = self.venue.requests("subscribe", wanted, itertools.count(1))
        quotes = {one.key for one in wanted if one.symbol}
        early = b""
        with probe.step("subscribe") as found:
            for request in requests:
                await socket.send(request.message, text=True)
                await asyncio.sleep(self.venue.socket.send_interval_s)
            while True:
                body = await socket.recv(decode=False)
                parsed = self._parsed(body, probe)
                if quotes & {*parsed.data, *parsed.acked} or _answers(parsed, requests, quotes):
                    early = body if quotes & {*parsed.data} else b""
                    break
            found.text = f"{symbol} is acknowledged"
        frames: list[tuple[int, bytes]] = []
        with probe.step("first data") as found:
            while not early:
                body = await socket.recv(decode=False)
                early = body if quotes & {*self._parsed(body, probe).data} else b""
            frames.append((time.time_ns(), early))
            found.text = f"{len(early):,} bytes of {symbol}"
        await self._lag(probe, socket, frames)

    def _parsed(self, body: bytes, probe: Probe) -> ParsedFrame:
        parsed = self.venue.parse(body)
        if parsed.refused is not None:
            why = sanitise(f"{parsed.refused.code} {parsed.refused.reason}".strip(), 80)
            probe.fail(Failed(f"refused: {why}; check [{self.name}] symbols"))
        return parsed

    async def _lag(self, probe: Probe, socket: ClientConnection, frames: list[tuple[int, bytes]]) -> None:
        """Listens for a while: receive time less the venue's, by the venue's clock as it was measured."""
        try:
            async with asyncio.timeout(LAG_S):
                while len(frames) < LAG_FRAMES:
                    body = await socket.recv(decode=False)
                    frames.append((time.time_ns(), body))
        except TimeoutError:
            pass
        await self._measured.wait()
        offset_ns = self._clock.offset_ns
        if offset_ns is None:
            probe.add("lag", "unknown: the venue's clock was not measured")
            return
        late = [(at_ns + offset_ns - venue_ns) / MS for at_ns, body in frames for venue_ns in self._times(body)]
        if not late:
            probe.add("lag", f"unknown: none of {len(frames)} frames carries a time")
            return
        error = self._clock.error_ns / MS
        ok = median(late) - error <= MAX_LAG_MS
        text = f"{median(late):.0f} ms in the middle of {len(late)} frames, to {error:.0f} ms"
        probe.add("lag", text if ok else f"{text}: too late to trade on; look for a nearer machine or line", ok=ok)

    def _times(self, body: bytes) -> list[int]:
        times = []
        plain = self.venue.protocol == "cambist"
        for frame in self.venue.translate(body) if plain else (body,):
            events = _events(f"{self.venue.protocol}.ws", frame)
            times += [at for event in events if (at := getattr(event, "venue_ns", None)) is not None]
        return times


def _events(protocol: str, frame: bytes) -> list[Event]:
    """Returns what a frame says, nothing if it can't be read. No list said here how fine its prices are."""
    for decimals in (DECIMALS, MOST_DECIMALS):
        try:
            return decode_venue(protocol, "", frame, PriceScales(decimals))
        except DecodeError:
            continue
    return []


def _answers(parsed: ParsedFrame, requests: list[Request], keys: set[str]) -> bool:
    return any(parsed.answered == request.number and keys & {*request.keys} for request in requests)
