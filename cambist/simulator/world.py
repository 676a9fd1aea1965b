"""The opening state: mints, pools with their liquidity, vaults, wallets and lookup tables, in real layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.simulator.accounts import Account, rent
from cambist.simulator.addresses import MEMO_PROGRAM, associated
from cambist.simulator.chain import LOOKUP_PROGRAM
from cambist.simulator.draw import key32
from cambist.simulator.scene import Scene, balance
from cambist.simulator.token_layout import encode_mint, encode_transfer_fee_config
from cambist.simulator.tokens import TRANSFER_FEE, tokens
from cambist.simulator.venues import VENUES, open_pool, specs

if TYPE_CHECKING:
    from cambist.simulator.pool import Pool
    from cambist.simulator.tokens import TokenSpec

WALLET_DOLLARS = 20_000_000.0
"""What each trader holds of each token: deep pockets, so that flow and not wealth moves prices."""
WALLET_LAMPORTS = 50_000 * 10**9
LOADER = bytes(Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111"))
TABLE_KEYS = 256


class Wallet(NamedTuple):
    """A trader's keys."""

    name: str
    keypair: Keypair
    key: bytes


class World(NamedTuple):
    """The opening state."""

    tokens: dict[str, TokenSpec]
    pools: list[Pool]
    accounts: dict[bytes, Account]
    noise: list[Wallet]
    rivals: list[Wallet]
    tables: list[bytes]
    """Addresses of the lookup tables."""


def build(seed: int, dollars: dict[str, float], genesis_s: int, noise: int = 24, rivals: int = 48) -> World:
    """Returns the opening state for a seed; `dollars` are the opening prices."""
    known = tokens()
    accounts: dict[bytes, Account] = {}
    taxes = {}
    for token in known.values():
        config = _transfer_fee(token)
        supply = int(4_000_000_000.0 / dollars[token.symbol]) * 10**token.decimals
        accounts[token.mint] = Account(token.token_program, _mint(token, min(supply, 2**63), config))
        taxes[token.mint] = None if config is None else config.newer
    for venue in VENUES:
        venue.share(accounts, known)
    scene = Scene(seed, dollars, genesis_s, accounts)
    pools = []
    for spec in specs(known):
        pool = open_pool(scene, spec)
        pool.taxes = (taxes[spec.token_a.mint], taxes[spec.token_b.mint])
        pools.append(pool)
    for key in (program.TOKEN, program.TOKEN_2022, *(key for venue in VENUES for key in venue.programs)):
        accounts[key] = Account(LOADER, (2).to_bytes(4, "little") + key32("programdata", key.hex()), executable=True)
    traders = [_wallet(seed, f"noise {i}") for i in range(noise)], [_wallet(seed, f"rival {i}") for i in range(rivals)]
    for wallet in traders[0] + traders[1]:
        fund(accounts, known, dollars, wallet.key, WALLET_DOLLARS, WALLET_LAMPORTS)
    tables = _lookup_tables(pools, accounts)
    return World(known, pools, accounts, *traders, tables)


def fund(
    accounts: dict[bytes, Account],
    tokens: dict[str, TokenSpec],
    dollars: dict[str, float],
    owner: bytes,
    each: float,
    lamports: int,
) -> None:
    """Gives a wallet lamports and an associated account of every token, each worth `each` dollars."""
    accounts[owner] = Account(bytes(32), b"", lamports)
    for token in tokens.values():
        amount = int(each / dollars[token.symbol] * float(10**token.decimals))
        accounts[associated(owner, token)] = balance(token, owner, amount)


def _wallet(seed: int, name: str) -> Wallet:
    keypair = Keypair.from_seed(key32("cambist wallet", seed, name))
    return Wallet(name, keypair, bytes(keypair.pubkey()))


def _mint(token: TokenSpec, supply: int, config: TransferFeeConfig | None) -> bytes:
    extensions = () if config is None else (encode_transfer_fee_config(config),)
    return encode_mint(decimals=token.decimals, supply=supply, extensions=extensions)


def _transfer_fee(token: TokenSpec) -> TransferFeeConfig | None:
    if token.symbol not in TRANSFER_FEE:
        return None
    bps, most = TRANSFER_FEE[token.symbol]
    fee = TransferFee(0, most, bps)
    return TransferFeeConfig(fee, fee)


def _lookup_tables(pools: list[Pool], accounts: dict[bytes, Account]) -> list[bytes]:
    """Creates address lookup tables of what swaps name. Returns their addresses."""
    shared = (key for venue in VENUES for key in venue.keys)
    keys = dict.fromkeys([program.TOKEN, program.TOKEN_2022, MEMO_PROGRAM, *shared])
    for pool in pools:
        spec = pool.spec
        keys |= dict.fromkeys((spec.token_a.mint, spec.token_b.mint, spec.address, spec.vault_a, spec.vault_b))
        keys |= dict.fromkeys(pool.named(accounts.get))
    ordered, tables = list(keys), []
    for at in range(0, len(ordered), TABLE_KEYS):
        address = key32("cambist demo lookup table", at)
        head = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(8) + b"\0" + b"\0" + bytes(34)
        data = head + b"".join(ordered[at : at + TABLE_KEYS])
        accounts[address] = Account(LOOKUP_PROGRAM, data, rent(len(data)))
        tables.append(address)
    return tables
