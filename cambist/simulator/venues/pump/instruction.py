"""Swaps on Pump AMM, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.pump.owned import (
    PUMP_AMM_CONFIG,
    PUMP_AMM_EVENTS,
    PUMP_AMM_VOLUME,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
)
from cambist.simulator.addresses import ATA_PROGRAM, associated, pda
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.pump.catalogue import BUYBACK_RECIPIENTS, FEE_RECIPIENTS, PROGRAM
from cambist.simulator.venues.pump.market import PumpKeys, PumpMarket
from cambist.simulator.venues.pump.program import PUMP_TAGS

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap

UNITS = 120_000
TRACK_VOLUME = b"\x01"


def pump_keys(pool: PumpMarket, find: Find, owner: bytes) -> PumpKeys:
    """Returns the addresses of `owner`'s swaps on a pool: a few derivations, done once."""
    known = pool.users.get(owner)
    if known is not None:
        return known
    spec, account = pool.spec, pool.account(find)
    pick = owner[0] % len(FEE_RECIPIENTS)
    recipient, buyer = FEE_RECIPIENTS[pick], BUYBACK_RECIPIENTS[pick]
    found = pool.users[owner] = PumpKeys(
        recipient,
        associated(recipient, spec.token_b),
        buyer,
        associated(buyer, spec.token_b),
        associated(pool.creator_vault, spec.token_b),
        pda(PROGRAM, b"user_volume_accumulator", owner),
        pda(PROGRAM, b"pool-v2", spec.token_a.mint) if any(account.pool.coin_creator) else None,
    )
    return found


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    return UNITS


def instruction(pool: PumpMarket, find: Find, swap: Swap) -> Instruction:
    """Returns a swap."""
    spec, tags = pool.spec, PUMP_TAGS[swap.version]
    tag = tags.sell if swap.a_to_b else tags.buy_exact_in if swap.exact_in else tags.buy
    keys = pump_keys(pool, find, swap.signer.key)
    head = (
        written(spec.address),
        swap.signer,
        *(readonly(key) for key in (PUMP_AMM_CONFIG, spec.token_a.mint, spec.token_b.mint)),
        *(written(key) for key in (*swap.users, spec.vault_a, spec.vault_b)),
    )
    programs = (spec.token_a.token_program, spec.token_b.token_program, program.SYSTEM)
    if swap.version == 2:
        metas = (
            *head,
            *(readonly(key) for key in programs),
            written(keys.volume),
            readonly(PUMP_FEE_CONFIG),
            written(keys.buyer_account),
            readonly(PUMP_AMM_EVENTS),
            readonly(PROGRAM),
        )
        return Instruction(PROGRAM, metas, tag + swap.asked)
    volume = () if swap.a_to_b else (readonly(PUMP_AMM_VOLUME), written(keys.volume))
    metas = (
        *head,
        readonly(keys.recipient),
        written(keys.fee_account),
        *(readonly(key) for key in (*programs, ATA_PROGRAM, PUMP_AMM_EVENTS, PROGRAM)),
        written(keys.creator_account),
        readonly(pool.creator_vault),
        *volume,
        *(readonly(key) for key in (PUMP_FEE_CONFIG, PUMP_FEES)),
        *((readonly(keys.pool_v2),) if keys.pool_v2 else ()),
        readonly(keys.buyer),
        written(keys.buyer_account),
    )
    return Instruction(PROGRAM, metas, tag + swap.asked + (b"" if swap.a_to_b else TRACK_VOLUME))
