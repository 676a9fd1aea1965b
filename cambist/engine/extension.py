"""The Rust engine behind the Engine protocol. Importing this raises `ImportError` where it is not built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine import _native
from cambist.engine.protocol import EngineSetup, Ingested, RouteQuote, SlotStanding, StateQuote
from cambist.model.events import BlockError
from cambist.model.ledger import TokenValue

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILD_PROFILE = _native.BUILD_PROFILE


class NativePicture:
    """A picture of `engine_rs`; see `cambist.engine.picture.Picture`. Calls that compute release the GIL."""

    def __init__(self, made: _native.Picture) -> None:
        self._made = made

    @property
    def at(self) -> tuple[int, int]:
        """Seq and receive time of the moment's record."""
        return self._made.at

    @property
    def clock(self) -> tuple[int, int, int] | None:
        """The chain's clock as (slot, unix timestamp, epoch), `None` if it was not told yet."""
        return self._made.clock

    def fees(self) -> bytes:
        """Returns JSON of a `FeesPicture`."""
        return self._made.fees()

    def value(self, mint: str) -> float | None:
        """Returns what a whole token is worth in whole quote tokens, `None` if that is unknown."""
        return self._made.value(mint)

    def pools(self) -> list[str]:
        """Returns the addresses of all pools, in the order of the setup."""
        return self._made.pools()

    def pool(self, address: str) -> bytes:
        """Returns JSON of a `PoolPicture`, or `null` if there is no such pool."""
        return self._made.pool(address)

    def book(self, source: str, depth: int) -> bytes:
        """Returns JSON of a `BookPicture` with at most `depth` levels a side, or `null` if there is no such book."""
        return self._made.book(source, depth)

    def quote(self, name: str, token_in: str, amount_in: int) -> RouteQuote:
        """Returns what a token buys in a pool or a book, as the engine would have quoted that edge."""
        return RouteQuote(*self._made.quote(name, token_in, amount_in))


class NativeEngine:
    """`engine_rs` as an `Engine`. Calls that compute release the GIL."""

    name = "native"

    def __init__(self, setup: EngineSetup) -> None:
        self._engine = _native.Engine(msgspec.json.encode(setup))

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        """Takes FRAME records from `offset` on; see `cambist.engine.protocol.Engine`."""
        try:
            return Ingested(*self._engine.ingest(block, offset, until_ns))
        except _native.BlockError as error:
            raise BlockError(*error.args) from None

    def control(self, block: bytes, offset: int) -> Ingested:
        """Takes one record that is no frame."""
        try:
            return Ingested(*self._engine.control(block, offset))
        except _native.BlockError as error:
            raise BlockError(*error.args) from None

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Quotes edges one after the other at the state as it is."""
        return RouteQuote(*self._engine.quote_route(route, amount_in, now_ns))

    def quote_state(self, route: list[str], amount_in: int, now_ns: int) -> StateQuote:
        """Quotes a route, and says of which slot the state is."""
        return StateQuote(*self._engine.quote_state(route, amount_in, now_ns))

    def watch(self, edges: Sequence[str]) -> None:
        """Lets `ingest` stop after frames that change what is behind these edges."""
        self._engine.watch(edges)

    def slot_standing(self, slot: int) -> SlotStanding:
        """Returns whether a slot is in the chain."""
        return SlotStanding(self._engine.slot_standing(slot))

    def judging_ns(self) -> int:
        """Returns how long it took to judge the last moment."""
        return self._engine.judging_ns()

    def filled(self, route: list[str], amount_in: int, now_ns: int) -> None:
        """Takes over that an order of ours was filled on a route."""
        self._engine.filled(route, amount_in, now_ns)

    def stock(self, venue: str, mint: str, atoms: int, *, moved: bool) -> None:
        """Takes over what we hold of a token at an exchange."""
        self._engine.stock(venue, mint, atoms, moved)

    def sent(self, key: str) -> None:
        """Takes over that an order of ours goes for cycle `key`."""
        self._engine.sent(key)

    def learn(self, key: str, *, landed: bool, took_ns: int | None) -> None:
        """Counts how an order on cycle `key` ended."""
        self._engine.learn(key, landed, took_ns)

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token, in the quote token."""
        self._engine.inject_price(mint, price, now_ns)

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Returns what each gauge (name, mint) shows, `None` where that is unknown."""
        return self._engine.gauges(wanted, now_ns)

    def token_values(
        self, mints: Sequence[str], venues: Sequence[str], max_age_ns: int, now_ns: int
    ) -> list[TokenValue | None]:
        """Returns what a whole one of each token is worth now, `None` where that is unknown."""
        found = self._engine.token_values(mints, venues, max_age_ns, now_ns)
        return [None if each is None else TokenValue(*each) for each in found]

    def unrecorded(self, pools: Sequence[str]) -> list[str]:
        """Returns those of the pools whose account asks for a quote that was never recorded from the program."""
        return self._engine.unrecorded(pools)

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""
        return self._engine.present(now_ns)

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null`."""
        return self._engine.inspect(key, now_ns)

    def inspect_price(self, token: str, now_ns: int) -> bytes:
        """Returns JSON of a `PriceInspection`, or `null`."""
        return self._engine.inspect_price(token, now_ns)

    def inspect_book(self, source: str, depth: int, now_ns: int) -> bytes:
        """Returns JSON of a `BookInspection`, or `null`."""
        return self._engine.inspect_book(source, depth, now_ns)

    def snapshot(self) -> bytes:
        """Returns all state as canonical bytes."""
        return self._engine.snapshot()

    def ask_picture(self) -> None:
        """Asks for a picture newer than the latest one. Waits for nothing."""
        self._engine.ask_picture()

    def picture(self) -> NativePicture | None:
        """Returns the latest picture, `None` before any was made. Waits for nothing."""
        made = self._engine.picture()
        return None if made is None else NativePicture(made)

    def keyframe(self) -> _native.Keyframe:
        """Returns a copy of all state, from which another thread makes the snapshot."""
        return self._engine.keyframe()

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot of either engine. Raises `ValueError` if it isn't one of a known version."""
        self._engine.restore(state)
