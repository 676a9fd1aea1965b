//! What an edge pays near its price, in real numbers: what cycles are ranked by before any of them is sized.
//!
//! The bend of a pool whose curve is one product is known. Any other is fitted to exact quotes at the size that a trade
//! may have and at a sixteenth of that, and the least of what they say counts: liquidity may grow beyond the present
//! tick. A book pays its best level in full, a pool of bins its first one; both are fitted beyond that.

use super::quotes::sold_to;
use super::{Kind, Market};
use crate::chain::token::{TransferFee, TransferFeeConfig};
use crate::engine::book_scale::{ONE8, power};
use crate::search::estimate::{Hop, Regime, slope_of};
use crate::search::graph::EdgeId;
use crate::venues::pool::Pool;
use crate::venues::quote::{BASIS_POINTS, ChainTime, TransferFees, sides};

const SMALLER_BITS: u32 = 4;
/// Most halvings of a size that a venue refuses.
const TRIES: usize = 12;
/// From here on no amount reaches the size beyond which a transfer fee no longer grows.
const MOST_CAP: u128 = 1 << 63;
const NO_FEE: TransferFee = TransferFee {
    epoch: 0,
    max_fee: 0,
    bps: 0,
};

/// What is kept of an edge until it moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// log2 of the size that it was fitted to.
    pub(crate) size_bits: u32,
    pub(crate) hop: Option<Hop>,
    /// Compute units of a swap that crosses no tick; `None` where it is none.
    pub(crate) units: Option<u64>,
}

/// What is kept of edges until they move.
#[derive(Debug, Default)]
pub(crate) struct Hops {
    /// By edge.
    pub(crate) kept: Vec<Option<Kept>>,
    /// By node, as far as asked for at this moment: log2 of the cap in that token.
    pub(crate) size_bits: Vec<Option<u32>>,
}

impl Hops {
    /// Begins with a moment in a market of so many edges and nodes.
    pub(crate) fn begin(&mut self, edges: usize, nodes: usize) {
        self.kept.resize(edges, None);
        self.size_bits.clear();
        self.size_bits.resize(nodes, None);
    }
}

/// Returns what an edge of a pool weighs: the lighter of its regimes; `None` if it is not tradable.
pub(super) fn pool_weight(pool: &Pool, first: bool, time: &ChainTime) -> Option<i64> {
    let weight = pool.weight(first, time);
    let capped = without_capped(pool, first, time).and_then(|(pool, ..)| pool.weight(first, time));
    [weight, capped].into_iter().flatten().min()
}

/// Returns a pool as it is beyond the sizes where transfer fees stop growing, and what these then take: atoms of the
/// token in and of the token out. `None` if no fee of its tokens stops.
fn without_capped(pool: &Pool, first: bool, time: &ChainTime) -> Option<(Pool, u64, u64)> {
    let fees = pool.transfer_fees();
    if fees == [None, None] {
        return None;
    }
    let stop = |fee: Option<TransferFeeConfig>| {
        let fee = fee.map_or(NO_FEE, |fee| fee.at(time.epoch));
        let most = (u128::from(fee.max_fee) * u128::from(BASIS_POINTS))
            .checked_div(u128::from(fee.bps))?;
        (most < MOST_CAP).then_some(fee.max_fee)
    };
    let [a, b] = fees.map(stop);
    if (a, b) == (None, None) {
        return None;
    }
    let free = TransferFeeConfig {
        older: NO_FEE,
        newer: NO_FEE,
    };
    let left: TransferFees = [
        a.map_or(fees[0], |_| Some(free)),
        b.map_or(fees[1], |_| Some(free)),
    ];
    let (lost_in, lost_out) = sides(first, (a.unwrap_or(0), b.unwrap_or(0)));
    Some((pool.clone().with_transfer_fees(left), lost_in, lost_out))
}

impl Market {
    /// Returns what is to be kept of an edge at a size of 2^`size_bits`.
    pub(crate) fn keep(&self, edge: EdgeId, size_bits: u32) -> Kept {
        Kept {
            size_bits,
            hop: self.hop(edge, 1 << size_bits),
            units: self.on_chain(edge).then(|| self.units(edge, 0)),
        }
    }

