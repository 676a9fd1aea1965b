"""Accounts of Orca Whirlpools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from cambist.engine.reference.venues.orca.owned import WHIRLPOOL
from cambist.simulator.accounts import Account, rent
from cambist.simulator.venues.orca.layout import (
    Tick,
    encode_fixed_tick_array,
    encode_oracle,
    encode_whirlpool,
    patch_whirlpool,
)

if TYPE_CHECKING:
    from cambist.engine.reference.venues.orca.layout import Oracle, Whirlpool
    from cambist.engine.reference.venues.orca.maths import Crossing, Curve


class WhirlpoolAccount(Account):
    """An Orca Whirlpool."""

    __slots__ = ("_now", "_template", "pool")

    def __init__(self, template: bytes, pool: Whirlpool, now: int) -> None:
        super().__init__(WHIRLPOOL, b"", rent(len(template)))
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
        super().__init__(WHIRLPOOL, b"", rent(9_988))
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
        super().__init__(WHIRLPOOL, b"", rent(254))
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
