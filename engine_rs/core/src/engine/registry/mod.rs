//! The pools watched, the accounts each one is made of, and whether these agree.
//!
//! A pool is quoted only when its set of accounts is consistent: at one slot, or at a slot that is closed because a newer
//! one was announced on the channel that carries it. Until then it is *torn*.
//!
//! `entries` are what is kept, `intake` takes what nodes tell, `membership` finds the accounts that belong to a pool,
//! `torn` judges whether a pool's accounts agree, `build` makes the pool of them.

mod build;
mod entries;
mod forks;
mod intake;
mod membership;
mod torn;

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

pub(crate) use self::entries::{
    Account, Decoded, Kept, PoolEntry, PoolState, Report, Reporter, Want,
};
use super::setup::PoolRef;
use crate::chain::base58::{self, Pubkey};
use crate::chain::pda::PdaCache;
use crate::chain::program;
use crate::venues::pool::Row;
use crate::venues::program::{Curve, Role};
use crate::venues::quote::ChainTime;
use crate::venues::{PoolKind, by_kind};

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
    /// Whether what was told last can't be so, whoever was faster: taken by the engine.
    pub(crate) lied: bool,
    /// Whether a second endpoint confirmed an account: taken by the engine.
    pub(crate) vouched: bool,
    pub(crate) wants: Vec<Want>,
    /// Pools with an account that changed.
    pub(crate) dirty: BTreeSet<usize>,
    /// Pools that the clock alone may have changed.
    pub(crate) aged: BTreeSet<usize>,
    /// Pools whose mints became known and that have no edges yet.
    pub(crate) created: Vec<usize>,
    pub(crate) time: Option<ChainTime>,
    /// Decimals of mints seen on chain, by the mint's text: who asks has that, and reading it took a tenth of the time.
    decimals: HashMap<String, u8>,
    /// Every address derived here.
    addresses: PdaCache,
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
            .and_then(|(address, owner)| PoolKind::of(&owner).map(|kind| (address, owner, kind)));
        let Some((address, program, kind)) = found else {
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
            kind,
            state: PoolState::Loading,
            note: String::new(),
            mints: None,
            edge: None,
            vaults: None,
            config: None,
            oracle: None,
            bitmap: None,
            arrays: BTreeMap::new(),
            wanted: BTreeSet::new(),
            absent: BTreeSet::new(),
            kept: by_kind!(kind, C => C::fresh()),
            schedule: None,
            carrier: None,
            changed_ns: 0,
            closed_slot: 0,
            torn_slot: 0,
            torn_until: 0,
            lone_slot: 0,
            ticks_slot: 0,
            pool: None,
            impact: None,
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

    /// Returns the decimals of a mint that was seen on chain.
    pub(crate) fn decimals(&self, mint: &str) -> Option<u8> {
        self.decimals.get(mint).copied()
    }

    /// Takes the decimals of a mint.
    pub(crate) fn note_decimals(&mut self, mint: &Pubkey, decimals: u8) {
        self.decimals.insert(base58::encode(mint), decimals);
    }

    /// Returns all watched accounts, in no order that may be seen.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    fn decoded(&self, key: &Pubkey) -> Option<&Decoded> {
        self.account(key)
            .and_then(|account| account.decoded.as_ref())
    }

    /// Returns whether the program of a watched pool was recorded at what the pool's account says now; not if none came.
    pub(crate) fn is_recorded(&self, address: &str) -> bool {
        let watched = base58::decode(address).filter(|key| self.index.contains_key(key));
        let Some(&at) = watched.as_ref().and_then(|key| self.index.get(key)) else {
            return false;
        };
        match self.decoded(&self.pools[at].address) {
            Some(Decoded::Pool(now)) => {
                by_kind!(self.pools[at].kind, C => C::account(now).is_some_and(C::is_recorded))
            }
            _ => false,
        }
    }

    pub(crate) fn refuse(&mut self, reason: &'static str, text: String) {
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
}
