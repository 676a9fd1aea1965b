//! What the registry keeps: watched pools, watched accounts, and what feeds should fetch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::chain::base58::Pubkey;
use crate::chain::program;
use crate::chain::token::{Clock, Mint, TokenAccount};
use crate::engine::market::Impact;
use crate::venues::pool::{Pool, PoolAccount, PoolKept, PoolPart, Row};
use crate::venues::program::Role;
use crate::venues::{PoolKind, by_kind};

pub(super) fn is_token_program(owner: &Pubkey) -> bool {
    *owner == program::TOKEN || *owner == program::TOKEN_2022
}

/// What an account holds.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    Pool(PoolAccount),
    /// What only the pool's venue has.
    Part(PoolPart),
    Vault(TokenAccount),
    Mint(Mint),
    Clock(Clock),
}

/// Who reported an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reporter {
    pub(crate) channel: u16,
    pub(crate) socket: bool,
    /// What tells two nodes apart: a node's socket and its HTTP side are one endpoint.
    pub(crate) endpoint: u16,
    /// Whether pools follow this socket's slots once it tells one of their accounts; not if it lags.
    pub(crate) carries: bool,
    /// Newest slot that its node calls rooted.
    pub(crate) root: u64,
    /// Hash of what it tells; `None` where there is no second endpoint to compare with.
    pub(crate) content: Option<[u8; 16]>,
}

/// An earlier state of an account.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) slot: u64,
    pub(crate) owner: Pubkey,
    /// Shared with what was copied of it.
    pub(crate) data: Arc<Vec<u8>>,
}

/// The last state of an account that an endpoint reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) endpoint: u16,
    pub(crate) slot: u64,
    pub(crate) content: [u8; 16],
}

/// One watched account, as last accepted.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) key: Pubkey,
    pub(crate) role: Role,
    /// Pools that need it, ascending.
    pub(crate) users: Vec<usize>,
    pub(crate) owner: Pubkey,
    pub(crate) data: Arc<Vec<u8>>,
    pub(crate) slot: u64,
    /// Updates within `slot`; 0 if it was never seen.
    pub(crate) count: u64,
    pub(crate) channel: u16,
    pub(crate) socket: bool,
    /// Updates may have been lost; it counts again after the next one.
    pub(crate) suspect: bool,
    pub(crate) decoded: Option<Decoded>,
    /// Its state came from a slot that fell out of the chain; it counts again once told at this slot or later.
    pub(crate) fork: Option<u64>,
    /// Newest slot at which it was told that fell out of the chain.
    pub(crate) fell: Option<u64>,
    /// A state that can't be rolled back, at most two finalities old.
    pub(crate) rooted: Option<Kept>,
    /// The next one to become `rooted`.
    pub(crate) kept: Option<Kept>,
    /// Who told what it holds first; `None` with one endpoint.
    pub(crate) first: Option<Report>,
    /// What another endpoint than that one said last.
    pub(crate) second: Option<Report>,
}

impl Account {
    pub(crate) fn new(key: Pubkey, role: Role, users: Vec<usize>) -> Self {
        Self {
            key,
            role,
            users,
            owner: program::SYSTEM,
            data: Arc::default(),
            slot: 0,
            count: 0,
            channel: 0,
            socket: false,
            suspect: false,
            decoded: None,
            fork: None,
            fell: None,
            rooted: None,
            kept: None,
            first: None,
            second: None,
        }
    }

    /// Whether an update is news: a newer slot, or the same one from the connection that first delivered it.
    pub(super) fn accepts(&self, slot: u64, channel: u16, socket: bool) -> bool {
        if let Some(floor) = self.fork {
            return slot >= floor;
        }
        if self.count == 0 {
            return true;
        }
        if slot != self.slot {
            return slot > self.slot;
        }
        channel == self.channel || (socket && !self.socket) || self.suspect
    }

    /// Whether a second endpoint told what it holds, at the slot of the first one or later.
    pub(super) fn is_confirmed(&self) -> bool {
        self.first.zip(self.second).is_some_and(|(first, second)| {
            second.slot >= first.slot && second.content == first.content
        })
    }

