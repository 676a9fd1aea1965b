"""The markets a session can watch: the embedded one, or the endpoints of the config."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec.structs import replace

from cambist.config import Config, ExchangeEndpoint, SolanaEndpoint
from cambist.engine import build_info
from cambist.market.inlet import NativeWires
from cambist.model.events import Channel
from cambist.model.market import Identity, Instrument, PoolRef, Token
from cambist.model.text import endpoint_label
from cambist.model.venues import VENUE_OF_PROGRAM
from feeds import venues
from feeds.bucket import Buckets
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed, seeding_of
from feeds.priority_fees import PriorityFeeConfig, PriorityFeeFeed, TipFloorConfig, TipFloorFeed
from feeds.solana import SolanaConfig, SolanaFeed
from feeds.tip_stream import TipStreamConfig, TipStreamFeed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cambist.market.discovery import Watched
    from cambist.market.inlet import Inlet
    from cambist.simulator.process import Starting
    from feeds.base import Feed
    from feeds.dial import Dial
    from feeds.venue import Venue

BASE_RANK = {"SOL": 1, "USDC": 2}
FEE_ACCOUNTS = 64
"""Writable accounts whose fees are asked for; a node takes 128."""
DEMO_OBSERVED = 128
"""Pools of the embedded market whose logs are read: all it has, so that each swap that ends a gap is seen."""


@dataclass(frozen=True, slots=True)
class Market:
    """A market to watch: its static facts, and how to make its feeds."""

    label: str
    demo: bool
    easy: bool
    """Whether its rivals leave more than real ones do."""
    seed: int
    tokens: tuple[Token, ...]
    identities: tuple[Identity, ...]
    pools: tuple[PoolRef, ...]
    instruments: tuple[Instrument, ...]
    channels: tuple[Channel, ...]
    feeds: Callable[[Inlet, Callable[[str, str, str], None]], Sequence[Feed]]
    close: Callable[[], None]
    trouble: Callable[[], str] = str
    """Says what is wrong with the market's own process, if it has one and it is gone."""


class Channels:
    """Numbers channels in the order they are asked for, so that a config gives the same numbers each time."""

    def __init__(self, *, demo: bool) -> None:
        self.made: list[Channel] = []
        self._demo = demo

    def add(self, feed: str, venue: str, protocol: str, url: str, symbol: str = "") -> Channel:
        """Returns a new channel; only scheme and host of its address are kept."""
        number = len(self.made) + 1
        channel = Channel(
            id=number,
            feed=feed,
            venue=venue,
            protocol=protocol,
            label=endpoint_label(url),
            symbol=symbol,
            demo=self._demo,
        )
        self.made.append(channel)
        return channel


def demo(config: Config, starting: Starting) -> Market:
    """Returns how to watch the embedded market, once it listens."""
    handle = starting.handle()
    try:
        return _embedded(
            config,
            handle.endpoints,
            config.market.transport,
            close=handle.close,
            trouble=lambda: "" if handle.alive() else "the embedded market has ended; start cambist again",
        )
    except BaseException:
        handle.close()
        raise


def given(config: Config, facts: dict[str, Any], dial: Dial, driver: Feed) -> Market:
    """Returns how to watch an embedded market that lives in the runtime's own loop, where `driver` steps it."""
    return _embedded(config, facts, "websockets", dial=dial, beside=(driver,))


def _embedded(config: Config, facts: dict[str, Any], transport: Literal["websockets", "native"], **how: Any) -> Market:
    """Returns how to watch a market that says of itself what `Node.describe` does."""
    node = SolanaEndpoint(
        "solana",
        facts["pubsub"],
        facts["rpc"],
        fee_percentiles=True,
        observe_pools=DEMO_OBSERVED,
        transport=transport,
    )
    exchanges = {
        venue: ExchangeEndpoint(
            ws=entry["ws"], rest=entry["rest"], symbols=tuple(entry["symbols"]), transport=transport
        )
        for venue, entry in facts["exchanges"].items()
    }
    level = config.market.level
    return _market(
        f"seed {config.market.seed}" + ("" if level == "honest" else f", {level}"),
        (node,),
        exchanges,
        tuple(demo_token(entry) for entry in facts["tokens"]),
        tuple(PoolRef(entry["address"], entry["program"]) for entry in facts["pools"]),
        tuple(msgspec.convert(entry, Identity) for entry in facts["identities"]),
        tuple(msgspec.convert(entry, Instrument) for entry in facts["instruments"]),
        seed=config.market.seed,
        demo=True,
        easy=level == "easy",
        **how,
    )


