import base64
import json
from collections.abc import Iterator

import pytest
from msgspec.structs import asdict

from cambist.engine.reference.chain.token import Clock, Mint, TokenAccount, TransferFee, TransferFeeConfig
from cambist.engine.reference.venues.clmm import layout as raydium_clmm
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.dlmm.layout import BinArray, BinArrayBitmapExtension, LbPair
from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.pump import layout as pump
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.quote_error import RoundingRule
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.engine.reference.venues.tick_array_manager import array_start
from cambist.simulator import layouts
from tests import svm_vectors
from tests.engine.reference.venues.orca.test_whirlpool_vectors import pool_of
from tests.shared import shared_data

KEY = bytes(range(32))
NOW = ChainTime(slot=400_000_000, unix_timestamp=1_760_000_000, epoch=925)


def fixture(*parts: str) -> bytes:
    account = json.loads(shared_data("sol_accounts", *parts).read_text())
    return base64.b64decode(account["data"]) if isinstance(account["data"], str) else bytes(account["data"])


def orca_accounts(role: str) -> Iterator[bytes]:
    for pool in svm_vectors.load("orca_whirlpool")["pools"].values():
        for account in pool["accounts"].values():
            if account["role"] == role and account.get("kind") != "uninitialized":
                yield svm_vectors.account_bytes(account)


def damm_v2_accounts() -> list[bytes]:
    return [base64.b64decode(case["pool_b64"]) for case in svm_vectors.load("meteora_damm_v2")["cases"]]


def dlmm_accounts(role: str) -> list[bytes]:
    pools = svm_vectors.load("meteora_dlmm")["pools"].values()
    found = [account for pool in pools for account in pool["accounts"].values() if account["role"] == role]
    return [svm_vectors.account_bytes(account) for account in found]


def clmm_accounts(role: str) -> list[bytes]:
    pools = svm_vectors.load("raydium_clmm_native2026")["pools"].values()
    found = [account for pool in pools for account in pool["accounts"].values() if account["role"] == role]
    return [svm_vectors.account_bytes(account) for account in found]


def raydium(name: str, field: str) -> bytes:
    return base64.b64decode(svm_vectors.load(name)[field])


@pytest.mark.parametrize(
    "layout",
    [
        layouts.AMM_V4,
        layouts.CPMM_POOL,
        layouts.CPMM_CONFIG,
        layouts.WHIRLPOOL,
        layouts.ORACLE,
        layouts.DAMM_V2,
        layouts.STABLE_SWAP,
        layouts.LB_PAIR,
        layouts.BIN_ARRAY,
        layouts.BITMAP_EXTENSION,
        layouts.CLMM_POOL,
        layouts.CLMM_CONFIG,
        layouts.CLMM_TICK_ARRAY,
        layouts.CLMM_TICK,
        layouts.CLMM_EXTENSION,
        layouts.PUMP_POOL,
        layouts.PUMP_CONFIG,
        layouts.PUMP_FEE_CONFIG,
        layouts.PUMP_TIER,
        layouts.TOKEN_ACCOUNT,
        layouts.MINT,
        layouts.CLOCK,
    ],
    ids=lambda layout: layout.name,
)
def test_every_byte_belongs_to_a_field(layout: layouts.Layout):
    sizes = {
        "amm_v4": 752,
        "cpmm_pool": 637,
        "cpmm_config": 236,
        "whirlpool": 653,
        "oracle": 254,
        "damm_v2_pool": 1112,
        "stable_swap": 395,
        "lb_pair": 904,
        "bin_array": 10_136,
        "bin_array_bitmap_extension": 1_576,
        "clmm_pool": 1_544,
        "clmm_config": 117,
        "clmm_tick_array": 10_240,
        "clmm_tick": 168,
        "clmm_bitmap_extension": 1_832,
        "pump_pool": 300,
        "pump_config": 907,
        "pump_fee_config": 69,
        "pump_tier": 40,
        "token_account": 165,
        "mint": 82,
        "clock": 40,
    }
    assert layout.size == sizes[layout.name]
    noise = layout.discriminator + bytes((7 * i + 1) % 251 for i in range(layout.size - len(layout.discriminator)))
    assert layout.encode(**layout.decode(noise)) == noise
    assert layout.encode(**layout.decode(noise + b"more")) == noise + b"more"


