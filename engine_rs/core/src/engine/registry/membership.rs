//! Which accounts belong to which pool: as the pool itself names them, or found by the pool that they name.

use super::Registry;
use super::entries::{Account, Decoded, PoolState, Want, is_token_program};
use crate::chain::base58::{self, Pubkey};
use crate::chain::pda::TOP_PAIRS;
use crate::chain::program;
use crate::venues::pool::{PoolAccount, PoolPart, Row};
use crate::venues::program::{Curve, Named, Role};
use crate::venues::quote::ChainTime;
use crate::venues::{KINDS, PoolKind, by_kind};

fn is_known(owner: &Pubkey) -> bool {
    let owns =
        |kind: &PoolKind| by_kind!(*kind, C => C::OWNERS.iter().any(|(_, key)| key == owner));
    PoolKind::of(owner).is_some()
        || is_token_program(owner)
        || KINDS.iter().any(owns)
        || *owner == program::SYSTEM
        || *owner == program::SYSVAR
}

/// Returns what a pool's account names, `None` for one of another kind.
pub(super) fn named(kind: PoolKind, now: &PoolAccount) -> Option<Named> {
    by_kind!(kind, C => C::account(now).map(C::named))
}

/// Returns what an array is found by, `None` for an account that is no array.
pub(super) fn start_of(kind: PoolKind, part: &PoolPart) -> Option<i32> {
    by_kind!(kind, C => C::part(part).and_then(C::start_of))
}

impl Registry {
    /// Returns a new account if it is an array, oracle or bitmap of a watched pool, found by what it says itself.
    pub(super) fn discover(&mut self, key: &Pubkey, owner: &Pubkey, data: &[u8]) -> Option<usize> {
        let kind = PoolKind::of(owner);
        let found = kind.and_then(|kind| by_kind!(kind, C => C::member(data)));
        if let Some((role, pool)) = found {
            let at = *self.index.get(&pool)?;
            if self.pools[at].program != *owner || self.pools[at].mints.is_none() {
                return None;
            }
            return Some(self.insert(Account::new(*key, role, vec![at])));
        }
        if !is_known(owner) {
            self.stranger(key, owner);
        }
        None
    }

