"""What the engine wants feeds to fetch, and what it refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.protocol import Ingested
from cambist.engine.reference.chain import base58
from cambist.model.ends import Receipt
from cambist.model.opportunity import Need, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.books import BookEntry
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.engine.detect import Output
    from cambist.engine.reference.exchanges import event as events


def done(engine: ReferenceEngine, offset: int, records: int, out: Output) -> Ingested:
    """Returns what one call did, and hands out what the engine needs."""
    needs = b"".join(encode(need) + b"\n" for need in engine.needs)
    engine.needs.clear()
    receipts = b"".join(encode(_told(each)) + b"\n" for each in engine.receipts)
    engine.receipts.clear()
    ends = b"".join(out.ends)
    return Ingested(offset, records, b"".join(out.decisions), out.go, needs, ends, out.watched_ns, receipts)


def _told(paid: events.Receipt) -> Receipt:
    signature, payer = base58.encode_signature(paid.signature), base58.encode(paid.payer)
    return Receipt(signature, paid.slot, payer, paid.fee, paid.tip)


def ask_transactions(engine: ReferenceEngine, signatures: Iterable[bytes]) -> None:
    """Asks for transactions of the first node that is believed, if there is one."""
    told = [c.info.id for c in engine.channels.values() if c.socket and c.is_believed]
    for signature in signatures if told else ():
        engine.needs.append(Need("transaction", min(told), base58.encode_signature(signature)))


def seed(engine: ReferenceEngine, entry: BookEntry) -> None:
    """Asks for a depth snapshot of a book."""
    engine.needs.append(Need("depth", entry.channel or 0, entry.symbol))


def take_refused(engine: ReferenceEngine, channel: ChannelState | None) -> None:
    """Counts what the registry and the books refused, and hands out what they need."""
    registry, books = engine.market.registry, engine.market.books
    engine.counters.refused.update(registry.refused)
    engine.counters.refused.update(books.refused)
    if channel is not None:
        for text in registry.errors:
            channel.error(text)
        for kind, key, index, carrier in registry.needs:
            # Each of several sockets carries the same accounts, else they would not be worth comparing, or keeping.
            asked = engine.race.sockets or [_asks(engine, channel, carrier)]
            engine.needs += [Need(kind, at, key, index) for at in asked]
        registry.needs.clear()
    registry.refused.clear()
    registry.errors.clear()
    books.refused.clear()


def _asks(engine: ReferenceEngine, channel: ChannelState, carrier: int | None) -> int:
    """Returns the channel that should carry an account: its pool's, else a socket of the same feed."""
    if carrier is not None:
        return carrier
    sockets = [c.info.id for c in engine.channels.values() if c.socket and c.info.feed == channel.info.feed]
    return channel.info.id if channel.socket or not sockets else min(sockets)
