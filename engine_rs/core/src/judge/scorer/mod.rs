//! Net of everything: go or no-go with one reason.
//!
//! Gates are tried in this order and the first that fails is the reason: `no_base`, `fork`, `torn`, `stale`, `depeg`,
//! `unconfirmed`, `unknown_cost`, `legged_cost`, `not_positive`, `below_min`, `fees_eat_gross`, `tip_share`, `new`,
//! `landing`; else `go`. A gate whose input is unknown fails. A refusal by a figure says by how much it missed: what the
//! figure must change, no more and no less, for that gate to pass.
//!
//! `figures` weighs the numbers alone, `columns` many rows of them in one call.

mod columns;
mod figures;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::columns::{COLUMNS, ColumnError, Scored, score_columns};
pub use self::figures::{Reason, Verdict, landing_ppm, needs_second, weigh};

/// What an opportunity must pass; `cambist/config/settings.py` documents each field and has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gates {
    pub min_net_ppm: i64,
    pub min_seen_slots: u32,
    pub max_gap_slots: u32,
    pub max_book_age_ms: u64,
    pub max_slot_lag: u64,
    pub max_slot_silence_ms: u64,
    pub max_unconfirmed_ppm: u64,
    pub min_landing_ppm: u32,
    pub max_fee_ppm_of_gross: u64,
    pub max_tip_ppm_of_profit: u64,
    pub flash_loan: bool,
    #[serde(deserialize_with = "Option::deserialize")]
    pub flash_loan_ppm: Option<u64>,
    pub caps: BTreeMap<String, u64>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub rebalancing_ppm: Option<u64>,
    pub trades_per_transfer: u64,
}

impl Gates {
    /// Returns the gates that JSON describes; none may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

/// How the legs are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// In one transaction.
    #[default]
    Atomic,
    /// With an exchange leg in it.
    Legged,
}

/// What is found of a cycle's legs: a word about it, or merely that it is so.
pub trait Finding {
    /// Returns whether there is anything to be found.
    fn is_found(&self) -> bool;
}

impl Finding for bool {
    fn is_found(&self) -> bool {
        *self
    }
}

impl Finding for String {
    fn is_found(&self) -> bool {
        !self.is_empty()
    }
}

/// Everything a decision reads. Amounts and costs are atoms of the cycle's base token. Findings are words where a decision
/// is shown, else flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Candidate<F = String> {
    pub amount_in: u64,
    /// Exact output of the chain, venue fees already inside.
    pub amount_out: u64,
    pub settlement: Settlement,
    /// Whether the cycle passes a base token that has a cap.
    pub has_base: bool,
    /// The leg whose state came from a slot that fell out of the chain, for display; empty if none.
    pub fork: F,
    /// The torn leg, for display; empty if none.
    pub torn: F,
    /// The stale leg, for display; empty if none.
    pub stale: F,
    /// The equivalence that does not hold, for display; empty if none.
    pub depeg: F,
    /// The leg that no second endpoint told alike, for display; empty if none. Read for a great gross only.
    pub unconfirmed: F,
    /// Transfer fees that `amount_out` does not hold already.
    pub transfer_fees: u64,
    pub base_fee: Option<u64>,
    pub priority_fee: Option<u64>,
    pub tip: Option<u64>,
    pub rent: Option<u64>,
    /// Fee of a loan taken for the trade, 0 where none is.
    pub flash_loan: Option<u64>,
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
    /// By how much the refusing gate's figure missed, `None` where no figure refused.
    pub miss: Option<i64>,
    /// What `miss` is counted in: `atoms` of the base token, `slots` or `ppm`; else empty.
    pub miss_unit: String,
}

/// Returns the decision on a candidate.
pub fn decide(candidate: &Candidate, gates: &Gates) -> Decision {
    let verdict = weigh(candidate, gates);
    Decision {
        go: verdict.reason == Reason::Go,
        reason: verdict.reason.as_str().to_owned(),
        detail: detail(candidate, gates, &verdict),
        net: verdict.net,
        landing_ppm: verdict.landing_ppm,
        score: verdict.score,
        miss: verdict.miss,
        miss_unit: verdict.reason.unit().to_owned(),
    }
}

/// Returns what the reason is about; of a limit it is `value<limit unit`.
fn detail(c: &Candidate, gates: &Gates, verdict: &Verdict) -> String {
    let net = i128::from(verdict.net.unwrap_or(0));
    let of_input = |part: i128| figures::ppm(part, c.amount_in);
    match verdict.reason {
        Reason::Go | Reason::NoBase => String::new(),
        Reason::Fork => c.fork.clone(),
        Reason::Torn => c.torn.clone(),
        Reason::Stale => c.stale.clone(),
        Reason::Depeg => c.depeg.clone(),
        Reason::Unconfirmed => format!(
            "{}>{} ppm, {}",
            of_input(c.gross()),
            gates.max_unconfirmed_ppm,
            c.unconfirmed
        ),
        Reason::UnknownCost => c.unknown_cost().unwrap_or("overflow").to_owned(),
        Reason::LeggedCost => "rebalancing".to_owned(),
        Reason::NotPositive => match c.gross() {
            gross if gross <= 0 => format!("gross {} ppm", of_input(gross)),
            _ => format!("net {} ppm", of_input(net)),
        },
        Reason::BelowMin => format!("{}<{} ppm", of_input(net), gates.min_net_ppm),
        Reason::FeesEatGross => {
            let share = c.bid() * figures::PPM / c.gross().max(1);
            format!("{share}>{} ppm", gates.max_fee_ppm_of_gross)
        }
        Reason::TipShare => {
            let tip = i128::from(c.tip.unwrap_or(0));
            let share = tip * figures::PPM / (net + tip).max(1);
            format!("{share}>{} ppm", gates.max_tip_ppm_of_profit)
        }
        Reason::New => format!("{}<{} slots", c.seen_slots, gates.min_seen_slots),
        Reason::Landing => format!("{}<{} ppm", verdict.landing_ppm, gates.min_landing_ppm),
    }
}
