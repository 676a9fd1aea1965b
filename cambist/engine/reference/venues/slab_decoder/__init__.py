"""On-chain order books: Serum and OpenBook v1 slabs, OpenBook v2 book sides, Phoenix red-black trees.

Prices and quantities stay in the market's own lots (ticks, for Phoenix); `Lots` turns them into atoms exactly. A
damaged tree is an error that names the node, never a book with a hole. Layouts: `openbook-dex/program`,
`openbook-dex/openbook-v2`, `Ellipsis-Labs/phoenix-v1`.
"""

from cambist.engine.reference.venues.slab_decoder.batch import decode_books, decode_markets, lots_to_atoms
from cambist.engine.reference.venues.slab_decoder.book import Book, Level, Lots, Market, Order, SlabError, levels
from cambist.engine.reference.venues.slab_decoder.openbook_v2 import decode_openbook_v2_book, decode_openbook_v2_market
from cambist.engine.reference.venues.slab_decoder.phoenix import decode_phoenix_books, decode_phoenix_market
from cambist.engine.reference.venues.slab_decoder.serum import OpenOrders, decode_serum_book, decode_serum_market

__all__ = [
    "Book",
    "Level",
    "Lots",
    "Market",
    "OpenOrders",
    "Order",
    "SlabError",
    "decode_books",
    "decode_markets",
    "decode_openbook_v2_book",
    "decode_openbook_v2_market",
    "decode_phoenix_books",
    "decode_phoenix_market",
    "decode_serum_book",
    "decode_serum_market",
    "levels",
    "lots_to_atoms",
]
