"""What the Rust extension gives. Every call has a twin in `cambist.engine.reference`; names there say where."""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

BUILD_PROFILE: str
"""`release` or `debug`."""

class BlockError(ValueError):
    """A damaged block; `args` are its offset and why."""

@final
class Engine:
    """The engine of `engine_rs`. One call at a time; the GIL is released while it computes."""

    def __new__(cls, setup: bytes) -> Engine:
        """Takes JSON of an `EngineSetup`. Raises `ValueError` if it is none."""

    def ingest(self, block: bytes, offset: int, until_ns: int) -> tuple[int, int, bytes, int, bytes]:
        """Returns (offset, records, decisions, go, needs). Raises `BlockError`."""

    def control(self, block: bytes, offset: int) -> tuple[int, int, bytes, int, bytes]:
        """Returns the same for one record that is no frame. Raises `BlockError`."""

    def quote_route(self, route: Sequence[str], amount_in: int, now_ns: int) -> tuple[int, str]:
        """Returns (amount out, reason)."""

    def learn(self, key: str, landed: bool) -> None:
        """Counts how an order on a cycle ended."""

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token."""

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null`."""

    def snapshot(self) -> bytes:
        """Returns all state as canonical bytes."""

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot. Raises `ValueError`."""

# Single modules, for parity tests and the duel.

Edge = tuple[int, int, int | None]
"""(tail, head, weight); edges come in pairs, the two directions of one pool."""

def base58_encode(key: bytes) -> str:
    """Returns the base58 text of a 32-byte key. Raises `ValueError` for another size."""

def base58_decode(text: str) -> bytes | None:
    """Returns the key of a base58 text, `None` if it is none."""

def log2_ratio(num: int, den: int) -> int | None:
    """Returns log2 of a ratio in fixed point, `None` if a side is 0."""

def decode_binance(protocol: str, symbol: str, body: bytes) -> str:
    """Returns canonical JSON of what one exchange frame says. Raises `ValueError` with the decoder's words."""

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

    `ray4`: pool, vault, vault. `cpmm`: pool, config, vault, vault, mint, mint. `orca`: pool, oracle (or empty), mint,
    mint, tick arrays. `time` is (slot, unix timestamp, epoch). Raises `ValueError` if an account can't be read.
    """

def cycle_keys(edges: Sequence[Edge], cycles: Sequence[Sequence[int]]) -> list[tuple[str, int | None]]:
    """Returns (canonical key, total weight) of cycles in a graph made of these edges. Raises `ValueError`."""

def find_cycles(edges: Sequence[Edge]) -> list[list[int]]:
    """Returns negative cycles of the whole graph. Raises `ValueError`."""

def search(
    edges: Sequence[Edge], touched: Sequence[int], max_hops: int, keep: int, budget_edges: int, margin: int
) -> tuple[list[tuple[list[int], int]], int, bool]:
    """Returns the best cycles (edges, weight) through touched edges, edges expanded, whether the budget cut it."""

def best_input(hops: Sequence[tuple[int, int, int, int]], cap: int, minimum: int) -> tuple[int, int, int, str] | None:
    """Returns (amount in, amount out, evaluations, what binds) of the best input into a chain of constant products.

    A hop is (reserve in, reserve out, fee numerator, fee denominator).
    """

def replay_book(frames: Sequence[tuple[str, bytes]], symbol: str, usdm: bool) -> str:
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

    def __new__(cls, capacity: int = 16384) -> PdaCache:
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

Floats = NDArray[np.float64]

def rsi_array(prices: Floats, length: int) -> Floats:
    """Returns the relative strength index after each price of each row. Raises `ValueError`."""

def rsi_of_oldest(prices: Floats, length: int) -> float | None:
    """Returns the index of the list's first changes, as the system before this one showed it. Raises `ValueError`."""

def ema_array(values: Floats, length: int) -> Floats:
    """Returns the exponential moving average after each value of each row. Raises `ValueError`."""

