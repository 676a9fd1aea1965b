"""Each venue's rule of continuity and checksum, strict, written from the venues' descriptions."""

import zlib
from decimal import Decimal


class BrokenRule(Exception):
    """A message that the venue's rule forbids."""


class Sides:
    """A book of wire text: price → quantity."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.live = False
        self.updates = 0

    def clear(self) -> None:
        self.bids.clear()
        self.asks.clear()

    def put(self, side: dict[Decimal, Decimal], price: str, size: str) -> None:
        if Decimal(size) == 0:
            side.pop(Decimal(price), None)
        else:
            side[Decimal(price)] = Decimal(size)

    def levels(self) -> tuple[list, list]:
        return sorted(self.bids.items(), reverse=True), sorted(self.asks.items())

    def fail(self, why: str) -> None:
        self.live = False
        raise BrokenRule(why)


class KrakenBook(Sides):
    """No numbers: the CRC over the ten best of both sides after truncation is all there is."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.text: dict[tuple[str, Decimal], tuple[str, str]] = {}

    def apply(self, message: dict) -> None:
        (data,) = message["data"]
        if message["type"] == "snapshot":
            self.clear()
            self.text.clear()
            self.live = True
        elif not self.live:
            self.fail("update before the snapshot")
        for name, side, down in (("bids", self.bids, True), ("asks", self.asks, False)):
            for level in data[name]:
                self.put(side, level["price"], level["qty"])
                self.text[name, Decimal(level["price"])] = (str(level["price"]), str(level["qty"]))
            for price in sorted(side, reverse=down)[self.depth :]:
                del side[price]
        if self.crc() != data["checksum"]:
            self.fail(f"checksum was {data['checksum']}, the book has {self.crc()}")
        self.updates += 1

    def crc(self) -> int:
        bids, asks = self.levels()
        text = ""
        for name, side in (("asks", asks), ("bids", bids)):
            for price, _ in side[:10]:
                for number in self.text[name, price]:
                    text += number.replace(".", "").lstrip("0")
        return zlib.crc32(text.encode()) & 0xFFFFFFFF


class OkxBook(Sides):
    """`prevSeqId` must be the last `seqId`; equal numbers are a sign of life; a lower one once is a new chain."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = -1
        self.alive = self.resets = 0

    def apply(self, message: dict) -> None:
        (data,) = message["data"]
        if data["checksum"] != 0:
            self.fail("a checksum that is retired")
        if message["action"] == "snapshot":
            if data["prevSeqId"] != -1:
                self.fail("snapshot with a predecessor")
            self.clear()
            self.live = True
        else:
            if not self.live or data["prevSeqId"] != self.sequence:
                self.fail(f"prevSeqId was {data['prevSeqId']}, the last seqId {self.sequence}")
            if data["seqId"] == data["prevSeqId"]:
                if data["bids"] or data["asks"]:
                    self.fail("levels in a sign of life")
                self.alive += 1
            self.resets += data["seqId"] < data["prevSeqId"]
        self.sequence = data["seqId"]
        for name, side in (("bids", self.bids), ("asks", self.asks)):
            for price, size, unused, _ in data[name]:
                if unused != "0":
                    self.fail("third field of a level")
                self.put(side, price, size)
        self.updates += 1


class BybitBook(Sides):
    """A snapshot replaces the book; a delta's `u` is the one before + 1 and its `seq` grows."""

    def __init__(self) -> None:
        super().__init__()
        self.number = self.sequence = 0
        self.snapshots = self.restarts = 0

    def apply(self, message: dict) -> None:
        data = message["data"]
        if message["cts"] > message["ts"]:
            self.fail("the engine's time is after the message's")
        if message["type"] == "snapshot":
            self.clear()
            self.live = True
            self.snapshots += 1
            self.restarts += data["u"] == 1
        elif not self.live or data["u"] != self.number + 1:
            self.fail(f"u was {data['u']}, the last one {self.number}")
        if data["seq"] < self.sequence:
            self.fail(f"seq was {data['seq']}, the last one {self.sequence}")
        self.number, self.sequence = data["u"], data["seq"]
        for side, levels in ((self.bids, data["b"]), (self.asks, data["a"])):
            for price, size in levels:
                self.put(side, price, size)
        self.updates += 1


class CoinbaseConnection:
    """`sequence_num` counts all messages of the connection; books are told by `l2_data`."""

    def __init__(self) -> None:
        self.next = 0
        self.books: dict[str, Sides] = {}

    def apply(self, message: dict) -> None:
        if message["sequence_num"] != self.next:
            raise BrokenRule(f"sequence_num was {message['sequence_num']}, expected {self.next}")
        self.next += 1
        if message["channel"] != "l2_data":
            return
        for event in message["events"]:
            book = self.books.setdefault(event["product_id"], Sides())
            if event["type"] == "snapshot":
                book.clear()
                book.live = True
            elif not book.live:
                book.fail("update before the snapshot")
            for row in event["updates"]:
                side = {"bid": book.bids, "offer": book.asks}[row["side"]]
                book.put(side, row["price_level"], row["new_quantity"])
            book.updates += 1


class BinanceBook(Sides):
    """Diffs join: `U` is the last `u` + 1; a snapshot by REST seeds, diffs up to it are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.last = 0
        self.previous: int | None = None

    def seed(self, snapshot: dict) -> None:
        self.clear()
        self.last, self.live, self.previous = snapshot["lastUpdateId"], True, None
        for side, levels in ((self.bids, snapshot["bids"]), (self.asks, snapshot["asks"])):
            for price, size in levels:
                self.put(side, price, size)

    def apply(self, event: dict) -> None:
        if self.previous is not None and event["U"] != self.previous + 1:
            self.fail(f"U was {event['U']}, the last u {self.previous}")
        self.previous = event["u"]
        if event["u"] <= self.last:
            return
        if event["U"] > self.last + 1:
            self.fail(f"U was {event['U']}, the book has {self.last}")
        self.last = event["u"]
        for side, levels in ((self.bids, event["b"]), (self.asks, event["a"])):
            for price, size in levels:
                self.put(side, price, size)
        self.updates += 1