def test_recorded_accounts_round_trip():
    cases = [
        (layouts.AMM_V4, [raydium("raydium_amm_v4", "ammInfo_example_b64")]),
        (layouts.CPMM_POOL, [raydium("raydium_cpmm", "poolState_example_b64")]),
        (layouts.CPMM_CONFIG, [raydium("raydium_cpmm", "ammConfig_example_b64")]),
        (layouts.WHIRLPOOL, [*orca_accounts("whirlpool"), fixture("carbon", "orca-whirlpool__whirlpool_account.json")]),
        (layouts.ORACLE, list(orca_accounts("oracle"))),
        (layouts.DAMM_V2, damm_v2_accounts()),
        (layouts.STABLE_SWAP, [raydium("saber_stable_swap", "swapInfo_example_b64")]),
        (layouts.LB_PAIR, dlmm_accounts("lb_pair")),
        (layouts.BIN_ARRAY, dlmm_accounts("bin_array")),
        (layouts.CLMM_POOL, clmm_accounts("pool")),
        (layouts.CLMM_CONFIG, clmm_accounts("amm_config")),
        (layouts.CLMM_TICK_ARRAY, clmm_accounts("tick_array")),
        (layouts.CLMM_EXTENSION, clmm_accounts("bitmap_extension")),
        (layouts.MINT, [fixture("vixen", "3SmPYPvZfEmroktLiJsgaNENuPEud3Z52zSfLQ1zJdkK_account.json")]),
    ]
    for layout, recorded in cases:
        assert recorded
        for data in recorded:
            assert layout.encode(**layout.decode(data)) == data
            assert layout.decode(layout.encode(**layout.decode(data))) == layout.decode(data)


def test_recorded_tick_arrays_round_trip():
    recorded = [*orca_accounts("tick_array"), fixture("carbon", "orca-whirlpool__tick_array_account.json")]
    kinds = set()
    for data in recorded:
        array = layouts.decode_tick_array(data)
        assert layouts.encode_tick_array(array) == data
        kinds.add(array.dynamic)
        decoded = TickArray.decode(data)
        assert decoded.whirlpool == array.whirlpool
        assert decoded.start_tick_index == array.start_tick_index
        assert dict(decoded.ticks) == {at: tick.net for at, tick in array.ticks.items() if tick.initialized}
    assert kinds == {False, True}


def test_the_engine_decodes_mainnet_fixtures():
    pool = Whirlpool.decode(fixture("carbon", "orca-whirlpool__whirlpool_account.json"))
    assert (pool.tick_spacing, pool.fee_rate, pool.protocol_fee_rate) == (32896, 10000, 1300)
    assert (pool.liquidity, pool.sqrt_price, pool.tick) == (141421356, 1304381782533278221200000, 223338)
    array = TickArray.decode(fixture("carbon", "orca-whirlpool__tick_array_account.json"))
    assert array.start_tick_index == -2894848
    assert [net for _, net in array.ticks] == [141421356]
    mint = Mint.decode(fixture("vixen", "BtSLwAFDsMX4bhamtyggn2xsdFKQvpaSzw9jEL7BNuyu_account.json"))
    assert mint.extensions
    assert mint.transfer_fee is None or mint.transfer_fee.newer.bps <= 10_000


