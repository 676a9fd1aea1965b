"""Pump AMM as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import Mint, TokenAccount
from cambist.engine.reference.venues.program import Compute, Curve, Find, Named, Parts, Program, Role
from cambist.engine.reference.venues.pump import events, owned
from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpPool
from cambist.engine.reference.venues.pump.pool import PumpState, is_canonical
from cambist.engine.reference.venues.pump.swap import pump_swap, pump_swap_v2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool, TransferFees


_COMPUTE = Compute(98_345, 0, 0)
"""The most that nine published logs of landed swaps say (58,881 to 98,345), as the program was not recorded.

Of transaction `2zNeSn8cJpTAW51NR8ZUHEXc5wVwerumVEk4iJFyAYdTHMjy49wumkZvWLkaeB8CD5YmjuJ3AjcbrBYBzAVKdEdD` at slot
376,396,640, still with the older token program; with p-token 77,248 (slot 420,195,494) and 80,632 (slot 450,070,471).
"""


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {
        Role.POOL: PumpPool,
        Role.CONFIG: PumpConfig,
        Role.SCHEDULE: PumpFeeConfig,
    }
    owners: ClassVar[Mapping[Role, bytes]] = {Role.SCHEDULE: owned.PUMP_FEES}

    def named(self, now: PumpPool) -> Named:
        mints, vaults = (now.base_mint, now.quote_mint), (now.base_vault, now.quote_vault)
        return Named(mints, vaults, owned.PUMP_AMM_CONFIG, owned.PUMP_FEE_CONFIG)

    def once(self, now: PumpPool, find: Find) -> bool:
        return is_canonical(now, find)

    def build(self, parts: Parts, ticks: Any, once: bool) -> Pool:
        return PumpState(parts.now, parts.config, parts.schedule, parts.base_supply, once, parts.amounts, parts.fees)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) != 7:
            return None
        pool, config, schedule, *vaults, mint_a, mint_b = accounts
        first, second = (TokenAccount.decode(vault).amount for vault in vaults)
        supply = Mint.decode(mint_a).supply
        return decode_pump((pool, config, schedule), (first, second), supply, (mint_a, mint_b))

    def is_lone(self, before: PumpPool, now: PumpPool, arrays: Sequence[Any]) -> bool:
        return before.virtual_quote_reserves != now.virtual_quote_reserves


def decode_pump(
    accounts: tuple[bytes, bytes, bytes], amounts: tuple[int, int], base_supply: int | None, mints: tuple[bytes, bytes]
) -> PumpState:
    """Returns a pool from (pool, configuration, fee configuration or nothing). Raises `ValueError`."""
    account, config = PumpPool.decode(accounts[0]), PumpConfig.decode(accounts[1])
    fee_config = PumpFeeConfig.decode(accounts[2]) if accounts[2] else None
    return PumpState(account, config, fee_config, base_supply, is_canonical(account), amounts, _transfer_fees(mints))


def _transfer_fees(mints: tuple[bytes, bytes]) -> TransferFees:
    first, second = (Mint.decode(data).transfer_fee if data else None for data in mints)
    return first, second


PROGRAM = Program(
    venue="pump",
    ids=(owned.PUMP_AMM,),
    proof="none: the program was not recorded; from its published formulas, compute units from logs of landed swaps",
    curve=_Curve(),
    compute=_COMPUTE,
    swaps=(pump_swap, pump_swap_v2),
    layout=events.layout,
    events=events.EVENTS,
    balances_leak=True,
)
