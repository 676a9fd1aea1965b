//! Cycles that stand: found by a search, sized exactly, priced, decided on; kept until a search no longer finds them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::books::PPM;
use super::market::{Channels, Hop, Market, Problem, Refusal};
use super::opportunity::{Cost, Opportunity};
use super::prices::Prices;
use super::setup::EngineSetup;
use crate::fees::{Bid, FeeModel, Sources, SwapShape, base_fee, cu_limit, priority_fee};
use crate::graph::EdgeId;
use crate::scorer::{Candidate, Settlement, decide};
use crate::sizing::{Hops, best_input};

/// The smallest size tried is the cap over this, so that a near miss shows a size one would trade.
const PROBE_SHARE: u64 = 1_000;

/// Ten minutes of slots: the half-life of what outcomes taught.
const MEMORY_SLOTS: u64 = 1_500;

/// The record being decided on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) seq: u64,
    pub(crate) now_ns: i64,
    pub(crate) slot: u64,
}

/// What a cycle pays at its best size: all that costing needs without quoting again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sizing {
    pub(crate) amount_in: u64,
    pub(crate) amount_out: u64,
    /// Venue and transfer fees, in atoms of the base token.
    pub(crate) fees: u64,
    pub(crate) binds: String,
    /// Compute units to ask for; 0 without a pool hop, `None` if unknown.
    pub(crate) cu_limit: Option<u64>,
}

/// One standing cycle.
#[derive(Clone, Debug)]
pub(crate) struct Cycle {
    pub(crate) key: String,
    /// In the order of execution: the first one sells the base token, if there is one.
    pub(crate) edges: Vec<EdgeId>,
    /// Mint, or empty.
    pub(crate) base: String,
    pub(crate) weight: i64,
    /// Since when it gains at the margin, over gaps that are bridged; `None` if it does not.
    pub(crate) first_slot: Option<u64>,
    pub(crate) sizing: Sizing,
    pub(crate) last: Option<Opportunity>,
}

/// What a decision reads beside the cycles.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) setup: &'a EngineSetup,
    pub(crate) channels: &'a Channels,
    pub(crate) market: &'a Market,
    pub(crate) prices: &'a Prices,
}

/// All standing cycles of one engine.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub(crate) cycles: BTreeMap<String, Cycle>,
    /// (settlement, hops) → (landed, tried).
    pub(crate) learned: BTreeMap<(String, u64), (u64, u64)>,
    /// (since which slot, until which) by key, of cycles that paid and don't, as long as the gap may be bridged.
    pub(crate) gaps: BTreeMap<String, (u64, u64)>,
    /// Micro-lamports per compute unit and where from; kept because a percentile costs more than a quote.
    pub(crate) bid: Option<Bid>,
    /// Prices of single accounts at the percentile that is bid.
    account_bids: BTreeMap<String, u64>,
    /// Lamports that a tip is not below.
    pub(crate) least_tip: u64,
}

impl Standing {
    /// Takes over what the sources say of bids and tips.
    pub(crate) fn reprice(&mut self, setup: &EngineSetup, fees: &FeeModel, sources: &Sources) {
        let bidding = &setup.bidding;
        self.bid = sources.offer(fees, bidding);
        let percent = sources.percent(bidding);
        let prices = sources.accounts().filter_map(|(account, _)| {
            Some((account.clone(), sources.account_price(account, percent)?))
        });
        self.account_bids = prices.collect();
        self.least_tip = bidding.min_tip_lamports.max(sources.least_tip(bidding));
    }

    /// Returns what a route bids: the price of the dearest of its accounts where that is above the chain's.
    fn bid_on(&self, cx: Context<'_>, edges: &[EdgeId]) -> Option<u64> {
        let chain = self.bid?.micro_lamports;
        if self.account_bids.is_empty() {
            return Some(chain);
        }
        let pools = edges.iter().map(|&edge| cx.market.behind(edge));
        let names = pools
            .filter(|behind| !behind.book)
            .map(|behind| &cx.market.registry.pools[behind.at].name);
        names
            .filter_map(|name| self.account_bids.get(name).copied())
            .max()
            .map_or(Some(chain), |dearest| Some(dearest.max(chain)))
    }

    // -- finding

