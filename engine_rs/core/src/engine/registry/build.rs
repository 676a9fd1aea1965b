//! The pool that a set of accounts describes.

use super::Registry;
use super::entries::{Decoded, PoolEntry};
use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::by_kind;
use crate::venues::pool::{Pool, Row};
use crate::venues::program::{Balances, Kept, Lookup, Parts};

impl<C: Row> Lookup<C> for Registry {
    fn part(&self, key: &Pubkey) -> Option<&C::Part> {
        match self.decoded(key)? {
            Decoded::Part(part) => C::part(part),
            _ => None,
        }
    }
}

impl Registry {
    /// Returns the pool that the accounts describe, `None` if one of them is not there.
    pub(crate) fn build(&mut self, at: usize) -> Result<Option<Pool>, LayoutError> {
        by_kind!(self.pools[at].kind, C => self.build_of::<C>(at))
    }

    fn build_of<C: Row>(&mut self, at: usize) -> Result<Option<Pool>, LayoutError> {
        let kept = C::kept(&mut self.pools[at].kept).map(std::mem::take);
        let mut kept = kept.unwrap_or_default();
        if C::DERIVED_ONCE && kept.once.is_none() {
            let mut addresses = std::mem::take(&mut self.addresses);
            let mut find = |seeds: &[&[u8]], program: &Pubkey| addresses.find(seeds, program);
            if let Some(parts) = self.parts::<C>(&self.pools[at]) {
                kept.once = C::once(parts.now, &mut find);
            }
            self.addresses = addresses;
        }
        let built = self.build_with::<C>(&self.pools[at], &mut kept);
        if let Some(empty) = C::kept(&mut self.pools[at].kept) {
            *empty = kept;
        }
        built
    }

    fn build_with<C: Row>(
        &self,
        pool: &PoolEntry,
        kept: &mut Kept<C>,
    ) -> Result<Option<Pool>, LayoutError> {
        let Some(parts) = self.parts::<C>(pool) else {
            return Ok(None);
        };
        if kept.ticks.is_none() {
            kept.ticks = C::ticks(&parts)?;
        }
        match self.balances(pool) {
            Some(balances) => Ok(C::build(&parts, &balances, kept)?.map(C::pool)),
            None => Ok(None),
        }
    }

    /// Returns what is known of a pool, `None` while its own account is not there.
    pub(super) fn parts<'a, C: Row>(&'a self, pool: &'a PoolEntry) -> Option<Parts<'a, C>> {
        match self.decoded(&pool.address)? {
            Decoded::Pool(account) => Some(self.parts_at(pool, C::account(account)?)),
            _ => None,
        }
    }

    /// Returns the same with what the pool's own account is to hold.
    pub(super) fn parts_at<'a, C: Row>(
        &'a self,
        pool: &'a PoolEntry,
        now: &'a C::Account,
    ) -> Parts<'a, C> {
        Parts {
            address: &pool.address,
            now,
            config: pool.config,
            schedule: pool.schedule,
            oracle: pool.oracle,
            bitmap: pool.bitmap,
            arrays: &pool.arrays,
            absent: &pool.absent,
            lookup: self,
        }
    }

    /// Returns the money that a pool's quotes read, `None` if one of the accounts is not there.
    fn balances(&self, pool: &PoolEntry) -> Option<Balances> {
        let [Some(Decoded::Mint(mint_a)), Some(Decoded::Mint(mint_b))] =
            pool.mints?.map(|key| self.decoded(&key))
        else {
            return None;
        };
        let amounts = match pool.vaults {
            None => [0, 0],
            Some(vaults) => match vaults.map(|key| self.decoded(&key)) {
                [Some(Decoded::Vault(first)), Some(Decoded::Vault(second))] => {
                    [first.amount, second.amount]
                }
                _ => return None,
            },
        };
        Some(Balances {
            fees: [mint_a.transfer_fee, mint_b.transfer_fee],
            amounts,
            base_supply: mint_a.supply,
        })
    }
}
