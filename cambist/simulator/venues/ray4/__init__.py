"""Raydium AMM v4 as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.ray4.catalogue import AUTHORITY, PAIRS, PROGRAM, spec
from cambist.simulator.venues.ray4.funding import fund
from cambist.simulator.venues.ray4.instruction import instruction, units
from cambist.simulator.venues.ray4.layout import AMM_V4
from cambist.simulator.venues.ray4.market import Ray4Market
from cambist.simulator.venues.ray4.program import run

VENUE: Venue[Ray4Market] = Venue(
    name="ray4",
    programs=(PROGRAM,),
    layouts=(AMM_V4,),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    keys=(AUTHORITY,),
)
