//! Whether a pool's accounts agree: at one slot, or at one that is closed. Until then the pool is *torn*.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Registry;
use super::entries::{Account, Decoded, PoolEntry, PoolState, Want};
use crate::chain::base58::{self, Pubkey};
use crate::venues::by_kind;
use crate::venues::pool::Row;
use crate::venues::program::Curve;

impl Registry {
    /// Works out a pool's state from its accounts; `announced` is the newest slot of its carrier.
    pub(crate) fn settle(&mut self, at: usize, announced: Option<u64>) {
        self.pools[at].pool = None;
        if self.pools[at].state == PoolState::Refused {
            return;
        }
        let forked = |pool| self.relied_on(pool).any(|account| account.fork.is_some());
        if self.pools[at].mints.is_some() && forked(&self.pools[at]) {
            self.pools[at].state = PoolState::Fork;
            return;
        }
        if !self.is_complete(at) {
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
                (pool.pool, pool.state) = (built.map(Arc::new), PoolState::Live);
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

    fn is_complete(&self, at: usize) -> bool {
        let pool = &self.pools[at];
        let Some(mints) = pool.mints else {
            return false;
        };
        let vaults = pool.vaults.iter().flatten();
        let mut needed = [&pool.address]
            .into_iter()
            .chain(vaults)
            .chain(&mints)
            .chain(&pool.config)
            .chain(&pool.schedule);
        if self.time.is_none() || needed.any(|key| self.decoded(key).is_none()) {
            return false;
        }
        by_kind!(pool.kind, C => self.parts::<C>(pool).is_none_or(|parts| C::is_complete(&parts)))
    }

    /// Returns whether updates of an account that a quote depends on may have been lost.
    fn is_suspect(&self, pool: &PoolEntry) -> bool {
        self.members(pool).any(|account| account.suspect)
    }

    /// Returns the accounts whose state a quote depends on.
    fn members(&self, pool: &PoolEntry) -> impl Iterator<Item = &Account> {
        let keys = [&pool.address]
            .into_iter()
            .chain(pool.vaults.iter().flatten())
            .chain(&pool.config)
            .chain(&pool.schedule)
            .chain(&pool.oracle)
            .chain(&pool.bitmap)
            .chain(pool.arrays.values());
        keys.filter_map(|key| self.account(key))
    }

    /// Returns the newest slot at which one of a pool's accounts was told, 0 before any was.
    pub(crate) fn told_slot(&self, at: usize) -> u64 {
        let slots = self.members(&self.pools[at]).map(|account| account.slot);
        slots.max().unwrap_or(0)
    }

    /// Returns the accounts that a quote reads, and the mints, which may take a fee.
    fn relied_on(&self, pool: &PoolEntry) -> impl Iterator<Item = &Account> {
        let mints = pool.mints.iter().flatten();
        let mints = mints.filter_map(|key| self.account(key));
        self.members(pool).chain(mints)
    }

    /// Returns whether a second endpoint told each account of a pool alike.
    pub(crate) fn is_confirmed(&self, pool: &PoolEntry) -> bool {
        self.relied_on(pool).all(Account::is_confirmed)
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
            return pool.lone_slot.max(array).max(self.torn_end(pool, account));
        };
        let [Some(first), Some(second)] = vaults.map(|key| self.account(&key)) else {
            return 0;
        };
        let late = first.slot < pool.lone_slot || second.slot < pool.lone_slot;
        let lone = if late { pool.lone_slot } else { 0 };
        let moves = by_kind!(pool.kind, C => C::CHANGES_WITH_VAULTS);
        let third = if moves { account } else { first };
        let newest = first.slot.max(second.slot).max(third.slot);
        let counts = [first, second, third].map(|member| member.updates(newest));
        let agree = counts[0] == counts[1] && counts[1] == counts[2];
        lone.max(if agree { 0 } else { newest })
    }

    /// Returns the newest slot at which a pool and the array that its swaps end in changed apart, or 0.
    fn torn_end(&self, pool: &PoolEntry, account: &Account) -> u64 {
        let Some(Decoded::Pool(now)) = &account.decoded else {
            return 0;
        };
        let end = by_kind!(pool.kind, C => C::account(now).and_then(C::ends_in));
        let array = end.and_then(|start| pool.arrays.get(&start));
        let Some(array) = array.and_then(|key| self.account(key)) else {
            return 0;
        };
        let newest = account.slot.max(array.slot);
        if account.updates(newest) == array.updates(newest) {
            0
        } else {
            newest
        }
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

    /// Closes torn slots: nothing more comes of one once the socket that carries the pool, and each that leads one of its
    /// accounts in that slot, announced a newer one. `slot` is the one just announced, `announced` the newest of each
    /// socket.
    pub(crate) fn announce(&mut self, slot: u64, announced: &BTreeMap<u16, u64>) {
        for at in 0..self.pools.len() {
            let pool = &self.pools[at];
            if pool.state == PoolState::Torn && slot > pool.torn_until {
                let done = |socket| announced.get(&socket) > Some(&pool.torn_until);
                let led = |account: &Account| account.socket && account.slot == pool.torn_slot;
                if pool.carrier.is_none_or(done)
                    && self
                        .members(pool)
                        .all(|account| !led(account) || done(account.channel))
                {
                    self.pools[at].closed_slot = self.pools[at].torn_slot;
                    self.dirty.insert(at);
                }
            }
        }
    }

    /// Marks every account that `channel` tells or carries as suspect: updates were lost.
    pub(crate) fn doubt(&mut self, channel: u16) {
        for account in &mut self.accounts {
            if account.count > 0 && is_reported_by(&self.pools, account, channel) {
                account.suspect = true;
                self.dirty.extend(&account.users);
            }
        }
    }

    /// Lets pools of a lost channel follow the slots of another one that tells them.
    pub(crate) fn hand_over(&mut self, from: u16, to: u16, reported: &BTreeSet<Pubkey>) {
        for (at, pool) in self.pools.iter_mut().enumerate() {
            if pool.carrier == Some(from) && reported.contains(&pool.address) {
                pool.carrier = Some(to);
                self.dirty.insert(at);
            }
        }
    }

    /// Lets pools of a lagging channel follow the slots of another one that tells all of their accounts.
    pub(crate) fn pass_on(&mut self, from: u16, to: u16, reported: &BTreeSet<Pubkey>) {
        for at in 0..self.pools.len() {
            let pool = &self.pools[at];
            let is_reported = |account: &Account| reported.contains(&account.key);
            if pool.carrier == Some(from) && self.members(pool).all(is_reported) {
                self.pools[at].carrier = Some(to);
                self.dirty.insert(at);
            }
        }
    }

    /// Asks for the suspect accounts of a channel.
    pub(crate) fn ask_again(&mut self, channel: u16) {
        let suspect = self
            .accounts
            .iter()
            .filter(|a| a.suspect && is_reported_by(&self.pools, a, channel));
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
}

fn is_reported_by(pools: &[PoolEntry], account: &Account, channel: u16) -> bool {
    account.channel == channel
        || account
            .users
            .iter()
            .any(|&user| pools[user].carrier == Some(channel))
}
