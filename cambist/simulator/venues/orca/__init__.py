"""Orca Whirlpool as the market runs it."""

from cambist.simulator.venue import Venue
from cambist.simulator.venues.orca.catalogue import PAIRS, PROGRAM, spec
from cambist.simulator.venues.orca.funding import fund
from cambist.simulator.venues.orca.instruction import instruction, units
from cambist.simulator.venues.orca.layout import ORACLE, WHIRLPOOL
from cambist.simulator.venues.orca.market import OrcaMarket
from cambist.simulator.venues.orca.program import run

VENUE: Venue[OrcaMarket] = Venue(
    name="orca",
    programs=(PROGRAM,),
    layouts=(ORACLE, WHIRLPOOL),
    pairs=PAIRS,
    spec=spec,
    fund=fund,
    instruction=instruction,
    units=units,
    run=run,
    exact_out=(),
)
