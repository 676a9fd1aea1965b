"""Accounts as the chain holds them: immutable, replaced when they change, encoded only when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from cambist.engine.reference.accounts import CpmmPool, Oracle, Whirlpool, program
from cambist.simulator.layouts.orca import (
    Tick,
    encode_fixed_tick_array,
    encode_oracle,
    encode_whirlpool,
    patch_whirlpool,
)
from cambist.simulator.layouts.raydium import encode_cpmm_pool, patch_cpmm_pool
from cambist.simulator.layouts.token import TOKEN_ACCOUNT, encode_clock, encode_token_account

if TYPE_CHECKING:
    from cambist.engine.reference.amm_math.whirlpool import Crossing, Curve


_WITHHELD = (2).to_bytes(2, "little") + (8).to_bytes(2, "little")
"""Type and length of Token-2022's TransferFeeAmount."""
_AMOUNT = TOKEN_ACCOUNT.fields["amount"].offset


def rent(space: int) -> int:
    """Returns the lamports that make an account of `space` bytes rent-exempt."""
    return (128 + space) * 6_960


class Account:
    """An account whose bytes are at hand: a mint, a config or a wallet."""

    __slots__ = ("_data", "executable", "lamports", "owner")

    def __init__(self, owner: bytes, data: bytes, lamports: int | None = None, *, executable: bool = False) -> None:
        self.owner, self._data, self.executable = owner, data, executable
        self.lamports = rent(len(data)) if lamports is None else lamports

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._data)

    def funded(self, lamports: int) -> Account:
        """Returns the same account with other lamports."""
        return Account(self.owner, self._data, lamports, executable=self.executable)


class TokenBalance(Account):
    """An SPL Token or Token-2022 account."""

    __slots__ = ("_template", "amount", "holder", "mint")

    def __init__(
        self, template: bytes, token_program: bytes, mint: bytes, holder: bytes, amount: int, lamports: int
    ) -> None:
        super().__init__(token_program, b"", lamports)
        self._template, self.mint, self.holder, self.amount = template, mint, holder, amount

    @staticmethod
    def new(
        token_program: bytes, mint: bytes, holder: bytes, amount: int, *, native: bool, withheld: bool
    ) -> TokenBalance:
        """Returns an account; `native` for wrapped SOL, `withheld` for a mint with a transfer fee."""
        template = encode_token_account(
            mint=mint, owner=holder, amount=0, native_tag=native, native_reserve=rent(165) if native else 0
        )
        if withheld:
            template += b"\x02" + _WITHHELD + bytes(8)
        base = rent(len(template))
        return TokenBalance(template, token_program, mint, holder, amount, base + (amount if native else 0))

    @property
    def native(self) -> bool:
        """Whether it holds wrapped SOL, so that its lamports move with its amount."""
        return self._template[109:113] == b"\x01\0\0\0"

    def moved(self, delta: int) -> TokenBalance:
        """Returns the account with `delta` more atoms."""
        lamports = self.lamports + (delta if self.native else 0)
        return TokenBalance(self._template, self.owner, self.mint, self.holder, self.amount + delta, lamports)

    def moved_to(self, amount: int) -> TokenBalance:
        """Returns the account with this amount; its lamports stay."""
        return TokenBalance(self._template, self.owner, self.mint, self.holder, amount, self.lamports)

    def withhold(self, fee: int) -> TokenBalance:
        """Returns the account, of a mint with a transfer fee, with `fee` more atoms withheld."""
        total = int.from_bytes(self._template[-8:], "little") + fee
        template = self._template[:-8] + total.to_bytes(8, "little")
        return TokenBalance(template, self.owner, self.mint, self.holder, self.amount, self.lamports)

    def funded(self, lamports: int) -> TokenBalance:
        """Returns the same account with other lamports."""
        return TokenBalance(self._template, self.owner, self.mint, self.holder, self.amount, lamports)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = self._template[:_AMOUNT] + self.amount.to_bytes(8, "little") + self._template[_AMOUNT + 8 :]
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


class CpmmAccount(Account):
    """A Raydium CPMM pool."""

    __slots__ = ("_epoch", "_template", "pool")

    def __init__(self, template: bytes, pool: CpmmPool, epoch: int) -> None:
        super().__init__(program.RAYDIUM_CPMM, b"", rent(len(template)))
        self._template, self.pool, self._epoch = template, pool, epoch

    @staticmethod
    def new(pool: CpmmPool, epoch: int, **fields: int | bytes) -> CpmmAccount:
        """Returns a pool with these fields besides those that quotes read."""
        template = encode_cpmm_pool(
            amm_config=pool.amm_config,
            vault_0=pool.vaults[0],
            vault_1=pool.vaults[1],
            mint_0=pool.mints[0],
            mint_1=pool.mints[1],
            program_0=pool.programs[0],
            program_1=pool.programs[1],
            status=pool.status,
            decimals_0=pool.decimals[0],
            decimals_1=pool.decimals[1],
            open_time=pool.open_time,
            creator_fee_on=pool.creator_fee_on,
            enable_creator_fee=int(pool.enable_creator_fee),
            **fields,
        )
        return CpmmAccount(template, pool, epoch)

    def charged(self, fees: tuple[int, int, int], side: int, creator_side: int, epoch: int) -> CpmmAccount:
        """Returns the pool with more (protocol, fund, creator) fees owed; sides are 0 or 1."""
        old = self.pool
        pool = replace(
            old,
            protocol_fees=_add(old.protocol_fees, side, fees[0]),
            fund_fees=_add(old.fund_fees, side, fees[1]),
            creator_fees=_add(old.creator_fees, creator_side, fees[2]),
        )
        return CpmmAccount(self._template, pool, epoch)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_cpmm_pool(self._template, self.pool, epoch=self._epoch)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


