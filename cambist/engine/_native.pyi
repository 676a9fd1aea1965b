"""What the Rust extension gives. Every call has a twin in `cambist.engine.reference`; names there say where."""

from collections.abc import Callable, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

BUILD_PROFILE: str
"""`release` or `debug`."""

_Done = tuple[int, int, bytes, int, bytes, bytes, int | None, bytes]

class BlockError(ValueError):
    """A damaged block; `args` are its offset and why."""

@final
class Engine:
    """The engine of `engine_rs`. One call at a time; the GIL is released while it computes."""

    def __new__(cls, setup: bytes) -> Engine:
        """Takes JSON of an `EngineSetup`. Raises `ValueError` if it is none."""

    def ingest(self, block: bytes, offset: int, until_ns: int) -> _Done:
        """Returns (offset, records, decisions, go, needs, ends, watched). Raises `BlockError`."""

    def control(self, block: bytes, offset: int) -> _Done:
        """Returns the same for one record that is no frame. Raises `BlockError`."""

    def quote_route(self, route: Sequence[str], amount_in: int, now_ns: int) -> tuple[int, str]:
        """Returns (amount out, reason)."""

    def quote_state(self, route: Sequence[str], amount_in: int, now_ns: int) -> tuple[int, int, int, str]:
        """Returns (newest slot, slot of the state, amount out, reason)."""

    def watch(self, edges: Sequence[str]) -> None:
        """Lets `ingest` stop after frames that change what is behind these edges."""

    def slot_standing(self, slot: int) -> str:
        """Returns `unknown`, `stands`, `fallen` or `final`."""

    def judging_ns(self) -> int:
        """Returns how long it took to judge the last moment."""

    def filled(self, route: Sequence[str], amount_in: int, now_ns: int) -> None:
        """Takes over that an order of ours was filled on a route."""

    def stock(self, venue: str, mint: str, atoms: int, moved: bool) -> None:
        """Takes over what we hold of a token at an exchange."""

    def sent(self, key: str) -> None:
        """Takes over that an order of ours goes for a cycle."""

    def learn(self, key: str, landed: bool, took_ns: int | None) -> None:
        """Counts how an order on a cycle ended, and how long it took until it landed."""

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token."""

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Returns what each gauge (name, mint) shows, `None` where that is unknown."""

    def token_values(
        self, mints: Sequence[str], venues: Sequence[str], max_age_ns: int, now_ns: int
    ) -> list[tuple[float, str, int] | None]:
        """Returns (price, venue, age in ns) of each token, `None` where that is unknown."""

    def unrecorded(self, pools: Sequence[str]) -> list[str]:
        """Returns those of the pools whose account asks for a quote that was never recorded from the program."""

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null`."""

    def inspect_book(self, source: str, depth: int, now_ns: int) -> bytes:
        """Returns JSON of a `BookInspection`, or `null`."""

    def inspect_price(self, token: str, now_ns: int) -> bytes:
        """Returns JSON of a `PriceInspection`, or `null`."""

    def snapshot(self) -> bytes:
        """Returns all state as canonical bytes."""

    def ask_picture(self) -> None:
        """Asks for a picture newer than the latest one. Waits for nothing."""

    def picture(self) -> Picture | None:
        """Returns the latest picture, `None` before any was made. Waits for nothing."""

    def keyframe(self) -> Keyframe:
        """Returns a copy of all state, from which any thread makes the snapshot. Keeps the GIL."""

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot. Raises `ValueError`."""

@final
class Picture:
    """The market as it was at a moment. The GIL is released while it computes."""

    @property
    def at(self) -> tuple[int, int]:
        """Seq and receive time of the moment's record."""

    @property
    def clock(self) -> tuple[int, int, int] | None:
        """The chain's clock as (slot, unix timestamp, epoch), `None` if it was not told yet."""

    def fees(self) -> bytes:
        """Returns JSON of a `FeesPicture`."""

    def value(self, mint: str) -> float | None:
        """Returns what a whole token is worth in whole quote tokens, `None` if that is unknown."""

    def pools(self) -> list[str]:
        """Returns the addresses of all pools, in the order of the setup."""

    def pool(self, address: str) -> bytes:
        """Returns JSON of a `PoolPicture`, or `null`."""

    def book(self, source: str, depth: int) -> bytes:
        """Returns JSON of a `BookPicture`, or `null`."""

    def quote(self, name: str, token_in: str, amount_in: int) -> tuple[int, str]:
        """Returns (amount out, reason)."""

@final
class Keyframe:
    """An engine's state as it was when it was taken."""

    def encode(self) -> bytes:
        """Returns the snapshot that the engine would have given then. The GIL is released meanwhile."""

# Single modules, for parity tests and the duel.

_Edge = tuple[int, int, int | None]
"""(tail, head, weight); edges come in pairs, the two directions of one pool."""

def base58_encode(key: bytes) -> str:
    """Returns the base58 text of a 32-byte key. Raises `ValueError` for another size."""

def base58_decode(text: str) -> bytes | None:
    """Returns the key of a base58 text, `None` if it is none."""

def log2_ratio(num: int, den: int) -> int | None:
    """Returns log2 of a ratio in fixed point, `None` if a side is 0."""

def decode_binance(protocol: str, symbol: str, body: bytes) -> str:
    """Returns canonical JSON of what one exchange frame says. Raises `ValueError` with the decoder's words."""

def decode_venue(protocol: str, symbol: str, body: bytes, price_decimals: int = 8) -> list[str]:
    """Returns canonical JSON of each event of one exchange's frame, whose prices all have so many decimals.

    Raises `ValueError` with the decoder's words.
    """

def kraken_checksum(
    bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], price_decimals: int, quantity_decimals: int
) -> int:
    """Returns the CRC-32 of the best 10 levels of each side: asks, then bids, of each its price, then its quantity.

    Levels are (price, quantity) × 10⁸, best first; the decimals are those that the venue writes.
    """

def rfc3339_ns(text: str) -> int | None:
    """Returns nanoseconds since 1970 of a time like `2026-11-21T12:00:00.1Z`, `None` if it isn't one or doesn't fit."""

def decode_okx(protocol: str, symbol: str, body: bytes) -> list[str]:
    """Returns canonical JSON of each event of one frame from OKX. Raises `ValueError` with the decoder's words."""

def okx_checksum(bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]) -> int:
    """Returns the signed CRC-32 of the best 25 levels of each side, a bid and an ask in turn, as `px:sz:px:sz:…`.

    Levels are (price, quantity) × 10⁸, best first; when one side runs out the other goes on alone.
    """

def decode_solana(frames: Sequence[tuple[int, int, bool, bytes]]) -> list[str]:
    """Returns canonical JSON of each event of frames (conn, generation, sent, body), or an unreadable one's error."""

def quote(
    venue: str,
    accounts: Sequence[bytes],
    a_to_b: bool,
    amounts: Sequence[int],
    time: tuple[int, int, int],
) -> list[tuple[int, int, int] | str]:
    """Returns (amount out, fee, ticks crossed) or a refusal's word for each amount, from raw accounts.

    `ray4`, `saber`: pool, vault, vault. `cpmm`: pool, config, vault, vault, mint, mint. `orca`: pool, oracle (or
    empty), mint, mint, tick arrays. `damm2`: pool, mint, mint. `dlmm`: address, pair, bitmap extension (or empty),
    mint, mint, bin arrays. `time` is (slot, unix timestamp, epoch). Raises `ValueError` if an account can't be read or
    a number is out of range, `TypeError` for what is no integer.
    """

def pool_weights(
    venue: str, accounts: Sequence[bytes], time: tuple[int, int, int]
) -> list[tuple[int | None, tuple[float, float, float] | None]]:
    """Returns −log2 of the marginal rate and the virtual reserves, for selling A and selling B; accounts as in `quote`.

    Weights are in 2⁻⁴⁰ units; reserves are (in, out, share kept). Raises as `quote` does.
    """

def cycle_keys(edges: Sequence[_Edge], cycles: Sequence[Sequence[int]]) -> list[tuple[str, int | None]]:
    """Returns (canonical key, total weight) of cycles in a graph made of these edges. Raises `ValueError`."""

def find_cycles(edges: Sequence[_Edge]) -> list[list[int]]:
    """Returns negative cycles of the whole graph. Raises `ValueError`."""

def search(
    edges: Sequence[_Edge], touched: Sequence[int], max_hops: int, keep: int, budget_edges: int, margin: int
) -> tuple[list[tuple[list[int], int]], int, bool]:
    """Returns the best cycles (edges, weight) through touched edges, edges expanded, whether the budget cut it."""

def best_input(hops: Sequence[tuple[int, int, int, int]], cap: int, minimum: int) -> tuple[int, int, int, str] | None:
    """Returns (amount in, amount out, evaluations, what binds) of the best input into a chain of constant products.

    A hop is (reserve in, reserve out, fee numerator, fee denominator). Raises as `quote` does.
    """

def replay_book(frames: Sequence[tuple[str, bytes]], symbol: str) -> str:
    """Returns JSON of the book that frames (protocol, body) of one symbol build. Raises `ValueError`."""

def rsi(prices: Sequence[float], period: int) -> list[float | None]:
    """Returns the relative strength index after each price."""

def ema(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the exponential moving average after each value."""

def bollinger(values: Sequence[float], period: int, width: float) -> list[tuple[float, float, float] | None]:
    """Returns the Bollinger bands (low, middle, high) after each value."""

# Plumbing: keys, program-derived addresses.

def base58_encode_many(packed: bytes, size: int) -> list[str]:
    """Returns the base58 text of each key (`size` 32) or signature (64) of packed bytes. Raises `ValueError`."""

def base58_decode_many(texts: Sequence[str], size: int) -> bytes:
    """Returns the keys (`size` 32) or signatures (64) of base58 texts, end to end. Raises `ValueError`."""

def is_on_curve(key: bytes) -> bool:
    """Returns whether a 32-byte key is a point of ed25519. Raises `ValueError` for another size."""

def pda_create(seeds: Sequence[bytes], program: bytes) -> bytes:
    """Returns the address of a program's seeds, the bump among them. Raises `ValueError`."""

def pda_find(seeds: Sequence[bytes], program: bytes) -> tuple[bytes, int]:
    """Returns the address of a program's seeds and the highest bump that leaves the curve. Raises `ValueError`."""

def pda_find_many(wanted: Sequence[tuple[bytes, Sequence[bytes]]]) -> list[tuple[bytes, int]]:
    """Returns address and bump of each (program, seeds). Raises `ValueError` with the place of the first refused."""

@final
class PdaCache:
    """Addresses derived once: a bounded table, the oldest entry leaves first."""

    def __new__(cls, capacity: int = ...) -> PdaCache:
        """Makes an empty cache of at most `capacity` addresses. Raises `ValueError` if it is 0."""

    def __len__(self) -> int:
        """Returns how many addresses are here."""

    def find(self, seeds: Sequence[bytes], program: bytes) -> tuple[bytes, int]:
        """Returns address and bump, derived only if they aren't here yet. Raises `ValueError`."""

    def warm(self, pairs: Sequence[tuple[bytes, bytes]]) -> int:
        """Derives the pool addresses of the first 500 pairs; returns how many were new. Raises `ValueError`."""

    def counts(self) -> tuple[int, int, int]:
        """Returns how often an address was here, was not, and had to leave for a newer one."""

# Series over numpy arrays; see `cambist.engine.series`. Arrays must be contiguous. A matrix is one series, or one per
# row, in any number of dimensions; results have its shape. NaN where there is none.

_Floats = NDArray[np.float64]

def rsi_array(prices: _Floats, length: int) -> _Floats:
    """Returns the relative strength index after each price of each row. Raises `ValueError`."""

def rsi_of_oldest(prices: _Floats, length: int) -> float | None:
    """Returns the index of the list's first changes, as the system before this one showed it. Raises `ValueError`."""

def ema_array(values: _Floats, length: int) -> _Floats:
    """Returns the exponential moving average after each value of each row. Raises `ValueError`."""

def bollinger_array(values: _Floats, length: int, width: float) -> tuple[_Floats, _Floats, _Floats]:
    """Returns the low, middle and high Bollinger band after each value of each row. Raises `ValueError`."""

def kama_array(prices: _Floats, length: int, fast: int, slow: int) -> _Floats:
    """Returns Kaufman's average by periods after each price of each row. Raises `ValueError`."""

def fixed_kama_array(prices: _Floats, length: int) -> _Floats:
    """Returns Kaufman's average with the trend system's constants, for each price of each row. Raises `ValueError`."""

def average_array(name: str, values: _Floats, length: int) -> _Floats:
    """Returns an average after each value of each row; `name` is `sma`, `wma`, `dema`, `lsma` or `hma`.

    Raises `ValueError`.
    """

def macd_array(values: _Floats, fast: int, slow: int, signal: int) -> tuple[_Floats, _Floats, _Floats]:
    """Returns (line, signal, histogram) after each value of each row. Raises `ValueError`."""

def atr_array(high: _Floats, low: _Floats, close: _Floats, length: int) -> _Floats:
    """Returns the average true range after each bar. Raises `ValueError`."""

def vwap_array(prices: _Floats, volumes: _Floats) -> _Floats:
    """Returns the volume-weighted average price after each trade. Raises `ValueError`."""

def equity_array(r_values: _Floats, sig_prev: _Floats, starting_equity: float, decay: float, cutout: int) -> _Floats:
    """Returns equity after each return. Raises `ValueError`."""

def up_down_array(up: NDArray[np.bool_], down: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Returns the side of the last event after each bar. Raises `ValueError`."""

def runs_array(signals: NDArray[np.int32], min_persistence: int, max_gap: int, causal: bool) -> NDArray[np.int8]:
    """Returns the sign of the run that each bar is part of; `causal` leaves out what later bars would tell.

    Raises `ValueError`.
    """

def merkle_root(scheme: str, items: Sequence[bytes]) -> bytes:
    """Returns the root of the tree over items; `scheme` is sorted, ordered or shred. Raises `ValueError`."""

def merkle_prove(scheme: str, items: Sequence[bytes], indices: Sequence[int]) -> list[list[bytes]]:
    """Returns the proof of each leaf of one tree, siblings from the bottom up. Raises `ValueError`."""

def merkle_verify(scheme: str, item: bytes, index: int, leaves: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Returns whether `item` is leaf `index` of the tree of `leaves` items with this root. Raises `ValueError`."""

def merkle_verify_claim(claim: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Returns whether a distributor with this root pays `claim`. Raises `ValueError`."""

def merkle_tip_claim(claimant: bytes, amount: int) -> bytes:
    """Returns the item that stands for a claim on a tip distribution, in lamports. Raises `ValueError`."""

def merkle_distributor_claim(claimant: bytes, unlocked: int, locked: int) -> bytes:
    """Returns the item that stands for a claim on a token distributor, in atoms. Raises `ValueError`."""

def stable_swap(
    account: bytes, reserves: tuple[int, int], a_to_b: bool, amounts: Sequence[int], now: int
) -> list[tuple[int, int, int, int, int, int] | str]:
    """Returns (amount in, amount out, fee, admin fee, reserves in and out after it), or a refusal's word, each.

    `account` is a Saber pool, `reserves` its vaults' balances (A, B), `now` Unix seconds. Raises as `quote` does.
    """

def damm_v2(
    account: bytes, mode: str, a_to_b: bool, amounts: Sequence[int], time: tuple[int, int]
) -> list[tuple[int, int, int, int, int, int, tuple[int, int] | None, tuple[int, int, int, int] | None] | str]:
    """Returns a quote or a refusal's word for each amount, from a DAMM v2 pool's bytes.

    A quote is (amount in, amount out, fee, protocol fee, left, √price after, token amounts after, (last update, √price
    reference, volatility accumulator, volatility reference) after). `mode` is `in`, `partial` or `out`, `time` (slot,
    Unix seconds). Raises as `quote` does, and `ValueError` for another mode.
    """

@final
class WssAggregator:
    """Merges endpoints; see `cambist.engine.reference.aggregate.wss_aggregator`, whose verdicts it gives as numbers."""

    def __new__(cls, window: int = ...) -> WssAggregator: ...
    def signature(self, endpoint: int, signature: bytes, failed: bool, at_ns: int) -> int: ...
    def signatures(self, endpoint: int, signatures: bytes, failed: bytes, at_ns: int) -> bytes: ...
    def account(
        self,
        endpoint: int,
        account: bytes,
        slot: int,
        write_version: int | None,
        lamports: int,
        data: bytes,
        at_ns: int,
    ) -> int: ...
    def sequence(self, endpoint: int, stream: int, sequence: int) -> int: ...
    def disconnected(self, endpoint: int) -> None: ...
    def restarted(self, stream: int) -> None: ...
    def forget(self, account: bytes) -> None: ...
    def stats(self, endpoint: int) -> tuple[int, int, int, int, int, int, int, int, int, int, int]: ...

def dlmm_bin_price(bin_id: int, bin_step: int) -> int:
    """Returns the price of a bin, Q64.64 atoms of Y per atom of X. Raises as `quote` does, and `ValueError`."""

def dlmm_swaps(
    address: bytes,
    accounts: Sequence[bytes],
    amounts: Sequence[int],
    *,
    exact_in: bool,
    x_to_y: bool,
    now: int,
    slot: int,
) -> list[tuple[int, int, int, int, int, int, tuple[int, int, int, int], list[tuple[int, int, int, int, int]]] | str]:
    """Returns what each amount, swapped alone, moves and leaves, or a refusal's word.

    See `cambist.engine.reference.library.bins`. Raises as `quote` does.
    """

def score_signals(
    config: tuple[float, float, float, float, float, float],
    tokens: Sequence[tuple[bool, bool, float, float, float, float, float, float, float]],
) -> tuple[list[tuple[int, float, float, float, float, bool]], list[int]]:
    """Returns a judgement for each token, and how many ended at each reason; see `reference.library.signal_scorer`."""

def detect_spreads(
    tokens: Sequence[Sequence[tuple[str, float, float | None]]],
    config: tuple[float, float, float, float, float, float, float, bool, bool],
) -> list[
    tuple[int, int, float, float, float, tuple[float, float, float, float, float, float], float, float, int] | None
]:
    """Returns the spread of each token, `None` where there is none; see `reference.library.spread`."""

# On-chain order books and wallets; the fields are named in the reference's `slab_decoder` and `balance_scanner`.

def decode_books(
    venue: str, accounts: Sequence[bytes], time: tuple[int, int] = ..., oracle_price_lots: int | None = None
) -> list[
    tuple[
        list[tuple[str, list[tuple[int, int, int, bytes, int]], list[tuple[int, int, int]]]],
        list[tuple[str, int]],
    ]
    | str
]:
    """Returns (sides, skipped) of each account, or the words of its error."""

def decode_markets(
    venue: str, accounts: Sequence[bytes]
) -> list[tuple[bytes, bytes, bytes, bytes, bytes | None, bytes | None, int, int, int | None, int] | str]:
    """Returns the fields of each market, or the words of its error."""

def lots_to_atoms(base_lot: int, quote_lot: int, levels: Sequence[tuple[int, int]]) -> list[tuple[int, int] | str]:
    """Returns (base atoms, quote atoms) of each (price, quantity) in lots, or why it can't be told."""

def scan_wallet(
    wallet: bytes,
    accounts: Sequence[tuple[bytes, bytes, int, bytes]],
    mints: Sequence[tuple[bytes, bytes]],
    epoch: int,
) -> tuple[
    int | None,
    list[
        tuple[
            bytes,
            bytes,
            bytes,
            bytes,
            int,
            bool,
            bytes | None,
            int,
            int | None,
            int | None,
            bytes | None,
            int,
            list[int],
        ]
    ],
    list[tuple[bytes, bytes, int | None, int, int, int, int, int, int, int, int | None]],
    list[tuple[bytes, str, str]],
    list[tuple[str, int]],
]:
    """Returns what a wallet holds: (lamports, holdings, balances, skipped, counts of skips)."""

@final
class IndicatorTable:
    """Figures of many tokens; see `reference.series.indicator_table`. `out` is six rows, a column per token."""

    def __new__(
        cls,
        tokens: int,
        *,
        rsi: int = 14,
        ema: int = 20,
        bands: int = 20,
        width: float = 2.0,
        kama: int = 10,
        fast: int = 2,
        slow: int = 30,
    ) -> IndicatorTable: ...
    @property
    def tokens(self) -> int: ...
    def ignored(self, token: int) -> int: ...
    def update(self, token: int, price: float) -> tuple[float, float, float, float, float, float]: ...
    def tick(self, prices: NDArray[np.float64], out: NDArray[np.float64]) -> None: ...

# Graphs of pools, columns of quotes and sizes, scans of a market, frames to state; the reference's modules of the same
# names say what each does.

@final
class PoolGraph:
    """Pools by number, tokens by number; see `reference.search.pool_graph`."""

    def __new__(cls, tails: NDArray[np.uint32], heads: NDArray[np.uint32]) -> PoolGraph: ...
    def negative_cycle(self, weights: NDArray[np.int64]) -> list[int] | None:
        """Returns one negative cycle, `None` if and only if there is none. Raises `ValueError`."""

    def cycles_through(
        self, weights: NDArray[np.int64], base: int, max_hops: int, keep: int, margin: int
    ) -> tuple[list[int], list[tuple[list[int], int]]]:
        """Returns (how many cycles of 2, 3, … hops there are, the best). Raises `ValueError`."""

    def load(self, weights: NDArray[np.int64]) -> None:
        """Loads all weights, and potentials from nothing. Raises `ValueError`."""

    def move(self, pool: int, sell: int | None, buy: int | None) -> list[int] | None:
        """Moves a pool; returns a negative cycle, `None` if there is none. Raises `ValueError`."""

    def search(
        self, pool: int, max_hops: int, keep: int, budget_edges: int, margin: int
    ) -> tuple[list[tuple[list[int], int]], int, bool]:
        """Returns (the best cycles through a pool, edges expanded, whether the budget cut it). Raises `ValueError`."""

@final
class BookStream:
    """The book of one symbol, frame by frame; see `reference.library.streams`."""

    def __new__(cls, protocol: str, symbol: str, price_decimals: int = 8) -> BookStream: ...
    def take(self, body: bytes) -> bool:
        """Takes a frame; false if it says nothing of the book. Raises `ValueError` with the decoder's words."""

    def best(self) -> tuple[int, int, int, int] | None:
        """Returns (bid, quantity, ask, quantity), quantities × 10⁸; `None` while empty or not to be trusted."""

    def parts(self) -> str:
        """Returns JSON of the book."""

@final
class AccountStream:
    """What one connection of a node told of accounts; see `reference.library.streams`."""

    def __new__(cls) -> AccountStream: ...
    def take(self, body: bytes, *, sent: bool = False) -> int:
        """Takes a frame; returns how many accounts it told of. Raises `ValueError` with the decoder's words."""

    def account(self, key: bytes) -> tuple[int, int, bytes, bytes] | None:
        """Returns (slot, lamports, owner, data), `None` if nothing was told of the account."""

def constant_product(
    amounts_in: NDArray[np.uint64],
    reserves_in: NDArray[np.uint64],
    reserves_out: NDArray[np.uint64],
    fee: tuple[int, int],
) -> NDArray[np.uint64]:
    """Returns what each pool pays for its amount, 0 where nothing is paid. Raises `ValueError`."""

def optimal_input(hops: Sequence[tuple[float, float, float]]) -> float:
    """Returns the input that earns most in a chain of (reserve in, reserve out, share kept), 0 if none earns."""

def optimal_inputs(
    reserves_in: NDArray[np.float64], reserves_out: NDArray[np.float64], keeps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns the same of many chains; columns are a row for each hop, a column for each chain. Raises `ValueError`."""

def scan_pools(
    tails: NDArray[np.uint32],
    heads: NDArray[np.uint32],
    reserves_a: NDArray[np.uint64],
    reserves_b: NDArray[np.uint64],
    fee: tuple[int, int],
    bases: Sequence[tuple[int, int, int]],
    max_hops: int,
    keep: int,
    budget_edges: int,
    gates: bytes,
) -> tuple[list[tuple[list[int], int, int, int, int | None, bool, str, int | None]], int, bool]:
    """Returns (gaining cycles sized and decided on, edges expanded, whether the budget cut it).

    `gates` is JSON of `Gates`. Raises `ValueError`.
    """

# Operator rules; see the reference's `jit_compiler`.

@final
class Rule:
    """A checked rule that can be asked."""

    @property
    def fields(self) -> list[str]:
        """Names of the inputs, in order."""

    @property
    def native(self) -> bool:
        """Whether it is machine code."""

    def evaluate(self, values: Sequence[float]) -> bool | None:
        """Returns whether the rule holds, `None` where that is unknown. Raises `ValueError`."""

    def evaluate_batch(self, rows: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Returns 0 (false), 1 (unknown) or 2 (true) for each row of a contiguous matrix. Raises `ValueError`."""

def compile_rule(text: str, symbols: Sequence[str], *, native: bool = True) -> Rule:
    """Returns a rule that may name `symbols`; interpreted unless `native`. Raises `ValueError` at the column."""

def score_columns(
    columns: NDArray[np.int64], gates: bytes
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint32], NDArray[np.int8], NDArray[np.int64]]:
    """Returns the decision on each row of thirteen columns; `gates` is JSON of `Gates`. Raises `ValueError`."""

def estimate_trades(
    venues: NDArray[np.int64],
    ticks: NDArray[np.int64],
    flags: NDArray[np.int64],
    gross: NDArray[np.int64],
    price: int | None,
    bidding: bytes,
) -> list[NDArray[np.int64]]:
    """Returns compute-unit limit, base fee, priority fee and tip of each trade. Raises `ValueError`."""

def swap_cu(venue: str, ticks_crossed: int, token_2022: bool, adaptive: bool) -> int | None:
    """Returns the compute units of one swap; see `reference.fees.cost`."""

def token_account_rent(extensions: list[int], token_2022: bool) -> int:
    """Returns the lamports that make a token account of a mint rent-exempt; see `reference.fees.cost`."""

def consumed_units(logs: list[str]) -> int:
    """Returns the compute units that a transaction's own instructions consumed; see `reference.fees.sources`."""

def decode_tip_floor(body: bytes) -> str:
    """Returns canonical JSON of a tip floor. Raises `ValueError`."""

def origin_units(signers: int, accounts: int, operations: list[str], margin_percent: int) -> int | None:
    """Returns the origin's estimate of compute units; see `reference.fees.origin`."""

def origin_priority_sol(samples: list[int]) -> int:
    """Returns the origin's priority fee in lamports."""

def origin_tip(lags_ms: list[int]) -> int:
    """Returns the origin's tip by the lags of the last fills."""

def is_tip_worth(tip: int, profit: int) -> bool:
    """Returns whether there is a profit and a tip is at most half of it."""

def learned_tip_share(share_ppm: int, inclusion_ppm: int, success_ppm: int, samples: int) -> int:
    """Returns the origin's learned share of the profit to tip, in ppm."""

def multi_hop_tip(legs: int, congestion_ppm: int, profit: int, compat_floor: bool) -> int | None:
    """Returns the tip of several hops, `None` where half the profit is less than the origin's least tip."""

# Instructions, messages and transactions; structures are the named tuples of `reference.venues.instructions`.

@final
class Instruction:
    """A call of a program."""

    def __new__(cls, program: bytes, accounts: Sequence[tuple[bytes, bool, bool]], data: bytes) -> Instruction: ...
    @property
    def program(self) -> bytes: ...
    @property
    def accounts(self) -> tuple[tuple[bytes, bool, bool], ...]:
        """Returns (key, signer, writable) of each account."""
    @property
    def data(self) -> bytes: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class LookupTable:
    """A lookup table: addresses that a message names by their place in it."""

    def __new__(cls, key: bytes, addresses: Sequence[bytes]) -> LookupTable: ...
    @staticmethod
    def decode(key: bytes, data: bytes, slot: int) -> LookupTable:
        """Returns the table in an account's bytes, as a transaction of `slot` may use it. Raises `ValueError`."""

@final
class Message:
    """A message, ready to be signed."""

    @property
    def data(self) -> bytes:
        """Returns what each signer signs."""
    @property
    def signers(self) -> tuple[bytes, ...]:
        """Returns who must sign, the payer first, in the order of the signatures."""
    def transaction(self, signatures: Sequence[bytes]) -> bytes:
        """Returns the bytes of the transaction with these signatures, one for each signer. Raises `ValueError`."""

def compile_v0(
    payer: bytes,
    instructions: Sequence[Instruction],
    tables: Sequence[LookupTable],
    blockhash: bytes,
    pinned: Sequence[bytes] = ...,
) -> Message:
    """Returns a version 0 message; accounts in `pinned` are never read from a table. Raises `ValueError`."""

def compile_legacy(payer: bytes, instructions: Sequence[Instruction], blockhash: bytes) -> Message:
    """Returns a legacy message. Raises `ValueError`."""

def raydium_v4_swap(
    pool: Sequence[bytes], market: Sequence[bytes | None] | None, user: Sequence[bytes], amounts: tuple[bool, int, int]
) -> Instruction:
    """Returns a swap on AMM v4: with a market the older one, without one the newer. Raises `ValueError`."""

def cpmm_swap(
    pool: Sequence[bytes], user: Sequence[bytes], amounts: tuple[bool, int, int], *, zero_for_one: bool
) -> Instruction:
    """Returns a swap on CPMM. Raises `ValueError`."""

def clmm_swap(
    pool: Sequence[bytes | None],
    tick_arrays: Sequence[bytes],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    sqrt_price_limit: int,
    *,
    zero_for_one: bool,
) -> Instruction:
    """Returns the older swap on CLMM. Raises `ValueError`."""

def clmm_swap_v2(
    pool: Sequence[bytes | None],
    tick_arrays: Sequence[bytes],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    sqrt_price_limit: int,
    *,
    zero_for_one: bool,
) -> Instruction:
    """Returns the newer swap on CLMM. Raises `ValueError`."""

def whirlpool_swap(
    pool: Sequence[bytes],
    tick_arrays: Sequence[bytes],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    sqrt_price_limit: int,
    *,
    a_to_b: bool,
    is_adaptive: bool,
) -> Instruction:
    """Returns the older swap on a Whirlpool. Raises `ValueError`."""

def whirlpool_swap_v2(
    pool: Sequence[bytes],
    tick_arrays: Sequence[bytes],
    supplemental: Sequence[bytes],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    sqrt_price_limit: int,
    *,
    a_to_b: bool,
) -> Instruction:
    """Returns the newer swap on a Whirlpool. Raises `ValueError`."""

def dlmm_swap(
    pair: Sequence[bytes | None], bin_arrays: Sequence[bytes], user: Sequence[bytes], amounts: tuple[bool, int, int]
) -> Instruction:
    """Returns the older swap on DLMM. Raises `ValueError`."""

def dlmm_swap2(
    pair: Sequence[bytes | None], bin_arrays: Sequence[bytes], user: Sequence[bytes], amounts: tuple[bool, int, int]
) -> Instruction:
    """Returns the newer swap on DLMM. Raises `ValueError`."""

def damm_v2_swap(pool: Sequence[bytes | None], user: Sequence[bytes], amounts: tuple[bool, int, int]) -> Instruction:
    """Returns the older swap on DAMM v2. Raises `ValueError`."""

def damm_v2_swap2(
    pool: Sequence[bytes | None],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    *,
    partial: bool,
    limited: bool = ...,
) -> Instruction:
    """Returns the newer swap on DAMM v2. Raises `ValueError`."""

def saber_swap(
    pool: Sequence[bytes], user: Sequence[bytes], amounts: tuple[bool, int, int], *, a_to_b: bool
) -> Instruction:
    """Returns a swap of an exact amount in on a Saber pool. Raises `ValueError`."""

def pump_accounts(
    pool: tuple[bytes, ...], owner: bytes, *, is_cashback_coin: bool
) -> tuple[tuple[bytes, ...], bytes, bytes, bytes, bytes, bytes | None, bytes | None, bytes]:
    """Returns `PumpAccounts` of `owner`'s swaps: a few derivations. Raises `ValueError`."""

def pump_swap(
    accounts: tuple[tuple[bytes, ...], bytes, bytes, bytes, bytes, bytes | None, bytes | None, bytes],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    *,
    buy: bool,
) -> Instruction:
    """Returns a purchase or sale on Pump AMM. Raises `ValueError`."""

def pump_swap_v2(
    accounts: tuple[tuple[bytes, ...], bytes, bytes, bytes, bytes, bytes | None, bytes | None, bytes],
    user: Sequence[bytes],
    amounts: tuple[bool, int, int],
    *,
    buy: bool,
) -> Instruction:
    """Returns a purchase or sale on Pump AMM by the newer, shorter instruction. Raises `ValueError`."""

def compute_unit_limit(units: int) -> Instruction:
    """Returns what sets the compute units a transaction may use."""

def compute_unit_price(micro_lamports: int) -> Instruction:
    """Returns what sets the priority fee, in micro-lamports for each compute unit asked for."""

def loaded_data_limit(size: int) -> Instruction:
    """Returns what sets how many bytes of accounts a transaction may load. Raises `ValueError` for 0."""

def create_associated_token(funder: bytes, owner: bytes, mint: bytes, token_program: bytes) -> Instruction:
    """Returns what creates a wallet's associated token account where it is missing. Raises `ValueError`."""

def transfer(source: bytes, target: bytes, lamports: int) -> Instruction:
    """Returns what sends lamports: to a wrapped SOL account, or as a tip. Raises `ValueError`."""

def sync_native(account: bytes) -> Instruction:
    """Returns what makes a wrapped SOL account's amount its lamports. Raises `ValueError`."""

def close_account(account: bytes, target: bytes, owner: bytes, token_program: bytes) -> Instruction:
    """Returns what closes a token account; its lamports go to `target`. Raises `ValueError`."""

def wrap_sol(owner: bytes, lamports: int) -> list[Instruction]:
    """Returns the three instructions that wrap lamports. Raises `ValueError`."""

def unwrap_sol(owner: bytes) -> Instruction:
    """Returns what turns all of the owner's wrapped SOL into lamports. Raises `ValueError`."""

def memo(text: str, signers: Sequence[bytes]) -> Instruction:
    """Returns a note in the log, vouched for by the signers. Raises `ValueError`."""

def associated_token_address(owner: bytes, mint: bytes, token_program: bytes) -> bytes:
    """Returns the associated token account of a wallet. Raises `ValueError`."""

def whirlpool_tick_array(program: bytes, pool: bytes, start: int) -> bytes:
    """Returns a Whirlpool's tick array by its first tick. Raises `ValueError`."""

def whirlpool_oracle(program: bytes, pool: bytes) -> bytes:
    """Returns a Whirlpool's oracle. Raises `ValueError`."""

def clmm_tick_array(pool: bytes, start: int) -> bytes:
    """Returns a Raydium CLMM pool's tick array by its first tick. Raises `ValueError`."""

def clmm_bitmap_extension(pool: bytes) -> bytes:
    """Returns where a Raydium CLMM pool marks tick arrays beyond its own bitmap. Raises `ValueError`."""

def dlmm_bin_array(pair: bytes, index: int) -> bytes:
    """Returns a DLMM pair's bin array. Raises `ValueError`."""

def saber_authority(pool: bytes, nonce: int) -> bytes:
    """Returns who signs for the vaults of a Saber pool. Raises `ValueError`."""

def bar_columns(
    width_ns: int,
    times_ns: NDArray[np.int64],
    prices: NDArray[np.float64],
    volumes: NDArray[np.float64],
    most: int,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.uint32],
    int,
    int,
    int,
]:
    """Returns the fields of `reference.series.bars.BarColumns`. Raises `ValueError`."""

def consolidate_books(
    books: Sequence[tuple[int, Sequence[tuple[int, int]], Sequence[tuple[int, int]]]],
    sizes: Sequence[int],
    price_decimals: Sequence[int] | None = None,
) -> tuple[
    list[tuple[int, int, int, int]],
    list[tuple[int, int, int, int]],
    list[tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]],
    tuple[int, int, int, list[int], list[int]] | None,
]:
    """Returns the consolidated levels, what each size brings and costs, and where the venues cross.

    See `cambist.engine.reference.library.consolidated`. Raises `ValueError` for what is no book.
    """

# Raydium CLMM and Pump AMM; see `cambist.engine.reference.library.ranges`.

def clmm_sqrt_price(tick: int) -> int:
    """Returns √price at a tick of Raydium CLMM in Q64.64. Raises as `quote` does, and `ValueError` price_limit."""

def clmm_swaps(
    address: bytes,
    accounts: Sequence[bytes],
    amounts: Sequence[int],
    *,
    exact_in: bool,
    zero_for_one: bool,
    limit: int,
    now: int,
) -> list[
    tuple[
        tuple[int, int, int, int, int, int],
        tuple[int, int, int, int],
        tuple[int, int, int, int] | None,
        list[tuple[int, int, int, int, int]],
        list[int],
    ]
    | str
]:
    """Returns what each amount, swapped alone, moves and leaves, or a refusal's word. Raises as `quote` does."""

def clmm_quotes(
    address: bytes,
    accounts: Sequence[bytes],
    mints: tuple[bytes, bytes],
    asks: Sequence[tuple[bool, bool, int]],
    time: tuple[int, int, int],
) -> list[
    tuple[tuple[int, int, int, int, int, int, int], tuple[int, int] | None, tuple[float, float, float] | None] | str
]:
    """Returns each ask's quote with the rate and reserves after it, or a refusal's word. Raises as `quote` does."""

def pump_quotes(
    accounts: tuple[bytes, bytes, bytes],
    amounts: tuple[int, int],
    base_supply: int | None,
    mints: tuple[bytes, bytes],
    asks: Sequence[tuple[bool, bool, int]],
    time: tuple[int, int, int],
) -> list[
    tuple[
        tuple[tuple[int, int, int, int, int, int, int], tuple[int, int] | None, tuple[float, float, float] | None],
        tuple[int, int],
    ]
    | str
]:
    """Returns each ask's quote and the vaults' balances after it, or a refusal's word. Raises as `quote` does."""

# Logs and transactions; the fields are named in the reference's `log_parser` and `tx_parser`.

_Event = tuple[
    str,
    int,
    int,
    bytes | None,
    bytes | None,
    bytes | None,
    bool | None,
    tuple[int, int] | None,
    tuple[int, int] | None,
    tuple[int, int] | None,
    int | None,
]
_Frame = tuple[bytes, int, int | None, str, str, tuple[int, int] | None]
_Trace = tuple[list[_Frame], list[tuple[str, int | None]], bool, int, bool, bool]
_Amounts = tuple[int | None, int | None]
_Place = tuple[bytes, int, int | None, int, bytes | None]
_FillEvent = tuple[str, bytes, bytes, bytes, bool, int, int, int]
_Fill = tuple[_Place, _FillEvent, tuple[int, int] | None]
_Swap = tuple[
    str,
    _Place,
    bytes | None,
    tuple[bytes | None, bytes | None],
    _Amounts,
    _Amounts,
    tuple[int, int] | None,
    _Amounts,
    _Amounts,
    bool,
    tuple[int, int] | None,
]
_Transaction = tuple[
    bytes | None, int | None, bytes | None, int, int | None, str | None, list[_Swap], list[_Fill], list[str], bool
]

def parse_logs(
    logs: Sequence[Sequence[str]],
) -> list[tuple[_Trace, list[tuple[int, int, _Event]], list[tuple[int, int, _FillEvent]], list[tuple[int, str]]]]:
    """Returns (trace, swaps, fills, refused) of the log lines of each transaction."""

def decode_ray_logs(texts: Sequence[str]) -> list[dict[str, str | int | bytes] | str]:
    """Returns the fields of each base64 record of Raydium AMM v4, or the words of its error."""

def decode_events(events: Sequence[tuple[bytes, bytes]]) -> list[_Event | str | None]:
    """Returns the swap that each (program, event data) reports, `None` for no swap, or the words of its error."""

def decode_fills(events: Sequence[tuple[bytes, bytes]]) -> list[list[_FillEvent] | str]:
    """Returns the fills that each (program, data) reports, in the market's lots, or the words of its error."""

def parse_transactions(
    bodies: Sequence[bytes], markets: Sequence[tuple[bytes, int, int]] = ...
) -> list[list[_Transaction] | str]:
    """Returns the transactions of each answer or notification, or the words of its error.

    `markets` are (address, base atoms of a lot, quote atoms of a lot at a price of 1) of order books.
    """

# Quote history; five columns: time in ns, bid price, bid size, ask price, ask size.

def encode_quotes(columns: NDArray[np.uint64]) -> bytes:
    """Returns a file of quotes, a row for each column. Raises `ValueError`."""

def decode_quotes(file: bytes) -> NDArray[np.uint64]:
    """Returns all quotes of a file, a row for each column. Raises `ValueError` if it is damaged."""

def decode_quote_block(file: bytes, block: int) -> NDArray[np.uint64]:
    """Returns the quotes of one block, a row for each column. Raises `ValueError` if it is damaged."""

def quote_blocks(file: bytes) -> list[tuple[int, int, int, int]]:
    """Returns (first time, where it begins, quotes, CRC-32) of each block. Raises `ValueError` if it is damaged."""

def quotes_between(file: bytes, from_ns: int, to_ns: int) -> NDArray[np.uint64]:
    """Returns the quotes from one time on and before another, a row for each column. Raises `ValueError`."""

# Adaptive trend classification.

def trend_array(
    prices: _Floats,
    names: tuple[str, str],
    lengths: Sequence[int],
    weights: Sequence[float],
    numbers: Sequence[float],
    rest: tuple[int, bool],
) -> list[_Floats]:
    """Returns 13 lines of each row: average, six signals, six equities. Raises `ValueError`."""

# The native transport.

@final
class Transport:
    """WebSocket connections on a thread of their own, and the ring of records that they fill.

    A record has `seq` 0 in the ring, its time from `now_ns`, and is otherwise as `cambist.model.events` packs it.
    """

    def __new__(cls, now_ns: Callable[[], int], *, max_records: int, max_bytes: int) -> Transport:
        """Starts the thread. `now_ns` is asked some times now, never later. Raises `OSError`."""

    def fileno(self) -> int:
        """Returns the file descriptor that is readable when there are events or records; `events` makes it quiet."""

    def connect(
        self,
        number: int,
        url: str,
        *,
        channel: int,
        open_timeout_s: float,
        ping_interval_s: float | None,
        ping_timeout_s: float,
        max_size: int,
        queue_frames: int,
        queue_bytes: int,
        data: Sequence[tuple[bytes, list[bytes]]],
    ) -> None:
        """Begins to connect; `opened` or `failed` follows. Raises `ValueError`.

        `data` are (prefix, needles in the first 512 bytes) of plain data, which the events leave out while it is muted.
        """

    def start(self, number: int, conn: int, body: bytes) -> None:
        """Records CONNECTED and lets an opened connection read; `conn` is its number and generation in the records."""

    def send(self, number: int, body: bytes) -> None:
        """Queues a message, recorded as it is sent. Raises `ValueError` if too many wait."""

    def mute(self, number: int, muted: bool) -> None:
        """Sets whether plain data are kept from the events."""

    def data_ns(self, number: int) -> int | None:
        """Returns when plain data last came, `None` if never."""

    def end(self, number: int, conn: int | None, body: bytes) -> None:
        """Ends a connection and forgets it; records DISCONNECTED if it was started as `conn`. Ignores unknown ones."""

    def events(self) -> list[tuple[int, str, str, int, bytes]]:
        """Returns (number, kind, what, code, body) of what happened since the last call.

        Kinds are `opened`; `failed` with `name`, `os`, `tls`, `http`, `timeout` or `socket` and errno or status;
        `frame`; `closed` with `closed`, `lost`, `size` or `error` and the close code.
        """

    def drain(self, first_seq: int, until_ns: int, limit: int, moment: bool = False) -> tuple[bytes, int]:
        """Returns a block of the records up to `until_ns`, at most `limit`, and how many; what follows is later.

        With `moment` the last one is marked as a moment if it is a frame.
        """

    def first_ns(self, now_ns: int) -> int:
        """Returns the time of the first record; if there is none `now_ns`, and nothing earlier will come."""

    def __len__(self) -> int: ...
    @property
    def frames(self) -> int:
        """Frames taken so far."""

    def dropped(self) -> dict[int, int]:
        """Returns how many frames were dropped, by channel."""

    def limit(self, max_records: int) -> None:
        """Sets how many records may wait."""

    def close(self) -> None:
        """Ends all connections and the thread; the ring can still be drained."""
