//! Accounts as nodes tell them: whether each is news, and whether it is what its place in a pool asks for.

use std::sync::Arc;

use super::Registry;
use super::entries::{Account, Curve, Decoded, Kept, Role, Teller, Told, Want, is_token_program};
use super::membership::named;
use crate::accounts::{
    AmmV4, BinArray, BinArrayBitmapExtension, ClmmBitmapExtension, ClmmConfig, ClmmPool,
    ClmmTickArray, Clock, CpmmConfig, CpmmPool, DammV2Pool, LayoutError, LbPair, Mint, Oracle,
    PumpConfig, PumpFeeConfig, PumpPool, StableSwap, TickArray, TokenAccount, Whirlpool, program,
};
use crate::base58::{self, Pubkey};

impl Registry {
    /// Returns whether an account is watched, or belongs to a pool by what it says itself: then it is from now on.
    pub(crate) fn knows(&mut self, key: &Pubkey, owner: &Pubkey, data: &[u8]) -> bool {
        self.by_key.contains_key(key) || self.discover(key, owner, data).is_some()
    }

    /// Takes a watched account as a node told it; marks the pools it belongs to dirty.
    pub(crate) fn take(
        &mut self,
        key: &Pubkey,
        slot: u64,
        owner: &Pubkey,
        data: Vec<u8>,
        teller: Teller,
    ) {
        let Some(&at) = self.by_key.get(key) else {
            return;
        };
        if !self.accounts[at].accepts(slot, teller.channel, teller.socket) {
            self.overhear(at, slot, (owner, &data), teller);
            return;
        }
        let Some(decoded) = self.checked(at, owner, &data) else {
            return;
        };
        self.vouched |= self.accounts[at].witness(slot, teller);
        let account = &mut self.accounts[at];
        let goes_on = slot == account.slot && account.count > 0 && account.fork.is_none();
        let (before_slot, before_owner) = (account.slot, account.owner);
        let keeps = account.keeps(slot);
        account.count = if goes_on { account.count + 1 } else { 1 };
        (account.slot, account.owner) = (slot, *owner);
        let earlier = Kept {
            slot: before_slot,
            owner: before_owner,
            data: std::mem::replace(&mut account.data, data),
        };
        if keeps {
            account.keep(earlier, teller.root);
        }
        (account.channel, account.socket) = (teller.channel, teller.socket);
        (account.suspect, account.fork) = (false, None);
        let before = account.decoded.replace(decoded);
        if account.role != Role::Clock {
            for &user in &account.users {
                self.dirty.insert(user);
                let carrier = &mut self.pools[user].carrier;
                if teller.socket && (teller.carries || carrier.is_none()) {
                    *carrier = Some(teller.channel);
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
        if account.count == 0 || slot < account.fork.unwrap_or(account.slot) {
            return;
        }
        let before = account.decoded.take();
        (account.count, account.slot) = (0, 0);
        account.data.clear();
        (account.fork, account.rooted, account.kept) = (None, None, None);
        (account.first, account.second) = (None, None);
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
        let (key, known) = (self.accounts[at].key, self.accounts[at].count > 0);
        match self.decode(&self.accounts[at], owner, data) {
            Ok(Some(decoded)) => match self.changed(at, &decoded) {
                None => Some(decoded),
                Some(problem) => {
                    let text = format!("account {}: {problem}", base58::encode(&key));
                    self.refuse(problem, text);
                    self.lied |= known;
                    None
                }
            },
            Ok(None) => {
                self.stranger(&key, owner);
                self.lied |= known;
                None
            }
            Err(error) => {
                self.refuse(
                    "bad_layout",
                    format!("account {}: {error}", base58::encode(&key)),
                );
                self.lied |= known && error.is_other();
                None
            }
        }
    }

    /// Returns which relation between a pool and its accounts an update breaks that lasts as long as they do.
    fn changed(&self, at: usize, now: &Decoded) -> Option<&'static str> {
        let account = &self.accounts[at];
        let pool = account.users.first().map(|&user| &self.pools[user]);
        let is_of = |named: &Pubkey| pool.is_none_or(|pool| pool.address == *named);
        match (now, &account.decoded) {
            (Decoded::Vault(now), Some(Decoded::Vault(before))) if now.mint != before.mint => {
                Some("vault_mint")
            }
            (Decoded::Vault(now), Some(Decoded::Vault(before))) if now.owner != before.owner => {
                Some("vault_owner")
            }
            (Decoded::Ticks(now), _) => (!is_of(&now.whirlpool)).then_some("other_pool"),
            (Decoded::Oracle(now), _) => (!is_of(&now.whirlpool)).then_some("other_pool"),
            (Decoded::Bins(now), _) => (!is_of(&now.lb_pair)).then_some("other_pool"),
            (Decoded::Bitmap(now), _) => (!is_of(&now.lb_pair)).then_some("other_pool"),
            (Decoded::ClmmTicks(now), _) => (!is_of(&now.pool)).then_some("other_pool"),
            (Decoded::ClmmBitmap(now), _) => (!is_of(&now.pool)).then_some("other_pool"),
            (now, _) if account.role == Role::Pool => {
                let pool = pool.filter(|pool| pool.mints.is_some())?;
                let (mints, vaults) = named(now)?;
                if Some(mints) != pool.mints {
                    return Some("pool_mints");
                }
                (vaults != pool.vaults).then_some("pool_vaults")
            }
            _ => None,
        }
    }

    /// Takes a copy that is no news: who told it, and whether its teller went back.
    fn overhear(&mut self, at: usize, slot: u64, (owner, data): (&Pubkey, &[u8]), teller: Teller) {
        let account = &mut self.accounts[at];
        let is_alike = account.owner == *owner && account.data.len() == data.len();
        let (key, newest) = (account.key, account.slot);
        let own = teller.socket && teller.channel == account.channel;
        if account.count > 0 && is_alike {
            self.vouched |= account.hear(slot, teller);
        }
        if own && slot < newest {
            let text = format!(
                "account {} told at slot {slot} after {newest}",
                base58::encode(&key)
            );
            self.refuse("slot_back", text);
        }
        if self.accounts[at].count > 0 && !is_alike {
            // Not worth decoding where it looks alike: it advances nothing.
            self.checked(at, owner, data);
        }
        if self.accounts[at].fork.is_some() {
            self.ask(&key, None);
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

impl Account {
    /// Returns whether the state that an update at `slot` takes the place of may be worth keeping.
    fn keeps(&self, slot: u64) -> bool {
        self.count > 0 && self.fork.is_none() && slot > self.slot && self.role != Role::Clock
    }

    /// Keeps an earlier state, if that is the next one to be rooted.
    fn keep(&mut self, earlier: Kept, root: u64) {
        if self.kept.as_ref().is_some_and(|kept| kept.slot <= root) {
            self.rooted = self.kept.take();
        }
        if earlier.slot <= root {
            (self.rooted, self.kept) = (Some(earlier), None);
        } else if self.kept.is_none() {
            self.kept = Some(earlier);
        }
    }

    /// Takes who told what it holds from now on: first, or after another endpoint had. Returns whether that confirms it.
    fn witness(&mut self, slot: u64, teller: Teller) -> bool {
        let Some(content) = teller.content else {
            (self.first, self.second) = (None, None);
            return false;
        };
        if self.first.is_some_and(|first| first.content == content) && self.fork.is_none() {
            return self.hear(slot, teller);
        }
        let endpoint = teller.endpoint;
        self.first = Some(Told {
            endpoint,
            slot,
            content,
        });
        // The other endpoint may have been ahead within the slot.
        self.second = self.second.filter(|second| {
            second.endpoint != endpoint && second.content == content && second.slot >= slot
        });
        self.is_confirmed()
    }

    /// Takes what another endpoint than the first one says. Returns whether that confirms what was not confirmed before.
    fn hear(&mut self, slot: u64, teller: Teller) -> bool {
        let (Some(content), Some(first)) = (teller.content, self.first) else {
            return false;
        };
        if first.endpoint == teller.endpoint || self.second.is_some_and(|second| slot < second.slot)
        {
            return false;
        }
        let before = self.is_confirmed();
        self.second = Some(Told {
            endpoint: teller.endpoint,
            slot,
            content,
        });
        self.is_confirmed() && !before
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
