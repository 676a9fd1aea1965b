//! Orders on their way into a block: the states of their pools, one after the other, and what a route pays at each.

use std::collections::BTreeSet;

use super::Engine;
use super::market::Kind;
use super::slot_chain::SlotStanding;

/// What a route pays at the state as it is, and of which slot that is; see `StateQuote` in `cambist/engine/protocol.py`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateQuote {
    /// The newest slot that was announced, 0 before any.
    pub newest_slot: u64,
    /// The newest slot in which a pool of the route changed, 0 if none is known.
    pub slot: u64,
    pub amount_out: u64,
    /// Empty, or why it can't be quoted.
    pub reason: String,
}

impl Engine {
    /// Lets `ingest` stop after each frame that changes a pool behind one of these edges or begins a slot, and after no
    /// other than it did before if there are none. Not part of a snapshot.
    pub fn watch(&mut self, edges: &[&str]) {
        self.watched = self.pools_of(edges);
    }

    /// Quotes a route as `quote_route` does, and says which slot its state is of.
    pub fn quote_state(&mut self, route: &[&str], amount_in: u64, now_ns: i64) -> StateQuote {
        let (amount_out, reason) = self.quote_route(route, amount_in, now_ns);
        let pools = self.pools_of(route).into_iter();
        StateQuote {
            newest_slot: self.market.slot.unwrap_or(0),
            slot: pools
                .map(|at| self.market.registry.told_slot(at))
                .max()
                .unwrap_or(0),
            amount_out,
            reason,
        }
    }

    /// Returns whether a slot is in the chain, by the node that says most for it.
    #[must_use]
    pub fn slot_standing(&self, slot: u64) -> SlotStanding {
        let told = self.channels.values();
        told.map(|channel| channel.chain.standing(slot))
            .max()
            .unwrap_or_default()
    }

    /// Returns whether the frame before which `slot` was the newest one is to be looked at.
    pub(super) fn is_watched(&self, slot: Option<u64>) -> bool {
        if self.watched.is_empty() {
            return false;
        }
        let dirty = &self.market.registry.dirty;
        self.market.slot != slot || self.watched.iter().any(|at| dirty.contains(at))
    }

    fn pools_of(&self, edges: &[&str]) -> BTreeSet<usize> {
        let market = &self.market;
        let edges = edges.iter().filter_map(|name| market.graph.find_edge(name));
        let behind = edges.map(|edge| market.behind(edge));
        let pools = behind.filter(|each| each.kind == Kind::Pool);
        pools.map(|each| each.at).collect()
    }
}
