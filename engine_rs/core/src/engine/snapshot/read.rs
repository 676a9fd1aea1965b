//! A snapshot back into an engine's state; nothing in it is believed unseen.
//!
//! One file, for the parts rest on one another: who reads how one is checked sees what was checked before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ends::{ends, gap};
use super::key::KeyPart;
use super::parts::{ImpactPart, KeptPart, MovedPart, PoolPart, ReportPart, State, SuccessorPart};
use super::{SnapshotError, container};
use crate::aggregate::wss_aggregator::WssAggregator;
use crate::book::order_book::{BookParts, OrderBook};
use crate::chain::base58::Pubkey;
use crate::chain::session::SolanaSession;
use crate::engine::Engine;
use crate::engine::book_scale::TradingRules;
use crate::engine::books::Successor;
use crate::engine::channels::ChannelState;
use crate::engine::judging::MOST_TOOK;
use crate::engine::market::{Edge, Impact, Kind, Left};
use crate::engine::prices::{Row, Source};
use crate::engine::registry::{Account, Decoded, Kept, PoolEntry, PoolState, Report};
use crate::engine::route::{Names, Sizing, cap};
use crate::engine::series::Series;
use crate::engine::slot_chain::SlotChain;
use crate::engine::standing::{Cycle, MOST_ENDED};
use crate::fees::{FeeModel, Sources};
use crate::search::cycle_finder::Potentials;
use crate::search::estimate::Estimate;
use crate::search::graph::Graph;
use crate::search::sizing::Binds;
use crate::venues::program::Role;
use crate::venues::quote::ChainTime;

/// Gives an engine this state.
///
/// # Errors
/// `SnapshotError` if it isn't one, or one of another setup; the engine is then as new.
pub(crate) fn load(engine: &mut Engine, data: &[u8]) -> Result<(), SnapshotError> {
    let state = container::read(data)?;
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
    load_cycles(engine, state)?;
    load_moved(engine, state)
}

