//! How good the state behind an edge is: whether it can be believed now, and its age.

use super::{Channels, Kind, Market};
use crate::book::order_book::OrderBook;
use crate::engine::channels::{ChannelState, State};
use crate::engine::registry::PoolState;
use crate::judge::scorer::Gates;
use crate::search::graph::EdgeId;

pub(super) const NS_PER_MS: i64 = 1_000_000;

/// What is wrong with a step's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    None,
    Fork,
    Torn,
    Stale,
    Depeg,
}

impl Problem {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Fork => "fork",
            Self::Torn => "torn",
            Self::Stale => "stale",
            Self::Depeg => "depeg",
        }
    }
}

/// How good a step's state is.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) problem: Problem,
    pub(crate) detail: String,
    pub(crate) age_ns: i64,
}

impl Leg {
    fn stale(detail: String, age_ns: i64) -> Self {
        Self {
            problem: Problem::Stale,
            detail,
            age_ns,
        }
    }

    pub(super) fn good(age_ns: i64) -> Self {
        Self {
            problem: Problem::None,
            detail: String::new(),
            age_ns,
        }
    }
}

/// What is known of the connection that carries a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier<'a> {
    pub(crate) label: &'a str,
    pub(crate) slot: u64,
    pub(crate) slot_ns: i64,
    pub(crate) is_down: bool,
    pub(crate) is_quarantined: bool,
}

impl<'a> Carrier<'a> {
    /// Returns what is known of a channel's connection, `None` before it announced a slot.
    pub(crate) fn of(channel: &'a ChannelState) -> Option<Self> {
        Some(Self {
            label: &channel.info.label,
            slot: channel.slot?,
            slot_ns: channel.slot_ns,
            is_down: channel.state == State::Down,
            is_quarantined: !channel.quarantine.is_empty(),
        })
    }
}

/// A pool and what carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried<'a> {
    pub(crate) name: &'a str,
    pub(crate) state: PoolState,
    pub(crate) changed_ns: i64,
    pub(crate) carrier: Option<Carrier<'a>>,
}

impl Market {
    /// Returns whether the state behind an edge can be believed now, and its age.
    pub(crate) fn leg(&self, edge: EdgeId, now_ns: i64, channels: &Channels) -> Leg {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => self.pool_leg(behind.at, now_ns, channels),
            Kind::Book => self.book_leg(behind.at, now_ns),
            Kind::Equivalence => self.tie_leg(edge, now_ns),
        }
    }

    /// Returns how good a book is.
    pub(crate) fn book_leg(&self, at: usize, now_ns: i64) -> Leg {
        let entry = &self.books.entries[at];
        let named = (entry.name.as_str(), &entry.book);
        book_leg(named, entry.as_of_ns, &self.gates, now_ns)
    }

    /// Returns the word for a book's state: `live` if it can be traded on now, of age too.
    pub(crate) fn book_state(&self, at: usize, now_ns: i64) -> &'static str {
        let entry = &self.books.entries[at];
        if !entry.live() {
            return entry.state();
        }
        match self.book_leg(at, now_ns).problem.as_str() {
            "" => "live",
            problem => problem,
        }
    }

    /// Returns how good a pool is: its accounts agree and its connection keeps up.
    pub(crate) fn pool_leg(&self, at: usize, now_ns: i64, channels: &Channels) -> Leg {
        let pool = &self.registry.pools[at];
        let channel = pool.carrier.and_then(|carrier| channels.get(&carrier));
        let carried = Carried {
            name: &pool.name,
            state: pool.state,
            changed_ns: pool.changed_ns,
            carrier: channel.and_then(Carrier::of),
        };
        pool_leg(&carried, self.slot, &self.gates, now_ns)
    }

    /// Returns whether an edge is out of detection only until its state is consistent again.
    pub(crate) fn waits(&self, edge: EdgeId) -> bool {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => matches!(
                self.registry.pools[behind.at].state,
                PoolState::Torn | PoolState::Gap | PoolState::Fork
            ),
            Kind::Book => !self.books.entries[behind.at].live(),
            Kind::Equivalence => self.graph.weight(edge).is_none(),
        }
    }
}

/// Returns how good a book is, given with its name.
pub(crate) fn book_leg(
    (name, book): (&str, &OrderBook),
    as_of_ns: i64,
    gates: &Gates,
    now_ns: i64,
) -> Leg {
    let age = (now_ns - as_of_ns).max(0);
    if !book.usable() {
        return Leg::stale(format!("{name} {}", book.word()), age);
    }
    if age > gates.max_book_age_ms as i64 * NS_PER_MS {
        return Leg::stale(format!("{name} is {} ms old", age / NS_PER_MS), age);
    }
    Leg::good(age)
}

/// Returns how good a pool is; `newest` is the newest slot of any connection.
pub(crate) fn pool_leg(pool: &Carried<'_>, newest: Option<u64>, gates: &Gates, now_ns: i64) -> Leg {
    let name = pool.name;
    let Some(carrier) = &pool.carrier else {
        let age = (now_ns - pool.changed_ns).max(0);
        return Leg::stale(format!("{name} has no slots"), age);
    };
    let age = (now_ns - carrier.slot_ns).max(0);
    let problem = match pool.state {
        PoolState::Live => Problem::None,
        PoolState::Torn => Problem::Torn,
        PoolState::Fork => Problem::Fork,
        state => return Leg::stale(format!("{name} {}", state.as_str()), age),
    };
    if problem != Problem::None {
        return Leg {
            problem,
            detail: name.to_owned(),
            age_ns: age,
        };
    }
    let label = carrier.label;
    if carrier.is_quarantined {
        return Leg::stale(format!("{label} is quarantined"), age);
    }
    let behind = newest.unwrap_or(0).saturating_sub(carrier.slot);
    if carrier.is_down || behind > gates.max_slot_lag {
        return Leg::stale(format!("{label} is {behind} slots behind"), age);
    }
    if age > gates.max_slot_silence_ms as i64 * NS_PER_MS {
        return Leg::stale(
            format!("no slot from {label} for {} ms", age / NS_PER_MS),
            age,
        );
    }
    Leg::good(age)
}
