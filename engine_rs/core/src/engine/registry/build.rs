//! The pool that a set of accounts describes.

use std::sync::Arc;

use super::Registry;
use super::entries::{Curve, Decoded, PoolEntry};
use crate::accounts::LayoutError;
use crate::pool::Pool;
use crate::tick_array_manager::Ticks;

impl Registry {
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