def test_raydium_encoders_and_engine_decoders_agree():
    fields = {
        "status": 7,
        "coin_decimals": 9,
        "pc_decimals": 6,
        "need_take_pnl_coin": 11,
        "need_take_pnl_pc": 12,
        "pool_open_time": 13,
    }
    keys = {name: bytes([i]) * 32 for i, name in enumerate(("coin_vault", "pc_vault", "coin_mint", "pc_mint"))}
    decoded = AmmV4.decode(layouts.encode_amm_v4(**fields, **keys))
    assert asdict(decoded) == {**fields, **keys, "swap_fee_numerator": 25, "swap_fee_denominator": 10_000}
    pool = CpmmPool.decode(
        layouts.encode_cpmm_pool(
            amm_config=KEY, vault_1=KEY, mint_0=KEY, program_1=KEY, status=4, decimals_1=6, protocol_fees_0=1,
            fund_fees_1=2, open_time=3, creator_fee_on=2, enable_creator_fee=1, creator_fees_0=4,
        )
    )  # fmt: skip
    assert pool == CpmmPool(
        amm_config=KEY,
        vaults=(bytes(32), KEY),
        mints=(KEY, bytes(32)),
        programs=(bytes(32), KEY),
        status=4,
        decimals=(0, 6),
        protocol_fees=(1, 0),
        fund_fees=(0, 2),
        open_time=3,
        creator_fee_on=2,
        enable_creator_fee=True,
        creator_fees=(4, 0),
    )
    config = {
        "index": 1,
        "trade_fee_rate": 2500,
        "protocol_fee_rate": 120000,
        "fund_fee_rate": 4,
        "creator_fee_rate": 5,
    }
    assert asdict(CpmmConfig.decode(layouts.encode_cpmm_config(**config))) == config


def test_token_encoders_and_engine_decoders_agree():
    held = TokenAccount.decode(layouts.encode_token_account(mint=KEY, owner=KEY[::-1], amount=2**64 - 1))
    assert held == TokenAccount(KEY, KEY[::-1], 2**64 - 1, 1)
    assert Mint.decode(layouts.encode_mint(decimals=6, supply=5)) == Mint(6, 5, None, ())
    fee = TransferFeeConfig(TransferFee(1, 2, 3), TransferFee(4, 5, 6))
    extended = layouts.encode_mint(
        decimals=6, supply=5, extensions=((18, bytes(64)), layouts.encode_transfer_fee_config(fee))
    )
    assert Mint.decode(extended) == Mint(6, 5, fee, (18, 1))
    clock = layouts.encode_clock(slot=1, epoch=2, unix_timestamp=-3)
    assert Clock.decode(clock) == Clock(1, 2, -3)


@pytest.mark.parametrize("value", [2**64, -1, b"", 1.5])
def test_a_value_that_does_not_fit_is_refused(value):
    with pytest.raises(ValueError, match="supply was"):
        layouts.encode_mint(decimals=6, supply=value)


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="no field fee"):
        layouts.AMM_V4.encode(fee=1)


def test_whirlpool_bytes_after_a_swap_decode_to_the_state_after():
    swaps = 0
    for case in svm_vectors.load("orca_whirlpool")["cases"]:
        if "crossed" not in case["exp"] or not case["exact_in"] or case["limit"] != "0":
            continue
        pool = pool_of(case["pool"])
        recorded = svm_vectors.load("orca_whirlpool")["pools"][case["pool"]]["accounts"].values()
        data = {account["role"]: svm_vectors.account_bytes(account) for account in recorded}
        fill = pool.fill(case["a2b"], case["amount"], NOW, exact_in=True)
        after = pool.swapped(case["a2b"], fill)
        written = layouts.patch_whirlpool(data["whirlpool"], after.account, now=NOW.unix_timestamp)
        assert Whirlpool.decode(written) == after.account
        if after.oracle is not None:
            assert Oracle.decode(layouts.patch_oracle(data["oracle"], after.oracle.variables)) == after.oracle
        swaps += 1
    assert swaps > 100


def test_crossing_a_tick_twice_at_the_same_growth_restores_it():
    crossed = 0
    for case in svm_vectors.load("orca_whirlpool")["cases"][::7]:
        if not case["exp"].get("crossed"):
            continue
        pool = pool_of(case["pool"])
        fill = pool.fill(case["a2b"], case["amount"], NOW, exact_in=case["exact_in"], limit=int(case["limit"]))
        spacing = pool.ticks.tick_spacing
        arrays = {
            account["start"]: svm_vectors.account_bytes(account)
            for account in svm_vectors.load("orca_whirlpool")["pools"][case["pool"]]["accounts"].values()
            if account.get("kind") in ("fixed", "dynamic")
        }
        for crossing in fill.crossings:
            start = array_start(crossing.tick, spacing)
            offset = (crossing.tick - start) // spacing
            once = layouts.cross_tick(arrays[start], offset, crossing)
            assert layouts.cross_tick(once, offset, crossing) == arrays[start]
            assert TickArray.decode(once) == TickArray.decode(arrays[start])
            crossed += 1
    assert crossed > 50


