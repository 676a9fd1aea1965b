//! Which accounts belong to which pool: as the pool itself names them, or found by the pool that they name.

use super::Registry;
use super::entries::{Account, Curve, Decoded, PoolState, Role, Want, is_token_program};
use crate::accounts::{AmmV4, Oracle, TICKS_PER_ARRAY, TickArray, Whirlpool, program};
use crate::base58::{self, Pubkey};
use crate::engine::derive::tick_array_bump;
use crate::pool::ChainTime;
use crate::tick_array_manager::array_start;

const MIN_TICK: i32 = -443_636;
const MAX_TICK: i32 = 443_636;
/// Tick arrays kept each side of the current one.
const NEAR_ARRAYS: i32 = 2;

fn is_known(owner: &Pubkey) -> bool {
    Curve::of(owner).is_some()
        || is_token_program(owner)
        || *owner == program::SYSTEM
        || *owner == program::SYSVAR
}

impl Registry {
    /// Returns a new account if it is a tick array or oracle of a watched pool, found by what it says itself.
    pub(super) fn discover(&mut self, key: &Pubkey, owner: &Pubkey, data: &[u8]) -> Option<usize> {
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

    pub(super) fn first_sight(&mut self, at: usize, now: &Decoded) {
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

    /// Takes that an account which nobody watches does not exist: is it a tick array that was asked for?
    pub(super) fn note_absent(&mut self, key: &Pubkey) {
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
}