fn load_channels(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    engine.channels.clear();
    for part in &state.channels {
        let mut channel = ChannelState::new(part.info.clone());
        (channel.frames, channel.malformed, channel.gaps) =
            (part.frames, part.malformed, part.gaps);
        (channel.last_ns, channel.lag_ns, channel.offset_ns) =
            (part.last_ns, part.lag_ns, part.offset_ns);
        channel.as_of_ns = part.as_of_ns;
        (channel.slot, channel.slot_ns, channel.generation) =
            (part.slot, part.slot_ns, part.generation);
        (channel.next, channel.numbers) = (part.next, part.numbers);
        channel.state = part.state;
        channel.last_error.clone_from(&part.last_error);
        let session = SolanaSession::from_parts(&part.session);
        channel.session =
            session.ok_or_else(|| damaged(format!("session of channel {}", part.info.id)))?;
        let chain = SlotChain::from_parts(&part.chain);
        channel.chain = chain.ok_or_else(|| damaged("links of a chain"))?;
        channel.quarantine.clone_from(&part.quarantine);
        engine.channels.insert(part.info.id, channel);
    }
    engine.race = WssAggregator::from_parts(&state.race).ok_or_else(|| damaged("race"))?;
    engine.count_sockets();
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
        let is_known = match part.kind {
            Kind::Pool => part.at < state.pools.len(),
            Kind::Book => part.at < state.books.len(),
            Kind::Equivalence => market.is_tie(part.at, &part.name),
        };
        if !is_known {
            return Err(damaged(format!("edge {}", part.name)));
        }
        let added = market.graph.add_edge(part.tail, part.head, &part.name);
        let set = added.and_then(|edge| market.graph.set_weight(edge, part.weight));
        set.map_err(|error| damaged(error.to_string()))?;
        market.edges.push(Edge {
            kind: part.kind,
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
        account.data = Arc::clone(&part.data.0);
        (account.slot, account.count, account.channel) = (part.slot, part.count, part.channel);
        (account.socket, account.suspect) = (part.socket, part.suspect);
        (account.fork, account.fell) = (part.fork, part.fell);
        account.rooted = part.rooted.as_ref().map(kept).transpose()?;
        account.kept = part.kept.as_ref().map(kept).transpose()?;
        account.first = part.first.as_ref().map(report).transpose()?;
        account.second = part.second.as_ref().map(report).transpose()?;
        if account.count > 0 {
            let decoded = registry.decode(&account, &account.owner, &account.data);
            account.decoded = decoded.map_err(|error| damaged(error.to_string()))?;
            if let Some(Decoded::Mint(mint)) = &account.decoded {
                registry.note_decimals(&account.key, mint.decimals);
            }
        }
        registry.insert(account);
    }
    for (at, part) in state.pools.iter().enumerate() {
        load_pool(&mut registry.pools[at], part)?;
        let waits =
            |moved: &MovedPart| moved.dirty_pools.contains(&at) || moved.aged_pools.contains(&at);
        // One that waits is built when it is weighed: its accounts may not agree yet.
        if matches!(part.state, PoolState::Live | PoolState::Closed)
            && !state.moved.as_ref().is_some_and(waits)
        {
            let built = registry
                .build(at)
                .map_err(|error| damaged(error.to_string()))?;
            registry.pools[at].pool = built.map(Arc::new);
            let (pools, time) = (&mut registry.pools, registry.time.as_ref());
            let pool = &mut pools[at];
            if let Some(impact) = &mut pool.impact {
                impact.advance(pool.pool.as_ref(), time);
            }
        }
    }
    Ok(())
}

fn kept(part: &KeptPart) -> Result<Kept, SnapshotError> {
    Ok(Kept {
        slot: part.0,
        owner: key(&part.1)?,
        data: Arc::clone(&part.2.0),
    })
}

fn report(part: &ReportPart) -> Result<Report, SnapshotError> {
    let content = part.2.array();
    Ok(Report {
        endpoint: part.0,
        slot: part.1,
        content: content.ok_or_else(|| damaged("what was told of an account"))?,
    })
}

fn load_pool(pool: &mut PoolEntry, part: &PoolPart) -> Result<(), SnapshotError> {
    (pool.state, pool.edge, pool.carrier) = (part.state, part.edge, part.carrier);
    pool.note.clone_from(&part.note);
    (pool.mints, pool.vaults) = (pair(&part.mints)?, pair(&part.vaults)?);
    (pool.config, pool.oracle) = (single(&part.config)?, single(&part.oracle)?);
    (pool.bitmap, pool.schedule) = (single(&part.bitmap)?, single(&part.schedule)?);
    for (start, array) in &part.arrays {
        pool.arrays.insert(*start, key(array)?);
    }
    pool.wanted = part.wanted.iter().copied().collect();
    pool.absent = part.absent.iter().copied().collect();
    (pool.changed_ns, pool.closed_slot) = (part.changed_ns, part.closed_slot);
    (pool.torn_slot, pool.torn_until) = (part.torn_slot, part.torn_until);
    (pool.lone_slot, pool.ticks_slot) = (part.lone_slot, part.ticks_slot);
    pool.impact = part.impact.map(|part| Box::new(impact(part)));
    Ok(())
}

fn impact((net, left, time): ImpactPart) -> Impact {
    Impact {
        net: net.into(),
        left: Left {
            weight: left.0,
            paid: left.1,
            probe: left.2,
        },
        time: ChainTime {
            slot: time.0,
            unix_timestamp: time.1,
            epoch: time.2,
        },
        pool: None,
    }
}

fn load_books(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let market = &mut engine.market;
    let mut away = BTreeMap::new();
    for part in &state.books {
        let at = market.books.declare(
            &part.venue,
            &part.symbol,
            &part.base,
            &part.quote,
            &part.kind,
        );
        away.insert(at, part.away_ns);
        let entry = &mut market.books.entries[at];
        (entry.edge, entry.channel, entry.as_of_ns) = (part.edge, part.channel, part.as_of_ns);
        entry.blocked.clone_from(&part.blocked);
        (entry.generation, entry.listed) = (part.generation, part.listed);
        entry.rules = TradingRules {
            tick: part.tick,
            step: part.step,
            min_notional: part.min_notional,
        };
        entry.book = book(&part.book)?;
        entry.next = part.next.as_ref().map(successor).transpose()?;
        market.books.note_scale(at);
    }
    market.books.shut.clone_from(&state.shut);
    market.books.refused.clear();
    market.wired_books = market.books.entries.len();
    market.restore_ties(&away);
    Ok(())
}

fn book(parts: &BookParts) -> Result<OrderBook, SnapshotError> {
    OrderBook::from_parts(parts.clone()).map_err(|error| damaged(error.to_string()))
}

fn successor(part: &SuccessorPart) -> Result<Successor, SnapshotError> {
    Ok(Successor {
        generation: part.generation,
        book: Box::new(book(&part.book)?),
    })
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
            .set(&part.name, source);
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
            quote: part.quote.clone(),
            own: part.own,
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
    engine.sources = Sources::from_state(state.fee_sources.clone());
    engine.reprice();
    let edges = engine.market.graph.edge_count();
    for part in &state.cycles {
        if part.edges.iter().any(|&edge| edge as usize >= edges) {
            return Err(damaged(format!("cycle {}", part.key)));
        }
        let cycle = Cycle {
            names: Names::new(&engine.market, &part.key, &part.edges),
            edges: part.edges.clone(),
            place: None,
            base: part.base.clone(),
            cap: cap(&engine.setup, &part.base),
            first_ns: part.first_ns,
            found_slot: part.found_slot,
            weight: part.weight,
            estimate: Estimate {
                amount_in: f64::from_bits(part.estimate_bits.0),
                gain: f64::from_bits(part.estimate_bits.1),
                lost: f64::from_bits(part.estimate_bits.2),
            },
            net: part.net_bits.map(f64::from_bits),
            first_slot: part.first_slot,
            kept_slot: part.kept_slot,
            kept_ns: part.kept_ns,
            best_net: part.best_net,
            best_ns: part.best_ns,
            sized: part.sized,
            judged: 0,
            sizing: Sizing {
                amount_in: part.amount_in,
                amount_out: part.amount_out,
                fees: part.fees,
                binds: Binds::named(&part.binds),
                cu_limit: part.cu_limit,
                rebalancing: part.last.as_ref().and_then(|last| last.cost.rebalancing),
            },
            last: part.last.clone(),
            gap: part
                .gap
                .as_deref()
                .map(|part| gap(part, state.pools.len()))
                .transpose()?
                .map(Box::new),
        };
        engine.standing.put(Box::new(cycle));
    }
    engine.standing.close();
    let learned = state.learned.iter();
    engine.judge.learned = learned
        .map(|(settlement, hops, wins, tries)| ((*settlement, *hops), (*wins, *tries)))
        .collect();
    let over = state.took_ns.len().saturating_sub(MOST_TOOK);
    engine.judge.took_ns = state.took_ns.iter().skip(over).copied().collect();
    let gaps = state.gaps.iter();
    engine.standing.gaps = gaps
        .map(|(key, first, last)| (key.clone(), (*first, *last)))
        .collect();
    let over = state.ended.len().saturating_sub(MOST_ENDED);
    engine.standing.ended = state.ended.iter().skip(over).cloned().collect();
    if state.promising.iter().any(|&edge| edge as usize >= edges) {
        return Err(damaged("promising edges"));
    }
    engine.market.promising.clone_from(&state.promising);
    engine.counters = state.counters.clone();
    engine.standing.ends = ends(&state.ends, state.pools.len())?;
    Ok(())
}

/// One without it is of a session without moments, and counted in slots.
fn load_moved(engine: &mut Engine, state: &State) -> Result<(), SnapshotError> {
    let (market, moved) = (&mut engine.market, &mut engine.moved);
    (moved.slot, moved.slots) = (market.slot, market.slot.unwrap_or(0));
    let Some(part) = &state.moved else {
        return Ok(());
    };
    let mut pools = part
        .pools
        .iter()
        .chain(&part.dirty_pools)
        .chain(&part.aged_pools)
        .chain(&part.created);
    let mut books = part.books.iter().chain(&part.dirty_books);
    if pools.any(|&at| at >= market.registry.pools.len())
        || books.any(|&at| at >= market.books.entries.len())
        || part.wired_books > market.books.entries.len()
        || part
            .edges
            .iter()
            .any(|&edge| edge as usize >= market.edges.len())
    {
        return Err(damaged("what moved"));
    }
    (moved.frames, moved.slot, moved.slots) = (part.frames, part.slot, part.slots);
    moved.edges.clone_from(&part.edges);
    moved.pools.clone_from(&part.pools);
    moved.books.clone_from(&part.books);
    market.registry.dirty.clone_from(&part.dirty_pools);
    market.registry.aged.clone_from(&part.aged_pools);
    market.registry.created.clone_from(&part.created);
    market.registry.vouched = part.vouched;
    market.dirty_books.clone_from(&part.dirty_books);
    market.wired_books = part.wired_books;
    Ok(())
}

fn damaged(what: impl Into<String>) -> SnapshotError {
    SnapshotError::Damaged(what.into())
}

fn key(part: &KeyPart) -> Result<Pubkey, SnapshotError> {
    part.read()
        .ok_or_else(|| damaged(format!("key was {part}")))
}

fn pair(keys: &[KeyPart]) -> Result<Option<[Pubkey; 2]>, SnapshotError> {
    match keys {
        [] => Ok(None),
        [first, second] => Ok(Some([key(first)?, key(second)?])),
        _ => Err(damaged("a pair of keys")),
    }
}

fn single(part: &KeyPart) -> Result<Option<Pubkey>, SnapshotError> {
    if part.is_empty() {
        Ok(None)
    } else {
        key(part).map(Some)
    }
}
