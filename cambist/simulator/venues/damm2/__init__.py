"""Meteora DAMM v2 as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.damm2.catalogue import AUTHORITY, EVENTS, PAIRS, PROGRAM, spec
from cambist.simulator.venues.damm2.funding import fund
from cambist.simulator.venues.damm2.instruction import instruction, units
from cambist.simulator.venues.damm2.layout import DAMM_V2
from cambist.simulator.venues.damm2.market import Damm2Market
from cambist.simulator.venues.damm2.program import run

VENUE: Venue[Damm2Market] = Venue(
    name="damm2",
    programs=(PROGRAM,),
    layouts=(DAMM_V2,),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    keys=(AUTHORITY, EVENTS),
)
