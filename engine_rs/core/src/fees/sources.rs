//! What is known of fees beside the samples by slot: prices of single accounts, estimates of providers, tips that landed,
//! how full accounts are, and how orders ended at each percentile. All of it says when it was heard.
//!
//! **Fullness** is observed: the compute units of the transactions that were seen to mention an account, over the newest
//! eight slots before the present one, against what a block may spend on one account (40 % of 60 M, eight times). A
//! transaction that was not seen does not count, and how full whole blocks are is unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bid, Bidding, Column, FeeModel, FeeRow};
use crate::judge::scorer::landing_ppm;

/// Compute units that a block may spend on one writable account.
pub const ACCOUNT_CAP_CU: u64 = 24_000_000;
/// Slots whose compute units make the present fullness.
pub const FULL_SLOTS: u64 = 8;
/// Newest slots of a reply whose median is an account's price.
const ACCOUNT_SLOTS: usize = 20;
/// Accounts, and providers, that are remembered; the one heard of longest ago goes first.
const MAX_ACCOUNTS: usize = 256;
const MAX_ESTIMATES: usize = 4;
/// Orders at a percentile before their outcomes say anything.
const EVIDENCE: u64 = 4;
/// Percentiles that a bid may rise to.
const STEPS: [u32; 5] = [25, 50, 75, 90, 99];

/// Prices by percentile, micro-lamports per compute unit, ascending; `slot` is `None` where the provider names none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    pub slot: Option<u64>,
    pub recv_ns: i64,
    pub levels: Vec<(u32, u64)>,
}

/// Tips that landed, lamports by percentile, ascending, and the running average of the median.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tips {
    pub recv_ns: i64,
    pub levels: Vec<(u32, u64)>,
    pub average: u64,
}

/// Compute units seen on one account, by slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    pub recv_ns: i64,
    pub slots: Vec<(u64, u64)>,
}

/// Everything, as a snapshot keeps it: maps as sorted lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcesState {
    pub whole: bool,
    pub accounts: Vec<(String, FeeRow)>,
    pub estimates: Vec<(String, Estimate)>,
    pub tips: Option<Tips>,
    pub loads: Vec<(String, Load)>,
    pub outcomes: Vec<(u32, u64, u64)>,
}

/// All sources but the samples by slot.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Whether a reply on several accounts or all ever came; until then one on a single account speaks for the chain.
    pub whole: bool,
    accounts: BTreeMap<String, FeeRow>,
    estimates: BTreeMap<String, Estimate>,
    tips: Option<Tips>,
    loads: BTreeMap<String, Load>,
    outcomes: BTreeMap<u32, (u64, u64)>,
}

impl Sources {
    /// Restores a snapshot.
    pub fn from_state(state: SourcesState) -> Self {
        let outcomes = state.outcomes.into_iter();
        Self {
            whole: state.whole,
            accounts: state.accounts.into_iter().collect(),
            estimates: state.estimates.into_iter().collect(),
            tips: state.tips,
            loads: state.loads.into_iter().collect(),
            outcomes: outcomes
                .map(|(percent, wins, tries)| (percent, (wins, tries)))
                .collect(),
        }
    }

    /// Returns what a snapshot keeps.
    pub fn state(&self) -> SourcesState {
        fn pairs<T: Clone>(map: &BTreeMap<String, T>) -> Vec<(String, T)> {
            map.iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        }
        let outcomes = self.outcomes.iter();
        SourcesState {
            whole: self.whole,
            accounts: pairs(&self.accounts),
            estimates: pairs(&self.estimates),
            tips: self.tips.clone(),
            loads: pairs(&self.loads),
            outcomes: outcomes
                .map(|(&percent, &(wins, tries))| (percent, wins, tries))
                .collect(),
        }
    }

