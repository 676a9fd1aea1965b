"""Kraken as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.exchange import Books, Exchange, Joins, Rules, Seeds
from cambist.engine.reference.exchanges.kraken.checksum import kraken_checksum
from cambist.engine.reference.exchanges.kraken.decode import decode_kraken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.exchanges.decimal import PriceScale
    from cambist.engine.reference.exchanges.event import Level


def _sum(bids: Iterable[Level], asks: Iterable[Level], scale: PriceScale, digits: tuple[int, int]) -> int:
    return kraken_checksum(bids, asks, *digits, scale)


EXCHANGE = Exchange(
    name="kraken",
    protocols=("kraken.ws", "kraken.v1.ws", "kraken.info"),
    decode=lambda protocol, _, body, scales: decode_kraken(protocol, body, scales),
    books=(Books("kraken", "kraken.", Rules(Joins.ALWAYS, Seeds.STREAMED, _sum, truncates=True)),),
    proof="cex_cryptofeed: recorded channels of v1; frames of v2 recorded in August 2026",
)
