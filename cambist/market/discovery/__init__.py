"""Which pools to watch: asked of a node before a session begins, or read from what it said last time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.config.watch import KEY, hint
from cambist.market.discovery import cache, files
from cambist.market.discovery.found import Ask, Found, FoundPool
from cambist.market.discovery.mints import FoundToken
from cambist.market.discovery.node import DiscoveryError, Node
from cambist.market.discovery.search import Search
from cambist.model.market import FIAT, PoolRef, Token
from cambist.model.text import endpoint_label, short
from cambist.model.tokens import KNOWN, mints_of, on_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.config import Config, SolanaEndpoint
    from cambist.market.discovery.files import Listed

__all__ = [
    "Ask", "DiscoveryError", "Found", "FoundPool", "FoundToken", "Watched", "age", "ask_of", "demo", "kept",
    "tokens_of", "watched",
]  # fmt: skip

NS_PER_HOUR = 3_600_000_000_000


class Watched(NamedTuple):
    """Pools and tokens as a session takes them, and where they come from."""

    found: Found
    cached: bool
    tokens: tuple[Token, ...]
    notes: tuple[str, ...]
    """What is worth saying of the tokens."""

    @property
    def age_ns(self) -> int:
        """How long ago the node was asked."""
        return max(0, time.time_ns() - self.found.at_ns)

    @property
    def pools(self) -> tuple[PoolRef, ...]:
        """Returns what can be watched."""
        return tuple(PoolRef(pool.address, pool.program) for pool in self.found.pools if pool.usable)


def watched(
    config: Config,
    *,
    refresh: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    notify: Callable[[str], None] = lambda _: None,
    folder: Path | None = None,
) -> Watched:
    """Returns what to watch: from the cache while it is young enough, else from the first node that answers.

    If none does, what was found before is used, however old, and said so. Raises `DiscoveryError`, `ListError`.
    """
    listed, nodes = _listed(config), _nodes(config)
    ask = ask_of(config, listed)
    kept = _load(nodes, ask, folder)
    age_ns = time.time_ns() - kept.at_ns if kept is not None else 0
    if kept is not None and not refresh and 0 <= age_ns <= config.watch.refresh_hours * NS_PER_HOUR:
        return _watched(config, kept, listed, cached=True)
    try:
        found = asyncio.run(_first(nodes, config, ask, progress))
    except DiscoveryError as error:
        if kept is None:
            raise
        notify(f"{error}; using the pools found {age(age_ns)} ago at {kept.node}")
        return _watched(config, kept, listed, cached=True)
    try:
        cache.store(found, folder)
    except OSError as error:
        notify(f"what was found can't be kept for the next time: {error.strerror}")
    return _watched(config, found, listed, cached=False)


def kept(config: Config, folder: Path | None = None) -> Watched | None:
    """Returns what was found before, however old; no node is asked. Raises `DiscoveryError`, `ListError`."""
    listed = _listed(config)
    found = _load(_nodes(config), ask_of(config, listed), folder)
    return None if found is None else _watched(config, found, listed, cached=True)


def demo(node: SolanaEndpoint, pools: Iterable[str], tokens: tuple[Token, ...], config: Config) -> Watched:
    """Returns what the embedded market's own node says of its pools; nothing is kept."""
    ranked = sorted((token for token in tokens if token.base), key=lambda token: token.base)
    base, mints = tuple(token.mint for token in ranked), tuple(token.mint for token in tokens)
    ask = Ask(named=tuple(pools), base=base, mints=mints, origin="demo")
    return Watched(asyncio.run(_first((node,), config, ask, lambda _: None)), False, tokens, ())


def ask_of(config: Config, listed: dict[str, Listed] | None = None) -> Ask:
    """Returns what the config asks for. Raises `DiscoveryError`, `ListError`."""
    watch, listed = config.watch, listed or {}
    tokens = on_chain(config.tokens)
    mints = mints_of(config.tokens)
    for mint, entry in listed.items():
        if entry.unique and entry.symbol not in mints:
            mints[entry.symbol] = [mint]

    def meant(key: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_mint(key, name, mints) for name in names))

    ranked = tuple(token.mint for token in sorted(tokens, key=lambda token: token.base) if token.base)
    base = tuple(mint for mint in meant("valuation.base", config.valuation.base) if not FIAT.fullmatch(mint))
    return Ask(
        named=tuple(dict.fromkeys([pool.address for pool in config.pools] + list(watch.pools))),
        listed=files.pools(Path(watch.pool_list)) if watch.pool_list else (),
        tokens=meant("watch.tokens", watch.tokens),
        venues=watch.venue_names() if watch.tokens else (),
        base=base or ranked or tuple(KNOWN.values()),
        min_liquidity=watch.min_liquidity,
        max_pools=watch.max_pools,
        mints=tuple(token.mint for token in tokens),
    )


