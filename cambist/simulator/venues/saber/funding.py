"""Opening of Saber stable swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.saber import maths as stable_swap
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.simulator.accounts import Account
from cambist.simulator.addresses import associated
from cambist.simulator.draw import key32
from cambist.simulator.scene import Scene, balance
from cambist.simulator.token_layout import encode_mint
from cambist.simulator.venues.saber.catalogue import PROGRAM, TERMS
from cambist.simulator.venues.saber.layout import encode_stable_swap
from cambist.simulator.venues.saber.market import SaberMarket

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec


def fund(scene: Scene, spec: PoolSpec, _draw: Draw, dollars: float, off: float) -> SaberMarket:
    """Opens a stable swap with the reserves at which its curve has the market's slope."""
    terms = TERMS[spec.tier]
    key, nonce = Pubkey.find_program_address((spec.address,), Pubkey(PROGRAM))
    authority = bytes(key)
    admin, lp_mint = (key32("cambist demo", what, spec.address.hex()) for what in ("admin", "lp mint"))
    ends = (scene.genesis_s, scene.genesis_s + terms.ramp_s) if terms.ramp_s else (0, 0)
    tokens = (spec.token_a, spec.token_b)
    state = StableSwap(
        is_paused=False,
        nonce=nonce,
        initial_amp=terms.amps[0],
        target_amp=terms.amps[1],
        ramp_start=ends[0],
        ramp_stop=ends[1],
        vaults=(spec.vault_a, spec.vault_b),
        pool_mint=lp_mint,
        mints=(spec.token_a.mint, spec.token_b.mint),
        admin_vaults=(associated(admin, spec.token_a), associated(admin, spec.token_b)),
        admin_fee=(terms.admin_bps, 10_000),
        trade_fee=(terms.trade_bps, 10_000),
    )
    amounts = _reserves(terms.amps[0], dollars, off, scene.atoms(spec))
    supply = stable_swap.invariant(terms.amps[0], amounts)
    mint = encode_mint(decimals=spec.token_a.decimals, supply=supply, mint_authority_tag=1, mint_authority=authority)
    scene.accounts[lp_mint] = Account(program.TOKEN, mint)
    for vault, token in zip(state.admin_vaults, tokens, strict=True):
        scene.accounts[vault] = balance(token, admin, 0)
    scene.accounts[spec.address] = Account(PROGRAM, encode_stable_swap(state, admin=admin))
    scene.vaults(spec, authority, amounts)
    return SaberMarket(spec, state, authority)


def _reserves(amp: int, dollars: float, off: float, atom: tuple[float, float]) -> tuple[int, int]:
    """Returns the reserves worth `dollars` at which an atom of A buys its worth in atoms of B."""
    wanted = atom[0] / atom[1] * off
    low, high, found = 0.0, 1.0, (0, 0)
    for _ in range(50):
        share = (low + high) / 2.0
        found = int(dollars * share / atom[0]), int(dollars * (1.0 - share) / atom[1])
        num, den = stable_swap.slope(amp, found)
        low, high = (share, high) if num / den > wanted else (low, share)
    return found