def network(config: Config, watched: Watched | None = None) -> Market:
    """Returns how to watch the endpoints of the config, and the pools that were found; nothing is connected yet."""
    for pool in config.pools:
        if pool.program not in VENUE_OF_PROGRAM:
            message = f"pool {pool.address}: program {pool.program} is none that cambist can quote"
            raise ValueError(message)
    label = ", ".join([*(e.name for e in config.solana), *config.exchanges])
    return _market(
        label,
        config.solana,
        config.exchanges,
        config.tokens if watched is None else watched.tokens,
        config.pools if watched is None else watched.pools,
        config.identities,
        (),
        seed=0,
        demo=False,
    )


def _demo_first() -> str:
    from cambist.simulator.exchanges import FIRST

    return FIRST


def only(config: Config, feeds: Sequence[str]) -> Config:
    """Returns a config of some feeds: exchanges and nodes by name, `solana` for all nodes. None means all of them.

    Raises `ValueError` for a name that is none of the config's.
    """
    demo = config.market.source == "demo"
    nodes = ("solana",) if demo else tuple(endpoint.name for endpoint in config.solana)
    exchanges = (_demo_first(), *config.market.exchanges) if demo else tuple(config.exchanges)
    known = dict.fromkeys((*(("solana",) if nodes else ()), *nodes, *exchanges))
    unknown = [name for name in feeds if name not in known]
    if unknown:
        message = f"--feeds names {', '.join(unknown)}; the config has {', '.join(known)}"
        raise ValueError(message)
    if demo or not feeds:
        return config
    chosen = tuple(e for e in config.solana if e.name in feeds or "solana" in feeds)
    venues = {name: table for name, table in config.venues.items() if name in feeds}
    pools = config.pools if chosen else ()
    return replace(config, solana=chosen, venues=venues, pools=pools)


def narrowed(market: Market, feeds: Sequence[str]) -> Market:
    """Returns the embedded market with some of its feeds alone; another one is made of the chosen ones already."""
    if not feeds or not market.demo:
        return market
    allowed = {*feeds, *(("fees", "tips") if "solana" in feeds else ())}

    def chosen(inbox: Inlet, note: Any) -> Sequence[Feed]:
        return [feed for feed in market.feeds(inbox, note) if {c.feed for c in feed.channels()} & allowed]

    return dataclasses.replace(market, feeds=chosen)


def demo_token(entry: dict[str, Any]) -> Token:
    """Returns a token of the embedded market from its own description."""
    symbol = entry["symbol"]
    return Token(entry["mint"], symbol, entry["decimals"], verified=True, base=BASE_RANK.get(symbol, 0))


def _market(
    label: str,
    nodes: tuple[SolanaEndpoint, ...],
    exchanges: Mapping[str, ExchangeEndpoint],
    tokens: tuple[Token, ...],
    pools: tuple[PoolRef, ...],
    identities: tuple[Identity, ...],
    instruments: tuple[Instrument, ...],
    *,
    seed: int,
    demo: bool,
    easy: bool = False,
    close: Callable[[], None] = lambda: None,
    trouble: Callable[[], str] = str,
    dial: Dial | None = None,
    beside: Sequence[Feed] = (),
) -> Market:
    channels = Channels(demo=demo)
    makers: list[Callable[[Inlet, Any], Feed]] = []
    buckets = Buckets()
    wires = NativeWires()
    for node in nodes:
        makers += _node(node, channels, pools, wires, dial)
    makers += [_exchange(name, table, channels, buckets, wires, dial) for name, table in exchanges.items()]

    def feeds(inbox: Inlet, note: Any) -> Sequence[Feed]:
        return [*beside, *(make(inbox, note) for make in makers)]

    made = tuple(channels.made)
    return Market(
        label=label,
        demo=demo,
        easy=easy,
        seed=seed,
        tokens=tokens,
        identities=identities,
        pools=pools,
        instruments=instruments,
        channels=made,
        feeds=feeds,
        close=close,
        trouble=trouble,
    )