    /// Takes over a cycle found; returns whether it stands, that is whether a size can be quoted.
    pub(crate) fn found(
        &mut self,
        cx: Context<'_>,
        moment: Moment,
        key: &str,
        edges: &[EdgeId],
        weight: i64,
    ) -> bool {
        if !self.cycles.contains_key(key) {
            let (edges, base) = rotate(cx, edges);
            let sizing = Sizing::default();
            let cycle = Cycle {
                key: key.to_owned(),
                edges,
                base,
                weight,
                first_slot: None,
                sizing,
                last: None,
            };
            self.cycles.insert(key.to_owned(), cycle);
        }
        let Some(cycle) = self.cycles.get_mut(key) else {
            return false;
        };
        cycle.weight = weight;
        let most = u64::from(cx.setup.gates.max_gap_slots);
        let Some(sizing) = size(cx, cycle) else {
            self.lose(key, moment.slot, most);
            return false;
        };
        cycle.sizing = sizing;
        if weight >= 0 {
            let first = cycle.first_slot.take();
            self.interrupt(key, first, moment.slot, most);
        } else if cycle.first_slot.is_none_or(|slot| slot == 0) {
            // Slot 0 is one before any was announced: nothing can be counted from it.
            let gap = self.gaps.remove(key);
            cycle.first_slot = Some(since(gap, moment.slot, most));
        }
        true
    }

    /// Drops a cycle that no longer stands.
    pub(crate) fn lose(&mut self, key: &str, slot: u64, most: u64) {
        if let Some(cycle) = self.cycles.remove(key) {
            self.interrupt(key, cycle.first_slot, slot, most);
        }
    }

    /// Keeps an ended count aside for as long as `most` slots of gap let it go on.
    fn interrupt(&mut self, key: &str, first: Option<u64>, slot: u64, most: u64) {
        if let Some(first) = first.filter(|&first| first > 0 && most > 0) {
            self.gaps
                .retain(|_, (_, last)| slot.saturating_sub(last.saturating_add(1)) <= most);
            self.gaps.insert(key.to_owned(), (first, slot));
        }
    }

    /// Returns the keys of the cycles that use one of the edges, which ascend.
    pub(crate) fn through(&self, touched: &[EdgeId]) -> Vec<String> {
        let is_touched = |edge: &EdgeId| touched.binary_search(edge).is_ok();
        let uses = |cycle: &&Cycle| cycle.edges.iter().any(is_touched);
        self.cycles
            .values()
            .filter(uses)
            .map(|cycle| cycle.key.clone())
            .collect()
    }

    // -- deciding

    /// Returns every cost of a trade of this size, once, in atoms of the base token.
    pub(crate) fn cost(
        &self,
        cx: Context<'_>,
        cycle: &Cycle,
        sizing: &Sizing,
        settlement: Settlement,
    ) -> Cost {
        let base = cycle.base.as_str();
        let convert = |lamports: Option<u64>| {
            lamports
                .filter(|_| !base.is_empty())
                .and_then(|lamports| cx.prices.lamports_to(lamports, base))
        };
        let bidding = &cx.setup.bidding;
        let on_chain = sizing.cu_limit != Some(0);
        let legged = settlement == Settlement::Legged;
        let priority = self
            .bid_on(cx, &cycle.edges)
            .zip(sizing.cu_limit)
            .and_then(|(bid, limit)| priority_fee(bid, limit));
        let rate = if legged {
            cx.setup.gates.rebalancing_ppm
        } else {
            Some(0)
        };
        let gates = &cx.setup.gates;
        let loan = if gates.flash_loan && !legged {
            gates.flash_loan_ppm
        } else {
            Some(0)
        };
        let share = |rate: u64| (u128::from(sizing.amount_in) * u128::from(rate)).div_ceil(PPM);
        let gross = u128::from(sizing.amount_out.saturating_sub(sizing.amount_in));
        let tip = || {
            let floor = convert(Some(self.least_tip))?;
            let share = u64::try_from(gross * u128::from(bidding.tip_ppm_of_gross) / PPM).ok()?;
            Some(floor.max(share))
        };
        Cost {
            venue_fees: sizing.fees,
            transfer_fees: 0,
            base_fee: if on_chain {
                convert(Some(base_fee(bidding.signatures)))
            } else {
                Some(0)
            },
            priority_fee: if on_chain { convert(priority) } else { Some(0) },
            tip: if on_chain && !legged { tip() } else { Some(0) },
            rent: rent(cx, &cycle.edges).and_then(|lamports| match lamports {
                0 => Some(0),
                lamports => convert(Some(lamports)),
            }),
            rebalancing: rate.and_then(|rate| u64::try_from(share(rate)).ok()),
            flash_loan: loan.and_then(|rate| u64::try_from(share(rate)).ok()),
        }
    }

    /// Decides on a cycle as it stands; returns the decision if it says something new.
    pub(crate) fn decide(
        &mut self,
        cx: Context<'_>,
        moment: Moment,
        key: &str,
    ) -> Option<&Opportunity> {
        let opportunity = self.judge(cx, moment, self.cycles.get(key)?);
        let cycle = self.cycles.get_mut(key)?;
        let news = cycle
            .last
            .as_ref()
            .is_none_or(|before| before.says() != opportunity.says());
        let last = cycle.last.insert(opportunity);
        news.then_some(&*last)
    }

