"""Transactions as a node gives them: cost, outcome, and their swaps with mints, amounts and price.

Read are the answers of `getTransaction` and `getBlock` and the notifications of `blockSubscribe` and
`transactionSubscribe`, in the encodings json, jsonParsed, base64 and base58. A swap belongs to the invocation of its
venue's program, however deep a router calls it; what a router reports itself is no swap. Its amounts are told
thrice: by the program's event, by the token transfers that the program asked for, and by the balances of its vaults.

An order of a book that settles at once is a swap; one that settles later is a swap only where its program tells the
totals. Fills come besides, in the market's lots, and in atoms for markets whose lots are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.parse import parse_logs
from cambist.engine.reference.chain.tx_parser.read import Entry, entries, read_transaction
from cambist.engine.reference.chain.tx_parser.swaps import Fill, Place, Sides, Swap, swaps_of
from cambist.engine.reference.chain.tx_parser.transaction import Transaction
from cambist.engine.reference.chain.tx_parser.tree import nodes_of
from cambist.engine.reference.exchanges.event import DecodeError
from cambist.engine.reference.exchanges.frame import document
from cambist.engine.reference.venues.slab_decoder import Lots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "DecodeError",
    "Fill",
    "Place",
    "Sides",
    "Swap",
    "Transaction",
    "parse_many_transactions",
    "parse_transactions",
]


def parse_transactions(body: bytes, markets: Mapping[bytes, Lots] | None = None) -> list[Transaction]:
    """Returns the transactions of one answer or notification; none if it is of a block that was skipped.

    `markets` are the lots of order books, by address, as `slab_decoder` reads them from their accounts.

    Raises `DecodeError` that names the field and what it was.

    >>> meta = '{"err":{"InstructionError":[1,{"Custom":30}]},"fee":5000}'
    >>> message = '{"accountKeys":["11111111111111111111111111111111"],"instructions":[]}'
    >>> body = f'{{"slot":7,"transaction":{{"signatures":[],"message":{message}}},"meta":{meta}}}'
    >>> [(each.slot, each.fee, each.error) for each in parse_transactions(body.encode())]
    [(7, 5000, 'InstructionError 1: Custom 30')]
    """
    return [_transaction(entry, markets or {}) for entry in entries(document(body))]


def parse_many_transactions(
    bodies: Sequence[bytes], markets: Sequence[tuple[bytes, int, int]] = ()
) -> list[list[Transaction] | str]:
    """Returns the transactions of each answer or notification, or the words of its error.

    `markets` are (address, base atoms of a lot, quote atoms of a lot at a price of 1) of order books. Raises
    `ValueError` for an address that has not 32 bytes.

    >>> parse_many_transactions([b"{", b'{"result":null}'])
    ['not JSON', '`result` was null']
    """
    lots: dict[bytes, Lots] = {}
    for market, base, quote in markets:
        if len(market) != 32:
            message = f"market was {len(market)} bytes, not 32"
            raise ValueError(message)
        lots[market] = Lots(base, quote)
    found: list[list[Transaction] | str] = []
    for body in bodies:
        try:
            found.append(parse_transactions(body, lots))
        except DecodeError as error:
            found.append(str(error))
    return found


def _transaction(entry: Entry, markets: Mapping[bytes, Lots]) -> Transaction:
    raw = read_transaction(entry)
    logs = None if raw.logs is None else parse_logs(raw.logs)
    nodes, aligned = nodes_of(raw.top, raw.inner, None if logs is None else logs.trace)
    refused = [] if logs is None else [why for _, why in logs.refused]
    swaps: list[Swap] = []
    fills: list[Fill] = []
    if raw.error is None:
        swaps, fills = swaps_of(nodes, logs, raw.balances, markets, refused)
    return Transaction(
        raw.signature,
        raw.slot,
        raw.signer,
        raw.fee,
        raw.compute_units,
        raw.error,
        swaps,
        fills,
        refused,
        aligned and logs is not None and logs.trace.complete,
    )