def _node(
    node: SolanaEndpoint, channels: Channels, pools: tuple[PoolRef, ...], wires: NativeWires, dial: Dial | None
) -> list[Callable[[Inlet, Any], Feed]]:
    """Declares the channels of a node and returns how to make its feeds. Raises `ValueError`."""
    native = node.transport == "native"
    if native:
        _check_native(node.name, translated=False)
    ws = channels.add(node.name, "solana", "solana.ws", node.pubsub)
    http = channels.add(node.name, "solana", "solana.http", node.rpc)
    fees = channels.add("fees", "solana", "solana.http", node.rpc)
    # A percentile over all transactions says how busy the chain is; a minimum says something only of our accounts.
    watched = () if node.fee_percentiles else tuple(pool.address for pool in pools[:FEE_ACCOUNTS])
    singly = tuple(pool.address for pool in pools[:FEE_ACCOUNTS])
    observed = tuple(pool.address for pool in pools[: node.observe_pools])
    settings = SolanaConfig(node.name, node.pubsub, node.rpc, logs=observed, transactions_per_s=node.transactions_per_s)
    fee_settings = PriorityFeeConfig(
        node.rpc, f"{node.name} fees", percentiles=node.fee_percentiles or None, estimates=node.fee_estimates
    )
    tips: list[Callable[[Inlet, Any], Feed]] = []
    if node.tip_floor:
        tip_channel = channels.add("tips", "jito", "jito.tip_floor", node.tip_floor)
        where = TipFloorConfig(node.tip_floor, f"{node.name} tips")
        tips.append(lambda inbox, note: TipFloorFeed(where, tip_channel, inbox, note=note))
    if node.tip_stream:
        streamed = channels.add("tips", "jito", "jito.tip_floor", node.tip_stream)
        stream = TipStreamConfig(node.tip_stream, f"{node.name} tip stream")
        tips.append(lambda inbox, note: TipStreamFeed(stream, streamed, inbox, note=note))
    return [
        lambda inbox, note: SolanaFeed(
            settings, ws, http, inbox, pools=pools, note=note, wires=wires.of(inbox) if native else None, dial=dial
        ),
        lambda inbox, note: PriorityFeeFeed(
            fee_settings, fees, inbox, accounts=watched, singly=singly, note=note, dial=dial
        ),
        *tips,
    ]


def _exchange(
    name: str, table: ExchangeEndpoint, channels: Channels, buckets: Buckets, wires: NativeWires, dial: Dial | None
) -> Callable[[Inlet, Any], Feed]:
    """Declares the channels of an exchange and returns how to make its feed. Raises `ValueError`."""
    venue = venues.find(name)
    rest, own = table.rest or venue.rest, venue.protocol == "cambist"
    native = table.transport == "native"
    if native:
        _check_native(name, translated=own)
    seed = table.seed
    ws = channels.add(name, name, f"{venue.protocol}.ws", table.ws or venue.ws)
    info = None
    if rest and venue.instruments(table.symbols) is not None:
        info = channels.add(name, name, "cambist.ws" if own else f"{venue.protocol}.info", rest)
    depth = {}
    if seeding_of(venue, seed) == "rest":
        depth = {s: channels.add(name, name, f"{venue.protocol}.depth", rest, s) for s in table.symbols}
    settings = _settings(venue, table, seed)
    own_channels = ExchangeChannels(ws, info, depth)
    return lambda inbox, note: ExchangeFeed(
        venue,
        settings,
        own_channels,
        inbox,
        buckets=buckets,
        note=note,
        wires=wires.of(inbox) if native else None,
        dial=dial,
    )


def _check_native(name: str, *, translated: bool) -> None:
    """Raises `ValueError` if the streams of an exchange or a node can't come by the native transport."""
    build = build_info()
    why = "a plug-in's frames are put into cambist's own form by Python" if translated else build.why
    if translated or not build.native:
        message = f'[{name}] transport is "native", but {why}; "websockets" reads every stream'
        raise ValueError(message)


def _settings(venue: Venue, table: ExchangeEndpoint, seed: Literal["", "rest", "stream"]) -> ExchangeConfig:
    """Returns a venue's own settings with those of the config over them."""
    names = ("ack_s", "first_data_s", "alive_s", "silence_s", "symbol_s")
    given = {name: value for name in names if (value := getattr(table, name)) is not None}
    limits, socket = venue.limits, venue.socket
    if table.rest_weight is not None:
        limits = replace(limits, rest=(table.rest_weight, limits.rest[1]))
    if table.lifetime_s is not None:
        socket = replace(socket, lifetime_s=table.lifetime_s, lifetime_jitter_s=table.lifetime_s / 20)
    if table.max_message_bytes is not None:
        socket = replace(socket, max_size=table.max_message_bytes)
    return ExchangeConfig(
        symbols=table.symbols,
        ws=table.ws,
        rest=table.rest,
        streams=table.streams,
        seed=seed,
        deadlines=replace(venue.deadlines, **given),
        limits=limits,
        socket=socket,
    )
