"""The seven panels, by name and in the order of their numbers."""

from tui.panels.cycles import Cycles
from tui.panels.duel import Duel
from tui.panels.feeds import Feeds
from tui.panels.fees import Fees
from tui.panels.log import Log
from tui.panels.prices import Prices
from tui.panels.trades import Trades

PANELS = {
    "prices": Prices,
    "cycles": Cycles,
    "fees": Fees,
    "duel": Duel,
    "trades": Trades,
    "feeds": Feeds,
    "log": Log,
}

__all__ = ["PANELS", "Cycles", "Duel", "Feeds", "Fees", "Log", "Prices", "Trades"]
