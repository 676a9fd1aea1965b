"""Saber as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.saber.catalogue import PAIRS, PROGRAM, spec
from cambist.simulator.venues.saber.funding import fund
from cambist.simulator.venues.saber.instruction import instruction, units
from cambist.simulator.venues.saber.layout import STABLE_SWAP
from cambist.simulator.venues.saber.market import SaberMarket
from cambist.simulator.venues.saber.program import run

VENUE: Venue[SaberMarket] = Venue(
    name="saber",
    programs=(PROGRAM,),
    layouts=(STABLE_SWAP,),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    exact_out=(),
)
