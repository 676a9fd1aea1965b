//! Accounts as nodes tell them: whether each is news, and whether it is what its place in a pool asks for.

use std::sync::Arc;

use super::Registry;
use super::entries::{Account, Decoded, Kept, Report, Reporter, Want, is_token_program};
use super::membership::{named, start_of};
use crate::chain::base58::{self, Pubkey};
use crate::chain::program;
use crate::chain::reader::LayoutError;
use crate::chain::token::{Clock, Mint, TokenAccount};
use crate::venues::pool::Row;
use crate::venues::program::{Curve, Role};
use crate::venues::{PoolKind, by_kind};

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
        reporter: Reporter,
    ) {
        let Some(&at) = self.by_key.get(key) else {
            return;
        };
        if !self.accounts[at].accepts(slot, reporter.channel, reporter.socket) {
            self.take_copy(at, slot, (owner, &data), reporter);
            return;
        }
        let Some(decoded) = self.checked(at, owner, &data) else {
            return;
        };
        self.vouched |= self.accounts[at].witness(slot, reporter);
        let account = &mut self.accounts[at];
        let goes_on = slot == account.slot && account.count > 0 && account.fork.is_none();
        let (before_slot, before_owner) = (account.slot, account.owner);
        let keeps = account.keeps(slot);
        account.count = if goes_on { account.count + 1 } else { 1 };
        (account.slot, account.owner) = (slot, *owner);
        let earlier = Kept {
            slot: before_slot,
            owner: before_owner,
            data: std::mem::replace(&mut account.data, Arc::new(data)),
        };
        if keeps {
            account.keep(earlier, reporter.root);
        }
        (account.channel, account.socket) = (reporter.channel, reporter.socket);
        (account.suspect, account.fork) = (false, None);
        let before = account.decoded.replace(decoded);
        if account.role != Role::Clock {
            for &user in &account.users {
                self.dirty.insert(user);
                let carrier = &mut self.pools[user].carrier;
                if reporter.socket && (reporter.carries || carrier.is_none()) {
                    *carrier = Some(reporter.channel);
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
        if let Some(Decoded::Pool(now)) = self.checked(at, owner, data) {
            let key = self.pools[user].name.clone();
            self.wants.push(Want {
                kind: "account",
                key,
                index: 0,
                carrier: None,
            });
            self.first_sight(user, &now);
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
        account.data = Arc::default();
        (account.fork, account.rooted, account.kept) = (None, None, None);
        (account.first, account.second) = (None, None);
        match before {
            Some(Decoded::Part(part)) => {
                let (role, pool) = (account.role, &mut self.pools[account.users[0]]);
                let start = start_of(pool.kind, &part).filter(|_| role == Role::Ticks);
                if let Some(start) = start {
                    if by_kind!(pool.kind, C => C::TELLS_ABSENCE) {
                        pool.absent.insert(start);
                    }
                    pool.lose_array(start, slot);
                } else if role == Role::Bitmap {
                    pool.bitmap = None;
                    pool.drop_ticks();
                }
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
            (Decoded::Part(now), _) => {
                let kind = pool?.kind;
                let named = by_kind!(kind, C => C::part(now).and_then(C::pool_of));
                named.filter(|named| !is_of(named)).map(|_| "other_pool")
            }
            (Decoded::Pool(now), _) if account.role == Role::Pool => {
                let pool = pool.filter(|pool| pool.mints.is_some())?;
                let names = named(pool.kind, now)?;
                if Some(names.mints) != pool.mints {
                    return Some("pool_mints");
                }
                (names.vaults != pool.vaults).then_some("pool_vaults")
            }
            _ => None,
        }
    }

    /// Takes a copy that changes nothing: who reported it, and whether its reporter went back.
    fn take_copy(
        &mut self,
        at: usize,
        slot: u64,
        (owner, data): (&Pubkey, &[u8]),
        reporter: Reporter,
    ) {
        let account = &mut self.accounts[at];
        let is_alike = account.owner == *owner && account.data.len() == data.len();
        let (key, newest) = (account.key, account.slot);
        let own = reporter.socket && reporter.channel == account.channel;
        if account.count > 0 && is_alike {
            self.vouched |= account.corroborate(slot, reporter);
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
        let venue = || {
            let pool = &self.pools[account.users[0]];
            (pool.kind, pool.program)
        };
        let decoded = match account.role {
            Role::Clock if *owner == program::SYSVAR => Decoded::Clock(Clock::decode(data)?),
            Role::Vault if is_token_program(owner) => Decoded::Vault(TokenAccount::decode(data)?),
            Role::Mint if is_token_program(owner) => Decoded::Mint(Mint::decode(data)?),
            Role::Clock | Role::Vault | Role::Mint => return Ok(None),
            role => {
                let (kind, program) = venue();
                if owner_of(kind, role).unwrap_or(program) != *owner {
                    return Ok(None);
                }
                decode_of(kind, role, data)?
            }
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
    fn witness(&mut self, slot: u64, reporter: Reporter) -> bool {
        let Some(content) = reporter.content else {
            (self.first, self.second) = (None, None);
            return false;
        };
        if self.first.is_some_and(|first| first.content == content) && self.fork.is_none() {
            return self.corroborate(slot, reporter);
        }
        let endpoint = reporter.endpoint;
        self.first = Some(Report {
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
    fn corroborate(&mut self, slot: u64, reporter: Reporter) -> bool {
        let (Some(content), Some(first)) = (reporter.content, self.first) else {
            return false;
        };
        if first.endpoint == reporter.endpoint
            || self.second.is_some_and(|second| slot < second.slot)
        {
            return false;
        }
        let before = self.is_confirmed();
        self.second = Some(Report {
            endpoint: reporter.endpoint,
            slot,
            content,
        });
        self.is_confirmed() && !before
    }
}

/// Returns who owns the accounts of a role, `None` if that is the pool's own program.
fn owner_of(kind: PoolKind, role: Role) -> Option<Pubkey> {
    let owners = by_kind!(kind, C => C::OWNERS);
    let mut owners = owners.iter();
    owners.find(|(of, _)| *of == role).map(|(_, owner)| *owner)
}

/// Returns what an account of a venue holds.
fn decode_of(kind: PoolKind, role: Role, data: &[u8]) -> Result<Decoded, LayoutError> {
    by_kind!(kind, C => Ok(match role {
        Role::Pool => Decoded::Pool(C::own(C::decode(data)?)),
        _ => Decoded::Part(C::other(C::decode_part(role, data)?)),
    }))
}
