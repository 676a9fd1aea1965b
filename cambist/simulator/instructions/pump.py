"""Swaps on Pump AMM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.simulator.accounts import PumpAccount
from cambist.simulator.catalogue import (
    ATA_PROGRAM,
    PUMP_BUYBACK_RECIPIENTS,
    PUMP_FEE_RECIPIENTS,
    associated,
    pda,
)
from cambist.simulator.instructions.metas import readonly, written
from cambist.simulator.programs import PUMP_TAGS, PumpTags
from cambist.simulator.transactions import Instruction, Meta

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account
    from cambist.simulator.venues import Pool

TRACK_VOLUME = b"\x01"


class PumpKeys(NamedTuple):
    """Addresses of one wallet's swaps on one pool."""

    recipient: bytes
    """Who gets the protocol's fee: one of those that the config names, as the wallet picks."""
    fee_account: bytes
    buyer: bytes
    buyer_account: bytes
    creator_account: bytes
    volume: bytes
    """Where the wallet's volume would be kept."""
    pool_v2: bytes | None


def pump_keys(pool: Pool, find: Callable[[bytes], Account | None], owner: bytes) -> PumpKeys:
    """Returns the addresses of `owner`'s swaps on a pool: a few derivations, to be done once."""
    spec, account = pool.spec, find(pool.spec.address)
    assert isinstance(account, PumpAccount)
    pick = owner[0] % len(PUMP_FEE_RECIPIENTS)
    recipient, buyer = PUMP_FEE_RECIPIENTS[pick], PUMP_BUYBACK_RECIPIENTS[pick]
    return PumpKeys(
        recipient,
        associated(recipient, spec.token_b),
        buyer,
        associated(buyer, spec.token_b),
        associated(pool.authority, spec.token_b),
        pda(owned.PUMP_AMM, b"user_volume_accumulator", owner),
        pda(owned.PUMP_AMM, b"pool-v2", spec.token_a.mint) if any(account.pool.coin_creator) else None,
    )


def pump_swap(
    pool: Pool, keys: PumpKeys, signer: Meta, users: tuple[bytes, bytes], args: bytes, tags: PumpTags, tag: bytes
) -> Instruction:
    """Returns a swap; `users` are the wallet's base and quote accounts, `tag` says which of the version's swaps."""
    spec = pool.spec
    head = (
        written(spec.address),
        signer,
        *(readonly(key) for key in (owned.PUMP_AMM_CONFIG, spec.token_a.mint, spec.token_b.mint)),
        *(written(key) for key in (*users, spec.vault_a, spec.vault_b)),
    )
    programs = (spec.token_a.token_program, spec.token_b.token_program, program.SYSTEM)
    if tags is PUMP_TAGS[2]:
        metas = (
            *head,
            *(readonly(key) for key in programs),
            written(keys.volume),
            readonly(owned.PUMP_FEE_CONFIG),
            written(keys.buyer_account),
            readonly(owned.PUMP_AMM_EVENTS),
            readonly(owned.PUMP_AMM),
        )
        return Instruction(owned.PUMP_AMM, metas, tag + args)
    buys = tag != tags.sell
    volume = (readonly(owned.PUMP_AMM_VOLUME), written(keys.volume)) if buys else ()
    metas = (
        *head,
        readonly(keys.recipient),
        written(keys.fee_account),
        *(readonly(key) for key in (*programs, ATA_PROGRAM, owned.PUMP_AMM_EVENTS, owned.PUMP_AMM)),
        written(keys.creator_account),
        readonly(pool.authority),
        *volume,
        *(readonly(key) for key in (owned.PUMP_FEE_CONFIG, owned.PUMP_FEES)),
        *((readonly(keys.pool_v2),) if keys.pool_v2 else ()),
        readonly(keys.buyer),
        written(keys.buyer_account),
    )
    return Instruction(owned.PUMP_AMM, metas, tag + args + (TRACK_VOLUME if buys else b""))
