//! Which accounts belong to which pool: as the pool itself names them, or found by the pool that they name.

use super::Registry;
use super::entries::{Account, Curve, Decoded, PoolState, Role, Want, is_token_program};
use crate::accounts::{
    AmmV4, BinArray, BinArrayBitmapExtension, CLMM_TICKS_PER_ARRAY, ClmmBitmapExtension, ClmmPool,
    ClmmTickArray, LbPair, Oracle, TICKS_PER_ARRAY, TickArray, Whirlpool, program,
};
use crate::amm_math::dlmm::{array_index, liquid_arrays, near_arrays};
use crate::amm_math::raydium_clmm::initialised_arrays;
use crate::base58::{self, Pubkey};
use crate::pda::TOP_PAIRS;
use crate::pool::ChainTime;
use crate::tick_array_manager::array_start;

const MIN_TICK: i32 = -443_636;
const MAX_TICK: i32 = 443_636;
/// Tick arrays kept each side of the current one.
const NEAR_ARRAYS: i32 = 2;
/// Bin arrays, or tick arrays of a bitmap, kept in each direction, the current one included.
const NEAR_LIQUID_ARRAYS: usize = 3;

/// Returns how many ticks an array of the pool spans.
pub(super) fn clmm_span(pool: &ClmmPool) -> i32 {
    CLMM_TICKS_PER_ARRAY * i32::from(pool.tick_spacing)
}

fn is_known(owner: &Pubkey) -> bool {
    Curve::of(owner).is_some()
        || is_token_program(owner)
        || *owner == program::PUMP_FEES
        || *owner == program::SYSTEM
        || *owner == program::SYSVAR
}

/// Returns the role of an account and the whirlpool it names.
fn part_of_whirlpool(data: &[u8]) -> Option<(Role, Pubkey)> {
    let array = TickArray::decode(data).map(|array| (Role::Ticks, array.whirlpool));
    let oracle = || Oracle::decode(data).map(|oracle| (Role::Oracle, oracle.whirlpool));
    array.or_else(|_| oracle()).ok()
}

/// Returns the role of an account and the DLMM pair it names.
fn part_of_pair(data: &[u8]) -> Option<(Role, Pubkey)> {
    let array = BinArray::decode(data).map(|array| (Role::Ticks, array.lb_pair));
    let bitmap =
        || BinArrayBitmapExtension::decode(data).map(|bitmap| (Role::Bitmap, bitmap.lb_pair));
    array.or_else(|_| bitmap()).ok()
}

/// Returns the role of an account and the CLMM pool it names.
fn part_of_clmm(data: &[u8]) -> Option<(Role, Pubkey)> {
    let array = ClmmTickArray::decode(data).map(|array| (Role::Ticks, array.pool));
    let bitmap = || ClmmBitmapExtension::decode(data).map(|bitmap| (Role::Bitmap, bitmap.pool));
    array.or_else(|_| bitmap()).ok()
}

/// The mints that a pool's account names, and its vaults where a quote reads their balances.
type Named = ([Pubkey; 2], Option<[Pubkey; 2]>);

/// Returns what a pool's account names, `None` for another account.
pub(super) fn named(now: &Decoded) -> Option<Named> {
    Some(match now {
        Decoded::AmmV4(now) => (
            [now.coin_mint, now.pc_mint],
            Some([now.coin_vault, now.pc_vault]),
        ),
        Decoded::Cpmm(now) => (now.mints, Some(now.vaults)),
        Decoded::Stable(now) => (now.mints, Some(now.vaults)),
        Decoded::Whirlpool(now) => ([now.mint_a, now.mint_b], None),
        Decoded::DammV2(now) => (now.mints, None),
        Decoded::Clmm(now) => (now.mints, None),
        Decoded::LbPair(now) => ([now.mint_x, now.mint_y], None),
        Decoded::Pump(now) => (
            [now.base_mint, now.quote_mint],
            Some([now.base_vault, now.quote_vault]),
        ),
        _ => return None,
    })
}