    /// Takes (slot, price) samples of one writable account: the median of the newest twenty slots is its price. Returns
    /// whether there is a column for the percentile asked for.
    pub fn account(
        &mut self,
        account: &str,
        samples: &[(u64, u64)],
        percentile: Option<u16>,
        recv_ns: i64,
    ) -> bool {
        let Some(column) = Column::of_request(percentile) else {
            return false;
        };
        let mut newest = samples.to_vec();
        newest.sort_unstable();
        let newest = newest.split_off(newest.len().saturating_sub(ACCOUNT_SLOTS));
        let Some(&(slot, _)) = newest.last() else {
            return true;
        };
        let row = self.accounts.entry(account.to_owned()).or_default();
        (row.slot, row.recv_ns) = (slot, recv_ns);
        row.set(
            column,
            super::median(newest.into_iter().map(|(_, price)| price).collect()),
        );
        bound(&mut self.accounts, MAX_ACCOUNTS, |row| row.recv_ns);
        true
    }

    /// Returns the price of an account at `percent`: the lowest known percentile not below it, else the minimum.
    pub fn account_price(&self, account: &str, percent: u32) -> Option<u64> {
        let row = self.accounts.get(account)?;
        let columns = Column::ALL.into_iter();
        columns
            .filter(|column| column.percent() >= percent.max(1))
            .find_map(|column| row.get(column))
            .or(row.minimum)
    }

    /// Returns the prices of single accounts, by account.
    pub fn accounts(&self) -> impl Iterator<Item = (&String, &FeeRow)> {
        self.accounts.iter()
    }

    /// Takes a provider's estimate.
    pub fn estimate(
        &mut self,
        source: &str,
        slot: Option<u64>,
        levels: &[(u32, u64)],
        recv_ns: i64,
    ) {
        let estimate = Estimate {
            slot,
            recv_ns,
            levels: levels.to_vec(),
        };
        self.estimates.insert(source.to_owned(), estimate);
        bound(&mut self.estimates, MAX_ESTIMATES, |each| each.recv_ns);
    }

    /// Returns the estimates, by provider.
    pub fn estimates(&self) -> impl Iterator<Item = (&String, &Estimate)> {
        self.estimates.iter()
    }

    /// Returns the newest estimate at `percent`: of its lowest level not below it, else of its highest.
    pub fn estimated(&self, percent: u32) -> Option<u64> {
        let newest = self.estimates.values().max_by_key(|each| each.recv_ns)?;
        level(&newest.levels, percent).or_else(|| newest.levels.last().map(|&(_, price)| price))
    }

    /// Takes the tips that landed.
    pub fn tip_floor(&mut self, levels: &[(u32, u64)], average: u64, recv_ns: i64) {
        self.tips = Some(Tips {
            recv_ns,
            levels: levels.to_vec(),
            average,
        });
    }

    /// Returns the tips that landed, `None` where no source told.
    pub fn tips(&self) -> Option<&Tips> {
        self.tips.as_ref()
    }

    /// Returns the least tip: the percentile of those that landed, 0 where that is not wanted or not known.
    pub fn least_tip(&self, bidding: &Bidding) -> u64 {
        let tips = self.tips.as_ref().filter(|_| bidding.tip_percentile > 0);
        tips.and_then(|tips| level(&tips.levels, bidding.tip_percentile))
            .unwrap_or(0)
    }

    /// Takes the compute units of one transaction that mentions an account.
    pub fn observe(&mut self, account: &str, slot: u64, units: u64, recv_ns: i64) {
        let load = self.loads.entry(account.to_owned()).or_default();
        load.recv_ns = recv_ns;
        match load.slots.binary_search_by_key(&slot, |&(slot, _)| slot) {
            Ok(at) => load.slots[at].1 = load.slots[at].1.saturating_add(units),
            Err(at) => load.slots.insert(at, (slot, units)),
        }
        let newest = load.slots.last().map_or(0, |&(slot, _)| slot);
        load.slots
            .retain(|&(slot, _)| newest - slot < 2 * FULL_SLOTS);
        bound(&mut self.loads, MAX_ACCOUNTS, |load| load.recv_ns);
    }

    /// Returns how full an account was seen to be over the eight slots before `slot`, in ppm of its cap.
    pub fn fullness(&self, account: &str, slot: u64) -> Option<u32> {
        let load = self.loads.get(account)?;
        let first = slot.saturating_sub(FULL_SLOTS);
        let seen = load
            .slots
            .iter()
            .filter(|&&(at, _)| (first..slot).contains(&at));
        let units: u128 = seen.map(|&(_, units)| u128::from(units)).sum();
        let cap = u128::from(ACCOUNT_CAP_CU * FULL_SLOTS);
        Some(u32::try_from(units * 1_000_000 / cap).unwrap_or(u32::MAX))
    }

