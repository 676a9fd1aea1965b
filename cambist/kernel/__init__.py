"""The deterministic middle: records in, decisions out (`kernel`), from a state that is stored whole (`state`)."""

from cambist.kernel.effects import Effects, Keyframe, Totals
from cambist.kernel.kernel import MAX_DECLINED, EngineMaker, Kernel
from cambist.kernel.state import KernelSetup, KernelState, StateBody

__all__ = [
    "MAX_DECLINED",
    "Effects",
    "EngineMaker",
    "Kernel",
    "KernelSetup",
    "KernelState",
    "Keyframe",
    "StateBody",
    "Totals",
]
