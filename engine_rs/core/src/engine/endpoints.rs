//! Nodes as reporters of accounts: which one speaks, what it may advance, and who takes over where one lags or lies.
//!
//! A node's socket and its HTTP side, which share a feed's name, are one endpoint: one chain of slots judges both.

use std::collections::BTreeSet;

use super::Engine;
use super::channels::ChannelState;
use super::registry::Reporter;
use crate::aggregate::wss_aggregator::content_of;
use crate::chain::base58::{self, Pubkey};

/// How far from the newest slot an account may be told: after as many a slot is final.
const MOST_SLOTS_OFF: u64 = 32;

/// An account as a node told it.
pub(super) struct AccountUpdate {
    pub(super) key: Pubkey,
    pub(super) slot: u64,
    pub(super) lamports: u64,
    pub(super) owner: Pubkey,
    pub(super) data: Vec<u8>,
}

/// A slot as a node announced it.
#[derive(Clone, Copy)]
pub(super) struct Announced {
    pub(super) slot: u64,
    pub(super) parent: u64,
    pub(super) root: u64,
}

impl Engine {
    /// Returns the sockets of a channel's endpoint: itself, or those that its HTTP side belongs to.
    fn sockets_of(&self, at: u16) -> impl Iterator<Item = &ChannelState> {
        let own = self.channels.get(&at);
        self.channels.values().filter(move |each| {
            each.socket
                && own.is_some_and(|own| {
                    if own.socket {
                        each.info.id == at
                    } else {
                        each.info.feed == own.info.feed
                    }
                })
        })
    }

    /// Takes that there is no such account, if that node and its slot can be believed.
    pub(super) fn lost_account(&mut self, at: u16, key: &Pubkey, slot: u64) {
        if self.is_believed(at, slot) {
            self.market.registry.lose(key, slot);
        }
    }

    /// Takes an account as a node told it, if that node and its slot can be believed.
    pub(super) fn account_update(&mut self, at: u16, update: AccountUpdate, now_ns: i64) {
        if self
            .sockets_of(at)
            .any(|socket| !socket.quarantine.is_empty())
        {
            self.market.registry.refused.push("quarantined");
            return;
        }
        if update.lamports == 0 && update.data.is_empty() {
            self.market.registry.lose(&update.key, update.slot);
            return;
        }
        let Some(channel) = self.channels.get(&at) else {
            return;
        };
        let content = self
            .racing
            .then(|| content_of((update.lamports, &update.data)));
        if let Some(content) = content.filter(|_| channel.socket)
            && self.market.registry.account(&update.key).is_some()
        {
            self.race
                .content(at, update.key, update.slot, content, now_ns);
        }
        let (id, socket) = (channel.info.id, channel.socket);
        let registry = &mut self.market.registry;
        if !registry.knows(&update.key, &update.owner, &update.data) {
            return;
        }
        if self.is_off(id, socket, &update) || self.is_forked(at, &update) {
            return;
        }
        let reporter = self.reporter(at, content);
        let registry = &mut self.market.registry;
        registry.take(
            &update.key,
            update.slot,
            &update.owner,
            update.data,
            reporter,
        );
        if std::mem::take(&mut registry.lied) {
            let why = registry.errors.last().cloned().unwrap_or_default();
            self.quarantine(at, &why);
        }
    }

    fn reporter(&self, at: u16, content: Option<[u8; 16]>) -> Reporter {
        let sockets = || self.sockets_of(at);
        let channel = self.channels.get(&at);
        Reporter {
            channel: at,
            socket: channel.is_some_and(|channel| channel.socket),
            endpoint: sockets().map(|socket| socket.info.id).min().unwrap_or(at),
            carries: !channel.is_some_and(|channel| self.is_behind(channel)),
            root: sockets()
                .map(|socket| socket.chain.root())
                .max()
                .unwrap_or(0),
            content,
        }
    }

    /// Returns whether a node is believed that an account doesn't exist at this slot.
    pub(super) fn is_believed(&self, at: u16, slot: u64) -> bool {
        let doubted = |socket: &ChannelState| {
            !socket.quarantine.is_empty() || socket.chain.floor(slot).is_some()
        };
        !self.sockets_of(at).any(doubted)
    }