def test_a_dynamic_array_grows_and_shrinks_with_its_ticks():
    empty = layouts.encode_dynamic_tick_array(KEY, -5632, {})
    assert len(empty) == 148
    tick = layouts.Tick(net=-5, gross=5)
    one = layouts.patch_tick(empty, 87, tick)
    assert len(one) == 260
    assert TickArray.decode(one) == TickArray(KEY, -5632, ((87, -5),))
    assert layouts.patch_tick(one, 87, None) == empty


def test_amm_v4_totals_are_the_programs():
    template = raydium("raydium_amm_v4", "ammInfo_example_b64")
    checked = 0
    for case in svm_vectors.load("raydium_amm_v4")["cases"]:
        exp = case["exp"]
        if exp["err"] is not None or case["status"] in (1, 5):
            continue
        data = layouts.AMM_V4.patch(
            template,
            status=case["status"],
            swap_fee_numerator=case["fee_n"],
            swap_fee_denominator=case["fee_d"],
            need_take_pnl_coin=case["pnl_c"],
            need_take_pnl_pc=case["pnl_p"],
            pool_open_time=case.get("open", 0),
            swap_coin_in_amount=0,
            swap_pc_out_amount=0,
            swap_acc_pc_fee=0,
            swap_pc_in_amount=0,
            swap_coin_out_amount=0,
            swap_acc_coin_fee=0,
        )
        pool = AmmV4Pool(AmmV4.decode(data), (case["cv"], case["pv"]), RoundingRule.OLD_CEIL)
        a_to_b = case["dir"] == 2
        swap = pool.swap if case["tag"] == 9 else pool.swap_exact_out
        quote, after = swap(a_to_b, case["amount"], NOW)
        written = layouts.patch_amm_v4_swap(data, quote, a_to_b=a_to_b)
        assert AmmV4.decode(written) == after.account
        fields = layouts.AMM_V4.decode(written)
        post = exp["post_acc"]
        assert (fields["swap_coin_in_amount"], fields["swap_pc_out_amount"]) == (post["coin_in"], post["pc_out"])
        assert (fields["swap_pc_in_amount"], fields["swap_coin_out_amount"]) == (post["pc_in"], post["coin_out"])
        assert (fields["swap_acc_coin_fee"], fields["swap_acc_pc_fee"]) == (post["acc_coin_fee"], post["acc_pc_fee"])
        checked += 1
    assert checked > 200


def test_damm_v2_encoder_and_engine_decoder_agree():
    dynamic = 0
    for data in damm_v2_accounts():
        pool = DammV2Pool.decode(data)
        assert DammV2Pool.decode(layouts.encode_damm_v2(pool)) == pool
        raw = layouts.DAMM_V2.decode(data)
        fees = layouts.LpFees((raw["fee_a_per_liquidity"], raw["fee_b_per_liquidity"]), (0, 0))
        written = layouts.DAMM_V2.decode(layouts.patch_damm_v2(data, pool, fees))
        totals = {name for name in written if name.startswith("total_")}
        assert {name for name in written if written[name] != raw[name]} <= totals
        dynamic += pool.dynamic_fee is not None
    assert dynamic > 50


def test_dlmm_encoders_and_engine_decoders_agree():
    for data in dlmm_accounts("lb_pair"):
        pair = LbPair.decode(data)
        assert layouts.patch_lb_pair(data, pair) == data
        rewards = b"".join(mint + bytes(112) for mint in pair.reward_mints)
        assert LbPair.decode(layouts.encode_lb_pair(pair, reward_infos=rewards)) == pair
    orders = 0
    for data in dlmm_accounts("bin_array"):
        array = BinArray.decode(data)
        raw = layouts.BIN_ARRAY.decode(data)
        written = layouts.encode_bin_array(array.lb_pair, array.index, array.bins, kept(raw["bins"]), version=data[16])
        assert BinArray.decode(written) == array
        assert unclaimed(written) == unclaimed(data)
        orders += any(bin_.open_order_amount for bin_ in array.bins)
    assert orders > 10
    extension = BinArrayBitmapExtension(KEY, 1 << 6143 | 5, 1 << 77)
    assert BinArrayBitmapExtension.decode(layouts.encode_bitmap_extension(extension)) == extension


