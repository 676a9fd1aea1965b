"""A pool's state and its quotes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from cambist.engine.reference.accounts import (
    AmmV4,
    CpmmConfig,
    CpmmPool,
    Oracle,
    TransferFee,
    TransferFeeConfig,
    Whirlpool,
)
from cambist.engine.reference.amm_math import FeeRate, QuoteError, Reason, RoundingRule, raydium_cpmm, raydium_v4
from cambist.engine.reference.amm_math import whirlpool as whirlpool_math
from cambist.engine.reference.amm_math.quote_error import to_u64
from cambist.engine.reference.log2 import log2_ratio

if TYPE_CHECKING:
    from cambist.engine.reference.tick_array_manager import Ticks

_PPM = 1_000_000
_BASIS_POINTS = 10_000
_V4_TRADABLE = (1, 6, 7)
_V4_WAITING = 7
_CPMM_SWAP_OFF = 4
_NO_FEE = TransferFee(0, 0, 0)


class ChainTime(NamedTuple):
    """The chain's clock at the time of a quote."""

    slot: int
    unix_timestamp: int
    epoch: int


class Quote(NamedTuple):
    """What one swap takes from and gives to the trader."""

    amount_in: int
    """What the trader sends, all fees included."""
    amount_out: int
    """What the trader receives, after all fees."""
    fee: int
    """Venue fee in atoms of the token in."""
    fee_out: int
    """Venue fee in atoms of the token out (a CPMM creator's)."""
    transfer_fee_in: int
    transfer_fee_out: int
    ticks_crossed: int


TransferFees = tuple[TransferFeeConfig | None, TransferFeeConfig | None]


class Pool(ABC):
    """The state of one pool at one slot. Token A is coin, token 0, mint A; `a_to_b` sells it."""

    @staticmethod
    def amm_v4(
        account: AmmV4, coin_amount: int, pc_amount: int, rule: RoundingRule = RoundingRule.TRUE_CEIL
    ) -> AmmV4Pool:
        """Returns a Raydium AMM v4 pool; the amounts are its vaults' balances."""
        return AmmV4Pool(account, (coin_amount, pc_amount), rule)

    @staticmethod
    def cpmm(
        account: CpmmPool,
        config: CpmmConfig,
        amounts: tuple[int, int],
        transfer_fees: TransferFees = (None, None),
        rule: RoundingRule = RoundingRule.TRUE_CEIL,
    ) -> CpmmPoolState:
        """Returns a Raydium CPMM pool; the amounts are its vaults' balances."""
        return CpmmPoolState(account, config, amounts, transfer_fees, rule)

    @staticmethod
    def whirlpool(
        account: Whirlpool, ticks: Ticks, oracle: Oracle | None = None, transfer_fees: TransferFees = (None, None)
    ) -> WhirlpoolState:
        """Returns an Orca Whirlpool. `oracle` is needed iff `account.has_adaptive_fee()`."""
        return WhirlpoolState(account, ticks, oracle, transfer_fees)

    @abstractmethod
    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens A and B."""

    @abstractmethod
    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""

    @abstractmethod
    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""

    @abstractmethod
    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate, atoms out per atom in after all fees, as (num, den); `None` if not tradable."""

    @abstractmethod
    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share of the input kept) of the constant product that holds here.

        Exact up to rounding for constant product, within the current tick range for a Whirlpool. For display and as
        a start of a search.
        """

    def quote(self, a_to_b: bool, amount_in: int, time: ChainTime) -> Quote:
        """Returns what `amount_in` atoms buy. Raises `QuoteError`, liquidity too if only a part could be swapped."""
        return self.swap(a_to_b, amount_in, time)[0]

    def quote_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> Quote:
        """Returns what buys `amount_out` atoms. Raises `QuoteError`."""
        return self.swap_exact_out(a_to_b, amount_out, time)[0]

    def weight(self, a_to_b: bool, time: ChainTime) -> int | None:
        """Returns −log2 of the marginal rate in 2⁻⁴⁰ units; `None` if not tradable."""
        rate = self.rate(a_to_b, time)
        if rate is None:
            return None
        log = log2_ratio(*rate)
        return None if log is None else -log


@dataclass(frozen=True)
class AmmV4Pool(Pool):
    """A Raydium AMM v4 pool."""

    account: AmmV4
    amounts: tuple[int, int]
    """Balances of the coin and the pc vault."""
    rule: RoundingRule

    def mints(self) -> tuple[bytes, bytes]:
        """Returns coin and pc mint."""
        return self.account.coin_mint, self.account.pc_mint

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        amount_out, fee = raydium_v4.exact_in(self._reserves(a_to_b), self._fee(), amount_in, self.rule)
        return self._done(a_to_b, amount_in, amount_out, fee)

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        amount_in, fee = raydium_v4.exact_out(self._reserves(a_to_b), self._fee(), amount_out, self.rule)
        return self._done(a_to_b, amount_in, amount_out, fee)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        reserve_in, reserve_out = self._reserves(a_to_b)
        num, den = self._fee()
        if not self._is_tradable(time) or min(reserve_in, reserve_out) <= 0 or num >= den:
            return None
        return _fit(reserve_out * (den - num), reserve_in * den)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept)."""
        reserve_in, reserve_out = self._reserves(a_to_b)
        num, den = self._fee()
        if not self._is_tradable(time) or min(reserve_in, reserve_out) <= 0 or num >= den:
            return None
        return float(reserve_in), float(reserve_out), float(den - num) / float(den)

    def _fee(self) -> tuple[int, int]:
        return self.account.swap_fee_numerator, self.account.swap_fee_denominator

    def _reserves(self, a_to_b: bool) -> tuple[int, int]:
        coin = self.amounts[0] - self.account.need_take_pnl_coin
        pc = self.amounts[1] - self.account.need_take_pnl_pc
        return (coin, pc) if a_to_b else (pc, coin)

    def _is_tradable(self, time: ChainTime) -> bool:
        if self.account.status == _V4_WAITING:
            return time.unix_timestamp >= self.account.pool_open_time
        return self.account.status in _V4_TRADABLE

    def _check(self, time: ChainTime) -> None:
        if not self._is_tradable(time):
            raise QuoteError(Reason.NOT_TRADABLE)

    def _done(self, a_to_b: bool, amount_in: int, amount_out: int, fee: int) -> tuple[Quote, Pool]:
        quote = Quote(amount_in, amount_out, fee, 0, 0, 0, 0)
        account = replace(self.account, status=6) if self.account.status == _V4_WAITING else self.account
        return quote, AmmV4Pool(account, _moved(self.amounts, a_to_b, amount_in, amount_out), self.rule)