    fn judge(&self, cx: Context<'_>, moment: Moment, cycle: &Cycle) -> Opportunity {
        let (sizing, settlement) = (&cycle.sizing, settlement(cx.market, &cycle.edges));
        let cost = self.cost(cx, cycle, sizing, settlement);
        let legs = || {
            cycle
                .edges
                .iter()
                .map(|&edge| cx.market.leg(edge, moment.now_ns, cx.channels))
        };
        let (mut torn, mut stale, mut oldest_ns) = (String::new(), String::new(), 0);
        for leg in legs() {
            oldest_ns = oldest_ns.max(leg.age_ns);
            match leg.problem {
                Problem::Torn if torn.is_empty() => torn = leg.detail,
                Problem::Stale if stale.is_empty() => stale = leg.detail,
                _ => {}
            }
        }
        let kind = (word(settlement).to_owned(), cycle.edges.len() as u64);
        let (wins, tries) = self.learned.get(&kind).copied().unwrap_or((0, 0));
        let seen_slots = slots_seen(cycle.first_slot, moment.slot);
        let candidate = Candidate {
            amount_in: sizing.amount_in,
            amount_out: sizing.amount_out,
            settlement,
            has_base: cap(cx.setup, &cycle.base).is_some(),
            torn,
            stale,
            transfer_fees: cost.transfer_fees,
            base_fee: cost.base_fee,
            priority_fee: cost.priority_fee,
            tip: cost.tip,
            rent: cost.rent,
            flash_loan: cost.flash_loan,
            rebalancing: cost.rebalancing,
            seen_slots,
            wins,
            tries,
        };
        let verdict = decide(&candidate, &cx.setup.gates);
        let mut tokens: Vec<String> = cycle
            .edges
            .iter()
            .map(|&edge| cx.market.ends(edge).0.to_owned())
            .collect();
        tokens.extend(tokens.first().cloned());
        Opportunity {
            seq: moment.seq,
            recv_ns: moment.now_ns,
            slot: moment.slot,
            key: cycle.key.clone(),
            route: cycle
                .edges
                .iter()
                .map(|&edge| cx.market.graph.name(edge).to_owned())
                .collect(),
            tokens,
            settlement,
            amount_in: sizing.amount_in,
            amount_out: sizing.amount_out,
            gross: gross(sizing),
            cost,
            net: verdict.net,
            oldest_ns,
            seen_slots,
            landing_ppm: verdict.landing_ppm,
            score: verdict.score,
            go: verdict.go,
            reason: verdict.reason,
            detail: verdict.detail,
            miss: verdict.miss,
            miss_unit: verdict.miss_unit,
        }
    }

    /// Counts how an order on a cycle ended, with all of its settlement and hop count.
    pub(crate) fn learn(&mut self, key: &str, landed: bool) {
        let legged = key.split('|').any(|name| name.matches(':').count() > 1);
        let settlement = if legged {
            Settlement::Legged
        } else {
            Settlement::Atomic
        };
        let kind = (word(settlement).to_owned(), key.split('|').count() as u64);
        let (wins, tries) = self.learned.entry(kind).or_default();
        *wins += u64::from(landed);
        *tries += 1;
    }

    /// Halves what was learned once every `MEMORY_SLOTS`: a losing streak does not close the gate for good.
    /// Returns how many times.
    pub(crate) fn forget(&mut self, before: Option<u64>, slot: Option<u64>) -> u32 {
        let Some(slot) = slot else {
            return 0;
        };
        let passed = (slot / MEMORY_SLOTS).saturating_sub(before.unwrap_or(slot) / MEMORY_SLOTS);
        let by = u32::try_from(passed.min(63)).unwrap_or(63);
        if by > 0 {
            self.learned.retain(|_, (wins, tries)| {
                *wins >>= by;
                *tries >>= by;
                *tries > 0
            });
        }
        by
    }

    /// Returns the last decisions, go first, then by net.
    pub(crate) fn ranked(&self) -> Vec<&Opportunity> {
        let mut last: Vec<&Opportunity> = self
            .cycles
            .values()
            .filter_map(|cycle| cycle.last.as_ref())
            .collect();
        last.sort_by_key(|o| (!o.go, o.net.is_none(), Reverse(o.net.unwrap_or(0)), &o.key));
        last
    }
}

/// Returns the route that starts with the best-ranked base token in it, and that token's mint.
fn rotate(cx: Context<'_>, edges: &[EdgeId]) -> (Vec<EdgeId>, String) {
    let rank = |edge: EdgeId| cx.prices.ranks.get(cx.market.ends(edge).0).copied();
    let ranked = edges
        .iter()
        .enumerate()
        .filter_map(|(at, &edge)| Some((rank(edge)?, at)));
    let Some((_, at)) = ranked.min() else {
        return (edges.to_vec(), String::new());
    };
    let mut route = edges.to_vec();
    route.rotate_left(at);
    let base = cx.market.ends(route[0]).0.to_owned();
    (route, base)
}