class WhirlpoolAccount(Account):
    """An Orca Whirlpool."""

    __slots__ = ("_now", "_template", "pool")

    def __init__(self, template: bytes, pool: Whirlpool, now: int) -> None:
        super().__init__(program.WHIRLPOOL, b"", rent(len(template)))
        self._template, self.pool, self._now = template, pool, now

    @staticmethod
    def new(pool: Whirlpool, now: int, **fields: int | bytes) -> WhirlpoolAccount:
        """Returns a pool with these fields besides those that quotes read."""
        template = encode_whirlpool(
            tick_spacing=pool.tick_spacing,
            fee_tier_index=pool.fee_tier_index,
            fee_rate=pool.fee_rate,
            protocol_fee_rate=pool.protocol_fee_rate,
            mint_a=pool.mint_a,
            vault_a=pool.vault_a,
            mint_b=pool.mint_b,
            vault_b=pool.vault_b,
            **fields,
        )
        return WhirlpoolAccount(template, pool, now)

    def moved(self, curve: Curve, owed_a: int, owed_b: int, now: int) -> WhirlpoolAccount:
        """Returns the pool after a swap at `now` (unix s) that left `curve` and added these protocol fees."""
        pool = replace(
            self.pool,
            liquidity=curve.liquidity,
            sqrt_price=curve.sqrt_price,
            tick=curve.tick,
            fee_growth_a=curve.fee_growth_a,
            fee_growth_b=curve.fee_growth_b,
            protocol_owed_a=self.pool.protocol_owed_a + owed_a,
            protocol_owed_b=self.pool.protocol_owed_b + owed_b,
        )
        return WhirlpoolAccount(self._template, pool, now)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_whirlpool(self._template, self.pool, now=self._now)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


class TickArrayAccount(Account):
    """A fixed tick array of a Whirlpool. Its ticks are encoded when it is first read."""

    __slots__ = ("_growths", "_nets", "_pool", "_spacing", "start")

    def __init__(
        self,
        pool: bytes,
        start: int,
        spacing: int,
        nets: dict[int, tuple[int, int]],
        growths: dict[int, tuple[int, int]],
    ) -> None:
        super().__init__(program.WHIRLPOOL, b"", rent(9_988))
        self._pool, self.start, self._spacing = pool, start, spacing
        self._nets, self._growths = nets, growths

    def crossed(self, crossing: Crossing) -> TickArrayAccount:
        """Returns the array after the price went over one of its ticks: the growth outside is what was inside."""
        before_a, before_b = self._growths.get(crossing.tick, (0, 0))
        outside = ((crossing.fee_growth_a - before_a) % 2**128, (crossing.fee_growth_b - before_b) % 2**128)
        return TickArrayAccount(
            self._pool, self.start, self._spacing, self._nets, self._growths | {crossing.tick: outside}
        )

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            ticks = {
                (tick - self.start) // self._spacing: Tick(net, gross, *self._growths.get(tick, (0, 0)))
                for tick, (net, gross) in self._nets.items()
            }
            self._data = encode_fixed_tick_array(self._pool, self.start, ticks)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return 9_988


class OracleAccount(Account):
    """The oracle of a Whirlpool with adaptive fees."""

    __slots__ = ("oracle",)

    def __init__(self, oracle: Oracle) -> None:
        super().__init__(program.WHIRLPOOL, b"", rent(254))
        self.oracle = oracle

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            oracle = self.oracle
            fields = {**asdict(oracle.constants), **asdict(oracle.variables)}
            self._data = encode_oracle(
                whirlpool=oracle.whirlpool, trade_enable_timestamp=oracle.trade_enable_timestamp, **fields
            )
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return 254


def clock_account(slot: int, epoch: int, epoch_start: int, now: int) -> Account:
    """Returns the clock sysvar."""
    data = encode_clock(slot=slot, epoch=epoch, unix_timestamp=now, epoch_start_timestamp=epoch_start)
    return Account(program.SYSVAR, data)


def _add(pair: tuple[int, int], side: int, more: int) -> tuple[int, int]:
    return (pair[0] + more, pair[1]) if side == 0 else (pair[0], pair[1] + more)
