"""Kraken as the market runs it: its wire format over what it lists."""

from cambist.model.exchanges import EXCHANGE_OF
from cambist.simulator.exchanges.kraken.listings import LISTINGS
from cambist.simulator.exchanges.simulated import Simulated

SIMULATED = Simulated(EXCHANGE_OF["kraken"], "Kraken", LISTINGS, levels=10)