    /// Returns how often it changed in `slot`.
    pub(super) fn updates(&self, slot: u64) -> u64 {
        if self.slot == slot { self.count } else { 0 }
    }
}

/// What a pool can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PoolState {
    Loading,
    Live,
    Torn,
    Gap,
    Fork,
    /// Not tradable.
    Closed,
    Refused,
}

impl PoolState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Live => "live",
            Self::Torn => "torn",
            Self::Gap => "gap",
            Self::Fork => "fork",
            Self::Closed => "closed",
            Self::Refused => "refused",
        }
    }
}

/// A watched pool and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct PoolEntry {
    pub(crate) address: Pubkey,
    pub(crate) name: String,
    pub(crate) program: Pubkey,
    pub(crate) kind: PoolKind,
    pub(crate) state: PoolState,
    /// Why it is refused.
    pub(crate) note: String,
    pub(crate) mints: Option<[Pubkey; 2]>,
    /// Its first edge (sells `token_a`); the second one follows.
    pub(crate) edge: Option<u32>,
    pub(crate) vaults: Option<[Pubkey; 2]>,
    pub(crate) config: Option<Pubkey>,
    pub(crate) oracle: Option<Pubkey>,
    /// What says which arrays beyond the pool's own bitmap are in use.
    pub(crate) bitmap: Option<Pubkey>,
    /// Start tick, or index, → account of the tick or bin array.
    pub(crate) arrays: BTreeMap<i32, Pubkey>,
    /// Start ticks or indices asked for.
    pub(crate) wanted: BTreeSet<i32>,
    /// Start ticks whose array does not exist on chain.
    pub(crate) absent: BTreeSet<i32>,
    /// What its room keeps of its arrays, and what it was told once.
    pub(crate) kept: PoolKept,
    /// Who sets the fees, where another account does.
    pub(crate) schedule: Option<Pubkey>,
    /// Channel whose slots it follows.
    pub(crate) carrier: Option<u16>,
    pub(crate) changed_ns: i64,
    /// Disagreement at this slot or before no longer counts.
    pub(crate) closed_slot: u64,
    pub(crate) torn_slot: u64,
    /// A slot above this one, announced on the carrier, closes the torn slot.
    pub(crate) torn_until: u64,
    /// Slot at which one account changed in a way that needs another (pnl, liquidity).
    pub(crate) lone_slot: u64,
    /// Slot at which a tick or bin array changed.
    pub(crate) ticks_slot: u64,
    /// As observed: built anew whenever its accounts change; pictures hold it too.
    pub(crate) pool: Option<Arc<Pool>>,
    /// What our own fills moved.
    pub(crate) impact: Option<Box<Impact>>,
}

impl PoolEntry {
    /// Returns the pool as it is for us: as observed, after what our own fills moved.
    pub(crate) fn ours(&self) -> Option<&Pool> {
        let pool = match &self.impact {
            None => &self.pool,
            Some(impact) => &impact.pool,
        };
        pool.as_deref()
    }

    /// Forgets what was made of its arrays and bitmaps.
    pub(super) fn drop_ticks(&mut self) {
        by_kind!(self.kind, C => if let Some(kept) = C::kept(&mut self.kept) {
            kept.ticks = None;
        });
    }

    /// Forgets an array that is gone as of `slot`.
    pub(super) fn lose_array(&mut self, start: i32, slot: u64) {
        self.arrays.remove(&start);
        self.drop_ticks();
        self.ticks_slot = slot;
    }

    /// Takes that an array changed at `slot`.
    pub(super) fn note_array(&mut self, start: i32, key: Pubkey, slot: u64) {
        // What it told before under another start is gone.
        self.arrays
            .retain(|&known, at| known == start || *at != key);
        self.arrays.insert(start, key);
        self.absent.remove(&start);
        self.drop_ticks();
        self.ticks_slot = slot;
    }
}

/// Something a feed should fetch: (kind, key, index, carrier).
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) index: i32,
    pub(crate) carrier: Option<u16>,
}
