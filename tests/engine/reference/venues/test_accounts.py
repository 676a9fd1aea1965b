import pytest

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.chain.token import Clock, Mint, TokenAccount, TransferFee, TransferFeeConfig
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.simulator.token_layout import encode_mint, encode_transfer_fee_config
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config
from cambist.simulator.venues.orca.layout import (
    WHIRLPOOL,
    Tick,
    encode_dynamic_tick_array,
    encode_oracle,
    encode_whirlpool,
)

POOL = encode_whirlpool(tick_spacing=4, fee_tier_index=4, sqrt_price=2**64, tick=0)


@pytest.mark.parametrize(
    ("decode", "data", "message"),
    [
        (AmmV4.decode, bytes(751), "amm_v4: size was 751, expected 752"),
        (AmmV4.decode, bytes(753), "amm_v4: size was 753, expected 752"),
        (Clock.decode, bytes(39), "clock: size was 39, expected 40"),
        (CpmmPool.decode, bytes(4), "cpmm_pool: size was 4, expected 8"),
        (CpmmPool.decode, bytes(637), "cpmm_pool: discriminator was 0000000000000000"),
        (CpmmConfig.decode, encode_cpmm_config()[:-1], "cpmm_config: size was 235, expected 236"),
        (TokenAccount.decode, bytes(165), "token_account: state was 0"),
        (TokenAccount.decode, bytes(164), "token_account: size was 164, expected 165"),
        (TokenAccount.decode, encode_mint(decimals=6, supply=1), "token_account: size was 82, expected 165"),
        (Mint.decode, bytes(82), "mint: is_initialized was 0"),
        (Mint.decode, bytes(165) + b"\2", "mint: account type was 2"),
        (Whirlpool.decode, POOL[:652], "whirlpool: size was 652, expected 653"),
        (Whirlpool.decode, WHIRLPOOL.patch(POOL, tick_spacing=0), "whirlpool: tick_spacing was 0"),
        (Whirlpool.decode, WHIRLPOOL.patch(POOL, sqrt_price=5), "whirlpool: sqrt_price was 5"),
        (Whirlpool.decode, WHIRLPOOL.patch(POOL, tick=443637), "whirlpool: tick was 443637"),
        (Oracle.decode, encode_oracle(), "oracle: tick_group_size was 0"),
        (TickArray.decode, POOL, "tick_array: discriminator was 3f95d10ce1806309"),
    ],
)
def test_what_is_no_such_account_is_refused_with_what_it_was(decode, data: bytes, message: str):
    with pytest.raises(LayoutError, match=f"^{message}$"):
        decode(data)


def test_a_longer_account_still_decodes():
    assert Whirlpool.decode(POOL + b"new fields") == Whirlpool.decode(POOL)


def test_a_damaged_dynamic_array_is_refused():
    array = encode_dynamic_tick_array(bytes(32), 0, {3: Tick(net=1, gross=1)})
    with pytest.raises(LayoutError, match="tick 3 is cut off"):
        TickArray.decode(array[:63] + b"\2" + array[64:])
    with pytest.raises(LayoutError, match="tick 87 is cut off"):
        TickArray.decode(array[:-1])


def test_a_cut_extension_is_refused():
    fee = TransferFeeConfig(TransferFee(0, 0, 0), TransferFee(0, 0, 0))
    kind, value = encode_transfer_fee_config(fee)
    mint = encode_mint(decimals=6, supply=1, extensions=((kind, value),))
    with pytest.raises(LayoutError, match="extension 1 ends at 278 of 277"):
        Mint.decode(mint[:-1])
    with pytest.raises(LayoutError, match="transfer fee size was 107"):
        Mint.decode(encode_mint(decimals=6, supply=1, extensions=((kind, value[:-1]),)))


def test_the_fee_of_an_epoch():
    fees = TransferFeeConfig(TransferFee(1, 10, 100), TransferFee(7, 20, 200))
    assert (fees.at(6).bps, fees.at(7).bps) == (100, 200)


def test_program_ids_are_the_known_bytes():
    assert program.TOKEN.hex() == "06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9"
    assert owned.WHIRLPOOL.hex() == "0e03685f8e909053e458121c66f5a76aedc7706aa11c82f8aa952a8f2b7879a9"
