"""The tiny market beside a second exchange that trades the same pair, in the wire format of Binance.US."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.model.events import Channel, RecordKind, pack
from cambist.model.market import Identity, Instrument, VenueFee
from tests.parity.markets import SOL, USDC, Market, setup

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup

US, DEPTH = 7, 8
NEAR, FAR = "binance", "binance-us"
PAIR = "SOLUSDC"


def two_setup(**changes: object) -> EngineSetup:
    """Returns the setup of the tiny market with both exchanges and no pools: all that pays is between the two."""
    plain = setup()
    channels = (
        *plain.channels,
        Channel(US, FAR, FAR, "binance.spot.ws", "us stream"),
        Channel(DEPTH, FAR, FAR, "binance.spot.depth", "us depth", PAIR),
    )
    fields = {
        "channels": channels,
        "identities": (*plain.identities, Identity(FAR, "SOL", SOL), Identity(FAR, "USDC", USDC)),
        "instruments": (*plain.instruments, Instrument(FAR, PAIR, "SOL", "USDC")),
        "venue_fees": (VenueFee(NEAR, 1_000), VenueFee(FAR, 1_500)),
        "pools": (),
    }
    return msgspec.structs.replace(plain, **(fields | changes))


class TwoVenues(Market):
    """Both exchanges and a node that tells slots."""

    def far(self, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> None:
        """Answers with a depth snapshot of the second one."""
        self.update += 1
        self.frame(DEPTH, {"lastUpdateId": self.update, "bids": bids, "asks": asks})

    def far_ticker(self, bid: str, ask: str, qty: str = "90") -> None:
        """Tells the best prices of the second one."""
        self.update += 1
        body = {"u": self.update, "s": PAIR, "b": bid, "B": qty, "a": ask, "A": qty}
        self.frame(US, {"stream": f"{PAIR.lower()}@bookTicker", "data": body})

    def open(self) -> None:
        """Brings an engine to a live market: SOL is dearer at the second one than at the first."""
        self.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=1, generation=1)
        self.next_slot()
        self.depth_seed([("149.90", "500"), ("149.50", "900")], [("150.10", "8"), ("150.30", "900")])
        self.depth([("149.91", "10")], [])
        self.far([("151.50", "9"), ("151.20", "900")], [("151.70", "500")])
        for _ in range(3):
            self.next_slot()


def as_of(block: bytes, state: bytes) -> bytes:
    """Returns a block behind a STATE record."""
    return pack(1, 1, RecordKind.STATE, state) + block
