"""Frames of one channel to the state they tell of: a venue's book, a node's accounts.

For users of the engine: no screen and no order uses this.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from cambist.engine.reference.book.order_book import Continuity, Numbered, Numbering, OrderBook, Source, take
from cambist.engine.reference.chain.solana import decode_solana
from cambist.engine.reference.exchanges import Account, Direction, PriceScales, Sequence, SolanaSession, decode_venue
from cambist.engine.reference.exchanges.decimal import DECIMALS, checked_scale


class BookStream:
    """The book of one symbol, frame by frame.

    >>> stream = BookStream("cambist.ws", "SOL-USD")
    >>> levels = '"bids":[["142.51","30.1"]],"asks":[["142.52","4"]]'
    >>> stream.take(f'{{"kind":"snapshot","symbol":"SOL-USD","seq":7,{levels}}}'.encode())
    True
    >>> stream.best()
    (14251000000, 3010000000, 14252000000, 400000000)
    """

    def __init__(self, protocol: str, symbol: str, price_decimals: int = DECIMALS) -> None:
        """Takes the channel's protocol, the symbol, and the decimals of its integer prices.

        A channel may carry many, frames of others say nothing here. Raises `ValueError` for decimals that no price has.
        """
        self._protocol, self._symbol = protocol, symbol
        self._scales = PriceScales(checked_scale(price_decimals))
        self._source = Source.of(protocol)
        self._book = OrderBook(Continuity.of(protocol), price_decimals)
        self._numbering = Numbering()
        self._frames = 0

    def take(self, body: bytes) -> bool:
        """Takes a frame; false if it says nothing of the book. Frames are numbered in place of a time.

        Raises `ValueError` with the decoder's words; the book is as it was.
        """
        events = decode_venue(self._protocol, self._symbol, body, self._scales)
        at = self._frames
        self._frames += 1
        applied = False
        for event in events:
            if isinstance(event, Sequence):
                numbered = self._numbering.take(event.number)
                if numbered is Numbered.REPEATED:
                    return False
                if numbered is Numbered.MISSED:
                    self._book.gap()
            elif getattr(event, "symbol", self._symbol) == self._symbol:
                applied |= take(self._book, event, self._source, at) is not None
        return applied

    def best(self) -> tuple[int, int, int, int] | None:
        """Returns (bid, quantity, ask, quantity), quantities × 10⁸; `None` while empty or not to be trusted."""
        bid, ask = self._book.best_bid(), self._book.best_ask()
        return None if bid is None or ask is None else (*bid, *ask)

    def parts(self) -> str:
        """Returns JSON of the book."""
        return msgspec.json.encode(self._book.parts()).decode()


class _AccountState(NamedTuple):
    slot: int
    lamports: int
    owner: bytes
    data: bytes


class AccountStream:
    """What one connection of a node told of accounts.

    >>> stream = AccountStream()
    >>> ask = b'{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}'
    >>> stream.take(ask, sent=True), stream.account(bytes(32))
    (0, None)
    """

    def __init__(self) -> None:
        self._session = SolanaSession()
        self._accounts: dict[bytes, _AccountState] = {}

    def take(self, body: bytes, *, sent: bool = False) -> int:
        """Takes a frame; returns how many accounts it told of. An account never goes back to an earlier slot.

        Raises `ValueError` with the decoder's words.
        """
        updates = 0
        for event in decode_solana(self._session, 1, 1, Direction.OUT if sent else Direction.IN, body):
            if not isinstance(event, Account):
                continue
            updates += 1
            known = self._accounts.get(event.key)
            if known is None or event.slot >= known.slot:
                self._accounts[event.key] = _AccountState(event.slot, event.lamports, event.owner, event.data)
        return updates

    def account(self, key: bytes) -> tuple[int, int, bytes, bytes] | None:
        """Returns (slot, lamports, owner, data), `None` if nothing was told of the account."""
        state = self._accounts.get(key)
        return None if state is None else (state.slot, state.lamports, state.owner, state.data)
