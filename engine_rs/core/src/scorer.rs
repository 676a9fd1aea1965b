//! Net of everything: go or no-go with one reason.
//!
//! Gates are tried in this order and the first that fails is the reason: `no_base`, `torn`, `stale`, `unknown_cost`,
//! `legged_cost`, `not_positive`, `below_min`, `fees_eat_gross`, `new`, `landing`; else `go`. A gate whose input is
//! unknown fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const PPM: i128 = 1_000_000;

/// What an opportunity must pass; twin of `Gates` in `cambist/engine/protocol.py`, which documents each field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gates {
    pub min_net_ppm: i64,
    pub min_seen_slots: u32,
    pub max_book_age_ms: u64,
    pub max_slot_lag: u64,
    pub max_slot_silence_ms: u64,
    pub min_landing_ppm: u32,
    pub max_fee_ppm_of_gross: u64,
    pub caps: BTreeMap<String, u64>,
    pub rebalancing_ppm: Option<u64>,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            min_net_ppm: 500,
            min_seen_slots: 2,
            max_book_age_ms: 2_000,
            max_slot_lag: 2,
            max_slot_silence_ms: 5_000,
            min_landing_ppm: 100_000,
            max_fee_ppm_of_gross: 500_000,
            caps: BTreeMap::new(),
            rebalancing_ppm: None,
        }
    }
}

/// How the legs are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// In one transaction.
    #[default]
    Atomic,
    /// With an exchange leg in it.
    Legged,
}

/// Everything a decision reads. Amounts and costs are atoms of the cycle's base token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Candidate {
    pub amount_in: u64,
    /// Exact output of the chain, venue fees already inside.
    pub amount_out: u64,
    pub settlement: Settlement,
    /// Whether the cycle passes a base token that has a cap.
    pub has_base: bool,
    /// The torn leg, for display; empty if none.
    pub torn: String,
    /// The stale leg, for display; empty if none.
    pub stale: String,
    /// Transfer fees that `amount_out` does not hold already.
    pub transfer_fees: u64,
    pub base_fee: Option<u64>,
    pub priority_fee: Option<u64>,
    pub tip: Option<u64>,
    pub rent: Option<u64>,
    /// Read for legged settlement only.
    pub rebalancing: Option<u64>,
    /// Slots in a row in which the cycle gained at the margin.
    pub seen_slots: u32,
    /// Orders of this settlement and hop count that landed, and that were tried.
    pub wins: u64,
    pub tries: u64,
}

/// What was decided and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub go: bool,
    pub reason: String,
    /// What the reason is about, for display.
    pub detail: String,
    /// Atoms of the base token after every cost; `None` if a cost is unknown or the sum leaves an i64.
    pub net: Option<i64>,
    pub landing_ppm: u32,
    /// 0-100, `None` while the net is unknown.
    pub score: Option<u8>,
}

/// Returns the decision on a candidate.
pub fn decide(candidate: &Candidate, gates: &Gates) -> Decision {
    let net = net_of(candidate);
    let landing_ppm = landing_ppm(candidate.wins, candidate.tries);
    let (reason, detail) =
        refusal(candidate, gates, net, landing_ppm).unwrap_or(("go", String::new()));
    Decision {
        go: reason == "go",
        reason: reason.to_owned(),
        detail,
        net,
        landing_ppm,
        score: net.map(|net| score(candidate, gates, net, landing_ppm)),
    }
}

/// Returns the chance to land learned from outcomes, `(wins + 1) / (tries + 2)` in parts per million, rounded down.
pub fn landing_ppm(wins: u64, tries: u64) -> u32 {
    let wins = u128::from(wins.min(tries));
    ((wins + 1) * 1_000_000 / (u128::from(tries) + 2)) as u32
}

/// Returns the net, `None` if a cost is unknown or the result does not fit.
fn net_of(candidate: &Candidate) -> Option<i64> {
    let mut net = gross_of(candidate) - i128::from(candidate.transfer_fees);
    for cost in [
        candidate.base_fee,
        candidate.priority_fee,
        candidate.tip,
        candidate.rent,
    ] {
        net -= i128::from(cost?);
    }
    if candidate.settlement == Settlement::Legged {
        net -= i128::from(candidate.rebalancing?);
    }
    i64::try_from(net).ok()
}

