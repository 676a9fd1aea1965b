"""What is watched and why: the pools of a session and the rows of `cambist pools`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.market import discovery
from cambist.market.discovery import DiscoveryError, FoundPool, Watched
from cambist.model.text import sanitise, short
from cambist.model.tokens import labels
from cambist.model.venues import POOL_VENUES

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.config import Config

    Notify = Callable[[str], None]

_TITLES = {venue.name: venue.title for venue in POOL_VENUES}


class Shown(NamedTuple):
    """All that `cambist pools` prints."""

    json: dict[str, Any]
    """The object of `--json`; its field names are a contract."""
    ok: bool
    """Whether something is watched, and all that the config names."""


def to_watch(config: Config, notify: Notify, progress: Notify) -> Watched:
    """Returns the pools of a session. Raises `DiscoveryError` if there is none."""
    watched = discovery.watched(config, progress=progress, notify=notify)
    for pool in watched.found.pools:
        if not pool.usable:
            notify(f"pool {pool.address} is not watched: {pool.state}")
    for note in (*watched.found.notes, *watched.notes):
        notify(note)
    if not watched.pools:
        message = "[watch] found no pool that can be watched; `cambist pools` says why"
        raise DiscoveryError(message)
    how = f"kept from {discovery.age(watched.age_ns)} ago" if watched.cached else "just asked"
    notify(f"{len(watched.pools)} pools are watched, as {watched.found.node} told ({how})")
    return watched


def shown(config: Config, *, refresh: bool, notify: Notify, progress: Notify) -> Shown:
    """Returns what is watched and why. Raises `DiscoveryError`, `MarketError`, `ListError`."""
    if config.market.source == "demo":
        watched = _demo(config)
    elif config.watch.asks or config.pools:
        watched = discovery.watched(config, refresh=refresh, progress=progress, notify=notify)
    else:
        message = "no pool is asked for: fill in [watch] or [[pools]]"
        raise DiscoveryError(message)
    found = watched.found
    named = {label.mint: label for label in watched.tokens}
    called = labels(watched.tokens)
    unit = next((named[mint] for mint in found.asked.base[:1] if mint in named), None)
    tokens = [
        {
            "mint": token.mint,
            "label": called[token.mint],
            "decimals": token.decimals,
            "verified": token.verified,
            "base": token.base,
        }
        for token in watched.tokens
    ]
    made = {
        "schema": 1,
        "demo": config.market.source == "demo",
        "node": found.node,
        "asked_at": datetime.fromtimestamp(found.at_ns / 1e9, UTC).isoformat(timespec="seconds"),
        "age_s": round(watched.age_ns / 1e9, 1),
        "cached": watched.cached,
        "slot": found.slot,
        "calls": found.calls,
        "bytes": found.bytes_read,
        "unit": None if unit is None else {"mint": unit.mint, "label": called[unit.mint], "decimals": unit.decimals},
        "pools": [_pool(pool, watched, called) for pool in sorted(found.pools, key=_deepest_first)],
        "tokens": tokens,
        "notes": [*found.notes, *watched.notes],
    }
    wrong = any(not pool.usable for pool in found.pools)
    return Shown(made, bool(watched.pools) and not wrong)


def _demo(config: Config) -> Watched:
    """Starts the embedded market for as long as its node is asked."""
    from cambist.config import SolanaEndpoint
    from cambist.market.markets import demo_token
    from cambist.simulator.process import spawn

    with spawn(config.market.seed, rate=config.market.rate) as market:
        facts = market.endpoints
        node = SolanaEndpoint("demo", facts["pubsub"], facts["rpc"])
        tokens = config.valuation.ranked(map(demo_token, facts["tokens"]))
        return discovery.demo(node, (pool["address"] for pool in facts["pools"]), tokens, config)


def _deepest_first(pool: FoundPool) -> tuple[bool, int, str]:
    return pool.liquidity is None, -(pool.liquidity or 0), pool.address


def _pool(pool: FoundPool, watched: Watched, called: dict[str, str]) -> dict[str, Any]:
    decimals = {token.mint: token.decimals for token in watched.found.tokens}
    pair = None
    if pool.mints is not None:
        pair = [
            {
                "mint": mint,
                "label": called.get(mint) or short(mint),
                "decimals": decimals.get(mint),
                "held_atoms": None if held is None else str(held),
            }
            for mint, held in zip(pool.mints, pool.held, strict=True)
        ]
    return {
        "address": pool.address,
        "program": pool.program,
        "venue": pool.venue,
        "title": _TITLES.get(pool.venue, ""),
        "pair": pair,
        "fee_ppm": pool.fee_ppm,
        "fee_note": pool.fee_note,
        "liquidity_atoms": None if pool.liquidity is None else str(pool.liquidity),
        "state": sanitise(pool.state, 100),
        "usable": pool.usable,
        "proof": pool.proof,
        "from": pool.origin,
    }
