from collections.abc import Callable

import pytest
from msgspec.structs import asdict

from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.simulator.layout import Layout
from cambist.simulator.venues.cpmm.layout import CPMM_CONFIG, CPMM_POOL, encode_cpmm_config, encode_cpmm_pool
from tests.simulator.venues.recorded import KEY, covers, example, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (CPMM_POOL, 637),
        (CPMM_CONFIG, 236),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (CPMM_POOL, lambda: [example("raydium_cpmm", "poolState_example_b64")]),
        (CPMM_CONFIG, lambda: [example("raydium_cpmm", "ammConfig_example_b64")]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_encoders_and_engine_decoders_agree():
    pool = CpmmPool.decode(
        encode_cpmm_pool(
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
    assert asdict(CpmmConfig.decode(encode_cpmm_config(**config))) == config
