"""What our own fills moved, which on paper nobody tells of.

A pool is quoted for us as it was observed, advanced by what our fills put in, net, through its program's own swap; a
state that is observed later is advanced anew. That ends once the observed price is where our fill left it, or beyond:
somebody else has taken what we took. It ends too when the pool's state was lost and told anew; never by time. A book
keeps by level what is used up. Par of an equivalence is no liquidity: a fill uses nothing of it.

What screens show of pools and prices is what was observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.reference.venues.quote_error import QuoteError, Reason

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry.entries import PoolEntry
    from cambist.engine.reference.venues.quote import ChainTime, Pool

MOST: Final = (1 << 63) - 1


def swap_of(net: tuple[int, int]) -> tuple[bool, int] | None:
    """Returns the direction of a net, and the atoms in; `None` if nothing but fees is left of it."""
    a, b = net
    if a > 0 >= b:
        return True, a
    return (False, b) if b > 0 >= a else None


class Left(NamedTuple):
    """A price that a fill left."""

    weight: int
    """−log2 of the marginal rate."""
    paid: int
    """What a probe pays there, for a price that holds for some size stays while that is used up."""
    probe: int
    """Atoms of that probe."""

    @classmethod
    def of(cls, pool: Pool, a_to_b: bool, probe: int, time: ChainTime) -> Left:
        """Returns what a fill left of a pool in a direction."""
        weight = pool.weight(a_to_b, time)
        return cls(MOST if weight is None else weight, _paid(pool, a_to_b, probe, time), probe)

    def is_reached(self, pool: Pool, a_to_b: bool, time: ChainTime) -> bool:
        """Returns whether a pool's price is this one or a worse one for us."""
        weight = pool.weight(a_to_b, time)
        if weight is None or weight != self.weight:
            return weight is not None and weight > self.weight
        return _paid(pool, a_to_b, self.probe, time) <= self.paid


def _paid(pool: Pool, a_to_b: bool, amount: int, time: ChainTime) -> int:
    try:
        return pool.quote(a_to_b, amount, time).amount_out
    except QuoteError:
        return 0


@dataclass(slots=True)
class Impact:
    """What our fills moved in one pool."""

    net: tuple[int, int]
    """Atoms of tokens A and B that the pool has more, or less, by them."""
    left: Left
    """What the last fill left in the direction of the net."""
    time: ChainTime
    """The chain's clock at that fill."""
    pool: Pool | None = None
    """The observed state advanced by the net; `None` while none is observed or it can't take the net."""

    def advance(self, observed: Pool | None, now: ChainTime | None) -> None:
        """Advances an observed state by the net, at the fill's clock: fees that wear off with time do so here too.

        Where that is before the state's own last swap, now.
        """
        self.pool, swap = None, swap_of(self.net)
        if observed is None or now is None or swap is None:
            return
        try:
            _, self.pool = observed.swap(*swap, self.time)
        except QuoteError as error:
            if error.reason in (Reason.INVALID_TIME, Reason.NOT_TRADABLE):
                self.pool = _swapped(observed, swap, now)


def _swapped(pool: Pool, swap: tuple[bool, int], time: ChainTime) -> Pool | None:
    try:
        return pool.swap(*swap, time)[1]
    except QuoteError:
        return None


def renew(pool: PoolEntry, now: ChainTime | None) -> None:
    """Advances what is observed of a pool by what our fills moved, while that counts."""
    impact = pool.impact
    if impact is None:
        return
    swap, observed = swap_of(impact.net), pool.pool
    # A torn pool was told whole before and will be again: nothing of it was lost.
    counts = swap is not None and pool.state in ("live", "closed", "torn")
    if counts and swap is not None and observed is not None and now is not None:
        counts = not impact.left.is_reached(observed, swap[0], now)
    if counts:
        impact.advance(observed, now)
    else:
        pool.impact = None