def tokens_of(
    config: Config, found: Found, listed: dict[str, Listed] | None = None
) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Returns the tokens of a session and what is worth saying of them.

    Decimals are the mint's. A symbol is verified by the config, or by the token list if no other mint of it has the
    same symbol and its decimals are right; any other is a label that its mint stands beside.
    """
    listed, notes, tokens = listed or {}, [], []
    configured = {token.mint: token for token in config.tokens}
    known = {mint: symbol for symbol, mint in KNOWN.items()}
    bases = {mint: at for at, mint in enumerate(found.asked.base, 1)}
    for token in found.tokens:
        entry, own = listed.get(token.mint), configured.pop(token.mint, None)
        decimals = own.decimals if own is not None else entry.decimals if entry is not None else token.decimals
        right = decimals == token.decimals
        if not right:
            who = "[[tokens]]" if own is not None else "the token list"
            notes.append(
                f"{short(token.mint)}: {who} says {decimals} decimals, its mint {token.decimals}: that is used"
            )
        if own is not None:
            symbol, verified = own.symbol, own.verified
        elif token.mint in known:
            symbol, verified = known[token.mint], True
        elif entry is not None:
            symbol, verified = entry.symbol, entry.unique and right
        else:
            symbol, verified = token.symbol, False
        tokens.append(Token(token.mint, symbol, token.decimals, verified, bases.get(token.mint, 0)))
    return (*tokens, *configured.values()), tuple(notes)


def age(ns: int) -> str:
    """Returns a time span in words."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if ns >= 2 * size * 1_000_000_000:
            return f"{ns / size / 1e9:.0f} {unit}"
    return f"{max(0, ns) / 1e9:.0f} s"


def _watched(config: Config, found: Found, listed: dict[str, Listed], *, cached: bool) -> Watched:
    claimed = {pool.address: pool.program for pool in config.pools}
    pools = tuple(
        pool
        if not pool.usable or claimed.get(pool.address, pool.program) == pool.program
        else msgspec.structs.replace(pool, state=f"not as [[pools]] says: its program is {pool.program}")
        for pool in found.pools
    )
    found = msgspec.structs.replace(found, pools=pools)
    return Watched(found, cached, *tokens_of(config, found, listed))


def _listed(config: Config) -> dict[str, Listed]:
    return files.tokens(Path(config.watch.token_list)) if config.watch.token_list else {}


def _load(nodes: tuple[SolanaEndpoint, ...], ask: Ask, folder: Path | None) -> Found | None:
    return cache.load(ask, tuple(endpoint_label(node.rpc) for node in nodes), folder)


def _nodes(config: Config) -> tuple[SolanaEndpoint, ...]:
    nodes = tuple(node for node in config.solana if config.watch.node in ("", node.name))
    if not nodes:
        message = "[watch] needs a [[solana]] endpoint to ask"
        raise DiscoveryError(message)
    return nodes


def _mint(key: str, name: str, mints: dict[str, list[str]]) -> str:
    found = mints.get(name, [name] if KEY.fullmatch(name) else [])
    if len(found) != 1:
        problem = "is the symbol of several tokens; name the mint" if found else f"is unknown{hint(name, mints)}"
        message = f"`{key}`: {name[:60]!r} {problem}"
        raise DiscoveryError(message)
    return found[0]


async def _first(nodes: tuple[SolanaEndpoint, ...], config: Config, ask: Ask, progress: Callable[[str], None]) -> Found:
    """Asks one node after the other until one answers. Raises `DiscoveryError` with what each said."""
    failures: list[str] = []
    for endpoint in nodes:
        node = Node(
            endpoint.name,
            endpoint.rpc,
            calls_per_minute=config.watch.calls_per_minute,
            max_bytes=config.watch.max_megabytes << 20,
        )
        try:
            return await Search(node, ask, progress).run()
        except DiscoveryError as error:
            failures.append(str(error))
        finally:
            await node.close()
    raise DiscoveryError("; ".join(failures))
