//! What an edge pays near its price, in real numbers: what cycles are ranked by before any of them is sized.
//!
//! A hop's regimes are to pay, the best of them, what the edge pays or more, for each size that a trade may have:
//!
//! - A pool whose curve is one product is that, with the bend that is known.
//! - A book and a pool of bins pay their best level in full. Beyond it their levels are walked, and the least bend is kept
//!   with which the best price pays what they do: exactly an upper bound, but for sizes up to a sixteenth beyond the best
//!   level, where a cycle gains at most a sixteenth more than with the level in full.
//! - Any other curve is fitted to exact quotes, so it is bounded at these sizes; between two of them it may pay more than
//!   its fit, where liquidity comes and goes with the price.
//! - A transfer fee that stops growing gives each of these once more, for each choice of the fees that do.
//!
//! What is left is within what estimates are widened by, but for few: see `engine::ranking`.

use super::fits::{Fit, beyond, fitted};
use super::quotes::sold_to;
use super::{Kind, Market};
use crate::chain::token::{TransferFee, TransferFeeConfig};
use crate::engine::book_scale::{ONE8, power};
use crate::search::estimate::{Hop, Regime, slope_of};
use crate::search::graph::EdgeId;
use crate::venues::pool::Pool;
use crate::venues::quote::{BASIS_POINTS, ChainTime, TransferFees, sides};

/// The greatest size that is looked at is so many times doubled: what a trade may have is cut to a power of two.
const LARGER_BITS: u32 = 1;
/// From here on no amount reaches the size beyond which a transfer fee no longer grows.
const MOST_CAP: u128 = 1 << 63;
const NO_FEE: TransferFee = TransferFee {
    epoch: 0,
    max_fee: 0,
    bps: 0,
};

/// Sides of a pool whose fees no longer grow: in, out.
const CHOICES: [(bool, bool); 3] = [(true, true), (true, false), (false, true)];

/// What is kept of an edge until it moves.
#[derive(Clone, Debug)]
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

/// Returns what an edge of a pool weighs: the lightest of its regimes; `None` if it is not tradable.
pub(super) fn pool_weight(pool: &Pool, first: bool, time: &ChainTime) -> Option<i64> {
    let capped = without_capped(pool, first, time);
    let weights = capped.iter().map(|(free, ..)| free.weight(first, time));
    let own = std::iter::once(pool.weight(first, time));
    own.chain(weights).flatten().min()
}

/// Returns a pool as it is beyond the sizes where transfer fees stop growing, and what these then take: atoms of the
/// token in and of the token out, for each choice of those fees of its tokens that stop.
fn without_capped(pool: &Pool, first: bool, time: &ChainTime) -> Vec<(Pool, u64, u64)> {
    let fees = pool.transfer_fees();
    if fees == [None, None] {
        return Vec::new();
    }
    let stop = |fee: Option<TransferFeeConfig>| {
        let fee = fee.map_or(NO_FEE, |fee| fee.at(time.epoch));
        let most = (u128::from(fee.max_fee) * u128::from(BASIS_POINTS))
            .checked_div(u128::from(fee.bps))?;
        (most < MOST_CAP).then_some(fee.max_fee)
    };
    let (stop_in, stop_out) = sides(first, (stop(fees[0]), stop(fees[1])));
    let free = Some(TransferFeeConfig {
        older: NO_FEE,
        newer: NO_FEE,
    });
    let mut found = Vec::new();
    for (is_in, is_out) in CHOICES {
        if (is_in && stop_in.is_none()) || (is_out && stop_out.is_none()) {
            continue;
        }
        let (a, b) = sides(first, (is_in, is_out));
        let left: TransferFees = [
            if a { free } else { fees[0] },
            if b { free } else { fees[1] },
        ];
        let lost = |is: bool, stop: Option<u64>| stop.filter(|_| is).unwrap_or(0);
        let pool = pool.clone().with_transfer_fees(left);
        found.push((pool, lost(is_in, stop_in), lost(is_out, stop_out)));
    }
    found
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
                let level =
                    Regime::new(weight, slope_of(weight), 0.0).level(self.most(edge) as f64);
                Some(self.book_hop(behind.at, behind.first, level, size))
            }
            Kind::Equivalence => {
                let par = Regime::new(weight, slope_of(weight), 0.0);
                Some(Hop::one(par.level(self.most(edge) as f64)))
            }
        }
    }

    /// Returns the best level of a book, and its depth.
    fn book_hop(&self, at: usize, first: bool, level: Regime, size: u64) -> Hop {
        let entry = &self.books.entries[at];
        let side = sold_to(first);
        let best = entry.book.best_left(side);
        let Some((scale, (price, _))) = self.scale(entry).zip(best) else {
            return Hop::one(level);
        };
        // A walk takes quantities where it sells, and prices times quantities where it buys: so many for each atom.
        let (per_atom, price) = if first {
            (1e8 / power(scale.base) as f64, price as f64)
        } else {
            let whole = 1e8 * scale.one() as f64;
            (whole / power(scale.quote) as f64, 1.0 / price as f64)
        };
        let levels = entry.book.left(side).map(|(price, quantity)| {
            let (quantity, worth) = (quantity as f64, price as f64 * quantity as f64);
            if first {
                (quantity, worth)
            } else {
                (worth, quantity)
            }
        });
        let most = per_atom * (size << LARGER_BITS) as f64;
        let mut known = vec![level];
        known.extend(beyond(levels, price, most).map(|fit| Regime {
            bend: fit.bend * per_atom,
            room: fit.room / per_atom,
            ..level
        }));
        Hop::new(&known)
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
    let mut known = regimes(pool, time, size, first);
    for (free, lost_in, lost_out) in without_capped(pool, first, time) {
        let (lost_in, lost_out) = (lost_in as f64, lost_out as f64);
        let more = regimes(&free, time, size, first);
        known.extend(more.into_iter().map(|each| Regime {
            lost_in,
            lost_out,
            ..each
        }));
    }
    (!known.is_empty()).then(|| Hop::new(&known))
}

/// Returns what a pool pays where its transfer fees are what they are, or more.
fn regimes(pool: &Pool, time: &ChainTime, size: u64, first: bool) -> Vec<Regime> {
    let Some(own) = near_price(pool, time, first) else {
        return Vec::new();
    };
    if pool.is_product() {
        return vec![own];
    }
    let paid = |amount| {
        let paid = pool.quote(first, amount, time).ok()?.amount_out;
        (paid > 0).then_some(paid)
    };
    let most = size << LARGER_BITS;
    let Some(levels) = pool.levels(first, most, time) else {
        return vec![fitted(own, most, paid)];
    };
    let room = levels.first().map_or(0.0, |level| level.0);
    let mut known = vec![own.level(room)];
    let fits = beyond(levels.into_iter(), own.slope, most as f64);
    known.extend(fits.map(|Fit { bend, room }| Regime { bend, room, ..own }));
    known
}

/// Returns a pool as its price and what bends it say, if it is tradable.
fn near_price(pool: &Pool, time: &ChainTime, first: bool) -> Option<Regime> {
    let weight = pool.weight(first, time)?;
    let (reserve_in, reserve_out, kept) = pool.virtual_reserves(first, time)?;
    if reserve_in <= 0.0 {
        return None;
    }
    let (slope, bend) = (kept * reserve_out / reserve_in, kept / reserve_in);
    (slope > 0.0).then(|| Regime::new(weight, slope, bend))
}
