//! What a trade by legs leaves where the next one does not take it from, and what bringing it back costs.
//!
//! An edge takes its token where it trades: on chain, at its exchange, or for an equivalence at that of its pair. The
//! edge before it brought that token where it trades itself; before the first one is the last. Where the two places
//! differ, what was taken is to be moved from the second to the first. A transfer costs its share of the flat fee and
//! the part of the amount, in the token moved. That is worth in the base token what the route pays to reach as much of
//! it, at its average rate up to there, as what venues keep is valued, but rounded up.

use super::{Kind, Market};
use crate::engine::book_scale::PPM;
use crate::engine::setup::{EngineSetup, Transfer};
use crate::search::graph::EdgeId;

/// Where pools trade.
const CHAIN: &str = "solana";

/// A way to move a token, as one trade bears it.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    facts: Transfer,
    /// Atoms of the flat fee.
    share: u64,
    /// Atoms that one trade must move.
    least: u64,
}

/// Returns the ways that are set up.
pub(super) fn terms(setup: &EngineSetup) -> Vec<Terms> {
    let trades = setup.gates.trades_per_transfer.max(1);
    let made = |facts: &Transfer| Terms {
        facts: facts.clone(),
        share: facts.flat.div_ceil(trades),
        least: facts.least.div_ceil(trades),
    };
    setup.transfers.iter().map(made).collect()
}

impl Terms {
    /// Returns what moving an amount costs, in atoms of the token; `None` if so little is not moved or it does not fit.
    pub(crate) fn fee(&self, amount: u64) -> Option<u64> {
        if amount < self.least {
            return None;
        }
        let part = (u128::from(amount) * u128::from(self.facts.ppm)).div_ceil(PPM);
        u64::try_from(u128::from(self.share) + part).ok()
    }
}

/// What is to be moved of the token that an edge takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move<'a> {
    /// The edge's place in the route.
    pub(crate) hop: usize,
    pub(crate) origin: &'a str,
    pub(crate) target: &'a str,
    /// `None` where no way is set up.
    pub(crate) terms: Option<&'a Terms>,
}

impl Move<'_> {
    /// Returns what it costs in atoms of the token, and in those of the base token.
    pub(crate) fn costs(&self, amount_in: u64, amount: u64) -> Option<(u64, u64)> {
        let fee = self.terms?.fee(amount)?;
        let paid = (u128::from(fee) * u128::from(amount_in)).div_ceil(u128::from(amount));
        Some((fee, u64::try_from(paid).ok()?))
    }
}

/// What one trade of a route pays for moving back what it leaves.
#[derive(Clone, Debug)]
pub(crate) struct Rebalancing<'a> {
    /// Ascending by hop; none where the rate stands for all of them.
    moves: Vec<Move<'a>>,
    /// Of the input, for what no way is set up for; `None` if that is not known.
    rate: Option<u64>,
}

impl Rebalancing<'_> {
    /// Returns its cost in atoms of the base token, rounded up, where hops are given what `taken` says; `None` if
    /// that is unknown.
    pub(crate) fn cost(&self, amount_in: u64, taken: impl Fn(usize) -> u64) -> Option<u64> {
        let rate = u128::from(amount_in) * u128::from(self.rate?);
        let mut paid = u64::try_from(rate.div_ceil(PPM)).ok()?;
        for each in self.moves.iter().filter(|each| taken(each.hop) > 0) {
            let (_, cost) = each.costs(amount_in, taken(each.hop))?;
            paid = paid.checked_add(cost)?;
        }
        Some(paid)
    }

    /// Returns the part of its cost that goes with the input, in parts per million.
    pub(crate) fn ppm(&self) -> Option<u64> {
        let parts = self.moves.iter().filter_map(|each| each.terms);
        let parts = parts.map(|terms| u64::from(terms.facts.ppm)).sum();
        Some(self.rate?.saturating_add(parts))
    }

    /// Returns the least that its flat fees are worth in atoms of the base token: `slope` is what a hop pays at most.
    pub(crate) fn flat(&self, slope: impl Fn(usize) -> f64) -> f64 {
        let (mut flat, mut reached, mut from) = (0.0, 1.0, 0);
        for each in &self.moves {
            for hop in from..each.hop {
                reached *= slope(hop);
            }
            from = each.hop;
            flat += each.terms.map_or(0.0, |terms| terms.share as f64) / reached;
        }
        flat
    }
}

impl Market {
    /// Returns what a trade of a route leaves to be moved, ascending by hop.
    pub(crate) fn moves(&self, edges: &[EdgeId]) -> Vec<Move<'_>> {
        let before = edges.iter().cycle().skip(edges.len().saturating_sub(1));
        let borders = edges.iter().zip(before).enumerate();
        let made = borders.filter_map(|(hop, (&edge, &before))| {
            let (origin, target) = (self.place(before), self.place(edge));
            let mint = self.ends(edge).0;
            let fits = |terms: &&Terms| {
                let facts = &terms.facts;
                (
                    facts.mint.as_str(),
                    facts.origin.as_str(),
                    facts.target.as_str(),
                ) == (mint, origin, target)
            };
            (origin != target).then(|| Move {
                hop,
                origin,
                target,
                terms: self.transfers.iter().find(fits),
            })
        });
        made.collect()
    }

    /// Returns what a trade of a route pays for that. Without any way set up the rate stands for all of it.
    pub(crate) fn rebalancing(&self, edges: &[EdgeId]) -> Rebalancing<'_> {
        let atomic = edges.iter().all(|&edge| self.on_chain(edge));
        if atomic || self.transfers.is_empty() {
            let rate = if atomic {
                Some(0)
            } else {
                self.gates.rebalancing_ppm
            };
            return Rebalancing {
                moves: Vec::new(),
                rate,
            };
        }
        let moves = self.moves(edges);
        let lacks = moves.iter().any(|each| each.terms.is_none());
        let rate = if lacks {
            self.gates.rebalancing_ppm
        } else {
            Some(0)
        };
        Rebalancing {
            moves: moves
                .into_iter()
                .filter(|each| each.terms.is_some())
                .collect(),
            rate,
        }
    }

    /// Returns where an edge takes and brings.
    fn place(&self, edge: EdgeId) -> &str {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => CHAIN,
            Kind::Book => &self.books.entries[behind.at].venue,
            Kind::Equivalence => {
                let pair = self.ties[behind.at].facts.pair.as_str();
                pair.split_once(':').map_or(pair, |(venue, _)| venue)
            }
        }
    }
}
