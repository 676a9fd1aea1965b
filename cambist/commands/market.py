"""`cambist market`: the embedded market alone."""

from __future__ import annotations

from cambist.commands.console import UNUSABLE, Stop, level_of
from cambist.model.rivals import LEVELS


def market(
    *,
    seed: int = 7,
    slots: int | None = None,
    digest: bool = False,
    rate: float = 1.0,
    exchanges: str = "",
    easy: bool = False,
    hard: bool = False,
) -> int:
    """Run the embedded market alone; its endpoints are printed as one JSON line.

    Args:
        seed: One seed gives the same transactions by slot.
        slots: End after this many slots.
        digest: Print the digest over all transactions and states of `slots` slots, without sockets.
        rate: How busy the noise traders are.
        exchanges: Names of exchanges to serve besides the one that the traders look at, with commas between.
        easy: Rivals that leave more than real ones do.
        hard: Rivals that are faster and more than usual.
    """
    from cambist.simulator.process import run_market

    if digest and slots is None:
        raise Stop(UNUSABLE, "--digest needs --slots")
    names = tuple(name.strip() for name in exchanges.split(",") if name.strip())
    rivals = LEVELS[level_of(easy=easy, hard=hard) or "honest"]
    return run_market(seed, slots, digest=digest, rate=rate, exchanges=names, rivals=rivals)
