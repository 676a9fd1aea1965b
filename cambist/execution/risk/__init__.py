"""Whether an order may go out: `RiskGate`, the only maker of `Approved`."""

from cambist.execution.risk.budgets import Budget
from cambist.execution.risk.distances import Distance
from cambist.execution.risk.gate import Approved, RiskGate
from cambist.execution.risk.limits import ANY, Account, Limits
from cambist.execution.risk.state import Exposure, Leftover, RiskState, StrategyDay

__all__ = [
    "ANY",
    "Account",
    "Approved",
    "Budget",
    "Distance",
    "Exposure",
    "Leftover",
    "Limits",
    "RiskGate",
    "RiskState",
    "StrategyDay",
]