fn gross_of(candidate: &Candidate) -> i128 {
    i128::from(candidate.amount_out) - i128::from(candidate.amount_in)
}

/// Returns `part` as parts per million of `whole`, rounded down.
fn ppm(part: i128, whole: u64) -> i128 {
    (part * PPM).div_euclid(i128::from(whole.max(1)))
}

/// Returns the first gate that fails and what it is about.
fn refusal(
    c: &Candidate,
    gates: &Gates,
    net: Option<i64>,
    landing: u32,
) -> Option<(&'static str, String)> {
    if !c.has_base || c.amount_in == 0 {
        return Some(("no_base", String::new()));
    }
    if !c.torn.is_empty() {
        return Some(("torn", c.torn.clone()));
    }
    if !c.stale.is_empty() {
        return Some(("stale", c.stale.clone()));
    }
    let costs = [
        ("base_fee", c.base_fee),
        ("priority_fee", c.priority_fee),
        ("tip", c.tip),
        ("rent", c.rent),
    ];
    if let Some((name, _)) = costs.iter().find(|(_, cost)| cost.is_none()) {
        return Some(("unknown_cost", (*name).to_owned()));
    }
    if c.settlement == Settlement::Legged && c.rebalancing.is_none() {
        return Some(("legged_cost", "rebalancing".to_owned()));
    }
    let Some(net) = net else {
        return Some(("unknown_cost", "overflow".to_owned()));
    };
    if net <= 0 {
        let gross = gross_of(c);
        let (what, by) = if gross <= 0 {
            ("gross", gross)
        } else {
            ("net", i128::from(net))
        };
        return Some((
            "not_positive",
            format!("{what} {} ppm", ppm(by, c.amount_in)),
        ));
    }
    threshold(c, gates, i128::from(net), landing)
}

/// The gates that compare a known value with a limit; the detail is `value<limit unit`.
fn threshold(
    c: &Candidate,
    gates: &Gates,
    net: i128,
    landing: u32,
) -> Option<(&'static str, String)> {
    if net * PPM < i128::from(gates.min_net_ppm) * i128::from(c.amount_in) {
        return Some((
            "below_min",
            format!("{}<{} ppm", ppm(net, c.amount_in), gates.min_net_ppm),
        ));
    }
    let fees = i128::from(c.priority_fee.unwrap_or(0)) + i128::from(c.tip.unwrap_or(0));
    let gross = gross_of(c);
    if fees * PPM > i128::from(gates.max_fee_ppm_of_gross) * gross {
        let share = fees * PPM / gross.max(1);
        return Some((
            "fees_eat_gross",
            format!("{share}>{} ppm", gates.max_fee_ppm_of_gross),
        ));
    }
    if c.seen_slots < gates.min_seen_slots {
        return Some((
            "new",
            format!("{}<{} slots", c.seen_slots, gates.min_seen_slots),
        ));
    }
    if landing < gates.min_landing_ppm {
        return Some((
            "landing",
            format!("{landing}<{} ppm", gates.min_landing_ppm),
        ));
    }
    None
}

/// Returns 0-100: up to 50 for the net (all at four times the least net), up to 20 for persistence (all at twice the
/// least slots), up to 30 for the chance to land; each part rounded down, 0 where the net is not positive.
fn score(c: &Candidate, gates: &Gates, net: i64, landing: u32) -> u8 {
    if net <= 0 {
        return 0;
    }
    let full = 4 * i128::from(gates.min_net_ppm.max(1));
    let value = 50 * ppm(i128::from(net), c.amount_in).min(full) / full;
    let slots = 2 * i128::from(gates.min_seen_slots.max(1));
    let seen = 20 * i128::from(c.seen_slots).min(slots) / slots;
    (value + seen + 30 * i128::from(landing) / PPM) as u8
}
