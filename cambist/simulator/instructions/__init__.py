"""Swap instructions as wallets send them."""

from cambist.simulator.instructions.builder import SwapBuilder, unit_limit
from cambist.simulator.instructions.metas import readonly, written

__all__ = ["SwapBuilder", "readonly", "unit_limit", "written"]
