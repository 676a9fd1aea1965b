"""Whether an order may go out: `RiskGate`, the only maker of `Approved`."""

from cambist.execution.risk.distances import Distance
from cambist.execution.risk.gate import Approved, RiskGate
from cambist.execution.risk.limits import ANY, Account, Limits
from cambist.execution.risk.state import Exposure, Leftover, RiskState

__all__ = ["ANY", "Account", "Approved", "Distance", "Exposure", "Leftover", "Limits", "RiskGate", "RiskState"]
