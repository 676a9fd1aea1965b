//! What the engine wants feeds to fetch, and what it refused.

use serde::Serialize;

use super::market::Channels;
use super::{Engine, Ingested, count, json};
use crate::book::order_book::BookChange;
use crate::chain::base58;

/// What the engine wants a feed to fetch.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Need {
    kind: &'static str,
    channel: u16,
    key: String,
    index: i32,
}

/// What a transaction paid that took a gap, and who; see `cambist/model/ends.py`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Receipt {
    pub(super) signature: String,
    pub(super) slot: u64,
    pub(super) payer: String,
    pub(super) fee: u64,
    pub(super) tip: Option<u64>,
}

impl Engine {
    /// Asks for transactions of the first node that is believed, if there is one.
    pub(super) fn ask_transactions(&mut self) {
        let wanted = self.standing.ends.take_wanted();
        let mut told = self.channels.values().filter(|channel| channel.socket);
        let Some(channel) = told.find(|channel| channel.is_believed()) else {
            return;
        };
        let channel = channel.info.id;
        self.needs.extend(wanted.iter().map(|signature| Need {
            kind: "transaction",
            channel,
            key: base58::encode_signature(signature),
            index: 0,
        }));
    }

    pub(super) fn hand_out_needs(&mut self, out: &mut Ingested) {
        for need in self.needs.drain(..) {
            json::append(&mut out.needs, &need);
            out.needs.push(b'\n');
        }
        for receipt in self.receipts.drain(..) {
            json::append(&mut out.receipts, &receipt);
            out.receipts.push(b'\n');
        }
    }

    /// Asks for a depth snapshot if the book needs one.
    pub(super) fn seed(&mut self, place: usize, change: BookChange) {
        if change.need_seed {
            let entry = &self.market.books.entries[place];
            let (channel, key) = (entry.channel.unwrap_or(0), entry.symbol.clone());
            self.needs.push(Need {
                kind: "depth",
                channel,
                key,
                index: 0,
            });
        }
    }

    /// Counts what the registry and the books refused, and hands out what they need.
    pub(super) fn take_refused(&mut self, at: Option<u16>) {
        let (registry, books) = (&mut self.market.registry, &mut self.market.books);
        for reason in registry.refused.drain(..).chain(books.refused.drain(..)) {
            count(&mut self.counters.refused, reason);
        }
        if registry.wants.is_empty() && registry.errors.is_empty() {
            return;
        }
        let errors = std::mem::take(&mut registry.errors);
        let Some(at) = at else { return };
        let sockets = self.raced_sockets();
        for want in self.market.registry.wants.drain(..) {
            let alone = [want.carrier.unwrap_or_else(|| asks(&self.channels, at))];
            // Each of several sockets carries the same accounts, else they would not be worth comparing, or keeping.
            let asked = if sockets.is_empty() {
                &alone
            } else {
                &sockets[..]
            };
            self.needs.extend(asked.iter().map(|&channel| Need {
                kind: want.kind,
                channel,
                key: want.key.clone(),
                index: want.index,
            }));
        }
        if let Some(channel) = self.channels.get_mut(&at) {
            for text in errors {
                channel.error(&text);
            }
        }
    }
}

/// Returns the channel that should carry an account: this one if it is a socket, else a socket of the same feed.
fn asks(channels: &Channels, at: u16) -> u16 {
    let Some(channel) = channels.get(&at).filter(|channel| !channel.socket) else {
        return at;
    };
    let mut sockets = channels
        .values()
        .filter(|other| other.socket && other.info.feed == channel.info.feed);
    sockets.next().map_or(at, |socket| socket.info.id)
}
