//! The same chain over several sockets: who brings what first, by how much, and who stands in for one that is lost.
//!
//! The aggregator measures, the registry decides: `Account::accepts` is the only rule of what is news. Both let only the
//! connection that first delivered an account advance it within a slot; but the registry knows seeds over HTTP, doubts
//! after a gap and accounts that are gone too, has no window that forgets, and takes an account that returns to earlier
//! bytes within a slot, which a hash calls a duplicate. Logs have no such rule of their own: the first copy counts.

use serde::Serialize;

use super::Engine;
use super::channels::ChannelState;
use crate::aggregate::wss_aggregator::{Verdict, WssAggregator};
use crate::chain::base58::{Pubkey, Signature};

/// How one socket does beside the others; twin of `RaceView` in `cambist/engine/protocol.py`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct RaceView {
    first: u64,
    duplicates: u64,
    share_ppm: Option<u128>,
    ahead_ns: Option<u64>,
    behind_ns: Option<u64>,
}

impl Engine {
    /// Looks whether there are several sockets; with one nothing is measured and nothing costs.
    pub(super) fn count_sockets(&mut self) {
        let several = self.sockets().nth(1).is_some();
        self.racing = several;
    }

    fn sockets(&self) -> impl Iterator<Item = &ChannelState> {
        self.channels.values().filter(|channel| channel.socket)
    }

    /// Returns the channels that are asked for an account beside the one that misses it: with several sockets all.
    pub(super) fn raced_sockets(&self) -> Vec<u16> {
        if !self.racing {
            return Vec::new();
        }
        self.sockets().map(|socket| socket.info.id).collect()
    }

    /// Takes that a socket is lost: others may advance what it led, and stand in for what it carried.
    pub(super) fn lose_socket(&mut self, at: u16) {
        if !self.racing {
            return;
        }
        self.race.disconnected(at);
        // Of this one nothing comes before it is back; whoever stands in is asked now.
        self.market.registry.ask_again(at);
        for socket in self.channels.values() {
            if socket.socket && socket.info.id != at && socket.is_believed() {
                let reported = socket.session.accounts();
                self.market
                    .registry
                    .hand_over(at, socket.info.id, &reported);
            }
        }
    }

    /// Returns how a socket does, `None` where there is no other.
    pub(super) fn race_view(&self, channel: &ChannelState) -> Option<RaceView> {
        if !self.racing || !channel.socket {
            return None;
        }
        let stats = self.race.stats(channel.info.id);
        let firsts = self
            .sockets()
            .map(|each| self.race.stats(each.info.id).first);
        let total: u128 = firsts.map(u128::from).sum();
        Some(RaceView {
            first: stats.first,
            duplicates: stats.duplicate,
            share_ppm: (u128::from(stats.first) * 1_000_000).checked_div(total),
            ahead_ns: stats.lead_ns.checked_div(stats.led),
            behind_ns: stats.lag_ns.checked_div(stats.lagged),
        })
    }
}

/// Returns whether logs are told for the first time. Of one transaction each account that it mentions is told apart.
pub(super) fn is_first(
    race: &mut WssAggregator,
    endpoint: u16,
    (signature, account): (&Signature, &Pubkey),
    failed: bool,
    at_ns: i64,
) -> bool {
    let mut key = *signature;
    for (byte, other) in key[32..].iter_mut().zip(account) {
        *byte ^= other;
    }
    race.signature(endpoint, key, failed, at_ns) == Verdict::First
}
