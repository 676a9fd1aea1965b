"""The opening state: mints, pools with their liquidity, vaults, wallets and lookup tables, in real layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.dlmm.maths import array_index
from cambist.simulator import catalogue, venues
from cambist.simulator.accounts import Account, ClmmAccount, LbPairAccount, WhirlpoolAccount, rent
from cambist.simulator.chain import LOOKUP_PROGRAM
from cambist.simulator.draw import key32
from cambist.simulator.funding import Scene, balance, clmm_config, open_pool, pump_singletons
from cambist.simulator.layouts.raydium import encode_cpmm_config
from cambist.simulator.layouts.raydium_clmm import encode_clmm_config
from cambist.simulator.layouts.token import encode_mint, encode_transfer_fee_config

if TYPE_CHECKING:
    from cambist.simulator.catalogue import TokenSpec
    from cambist.simulator.venues import Pool

TICKS = 88
WALLET_DOLLARS = 20_000_000.0
"""What each trader holds of each token: deep pockets, so that flow and not wealth moves prices."""
WALLET_LAMPORTS = 50_000 * 10**9
LOADER = bytes(Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111"))
TABLE_KEYS = 256
PUMP_KEYS = (
    owned.PUMP_AMM_CONFIG,
    owned.PUMP_AMM_EVENTS,
    owned.PUMP_AMM_VOLUME,
    owned.PUMP_FEE_CONFIG,
    owned.PUMP_FEES,
)


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


def build(seed: int, dollars: dict[str, float], genesis_s: int, noise: int = 24, rivals: int = 12) -> World:
    """Returns the opening state for a seed; `dollars` are the opening prices."""
    tokens = catalogue.tokens()
    accounts: dict[bytes, Account] = {}
    taxes = {}
    for token in tokens.values():
        config = _transfer_fee(token)
        supply = int(4_000_000_000.0 / dollars[token.symbol]) * 10**token.decimals
        accounts[token.mint] = Account(token.token_program, _mint(token, min(supply, 2**63), config))
        taxes[token.mint] = None if config is None else config.newer
    for index, rate in catalogue.CPMM_RATES.items():
        accounts[catalogue.cpmm_config_address(index)] = Account(
            owned.RAYDIUM_CPMM,
            encode_cpmm_config(index=index, trade_fee_rate=rate, protocol_fee_rate=120_000, fund_fee_rate=40_000),
        )
    for index in catalogue.CLMM_CONFIGS:
        accounts[catalogue.clmm_config_address(index)] = Account(
            owned.RAYDIUM_CLMM, encode_clmm_config(clmm_config(index), bump=255)
        )
    pump_singletons(accounts, (tokens["SOL"], tokens["USDC"]))
    scene = Scene(seed, dollars, genesis_s, accounts)
    pools = []
    for spec in catalogue.pools(tokens):
        pool = open_pool(scene, spec)
        pool.taxes = (taxes[spec.token_a.mint], taxes[spec.token_b.mint])
        pools.append(pool)
    for key in (program.TOKEN, program.TOKEN_2022, *catalogue.POOL_PROGRAMS):
        accounts[key] = Account(LOADER, (2).to_bytes(4, "little") + key32("programdata", key.hex()), executable=True)
    traders = [_wallet(seed, f"noise {i}") for i in range(noise)], [_wallet(seed, f"rival {i}") for i in range(rivals)]
    for wallet in traders[0] + traders[1]:
        fund(accounts, tokens, dollars, wallet.key, WALLET_DOLLARS, WALLET_LAMPORTS)
    tables = _lookup_tables(pools, accounts)
    return World(tokens, pools, accounts, *traders, tables)


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
        accounts[catalogue.associated(owner, token)] = balance(token, owner, amount)


def _wallet(seed: int, name: str) -> Wallet:
    keypair = Keypair.from_seed(key32("cambist wallet", seed, name))
    return Wallet(name, keypair, bytes(keypair.pubkey()))


def _mint(token: TokenSpec, supply: int, config: TransferFeeConfig | None) -> bytes:
    extensions = () if config is None else (encode_transfer_fee_config(config),)
    return encode_mint(decimals=token.decimals, supply=supply, extensions=extensions)


def _transfer_fee(token: TokenSpec) -> TransferFeeConfig | None:
    if token.symbol not in catalogue.TRANSFER_FEE:
        return None
    bps, most = catalogue.TRANSFER_FEE[token.symbol]
    fee = TransferFee(0, most, bps)
    return TransferFeeConfig(fee, fee)


def _lookup_tables(pools: list[Pool], accounts: dict[bytes, Account]) -> list[bytes]:
    """Creates address lookup tables of what swaps name. Returns their addresses."""
    keys = dict.fromkeys(
        [
            program.TOKEN,
            program.TOKEN_2022,
            catalogue.MEMO_PROGRAM,
            catalogue.RAYDIUM_V4_AUTHORITY,
            catalogue.CPMM_AUTHORITY,
            catalogue.DAMM_V2_AUTHORITY,
            catalogue.DAMM_V2_EVENTS,
            catalogue.DLMM_EVENTS,
        ]
    )
    for pool in pools:
        spec = pool.spec
        keys |= dict.fromkeys((spec.token_a.mint, spec.token_b.mint, spec.address, spec.vault_a, spec.vault_b))
        if spec.venue == "cpmm":
            keys |= dict.fromkeys((pool.config_address, pool.oracle))
        if pool.stable is not None:
            keys |= dict.fromkeys((pool.authority, *pool.stable.admin_vaults))
        if spec.venue == "pump":
            keys |= dict.fromkeys((pool.authority, catalogue.associated(pool.authority, spec.token_b)))
            keys |= dict.fromkeys(PUMP_KEYS)
        if spec.venue == "clmm":
            account = accounts[spec.address]
            assert isinstance(account, ClmmAccount)
            ahead = (venues.clmm_ahead(account.ticks, account.pool.tick, a_to_b=a_to_b)[:3] for a_to_b in (True, False))
            near = [pool.arrays[start] for starts in ahead for start in starts]
            keys |= dict.fromkeys((pool.config_address, pool.oracle, pool.bitmap, *near))
        if spec.venue == "dlmm":
            pair = accounts[spec.address]
            assert isinstance(pair, LbPairAccount)
            home = array_index(pair.pair.active_id)
            near = [pool.arrays[index] for index in pool.arrays if abs(index - home) <= 1]
            keys |= dict.fromkeys((pool.oracle, *filter(None, (pool.bitmap,)), *near))
        if spec.venue == "orca":
            account = accounts[spec.address]
            assert isinstance(account, WhirlpoolAccount)
            span = TICKS * spec.tick_spacing
            home = account.pool.tick // span * span
            near = [pool.arrays[start] for start in pool.arrays if abs(start - home) <= span]
            keys |= dict.fromkeys((pool.oracle, *near))
    ordered, tables = list(keys), []
    for at in range(0, len(ordered), TABLE_KEYS):
        address = key32("cambist demo lookup table", at)
        head = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(8) + b"\0" + b"\0" + bytes(34)
        data = head + b"".join(ordered[at : at + TABLE_KEYS])
        accounts[address] = Account(LOOKUP_PROGRAM, data, rent(len(data)))
        tables.append(address)
    return tables
