//! The pools watched, the accounts each one is made of, and whether these agree.
//!
//! A pool is quoted only when its set of accounts is consistent: at one slot, or at a slot that is closed because a newer
//! one was announced on the channel that carries it. Until then it is *torn*.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::derive::tick_array_bump;
use super::setup::PoolRef;
use crate::accounts::{
    AmmV4, Clock, CpmmConfig, CpmmPool, LayoutError, Mint, Oracle, TICKS_PER_ARRAY, TickArray,
    TokenAccount, Whirlpool, program,
};
use crate::base58::{self, Pubkey};
use crate::pool::{ChainTime, Pool};
use crate::tick_array_manager::{Ticks, array_start};

const MIN_TICK: i32 = -443_636;
const MAX_TICK: i32 = 443_636;
/// Tick arrays kept each side of the current one.
const NEAR_ARRAYS: i32 = 2;

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

fn is_token_program(owner: &Pubkey) -> bool {
    *owner == program::TOKEN || *owner == program::TOKEN_2022
}

fn is_told(pools: &[PoolEntry], account: &Account, channel: u16) -> bool {
    account.channel == channel
        || account
            .users
            .iter()
            .any(|&user| pools[user].carrier == Some(channel))
}

fn is_known(owner: &Pubkey) -> bool {
    Curve::of(owner).is_some()
        || is_token_program(owner)
        || *owner == program::SYSTEM
        || *owner == program::SYSVAR
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
    fn accepts(&self, slot: u64, channel: u16, socket: bool) -> bool {
        if self.count == 0 {
            return true;
        }
        if slot != self.slot {
            return slot > self.slot;
        }
        channel == self.channel || (socket && !self.socket) || self.suspect
    }

    /// Returns how often it changed in `slot`.
    fn updates(&self, slot: u64) -> u64 {
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

/// Pools by their setup order, accounts by their key.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) pools: Vec<PoolEntry>,
    pub(crate) index: HashMap<Pubkey, usize>,
    accounts: Vec<Account>,
    by_key: HashMap<Pubkey, usize>,
    /// Reasons to count, taken by the engine.
    pub(crate) refused: Vec<&'static str>,
    pub(crate) errors: Vec<String>,
    pub(crate) wants: Vec<Want>,
    /// Pools with an account that changed.
    pub(crate) dirty: BTreeSet<usize>,
    /// Pools that the clock alone may have changed.
    pub(crate) aged: BTreeSet<usize>,
    /// Pools whose mints became known and that have no edges yet.
    pub(crate) created: Vec<usize>,
    pub(crate) time: Option<ChainTime>,
    /// Decimals of mints seen on chain.
    pub(crate) decimals: HashMap<Pubkey, u8>,
}

impl Registry {
    pub(crate) fn new(refs: &[PoolRef]) -> Self {
        let mut registry = Self::default();
        for each in refs {
            registry.watch_ref(each);
        }
        if !registry.pools.is_empty() {
            registry.insert(Account::new(program::CLOCK, Role::Clock, Vec::new()));
        }
        registry
    }

    fn watch_ref(&mut self, each: &PoolRef) {
        let found = base58::decode(&each.address)
            .zip(base58::decode(&each.program))
            .and_then(|(address, owner)| Curve::of(&owner).map(|curve| (address, owner, curve)));
        let Some((address, program, curve)) = found else {
            self.refused.push("unknown_program");
            return;
        };
        if self.index.contains_key(&address) {
            return;
        }
        let at = self.pools.len();
        self.index.insert(address, at);
        self.pools.push(PoolEntry {
            address,
            name: each.address.clone(),
            program,
            curve,
            state: PoolState::Loading,
            note: String::new(),
            mints: None,
            edge: None,
            vaults: None,
            config: None,
            oracle: None,
            arrays: BTreeMap::new(),
            wanted: BTreeSet::new(),
            absent: BTreeSet::new(),
            ticks: None,
            carrier: None,
            changed_ns: 0,
            closed_slot: 0,
            torn_slot: 0,
            torn_until: 0,
            lone_slot: 0,
            ticks_slot: 0,
            pool: None,
        });
        self.insert(Account::new(address, Role::Pool, vec![at]));
    }

    /// Adds an account and returns its place; an account of the same key is replaced.
    pub(crate) fn insert(&mut self, account: Account) -> usize {
        if let Some(&at) = self.by_key.get(&account.key) {
            self.accounts[at] = account;
            return at;
        }
        let at = self.accounts.len();
        self.by_key.insert(account.key, at);
        self.accounts.push(account);
        at
    }

    /// Forgets all accounts.
    pub(crate) fn clear_accounts(&mut self) {
        self.accounts.clear();
        self.by_key.clear();
    }

    /// Returns a watched account.
    pub(crate) fn account(&self, key: &Pubkey) -> Option<&Account> {
        self.by_key.get(key).map(|&at| &self.accounts[at])
    }

    /// Returns all watched accounts, in no order that may be seen.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    // -- updates

    /// Takes one account as a node told it; marks the pools it belongs to dirty.
    pub(crate) fn take(
        &mut self,
        key: &Pubkey,
        slot: u64,
        owner: &Pubkey,
        data: Vec<u8>,
        channel: u16,
        socket: bool,
    ) {
        let known = self.by_key.get(key).copied();
        let Some(at) = known.or_else(|| self.discover(key, owner, &data)) else {
            return;
        };
        if !self.accounts[at].accepts(slot, channel, socket) {
            return;
        }
        let Some(decoded) = self.checked(at, owner, &data) else {
            return;
        };
        let account = &mut self.accounts[at];
        account.count = if slot == account.slot && account.count > 0 {
            account.count + 1
        } else {
            1
        };
        (account.slot, account.owner, account.data) = (slot, *owner, data);
        (account.channel, account.socket, account.suspect) = (channel, socket, false);
        let before = account.decoded.replace(decoded);
        if account.role != Role::Clock {
            for &user in &account.users {
                self.dirty.insert(user);
                if socket {
                    self.pools[user].carrier = Some(channel);
                }
            }
        }
        self.note(at, before.as_ref());
    }

    /// Takes an account of a listing without a slot: good for finding a pool, not for its state.
    pub(crate) fn see(&mut self, key: &Pubkey, owner: &Pubkey, data: &[u8]) {
        let Some(&at) = self.by_key.get(key) else {
            return;
        };
        let account = &self.accounts[at];
        if account.role != Role::Pool || self.pools[account.users[0]].mints.is_some() {
            return;
        }
        let user = account.users[0];
        if let Some(decoded) = self.checked(at, owner, data) {
            let key = self.pools[user].name.clone();
            self.wants.push(Want {
                kind: "account",
                key,
                index: 0,
                carrier: None,
            });
            self.first_sight(user, &decoded);
        }
    }

    /// Takes that a node says the account does not exist.
    pub(crate) fn lose(&mut self, key: &Pubkey, slot: u64) {
        let Some(&at) = self.by_key.get(key) else {
            self.note_absent(key);
            return;
        };
        let account = &mut self.accounts[at];
        if account.count == 0 || slot < account.slot {
            return;
        }
        let before = account.decoded.take();
        (account.count, account.slot) = (0, 0);
        account.data.clear();
        if let (Role::Ticks, Some(Decoded::Ticks(array))) = (account.role, before) {
            let pool = &mut self.pools[account.users[0]];
            pool.arrays.remove(&array.start_tick_index);
            pool.absent.insert(array.start_tick_index);
            (pool.ticks, pool.ticks_slot) = (None, slot);
        } else if account.role == Role::Mint {
            self.decimals.remove(key);
        }
        self.dirty.extend(&self.accounts[at].users);
    }

    /// Takes that an account which nobody watches does not exist: is it a tick array that was asked for?
    fn note_absent(&mut self, key: &Pubkey) {
        for (at, pool) in self.pools.iter_mut().enumerate() {
            let open = pool
                .wanted
                .iter()
                .filter(|s| !pool.absent.contains(s) && !pool.arrays.contains_key(s));
            let found = open
                .copied()
                .find(|&start| tick_array_bump(key, &pool.address, &pool.program, start).is_some());
            if let Some(start) = found {
                pool.absent.insert(start);
                pool.ticks = None;
                self.dirty.insert(at);
                return;
            }
        }
    }

    /// Takes that `channel` has a subscription on an account: its pools follow the slots of that channel.
    pub(crate) fn carried(&mut self, key: &Pubkey, channel: u16) {
        if let Some(account) = self
            .account(key)
            .filter(|account| account.role != Role::Clock)
        {
            for &user in &account.users.clone() {
                let carrier = &mut self.pools[user].carrier;
                *carrier = carrier.or(Some(channel));
            }
        }
    }

    /// Closes the torn slots of pools that `channel` carries.
    pub(crate) fn announce(&mut self, channel: u16, slot: u64) {
        for (at, pool) in self.pools.iter_mut().enumerate() {
            let carried = pool.carrier.is_none_or(|carrier| carrier == channel);
            if pool.state == PoolState::Torn && carried && slot > pool.torn_until {
                pool.closed_slot = pool.torn_slot;
                self.dirty.insert(at);
            }
        }
    }

    /// Marks every account that `channel` tells or carries as suspect: updates were lost.
    pub(crate) fn doubt(&mut self, channel: u16) {
        for account in &mut self.accounts {
            if account.count > 0 && is_told(&self.pools, account, channel) {
                account.suspect = true;
                self.dirty.extend(&account.users);
            }
        }
    }

    /// Asks for the suspect accounts of a channel.
    pub(crate) fn ask_again(&mut self, channel: u16) {
        let suspect = self
            .accounts
            .iter()
            .filter(|a| a.suspect && is_told(&self.pools, a, channel));
        let mut keys: Vec<Pubkey> = suspect.map(|account| account.key).collect();
        keys.sort_unstable();
        let want = |key| Want {
            kind: "account",
            key: base58::encode(&key),
            index: 0,
            carrier: Some(channel),
        };
        self.wants.extend(keys.into_iter().map(want));
    }

    fn refuse(&mut self, reason: &'static str, text: String) {
        self.refused.push(reason);
        self.errors.push(text);
    }

    fn stranger(&mut self, key: &Pubkey, owner: &Pubkey) {
        let text = format!(
            "account {} has unknown owner {}",
            base58::encode(key),
            base58::encode(owner)
        );
        self.refuse("unknown_owner", text);
    }

    /// Returns a new account if it is a tick array or oracle of a watched pool, found by what it says itself.
    fn discover(&mut self, key: &Pubkey, owner: &Pubkey, data: &[u8]) -> Option<usize> {
        if Curve::of(owner) == Some(Curve::Orca) {
            let array = TickArray::decode(data)
                .ok()
                .map(|array| (Role::Ticks, array.whirlpool));
            let found = array.or_else(|| {
                Oracle::decode(data)
                    .ok()
                    .map(|oracle| (Role::Oracle, oracle.whirlpool))
            });
            if let Some((role, whirlpool)) = found {
                let at = *self.index.get(&whirlpool)?;
                if self.pools[at].program != *owner || self.pools[at].mints.is_none() {
                    return None;
                }
                return Some(self.insert(Account::new(*key, role, vec![at])));
            }
        }
        if !is_known(owner) {
            self.stranger(key, owner);
        }
        None
    }

    /// Returns what the account holds, or `None` after counting why it is refused.
    fn checked(&mut self, at: usize, owner: &Pubkey, data: &[u8]) -> Option<Decoded> {
        let key = self.accounts[at].key;
        match self.decode(&self.accounts[at], owner, data) {
            Ok(Some(decoded)) => Some(decoded),
            Ok(None) => {
                self.stranger(&key, owner);
                None
            }
            Err(error) => {
                self.refuse(
                    "bad_layout",
                    format!("account {}: {error}", base58::encode(&key)),
                );
                None
            }
        }
    }

    /// Returns what the account holds, or `None` if its owner can't own such an account.
    pub(crate) fn decode(
        &self,
        account: &Account,
        owner: &Pubkey,
        data: &[u8],
    ) -> Result<Option<Decoded>, LayoutError> {
        let allowed = match account.role {
            Role::Clock => *owner == program::SYSVAR,
            Role::Vault | Role::Mint => is_token_program(owner),
            Role::Pool | Role::Config | Role::Ticks | Role::Oracle => {
                *owner == self.pools[account.users[0]].program
            }
        };
        if !allowed {
            return Ok(None);
        }
        let decoded = match account.role {
            Role::Clock => Decoded::Clock(Clock::decode(data)?),
            Role::Vault => Decoded::Vault(TokenAccount::decode(data)?),
            Role::Mint => Decoded::Mint(Mint::decode(data)?),
            Role::Config => Decoded::Config(CpmmConfig::decode(data)?),
            Role::Ticks => Decoded::Ticks(TickArray::decode(data)?),
            Role::Oracle => Decoded::Oracle(Oracle::decode(data)?),
            Role::Pool => match self.pools[account.users[0]].curve {
                Curve::Ray4 => Decoded::AmmV4(Box::new(AmmV4::decode(data)?)),
                Curve::Cpmm => Decoded::Cpmm(Box::new(CpmmPool::decode(data)?)),
                Curve::Orca => Decoded::Whirlpool(Box::new(Whirlpool::decode(data)?)),
            },
        };
        Ok(Some(decoded))
    }

    /// Draws the consequences of an accepted update: what it tears, what else is needed.
    fn note(&mut self, at: usize, before: Option<&Decoded>) {
        let account = &self.accounts[at];
        let (key, slot) = (account.key, account.slot);
        let user = account.users.first().copied();
        match (&account.decoded, user) {
            (Some(Decoded::Clock(now)), _) => {
                let time = ChainTime {
                    slot: now.slot,
                    unix_timestamp: now.unix_timestamp,
                    epoch: now.epoch,
                };
                self.note_clock(time);
            }
            (Some(Decoded::Mint(now)), _) => {
                let decimals = now.decimals;
                self.decimals.insert(key, decimals);
            }
            (Some(Decoded::Ticks(now)), Some(user)) => {
                let pool = &mut self.pools[user];
                let same =
                    matches!(before, Some(Decoded::Ticks(before)) if before.ticks == now.ticks);
                if !same || pool.arrays.get(&now.start_tick_index) != Some(&key) {
                    pool.arrays.insert(now.start_tick_index, key);
                    pool.absent.remove(&now.start_tick_index);
                    (pool.ticks, pool.ticks_slot) = (None, slot);
                }
            }
            (Some(Decoded::Oracle(_)), Some(user)) => self.pools[user].oracle = Some(key),
            (Some(Decoded::AmmV4(_) | Decoded::Cpmm(_) | Decoded::Whirlpool(_)), Some(user)) => {
                self.note_pool(user, at, before);
            }
            _ => {}
        }
    }

    fn note_clock(&mut self, time: ChainTime) {
        let same_epoch = self
            .time
            .as_ref()
            .is_some_and(|before| before.epoch == time.epoch);
        self.time = Some(time);
        for (at, pool) in self.pools.iter().enumerate() {
            if pool.mints.is_some()
                && (pool.oracle.is_some() || pool.state != PoolState::Live || !same_epoch)
            {
                self.aged.insert(at);
            }
        }
    }

    fn note_pool(&mut self, user: usize, at: usize, before: Option<&Decoded>) {
        let slot = self.accounts[at].slot;
        let Some(now) = self.accounts[at].decoded.take() else {
            return;
        };
        if self.pools[user].mints.is_none() {
            self.first_sight(user, &now);
        }
        match (before, &now) {
            (Some(Decoded::AmmV4(before)), Decoded::AmmV4(now)) => {
                let pnl = |amm: &AmmV4| (amm.need_take_pnl_coin, amm.need_take_pnl_pc);
                if pnl(before) != pnl(now) {
                    self.pools[user].lone_slot = slot;
                }
            }
            (Some(Decoded::Whirlpool(before)), Decoded::Whirlpool(now))
                if before.liquidity != now.liquidity && before.sqrt_price == now.sqrt_price =>
            {
                self.pools[user].lone_slot = slot;
            }
            _ => {}
        }
        if let Decoded::Whirlpool(now) = &now {
            self.near_arrays(user, now);
        }
        self.accounts[at].decoded = Some(now);
    }

    fn first_sight(&mut self, at: usize, now: &Decoded) {
        let pool = &mut self.pools[at];
        let mut adaptive = false;
        match now {
            Decoded::AmmV4(now) => {
                pool.mints = Some([now.coin_mint, now.pc_mint]);
                pool.vaults = Some([now.coin_vault, now.pc_vault]);
            }
            Decoded::Cpmm(now) => {
                (pool.mints, pool.vaults) = (Some(now.mints), Some(now.vaults));
                pool.config = Some(now.amm_config);
            }
            Decoded::Whirlpool(now) => {
                pool.mints = Some([now.mint_a, now.mint_b]);
                adaptive = now.has_adaptive_fee();
            }
            _ => return,
        }
        let (mints, vaults, config, carrier) = (pool.mints, pool.vaults, pool.config, pool.carrier);
        if adaptive {
            let key = pool.name.clone();
            self.wants.push(Want {
                kind: "oracle",
                key,
                index: 0,
                carrier,
            });
        }
        for vault in vaults.into_iter().flatten() {
            self.watch(vault, Role::Vault, at);
        }
        if let Some(config) = config {
            self.watch(config, Role::Config, at);
        }
        for mint in mints.into_iter().flatten() {
            self.watch(mint, Role::Mint, at);
        }
        self.watch_clock(at, carrier);
        self.created.push(at);
    }

    fn watch_clock(&mut self, at: usize, carrier: Option<u16>) {
        let Some(&clock) = self.by_key.get(&program::CLOCK) else {
            return;
        };
        if self.accounts[clock].users.is_empty() {
            let key = base58::encode(&program::CLOCK);
            self.wants.push(Want {
                kind: "account",
                key,
                index: 0,
                carrier,
            });
        }
        self.accounts[clock].users.push(at);
    }

    fn watch(&mut self, key: Pubkey, role: Role, at: usize) {
        let place = if let Some(&place) = self.by_key.get(&key) {
            place
        } else {
            let carrier = self.pools[at].carrier;
            self.wants.push(Want {
                kind: "account",
                key: base58::encode(&key),
                index: 0,
                carrier,
            });
            self.insert(Account::new(key, role, Vec::new()))
        };
        let users = &mut self.accounts[place].users;
        if let Err(gap) = users.binary_search(&at) {
            users.insert(gap, at);
        }
    }

    fn near_arrays(&mut self, at: usize, now: &Whirlpool) {
        let span = TICKS_PER_ARRAY * i32::from(now.tick_spacing);
        let current = array_start(now.tick, now.tick_spacing);
        let lowest = array_start(MIN_TICK, now.tick_spacing);
        let pool = &mut self.pools[at];
        for step in -NEAR_ARRAYS..=NEAR_ARRAYS {
            let start = current + step * span;
            if (lowest..=MAX_TICK).contains(&start) && pool.wanted.insert(start) {
                let (key, carrier) = (pool.name.clone(), pool.carrier);
                self.wants.push(Want {
                    kind: "tick_array",
                    key,
                    index: start,
                    carrier,
                });
            }
        }
    }

    // -- the set of accounts

    /// Works out a pool's state from its accounts; `announced` is the newest slot of its carrier.
    pub(crate) fn settle(&mut self, at: usize, announced: Option<u64>) {
        self.pools[at].pool = None;
        if self.pools[at].state == PoolState::Refused {
            return;
        }
        if !self.is_complete(&self.pools[at]) {
            self.pools[at].state = PoolState::Loading;
            return;
        }
        if self.is_suspect(&self.pools[at]) {
            self.pools[at].state = PoolState::Gap;
            return;
        }
        let torn = self.torn(&self.pools[at]);
        let pool = &mut self.pools[at];
        if torn > pool.closed_slot {
            if pool.state != PoolState::Torn || torn != pool.torn_slot {
                pool.torn_until = torn.max(announced.unwrap_or(0));
            }
            (pool.state, pool.torn_slot) = (PoolState::Torn, torn);
            return;
        }
        if let Some(problem) = self.relations(&self.pools[at]) {
            self.reject(at, problem, problem);
            return;
        }
        match self.build(at) {
            Ok(built) => {
                let pool = &mut self.pools[at];
                (pool.pool, pool.state) = (built, PoolState::Live);
            }
            Err(error) => self.reject(at, "bad_layout", &error.to_string()),
        }
    }

    fn reject(&mut self, at: usize, problem: &'static str, text: &str) {
        let pool = &mut self.pools[at];
        (pool.state, pool.note) = (PoolState::Refused, problem.to_owned());
        let text = format!("pool {}: {text}", pool.name);
        self.refuse(problem, text);
    }

    fn decoded(&self, key: &Pubkey) -> Option<&Decoded> {
        self.account(key)
            .and_then(|account| account.decoded.as_ref())
    }

    fn is_complete(&self, pool: &PoolEntry) -> bool {
        let Some(mints) = pool.mints else {
            return false;
        };
        let vaults = pool.vaults.iter().flatten();
        let mut needed = [&pool.address]
            .into_iter()
            .chain(vaults)
            .chain(&mints)
            .chain(&pool.config);
        if self.time.is_none() || needed.any(|key| self.decoded(key).is_none()) {
            return false;
        }
        let Some(Decoded::Whirlpool(now)) = self.decoded(&pool.address) else {
            return true;
        };
        let current = array_start(now.tick, now.tick_spacing);
        let known = pool.arrays.contains_key(&current) || pool.absent.contains(&current);
        known && (!now.has_adaptive_fee() || pool.oracle.is_some())
    }

    /// Returns whether updates of an account that a quote depends on may have been lost.
    fn is_suspect(&self, pool: &PoolEntry) -> bool {
        let vaults = pool.vaults.iter().flatten();
        let single = [&pool.address]
            .into_iter()
            .chain(vaults)
            .chain(&pool.config)
            .chain(&pool.oracle);
        let mut keys = single.chain(pool.arrays.values());
        keys.any(|key| self.account(key).is_some_and(|account| account.suspect))
    }

    /// Returns the newest slot at which its accounts disagree, or 0.
    fn torn(&self, pool: &PoolEntry) -> u64 {
        let Some(account) = self.account(&pool.address) else {
            return 0;
        };
        let Some(vaults) = pool.vaults else {
            let array = if account.slot < pool.ticks_slot {
                pool.ticks_slot
            } else {
                0
            };
            return pool.lone_slot.max(array);
        };
        let [Some(first), Some(second)] = vaults.map(|key| self.account(&key)) else {
            return 0;
        };
        let late = first.slot < pool.lone_slot || second.slot < pool.lone_slot;
        let lone = if late { pool.lone_slot } else { 0 };
        let third = if pool.curve == Curve::Cpmm {
            account
        } else {
            first
        };
        let newest = first.slot.max(second.slot).max(third.slot);
        let counts = [first, second, third].map(|member| member.updates(newest));
        let agree = counts[0] == counts[1] && counts[1] == counts[2];
        lone.max(if agree { 0 } else { newest })
    }

    /// Returns what is wrong between a pool and its vaults.
    fn relations(&self, pool: &PoolEntry) -> Option<&'static str> {
        let (vaults, mints) = (pool.vaults?, pool.mints?);
        let [Some(Decoded::Vault(first)), Some(Decoded::Vault(second))] =
            vaults.map(|key| self.decoded(&key))
        else {
            return None;
        };
        if first.mint != mints[0] || second.mint != mints[1] {
            return Some("vault_mint");
        }
        (first.owner != second.owner).then_some("vault_owner")
    }

    /// Returns the pool that the accounts describe, `None` if one of them is not there.
    pub(crate) fn build(&mut self, at: usize) -> Result<Option<Pool>, LayoutError> {
        if self.pools[at].curve == Curve::Orca && self.pools[at].ticks.is_none() {
            let ticks = self.ticks(&self.pools[at])?;
            self.pools[at].ticks = ticks.map(Arc::new);
        }
        Ok(self.assemble(&self.pools[at]))
    }

    fn ticks(&self, pool: &PoolEntry) -> Result<Option<Ticks>, LayoutError> {
        let Some(Decoded::Whirlpool(now)) = self.decoded(&pool.address) else {
            return Ok(None);
        };
        let arrays = pool
            .arrays
            .values()
            .filter_map(|key| match self.decoded(key) {
                Some(Decoded::Ticks(array)) => Some(array.clone()),
                _ => None,
            });
        let (arrays, absent) = (
            arrays.collect::<Vec<_>>(),
            pool.absent.iter().copied().collect::<Vec<_>>(),
        );
        Ticks::new(now.tick_spacing, &arrays, &absent).map(Some)
    }

    /// Returns the pool that the accounts describe; all of them are there.
    fn assemble(&self, pool: &PoolEntry) -> Option<Pool> {
        let [Some(Decoded::Mint(mint_a)), Some(Decoded::Mint(mint_b))] =
            pool.mints?.map(|key| self.decoded(&key))
        else {
            return None;
        };
        let fees = [mint_a.transfer_fee, mint_b.transfer_fee];
        let now = self.decoded(&pool.address)?;
        if let Decoded::Whirlpool(now) = now {
            let oracle = match pool.oracle.map(|key| self.decoded(&key)) {
                Some(Some(Decoded::Oracle(oracle))) => Some(oracle.clone()),
                _ => None,
            };
            let ticks = Arc::clone(pool.ticks.as_ref()?);
            return Some(Pool::whirlpool(now, ticks, oracle).with_transfer_fees(fees));
        }
        let [Some(Decoded::Vault(first)), Some(Decoded::Vault(second))] =
            pool.vaults?.map(|key| self.decoded(&key))
        else {
            return None;
        };
        match (now, pool.config.map(|key| self.decoded(&key))) {
            (Decoded::AmmV4(now), _) => Some(Pool::amm_v4(now, first.amount, second.amount)),
            (Decoded::Cpmm(now), Some(Some(Decoded::Config(config)))) => {
                Some(Pool::cpmm(now, config, [first.amount, second.amount], fees))
            }
            _ => None,
        }
    }
}