impl Registry {
    /// Returns a new account if it is an array, oracle or bitmap of a watched pool, found by what it says itself.
    pub(super) fn discover(&mut self, key: &Pubkey, owner: &Pubkey, data: &[u8]) -> Option<usize> {
        let found = match Curve::of(owner) {
            Some(Curve::Orca) => part_of_whirlpool(data),
            Some(Curve::Dlmm) => part_of_pair(data),
            Some(Curve::Clmm) => part_of_clmm(data),
            _ => None,
        };
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
            (Some(Decoded::Ticks(now)), Some(user)) => {
                let pool = &mut self.pools[user];
                let same =
                    matches!(before, Some(Decoded::Ticks(before)) if before.ticks == now.ticks);
                if !same || pool.arrays.get(&now.start_tick_index) != Some(&key) {
                    pool.note_array(now.start_tick_index, key, slot);
                }
            }
            (Some(Decoded::Bins(now)), Some(user)) => {
                let pool = &mut self.pools[user];
                let same = matches!(before, Some(Decoded::Bins(before)) if before.bins == now.bins);
                if !same || pool.arrays.get(&now.index) != Some(&key) {
                    pool.note_array(now.index, key, slot);
                }
            }
            (Some(Decoded::ClmmTicks(now)), Some(user)) => {
                let pool = &mut self.pools[user];
                let same =
                    matches!(before, Some(Decoded::ClmmTicks(before)) if before.ticks == now.ticks);
                if !same || pool.arrays.get(&now.start_tick_index) != Some(&key) {
                    pool.note_array(now.start_tick_index, key, slot);
                }
            }
            (Some(Decoded::Bitmap(_) | Decoded::ClmmBitmap(_)), Some(user)) => {
                self.note_bitmap(user, key);
            }
            (Some(Decoded::Oracle(_)), Some(user)) => self.pools[user].oracle = Some(key),
            (Some(_), Some(user)) if account.role == Role::Pool => {
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
        if let Some((kind, liquid, current, unit)) =
            self.decoded(&address).and_then(|now| self.near(user, now))
        {
            self.near_liquid_arrays(user, kind, &liquid, current, unit);
        }
    }

    /// Returns (what to ask for, the arrays in use, the current one, what an index stands for) of a pool with a bitmap.
    fn near(&self, user: usize, now: &Decoded) -> Option<(&'static str, Vec<i32>, i32, i32)> {
        match now {
            Decoded::LbPair(now) => {
                let liquid = self.liquid_arrays(user, now);
                Some(("bin_array", liquid, array_index(now.active_id), 1))
            }
            Decoded::Clmm(now) => {
                let (used, span) = (self.used_arrays(user, now), clmm_span(now));
                Some(("clmm_tick_array", used, now.tick.div_euclid(span), span))
            }
            _ => None,
        }
    }

    fn note_clock(&mut self, time: ChainTime) {
        let same_epoch = self
            .time
            .as_ref()
            .is_some_and(|before| before.epoch == time.epoch);
        self.time = Some(time);
        for (at, pool) in self.pools.iter().enumerate() {
            let follows = pool.oracle.is_some() || pool.curve.follows_clock();
            if pool.mints.is_some() && (follows || pool.state != PoolState::Live || !same_epoch) {
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
            (Some(Decoded::LbPair(before)), Decoded::LbPair(now))
                if array_index(before.active_id) != array_index(now.active_id) =>
            {
                self.pools[user].lone_slot = slot;
            }
            (Some(Decoded::Clmm(before)), Decoded::Clmm(now)) => {
                let added =
                    before.liquidity != now.liquidity && before.sqrt_price == now.sqrt_price;
                if added || self.passed_orders(user, before.tick, now) {
                    self.pools[user].lone_slot = slot;
                }
                if (&before.bitmap, before.tick_spacing) != (&now.bitmap, now.tick_spacing) {
                    self.pools[user].drop_ticks();
                }
            }
            (Some(Decoded::Pump(before)), Decoded::Pump(now))
                if before.virtual_quote_reserves != now.virtual_quote_reserves =>
            {
                self.pools[user].lone_slot = slot;
            }
            _ => {}
        }
        if let Decoded::Whirlpool(now) = &now {
            self.near_tick_arrays(user, now);
        } else if let Some((kind, liquid, current, unit)) = self.near(user, &now) {
            self.near_liquid_arrays(user, kind, &liquid, current, unit);
        }
        self.accounts[at].decoded = Some(now);
    }

    pub(super) fn first_sight(&mut self, at: usize, now: &Decoded) {
        let pool = &mut self.pools[at];
        let mut extra = None;
        let Some((mints, vaults)) = named(now) else {
            return;
        };
        (pool.mints, pool.vaults) = (Some(mints), vaults);
        match now {
            Decoded::Cpmm(now) => pool.config = Some(now.amm_config),
            Decoded::Whirlpool(now) => extra = now.has_adaptive_fee().then_some("oracle"),
            Decoded::LbPair(_) => extra = Some("bitmap"),
            Decoded::Clmm(now) => {
                pool.config = Some(now.amm_config);
                extra = Some("clmm_bitmap");
            }
            Decoded::Pump(_) => {
                pool.config = Some(program::PUMP_AMM_CONFIG);
                pool.schedule = Some(program::PUMP_FEE_CONFIG);
            }
            _ => {}
        }
        let (mints, vaults, carrier) = (pool.mints, pool.vaults, pool.carrier);
        let (config, schedule) = (pool.config, pool.schedule);
        if let Some(kind) = extra {
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

    fn near_tick_arrays(&mut self, at: usize, now: &Whirlpool) {
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

    /// Asks for those of `liquid` arrays that the next swaps meet; what is asked for is an index times `unit`.
    fn near_liquid_arrays(
        &mut self,
        at: usize,
        kind: &'static str,
        liquid: &[i32],
        current: i32,
        unit: i32,
    ) {
        let pool = &mut self.pools[at];
        for down in [true, false] {
            for array in near_arrays(liquid, current, down).take(NEAR_LIQUID_ARRAYS) {
                let index = array * unit;
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
    }

    /// Returns the tick arrays of a CLMM pool that are in use, as far as its bitmaps are known.
    pub(super) fn used_arrays(&self, at: usize, now: &ClmmPool) -> Vec<i32> {
        match self.pools[at].bitmap.map(|key| self.decoded(&key)) {
            Some(Some(Decoded::ClmmBitmap(bitmap))) => initialised_arrays(now, Some(bitmap)),
            _ => initialised_arrays(now, None),
        }
    }

    /// Returns whether limit orders rest where the price went: a swap that passed them changed their arrays too.
    fn passed_orders(&self, at: usize, from: i32, now: &ClmmPool) -> bool {
        let between = from.min(now.tick)..=from.max(now.tick);
        let passed = |array: &ClmmTickArray| {
            array.ticks.iter().any(|(offset, tick)| {
                let at = array.start_tick_index + i32::from(*offset) * i32::from(now.tick_spacing);
                between.contains(&at) && !tick.orders.is_empty()
            })
        };
        let mut arrays = self.pools[at].arrays.values();
        arrays.any(
            |key| matches!(self.decoded(key), Some(Decoded::ClmmTicks(array)) if passed(array)),
        )
    }

    /// Returns the bin arrays of a pair that have liquidity, as far as its bitmaps are known.
    pub(super) fn liquid_arrays(&self, at: usize, now: &LbPair) -> Vec<i32> {
        match self.pools[at].bitmap.map(|key| self.decoded(&key)) {
            Some(Some(Decoded::Bitmap(bitmap))) => liquid_arrays(now, Some(bitmap)),
            _ => liquid_arrays(now, None),
        }
    }

    /// Takes that an account which nobody watches does not exist: is it a tick array that was asked for?
    pub(super) fn note_absent(&mut self, key: &Pubkey) {
        for (at, pool) in self.pools.iter_mut().enumerate() {
            if pool.curve != Curve::Orca {
                continue;
            }
            let open = pool
                .wanted
                .iter()
                .filter(|s| !pool.absent.contains(s) && !pool.arrays.contains_key(s));
            let found = open.copied().find(|start| {
                let first = start.to_string();
                let seeds: [&[u8]; 3] = [b"tick_array", &pool.address, first.as_bytes()];
                let derived = self.addresses.find(&seeds, &pool.program);
                derived.is_ok_and(|(address, _)| address == *key)
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