@dataclass(frozen=True)
class CpmmPoolState(Pool):
    """A Raydium CPMM pool."""

    account: CpmmPool
    config: CpmmConfig
    amounts: tuple[int, int]
    """Balances of the two vaults."""
    transfer_fees: TransferFees
    rule: RoundingRule

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens 0 and 1."""
        return self.account.mints

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        fee_in, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        withheld = fee_in.fee(amount_in)
        fill = raydium_cpmm.exact_in(self._reserves(a_to_b), self._rates(a_to_b), amount_in - withheld)
        return self._done(a_to_b, fill, withheld, fee_out.fee(fill.amount_out))

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        fee_in, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        gross_out = to_u64(fee_out.gross(amount_out))
        fill = raydium_cpmm.exact_out(self._reserves(a_to_b), self._rates(a_to_b), gross_out, self.rule)
        withheld = to_u64(fee_in.gross(fill.amount_in)) - fill.amount_in
        return self._done(a_to_b, fill, withheld, gross_out - amount_out)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        kept = self._kept(a_to_b, time)
        reserve_in, reserve_out = self._reserves(a_to_b)
        if kept is None or min(reserve_in, reserve_out) <= 0:
            return None
        return _fit(reserve_out * kept[0] * kept[1], reserve_in * (_PPM * _BASIS_POINTS) ** 2)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out after output fees, share kept of the input)."""
        kept = self._kept(a_to_b, time)
        reserve_in, reserve_out = self._reserves(a_to_b)
        if kept is None or min(reserve_in, reserve_out) <= 0:
            return None
        whole = float(_PPM * _BASIS_POINTS)
        return float(reserve_in), float(reserve_out) * float(kept[1]) / whole, float(kept[0]) / whole

    def _kept(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns what is kept of an atom in and of an atom out at the margin, in 10⁻¹⁰, if both are positive."""
        rates = self._rates(a_to_b)
        fee_in, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        on_input = rates.creator if rates.creator_on_input else 0
        kept_in = (_PPM - rates.trade - on_input) * _share(fee_in)
        kept_out = (_PPM - rates.creator + on_input) * _share(fee_out)
        return (kept_in, kept_out) if self._is_tradable(time) and kept_in > 0 and kept_out > 0 else None

    def _rates(self, a_to_b: bool) -> raydium_cpmm.CpmmRates:
        mode, config = self.account.creator_fee_on, self.config
        return raydium_cpmm.CpmmRates(
            trade=config.trade_fee_rate,
            protocol=config.protocol_fee_rate,
            fund=config.fund_fee_rate,
            creator=config.creator_fee_rate if self.account.enable_creator_fee else 0,
            creator_on_input=mode == 0 or (mode == 1) == a_to_b,
        )

    def _reserves(self, a_to_b: bool) -> tuple[int, int]:
        account = self.account
        first, second = (
            self.amounts[side] - account.protocol_fees[side] - account.fund_fees[side] - account.creator_fees[side]
            for side in (0, 1)
        )
        return (first, second) if a_to_b else (second, first)

    def _is_tradable(self, time: ChainTime) -> bool:
        return not self.account.status & _CPMM_SWAP_OFF and time.unix_timestamp >= self.account.open_time

    def _check(self, time: ChainTime) -> None:
        if not self._is_tradable(time):
            raise QuoteError(Reason.NOT_TRADABLE)

    def _done(
        self, a_to_b: bool, fill: raydium_cpmm.CpmmFill, withheld_in: int, withheld_out: int
    ) -> tuple[Quote, Pool]:
        on_input = self._rates(a_to_b).creator_on_input
        creator_in, creator_out = (fill.creator_fee, 0) if on_input else (0, fill.creator_fee)
        quote = Quote(
            amount_in=fill.amount_in + withheld_in,
            amount_out=fill.amount_out - withheld_out,
            fee=fill.trade_fee + creator_in,
            fee_out=creator_out,
            transfer_fee_in=withheld_in,
            transfer_fee_out=withheld_out,
            ticks_crossed=0,
        )
        account = replace(
            self.account,
            protocol_fees=_moved(self.account.protocol_fees, a_to_b, fill.protocol_fee, 0),
            fund_fees=_moved(self.account.fund_fees, a_to_b, fill.fund_fee, 0),
            creator_fees=_moved(self.account.creator_fees, a_to_b, creator_in, -creator_out),
        )
        amounts = _moved(self.amounts, a_to_b, fill.amount_in, fill.amount_out)
        return quote, with_fields(self, account=account, amounts=amounts)


@dataclass(frozen=True)
class WhirlpoolState(Pool):
    """An Orca Whirlpool."""

    account: Whirlpool
    ticks: Ticks
    oracle: Oracle | None
    transfer_fees: TransferFees

    def mints(self) -> tuple[bytes, bytes]:
        """Returns mints A and B."""
        return self.account.mint_a, self.account.mint_b

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        fee_in, _ = _transfer_fees(self.transfer_fees, a_to_b, time)
        withheld = fee_in.fee(amount_in)
        fill = self.fill(a_to_b, amount_in - withheld, time, exact_in=True)
        if fill.left:
            raise QuoteError(Reason.LIQUIDITY)
        return self.after(a_to_b, fill, time, sent=amount_in)

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""
        _, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        fill = self.fill(a_to_b, to_u64(fee_out.gross(amount_out)), time, exact_in=False)
        return self.after(a_to_b, fill, time)

    def fill(
        self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool, limit: int = whirlpool_math.NO_LIMIT
    ) -> whirlpool_math.WhirlpoolFill:
        """Returns the swap as the program does it, partial ones included; amounts are inside the vaults."""
        if self.oracle is None and self.account.has_adaptive_fee():
            raise QuoteError(Reason.MISSING_ACCOUNT)
        return whirlpool_math.swap(
            whirlpool_math.Curve.of(self.account),
            self.ticks,
            self.oracle,
            amount,
            exact_in=exact_in,
            a_to_b=a_to_b,
            limit=limit,
            now=time.unix_timestamp,
        )

    def after(
        self, a_to_b: bool, fill: whirlpool_math.WhirlpoolFill, time: ChainTime, sent: int | None = None
    ) -> tuple[Quote, WhirlpoolState]:
        """Returns the trader's side of `fill` and the pool after it. Raises `QuoteError` overflow.

        `sent` is what the trader asked to send, if all of it was used: the transfer fee's inverse isn't exact.
        """
        fee_in, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        if sent is None:
            sent = to_u64(fee_in.gross(fill.amount_in))
        withheld_out = fee_out.fee(fill.amount_out)
        quote = Quote(
            amount_in=sent,
            amount_out=fill.amount_out - withheld_out,
            fee=fill.fee,
            fee_out=0,
            transfer_fee_in=sent - fill.amount_in,
            transfer_fee_out=withheld_out,
            ticks_crossed=len(fill.crossings),
        )
        owed_a, owed_b = (fill.protocol_fee, 0) if a_to_b else (0, fill.protocol_fee)
        account = replace(
            self.account,
            sqrt_price=fill.curve.sqrt_price,
            tick=fill.curve.tick,
            liquidity=fill.curve.liquidity,
            fee_growth_a=fill.curve.fee_growth_a,
            fee_growth_b=fill.curve.fee_growth_b,
            protocol_owed_a=(self.account.protocol_owed_a + owed_a) % (1 << 64),
            protocol_owed_b=(self.account.protocol_owed_b + owed_b) % (1 << 64),
        )
        oracle = self.oracle
        if oracle is not None and fill.variables is not None:
            oracle = replace(oracle, variables=fill.variables)
        return quote, with_fields(self, account=account, oracle=oracle)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den), within 10⁻¹⁵."""
        kept = self._kept(a_to_b, time)
        if kept is None:
            return None
        excess = max(self.account.sqrt_price.bit_length() - 54, 0)
        square = (self.account.sqrt_price >> excess) ** 2
        scale = 128 - 2 * excess
        fee_in, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        net = kept * _share(fee_in) * _share(fee_out)
        whole = _PPM * _BASIS_POINTS**2
        return _fit(square * net, whole << scale) if a_to_b else _fit(net << scale, square * whole)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) within the current tick range."""
        kept = self._kept(a_to_b, time)
        if kept is None:
            return None
        liquidity, root = float(self.account.liquidity), float(self.account.sqrt_price) / 2.0**64
        reserve_a, reserve_b = liquidity / root, liquidity * root
        fee_in, fee_out = _transfer_fees(self.transfer_fees, a_to_b, time)
        if not _share(fee_in) or not _share(fee_out):
            return None
        keep = float(kept) / float(_PPM) * (float(_share(fee_in)) / float(_BASIS_POINTS))
        share = float(_share(fee_out)) / float(_BASIS_POINTS)
        return (reserve_a, reserve_b * share, keep) if a_to_b else (reserve_b, reserve_a * share, keep)

    def _kept(self, a_to_b: bool, time: ChainTime) -> int | None:
        """Returns what is kept of a million atoms in, at the margin; `None` if a swap would fail."""
        account, oracle, now = self.account, self.oracle, time.unix_timestamp
        if account.liquidity == 0 or account.sqrt_price == 0:
            return None
        if oracle is None:
            return None if account.has_adaptive_fee() else _PPM - account.fee_rate
        if oracle.trade_enable_timestamp > now:
            return None
        try:
            rate = FeeRate(account.fee_rate, (oracle.constants, oracle.variables), account.tick, now, a_to_b=a_to_b)
        except QuoteError:
            return None
        return _PPM - rate.rate


def _transfer_fees(fees: TransferFees, a_to_b: bool, time: ChainTime) -> tuple[TransferFee, TransferFee]:
    """Returns the fees of the token in and the token out that hold at `time`."""
    first, second = (_NO_FEE if fee is None else fee.at(time.epoch) for fee in fees)
    return (first, second) if a_to_b else (second, first)


def _share(fee: TransferFee) -> int:
    """Returns what `fee` leaves of 10 000 atoms at the margin."""
    return max(_BASIS_POINTS - fee.bps, 0)


def _moved(pair: tuple[int, int], a_to_b: bool, put: int, taken: int) -> tuple[int, int]:
    """Returns `pair` with `put` added on the side of the token in and `taken` off the other, both still u64."""
    a, b = (pair[0] + put, pair[1] - taken) if a_to_b else (pair[0] - taken, pair[1] + put)
    return to_u64(a), to_u64(b)


def _fit(num: int, den: int) -> tuple[int, int] | None:
    """Returns num/den with both below 2^128, cut at the low end; `None` if one would vanish."""
    excess = max(num.bit_length(), den.bit_length()) - 128
    if excess > 0:
        num, den = num >> excess, den >> excess
    return (num, den) if num and den else None