def bollinger_array(values: Floats, length: int, width: float) -> tuple[Floats, Floats, Floats]:
    """Returns the low, middle and high Bollinger band after each value of each row. Raises `ValueError`."""

def kama_array(prices: Floats, length: int, fast: int, slow: int) -> Floats:
    """Returns Kaufman's average by periods after each price of each row. Raises `ValueError`."""

def fixed_kama_array(prices: Floats, length: int) -> Floats:
    """Returns Kaufman's average with the trend system's constants, for each price of each row. Raises `ValueError`."""

def average_array(name: str, values: Floats, length: int) -> Floats:
    """Returns an average after each value of each row; `name` is `sma`, `wma`, `dema`, `lsma` or `hma`.

    Raises `ValueError`.
    """

def macd_array(values: Floats, fast: int, slow: int, signal: int) -> tuple[Floats, Floats, Floats]:
    """Returns (line, signal, histogram) after each value of each row. Raises `ValueError`."""

def atr_array(high: Floats, low: Floats, close: Floats, length: int) -> Floats:
    """Returns the average true range after each bar. Raises `ValueError`."""

def vwap_array(prices: Floats, volumes: Floats) -> Floats:
    """Returns the volume-weighted average price after each trade. Raises `ValueError`."""

def equity_array(r_values: Floats, sig_prev: Floats, starting_equity: float, decay: float, cutout: int) -> Floats:
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

    `account` is a Saber pool, `reserves` its vaults' balances (A, B), `now` Unix seconds. Raises `ValueError`.
    """

def damm_v2(
    account: bytes, mode: str, a_to_b: bool, amounts: Sequence[int], time: tuple[int, int]
) -> list[tuple[int, int, int, int, int, int, tuple[int, int] | None, tuple[int, int, int, int] | None] | str]:
    """Returns a quote or a refusal's word for each amount, from a DAMM v2 pool's bytes.

    A quote is (amount in, amount out, fee, protocol fee, left, √price after, token amounts after, (last update, √price
    reference, volatility accumulator, volatility reference) after). `mode` is `in`, `partial` or `out`, `time` (slot,
    Unix seconds). Raises `ValueError`.
    """

class WssAggregator:
    """Merges endpoints; see `cambist.engine.reference.wss_aggregator`, whose verdicts it gives as numbers."""

    def __init__(self, window: int = 2_000) -> None: ...
    def signature(self, endpoint: int, signature: bytes, *, failed: bool, at_ns: int) -> int: ...
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
    def stats(self, endpoint: int) -> tuple[int, int, int, int, int, int, int, int, int]: ...

def dlmm_bin_price(bin_id: int, bin_step: int) -> int:
    """Returns the price of a bin, Q64.64 atoms of Y per atom of X. Raises `ValueError` overflow."""

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

    See `cambist.engine.reference.bins`. Raises `ValueError` if an account can't be read.
    """

def score_signals(
    config: tuple[float, float, float, float, float, float],
    tokens: Sequence[tuple[bool, bool, float, float, float, float, float, float, float]],
) -> tuple[list[tuple[int, float, float, float, float, bool]], list[int]]:
    """Returns one judgement for each token, and how many ended at each reason; see `reference.signal_scorer`."""

def detect_spreads(
    tokens: Sequence[Sequence[tuple[str, float, float | None]]],
    config: tuple[float, float, float, float, float, float, float, bool, bool],
) -> list[
    tuple[int, int, float, float, float, tuple[float, float, float, float, float, float], float, float, int] | None
]:
    """Returns the spread of each token, `None` where there is none; see `reference.spread`."""

# On-chain order books and wallets; the fields are named in the reference's `slab_decoder` and `balance_scanner`.

def decode_books(
    venue: str, accounts: Sequence[bytes], time: tuple[int, int] = (0, 0), oracle_price_lots: int | None = None
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
