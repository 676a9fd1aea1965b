"""The tiny market beside an exchange that trades in dollars: SOL/USD and USDC/USD in the wire format of Binance.US."""

import msgspec

from cambist.engine.protocol import EngineSetup
from cambist.model.events import Channel
from cambist.model.market import Equivalence, Identity, Instrument, Token, VenueFee
from tests.parity.markets import SOL, USDC, Market, setup
from tests.snapshots import all_state

US, SOLUSD_DEPTH, PEG_DEPTH = 7, 8, 9
USD = "fiat:USD"
VENUE = "binance-us"
PAIR = f"{VENUE}:USDCUSD"
MAX_AGE_MS = 1_500
TIE = Equivalence(USDC, USD, cost_ppm=20, pair=PAIR, band_ppm=500, max_age_ms=MAX_AGE_MS, hold_ms=0)
EDGE = f"equivalence:{PAIR}"


def dollar_setup(tie: Equivalence | None = TIE, **changes: object) -> EngineSetup:
    """Returns the setup of the tiny market with the exchange, and the equivalence if there is one."""
    plain = setup()
    channels = (
        *plain.channels,
        Channel(US, VENUE, VENUE, "binance.spot.ws", "us stream"),
        Channel(SOLUSD_DEPTH, VENUE, VENUE, "binance.spot.depth", "us depth", "SOLUSD"),
        Channel(PEG_DEPTH, VENUE, VENUE, "binance.spot.depth", "us depth", "USDCUSD"),
    )
    assets = ("SOL", SOL), ("USDC", USDC), ("USD", USD)
    fields = {
        "channels": channels,
        "tokens": (*plain.tokens, Token(USD, "USD", 2, verified=True)),
        "identities": (*plain.identities, *(Identity(VENUE, asset, mint) for asset, mint in assets)),
        "instruments": (
            *plain.instruments,
            Instrument(VENUE, "SOLUSD", "SOL", "USD"),
            Instrument(VENUE, "USDCUSD", "USDC", "USD"),
        ),
        "venue_fees": (*plain.venue_fees, VenueFee(VENUE, 1_000)),
        "equivalences": () if tie is None else (tie,),
    }
    return msgspec.structs.replace(plain, **(fields | changes))


class Dollars(Market):
    """The tiny market and the exchange that trades in dollars."""

    def us_depth(self, symbol: str, bid: str, ask: str, qty: str = "90000") -> None:
        """Answers with a depth snapshot of one level a side."""
        self.update += 1
        channel = {"SOLUSD": SOLUSD_DEPTH, "USDCUSD": PEG_DEPTH}[symbol]
        self.frame(channel, {"lastUpdateId": self.update, "bids": [(bid, qty)], "asks": [(ask, qty)]})

    def us_ticker(self, symbol: str, bid: str, ask: str, qty: str = "90000") -> None:
        """Tells the best prices."""
        self.update += 1
        body = {"u": self.update, "s": symbol, "b": bid, "B": qty, "a": ask, "A": qty}
        self.frame(US, {"stream": f"{symbol.lower()}@bookTicker", "data": body})

    def open(self) -> None:
        """Brings an engine to a live market: SOL is cheaper for dollars than for USDC, and the peg holds."""
        super().open()
        self.us_depth("SOLUSD", "145.00", "145.10", "500")
        self.us_depth("USDCUSD", "0.9999", "1.0001")


def edges(engine: object) -> dict[str, int | None]:
    """Returns the weights of an engine's edges by name, as its snapshot tells them."""
    state = all_state(engine)  # type: ignore[attr-defined]
    return {edge["name"]: edge["weight"] for edge in state["edges"]}
