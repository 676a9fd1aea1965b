"""Pump AMM, by its published formulas, as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.pump.catalogue import FEE_PROGRAM, PAIRS, PROGRAM, spec
from cambist.simulator.venues.pump.funding import fund, share
from cambist.simulator.venues.pump.instruction import instruction, units
from cambist.simulator.venues.pump.layout import PUMP_CONFIG, PUMP_FEE_CONFIG, PUMP_POOL, PUMP_TIER
from cambist.simulator.venues.pump.market import PumpMarket
from cambist.simulator.venues.pump.program import run

VENUE: Venue[PumpMarket] = Venue(
    name="pump",
    programs=(PROGRAM, FEE_PROGRAM),
    layouts=(PUMP_CONFIG, PUMP_FEE_CONFIG, PUMP_POOL, PUMP_TIER),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    share=share,
    exact_out=(False,),
)
