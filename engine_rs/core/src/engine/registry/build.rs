//! The pool that a set of accounts describes.

use std::sync::Arc;

use super::Registry;
use super::entries::{Curve, Decoded, PoolEntry};
use crate::accounts::{ClmmPool, LayoutError, LbPair};
use crate::amm_math::dlmm::Bins;
use crate::amm_math::raydium_clmm::ClmmTicks;
use crate::pool::{ClmmState, Pool, PumpState, TransferFees, is_canonical_by};
use crate::tick_array_manager::Ticks;

impl Registry {
    /// Returns the pool that the accounts describe, `None` if one of them is not there.
    pub(crate) fn build(&mut self, at: usize) -> Result<Option<Pool>, LayoutError> {
        if self.pools[at].curve == Curve::Orca && self.pools[at].ticks.is_none() {
            let ticks = self.ticks(&self.pools[at])?;
            self.pools[at].ticks = ticks.map(Arc::new);
        }
        if self.pools[at].curve == Curve::Clmm && self.pools[at].clmm_ticks.is_none() {
            let ticks = self.clmm_ticks(&self.pools[at])?;
            self.pools[at].clmm_ticks = ticks.map(Arc::new);
        }
        if self.pools[at].canonical.is_none()
            && let Some(Decoded::Pump(now)) = self.decoded(&self.pools[at].address)
        {
            let now = now.clone();
            let derived = |seeds: &[&[u8]], program: &_| self.addresses.find(seeds, program);
            self.pools[at].canonical = Some(is_canonical_by(&now, derived));
        }
        self.assemble(&self.pools[at])
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

    fn clmm_ticks(&self, pool: &PoolEntry) -> Result<Option<ClmmTicks>, LayoutError> {
        let Some(Decoded::Clmm(now)) = self.decoded(&pool.address) else {
            return Ok(None);
        };
        let bitmap = match pool.bitmap.map(|key| self.decoded(&key)) {
            Some(Some(Decoded::ClmmBitmap(bitmap))) => Some(bitmap.as_ref()),
            _ => None,
        };
        let arrays = pool
            .arrays
            .values()
            .filter_map(|key| match self.decoded(key) {
                Some(Decoded::ClmmTicks(array)) => Some(array.clone()),
                _ => None,
            });
        let arrays = arrays.collect::<Vec<_>>();
        ClmmTicks::new(&pool.address, now, bitmap, &arrays).map(Some)
    }

    fn bins(&self, pool: &PoolEntry, now: &LbPair) -> Result<Bins, LayoutError> {
        let bitmap = match pool.bitmap.map(|key| self.decoded(&key)) {
            Some(Some(Decoded::Bitmap(bitmap))) => Some(bitmap.as_ref()),
            _ => None,
        };
        let arrays = pool
            .arrays
            .values()
            .filter_map(|key| match self.decoded(key) {
                Some(Decoded::Bins(array)) => Some(Arc::clone(array)),
                _ => None,
            });
        Bins::new(&pool.address, now, bitmap, arrays)
    }

    /// Returns the pool that the accounts describe; all of them are there.
    fn assemble(&self, pool: &PoolEntry) -> Result<Option<Pool>, LayoutError> {
        let Some(fees) = self.transfer_fees(pool) else {
            return Ok(None);
        };
        let built = match self.decoded(&pool.address) {
            Some(Decoded::Whirlpool(now)) => {
                let oracle = match pool.oracle.map(|key| self.decoded(&key)) {
                    Some(Some(Decoded::Oracle(oracle))) => Some(oracle.clone()),
                    _ => None,
                };
                let ticks = pool.ticks.clone();
                ticks.map(|ticks| Pool::whirlpool(now, ticks, oracle).with_transfer_fees(fees))
            }
            Some(Decoded::DammV2(now)) => Some(Pool::damm_v2(now).with_transfer_fees(fees)),
            Some(Decoded::LbPair(now)) => {
                let bins = self.bins(pool, now)?;
                Some(Pool::dlmm(now, bins).with_transfer_fees(fees))
            }
            Some(Decoded::Clmm(now)) => self.clmm(pool, now, fees),
            Some(now) => self.between_vaults(pool, now, fees),
            None => None,
        };
        Ok(built)
    }

    fn clmm(&self, pool: &PoolEntry, now: &ClmmPool, fees: TransferFees) -> Option<Pool> {
        let Some(Some(Decoded::ClmmConfig(config))) = pool.config.map(|key| self.decoded(&key))
        else {
            return None;
        };
        Some(Pool::Clmm(Box::new(ClmmState {
            account: now.clone(),
            config: config.clone(),
            ticks: pool.clmm_ticks.clone()?,
            transfer_fees: fees,
        })))
    }

    fn transfer_fees(&self, pool: &PoolEntry) -> Option<TransferFees> {
        let [Some(Decoded::Mint(mint_a)), Some(Decoded::Mint(mint_b))] =
            pool.mints?.map(|key| self.decoded(&key))
        else {
            return None;
        };
        Some([mint_a.transfer_fee, mint_b.transfer_fee])
    }

    /// Returns a pool whose reserves are its vaults' balances.
    fn between_vaults(&self, pool: &PoolEntry, now: &Decoded, fees: TransferFees) -> Option<Pool> {
        let [Some(Decoded::Vault(first)), Some(Decoded::Vault(second))] =
            pool.vaults?.map(|key| self.decoded(&key))
        else {
            return None;
        };
        let amounts = [first.amount, second.amount];
        match (now, pool.config.map(|key| self.decoded(&key))) {
            (Decoded::AmmV4(now), _) => Some(Pool::amm_v4(now, amounts[0], amounts[1])),
            (Decoded::Stable(now), _) => Some(Pool::stable(now, amounts)),
            (Decoded::Cpmm(now), Some(Some(Decoded::Config(config)))) => {
                Some(Pool::cpmm(now, config, amounts, fees))
            }
            (Decoded::Pump(now), Some(Some(Decoded::PumpConfig(config)))) => {
                let [mint, _] = pool.mints?;
                let (Some(Decoded::Schedule(schedule)), Some(Decoded::Mint(mint))) =
                    (self.decoded(&pool.schedule?), self.decoded(&mint))
                else {
                    return None;
                };
                Some(Pool::Pump(Box::new(PumpState {
                    account: now.as_ref().clone(),
                    config: config.clone(),
                    fee_config: Some(schedule.as_ref().clone()),
                    base_supply: Some(mint.supply),
                    canonical: pool.canonical?,
                    amounts,
                    transfer_fees: fees,
                })))
            }
            _ => None,
        }
    }
}