    /// Returns what an edge pays near its price; `None` if it can't be quoted. `size` is what a trade may put in.
    fn hop(&self, edge: EdgeId, size: u64) -> Option<Hop> {
        let weight = self.graph.weight(edge)?;
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => {
                let pool = self.registry.pools[behind.at].ours()?;
                pool_hop(pool, self.registry.time.as_ref()?, size, behind.first)
            }
            Kind::Book => {
                let mut best = Regime::new(weight, slope_of(weight), 0.0);
                best.room = self.most(edge) as f64;
                let paid = |amount| Some(self.quote_unrounded(edge, amount).ok()?.amount_out);
                let deeper = fitted(weight, best.slope, f64::INFINITY, size, paid);
                Some(Hop::new(best, deeper))
            }
            Kind::Equivalence => {
                let mut par = Regime::new(weight, slope_of(weight), 0.0);
                par.room = self.most(edge) as f64;
                Some(Hop::new(par, None))
            }
        }
    }

    /// Returns what an edge takes at its best price, in atoms of the token in, of a book or an equivalence.
    fn most(&self, edge: EdgeId) -> u128 {
        let behind = self.behind(edge);
        let level = if behind.kind == Kind::Equivalence {
            self.tie_level(edge)
        } else {
            let entry = &self.books.entries[behind.at];
            let best = entry.book.best_left(sold_to(behind.first));
            self.scale(entry).zip(best)
        };
        let Some((scale, (price, qty8))) = level else {
            return 0;
        };
        if behind.first {
            u128::from(qty8) * power(scale.base) / ONE8
        } else {
            let worth = u128::from(price) * u128::from(qty8);
            mul_div(worth, power(scale.quote), scale.one() * ONE8)
        }
    }
}

/// Returns `a · b / c` rounded down, for a result within 128 bits.
fn mul_div(a: u128, b: u128, c: u128) -> u128 {
    use ruint::aliases::U256;
    (U256::from(a) * U256::from(b) / U256::from(c))
        .try_into()
        .unwrap_or(u128::MAX)
}

fn pool_hop(pool: &Pool, time: &ChainTime, size: u64, first: bool) -> Option<Hop> {
    let own = regime(pool, time, size, first);
    let capped = without_capped(pool, first, time).and_then(|(pool, lost_in, lost_out)| {
        let mut beyond = regime(&pool, time, size, first)?;
        (beyond.lost_in, beyond.lost_out) = (lost_in as f64, lost_out as f64);
        Some(beyond)
    });
    match (own, capped) {
        (Some(own), None) => Some(Hop::new(own, level(own, pool, time, first))),
        (Some(own), capped) => Some(Hop::new(own, capped)),
        (None, Some(capped)) => Some(Hop::new(capped, None)),
        (None, None) => None,
    }
}

/// Returns a pool at its present price, if that holds for some size.
fn level(own: Regime, pool: &Pool, time: &ChainTime, first: bool) -> Option<Regime> {
    let mut level = Regime::new(own.weight, own.slope, 0.0);
    level.room = pool.level(first, time)?;
    Some(level)
}

fn regime(pool: &Pool, time: &ChainTime, size: u64, first: bool) -> Option<Regime> {
    let weight = pool.weight(first, time)?;
    let (reserve_in, reserve_out, kept) = pool.virtual_reserves(first, time)?;
    if reserve_in <= 0.0 {
        return None;
    }
    let (slope, bend) = (kept * reserve_out / reserve_in, kept / reserve_in);
    if slope <= 0.0 {
        return None;
    }
    if pool.is_product() {
        return Some(Regime::new(weight, slope, bend));
    }
    fitted(weight, slope, bend, size, |amount| {
        let paid = pool.quote(first, amount, time).ok()?.amount_out;
        (paid > 0).then_some(paid)
    })
}

/// Returns the regime that pays what an edge pays at `size` and at a part of it, or more; `bend` is that at 0.
///
/// Where the whole is refused its room is twice the most that is not, by halves; `None` if all of it is refused.
fn fitted(
    weight: i64,
    slope: f64,
    bend: f64,
    mut size: u64,
    paid: impl Fn(u64) -> Option<u64>,
) -> Option<Regime> {
    let (mut room, mut out) = (f64::INFINITY, paid(size));
    for _ in 0..TRIES {
        if out.is_some() || size <= 1 {
            break;
        }
        room = size as f64;
        size >>= 1;
        out = paid(size);
    }
    let mut regime = Regime::new(weight, slope, bend);
    regime.room = room;
    let Some(out) = out else {
        return bend.is_finite().then_some(regime);
    };
    let bend_at =
        |amount: u64, out: u64| (slope * amount as f64 / out as f64 - 1.0) / amount as f64;
    regime.bend = bend.min(bend_at(size, out));
    let part = size >> SMALLER_BITS;
    if let Some(out) = (part > 0).then(|| paid(part)).flatten() {
        regime.bend = regime.bend.min(bend_at(part, out));
    }
    regime.bend = regime.bend.max(0.0);
    Some(regime)
}
