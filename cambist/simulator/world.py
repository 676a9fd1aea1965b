"""The opening state: mints, pools with their liquidity, vaults, wallets and lookup tables, in real layouts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import asdict
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from cambist.engine.reference.accounts import (
    AdaptiveFeeConstants,
    AdaptiveFeeVariables,
    AmmV4,
    CpmmConfig,
    CpmmPool,
    Oracle,
    TickArray,
    TransferFee,
    TransferFeeConfig,
    Whirlpool,
    program,
)
from cambist.engine.reference.amm_math import MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price
from cambist.engine.reference.amm_math.sqrt_price import delta_a, delta_b
from cambist.engine.reference.tick_array_manager import Ticks
from cambist.simulator import catalogue
from cambist.simulator.accounts import (
    Account,
    CpmmAccount,
    OracleAccount,
    TickArrayAccount,
    TokenBalance,
    WhirlpoolAccount,
    rent,
)
from cambist.simulator.chain import LOOKUP_PROGRAM, SLOTS_PER_EPOCH, START_SLOT
from cambist.simulator.draw import Draw, key32
from cambist.simulator.layouts.raydium import encode_amm_v4, encode_cpmm_config
from cambist.simulator.layouts.token import encode_mint, encode_transfer_fee_config
from cambist.simulator.native import SOL_MINT
from cambist.simulator.venues import Pool

if TYPE_CHECKING:
    from cambist.simulator.catalogue import PoolSpec, TokenSpec

TICKS = 88
WALLET_DOLLARS = 20_000_000.0
"""What each trader holds of each token: deep pockets, so that flow and not wealth moves prices."""
WALLET_LAMPORTS = 50_000 * 10**9
LOADER = bytes(Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111"))
TABLE_KEYS = 256
OBSERVATION = bytes.fromhex("7aaec5358109a584")
OBSERVATION_BYTES = 4_075
"""A CPMM pool's price history. The market keeps none, which no quote reads."""


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
            program.RAYDIUM_CPMM,
            encode_cpmm_config(index=index, trade_fee_rate=rate, protocol_fee_rate=120_000, fund_fee_rate=40_000),
        )
    builder = _Builder(seed, dollars, genesis_s, accounts)
    pools = []
    for spec in catalogue.pools(tokens):
        pool = builder.pool(spec)
        pool.taxes = (taxes[spec.token_a.mint], taxes[spec.token_b.mint])
        pools.append(pool)
    for key in (program.TOKEN, program.TOKEN_2022, program.RAYDIUM_V4, program.RAYDIUM_CPMM, program.WHIRLPOOL):
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
        accounts[catalogue.associated(owner, token)] = _balance(token, owner, amount)


def _wallet(seed: int, name: str) -> Wallet:
    keypair = Keypair.from_seed(key32("cambist wallet", seed, name))
    return Wallet(name, keypair, bytes(keypair.pubkey()))


def _balance(token: TokenSpec, owner: bytes, amount: int) -> TokenBalance:
    withheld = token.symbol in catalogue.TRANSFER_FEE
    return TokenBalance.new(
        token.token_program, token.mint, owner, amount, native=token.mint == SOL_MINT, withheld=withheld
    )


def _mint(token: TokenSpec, supply: int, config: TransferFeeConfig | None) -> bytes:
    extensions = () if config is None else (encode_transfer_fee_config(config),)
    return encode_mint(decimals=token.decimals, supply=supply, extensions=extensions)


def _transfer_fee(token: TokenSpec) -> TransferFeeConfig | None:
    if token.symbol not in catalogue.TRANSFER_FEE:
        return None
    bps, most = catalogue.TRANSFER_FEE[token.symbol]
    fee = TransferFee(0, most, bps)
    return TransferFeeConfig(fee, fee)


