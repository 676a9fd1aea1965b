"""The program's own unit vectors: one liquidity, no initialised ticks, down to the edge of three arrays."""

import json
from typing import Any

import pytest
from backports import zstd

from cambist.engine.reference.venues.orca import maths as whirlpool_math
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.sqrt_price import sqrt_price_from_tick
from cambist.engine.reference.venues.tick_array_manager import Ticks, swap_array_starts
from tests.shared import shared_data

REASONS = {
    "MultiplicationOverflow": "overflow",
    "MultiplicationShiftRightOverflow": "overflow",
    "TokenMaxExceeded": "overflow",
    "AmountCalcOverflow": "overflow",
    "ZeroTradableAmount": "zero_amount",
}


def swap(case: dict[str, Any]) -> whirlpool_math.WhirlpoolFill:
    tick, spacing, a_to_b = case["currTickIndex"], case["tickSpacing"], case["aToB"]
    ticks = Ticks(spacing, (), swap_array_starts(tick, spacing, a_to_b=a_to_b))
    price = sqrt_price_from_tick(tick)
    curve = whirlpool_math.Curve(
        price, tick, int(case["liquidity"]), case["feeRate"], case["protocolFeeRate"], fee_growth_a=0, fee_growth_b=0
    )
    edge = ticks.reach(tick, a_to_b=a_to_b).next_stop(tick).sqrt_price
    amount = int(case["tradeAmount"])
    return whirlpool_math.swap(curve, ticks, None, amount, exact_in=case["amountIsInput"], a_to_b=a_to_b, limit=edge)


@pytest.mark.parametrize(("name", "succeed"), [("swap_test_cases_odd", 1148), ("swap_test_cases_splash_pool_odd", 885)])
def test_unit_vectors(name: str, succeed: int):
    cases = json.loads(zstd.decompress(shared_data("whirlpool_swap_vectors", f"{name}.json.zst").read_bytes()))
    done = 0
    for case in cases:
        wanted = case["expectation"]
        if wanted["exception"]:
            with pytest.raises(QuoteError, match=REASONS[wanted["exception"]]):
                swap(case)
            continue
        fill = swap(case)
        amounts = (fill.amount_in, fill.amount_out)
        expected = (int(wanted["amountA"]), int(wanted["amountB"]))
        assert amounts == (expected if case["aToB"] else expected[::-1]), case
        assert fill.curve.sqrt_price == int(wanted["nextSqrtPrice"]), case
        assert fill.curve.tick == wanted["nextTickIndex"], case
        assert fill.curve.liquidity == int(wanted["nextLiquidity"]), case
        assert fill.protocol_fee == int(wanted["nextProtocolFee"]), case
        growth = fill.curve.fee_growth_a if case["aToB"] else fill.curve.fee_growth_b
        assert growth == int(wanted["nextFeeGrowthGlobal"]), case
        done += 1
    assert done == succeed
