"""Raydium CLMM as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.clmm.catalogue import PAIRS, PROGRAM, spec
from cambist.simulator.venues.clmm.funding import fund, share
from cambist.simulator.venues.clmm.instruction import instruction, units
from cambist.simulator.venues.clmm.layout import CLMM_CONFIG, CLMM_EXTENSION, CLMM_POOL, CLMM_TICK, CLMM_TICK_ARRAY
from cambist.simulator.venues.clmm.market import ClmmMarket
from cambist.simulator.venues.clmm.program import run

VENUE: Venue[ClmmMarket] = Venue(
    name="clmm",
    programs=(PROGRAM,),
    layouts=(CLMM_CONFIG, CLMM_EXTENSION, CLMM_POOL, CLMM_TICK, CLMM_TICK_ARRAY),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    share=share,
)
