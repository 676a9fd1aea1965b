import base64
import json
from collections.abc import Iterator

import pytest
from msgspec.structs import asdict

from cambist.engine.reference import accounts
from cambist.engine.reference.amm_math import RoundingRule
from cambist.engine.reference.pool import ChainTime, Pool
from cambist.engine.reference.tick_array_manager import array_start
from cambist.simulator import layouts
from tests import svm_vectors
from tests.engine.reference.test_whirlpool_vectors import pool_of
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
        decoded = accounts.TickArray.decode(data)
        assert decoded.whirlpool == array.whirlpool
        assert decoded.start_tick_index == array.start_tick_index
        assert dict(decoded.ticks) == {at: tick.net for at, tick in array.ticks.items() if tick.initialized}
    assert kinds == {False, True}


def test_the_engine_decodes_mainnet_fixtures():
    pool = accounts.Whirlpool.decode(fixture("carbon", "orca-whirlpool__whirlpool_account.json"))
    assert (pool.tick_spacing, pool.fee_rate, pool.protocol_fee_rate) == (32896, 10000, 1300)
    assert (pool.liquidity, pool.sqrt_price, pool.tick) == (141421356, 1304381782533278221200000, 223338)
    array = accounts.TickArray.decode(fixture("carbon", "orca-whirlpool__tick_array_account.json"))
    assert array.start_tick_index == -2894848
    assert [net for _, net in array.ticks] == [141421356]
    mint = accounts.Mint.decode(fixture("vixen", "BtSLwAFDsMX4bhamtyggn2xsdFKQvpaSzw9jEL7BNuyu_account.json"))
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
    decoded = accounts.AmmV4.decode(layouts.encode_amm_v4(**fields, **keys))
    assert asdict(decoded) == {**fields, **keys, "swap_fee_numerator": 25, "swap_fee_denominator": 10_000}
    pool = accounts.CpmmPool.decode(
        layouts.encode_cpmm_pool(
            amm_config=KEY, vault_1=KEY, mint_0=KEY, program_1=KEY, status=4, decimals_1=6, protocol_fees_0=1,
            fund_fees_1=2, open_time=3, creator_fee_on=2, enable_creator_fee=1, creator_fees_0=4,
        )
    )  # fmt: skip
    assert pool == accounts.CpmmPool(
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
    assert asdict(accounts.CpmmConfig.decode(layouts.encode_cpmm_config(**config))) == config


def test_token_encoders_and_engine_decoders_agree():
    held = accounts.TokenAccount.decode(layouts.encode_token_account(mint=KEY, owner=KEY[::-1], amount=2**64 - 1))
    assert held == accounts.TokenAccount(KEY, KEY[::-1], 2**64 - 1, 1)
    assert accounts.Mint.decode(layouts.encode_mint(decimals=6, supply=5)) == accounts.Mint(6, 5, None, ())
    fee = accounts.TransferFeeConfig(accounts.TransferFee(1, 2, 3), accounts.TransferFee(4, 5, 6))
    extended = layouts.encode_mint(
        decimals=6, supply=5, extensions=((18, bytes(64)), layouts.encode_transfer_fee_config(fee))
    )
    assert accounts.Mint.decode(extended) == accounts.Mint(6, 5, fee, (18, 1))
    clock = layouts.encode_clock(slot=1, epoch=2, unix_timestamp=-3)
    assert accounts.Clock.decode(clock) == accounts.Clock(1, 2, -3)


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
        _, after = pool.after(case["a2b"], fill, NOW)
        written = layouts.patch_whirlpool(data["whirlpool"], after.account, now=NOW.unix_timestamp)
        assert accounts.Whirlpool.decode(written) == after.account
        if after.oracle is not None:
            assert accounts.Oracle.decode(layouts.patch_oracle(data["oracle"], after.oracle.variables)) == after.oracle
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
            assert accounts.TickArray.decode(once) == accounts.TickArray.decode(arrays[start])
            crossed += 1
    assert crossed > 50


def test_a_dynamic_array_grows_and_shrinks_with_its_ticks():
    empty = layouts.encode_dynamic_tick_array(KEY, -5632, {})
    assert len(empty) == 148
    tick = layouts.Tick(net=-5, gross=5)
    one = layouts.patch_tick(empty, 87, tick)
    assert len(one) == 260
    assert accounts.TickArray.decode(one) == accounts.TickArray(KEY, -5632, ((87, -5),))
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
        pool = Pool.amm_v4(accounts.AmmV4.decode(data), case["cv"], case["pv"], RoundingRule.OLD_CEIL)
        a_to_b = case["dir"] == 2
        swap = pool.swap if case["tag"] == 9 else pool.swap_exact_out
        quote, after = swap(a_to_b, case["amount"], NOW)
        written = layouts.patch_amm_v4_swap(data, quote, a_to_b=a_to_b)
        assert accounts.AmmV4.decode(written) == after.account
        fields = layouts.AMM_V4.decode(written)
        post = exp["post_acc"]
        assert (fields["swap_coin_in_amount"], fields["swap_pc_out_amount"]) == (post["coin_in"], post["pc_out"])
        assert (fields["swap_pc_in_amount"], fields["swap_coin_out_amount"]) == (post["pc_in"], post["coin_out"])
        assert (fields["swap_acc_coin_fee"], fields["swap_acc_pc_fee"]) == (post["acc_coin_fee"], post["acc_pc_fee"])
        checked += 1
    assert checked > 200
