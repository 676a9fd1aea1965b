//! What a standing cycle costs at its size, and the decision on it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::book_scale::PPM;
use super::ends::{Closing, Fate};
use super::market::{Kind, Market, Problem};
use super::moments::Moment;
use super::opportunity::{Cost, Lamports, Opportunity};
use super::route::{Sizing, gross, settlement};
use super::setup::EngineSetup;
use super::standing::{Context, Cycle};
use crate::fees::{Bid, FeeModel, Sources, base_fee, priority_fee};
use crate::judge::scorer::{Candidate, Settlement, decide, needs_second};
use crate::search::graph::EdgeId;

/// Orders of ours whose times are remembered.
pub(crate) const MOST_TOOK: usize = 64;
/// Ten minutes of slots: the half-life of what outcomes taught.
const MEMORY_SLOTS: u64 = 1_500;

/// What trades cost now, how they ended so far, and the decisions that follow.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    /// (settlement, hops) → (landed, tried), of orders and of gaps that nothing was sent for.
    pub(crate) learned: BTreeMap<(Settlement, u64), (u64, u64)>,
    /// How long the last orders took from their decision until they landed, the oldest first.
    pub(crate) took_ns: VecDeque<i64>,
    /// Micro-lamports per compute unit and where from; kept because a percentile costs more than a quote.
    pub(crate) bid: Option<Bid>,
    /// Prices of single accounts at the percentile that is bid.
    account_bids: BTreeMap<String, u64>,
    /// Lamports that a tip is not below.
    pub(crate) least_tip: u64,
}

impl Judge {
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
    pub(crate) fn bid_on(&self, market: &Market, edges: &[EdgeId]) -> Option<u64> {
        let chain = self.bid?.micro_lamports;
        if self.account_bids.is_empty() {
            return Some(chain);
        }
        let pools = edges.iter().map(|&edge| market.behind(edge));
        let names = pools
            .filter(|behind| behind.kind == Kind::Pool)
            .map(|behind| &market.registry.pools[behind.at].name);
        names
            .filter_map(|name| self.account_bids.get(name).copied())
            .max()
            .map_or(Some(chain), |dearest| Some(dearest.max(chain)))
    }

    /// Returns every cost of a trade of this size, once, in atoms of the base token.
    pub(crate) fn cost(&self, cx: Context<'_>, cycle: &Cycle, sizing: &Sizing) -> Cost {
        self.charges(cx, cycle, sizing).0
    }

    /// Returns every cost of a trade of this size, and what of it the chain asks for in lamports.
    fn charges(&self, cx: Context<'_>, cycle: &Cycle, sizing: &Sizing) -> (Cost, Lamports) {
        let gates = &cx.setup.gates;
        let legged = settlement(cx.market, &cycle.edges) == Settlement::Legged;
        let base = cycle.base.as_str();
        let convert = |lamports: Option<u64>| match lamports {
            Some(0) => Some(0),
            lamports => lamports
                .filter(|_| !base.is_empty())
                .and_then(|lamports| cx.prices.lamports_to(lamports, base)),
        };
        let loan = if gates.flash_loan && !legged {
            gates.flash_loan_ppm
        } else {
            Some(0)
        };
        let share = |rate: u64| (u128::from(sizing.amount_in) * u128::from(rate)).div_ceil(PPM);
        let mut lamports = self.lamports(cx, cycle, sizing);
        let mut tip = Some(0);
        if sizing.cu_limit != Some(0) && !legged {
            (tip, lamports.tip) = self.tip(cx, base, sizing).unzip();
        }
        let cost = Cost {
            venue_fees: sizing.fees,
            transfer_fees: 0,
            base_fee: convert(lamports.base_fee),
            priority_fee: convert(lamports.priority_fee),
            tip,
            rent: convert(lamports.rent),
            rebalancing: sizing.rebalancing,
            flash_loan: loan.and_then(|rate| u64::try_from(share(rate)).ok()),
        };
        (cost, lamports)
    }

    /// Returns the tip in atoms of the base token and in lamports: a share of the gross, at least the floor.
    fn tip(&self, cx: Context<'_>, base: &str, sizing: &Sizing) -> Option<(u64, u64)> {
        let gross = u128::from(sizing.amount_out.saturating_sub(sizing.amount_in));
        let share = gross * u128::from(cx.setup.bidding.tip_ppm_of_gross) / PPM;
        let share = u64::try_from(share).ok()?;
        if base.is_empty() {
            return None;
        }
        let floor = cx.prices.lamports_to(self.least_tip, base)?;
        if share <= floor {
            return Some((floor, self.least_tip));
        }
        Some((
            share,
            cx.prices.lamports_of(share, base)?.max(self.least_tip),
        ))
    }

    /// Returns what the chain asks for whatever the gross is; no tip.
    fn lamports(&self, cx: Context<'_>, cycle: &Cycle, sizing: &Sizing) -> Lamports {
        let rent = rent(cx.setup, cx.market, &cycle.edges);
        let (base_fee, priority_fee) = if sizing.cu_limit == Some(0) {
            (Some(0), Some(0))
        } else {
            let priority = self
                .bid_on(cx.market, &cycle.edges)
                .zip(sizing.cu_limit)
                .and_then(|(bid, limit)| priority_fee(bid, limit));
            (Some(base_fee(cx.setup.bidding.signatures)), priority)
        };
        Lamports {
            base_fee,
            priority_fee,
            tip: Some(0),
            rent,
        }
    }

