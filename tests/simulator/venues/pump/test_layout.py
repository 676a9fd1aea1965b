import pytest

from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpFees, PumpPool
from cambist.simulator.layout import Layout
from cambist.simulator.venues.pump.layout import (
    PUMP_CONFIG,
    PUMP_FEE_CONFIG,
    PUMP_POOL,
    PUMP_TIER,
    encode_pump_config,
    encode_pump_fee_config,
    encode_pump_pool,
    patch_pump_pool,
)
from tests.simulator.venues.recorded import covers


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (PUMP_POOL, 300),
        (PUMP_CONFIG, 907),
        (PUMP_FEE_CONFIG, 69),
        (PUMP_TIER, 40),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


def test_pump_encoders_and_engine_decoders_agree():
    keys = [bytes([number]) * 32 for number in range(7)]
    pool = PumpPool(3, *keys[:6], 10**12, keys[6], True, False, -12_345)
    data = encode_pump_pool(pool, pool_bump=254)
    assert PumpPool.decode(data) == pool
    after = PUMP_POOL.decode(patch_pump_pool(data, pool, (12_000, 345)))
    assert (after["protocol_fees"], after["creator_fees"], after["virtual_quote_reserves"]) == (12_000, 345, -12_345)
    config = PumpConfig(24, PumpFees(20, 5, 1))
    recipients = [bytes([number]) * 32 for number in range(16)]
    data = encode_pump_config(config, recipients[:8], recipients[8:])
    assert PumpConfig.decode(data) == config
    assert (data[57:89], data[281:313], data[643:675]) == (recipients[0], recipients[7], recipients[8])
    schedule = PumpFeeConfig(PumpFees(25, 5, 0), ((0, PumpFees(2, 93, 30)), (2**80, PumpFees(20, 5, 5))))
    assert PumpFeeConfig.decode(encode_pump_fee_config(schedule, bump=1)) == schedule
