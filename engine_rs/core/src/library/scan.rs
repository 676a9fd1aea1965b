//! A whole market of constant-product pools in one call: weighed, searched, sized and scored.
//!
//! Of the pools between two tokens the best two are looked at in each direction. Every cycle through a base token whose
//! marginal prices gain is sized exactly and decided on; what a trade costs is told in atoms of its base token.
//!
//! For users of the engine: no screen and no order uses it.

use std::cmp::Reverse;

use crate::judge::scorer::{Candidate, Decision, Gates, decide};
use crate::search::kept_graph::KeptGraph;
use crate::search::log2::log2_ratio;
use crate::search::multiverse::{Params, Work};
use crate::search::pool_graph::{NO_WEIGHT, PoolGraph, PoolGraphError};
use crate::search::sizing::{Hops, best_input};
use crate::venues::constant_product;
use crate::venues::quote_error::RoundingRule;

/// Pools of one pair and direction that are looked at.
const BEST: usize = 2;
/// The least input tried is the cap's part of this.
const PROBE_SHARE: u64 = 1_000;

/// Reserves by pool, and the share of the input that every pool keeps, (numerator, denominator).
#[derive(Clone, Copy, Debug)]
pub struct Reserves<'a> {
    pub a: &'a [u64],
    pub b: &'a [u64],
    pub fee: (u64, u64),
}

/// A token that trades start from, the most atoms one may put in, and what it costs; the first of several in a cycle
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    pub token: u32,
    pub cap: u64,
    pub cost: u64,
}

/// One cycle, its base token's edge first, as it was sized and decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    pub edges: Vec<u32>,
    pub weight: i64,
    pub amount_in: u64,
    pub amount_out: u64,
    pub decision: Decision,
}

/// Returns every cycle through a base token that gains at the margin and can be sized, best net first, then by edges.
///
/// # Errors
/// `Weights` if the columns are not of one row a pool, `Token` for an unknown base, `Weight` for a fee of 1 or more.
pub fn scan(
    shape: &PoolGraph,
    reserves: Reserves<'_>,
    bases: &[Base],
    params: &Params,
    gates: &Gates,
) -> Result<(Vec<Scanned>, Work), PoolGraphError> {
    if let Some(base) = bases
        .iter()
        .find(|base| base.token as usize >= shape.tokens())
    {
        return Err(PoolGraphError::Token(base.token));
    }
    let weights = weights(shape, reserves)?;
    let kept = KeptGraph::new(shape, &weights)?;
    let touched: Vec<u32> = bases
        .iter()
        .flat_map(|base| shape.edges_from(base.token))
        .filter(|&edge| weights[edge as usize] != NO_WEIGHT)
        .collect();
    let (found, work) = kept.search_edges(&touched, params);
    let mut scanned: Vec<Scanned> = found
        .into_iter()
        .filter_map(|cycle| sized(shape, reserves, bases, gates, cycle.edges, cycle.weight))
        .collect();
    scanned.sort_by(|x, y| {
        let order = |each: &Scanned| Reverse(each.decision.net);
        order(x).cmp(&order(y)).then_with(|| x.edges.cmp(&y.edges))
    });
    Ok((scanned, work))
}

/// Returns the weights of the best edges of each pair; all others have none.
fn weights(shape: &PoolGraph, reserves: Reserves<'_>) -> Result<Vec<i64>, PoolGraphError> {
    let (pools, (num, den)) = (shape.pools(), reserves.fee);
    if reserves.a.len() != pools || reserves.b.len() != pools {
        return Err(PoolGraphError::Weights {
            was: reserves.a.len().min(reserves.b.len()),
            edges: pools,
        });
    }
    let kept = den.checked_sub(num).filter(|&kept| kept > 0);
    let kept = kept.ok_or(PoolGraphError::Weight(num as i64))?;
    let weight = |reserve_in: u64, reserve_out: u64| {
        let (paid, put) = (
            u128::from(reserve_out) * u128::from(kept),
            u128::from(reserve_in) * u128::from(den),
        );
        log2_ratio(paid, put).map_or(NO_WEIGHT, |log| -log)
    };
    let sides = reserves.a.iter().zip(reserves.b);
    let mut weights: Vec<i64> = sides
        .flat_map(|(&a, &b)| [weight(a, b), weight(b, a)])
        .collect();
    for parallel in shape.parallel() {
        let mut order: Vec<(i64, u32)> = parallel
            .map(|edge| (weights[edge as usize], edge))
            .collect();
        order.sort_unstable();
        for &(_, edge) in order.iter().skip(BEST) {
            weights[edge as usize] = NO_WEIGHT;
        }
    }
    Ok(weights)
}

/// Returns the cycle sized and decided on, `None` if no size can be quoted.
fn sized(
    shape: &PoolGraph,
    reserves: Reserves<'_>,
    bases: &[Base],
    gates: &Gates,
    mut edges: Vec<u32>,
    weight: i64,
) -> Option<Scanned> {
    let leaves = |base: &Base| {
        edges
            .iter()
            .position(|&edge| shape.tail(edge) == base.token)
    };
    let (base, at) = bases
        .iter()
        .find_map(|base| leaves(base).map(|at| (*base, at)))?;
    edges.rotate_left(at);
    let chain = Chain {
        reserves,
        edges: &edges,
    };
    let best = best_input(&chain, base.cap, (base.cap / PROBE_SHARE).max(1))?;
    let candidate = Candidate {
        amount_in: best.amount_in,
        amount_out: best.amount_out,
        has_base: true,
        base_fee: Some(base.cost),
        priority_fee: Some(0),
        tip: Some(0),
        rent: Some(0),
        flash_loan: Some(0),
        seen_slots: gates.min_seen_slots,
        ..Candidate::default()
    };
    Some(Scanned {
        weight,
        amount_in: best.amount_in,
        amount_out: best.amount_out,
        decision: decide(&candidate, gates),
        edges,
    })
}

struct Chain<'a> {
    reserves: Reserves<'a>,
    edges: &'a [u32],
}

impl Chain<'_> {
    /// Returns (reserve in, reserve out).
    fn sides(&self, hop: usize) -> (u64, u64) {
        let edge = self.edges[hop] as usize;
        let (a, b) = (self.reserves.a[edge / 2], self.reserves.b[edge / 2]);
        if edge.is_multiple_of(2) {
            (a, b)
        } else {
            (b, a)
        }
    }
}

impl Hops for Chain<'_> {
    fn len(&self) -> usize {
        self.edges.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        let fee = self.reserves.fee;
        constant_product::exact_in(self.sides(hop), fee, amount_in, RoundingRule::TrueCeil)
            .ok()
            .map(|(amount_out, _)| amount_out)
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        let ((reserve_in, reserve_out), (num, den)) = (self.sides(hop), self.reserves.fee);
        Some((
            reserve_in as f64,
            reserve_out as f64,
            (den - num) as f64 / den as f64,
        ))
    }
}
