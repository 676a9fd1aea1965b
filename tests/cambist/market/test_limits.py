"""`[risk]` as RiskGate is given it."""

from __future__ import annotations

from typing import Any

import pytest

from cambist.config import Risk
from cambist.config.risk import AccountRules, Unwind
from cambist.execution.risk import Account, Budget, Limits
from cambist.market.limits import risk_limits
from cambist.market.strategies import DEFAULT


def atoms(amounts: dict[str, float], key: str, default: dict[str, float]) -> dict[str, int]:
    del key, default
    return {f"mint of {symbol}": round(amount * 1000) for symbol, amount in amounts.items()}


def test_each_key_arrives_in_atoms_by_mint() -> None:
    one = {"SOL": 1.0}
    risk = Risk(
        cap={"SOL": 2.0}, daily_loss={"SOL": 3.0}, max_open_orders=4, max_orders_per_minute=5, max_orders_per_day=6,
        open_cap={"SOL": 7.0}, day_cap={"SOL": 8.0}, venue_cap={"orca": {"SOL": 9.0}}, route_cap={"key": {"SOL": 10.0}},
        strategy_cap={"rule": {"SOL": 11.0}, "any": one}, balance_floor={"SOL": 12.0}, band_ppm=13, band_unknown="pass",
        account=AccountRules({"SOL": 14.0}, {"SOL": 15.0}, 16, 17), unwind=Unwind(True, 18, 19),
    )  # fmt: skip
    mint = "mint of SOL"
    assert risk_limits(risk, atoms, (), DEFAULT, {"rule": Budget({mint: 1})}) == Limits(
        {mint: 2_000}, {mint: 3_000}, 4, 5, 6, {mint: 7_000}, {mint: 8_000}, {"orca": {mint: 9_000}},
        {"key": {mint: 10_000}}, {"rule": {mint: 11_000}, "any": {mint: 1_000}}, {mint: 12_000}, 13, False,
        Account({mint: 14_000}, {mint: 15_000}, 16, 17), Unwind(True, 18, 19), {"rule": Budget({mint: 1})},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"venue_cap": {"orka": {}}}, r"\[risk.venue_cap\] 'orka' is none here; did you mean `orca`"),
        ({"strategy_cap": {"rules": {}}}, r"\[risk.strategy_cap\] 'rules' is none here; did you mean `rule`"),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        risk_limits(Risk(**table), atoms, (), DEFAULT, {})