    /// Draws the consequences of an accepted update: what it tears, what else is needed.
    pub(super) fn note(&mut self, at: usize, before: Option<&Decoded>) {
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
                self.note_decimals(&key, decimals);
            }
            (Some(Decoded::Part(now)), Some(user)) => {
                let (kind, role) = (self.pools[user].kind, account.role);
                match role {
                    Role::Ticks => {
                        let Some(start) = start_of(kind, now) else {
                            return;
                        };
                        let same = is_same(kind, before, now);
                        let pool = &mut self.pools[user];
                        if !same || pool.arrays.get(&start) != Some(&key) {
                            pool.note_array(start, key, slot);
                        }
                    }
                    Role::Bitmap => self.note_bitmap(user, key),
                    Role::Oracle => self.pools[user].oracle = Some(key),
                    _ => {}
                }
            }
            (Some(Decoded::Pool(_)), Some(user)) if account.role == Role::Pool => {
                self.note_pool(user, at, before);
            }
            _ => {}
        }
    }

    /// Takes over the account that tells a pool's far arrays, and asks for those of them that swaps meet.
    fn note_bitmap(&mut self, user: usize, key: Pubkey) {
        self.pools[user].bitmap = Some(key);
        self.pools[user].drop_ticks();
        let address = self.pools[user].address;
        if let Some(Decoded::Pool(now)) = self.decoded(&address) {
            let near = self.near(user, now);
            self.want_arrays(user, near);
        }
    }

    /// Returns the arrays that the next swaps of a pool meet: kind of need, start or index.
    fn near(&self, user: usize, now: &PoolAccount) -> Vec<(&'static str, i32)> {
        by_kind!(self.pools[user].kind, C => self.near_of::<C>(user, now))
    }

    fn near_of<C: Row>(&self, user: usize, now: &PoolAccount) -> Vec<(&'static str, i32)> {
        let bitmap = match self.pools[user].bitmap.map(|key| self.decoded(&key)) {
            Some(Some(Decoded::Part(part))) => C::part(part),
            _ => None,
        };
        C::account(now).map_or_else(Vec::new, |now| C::near(now, bitmap))
    }

    fn note_clock(&mut self, time: ChainTime) {
        let same_epoch = self
            .time
            .as_ref()
            .is_some_and(|before| before.epoch == time.epoch);
        self.time = Some(time);
        for (at, pool) in self.pools.iter().enumerate() {
            let follows = pool.oracle.is_some() || by_kind!(pool.kind, C => C::FOLLOWS_CLOCK);
            if pool.mints.is_some() && (follows || pool.state != PoolState::Live || !same_epoch) {
                self.aged.insert(at);
            }
        }
    }

    fn note_pool(&mut self, user: usize, at: usize, before: Option<&Decoded>) {
        let slot = self.accounts[at].slot;
        let Some(Decoded::Pool(now)) = self.accounts[at].decoded.take() else {
            return;
        };
        if self.pools[user].mints.is_none() {
            self.first_sight(user, &now);
        }
        if let Some(Decoded::Pool(before)) = before {
            let (is_lone, spoils) = self.moved(user, before, &now);
            if is_lone {
                self.pools[user].lone_slot = slot;
            }
            if spoils {
                self.pools[user].drop_ticks();
            }
        }
        let near = self.near(user, &now);
        self.want_arrays(user, near);
        self.accounts[at].decoded = Some(Decoded::Pool(now));
    }

    /// Returns whether the change of a pool's own account needs one of another of its accounts, and whether it spoils
    /// what was made of its arrays.
    fn moved(&self, user: usize, before: &PoolAccount, now: &PoolAccount) -> (bool, bool) {
        by_kind!(self.pools[user].kind, C => match (C::account(before), C::account(now)) {
            (Some(before), Some(now)) => {
                let parts = self.parts_at::<C>(&self.pools[user], now);
                (C::is_lone(before, &parts), C::spoils_ticks(before, now))
            }
            _ => (false, false),
        })
    }

    pub(super) fn first_sight(&mut self, at: usize, now: &PoolAccount) {
        let pool = &mut self.pools[at];
        let Some(names) = named(pool.kind, now) else {
            return;
        };
        (pool.mints, pool.vaults) = (Some(names.mints), names.vaults);
        (pool.config, pool.schedule) = (names.config, names.schedule);
        let (mints, vaults, carrier) = (pool.mints, pool.vaults, pool.carrier);
        let (config, schedule) = (pool.config, pool.schedule);
        if let Some(kind) = names.wanted {
            let key = pool.name.clone();
            self.wants.push(Want {
                kind,
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
        if let Some(schedule) = schedule {
            self.watch(schedule, Role::Schedule, at);
        }
        for mint in mints.into_iter().flatten() {
            self.watch(mint, Role::Mint, at);
        }
        self.watch_clock(at, carrier);
        self.derive_pair(at, mints);
        self.created.push(at);
    }

    /// Derives, once, what the programs call the pools of a pair: 0.1 ms at first sight instead of at the first question.
    fn derive_pair(&mut self, at: usize, mints: Option<[Pubkey; 2]>) {
        if at < TOP_PAIRS
            && let Some([first, second]) = mints
        {
            // The seeds always fit, and a pool that has no address is merely not known beforehand.
            let _ = self.addresses.warm(&[(first, second)]);
        }
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

    /// Asks for those of these arrays that were not asked for.
    fn want_arrays(&mut self, at: usize, near: Vec<(&'static str, i32)>) {
        let pool = &mut self.pools[at];
        for (kind, index) in near {
            if pool.wanted.insert(index) {
                let (key, carrier) = (pool.name.clone(), pool.carrier);
                self.wants.push(Want {
                    kind,
                    key,
                    index,
                    carrier,
                });
            }
        }
    }

    /// Takes that an account which nobody watches does not exist: is it a tick array that was asked for?
    pub(super) fn note_absent(&mut self, key: &Pubkey) {
        for (at, pool) in self.pools.iter_mut().enumerate() {
            if !by_kind!(pool.kind, C => C::TELLS_ABSENCE) {
                continue;
            }
            let open = pool
                .wanted
                .iter()
                .filter(|s| !pool.absent.contains(s) && !pool.arrays.contains_key(s));
            let mut find = |seeds: &[&[u8]], program: &Pubkey| self.addresses.find(seeds, program);
            let found = open.copied().find(|&start| {
                let (address, program) = (&pool.address, &pool.program);
                let derived =
                    by_kind!(pool.kind, C => C::array_address(address, program, start, &mut find));
                derived == Some(*key)
            });
            if let Some(start) = found {
                pool.absent.insert(start);
                pool.drop_ticks();
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
}

/// Returns whether what an array held before is the same to a quote.
fn is_same(kind: PoolKind, before: Option<&Decoded>, now: &PoolPart) -> bool {
    let Some(Decoded::Part(before)) = before else {
        return false;
    };
    by_kind!(kind, C => match (C::part(before), C::part(now)) {
        (Some(before), Some(now)) => C::is_same(before, now),
        _ => false,
    })
}
