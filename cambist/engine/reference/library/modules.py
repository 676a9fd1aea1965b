"""Public calls of single modules, as `engine_rs/src/modules.rs` gives them: for parity tests and the duel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.reference.book.order_book import Continuity, OrderBook, Source, take
from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.solana import decode_solana as solana
from cambist.engine.reference.exchanges import DecodeError, Direction, PriceScales, SolanaSession, canonical, rfc3339_ns
from cambist.engine.reference.exchanges import decode_binance as binance
from cambist.engine.reference.exchanges import decode_okx as okx
from cambist.engine.reference.exchanges import decode_venue as venue
from cambist.engine.reference.exchanges.decimal import DECIMALS, checked_scale
from cambist.engine.reference.exchanges.kraken.checksum import kraken_checksum
from cambist.engine.reference.exchanges.okx.checksum import okx_checksum
from cambist.engine.reference.library import integers
from cambist.engine.reference.library.integers import u64
from cambist.engine.reference.search.cycle_finder import Potentials, find_negative_cycles
from cambist.engine.reference.search.graph import Graph
from cambist.engine.reference.search.log2 import log2_ratio
from cambist.engine.reference.search.multiverse import Params
from cambist.engine.reference.search.multiverse import search as multiverse
from cambist.engine.reference.search.sizing import best_input as sized
from cambist.engine.reference.series import technical
from cambist.engine.reference.venues import named
from cambist.engine.reference.venues.constant_product import exact_in
from cambist.engine.reference.venues.quote_error import QuoteError, RoundingRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.venues.quote import Pool

Edge = tuple[int, int, int | None]
ConstantProduct = tuple[int, int, int, int]
Margin = tuple[int | None, tuple[float, float, float] | None]

rsi = technical.rsi
ema = technical.ema


def base58_encode(key: bytes) -> str:
    """Returns the base58 text of a 32-byte key. Raises `ValueError` for another size."""
    if len(key) != 32:
        message = f"key of {len(key)} bytes"
        raise ValueError(message)
    return base58.encode(key)


def base58_decode(text: str) -> bytes | None:
    """Returns the key of a base58 text, `None` if it is none."""
    return base58.decode(text)


def decode_binance(protocol: str, symbol: str, body: bytes) -> str:
    """Returns canonical JSON of what one exchange frame says. Raises `ValueError` with the decoder's words."""
    return canonical(binance(protocol, symbol, body))


def decode_okx(protocol: str, symbol: str, body: bytes) -> list[str]:
    """Returns canonical JSON of each event of one frame from OKX. Raises `ValueError` with the decoder's words."""
    return [canonical(event) for event in okx(protocol, symbol, body)]


def decode_venue(protocol: str, symbol: str, body: bytes, price_decimals: int = DECIMALS) -> list[str]:
    """Returns canonical JSON of each event of one exchange's frame, whose prices all have so many decimals.

    Raises `ValueError` with the decoder's words.
    """
    scales = PriceScales(checked_scale(price_decimals))
    return [canonical(event) for event in venue(protocol, symbol, body, scales)]


def decode_solana(frames: Sequence[tuple[int, int, bool, bytes]]) -> list[str]:
    """Returns canonical JSON of each event of frames (conn, generation, sent, body), or an unreadable one's error."""
    session, lines = SolanaSession(), []
    for conn, generation, sent, body in frames:
        try:
            events = solana(session, conn, generation, Direction.OUT if sent else Direction.IN, body)
        except DecodeError as error:
            lines.append(str(error))
        else:
            lines += [canonical(event) for event in events]
    return lines


def quote(
    venue: str, accounts: Sequence[bytes], a_to_b: bool, amounts: Sequence[int], time: tuple[int, int, int]
) -> list[tuple[int, int, int] | str]:
    """Returns (amount out, fee, ticks crossed) or a refusal's word for each amount, from raw accounts.

    Raises `ValueError` if an account can't be read or a number is out of range, `TypeError` for what is no integer.
    """
    asked, when = integers.u64s(amounts), integers.chain_time(time)
    pool = _pool(venue, accounts)
    found: list[tuple[int, int, int] | str] = []
    for amount in asked:
        try:
            quoted = pool.quote(a_to_b, amount, when)
        except QuoteError as error:
            found.append(str(error))
        else:
            found.append((quoted.amount_out, quoted.fee, quoted.ticks_crossed))
    return found


def pool_weights(venue: str, accounts: Sequence[bytes], time: tuple[int, int, int]) -> list[Margin]:
    """Returns −log2 of the marginal rate in 2⁻⁴⁰ units and the virtual reserves, each for selling A and selling B.

    Raises as `quote` does.
    """
    when = integers.chain_time(time)
    pool = _pool(venue, accounts)
    return [(pool.weight(a_to_b, when), pool.virtual_reserves(a_to_b, when)) for a_to_b in (True, False)]


