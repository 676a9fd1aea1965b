//! A route of the graph as a trade: where it starts, the size that earns most, what its hops pay, keep and compute.

use std::cell::RefCell;

use super::encoded::Encoded;
use super::lots::in_lots;
use super::market::{Hop, Market, Refusal, Stocks};
use super::opportunity::Cost;
use super::setup::EngineSetup;
use crate::fees::limit_of;
use crate::judge::scorer::Settlement;
use crate::search::by_money::PROBE_SHARE;
use crate::search::graph::EdgeId;
use crate::search::sizing::{Binds, Hops, MAX_EVALUATIONS, best_input_near, to_amount};

/// What a cycle pays at its best size: all that costing needs without quoting again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizing {
    pub(crate) amount_in: u64,
    pub(crate) amount_out: u64,
    /// Venue and transfer fees, in atoms of the base token.
    pub(crate) fees: u64,
    /// What stopped the size from growing; `None` if no other was tried.
    pub(crate) binds: Option<Binds>,
    /// Compute units to ask for; 0 without a pool hop, `None` if unknown.
    pub(crate) cu_limit: Option<u64>,
    /// Atoms of the base token that moving back costs what it leaves elsewhere; `None` if unknown.
    pub(crate) rebalancing: Option<u64>,
}

/// A cycle as text, made once: each decision on it says it again.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) key: Encoded<String>,
    /// Of the edges, in the order of execution.
    pub(crate) route: Encoded<Vec<String>>,
    /// Mints, the first one again at the end.
    pub(crate) tokens: Encoded<Vec<String>>,
}

impl Names {
    /// Takes a key and the edges in the order of execution.
    pub(crate) fn new(market: &Market, key: &str, edges: &[EdgeId]) -> Self {
        let route = edges.iter().map(|&edge| market.graph.name(edge).to_owned());
        let sold = |&edge: &EdgeId| market.ends(edge).0.to_owned();
        let tokens = edges.iter().chain(edges.first()).map(sold);
        Self {
            key: key.to_owned().into(),
            route: route.collect::<Vec<_>>().into(),
            tokens: tokens.collect::<Vec<_>>().into(),
        }
    }
}

/// Returns the most atoms of a base token that one trade may put in.
pub(crate) fn cap(setup: &EngineSetup, base: &str) -> Option<u64> {
    setup.gates.caps.get(base).copied().filter(|&cap| cap > 0)
}

/// Returns the best size of a route and what it pays; of 0 without a cap, `None` if no size can be quoted. `starts` are
/// inputs near which the best one may be, by concave piece.
pub(super) fn size(
    market: &Market,
    edges: &[EdgeId],
    cap: Option<u64>,
    starts: &[Vec<f64>],
) -> Option<Sizing> {
    let Some(cap) = cap else {
        return Some(Sizing {
            rebalancing: market.rebalancing(edges).cost(0, |_| 0),
            ..Sizing::default()
        });
    };
    let stocks = market.stocks_of(edges);
    let within = stocks.and_then(|stocks| size_within(market, edges, cap, starts, Some(stocks)));
    // Where what we hold allows for no size at all, the cycle is sized without: what lacks is then said by name.
    within.or_else(|| size_within(market, edges, cap, starts, None))
}

fn size_within(
    market: &Market,
    edges: &[EdgeId],
    cap: u64,
    starts: &[Vec<f64>],
    stocks: Option<Stocks<'_>>,
) -> Option<Sizing> {
    let chain = Chain::new(market, edges, stocks);
    let sized = best_input_near(&chain, cap, (cap / PROBE_SHARE).max(1), starts)?;
    let hops = if edges.iter().any(|&edge| market.is_rounded(edge)) {
        let amount_in = in_lots(&Orders(&chain), sized.amount_in, cap)?;
        walk(market, edges, amount_in).ok()?
    } else {
        chain.walked(sized.amount_in)?
    };
    sizing_of(market, edges, &hops, Some(sized.binds))
}

/// Returns what a route pays now at the size it has, `None` if that is refused, or more than we hold at a venue.
pub(super) fn requoted(market: &Market, edges: &[EdgeId], sizing: &Sizing) -> Option<Sizing> {
    if sizing.amount_in == 0 {
        return Some(*sizing);
    }
    let hops = walk(market, edges, sizing.amount_in).ok()?;
    if let Some(stocks) = market.stocks_of(edges)
        && hops
            .iter()
            .enumerate()
            .any(|(at, hop)| !stocks.is_held(at, hop.amount_in))
    {
        return None;
    }
    sizing_of(market, edges, &hops, sizing.binds)
}

/// Returns what a route pays where it is estimated to earn most; `None` without a cap, or if that is refused or is no
/// size that its venues take.
pub(super) fn glanced(
    market: &Market,
    edges: &[EdgeId],
    cap: Option<u64>,
    estimate: f64,
) -> Option<Sizing> {
    let cap = cap.filter(|_| !edges.iter().any(|&edge| market.is_rounded(edge)))?;
    let sizing = Sizing {
        amount_in: to_amount(estimate, (cap / PROBE_SHARE).max(1), cap),
        ..Sizing::default()
    };
    requoted(market, edges, &sizing)
}