class _Builder:
    """Funds pools."""

    def __init__(self, seed: int, dollars: dict[str, float], genesis_s: int, accounts: dict[bytes, Account]) -> None:
        self._seed, self._dollars, self._genesis_s, self._accounts = seed, dollars, genesis_s, accounts

    def pool(self, spec: PoolSpec) -> Pool:
        """Returns a funded pool; its accounts are in place."""
        pool = Pool(spec)
        draw = Draw(self._seed, "pool", spec.address.hex())
        dollars = spec.dollars * draw.between(0.7, 1.3)
        off = 1.0 + draw.normal() * 0.0004
        if spec.venue == "orca":
            self._orca(pool, draw, dollars, off)
            return pool
        amounts = [
            int(dollars / 2.0 / self._dollars[token.symbol] * tilt * float(10**token.decimals))
            for token, tilt in ((spec.token_a, 1.0), (spec.token_b, off))
        ]
        if spec.venue == "ray4":
            amounts = self._ray4(pool, draw, amounts)
        else:
            self._cpmm(pool)
        self._vaults(spec, amounts)
        return pool

    def _vaults(self, spec: PoolSpec, amounts: list[int]) -> None:
        owner = {"ray4": catalogue.RAYDIUM_V4_AUTHORITY, "cpmm": catalogue.CPMM_AUTHORITY}.get(spec.venue, spec.address)
        self._accounts[spec.vault_a] = _balance(spec.token_a, owner, amounts[0])
        self._accounts[spec.vault_b] = _balance(spec.token_b, owner, amounts[1])

    def _ray4(self, pool: Pool, draw: Draw, amounts: list[int]) -> list[int]:
        """Returns the vault amounts: the reserves plus the protocol's share that still lies there."""
        spec = pool.spec
        owed = [int(amount * draw.between(0.0, 0.0004)) for amount in amounts]
        pool.info = AmmV4(
            status=6,
            coin_decimals=spec.token_a.decimals,
            pc_decimals=spec.token_b.decimals,
            swap_fee_numerator=25,
            swap_fee_denominator=10_000,
            need_take_pnl_coin=owed[0],
            need_take_pnl_pc=owed[1],
            pool_open_time=self._genesis_s - 40_000_000,
            coin_vault=spec.vault_a,
            pc_vault=spec.vault_b,
            coin_mint=spec.token_a.mint,
            pc_mint=spec.token_b.mint,
        )
        self._accounts[spec.address] = Account(program.RAYDIUM_V4, encode_amm_v4(**asdict(pool.info)))
        return [amount + due for amount, due in zip(amounts, owed, strict=True)]

    def _cpmm(self, pool: Pool) -> None:
        spec = pool.spec
        pool.config = CpmmConfig(spec.tier, spec.fee_ppm, 120_000, 40_000, 0)
        pool.config_address = catalogue.cpmm_config_address(spec.tier)
        observation = catalogue.pda(program.RAYDIUM_CPMM, b"observation", spec.address)
        history = OBSERVATION + bytes(3) + spec.address + bytes(OBSERVATION_BYTES - 43)
        self._accounts[observation] = Account(program.RAYDIUM_CPMM, history)
        state = CpmmPool(
            amm_config=pool.config_address,
            vaults=(spec.vault_a, spec.vault_b),
            mints=(spec.token_a.mint, spec.token_b.mint),
            programs=(spec.token_a.token_program, spec.token_b.token_program),
            status=0,
            decimals=(spec.token_a.decimals, spec.token_b.decimals),
            protocol_fees=(0, 0),
            fund_fees=(0, 0),
            open_time=self._genesis_s - 20_000_000,
            creator_fee_on=0,
            enable_creator_fee=False,
            creator_fees=(0, 0),
        )
        self._accounts[spec.address] = CpmmAccount.new(
            state, START_SLOT // SLOTS_PER_EPOCH, observation=observation, auth_bump=253
        )

    def _orca(self, pool: Pool, draw: Draw, dollars: float, off: float) -> None:
        spec = pool.spec
        usd = [self._dollars[token.symbol] for token in (spec.token_a, spec.token_b)]
        atom = [usd[0] / float(10**spec.token_a.decimals), usd[1] / float(10**spec.token_b.decimals)]
        root = math.isqrt((int(atom[0] * off * 1e24) << 128) // int(atom[1] * 1e24))
        tick = tick_from_sqrt_price(root)
        nets: dict[int, list[int]] = {}
        liquidity, amounts = 0, [0, 0]
        for lower, upper, share in _ranges(spec, tick, draw):
            low, high = sqrt_price_from_tick(lower), sqrt_price_from_tick(upper)
            added = _liquidity(dollars * share, root, low, high, atom)
            inside = min(max(root, low), high)
            amounts[0] += delta_a(inside, high, added, up=True) or 0
            amounts[1] += delta_b(low, inside, added, up=True) or 0
            liquidity += added if lower <= tick < upper else 0
            for edge, sign in ((lower, 1), (upper, -1)):
                net = nets.setdefault(edge, [0, 0])
                net[0] += sign * added
                net[1] += added
        state = Whirlpool(
            tick_spacing=spec.tick_spacing,
            fee_tier_index=spec.tier,
            fee_rate=spec.fee_ppm,
            protocol_fee_rate=1_300,
            liquidity=liquidity,
            sqrt_price=root,
            tick=tick,
            protocol_owed_a=0,
            protocol_owed_b=0,
            mint_a=spec.token_a.mint,
            vault_a=spec.vault_a,
            fee_growth_a=draw.below(2**40) << 40,
            mint_b=spec.token_b.mint,
            vault_b=spec.vault_b,
            fee_growth_b=draw.below(2**40) << 40,
        )
        self._accounts[spec.address] = WhirlpoolAccount.new(
            state, self._genesis_s, config=catalogue.WHIRLPOOLS_CONFIG, bump=255
        )
        self._vaults(spec, amounts)
        self._arrays(pool, {edge: (net, gross) for edge, (net, gross) in sorted(nets.items())}, tick)
        self._oracle(pool, tick)

    def _arrays(self, pool: Pool, nets: dict[int, tuple[int, int]], tick: int) -> None:
        spec, span = pool.spec, TICKS * pool.spec.tick_spacing
        home = tick // span * span
        starts = sorted({edge // span * span for edge in nets} | {home - span, home, home + span})
        arrays = []
        for start in starts:
            address = catalogue.tick_array_address(spec.address, start)
            pool.arrays[start] = address
            mine = {edge: net for edge, net in nets.items() if start <= edge < start + span}
            self._accounts[address] = TickArrayAccount(spec.address, start, spec.tick_spacing, mine, {})
            ticks = tuple(((edge - start) // spec.tick_spacing, net) for edge, (net, _) in mine.items())
            arrays.append(TickArray(spec.address, start, ticks))
        lowest, highest = MIN_TICK // span * span, MAX_TICK // span * span
        absent = (start for start in range(lowest, highest + span, span) if start not in pool.arrays)
        pool.ticks = Ticks(spec.tick_spacing, arrays, absent)

    def _oracle(self, pool: Pool, tick: int) -> None:
        spec = pool.spec
        pool.oracle = catalogue.oracle_address(spec.address)
        if spec.tier == spec.tick_spacing:
            return
        group = spec.tick_spacing
        constants = AdaptiveFeeConstants(30, 600, 500, 4_000, 350_000, group, 16)
        start = self._genesis_s - 5_000
        variables = AdaptiveFeeVariables(start, start, 0, tick // group, 0)
        self._accounts[pool.oracle] = OracleAccount(Oracle(spec.address, 0, constants, variables))


def _ranges(spec: PoolSpec, tick: int, draw: Draw) -> list[tuple[int, int, float]]:
    """Returns positions as (lower tick, upper tick, share of the value): narrow to full range."""
    pegged = spec.tick_spacing == 1
    widths = (
        ((4, 0.22), (12, 0.28), (45, 0.28), (160, 0.16))
        if pegged
        else ((70, 0.16), (220, 0.24), (700, 0.26), (2_600, 0.22))
    )
    spacing, found = spec.tick_spacing, []
    for width, share in widths:
        parts = 3
        for _ in range(parts):
            below, above = (max(1, int(width * draw.between(0.6, 1.5) / spacing)) for _ in "ab")
            home = tick // spacing
            found.append(((home - below) * spacing, (home + 1 + above) * spacing, share / parts))
    most = MAX_TICK // spacing * spacing
    found.append((-most, most, 1.0 - sum(share for _, share in widths)))
    return found


def _liquidity(dollars: float, root: int, low: int, high: int, atom: list[float]) -> int:
    """Returns the liquidity of a position worth `dollars` at √price `root`."""
    one = 18446744073709551616.0
    inside = min(max(root, low), high)
    a = one / inside - one / high
    b = (inside - low) / one
    return int(dollars / (a * atom[0] + b * atom[1]))


def _lookup_tables(pools: list[Pool], accounts: dict[bytes, Account]) -> list[bytes]:
    """Creates address lookup tables of what swaps name. Returns their addresses."""
    keys = dict.fromkeys(
        [
            program.TOKEN,
            program.TOKEN_2022,
            catalogue.MEMO_PROGRAM,
            catalogue.RAYDIUM_V4_AUTHORITY,
            catalogue.CPMM_AUTHORITY,
        ]
    )
    for pool in pools:
        spec = pool.spec
        keys |= dict.fromkeys((spec.token_a.mint, spec.token_b.mint, spec.address, spec.vault_a, spec.vault_b))
        if spec.venue == "cpmm":
            keys |= dict.fromkeys(
                (pool.config_address, catalogue.pda(program.RAYDIUM_CPMM, b"observation", spec.address))
            )
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
