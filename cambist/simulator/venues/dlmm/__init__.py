"""Meteora DLMM as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.dlmm.catalogue import EVENTS, PAIRS, PROGRAM, spec
from cambist.simulator.venues.dlmm.funding import fund
from cambist.simulator.venues.dlmm.instruction import instruction, units
from cambist.simulator.venues.dlmm.layout import BIN, BIN_ARRAY, BITMAP_EXTENSION, LB_PAIR
from cambist.simulator.venues.dlmm.market import DlmmMarket
from cambist.simulator.venues.dlmm.program import run

VENUE: Venue[DlmmMarket] = Venue(
    name="dlmm",
    programs=(PROGRAM,),
    layouts=(BIN, BIN_ARRAY, BITMAP_EXTENSION, LB_PAIR),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    keys=(EVENTS,),
)