/// Returns what the hops of a route pay together, `None` of none.
pub(super) fn sizing_of(
    market: &Market,
    edges: &[EdgeId],
    hops: &[Hop],
    binds: Option<Binds>,
) -> Option<Sizing> {
    let (first, last) = (hops.first()?, hops.last()?);
    let taken = |hop: usize| hops[hop].amount_in;
    Some(Sizing {
        amount_in: first.amount_in,
        amount_out: last.amount_out,
        fees: kept(hops),
        binds,
        cu_limit: compute_units(market, edges, hops),
        rebalancing: market.rebalancing(edges).cost(first.amount_in, taken),
    })
}

/// Returns each hop of a route.
///
/// # Errors
/// Why one can't be quoted.
pub(crate) fn walk(market: &Market, edges: &[EdgeId], amount_in: u64) -> Result<Vec<Hop>, Refusal> {
    let mut hops = Vec::with_capacity(edges.len());
    let mut amount = amount_in;
    for &edge in edges {
        let hop = market.quote(edge, amount)?;
        amount = hop.amount_out;
        hops.push(hop);
    }
    Ok(hops)
}

/// Returns what all hops kept, each at the rate at which the route reached it, in atoms of the base token.
pub(crate) fn kept(hops: &[Hop]) -> u64 {
    let Some(first) = hops.first() else { return 0 };
    let at_base = |hop: &Hop| {
        u128::from(hop.fee) * u128::from(first.amount_in) / u128::from(hop.amount_in.max(1))
    };
    u64::try_from(hops.iter().map(at_base).sum::<u128>()).unwrap_or(u64::MAX)
}

/// Returns the compute units of the pool hops, 0 if there is none, `None` if they don't fit a transaction.
pub(crate) fn compute_units(market: &Market, edges: &[EdgeId], hops: &[Hop]) -> Option<u64> {
    let swaps = edges.iter().zip(hops);
    let mut swaps = swaps.filter(|(edge, _)| market.on_chain(**edge)).peekable();
    if swaps.peek().is_none() {
        return Some(0);
    }
    limit_of(swaps.map(|(&edge, hop)| Some(market.units(edge, hop.ticks))))
}

/// Returns how the legs of a route are settled: in one transaction if all of them are pools.
pub(crate) fn settlement(market: &Market, edges: &[EdgeId]) -> Settlement {
    let legged = edges.iter().any(|&edge| !market.on_chain(edge));
    if legged {
        Settlement::Legged
    } else {
        Settlement::Atomic
    }
}

/// Returns amount out less amount in; the amounts of a trade are far below an i64.
pub(super) fn gross(sizing: &Sizing) -> i64 {
    i64::try_from(i128::from(sizing.amount_out) - i128::from(sizing.amount_in)).unwrap_or(i64::MAX)
}

/// Returns the net of a trade of this size, `None` if a cost is unknown.
pub(crate) fn net(sizing: &Sizing, cost: &Cost) -> Option<i64> {
    i64::try_from(i128::from(sizing.amount_out) - i128::from(sizing.amount_in) - cost.chain()?).ok()
}

/// A route as sizing sees it, with orders of any quantity; keeps what it was told, so that the size taken need not be
/// quoted again where no venue rounds it.
struct Chain<'a> {
    market: &'a Market,
    edges: &'a [EdgeId],
    /// What each edge can be given; `None` for any amount.
    stocks: Option<Stocks<'a>>,
    quoted: RefCell<Vec<(usize, Hop)>>,
}

impl<'a> Chain<'a> {
    fn new(market: &'a Market, edges: &'a [EdgeId], stocks: Option<Stocks<'a>>) -> Self {
        let quoted = RefCell::new(Vec::with_capacity(MAX_EVALUATIONS as usize));
        Self {
            market,
            edges,
            stocks,
            quoted,
        }
    }

    fn is_held(&self, hop: usize, amount_in: u64) -> bool {
        let stocks = self.stocks.as_ref();
        stocks.is_none_or(|stocks| stocks.is_held(hop, amount_in))
    }

    /// Returns the hops of a size that was quoted, `None` if it wasn't or was refused.
    fn walked(self, amount_in: u64) -> Option<Vec<Hop>> {
        let quoted = self.quoted.into_inner();
        let starts = |(hop, paid): &(usize, Hop)| *hop == 0 && paid.amount_in == amount_in;
        let hops = quoted.iter().skip_while(|each| !starts(each));
        let hops: Vec<Hop> = hops.take(self.edges.len()).map(|&(_, paid)| paid).collect();
        (hops.len() == self.edges.len()).then_some(hops)
    }
}

impl Hops for Chain<'_> {
    fn len(&self) -> usize {
        self.edges.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        if !self.is_held(hop, amount_in) {
            return None;
        }
        let paid = self
            .market
            .quote_unrounded(self.edges[hop], amount_in)
            .ok()?;
        self.quoted.borrow_mut().push((hop, paid));
        Some(paid.amount_out)
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        self.market.virtual_reserves(self.edges[hop])
    }
}

/// The same route in orders that its venues take.
struct Orders<'a>(&'a Chain<'a>);

impl Hops for Orders<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        if !self.0.is_held(hop, amount_in) {
            return None;
        }
        let paid = self.0.market.quote(self.0.edges[hop], amount_in).ok()?;
        Some(paid.amount_out)
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        self.0.virtual_reserves(hop)
    }
}
