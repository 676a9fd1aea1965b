"""What can be wrong with an equivalence beside the tables that it names."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from cambist.model.tokens import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cambist.model.market import Equivalence, Identity, Token


def problems(
    at: int, equivalences: Sequence[Equivalence], tokens: Sequence[Token], identities: Sequence[Identity]
) -> Iterator[tuple[str, str]]:
    """Yields (field, what is wrong): both sides must be in the table of tokens, and the pair's venue must name them."""
    each = equivalences[at]
    sides = ("a", each.a), ("b", each.b)
    for name, mint in sides:
        if mint not in KNOWN.values() and all(mint != token.mint for token in tokens):
            yield name, f' is "{mint[:60]}", no mint of [[tokens]]{_nearest_mint(mint, tokens)}'
    if each.a == each.b:
        yield "b", " is the same as `a`"
    venue, _, symbol = each.pair.partition(":")
    if not venue or not symbol:
        yield "pair", f' is "{each.pair[:60]}", expected venue:SYMBOL, e.g. kraken:USDC/USD'
    if each.pair in (other.pair for other in equivalences[:at]):
        yield "pair", f' is "{each.pair[:60]}", which guards another equivalence'
    named = {identity.mint for identity in identities if identity.venue == venue}
    for name, mint in sides:
        if mint not in named:
            near = difflib.get_close_matches(venue, sorted({identity.venue for identity in identities}), 1)
            hint = f'; did you mean "{near[0]}"?' if near and near[0] != venue else ""
            yield "pair", f" is of {venue[:60]}, but no [[identities]] says what `{name}` is called there{hint}"


def _nearest_mint(given: str, tokens: Sequence[Token]) -> str:
    """Returns a hint at the token that was meant, by its symbol or its mint."""
    listed = KNOWN | {token.symbol: token.mint for token in tokens}
    known = listed | {mint: mint for mint in listed.values()}
    near = difflib.get_close_matches(given, known, 1)
    return f'; did you mean "{known[near[0]]}"?' if near else ""
