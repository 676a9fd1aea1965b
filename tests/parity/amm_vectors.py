"""Logarithms, margins, quotes and states after swaps that both engines assert.

`python -m tests.parity.amm_vectors` writes `amm_vectors.json` from the reference engine; the Rust core's
`tests/amm_vectors.rs` reads the same file. Pools are given as account bytes, so the decoders are compared too.
"""

from __future__ import annotations

import base64
import json
import random
import struct
from pathlib import Path
from typing import Any

from cambist.engine.reference.chain.token import Mint, TransferFee, TransferFeeConfig
from cambist.engine.reference.search.log2 import log2_ratio
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.cpmm.pool import CpmmPoolState
from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.orca.pool import WhirlpoolState
from cambist.engine.reference.venues.quote import ChainTime, Pool, Quote
from cambist.engine.reference.venues.quote_error import QuoteError, RoundingRule
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price
from cambist.engine.reference.venues.tick_array_manager import Ticks, array_start, swap_array_starts
from cambist.simulator.token_layout import encode_mint, encode_transfer_fee_config
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config, encode_cpmm_pool
from cambist.simulator.venues.orca.layout import (
    Tick,
    encode_dynamic_tick_array,
    encode_fixed_tick_array,
    encode_oracle,
    encode_whirlpool,
)
from cambist.simulator.venues.ray4.layout import encode_amm_v4

FILE = Path(__file__).with_name("amm_vectors.json")
U64 = 2**64 - 1
NOW = 1_760_000_000
Case = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pool_of(case: Case) -> Pool:
    """Returns the pool that a case's account bytes make up."""
    account = base64.b64decode(case["account"])
    rule = RoundingRule(case["rule"])
    mints = [mint and Mint.decode(base64.b64decode(mint)).transfer_fee for mint in case["mints"]]
    fees = (mints[0], mints[1])
    if case["venue"] == "ray4":
        return AmmV4Pool(AmmV4.decode(account), tuple(case["amounts"]), rule)
    if case["venue"] == "cpmm":
        config = CpmmConfig.decode(base64.b64decode(case["config"]))
        return CpmmPoolState(CpmmPool.decode(account), config, tuple(case["amounts"]), fees, rule)
    pool = Whirlpool.decode(account)
    arrays = [TickArray.decode(base64.b64decode(array)) for array in case["arrays"]]
    oracle = case["oracle"] and Oracle.decode(base64.b64decode(case["oracle"]))
    return WhirlpoolState(pool, Ticks(pool.tick_spacing, arrays, case["absent"]), oracle, fees)


def state_of(pool: Pool) -> list[str]:
    """Returns every number that a swap may change."""
    if isinstance(pool, AmmV4Pool):
        numbers = [*pool.amounts, pool.account.status]
    elif isinstance(pool, CpmmPoolState):
        account = pool.account
        numbers = [*pool.amounts, *account.protocol_fees, *account.fund_fees, *account.creator_fees]
    else:
        assert isinstance(pool, WhirlpoolState)
        account, oracle = pool.account, pool.oracle
        numbers = [account.sqrt_price, account.tick, account.liquidity, account.fee_growth_a, account.fee_growth_b]
        numbers += [account.protocol_owed_a, account.protocol_owed_b]
        if oracle is not None:
            variables = oracle.variables
            numbers += [variables.last_reference_update, variables.last_major_swap, variables.volatility_reference]
            numbers += [variables.tick_group_index_reference, variables.volatility_accumulator]
    return [str(number) for number in numbers]


def numbers_of(quote: Quote) -> list[int]:
    return list(quote)


def margin(pool: Pool, a_to_b: bool, time: ChainTime) -> list[Any] | None:
    """Returns rate, weight and the bits of the virtual reserves."""
    rate = pool.rate(a_to_b, time)
    reserves = pool.virtual_reserves(a_to_b, time)
    if rate is None or reserves is None:
        assert rate is None
        assert reserves is None
        return None
    bits = [struct.unpack("<Q", struct.pack("<d", value))[0] for value in reserves]
    return [str(rate[0]), str(rate[1]), pool.weight(a_to_b, time), bits]


def answer(pool: Pool, ask: list[Any], time: ChainTime) -> Any:
    """Returns the error's name, or the quote and the state after it."""
    exact_in, a_to_b, amount = ask
    try:
        quote, after = (pool.swap if exact_in else pool.swap_exact_out)(a_to_b, amount, time)
    except QuoteError as error:
        return error.reason.value
    return [numbers_of(quote), state_of(after)]


def pool_outcome(case: Case) -> Case:
    pool, time = pool_of(case), ChainTime(*case["time"])
    return {
        "margins": [margin(pool, True, time), margin(pool, False, time)],
        "answers": [answer(pool, ask, time) for ask in case["asks"]],
    }


def log_outcome(case: Case) -> int | None:
    return log2_ratio(int(case["num"]), int(case["den"]))


