//! An engine's state into a snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::VERSION;
use super::ends::ends_part;
use super::key::KeyPart;
use super::parts::{
    AccountPart, BookPart, ChannelPart, CyclePart, EdgePart, ImpactPart, KeptPart, MovedPart,
    PoolPart, ReportPart, RowPart, SourcePart, State, SuccessorPart,
};
use crate::chain::base58::Pubkey;
use crate::chain::blob::{Blob, Shared};
use crate::engine::Engine;
use crate::engine::books::BookEntry;
use crate::engine::channels::ChannelState;
use crate::engine::market::Impact;
use crate::engine::prices::{Row, Source};
use crate::engine::registry::{Account, Kept, PoolEntry, Report};
use crate::engine::standing::Cycle;

/// Returns all state of an engine.
pub(super) fn copied(engine: &Engine) -> State {
    let (market, registry) = (&engine.market, &engine.market.registry);
    let mut accounts: Vec<&Account> = registry.accounts().iter().collect();
    accounts.sort_unstable_by_key(|account| account.key);
    let learned = engine.judge.learned.iter();
    let gaps = engine.standing.gaps.iter();
    State {
        version: VERSION.into(),
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
        shut: engine.market.books.shut.clone(),
        sources: source_parts(engine),
        rows: engine
            .prices
            .rows
            .values()
            .flat_map(|rows| rows.values())
            .map(row_part)
            .collect(),
        fees: engine.fees.state(),
        fee_sources: engine.sources.state(),
        cycles: engine.standing.iter().map(cycle_part).collect(),
        learned: learned
            .map(|((settlement, hops), &(wins, tries))| (*settlement, *hops, wins, tries))
            .collect(),
        counters: engine.counters.clone(),
        gaps: gaps
            .map(|(key, &(first, last))| (key.clone(), first, last))
            .collect(),
        race: engine.race.parts(),
        ended: engine.standing.ended.clone(),
        took_ns: engine.judge.took_ns.clone(),
        promising: ascending(&engine.market.promising),
        moved: Some(moved_part(engine)),
        ends: ends_part(&engine.standing.ends),
    }
}

fn moved_part(engine: &Engine) -> MovedPart {
    let (moved, market) = (&engine.moved, &engine.market);
    let registry = &market.registry;
    MovedPart {
        frames: moved.frames,
        slot: moved.slot,
        slots: moved.slots,
        edges: ascending(&moved.edges),
        pools: ascending(&moved.pools),
        books: ascending(&moved.books),
        dirty_pools: registry.dirty.clone(),
        aged_pools: registry.aged.clone(),
        dirty_books: market.dirty_books.clone(),
        created: registry.created.clone(),
        wired_books: market.wired_books,
        vouched: registry.vouched,
    }
}

/// Returns what a list has, each once.
fn ascending<T: Ord + Copy>(list: &[T]) -> Vec<T> {
    let found: BTreeSet<T> = list.iter().copied().collect();
    found.into_iter().collect()
}

fn channel_part(channel: &ChannelState) -> ChannelPart {
    ChannelPart {
        info: channel.info.clone(),
        frames: channel.frames,
        malformed: channel.malformed,
        gaps: channel.gaps,
        last_ns: channel.last_ns,
        lag_ns: channel.lag_ns,
        as_of_ns: channel.as_of_ns,
        offset_ns: channel.offset_ns,
        slot: channel.slot,
        slot_ns: channel.slot_ns,
        generation: channel.generation,
        next: channel.next,
        numbers: channel.numbers,
        state: channel.state,
        last_error: channel.last_error.clone(),
        session: channel.session.parts(),
        chain: channel.chain.parts(),
        quarantine: channel.quarantine.clone(),
    }
}

fn edge_part(engine: &Engine, edge: u32) -> EdgePart {
    let (graph, behind) = (&engine.market.graph, engine.market.behind(edge));
    EdgePart {
        name: graph.name(edge).to_owned(),
        tail: graph.from(edge),
        head: graph.to(edge),
        kind: behind.kind,
        at: behind.at,
        first: behind.first,
        weight: graph.weight(edge),
    }
}

