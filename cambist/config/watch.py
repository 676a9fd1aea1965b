"""The tables `[watch]` and `[valuation]`: which pools are looked for, and what amounts of money are worth."""

from __future__ import annotations

import difflib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from cambist.model.tokens import mints_of, on_chain
from cambist.model.venues import POOL_VENUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cambist.model.market import Token

KEY = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")
HOUSES = {"raydium": ("ray4", "cpmm", "clmm"), "meteora": ("damm2", "dlmm")}
"""Names that mean several venues."""
VENUES = tuple(venue.name for venue in POOL_VENUES)


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pools to watch besides `[[pools]]`: those named, those of a list, those that a node finds."""

    pools: tuple[str, ...] = ()
    """Addresses; the account's owner says which program it is."""
    tokens: tuple[str, ...] = ()
    """Symbols or mints: pools that trade any two of them are looked for."""
    venues: tuple[str, ...] = ()
    """Where to look; empty means all that can be quoted."""
    min_liquidity: Annotated[float, msgspec.Meta(ge=0.0, le=1e12)] = 0.0
    """Whole units of the first base token that a pool must hold, counted in base tokens."""
    max_pools: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 60
    """Of those found or listed the ones with most liquidity are kept; those named always."""
    pool_list: str = ""
    """A JSON file with pools; relative to the configuration's folder."""
    token_list: str = ""
    """A JSON token list that verifies symbols; relative to the configuration's folder."""
    node: str = ""
    """Name of the `[[solana]]` endpoint to ask; empty asks one after the other."""
    refresh_hours: Annotated[float, msgspec.Meta(ge=0.0, le=8_760.0)] = 24.0
    """How old what was found may be before a node is asked anew."""
    calls_per_minute: Annotated[int, msgspec.Meta(ge=1, le=6_000)] = 120
    """Most that one search may ask."""
    max_megabytes: Annotated[int, msgspec.Meta(ge=1, le=1_024)] = 64
    """Most that one search may read."""

    @property
    def asks(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.pools or self.tokens or self.pool_list)

    def anchored(self, folder: Path) -> Watch:
        """Returns the same with the paths of its files from `folder`."""

        def path(text: str) -> str:
            return str(folder / Path(text).expanduser()) if text else ""

        return msgspec.structs.replace(self, pool_list=path(self.pool_list), token_list=path(self.token_list))

    def venue_names(self) -> tuple[str, ...]:
        """Returns the venues to look at, in the order of `POOL_VENUES`."""
        wanted = {name for venue in self.venues for name in HOUSES.get(venue, (venue,))}
        return tuple(name for name in VENUES if not wanted or name in wanted)


class Valuation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What amounts are worth: without a price that is young enough there is no sum."""

    base: tuple[str, ...] = ()
    """Symbols or mints of the tokens in which cycles start and end, first things first; sums are in the first one.
    Empty: the ranks of `[[tokens]]`."""
    quote: str = ""
    """What prices are in; empty means USDC."""
    sources: tuple[str, ...] = ()
    """Venues whose prices may value a sum; empty means any."""
    max_age_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] = 5_000
    """An older price values nothing."""

    def ranked(self, tokens: Iterable[Token]) -> tuple[Token, ...]:
        """Returns the tokens with their ranks as base tokens. Raises `ValueError` for one that isn't there."""
        tokens = tuple(tokens)
        if not self.base:
            return tokens
        rank = {self.mint(name, tokens, "base"): at for at, name in enumerate(self.base, 1)}
        return tuple(msgspec.structs.replace(token, base=rank.get(token.mint, 0)) for token in tokens)

    def mint(self, name: str, tokens: Iterable[Token], key: str) -> str:
        """Returns the mint that a name means among `tokens`. Raises `ValueError`."""
        found = {token.mint: token for token in tokens}
        meant = [name] if name in found else [t.mint for t in found.values() if t.symbol == name and t.verified]
        if len(meant) != 1:
            near = hint(name, sorted(t.symbol for t in found.values() if t.verified))
            problem = "means several tokens here, name its mint" if meant else f"is no verified token here{near}"
            message = f"[valuation] {key}: {name[:60]!r} {problem}"
            raise ValueError(message)
        return meant[0]


class Problem(NamedTuple):
    """What is wrong with a key."""

    key: str
    text: str


def hint(name: str, known: Iterable[str]) -> str:
    """Returns words on what was meant, to end a sentence with."""
    known = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, known, 1) or [k for k in known if k.lower() == name.lower()]
    return f"; did you mean `{near[0]}`?" if near else f"; known here: {', '.join(known)}"


def problems(watch: Watch, valuation: Valuation, tokens: Iterable[Token], nodes: Iterable[str]) -> Iterator[Problem]:
    """Yields what can't be meant."""
    tokens, nodes = tuple(tokens), list(nodes)
    known, tradable = mints_of(tokens), mints_of(on_chain(tokens))
    for address in watch.pools:
        if not KEY.fullmatch(address):
            yield Problem("watch.pools", f'"{address[:60]}" is no base58 public key')
    for key, names, meant in (
        ("watch.tokens", watch.tokens, tradable),
        ("valuation.base", valuation.base, known),
        ("valuation.quote", (valuation.quote,) if valuation.quote else (), known),
    ):
        yield from _names(key, names, meant, open_ended=bool(watch.token_list))
    if len(set(watch.tokens)) == 1:
        yield Problem("watch.tokens", "names one token; a pool trades one for another, so two are needed")
    for key, values in (("watch.venues", watch.venues), ("watch.min_liquidity", (watch.min_liquidity,))):
        if values and any(values) and not (watch.tokens or (key != "watch.venues" and watch.pool_list)):
            yield Problem(key, "finds nothing without `watch.tokens`")
    for venue in watch.venues:
        if venue not in VENUES and venue not in HOUSES:
            yield Problem("watch.venues", f'"{venue[:60]}" is no venue{hint(venue, (*VENUES, *HOUSES))}')
    if watch.node and watch.node not in nodes:
        yield Problem("watch.node", f'"{watch.node[:60]}" is no [[solana]] endpoint{hint(watch.node, nodes)}')
    if not math.isfinite(watch.min_liquidity):
        yield Problem("watch.min_liquidity", "is no number")
    for key, path in (("watch.pool_list", watch.pool_list), ("watch.token_list", watch.token_list)):
        if path and not Path(path).is_file():
            yield Problem(key, f"{path}: no such file")


def _names(key: str, names: Iterable[str], known: Mapping[str, list[str]], *, open_ended: bool) -> Iterator[Problem]:
    """Yields names that are neither a mint nor a symbol of one; with a token list that is looked at later."""
    for name in names:
        mints = known.get(name, [])
        if len(mints) > 1:
            yield Problem(key, f'"{name[:60]}" is the symbol of {len(mints)} tokens; name the mint')
        elif not mints and not KEY.fullmatch(name) and not open_ended:
            yield Problem(key, f'"{name[:60]}" is no mint and no symbol of [[tokens]]{hint(name, known)}')
    if len(set(names)) != len(list(names)):
        yield Problem(key, "names a token twice")
