//! Slots that fell out of a node's chain, and the accounts whose state came from them.
//!
//! Such a state is rolled back to one that is rooted, where one is kept, and its pools are out until each of these
//! accounts is told again at a slot that stands. The clock alone is left: the next slot tells it anew.

use std::collections::BTreeSet;

use super::Registry;
use super::entries::Want;
use crate::chain::base58::{self, Pubkey};
use crate::engine::slot_chain::{Change, floor};
use crate::venues::program::Role;

impl Registry {
    /// Takes what changed in the chain that these channels tell; `carrier` is asked again.
    ///
    /// What fell out of the chain and came back is not told again: an account that changed there is as doubtful as one
    /// whose state fell.
    pub(crate) fn fall(
        &mut self,
        channels: &BTreeSet<u16>,
        change: &Change,
        root: u64,
        carrier: u16,
    ) {
        let mut fallen: Vec<(Pubkey, usize, u64)> = Vec::new();
        for (at, account) in self.accounts.iter_mut().enumerate() {
            if !channels.contains(&account.channel) || account.role == Role::Clock {
                continue;
            }
            let is_fallen = |slot| floor(slot, &change.fallen).is_some();
            if account
                .kept
                .as_ref()
                .is_some_and(|kept| is_fallen(kept.slot))
            {
                account.kept = None;
            }
            let mut least = floor(account.slot, &change.fallen);
            if let Some(back) = change.back.filter(|_| account.fell > Some(root)) {
                least = least.max(Some(back));
                account.fork = account.fork.map(|fork| fork.max(back));
            }
            if let Some(least) = least.filter(|_| account.count > 0 && account.fork.is_none()) {
                fallen.push((account.key, at, least));
            }
        }
        fallen.sort_unstable();
        for (_, at, least) in fallen {
            self.roll_back(at, self.accounts[at].slot, least, carrier);
        }
    }

    /// Takes back what an account said, and asks for it; it counts again once told at slot `least` or later.
    fn roll_back(&mut self, at: usize, fell: u64, least: u64, carrier: u16) {
        let account = &mut self.accounts[at];
        let key = account.key;
        account.fork = Some(least);
        account.fell = account.fell.max(Some(fell));
        account.kept = None;
        (account.first, account.second) = (None, None);
        if let Some(rooted) = account.rooted.clone().filter(|rooted| rooted.slot <= least) {
            (account.slot, account.owner, account.data) = (rooted.slot, rooted.owner, rooted.data);
            // It was read before, so it can't be refused now.
            let decoded = self.decode(
                &self.accounts[at],
                &self.accounts[at].owner,
                &self.accounts[at].data,
            );
            if let Ok(Some(decoded)) = decoded {
                let before = self.accounts[at].decoded.replace(decoded);
                self.note(at, before.as_ref());
            }
        }
        for user in self.accounts[at].users.clone() {
            // Slots of the lost fork must not pass for closed ones on this one.
            self.pools[user].closed_slot = 0;
            self.dirty.insert(user);
        }
        self.refused.push("rolled_back");
        self.ask(&key, Some(carrier));
    }

    /// Takes that an account was told at a slot that doesn't stand: what it is on this fork is not known. It may have
    /// changed there alone, and the chain may come back to that slot without telling it again.
    pub(crate) fn reported_from_fork(&mut self, key: &Pubkey, slot: u64, least: u64, carrier: u16) {
        let name = base58::encode(key);
        let text = format!("account {name} told at slot {slot}, which fell out of the chain");
        self.refuse("forked", text);
        let Some(&at) = self.by_key.get(key) else {
            return;
        };
        let account = &mut self.accounts[at];
        if account.role == Role::Clock && account.count > 0 {
            return;
        }
        if account.count > 0 && account.fork.is_none() {
            self.roll_back(at, slot, least, carrier);
        } else {
            account.fell = account.fell.max(Some(slot));
            self.ask(key, Some(carrier));
        }
    }

    /// Takes that an account was told at a slot that can't be believed: if that was news, it is in doubt.
    pub(crate) fn doubt_update(&mut self, key: &Pubkey, slot: u64, channel: u16, socket: bool) {
        let Some(&at) = self.by_key.get(key) else {
            return;
        };
        let account = &mut self.accounts[at];
        if !account.accepts(slot, channel, socket) {
            return;
        }
        if account.count > 0 && !account.suspect {
            account.suspect = true;
            self.dirty.extend(&account.users);
        }
        self.ask(key, None);
    }

    pub(super) fn ask(&mut self, key: &Pubkey, carrier: Option<u16>) {
        self.wants.push(Want {
            kind: "account",
            key: base58::encode(key),
            index: 0,
            carrier,
        });
    }
}