fn account_part(account: &Account) -> AccountPart {
    AccountPart {
        key: KeyPart::Key(account.key),
        role: account.role as u8,
        users: account.users.clone(),
        owner: KeyPart::Key(account.owner),
        data: Shared(Arc::clone(&account.data)),
        slot: account.slot,
        count: account.count,
        channel: account.channel,
        socket: account.socket,
        suspect: account.suspect,
        fork: account.fork,
        fell: account.fell,
        rooted: account.rooted.as_ref().map(kept_part),
        kept: account.kept.as_ref().map(kept_part),
        first: account.first.as_ref().map(report_part),
        second: account.second.as_ref().map(report_part),
    }
}

fn kept_part(kept: &Kept) -> KeptPart {
    (
        kept.slot,
        KeyPart::Key(kept.owner),
        Shared(Arc::clone(&kept.data)),
    )
}

fn report_part(report: &Report) -> ReportPart {
    (report.endpoint, report.slot, Blob::from(report.content))
}

fn pool_part(pool: &PoolEntry) -> PoolPart {
    let keys = |pair: &Option<[Pubkey; 2]>| {
        let both = pair.iter().flatten();
        both.map(|&key| KeyPart::Key(key)).collect()
    };
    let key = |single: &Option<Pubkey>| KeyPart::maybe(single.as_ref());
    PoolPart {
        name: pool.name.clone(),
        state: pool.state,
        note: pool.note.clone(),
        mints: keys(&pool.mints),
        vaults: keys(&pool.vaults),
        config: key(&pool.config),
        oracle: key(&pool.oracle),
        bitmap: key(&pool.bitmap),
        schedule: key(&pool.schedule),
        edge: pool.edge,
        arrays: pool
            .arrays
            .iter()
            .map(|(&start, &key)| (start, KeyPart::Key(key)))
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
        impact: pool.impact.as_deref().map(impact_part),
    }
}

fn impact_part(impact: &Impact) -> ImpactPart {
    let Impact {
        net, left, time, ..
    } = impact;
    (
        net.to_owned().into(),
        (left.weight, left.paid, left.probe),
        (time.slot, time.unix_timestamp, time.epoch),
    )
}

fn book_parts(engine: &Engine) -> Vec<BookPart> {
    let part = |(at, entry): (usize, &BookEntry)| BookPart {
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
        generation: entry.generation,
        next: entry.next.as_ref().map(|next| SuccessorPart {
            generation: next.generation,
            book: next.book.parts(),
        }),
        listed: entry.listed,
        tick: entry.rules.tick,
        step: entry.rules.step,
        min_notional: entry.rules.min_notional,
        away_ns: engine.market.away_ns(at),
    };
    let entries = engine.market.books.entries.iter();
    entries.enumerate().map(part).collect()
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
        quote: row.quote.clone(),
        own: row.own,
        series: row.series.parts(),
    }
}

fn cycle_part(cycle: &Cycle) -> CyclePart {
    CyclePart {
        key: cycle.names.key.to_string(),
        edges: cycle.edges.clone(),
        base: cycle.base.clone(),
        weight: cycle.weight,
        first_slot: cycle.first_slot,
        amount_in: cycle.sizing.amount_in,
        amount_out: cycle.sizing.amount_out,
        fees: cycle.sizing.fees,
        binds: cycle
            .sizing
            .binds
            .map_or_else(String::new, |binds| binds.as_str().to_owned()),
        cu_limit: cycle.sizing.cu_limit,
        last: cycle.last.clone(),
        first_ns: cycle.first_ns,
        estimate_bits: (
            cycle.estimate.amount_in.to_bits(),
            cycle.estimate.gain.to_bits(),
            cycle.estimate.lost.to_bits(),
        ),
        net_bits: cycle.net.map(f64::to_bits),
        kept_slot: cycle.kept_slot,
        kept_ns: cycle.kept_ns,
        best_net: cycle.best_net,
        sized: cycle.sized,
        found_slot: cycle.found_slot,
        best_ns: cycle.best_ns,
        gap: cycle.gap.clone(),
    }
}