    /// Refuses what was told at a slot far from the newest; if it is news, the account is in doubt.
    fn is_off(&mut self, at: u16, socket: bool, update: &AccountUpdate) -> bool {
        let Some(newest) = self.market.slot else {
            return false;
        };
        if update.slot.abs_diff(newest) <= MOST_SLOTS_OFF {
            return false;
        }
        let reason = if update.slot < newest {
            "old_slot"
        } else {
            "future_slot"
        };
        let name = base58::encode(&update.key);
        let text = format!(
            "account {name} told at slot {}, the newest is {newest}",
            update.slot
        );
        let registry = &mut self.market.registry;
        registry.refuse(reason, text);
        registry.doubt_update(&update.key, update.slot, at, socket);
        true
    }

    /// Refuses what was told at a slot that the node's newest one does not descend from.
    fn is_forked(&mut self, at: u16, update: &AccountUpdate) -> bool {
        let mut floors = self
            .sockets_of(at)
            .filter_map(|socket| Some((socket.chain.floor(update.slot)?, socket.info.id)));
        let Some((floor, carrier)) = floors.next() else {
            return false;
        };
        drop(floors);
        let registry = &mut self.market.registry;
        registry.reported_from_fork(&update.key, update.slot, floor, carrier);
        true
    }

    /// Takes a slot that a node announced.
    pub(super) fn announced(&mut self, at: u16, announced: Announced, now_ns: i64) {
        let Announced { slot, parent, root } = announced;
        self.weigh_changed(now_ns);
        let registry = &mut self.market.registry;
        if parent >= slot || root > slot {
            let text = format!("slot {slot} has parent {parent} and root {root}");
            registry.refuse("bad_slot", text);
            return;
        }
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        let is_new = channel.announce(slot, now_ns) && channel.quarantine.is_empty();
        if channel.socket
            && let Some(change) = channel.chain.take(slot, parent, root)
        {
            let root = channel.chain.root();
            let feed = channel.info.feed.clone();
            let own = self.channels.values().filter(|each| {
                each.solana && each.info.feed == feed && (!each.socket || each.info.id == at)
            });
            let own: BTreeSet<u16> = own.map(|each| each.info.id).collect();
            registry.fall(&own, &change, root, at);
        }
        if !is_new {
            return;
        }
        let sockets = self.channels.values();
        let sockets = sockets.filter(|each| each.socket && each.quarantine.is_empty());
        let newest = sockets.filter_map(|each| Some((each.info.id, each.slot?)));
        registry.announce(slot, &newest.collect());
        if self.market.slot.is_none_or(|newest| slot > newest) {
            (self.market.slot, self.market.slot_ns) = (Some(slot), now_ns);
        }
        self.pass_on();
    }

    /// Returns whether a socket is too many slots behind the best one to be believed.
    fn is_behind(&self, channel: &ChannelState) -> bool {
        self.slots_behind(channel)
            .is_some_and(|behind| behind > self.setup.gates.max_slot_lag)
    }

    /// Returns by how many slots a socket trails the newest one; `None` before it announced any.
    pub(super) fn slots_behind(&self, channel: &ChannelState) -> Option<u64> {
        let slot = channel.slot.filter(|_| channel.socket)?;
        Some(self.market.slot?.saturating_sub(slot))
    }

    /// Lets the pools that a lagging socket carries follow one that keeps up and tells all of their accounts.
    fn pass_on(&mut self) {
        if !self.racing {
            return;
        }
        let pools = &self.market.registry.pools;
        let carriers: BTreeSet<u16> = pools.iter().filter_map(|pool| pool.carrier).collect();
        let late = carriers.into_iter().filter(|at| {
            let channel = self.channels.get(at);
            channel.is_some_and(|channel| channel.socket && self.is_behind(channel))
        });
        for late in late.collect::<Vec<_>>() {
            let others = self.channels.values().filter(|other| {
                other.socket
                    && other.info.id != late
                    && other.slot.is_some()
                    && other.is_believed()
                    && !self.is_behind(other)
            });
            let others = others.map(|other| (other.info.id, other.session.accounts()));
            for (to, reported) in others.collect::<Vec<_>>() {
                self.market.registry.pass_on(late, to, &reported);
            }
        }
    }

    /// Takes nothing more of an endpoint that said what can't be so, until it connects anew.
    fn quarantine(&mut self, at: u16, why: &str) {
        let sockets = self.sockets_of(at).map(|socket| socket.info.id);
        for socket in sockets.collect::<Vec<_>>() {
            if let Some(channel) = self.channels.get_mut(&socket) {
                why.clone_into(&mut channel.quarantine);
            }
            self.market.registry.refused.push("quarantine");
            self.market.registry.doubt(socket);
            self.lose_socket(socket);
        }
    }
}
