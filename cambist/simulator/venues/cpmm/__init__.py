"""Raydium CPMM as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.cpmm.catalogue import AUTHORITY, PAIRS, PROGRAM, spec
from cambist.simulator.venues.cpmm.funding import fund, share
from cambist.simulator.venues.cpmm.instruction import instruction, units
from cambist.simulator.venues.cpmm.layout import CPMM_CONFIG, CPMM_POOL
from cambist.simulator.venues.cpmm.market import CpmmMarket
from cambist.simulator.venues.cpmm.program import run

VENUE: Venue[CpmmMarket] = Venue(
    name="cpmm",
    programs=(PROGRAM,),
    layouts=(CPMM_CONFIG, CPMM_POOL),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    share=share,
    keys=(AUTHORITY,),
)