def tick_outcome(case: Case) -> list[Any]:
    price = sqrt_price_from_tick(case["tick"])
    return [str(price), tick_from_sqrt_price(price), tick_from_sqrt_price(max(price - 1, 4295048016))]


OUTCOMES = {"logs": log_outcome, "ticks": tick_outcome, "pools": pool_outcome}


def amount(rng: random.Random, top: int = 64) -> int:
    return rng.getrandbits(rng.randint(1, top))


def random_log(rng: random.Random) -> Case:
    return {"num": str(rng.getrandbits(rng.randint(1, 128))), "den": str(rng.getrandbits(rng.randint(1, 128)))}


def random_asks(rng: random.Random, sizes: tuple[int, int], count: int) -> list[list[Any]]:
    """Returns asks from dust to more than the pool holds."""
    asks = []
    for _ in range(count):
        exact_in, a_to_b = rng.random() < 0.6, rng.random() < 0.5
        size = sizes[exact_in != a_to_b]
        large = rng.random() < 0.6
        asked = rng.randint(0, 3 * size) >> rng.choice((0, 2, 4)) if large else amount(rng, size.bit_length() or 1)
        asks.append([exact_in, a_to_b, min(asked, U64)])
    return asks


def random_time(rng: random.Random) -> list[int]:
    return [400_000_000, NOW + rng.choice((0, 1, 40, 700, 5000)), rng.choice((924, 925))]


def random_mint(rng: random.Random) -> str | None:
    if rng.random() < 0.5:
        return None
    fees = [TransferFee(epoch, amount(rng), rng.choice((0, 1, 100, 300, 690, 5_000, 10_000))) for epoch in (800, 925)]
    extension = encode_transfer_fee_config(TransferFeeConfig(fees[0], fees[1]))
    return b64(encode_mint(decimals=6, supply=1, extensions=(extension,)))


def case_of(venue: str, rng: random.Random, **parts: Any) -> Case:
    base = {"venue": venue, "rule": "true_ceil", "mints": [None, None], "time": random_time(rng)}
    return base | parts


def random_v4(rng: random.Random) -> Case:
    sizes = (amount(rng), amount(rng))
    account = encode_amm_v4(
        status=rng.choice((1, 6, 6, 6, 7, 2)),
        swap_fee_numerator=rng.choice((25, 25, 25, 0, 10_000)),
        need_take_pnl_coin=sizes[0] >> rng.choice((2, 70)),
        need_take_pnl_pc=amount(rng, 40) if rng.random() < 0.3 else 0,
        pool_open_time=NOW + rng.choice((-5, -5, -5, -5, 20)),
    )
    rule = rng.choice(("true_ceil", "old_ceil"))
    return case_of("ray4", rng, account=b64(account), amounts=sizes, rule=rule, asks=random_asks(rng, sizes, 8))


def random_cpmm(rng: random.Random) -> Case:
    sizes = (amount(rng), amount(rng))
    account = encode_cpmm_pool(
        status=4 if rng.random() < 0.05 else 0,
        protocol_fees_0=sizes[0] >> 3,
        fund_fees_1=amount(rng, 20),
        creator_fees_1=amount(rng, 10),
        open_time=NOW + rng.choice((-5, -5, -5, -5, 20)),
        creator_fee_on=rng.randint(0, 2),
        enable_creator_fee=rng.randint(0, 1),
    )
    config = encode_cpmm_config(
        trade_fee_rate=rng.choice((100, 2500, 2500, 10_000, 999_999, 1_000_001)),
        protocol_fee_rate=rng.choice((0, 120_000, 1_000_000)),
        fund_fee_rate=rng.choice((0, 40_000)),
        creator_fee_rate=rng.choice((0, 500, 2000, 1_000_000)),
    )
    return case_of(
        "cpmm",
        rng,
        account=b64(account),
        config=b64(config),
        amounts=sizes,
        rule=rng.choice(("true_ceil", "old_ceil")),
        mints=[random_mint(rng), random_mint(rng)],
        asks=random_asks(rng, sizes, 10),
    )