    /// Returns the fullest account's fullness and when it was last seen, `None` before any.
    pub fn fullest(&self, slot: u64) -> Option<(u32, i64)> {
        let all = self.loads.iter();
        all.filter_map(|(account, load)| Some((self.fullness(account, slot)?, load.recv_ns)))
            .max()
    }

    /// Counts how an order at a percentile ended.
    pub fn learn(&mut self, percent: u32, landed: bool) {
        let (wins, tries) = self.outcomes.entry(percent).or_default();
        *wins += u64::from(landed);
        *tries += 1;
    }

    /// Halves what outcomes taught, `by` times.
    pub fn forget(&mut self, by: u32) {
        self.outcomes.retain(|_, (wins, tries)| {
            *wins >>= by;
            *tries >>= by;
            *tries > 0
        });
    }

    /// Returns (percentile, landed, tried) of the orders that ended, by percentile.
    pub fn outcomes(&self) -> impl Iterator<Item = (u32, u64, u64)> {
        let all = self.outcomes.iter();
        all.map(|(&percent, &(wins, tries))| (percent, wins, tries))
    }

    /// Returns the percentile to bid: the configured one, or the next higher at which orders land as often as wanted or
    /// too few were tried to know; the highest if none does.
    pub fn percent(&self, bidding: &Bidding) -> u32 {
        let enough = |percent: u32| {
            let (wins, tries) = self.outcomes.get(&percent).copied().unwrap_or((0, 0));
            tries < EVIDENCE || landing_ppm(wins, tries) >= bidding.wanted_landing_ppm
        };
        let mut percent = bidding.percentile;
        if bidding.wanted_landing_ppm == 0 {
            return percent;
        }
        for step in STEPS.into_iter().filter(|&step| step > bidding.percentile) {
            if enough(percent) {
                return percent;
            }
            percent = step;
        }
        percent
    }

    /// Returns the price to bid: by the samples where they know the percentile, else by an estimate, else by the
    /// minimums that landed; `None` before any of them.
    pub fn offer(&self, fees: &FeeModel, bidding: &Bidding) -> Option<Bid> {
        let percent = self.percent(bidding);
        let floor = bidding.floor_micro_lamports;
        if fees.column(percent).is_none()
            && let Some(price) = self.estimated(percent)
        {
            let source = if price < floor { "floor" } else { "estimate" };
            return Some(Bid {
                micro_lamports: price.max(floor),
                source,
            });
        }
        fees.bid_at(percent, floor)
    }
}

/// Returns the value of the lowest level not below `percent`.
fn level(levels: &[(u32, u64)], percent: u32) -> Option<u64> {
    let mut above = levels.iter().filter(|&&(at, _)| at >= percent);
    above.next().map(|&(_, value)| value)
}

/// Drops what was heard of longest ago, the first by name of equals, while there are more than `most`.
fn bound<T>(map: &mut BTreeMap<String, T>, most: usize, seen_ns: impl Fn(&T) -> i64) {
    while map.len() > most {
        let oldest = map.iter().min_by_key(|(_, value)| seen_ns(value));
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return;
        };
        map.remove(&key);
    }
}

/// Returns the compute units of a transaction by its log lines: the sum of what its own instructions consumed. What a
/// program logs itself (`Program log: …`) says nothing.
pub fn consumed_units<T: AsRef<str>>(logs: &[T]) -> u64 {
    let (mut depth, mut units) = (0_u64, 0_u64);
    for line in logs {
        let words: Vec<&str> = line.as_ref().split(' ').collect();
        let ["Program", program, verb, rest @ ..] = words.as_slice() else {
            continue;
        };
        if program.ends_with(':') {
            continue;
        }
        match (*verb, rest) {
            ("invoke", [level]) => depth = bracketed(level).unwrap_or(depth),
            ("consumed", [spent, "of", _, "compute", "units"]) if depth == 1 => {
                units = units.saturating_add(spent.parse().unwrap_or(0));
            }
            ("success", []) | ("failed:", _) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    units
}

/// Returns the number in `[1]`.
fn bracketed(text: &str) -> Option<u64> {
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}
