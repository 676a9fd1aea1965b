"""The same chain over several sockets: who brings what first, by how much, and who stands in for one that is lost.

The aggregator measures, the registry decides: `Account.accepts` is the only rule of what is news. Both let only the
connection that first delivered an account advance it within a slot; but the registry knows seeds over HTTP, doubts
after a gap and accounts that are gone too, has no window that forgets, and takes an account that returns to earlier
bytes within a slot, which a hash calls a duplicate. Logs have no such rule of their own: the first copy counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.protocol import RaceView
from cambist.engine.reference.aggregate.wss_aggregator import Verdict, WssAggregator
from cambist.engine.reference.engine.registry import torn

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.exchanges import Account, Logs


class Race:
    """What the sockets of an engine brought, and whether there are several."""

    def __init__(self) -> None:
        self.aggregator = WssAggregator()
        self.sockets: list[int] = []
        """Channel ids, ascending; empty with one socket: then nothing is measured and nothing costs."""

    def count_sockets(self, channels: dict[int, ChannelState]) -> None:
        """Looks whether there are several sockets."""
        sockets = sorted(at for at, channel in channels.items() if channel.socket)
        self.sockets = sockets if len(sockets) > 1 else []

    def account(self, endpoint: int, event: Account, content: bytes, at_ns: int) -> None:
        """Measures one notification of an account, whose `content_of` is known."""
        self.aggregator.content(endpoint, event.key, event.slot, content, at_ns)

    def is_first(self, endpoint: int, event: Logs, account: bytes, at_ns: int) -> bool:
        """Returns whether logs are told for the first time.

        Of one transaction each account that it mentions is told apart.
        """
        half = bytes(a ^ b for a, b in zip(event.signature[32:], account, strict=True))
        key = event.signature[:32] + half
        return self.aggregator.signature(endpoint, key, failed=event.failed, at_ns=at_ns) is Verdict.FIRST

    def view(self, endpoint: int) -> RaceView | None:
        """Returns how a socket does, `None` where there is no other."""
        if endpoint not in self.sockets:
            return None
        stats = self.aggregator.stats(endpoint)
        total = sum(self.aggregator.stats(each).first for each in self.sockets)
        return RaceView(
            first=stats.first,
            duplicates=stats.duplicate,
            share_ppm=stats.first * 1_000_000 // total if total else None,
            ahead_ns=stats.lead_ns // stats.led if stats.led else None,
            behind_ns=stats.lag_ns // stats.lagged if stats.lagged else None,
        )


def lose_socket(engine: ReferenceEngine, at: int) -> None:
    """Takes that a socket is lost: others may advance what it led, and stand in for what it carried."""
    if not engine.race.sockets:
        return
    engine.race.aggregator.disconnected(at)
    # Of this one nothing comes before it is back; whoever stands in is asked now.
    torn.ask_again(engine.market.registry, at)
    for other in engine.race.sockets:
        socket = engine.channels[other]
        if other != at and socket.is_believed:
            torn.hand_over(engine.market.registry, at, other, socket.session.accounts())
