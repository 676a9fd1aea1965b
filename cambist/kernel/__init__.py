"""The deterministic middle: records in, decisions out (`kernel`), from a state that is stored whole (`state`).

A `keyframe` is such a state in the middle of a session, with what was counted and decided before it.
"""

from cambist.kernel.effects import Effects, Totals
from cambist.kernel.kernel import EngineMaker, Kernel
from cambist.kernel.keyframe import KernelCopy, Keyframe, read_keyframe, write_keyframe
from cambist.kernel.state import KernelSetup, KernelState, StateBody
from cambist.kernel.trading import MAX_DECLINED

__all__ = [
    "MAX_DECLINED",
    "Effects",
    "EngineMaker",
    "Kernel",
    "KernelCopy",
    "KernelSetup",
    "KernelState",
    "Keyframe",
    "StateBody",
    "Totals",
    "read_keyframe",
    "write_keyframe",
]
