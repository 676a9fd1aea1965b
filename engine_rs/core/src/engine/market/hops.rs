//! What an edge pays near its price, in real numbers: what cycles are ranked by before any of them is sized.
//!
//! The bend of a pool whose curve is one product is known. Any other is fitted to exact quotes at sizes by halves, from
//! twice what a trade may have on, and the least of what they say counts: liquidity may grow beyond the present tick. A
//! book pays its best level in full, a pool of bins its first one, with a capped fee in both regimes; both are fitted
//! beyond that. At a size that is quoted no curve is below what is paid; between two of them it may be.

use super::quotes::sold_to;
use super::{Kind, Market};
use crate::chain::token::{TransferFee, TransferFeeConfig};
use crate::engine::book_scale::{ONE8, power};
use crate::search::estimate::{Hop, Regime, slope_of};
use crate::search::graph::EdgeId;
use crate::venues::pool::Pool;
use crate::venues::quote::{BASIS_POINTS, ChainTime, TransferFees, sides};

/// The greatest size that is quoted is so many times doubled: what a trade may have is cut to a power of two.
const LARGER_BITS: u32 = 1;
/// Sizes that are quoted.
const POINTS: usize = 8;
/// Most halvings of a size that a venue refuses.
const TRIES: usize = 13;
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
    let own_level = own.and_then(|_| pool.level(first, time));
    let Some((free, lost_in, lost_out)) = without_capped(pool, first, time) else {
        return own.map(|own| Hop::new(own, own_level.map(|room| own.level(room))));
    };
    let beyond = regime(&free, time, size, first).map(|mut beyond| {
        (beyond.lost_in, beyond.lost_out) = (lost_in as f64, lost_out as f64);
        beyond
    });
    let beyond_level = beyond.and_then(|_| free.level(first, time));
    match (own, beyond) {
        (Some(own), Some(beyond)) => Some(Hop::with_levels(own, beyond, [own_level, beyond_level])),
        (Some(own), None) => Some(Hop::new(own, own_level.map(|room| own.level(room)))),
        (None, Some(beyond)) => {
            Some(Hop::new(beyond, beyond_level.map(|room| beyond.level(room))))
        }
        (None, None) => None,
    }
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

/// Returns the regime that pays what an edge pays at [`POINTS`] sizes, or more; `bend` is that at 0.
///
/// The sizes go by halves from twice `size` on, which no trade of the cap exceeds. Where the greatest is refused the room
/// is the least that is; `None` if all are refused.
fn fitted(
    weight: i64,
    slope: f64,
    bend: f64,
    size: u64,
    paid: impl Fn(u64) -> Option<u64>,
) -> Option<Regime> {
    let mut regime = Regime::new(weight, slope, bend);
    let mut amount = size << LARGER_BITS;
    let mut out = paid(amount);
    for _ in 0..TRIES {
        if out.is_some() || amount <= 1 {
            break;
        }
        regime.room = amount as f64;
        amount >>= 1;
        out = paid(amount);
    }
    if out.is_none() {
        return bend.is_finite().then_some(regime);
    }
    for _ in 0..POINTS {
        if let Some(out) = out {
            regime.bend = regime.bend.min(bend_at(slope, amount, out));
        }
        amount >>= 1;
        if amount == 0 {
            break;
        }
        out = paid(amount);
    }
    regime.bend = regime.bend.max(0.0);
    Some(regime)
}

/// Returns the bend at which a slope pays `out` and the atom that was rounded off for `amount`.
fn bend_at(slope: f64, amount: u64, out: u64) -> f64 {
    (slope * amount as f64 / (out as f64 + 1.0) - 1.0) / amount as f64
}
