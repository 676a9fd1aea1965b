//! How good the state behind an edge is: whether it can be believed now, and its age.

use super::{Channels, Kind, Market};
use crate::engine::channels::State;
use crate::engine::registry::PoolState;
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
        let age = (now_ns - entry.as_of_ns).max(0);
        if !entry.live() {
            return Leg::stale(format!("{} {}", entry.name, entry.state()), age);
        }
        if age > self.gates.max_book_age_ms as i64 * NS_PER_MS {
            return Leg::stale(format!("{} is {} ms old", entry.name, age / NS_PER_MS), age);
        }
        Leg::good(age)
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
        let Some((channel, slot)) = channel.and_then(|channel| Some((channel, channel.slot?)))
        else {
            return Leg::stale(
                format!("{} has no slots", pool.name),
                (now_ns - pool.changed_ns).max(0),
            );
        };
        let age = (now_ns - channel.slot_ns).max(0);
        match pool.state {
            PoolState::Live => {}
            PoolState::Torn | PoolState::Fork => {
                return Leg {
                    problem: if pool.state == PoolState::Torn {
                        Problem::Torn
                    } else {
                        Problem::Fork
                    },
                    detail: pool.name.clone(),
                    age_ns: age,
                };
            }
            state => return Leg::stale(format!("{} {}", pool.name, state.as_str()), age),
        }
        if !channel.quarantine.is_empty() {
            return Leg::stale(format!("{} is quarantined", channel.info.label), age);
        }
        let behind = self.slot.unwrap_or(0).saturating_sub(slot);
        if channel.state == State::Down || behind > self.gates.max_slot_lag {
            return Leg::stale(
                format!("{} is {behind} slots behind", channel.info.label),
                age,
            );
        }
        if age > self.gates.max_slot_silence_ms as i64 * NS_PER_MS {
            return Leg::stale(
                format!(
                    "no slot from {} for {} ms",
                    channel.info.label,
                    age / NS_PER_MS
                ),
                age,
            );
        }
        Leg::good(age)
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
