"""OKX as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.exchange import Books, Exchange, Joins, Rules, Seeds
from cambist.engine.reference.exchanges.okx.checksum import okx_checksum
from cambist.engine.reference.exchanges.okx.decode import decode_okx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.exchanges.decimal import PriceScale
    from cambist.engine.reference.exchanges.event import Level


def _sum(bids: Iterable[Level], asks: Iterable[Level], scale: PriceScale, _: tuple[int, int]) -> int:
    return okx_checksum(bids, asks, scale)


_RULES = Rules(Joins.CHAIN, Seeds.BOTH, _sum, tickers=True)
"""`prevSeqId` = previous `seqId`, whichever is greater (it starts anew after maintenance); equal ones say that nothing
changed."""

EXCHANGE = Exchange(
    name="okx",
    protocols=("okx.ws", "okx.unnumbered.ws", "okx.depth", "okx.info"),
    decode=decode_okx,
    books=(Books("okx", "okx.", _RULES),),
    proof="cex_cryptofeed: recorded channels of May 2022; frames recorded in August 2026",
)