def kept(bins: bytes) -> dict[int, layouts.BinKeeping]:
    """Returns what of each bin no quote reads."""
    found = {}
    for at in range(70):
        fields = layouts.BIN.decode(bins[144 * at : 144 * at + 144])
        fees = fields["fee_x_per_liquidity"], fields["fee_y_per_liquidity"]
        found[at] = layouts.BinKeeping(
            fields["liquidity"], fees, fields["processing_order_amount"], fields["order_age"]
        )
    return found


def unclaimed(data: bytes) -> bytes:
    """Returns a bin array without what order owners may claim, and without padding."""
    raw, bins = layouts.BIN_ARRAY.decode(data), []
    for at in range(70):
        fields = layouts.BIN.decode(raw["bins"][144 * at : 144 * at + 144])
        fields |= {"fulfilled_x": 0, "fulfilled_y": 0, "order_fee_ask": 0, "order_fee_bid": 0, "padding": bytes(3)}
        fields["is_ask"] = int(fields["is_ask"] != 0)
        bins.append(layouts.BIN.encode(**fields))
    return layouts.BIN_ARRAY.patch(data, bins=b"".join(bins), padding=bytes(7))


def test_saber_encoder_and_engine_decoder_agree():
    data = raydium("saber_stable_swap", "swapInfo_example_b64")
    pool = StableSwap.decode(data)
    assert StableSwap.decode(layouts.encode_stable_swap(pool)) == pool
    raw, written = layouts.STABLE_SWAP.decode(data), layouts.STABLE_SWAP.decode(layouts.encode_stable_swap(pool))
    withheld = {"future_admin_deadline", "future_admin", "admin"} | {name for name in raw if "withdraw" in name}
    assert {name for name in raw if raw[name] != written[name]} <= withheld


def test_clmm_encoders_and_engine_decoders_agree():
    dynamic = 0
    for data in clmm_accounts("pool"):
        pool = raydium_clmm.ClmmPool.decode(data)
        raw = layouts.CLMM_POOL.decode(data)
        assert layouts.patch_clmm_pool(data, pool, epoch=raw["recent_epoch"]) == data
        written = layouts.CLMM_POOL.decode(layouts.encode_clmm_pool(pool, recent_epoch=raw["recent_epoch"]))
        assert {name for name in raw if raw[name] != written[name]} <= {"bump", "owner"}
        dynamic += pool.dynamic_fee is not None
    assert dynamic > 20
    for data in clmm_accounts("amm_config"):
        config = raydium_clmm.ClmmConfig.decode(data)
        assert raydium_clmm.ClmmConfig.decode(layouts.encode_clmm_config(config)) == config
    for data in clmm_accounts("bitmap_extension"):
        assert layouts.encode_clmm_extension(raydium_clmm.ClmmBitmapExtension.decode(data)) == data


def test_pump_encoders_and_engine_decoders_agree():
    keys = [bytes([number]) * 32 for number in range(7)]
    pool = pump.PumpPool(3, *keys[:6], 10**12, keys[6], True, False, -12_345)
    data = layouts.encode_pump_pool(pool, pool_bump=254)
    assert pump.PumpPool.decode(data) == pool
    after = layouts.PUMP_POOL.decode(layouts.patch_pump_pool(data, pool, (12_000, 345)))
    assert (after["protocol_fees"], after["creator_fees"], after["virtual_quote_reserves"]) == (12_000, 345, -12_345)
    config = pump.PumpConfig(24, pump.PumpFees(20, 5, 1))
    recipients = [bytes([number]) * 32 for number in range(16)]
    data = layouts.encode_pump_config(config, recipients[:8], recipients[8:])
    assert pump.PumpConfig.decode(data) == config
    assert (data[57:89], data[281:313], data[643:675]) == (recipients[0], recipients[7], recipients[8])
    schedule = pump.PumpFeeConfig(
        pump.PumpFees(25, 5, 0), ((0, pump.PumpFees(2, 93, 30)), (2**80, pump.PumpFees(20, 5, 5)))
    )
    assert pump.PumpFeeConfig.decode(layouts.encode_pump_fee_config(schedule, bump=1)) == schedule
