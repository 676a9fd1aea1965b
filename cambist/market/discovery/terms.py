"""What a pool's account says of its fee, and whether it can be traded and quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.reader import LayoutError, key
from cambist.engine.reference.venues.clmm.layout import ClmmConfig, ClmmPool
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.damm2.layout import DammV2FeeByTime, DammV2Pool
from cambist.engine.reference.venues.dlmm.layout import LbPair
from cambist.engine.reference.venues.orca.layout import Whirlpool
from cambist.engine.reference.venues.pump.layout import PumpPool
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.model.venues import POOL_VENUES

if TYPE_CHECKING:
    from collections.abc import Callable

USABLE = "usable"
_CONFIG_AT = {"cpmm": 8, "clmm": 9}
_RAY4_SWAPS = (1, 6, 7)
_PROOF = {venue.name: venue.proof for venue in POOL_VENUES}


class Terms(NamedTuple):
    """How a pool trades."""

    fee_ppm: float | None
    fee_note: str = ""
    closed: str = ""
    """Why nothing can be swapped; empty if it can."""
    recorded: bool = True
    """Whether its form of the quote was recorded from the program, where its venue was."""


class Judged(NamedTuple):
    """A pool as a row says it."""

    fee_ppm: float | None
    fee_note: str
    state: str
    proof: str


def config_key(venue: str, data: bytes) -> bytes | None:
    """Returns the account that holds the fee of a pool, `None` where the pool has it itself."""
    at = _CONFIG_AT.get(venue)
    return None if at is None or len(data) < at + 32 else key(data, at)


def judge(venue: str, data: bytes, config: bytes | None, now_s: int) -> Judged:
    """Returns fee, state and proof of a pool's account; bytes that are none of its venue's say so in the state."""
    try:
        terms = _READERS[venue](data, config, now_s)
    except LayoutError as error:
        return Judged(None, "", f"not readable: {error}", _PROOF[venue])
    proof = _PROOF[venue] if terms.recorded else "formula"
    return Judged(terms.fee_ppm, terms.fee_note, terms.closed or USABLE, proof)


def _opens(at_s: int, now_s: int) -> str:
    return f"opens in {(at_s - now_s) / 3600:.1f} h" if at_s > now_s else ""


def _ray4(data: bytes, _: bytes | None, now_s: int) -> Terms:
    pool = AmmV4.decode(data)
    fee = pool.swap_fee_numerator / pool.swap_fee_denominator * 1e6 if pool.swap_fee_denominator else None
    closed = "" if pool.status in _RAY4_SWAPS else f"swaps are off (status {pool.status})"
    return Terms(fee, "", closed or (_opens(pool.pool_open_time, now_s) if pool.status == 7 else ""))


def _cpmm(data: bytes, config: bytes | None, now_s: int) -> Terms:
    pool = CpmmPool.decode(data)
    terms = None if config is None else CpmmConfig.decode(config)
    note = "and the creator's" if pool.enable_creator_fee else ""
    closed = "swaps are off" if pool.status & 4 else _opens(pool.open_time, now_s)
    return Terms(None if terms is None else float(terms.trade_fee_rate), note, closed)


def _clmm(data: bytes, config: bytes | None, now_s: int) -> Terms:
    pool = ClmmPool.decode(data)
    terms = None if config is None else ClmmConfig.decode(config)
    closed = "swaps are off" if pool.status & 16 else _opens(pool.open_time, now_s)
    note = "and by volatility" if pool.dynamic_fee is not None else ""
    return Terms(None if terms is None else float(terms.trade_fee_rate), note, closed)


def _orca(data: bytes, _: bytes | None, __: int) -> Terms:
    pool = Whirlpool.decode(data)
    return Terms(float(pool.fee_rate), "and by volatility" if pool.has_adaptive_fee() else "")


def _saber(data: bytes, _: bytes | None, __: int) -> Terms:
    pool = StableSwap.decode(data)
    part, whole = pool.trade_fee
    return Terms(part / whole * 1e6 if whole else None, "", "paused" if pool.is_paused else "")


def _damm2(data: bytes, _: bytes | None, __: int) -> Terms:
    pool = DammV2Pool.decode(data)
    fee = pool.base_fee
    falls = not isinstance(fee, DammV2FeeByTime) or (fee.frequency > 0 and fee.steps.periods > 0)
    notes = [words for words, yes in (("at first", falls), ("and by volatility", pool.dynamic_fee is not None)) if yes]
    return Terms(fee.cliff / 1e3, " ".join(notes), "disabled" if pool.is_disabled else "", fee.is_recorded)


def _dlmm(data: bytes, _: bytes | None, __: int) -> Terms:
    pair = LbPair.decode(data)
    terms = pair.parameters
    base = terms.base_factor * pair.bin_step * 10 * 10 ** min(terms.base_fee_power_factor, 9) / 1e3
    note = "and by volatility" if terms.variable_fee_control else ""
    return Terms(base, note, "" if pair.status == 0 else f"disabled (status {pair.status})")


def _pump(data: bytes, _: bytes | None, __: int) -> Terms:
    PumpPool.decode(data)
    return Terms(None, "by market cap")


_READERS: dict[str, Callable[[bytes, bytes | None, int], Terms]] = {
    "ray4": _ray4,
    "cpmm": _cpmm,
    "orca": _orca,
    "saber": _saber,
    "damm2": _damm2,
    "dlmm": _dlmm,
    "clmm": _clmm,
    "pump": _pump,
}
