//! What the registry keeps: watched pools, watched accounts, and what feeds should fetch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accounts::{
    AmmV4, Clock, CpmmConfig, CpmmPool, Mint, Oracle, TickArray, TokenAccount, Whirlpool, program,
};
use crate::base58::Pubkey;
use crate::pool::Pool;
use crate::tick_array_manager::Ticks;

/// What kind of pool a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    Ray4,
    Cpmm,
    Orca,
}

impl Curve {
    /// Returns the curve of a program's pools, `None` if it is not one of ours.
    pub(crate) fn of(owner: &Pubkey) -> Option<Self> {
        if *owner == program::RAYDIUM_V4 {
            Some(Self::Ray4)
        } else if *owner == program::RAYDIUM_CPMM {
            Some(Self::Cpmm)
        } else if *owner == program::WHIRLPOOL || *owner == program::WHIRLPOOL_IMMUTABLE {
            Some(Self::Orca)
        } else {
            None
        }
    }

    /// Returns the venue's name.
    pub(crate) fn venue(self) -> &'static str {
        match self {
            Self::Ray4 => "ray4",
            Self::Cpmm => "cpmm",
            Self::Orca => "orca",
        }
    }
}

pub(super) fn is_token_program(owner: &Pubkey) -> bool {
    *owner == program::TOKEN || *owner == program::TOKEN_2022
}

/// What an account is to the pools that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Pool = 0,
    Vault = 1,
    Config = 2,
    Mint = 3,
    Ticks = 4,
    Oracle = 5,
    Clock = 6,
}

impl Role {
    /// Returns the role of a number in a snapshot.
    pub(crate) fn of(number: u8) -> Option<Self> {
        [
            Self::Pool,
            Self::Vault,
            Self::Config,
            Self::Mint,
            Self::Ticks,
            Self::Oracle,
            Self::Clock,
        ]
        .get(usize::from(number))
        .copied()
    }
}

/// What an account holds.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    AmmV4(Box<AmmV4>),
    Cpmm(Box<CpmmPool>),
    Whirlpool(Box<Whirlpool>),
    Vault(TokenAccount),
    Config(CpmmConfig),
    Mint(Mint),
    Ticks(TickArray),
    Oracle(Oracle),
    Clock(Clock),
}

/// One watched account, as last accepted.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) key: Pubkey,
    pub(crate) role: Role,
    /// Pools that need it, ascending.
    pub(crate) users: Vec<usize>,
    pub(crate) owner: Pubkey,
    pub(crate) data: Vec<u8>,
    pub(crate) slot: u64,
    /// Updates within `slot`; 0 if it was never seen.
    pub(crate) count: u64,
    pub(crate) channel: u16,
    pub(crate) socket: bool,
    /// Updates may have been lost; it counts again after the next one.
    pub(crate) suspect: bool,
    pub(crate) decoded: Option<Decoded>,
}

impl Account {
    pub(crate) fn new(key: Pubkey, role: Role, users: Vec<usize>) -> Self {
        Self {
            key,
            role,
            users,
            owner: program::SYSTEM,
            data: Vec::new(),
            slot: 0,
            count: 0,
            channel: 0,
            socket: false,
            suspect: false,
            decoded: None,
        }
    }

    /// Whether an update is news: a newer slot, or the same one from the connection that first delivered it.
    pub(super) fn accepts(&self, slot: u64, channel: u16, socket: bool) -> bool {
        if self.count == 0 {
            return true;
        }
        if slot != self.slot {
            return slot > self.slot;
        }
        channel == self.channel || (socket && !self.socket) || self.suspect
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
    pub(crate) curve: Curve,
    pub(crate) state: PoolState,
    /// Why it is refused.
    pub(crate) note: String,
    pub(crate) mints: Option<[Pubkey; 2]>,
    /// Its first edge (sells `token_a`); the second one follows.
    pub(crate) edge: Option<u32>,
    pub(crate) vaults: Option<[Pubkey; 2]>,
    pub(crate) config: Option<Pubkey>,
    pub(crate) oracle: Option<Pubkey>,
    /// Start tick → account of the tick array.
    pub(crate) arrays: BTreeMap<i32, Pubkey>,
    /// Start ticks asked for.
    pub(crate) wanted: BTreeSet<i32>,
    /// Start ticks whose array does not exist on chain.
    pub(crate) absent: BTreeSet<i32>,
    pub(crate) ticks: Option<Arc<Ticks>>,
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
    /// Slot at which a tick array changed.
    pub(crate) ticks_slot: u64,
    pub(crate) pool: Option<Pool>,
}

/// Something a feed should fetch: (kind, key, index, carrier).
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) index: i32,
    pub(crate) carrier: Option<u16>,
}