def random_positions(rng: random.Random, tick: int, spacing: int) -> tuple[dict[int, int], int]:
    """Returns liquidity net by tick, and the liquidity at `tick`."""
    nets: dict[int, int] = {}
    liquidity = 0
    for _ in range(rng.randint(2, 14)):
        low, high = sorted(tick // spacing + rng.randint(-40, 40) + rng.choice((-90, 0, 0, 0, 90)) for _ in range(2))
        edge = MAX_TICK // spacing
        low, high = max(low, -edge) * spacing, min(high, edge) * spacing
        if low >= high:
            continue
        size = amount(rng, 60) + 1
        nets[low] = nets.get(low, 0) + size
        nets[high] = nets.get(high, 0) - size
        liquidity += size if low <= tick < high else 0
    return nets, liquidity


def random_oracle(rng: random.Random, tick: int, size: int) -> bytes:
    last = NOW - rng.choice((0, 5, 100, 3000, 4000, -50))
    return encode_oracle(
        trade_enable_timestamp=NOW + (2 if rng.random() < 0.1 else -2),
        filter_period=30,
        decay_period=600,
        reduction_factor=rng.choice((500, 5000)),
        control_factor=rng.choice((0, 4_000, 60_000)),
        max_volatility_accumulator=rng.choice((50_000, 350_000)),
        tick_group_size=size,
        major_swap_threshold_ticks=rng.choice((10, 64)),
        last_reference_update=last,
        last_major_swap=last + rng.choice((-60, 0, 3)),
        volatility_reference=rng.choice((0, 10_000, 40_000)),
        tick_group_index_reference=tick // size + rng.randint(-3, 3),
        volatility_accumulator=rng.choice((0, 25_000, 50_000)),
    )


def random_arrays(
    rng: random.Random, nets: dict[int, int], spacing: int, starts: set[int]
) -> tuple[list[str], list[int]]:
    """Returns loaded arrays and absent starts; now and then one is never seen."""
    arrays, absent = [], []
    for start in sorted(starts):
        ticks = {
            (tick - start) // spacing: Tick(net=net, gross=abs(net))
            for tick, net in nets.items()
            if array_start(tick, spacing) == start
        }
        if rng.random() < 0.05:
            continue
        if not ticks and rng.random() < 0.5:
            absent.append(start)
            continue
        encode = encode_dynamic_tick_array if rng.random() < 0.985 else encode_fixed_tick_array
        arrays.append(b64(encode(bytes(32), start, ticks)))
    return arrays, absent


def random_whirlpool(rng: random.Random) -> Case:
    spacing = rng.choice((1, 4, 8, 64, 128, 32896))
    tick = rng.choice((0, rng.randint(-20_000, 20_000), rng.randint(MIN_TICK + 5, MAX_TICK - 5)))
    low, high = sqrt_price_from_tick(tick), sqrt_price_from_tick(tick + 1)
    nets, liquidity = random_positions(rng, tick, spacing)
    adaptive = rng.random() < 0.4
    starts = {
        start
        for side in (True, False)
        for start in swap_array_starts(tick, spacing, a_to_b=side)
        if start + 88 * spacing > MIN_TICK
    }
    arrays, absent = random_arrays(rng, nets, spacing, starts)
    account = encode_whirlpool(
        tick_spacing=spacing,
        fee_tier_index=1024 if adaptive else spacing,
        fee_rate=rng.choice((100, 400, 3000, 60_000)),
        protocol_fee_rate=rng.choice((0, 1300, 2500)),
        liquidity=liquidity,
        sqrt_price=rng.choice((low, rng.randint(low, high - 1))),
        tick=tick,
        fee_growth_a=rng.getrandbits(128),
        fee_growth_b=rng.getrandbits(128),
    )
    price = low / 2**64
    sizes = (min(int(liquidity / price / 20) + 1, U64), min(int(liquidity * price / 20) + 1, U64))
    no_oracle = not adaptive or rng.random() < 0.05
    return case_of(
        "orca",
        rng,
        account=b64(account),
        arrays=arrays,
        absent=absent,
        oracle=None if no_oracle else b64(random_oracle(rng, tick, rng.choice((1, 2, spacing)))),
        mints=[random_mint(rng), random_mint(rng)] if rng.random() < 0.3 else [None, None],
        asks=random_asks(rng, sizes, 10),
    )


def build() -> dict[str, list[Case]]:
    """Returns all cases with their outcomes."""
    rng = random.Random(20)
    edges = [(0, 1), (1, 0), (1, 1), (2, 1), (1, 2), (3, 2), (2**128 - 1, 1), (1, 2**128 - 1), (2**64, 2**64 - 1)]
    cases: dict[str, list[Case]] = {
        "logs": [{"num": str(num), "den": str(den)} for num, den in edges] + [random_log(rng) for _ in range(60)],
        "ticks": [{"tick": rng.randint(MIN_TICK, MAX_TICK)} for _ in range(60)]
        + [{"tick": tick} for tick in (MIN_TICK, -1, 0, 1, MAX_TICK)],
        "pools": [
            *(random_v4(rng) for _ in range(40)),
            *(random_cpmm(rng) for _ in range(50)),
            *(random_whirlpool(rng) for _ in range(60)),
        ],
    }
    return {kind: [{"in": case, "out": OUTCOMES[kind](case)} for case in of] for kind, of in cases.items()}


def main() -> None:
    """Writes the file, one case a line."""
    lines = ",\n".join(
        f'"{kind}":[\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]"
        for kind, cases in build().items()
    )
    FILE.write_text("{" + lines + "}\n")


if __name__ == "__main__":
    main()