    /// Returns the decision on a cycle as it stands.
    pub(crate) fn decide(&self, cx: Context<'_>, moment: Moment, cycle: &Cycle) -> Opportunity {
        let (sizing, settlement) = (&cycle.sizing, settlement(cx.market, &cycle.edges));
        let (cost, lamports) = self.charges(cx, cycle, sizing);
        let legs = || {
            cycle
                .edges
                .iter()
                .map(|&edge| cx.market.leg(edge, moment.now_ns, cx.channels))
        };
        let (mut fork, mut torn) = (String::new(), String::new());
        let (mut stale, mut depeg) = (String::new(), String::new());
        let mut oldest_ns = 0;
        for leg in legs() {
            oldest_ns = oldest_ns.max(leg.age_ns);
            match leg.problem {
                Problem::Fork if fork.is_empty() => fork = leg.detail,
                Problem::Torn if torn.is_empty() => torn = leg.detail,
                Problem::Stale if stale.is_empty() => stale = leg.detail,
                Problem::Depeg if depeg.is_empty() => depeg = leg.detail,
                _ => {}
            }
        }
        let kind = (settlement, cycle.edges.len() as u64);
        let (wins, tries) = self.learned.get(&kind).copied().unwrap_or((0, 0));
        let seen_slots = slots_seen(cycle.first_slot, moment.slots);
        let candidate = Candidate {
            amount_in: sizing.amount_in,
            amount_out: sizing.amount_out,
            settlement,
            has_base: cycle.cap.is_some(),
            fork,
            torn,
            stale,
            depeg,
            unconfirmed: unconfirmed(cx, cycle),
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
        Opportunity {
            seq: moment.seq,
            recv_ns: moment.now_ns,
            slot: moment.slot,
            key: cycle.names.key.clone(),
            route: cycle.names.route.clone(),
            tokens: cycle.names.tokens.clone(),
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
            judged_slots: moment.slots,
            lamports,
        }
    }

    /// Counts how an order on a cycle ended, with all of its settlement and hop count.
    pub(crate) fn learn(&mut self, key: &str, landed: bool, took_ns: Option<i64>) {
        if let Some(took_ns) = took_ns {
            self.took_ns.push_back(took_ns);
            if self.took_ns.len() > MOST_TOOK {
                self.took_ns.pop_front();
            }
        }
        self.count(key, landed);
    }

    /// Counts a gap that was worth an order, and that nothing was sent for, as one that was. It would have landed if the
    /// gap outlived the median of the times that our orders took: before any is known, or where it is not known when the
    /// gap ended, nothing is counted.
    pub(crate) fn watch(&mut self, closing: &Closing, fate: Fate) {
        let gap = &closing.gap;
        if gap.sent || gap.go_ns == 0 || !matches!(fate, Fate::Taken | Fate::Faded) {
            return;
        }
        let mut took: Vec<i64> = self.took_ns.iter().copied().collect();
        took.sort_unstable();
        let Some(own_ns) = took.get(took.len().saturating_sub(1) / 2) else {
            return;
        };
        self.count(&closing.key, closing.ended_ns - gap.go_ns > *own_ns);
    }

    fn count(&mut self, key: &str, landed: bool) {
        let legged = key.split('|').any(|name| name.matches(':').count() > 1);
        let settlement = if legged {
            Settlement::Legged
        } else {
            Settlement::Atomic
        };
        let kind = (settlement, key.split('|').count() as u64);
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
}

/// Returns the first pool of a cycle that is too good to go on one endpoint's word, which is all there is.
fn unconfirmed(cx: Context<'_>, cycle: &Cycle) -> String {
    let Sizing {
        amount_in,
        amount_out,
        ..
    } = cycle.sizing;
    if !needs_second(amount_in, amount_out, &cx.setup.gates) {
        return String::new();
    }
    let legs = cycle.edges.iter().map(|&edge| cx.market.behind(edge));
    let mut pools = legs
        .filter(|behind| behind.kind == Kind::Pool)
        .map(|behind| &cx.market.registry.pools[behind.at]);
    pools
        .find(|pool| !cx.market.registry.is_confirmed(pool))
        .map_or_else(String::new, |pool| pool.name.clone())
}

/// Returns the lamports that token accounts cost which a route needs and the wallet has not, `None` if one of their mints
/// is unknown.
pub(super) fn rent(setup: &EngineSetup, market: &Market, edges: &[EdgeId]) -> Option<u64> {
    let Some(held) = &setup.bidding.token_accounts else {
        return Some(0);
    };
    if setup.bidding.rent_recoverable {
        return Some(0);
    }
    let pools = edges.iter().filter(|&&edge| market.on_chain(edge));
    let needed: BTreeSet<&str> = pools
        .flat_map(|&edge| <[&str; 2]>::from(market.ends(edge)))
        .collect();
    needed
        .into_iter()
        .filter(|&mint| !held.iter().any(|each| each == mint))
        .try_fold(0, |sum, mint| Some(sum + market.account_rent(mint)?))
}

/// In how many slots a cycle paid: 0 if it never did, 1 if it was found before the first announcement.
fn slots_seen(first_slot: Option<u64>, slots: u64) -> u32 {
    let seen = match first_slot {
        None => 0,
        Some(0) => 1,
        Some(first) => (slots + 1).saturating_sub(first).max(1),
    };
    u32::try_from(seen).unwrap_or(u32::MAX)
}
