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