/// Returns the most atoms of a base token that one trade may put in.
pub(crate) fn cap(setup: &EngineSetup, base: &str) -> Option<u64> {
    setup.gates.caps.get(base).copied().filter(|&cap| cap > 0)
}

/// Returns the best size of a cycle and what it pays; of 0 without a cap, `None` if no size can be quoted.
fn size(cx: Context<'_>, cycle: &Cycle) -> Option<Sizing> {
    let Some(cap) = cap(cx.setup, &cycle.base) else {
        return Some(Sizing::default());
    };
    let sized = best_input(
        &Chain {
            market: cx.market,
            edges: &cycle.edges,
        },
        cap,
        (cap / PROBE_SHARE).max(1),
    )?;
    let hops = walk(cx.market, &cycle.edges, sized.amount_in).ok()?;
    Some(Sizing {
        amount_in: sized.amount_in,
        amount_out: sized.amount_out,
        fees: kept(&hops),
        binds: sized.binds.as_str().to_owned(),
        cu_limit: compute_units(cx.market, &cycle.edges, &hops),
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
    let on_chain = edges
        .iter()
        .zip(hops)
        .filter(|(edge, _)| !market.behind(**edge).book);
    let swaps: Vec<SwapShape<'_>> = on_chain
        .map(|(&edge, hop)| market.shape(edge, hop.ticks))
        .collect();
    if swaps.is_empty() {
        Some(0)
    } else {
        cu_limit(&swaps)
    }
}

/// Returns the lamports that token accounts cost which a route needs and the wallet has not, `None` if one of their mints
/// is unknown.
fn rent(cx: Context<'_>, edges: &[EdgeId]) -> Option<u64> {
    let Some(held) = &cx.setup.bidding.token_accounts else {
        return Some(0);
    };
    if cx.setup.bidding.rent_recoverable {
        return Some(0);
    }
    let pools = edges.iter().filter(|&&edge| !cx.market.behind(edge).book);
    let needed: BTreeSet<&str> = pools
        .flat_map(|&edge| <[&str; 2]>::from(cx.market.ends(edge)))
        .collect();
    needed
        .into_iter()
        .filter(|&mint| !held.iter().any(|each| each == mint))
        .try_fold(0, |sum, mint| Some(sum + cx.market.account_rent(mint)?))
}

/// Returns how the legs of a route are settled.
pub(crate) fn settlement(market: &Market, edges: &[EdgeId]) -> Settlement {
    let legged = edges.iter().any(|&edge| market.behind(edge).book);
    if legged {
        Settlement::Legged
    } else {
        Settlement::Atomic
    }
}

fn word(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Atomic => "atomic",
        Settlement::Legged => "legged",
    }
}

/// Returns amount out less amount in; the amounts of a trade are far below an i64.
fn gross(sizing: &Sizing) -> i64 {
    i64::try_from(i128::from(sizing.amount_out) - i128::from(sizing.amount_in)).unwrap_or(i64::MAX)
}

/// Returns the net of a trade of this size, `None` if a cost is unknown.
pub(crate) fn net(sizing: &Sizing, cost: &Cost) -> Option<i64> {
    i64::try_from(i128::from(sizing.amount_out) - i128::from(sizing.amount_in) - cost.chain()?).ok()
}

/// A route as sizing sees it.
struct Chain<'a> {
    market: &'a Market,
    edges: &'a [EdgeId],
}

impl Hops for Chain<'_> {
    fn len(&self) -> usize {
        self.edges.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        self.market
            .quote(self.edges[hop], amount_in)
            .ok()
            .map(|paid| paid.amount_out)
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        self.market.virtual_reserves(self.edges[hop])
    }
}

/// Returns since which slot a cycle counts that pays now: as `signal_persistence::Runs`, over a bridged gap.
fn since(gap: Option<(u64, u64)>, slot: u64, most: u64) -> u64 {
    match gap {
        Some((first, last)) if slot.saturating_sub(last.saturating_add(1)) <= most => first,
        _ => slot,
    }
}

/// In how many slots a cycle paid: 0 if it never did, 1 if it was found before the first announcement.
fn slots_seen(first_slot: Option<u64>, slot: u64) -> u32 {
    let seen = match first_slot {
        None => 0,
        Some(0) => 1,
        Some(first) => (slot + 1).saturating_sub(first).max(1),
    };
    u32::try_from(seen).unwrap_or(u32::MAX)
}
