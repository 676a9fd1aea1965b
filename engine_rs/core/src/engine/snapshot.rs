//! All state of an engine as canonical bytes, and back. Equal states give equal bytes in both engines.
//!
//! One JSON object; keys and mints in base58, account data in base64, floats as their bits, maps as sorted lists. Pools
//! are built anew from their accounts, edges keep their numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::channels::{ChannelState, State as ChannelStatus};
use super::market::Edge;
use super::prices::{Row, Source};
use super::registry::{Account, Decoded, PoolEntry, PoolState, Role};
use super::series::{Series, SeriesParts};
use super::setup::Channel;
use super::standing::{Cycle, Opportunity, Sizing};
use super::views::Counters;
use super::{Engine, json};
use crate::base58::{self, Pubkey};
use crate::cycle_finder::{Potentials, PotentialsState};
use crate::decode::{SessionParts, SolanaSession};
use crate::fees::{FeeModel, FeeState};
use crate::graph::Graph;
use crate::order_book::{BookParts, OrderBook};
use crate::pool::ChainTime;

const VERSION: u32 = 1;

/// Bytes that are no snapshot of this version and setup.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    #[error("not a snapshot: {0}")]
    NotOne(String),
    #[error("snapshot of version {0}, this one reads {VERSION}")]
    Version(u32),
    #[error("snapshot of another setup")]
    OtherSetup,
    #[error("damaged snapshot: {0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelPart {
    info: Channel,
    frames: u64,
    malformed: u64,
    gaps: u64,
    last_ns: i64,
    lag_ns: Option<i64>,
    offset_ns: Option<i64>,
    slot: Option<u64>,
    slot_ns: i64,
    generation: u32,
    state: ChannelStatus,
    last_error: String,
    session: SessionParts,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EdgePart {
    name: String,
    tail: u32,
    head: u32,
    book: bool,
    at: usize,
    first: bool,
    weight: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountPart {
    key: String,
    role: u8,
    users: Vec<usize>,
    owner: String,
    data: String,
    slot: u64,
    count: u64,
    channel: u16,
    socket: bool,
    suspect: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolPart {
    name: String,
    state: PoolState,
    note: String,
    mints: Vec<String>,
    vaults: Vec<String>,
    config: String,
    oracle: String,
    edge: Option<u32>,
    arrays: Vec<(i32, String)>,
    wanted: Vec<i32>,
    absent: Vec<i32>,
    carrier: Option<u16>,
    changed_ns: i64,
    closed_slot: u64,
    torn_slot: u64,
    torn_until: u64,
    lone_slot: u64,
    ticks_slot: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookPart {
    venue: String,
    symbol: String,
    base: String,
    quote: String,
    kind: String,
    edge: Option<u32>,
    blocked: String,
    channel: Option<u16>,
    as_of_ns: i64,
    book: BookParts,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcePart {
    mint: String,
    name: String,
    num: u64,
    den: u64,
    mid_bits: u64,
    depth_bits: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowPart {
    mint: String,
    symbol: String,
    venue: String,
    source: String,
    book: bool,
    at: i64,
    depth_bits: u64,
    bid_bits: Option<u64>,
    ask_bits: Option<u64>,
    changed_ns: Option<i64>,
    synthetic: String,
    series: SeriesParts,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CyclePart {
    key: String,
    edges: Vec<u32>,
    base: String,
    weight: i64,
    first_slot: Option<u64>,
    amount_in: u64,
    amount_out: u64,
    fees: u64,
    binds: String,
    cu_limit: Option<u64>,
    last: Option<Opportunity>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    version: u32,
    slot: Option<u64>,
    slot_ns: i64,
    time: Option<(u64, i64, u64)>,
    channels: Vec<ChannelPart>,
    nodes: Vec<String>,
    edges: Vec<EdgePart>,
    potentials: PotentialsState,
    accounts: Vec<AccountPart>,
    pools: Vec<PoolPart>,
    books: Vec<BookPart>,
    sources: Vec<SourcePart>,
    rows: Vec<RowPart>,
    fees: FeeState,
    cycles: Vec<CyclePart>,
    learned: Vec<(String, u64, u64, u64)>,
    counters: Counters,
}

/// Returns all state of an engine.
pub(crate) fn dump(engine: &Engine) -> Vec<u8> {
    let (market, registry) = (&engine.market, &engine.market.registry);
    let mut accounts: Vec<&Account> = registry.accounts().iter().collect();
    accounts.sort_unstable_by_key(|account| account.key);
    let learned = engine.standing.learned.iter();
    json::encode(&State {
        version: VERSION,
        slot: market.slot,
        slot_ns: market.slot_ns,
        time: registry
            .time
            .as_ref()
            .map(|time| (time.slot, time.unix_timestamp, time.epoch)),
        channels: engine.channels.values().map(channel_part).collect(),
        nodes: (0..market.graph.node_count())
            .map(|node| market.graph.node_key(node as u32).to_owned())
            .collect(),
        edges: (0..market.graph.edge_count())
            .map(|edge| edge_part(engine, edge as u32))
            .collect(),
        potentials: market.potentials.state(),
        accounts: accounts.into_iter().map(account_part).collect(),
        pools: registry.pools.iter().map(pool_part).collect(),
        books: book_parts(engine),
        sources: source_parts(engine),
        rows: engine
            .prices
            .rows
            .values()
            .flat_map(|rows| rows.values())
            .map(row_part)
            .collect(),
        fees: engine.fees.state(),
        cycles: engine.standing.cycles.values().map(cycle_part).collect(),
        learned: learned
            .map(|((settlement, hops), &(wins, tries))| (settlement.clone(), *hops, wins, tries))
            .collect(),
        counters: engine.counters.clone(),
    })
}

fn channel_part(channel: &ChannelState) -> ChannelPart {
    ChannelPart {
        info: channel.info.clone(),
        frames: channel.frames,
        malformed: channel.malformed,
        gaps: channel.gaps,
        last_ns: channel.last_ns,
        lag_ns: channel.lag_ns,
        offset_ns: channel.offset_ns,
        slot: channel.slot,
        slot_ns: channel.slot_ns,
        generation: channel.generation,
        state: channel.state,
        last_error: channel.last_error.clone(),
        session: channel.session.parts(),
    }
}

fn edge_part(engine: &Engine, edge: u32) -> EdgePart {
    let (graph, behind) = (&engine.market.graph, engine.market.behind(edge));
    EdgePart {
        name: graph.name(edge).to_owned(),
        tail: graph.from(edge),
        head: graph.to(edge),
        book: behind.book,
        at: behind.at,
        first: behind.first,
        weight: graph.weight(edge),
    }
}

fn account_part(account: &Account) -> AccountPart {
    AccountPart {
        key: base58::encode(&account.key),
        role: account.role as u8,
        users: account.users.clone(),
        owner: base58::encode(&account.owner),
        data: STANDARD.encode(&account.data),
        slot: account.slot,
        count: account.count,
        channel: account.channel,
        socket: account.socket,
        suspect: account.suspect,
    }
}

fn pool_part(pool: &PoolEntry) -> PoolPart {
    let keys = |pair: &Option<[Pubkey; 2]>| pair.iter().flatten().map(base58::encode).collect();
    let key = |single: &Option<Pubkey>| single.as_ref().map(base58::encode).unwrap_or_default();
    PoolPart {
        name: pool.name.clone(),
        state: pool.state,
        note: pool.note.clone(),
        mints: keys(&pool.mints),
        vaults: keys(&pool.vaults),
        config: key(&pool.config),
        oracle: key(&pool.oracle),
        edge: pool.edge,
        arrays: pool
            .arrays
            .iter()
            .map(|(&start, key)| (start, base58::encode(key)))
            .collect(),
        wanted: pool.wanted.iter().copied().collect(),
        absent: pool.absent.iter().copied().collect(),
        carrier: pool.carrier,
        changed_ns: pool.changed_ns,
        closed_slot: pool.closed_slot,
        torn_slot: pool.torn_slot,
        torn_until: pool.torn_until,
        lone_slot: pool.lone_slot,
        ticks_slot: pool.ticks_slot,
    }
}

fn book_parts(engine: &Engine) -> Vec<BookPart> {
    let part = |entry: &super::books::BookEntry| BookPart {
        venue: entry.venue.clone(),
        symbol: entry.symbol.clone(),
        base: entry.base.clone(),
        quote: entry.quote.clone(),
        kind: entry.kind.clone(),
        edge: entry.edge,
        blocked: entry.blocked.clone(),
        channel: entry.channel,
        as_of_ns: entry.as_of_ns,
        book: entry.book.parts(),
    };
    engine.market.books.entries.iter().map(part).collect()
}

fn source_parts(engine: &Engine) -> Vec<SourcePart> {
    let all = engine.prices.sources.iter();
    let flat = all.flat_map(|(mint, sources)| {
        sources
            .iter()
            .map(move |(name, source)| (mint, name, source))
    });
    let part = |(mint, name, source): (&String, &String, &Source)| SourcePart {
        mint: mint.clone(),
        name: name.clone(),
        num: source.num,
        den: source.den,
        mid_bits: source.mid.to_bits(),
        depth_bits: source.depth.to_bits(),
    };
    flat.map(part).collect()
}

fn row_part(row: &Row) -> RowPart {
    RowPart {
        mint: row.mint.clone(),
        symbol: row.symbol.clone(),
        venue: row.venue.clone(),
        source: row.source.clone(),
        book: row.book,
        at: row.at.map_or(-1, |at| at as i64),
        depth_bits: row.depth.to_bits(),
        bid_bits: row.bid.map(f64::to_bits),
        ask_bits: row.ask.map(f64::to_bits),
        changed_ns: row.changed_ns,
        synthetic: row.synthetic.clone(),
        series: row.series.parts(),
    }
}

fn cycle_part(cycle: &Cycle) -> CyclePart {
    CyclePart {
        key: cycle.key.clone(),
        edges: cycle.edges.clone(),
        base: cycle.base.clone(),
        weight: cycle.weight,
        first_slot: cycle.first_slot,
        amount_in: cycle.sizing.amount_in,
        amount_out: cycle.sizing.amount_out,
        fees: cycle.sizing.fees,
        binds: cycle.sizing.binds.clone(),
        cu_limit: cycle.sizing.cu_limit,
        last: cycle.last.clone(),
    }
}

// -- and back

/// Gives an engine this state.
///
/// # Errors
/// `SnapshotError` if it isn't one, or one of another setup; the engine is then as new.
pub(crate) fn load(engine: &mut Engine, data: &[u8]) -> Result<(), SnapshotError> {
    let state: State =
        serde_json::from_slice(data).map_err(|error| SnapshotError::NotOne(error.to_string()))?;
    if state.version != VERSION {
        return Err(SnapshotError::Version(state.version));
    }
    engine.fresh();
    let pools = engine.market.registry.pools.iter().map(|pool| &pool.name);
    if !pools.eq(state.pools.iter().map(|part| &part.name)) {
        return Err(SnapshotError::OtherSetup);
    }
    let loaded = load_parts(engine, &state);
    if loaded.is_err() {
        engine.fresh();
    }
    loaded
}

fn load_parts(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    load_channels(engine, state)?;
    load_market(engine, state)?;
    load_pools(engine, state)?;
    load_books(engine, state)?;
    load_prices(engine, state)?;
    load_cycles(engine, state)
}

fn damaged(what: impl Into<String>) -> SnapshotError {
    SnapshotError::Damaged(what.into())
}

fn key(text: &str) -> Result<Pubkey, SnapshotError> {
    base58::decode(text).ok_or_else(|| damaged(format!("key was {text}")))
}

fn pair(keys: &[String]) -> Result<Option<[Pubkey; 2]>, SnapshotError> {
    match keys {
        [] => Ok(None),
        [first, second] => Ok(Some([key(first)?, key(second)?])),
        _ => Err(damaged("a pair of keys")),
    }
}

fn single(text: &str) -> Result<Option<Pubkey>, SnapshotError> {
    if text.is_empty() {
        Ok(None)
    } else {
        key(text).map(Some)
    }
}

fn load_channels(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    engine.channels.clear();
    for part in &state.channels {
        let mut channel = ChannelState::new(part.info.clone());
        (channel.frames, channel.malformed, channel.gaps) =
            (part.frames, part.malformed, part.gaps);
        (channel.last_ns, channel.lag_ns, channel.offset_ns) =
            (part.last_ns, part.lag_ns, part.offset_ns);
        (channel.slot, channel.slot_ns, channel.generation) =
            (part.slot, part.slot_ns, part.generation);
        channel.state = part.state;
        channel.last_error.clone_from(&part.last_error);
        let session = SolanaSession::from_parts(&part.session);
        channel.session =
            session.ok_or_else(|| damaged(format!("session of channel {}", part.info.id)))?;
        engine.channels.insert(part.info.id, channel);
    }
    Ok(())
}

fn load_market(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let market = &mut engine.market;
    (market.slot, market.slot_ns) = (state.slot, state.slot_ns);
    market.registry.time = state.time.map(|(slot, unix_timestamp, epoch)| ChainTime {
        slot,
        unix_timestamp,
        epoch,
    });
    market.graph = Graph::new();
    market.edges.clear();
    for mint in &state.nodes {
        market
            .graph
            .add_node(mint)
            .map_err(|error| damaged(error.to_string()))?;
    }
    for part in &state.edges {
        let places = if part.book {
            state.books.len()
        } else {
            state.pools.len()
        };
        if part.at >= places {
            return Err(damaged(format!("edge {}", part.name)));
        }
        let added = market.graph.add_edge(part.tail, part.head, &part.name);
        let set = added.and_then(|edge| market.graph.set_weight(edge, part.weight));
        set.map_err(|error| damaged(error.to_string()))?;
        market.edges.push(Edge {
            book: part.book,
            at: part.at,
            first: part.first,
        });
    }
    let potentials = Potentials::from_state(&market.graph, state.potentials.clone());
    market.potentials = potentials.ok_or_else(|| damaged("potentials"))?;
    Ok(())
}

fn load_pools(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let registry = &mut engine.market.registry;
    registry.clear_accounts();
    for part in &state.accounts {
        let role = Role::of(part.role).ok_or_else(|| damaged(format!("role {}", part.role)))?;
        let known = part.users.iter().all(|&user| user < state.pools.len());
        if !known || (part.users.is_empty() && role != Role::Clock) {
            return Err(damaged(format!("users of {}", part.key)));
        }
        let mut account = Account::new(key(&part.key)?, role, part.users.clone());
        account.owner = key(&part.owner)?;
        account.data = STANDARD
            .decode(&part.data)
            .map_err(|error| damaged(error.to_string()))?;
        (account.slot, account.count, account.channel) = (part.slot, part.count, part.channel);
        (account.socket, account.suspect) = (part.socket, part.suspect);
        if account.count > 0 {
            let decoded = registry.decode(&account, &account.owner, &account.data);
            account.decoded = decoded.map_err(|error| damaged(error.to_string()))?;
            if let Some(Decoded::Mint(mint)) = &account.decoded {
                registry.decimals.insert(account.key, mint.decimals);
            }
        }
        registry.insert(account);
    }
    for (at, part) in state.pools.iter().enumerate() {
        load_pool(&mut registry.pools[at], part)?;
        if matches!(part.state, PoolState::Live | PoolState::Closed) {
            let built = registry
                .build(at)
                .map_err(|error| damaged(error.to_string()))?;
            registry.pools[at].pool = built;
        }
    }
    Ok(())
}

fn load_pool(pool: &mut PoolEntry, part: &PoolPart) -> Result<(), SnapshotError> {
    (pool.state, pool.edge, pool.carrier) = (part.state, part.edge, part.carrier);
    pool.note.clone_from(&part.note);
    (pool.mints, pool.vaults) = (pair(&part.mints)?, pair(&part.vaults)?);
    (pool.config, pool.oracle) = (single(&part.config)?, single(&part.oracle)?);
    for (start, text) in &part.arrays {
        pool.arrays.insert(*start, key(text)?);
    }
    pool.wanted = part.wanted.iter().copied().collect();
    pool.absent = part.absent.iter().copied().collect();
    (pool.changed_ns, pool.closed_slot) = (part.changed_ns, part.closed_slot);
    (pool.torn_slot, pool.torn_until) = (part.torn_slot, part.torn_until);
    (pool.lone_slot, pool.ticks_slot) = (part.lone_slot, part.ticks_slot);
    Ok(())
}

fn load_books(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let market = &mut engine.market;
    for part in &state.books {
        let at = market.books.declare(
            &part.venue,
            &part.symbol,
            &part.base,
            &part.quote,
            &part.kind,
        );
        let entry = &mut market.books.entries[at];
        (entry.edge, entry.channel, entry.as_of_ns) = (part.edge, part.channel, part.as_of_ns);
        entry.blocked.clone_from(&part.blocked);
        entry.book =
            OrderBook::from_parts(part.book.clone()).map_err(|error| damaged(error.to_string()))?;
    }
    market.books.refused.clear();
    market.wired_books = market.books.entries.len();
    Ok(())
}

fn load_prices(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let prices = &mut engine.prices;
    for part in &state.sources {
        let (mid, depth) = (
            f64::from_bits(part.mid_bits),
            f64::from_bits(part.depth_bits),
        );
        let source = Source {
            num: part.num,
            den: part.den,
            mid,
            depth,
        };
        prices
            .sources
            .entry(part.mint.clone())
            .or_default()
            .insert(part.name.clone(), source);
    }
    for part in &state.rows {
        let row = Row {
            mint: part.mint.clone(),
            symbol: part.symbol.clone(),
            venue: part.venue.clone(),
            source: part.source.clone(),
            book: part.book,
            at: usize::try_from(part.at).ok(),
            depth: f64::from_bits(part.depth_bits),
            bid: part.bid_bits.map(f64::from_bits),
            ask: part.ask_bits.map(f64::from_bits),
            changed_ns: part.changed_ns,
            synthetic: part.synthetic.clone(),
            series: Series::from_parts(&part.series)
                .ok_or_else(|| damaged(format!("series of {}", part.symbol)))?,
        };
        let places = if part.book {
            state.books.len()
        } else {
            state.pools.len()
        };
        if row.at.is_some_and(|at| at >= places) {
            return Err(damaged(format!("row of {}", part.symbol)));
        }
        prices
            .rows
            .entry(row.key().to_owned())
            .or_default()
            .insert(row.venue.clone(), row);
    }
    Ok(())
}

fn load_cycles(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let fees = FeeModel::from_state(engine.setup.bidding.window_slots, state.fees.clone());
    engine.fees = fees.map_err(|error| damaged(error.to_string()))?;
    engine.standing.reprice(&engine.setup, &engine.fees);
    let edges = engine.market.graph.edge_count();
    for part in &state.cycles {
        if part.edges.iter().any(|&edge| edge as usize >= edges) {
            return Err(damaged(format!("cycle {}", part.key)));
        }
        let cycle = Cycle {
            key: part.key.clone(),
            edges: part.edges.clone(),
            base: part.base.clone(),
            weight: part.weight,
            first_slot: part.first_slot,
            sizing: Sizing {
                amount_in: part.amount_in,
                amount_out: part.amount_out,
                fees: part.fees,
                binds: part.binds.clone(),
                cu_limit: part.cu_limit,
            },
            last: part.last.clone(),
        };
        engine.standing.cycles.insert(part.key.clone(), cycle);
    }
    let learned = state.learned.iter();
    engine.standing.learned = learned
        .map(|(settlement, hops, wins, tries)| ((settlement.clone(), *hops), (*wins, *tries)))
        .collect();
    engine.counters = state.counters.clone();
    Ok(())
}
