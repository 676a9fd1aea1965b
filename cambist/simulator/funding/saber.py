"""Opening of Saber stable swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.saber import maths as stable_swap
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account
from cambist.simulator.draw import key32
from cambist.simulator.funding.scene import Scene, balance
from cambist.simulator.layouts.saber import encode_stable_swap
from cambist.simulator.layouts.token import encode_mint

if TYPE_CHECKING:
    from cambist.simulator.venues import Pool


def fund_saber(scene: Scene, pool: Pool, dollars: float, off: float) -> None:
    """Opens a stable swap with the reserves at which its curve has the market's slope."""
    spec, terms = pool.spec, catalogue.SABER_TERMS[pool.spec.tier]
    authority, nonce = Pubkey.find_program_address((spec.address,), Pubkey(owned.SABER))
    pool.authority = bytes(authority)
    admin, lp_mint = (key32("cambist demo", what, spec.address.hex()) for what in ("admin", "lp mint"))
    ends = (scene.genesis_s, scene.genesis_s + terms.ramp_s) if terms.ramp_s else (0, 0)
    tokens = (spec.token_a, spec.token_b)
    pool.stable = StableSwap(
        is_paused=False,
        nonce=nonce,
        initial_amp=terms.amps[0],
        target_amp=terms.amps[1],
        ramp_start=ends[0],
        ramp_stop=ends[1],
        vaults=(spec.vault_a, spec.vault_b),
        pool_mint=lp_mint,
        mints=(spec.token_a.mint, spec.token_b.mint),
        admin_vaults=(catalogue.associated(admin, spec.token_a), catalogue.associated(admin, spec.token_b)),
        admin_fee=(terms.admin_bps, 10_000),
        trade_fee=(terms.trade_bps, 10_000),
    )
    amounts = _reserves(terms.amps[0], dollars, off, scene.atoms(spec))
    supply = stable_swap.invariant(terms.amps[0], amounts)
    mint = encode_mint(
        decimals=spec.token_a.decimals, supply=supply, mint_authority_tag=1, mint_authority=pool.authority
    )
    scene.accounts[lp_mint] = Account(program.TOKEN, mint)
    for key, token in zip(pool.stable.admin_vaults, tokens, strict=True):
        scene.accounts[key] = balance(token, admin, 0)
    scene.accounts[spec.address] = Account(owned.SABER, encode_stable_swap(pool.stable, admin=admin))
    scene.vaults(spec, pool.authority, amounts)


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
