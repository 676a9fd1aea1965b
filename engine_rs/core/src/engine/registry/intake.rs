//! Accounts as nodes tell them: whether each is news, and whether it is what its place in a pool asks for.

use std::sync::Arc;

use super::Registry;
use super::entries::{Account, Curve, Decoded, Role, Want, is_token_program};
use crate::accounts::{
    AmmV4, BinArray, BinArrayBitmapExtension, ClmmBitmapExtension, ClmmConfig, ClmmPool,
    ClmmTickArray, Clock, CpmmConfig, CpmmPool, DammV2Pool, LayoutError, LbPair, Mint, Oracle,
    PumpConfig, PumpFeeConfig, PumpPool, StableSwap, TickArray, TokenAccount, Whirlpool, program,
};
use crate::base58::{self, Pubkey};

impl Registry {
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
        match before {
            Some(Decoded::Ticks(array)) => {
                let pool = &mut self.pools[account.users[0]];
                pool.absent.insert(array.start_tick_index);
                pool.lose_array(array.start_tick_index, slot);
            }
            Some(Decoded::Bins(array)) => {
                self.pools[account.users[0]].lose_array(array.index, slot);
            }
            Some(Decoded::ClmmTicks(array)) => {
                self.pools[account.users[0]].lose_array(array.start_tick_index, slot);
            }
            Some(Decoded::Bitmap(_) | Decoded::ClmmBitmap(_)) => {
                let pool = &mut self.pools[account.users[0]];
                pool.bitmap = None;
                pool.drop_ticks();
            }
            Some(Decoded::Mint(_)) => {
                self.decimals.remove(&base58::encode(key));
            }
            // It may come back as another pool.
            Some(_) if account.role == Role::Pool => self.pools[account.users[0]].drop_ticks(),
            _ => {}
        }
        self.dirty.extend(&self.accounts[at].users);
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
            Role::Schedule => *owner == program::PUMP_FEES,
            Role::Pool | Role::Config | Role::Ticks | Role::Oracle | Role::Bitmap => {
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
            Role::Config | Role::Ticks | Role::Bitmap | Role::Pool => {
                decode_of(self.pools[account.users[0]].curve, account.role, data)?
            }
            Role::Oracle => Decoded::Oracle(Oracle::decode(data)?),
            Role::Schedule => Decoded::Schedule(Box::new(PumpFeeConfig::decode(data)?)),
        };
        Ok(Some(decoded))
    }
}

/// Returns what an account of a pool's own program holds.
fn decode_of(curve: Curve, role: Role, data: &[u8]) -> Result<Decoded, LayoutError> {
    Ok(match (role, curve) {
        (Role::Config, Curve::Clmm) => Decoded::ClmmConfig(ClmmConfig::decode(data)?),
        (Role::Config, Curve::Pump) => Decoded::PumpConfig(PumpConfig::decode(data)?),
        (Role::Config, _) => Decoded::Config(CpmmConfig::decode(data)?),
        (Role::Ticks, Curve::Dlmm) => Decoded::Bins(Arc::new(BinArray::decode(data)?)),
        (Role::Ticks, Curve::Clmm) => Decoded::ClmmTicks(ClmmTickArray::decode(data)?),
        (Role::Ticks, _) => Decoded::Ticks(TickArray::decode(data)?),
        (Role::Bitmap, Curve::Clmm) => {
            Decoded::ClmmBitmap(Box::new(ClmmBitmapExtension::decode(data)?))
        }
        (Role::Bitmap, _) => Decoded::Bitmap(Box::new(BinArrayBitmapExtension::decode(data)?)),
        (_, Curve::Ray4) => Decoded::AmmV4(Box::new(AmmV4::decode(data)?)),
        (_, Curve::Cpmm) => Decoded::Cpmm(Box::new(CpmmPool::decode(data)?)),
        (_, Curve::Orca) => Decoded::Whirlpool(Box::new(Whirlpool::decode(data)?)),
        (_, Curve::Saber) => Decoded::Stable(Box::new(StableSwap::decode(data)?)),
        (_, Curve::DammV2) => Decoded::DammV2(Box::new(DammV2Pool::decode(data)?)),
        (_, Curve::Dlmm) => Decoded::LbPair(Box::new(LbPair::decode(data)?)),
        (_, Curve::Clmm) => Decoded::Clmm(Box::new(ClmmPool::decode(data)?)),
        (_, Curve::Pump) => Decoded::Pump(Box::new(PumpPool::decode(data)?)),
    })
}