def _pool(venue: str, accounts: Sequence[bytes]) -> Pool:
    row = named(venue)
    pool = None if row is None or row.curve is None else row.curve.from_raw(accounts)
    if pool is None:
        message = f"{venue} of {len(accounts)} accounts"
        raise ValueError(message)
    return pool


def _graph(edges: Sequence[Edge]) -> Graph:
    graph = Graph()
    for node in range(max((max(tail, head) + 1 for tail, head, _ in edges), default=0)):
        graph.add_node(str(node))
    for at, (tail, head, weight) in enumerate(edges):
        graph.set_weight(graph.add_edge(tail, head, f"{at // 2}:{at % 2}"), weight)
    return graph


def cycle_keys(edges: Sequence[Edge], cycles: Sequence[Sequence[int]]) -> list[tuple[str, int | None]]:
    """Returns (canonical key, total weight) of cycles in a graph made of these edges. Raises `ValueError`."""
    graph = _graph(edges)
    for cycle in cycles:
        for edge in cycle:
            if edge >= len(edges):
                message = f"edge was {edge}"
                raise ValueError(message)
    return [(graph.cycle_key(cycle), graph.total(cycle)) for cycle in cycles]


def find_cycles(edges: Sequence[Edge]) -> list[list[int]]:
    """Returns negative cycles of the whole graph. Raises `ValueError`."""
    return [list(cycle) for cycle in find_negative_cycles(_graph(edges))]


def search(
    edges: Sequence[Edge], touched: Sequence[int], max_hops: int, keep: int, budget_edges: int, margin: int
) -> tuple[list[tuple[list[int], int]], int, bool]:
    """Returns the best cycles (edges, weight) through touched edges, edges expanded, whether the budget cut it."""
    graph = _graph(edges)
    for edge in touched:
        if edge >= len(edges):
            message = f"edge was {edge}"
            raise ValueError(message)
    potentials, _ = Potentials.cold(graph)
    found, work = multiverse(graph, potentials, touched, Params(max_hops, keep, budget_edges, margin))
    return [(list(each.edges), each.weight) for each in found], work.expanded, work.cut


class _Products:
    def __init__(self, hops: Sequence[ConstantProduct]) -> None:
        self._hops = hops

    def __len__(self) -> int:
        return len(self._hops)

    def quote(self, hop: int, amount_in: int) -> int | None:
        reserve_in, reserve_out, num, den = self._hops[hop]
        try:
            return exact_in((reserve_in, reserve_out), (num, den), amount_in, RoundingRule.TRUE_CEIL)[0]
        except QuoteError:
            return None

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        reserve_in, reserve_out, num, den = self._hops[hop]
        return None if num > den or den == 0 else (float(reserve_in), float(reserve_out), float(den - num) / float(den))


def best_input(hops: Sequence[ConstantProduct], cap: int, minimum: int) -> tuple[int, int, int, str] | None:
    """Returns (amount in, amount out, evaluations, what binds) of the best input into a chain of constant products.

    `None` if no input could be quoted, as through a fee of nothing in nothing. Raises as `quote` does.
    """
    chain = [(u64(put), u64(held), u64(num), u64(den)) for put, held, num, den in hops]
    best = sized(_Products(chain), u64(cap), u64(minimum))
    return None if best is None else (best.amount_in, best.amount_out, best.evaluations, best.binds)


def replay_book(frames: Sequence[tuple[str, bytes]], symbol: str) -> str:
    """Returns JSON of the book that frames (protocol, body) of one symbol build. Raises `ValueError`.

    All of them are of one venue: the first one's protocol says whose rules they follow.
    """
    book = OrderBook(Continuity.of(frames[0][0] if frames else ""))
    for recv_ns, (protocol, body) in enumerate(frames):
        for event in venue(protocol, symbol, body):
            take(book, event, Source.of(protocol), recv_ns)
    return msgspec.json.encode(book.parts()).decode()


def bollinger(values: Sequence[float], period: int, width: float) -> list[tuple[float, float, float] | None]:
    """Returns the Bollinger bands (low, middle, high) after each value."""
    found = technical.bollinger(values, period, width)
    return [None if bands is None else (bands.low, bands.middle, bands.high) for bands in found]


__all__ = [
    "base58_decode",
    "base58_encode",
    "best_input",
    "bollinger",
    "cycle_keys",
    "decode_binance",
    "decode_okx",
    "decode_solana",
    "decode_venue",
    "ema",
    "find_cycles",
    "kraken_checksum",
    "log2_ratio",
    "okx_checksum",
    "quote",
    "replay_book",
    "rfc3339_ns",
    "rsi",
    "search",
]
