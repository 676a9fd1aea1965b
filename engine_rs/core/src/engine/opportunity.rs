//! What is said of a cycle: its costs and the decision, in the canonical encoding.

use serde::{Deserialize, Serialize};

use super::encoded::Encoded;
use super::json::{Put, append, object};
use crate::judge::scorer::Settlement;

/// Every cost of one opportunity; twin of `Cost` in `cambist/model/opportunity.py`, which documents each field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub venue_fees: u64,
    pub transfer_fees: u64,
    pub base_fee: Option<u64>,
    pub priority_fee: Option<u64>,
    pub tip: Option<u64>,
    pub rent: Option<u64>,
    pub rebalancing: Option<u64>,
    #[serde(default = "nothing")]
    pub flash_loan: Option<u64>,
}

impl Cost {
    /// Returns the sum of what is paid on top of the venues' own fees; `None` if any part is unknown.
    pub(super) fn chain(&self) -> Option<i128> {
        let parts = [
            self.base_fee,
            self.priority_fee,
            self.tip,
            self.rent,
            self.rebalancing,
            self.flash_loan,
        ];
        parts
            .into_iter()
            .try_fold(i128::from(self.transfer_fees), |sum, part| {
                Some(sum + i128::from(part?))
            })
    }
}

impl Put for Cost {
    fn put(&self, out: &mut Vec<u8>) {
        object!(out,
            "venue_fees": &self.venue_fees,
            "transfer_fees": &self.transfer_fees,
            "base_fee": &self.base_fee,
            "priority_fee": &self.priority_fee,
            "tip": &self.tip,
            "rent": &self.rent,
            "rebalancing": &self.rebalancing,
            "flash_loan": &self.flash_loan,
        );
    }
}

/// What the chain asks for, in lamports; twin of `Lamports` in `cambist/model/opportunity.py`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lamports {
    pub base_fee: Option<u64>,
    pub priority_fee: Option<u64>,
    pub tip: Option<u64>,
    pub rent: Option<u64>,
}

impl Put for Lamports {
    fn put(&self, out: &mut Vec<u8>) {
        object!(out,
            "base_fee": &self.base_fee,
            "priority_fee": &self.priority_fee,
            "tip": &self.tip,
            "rent": &self.rent,
        );
    }
}

impl Put for Settlement {
    fn put(&self, out: &mut Vec<u8>) {
        append(out, self);
    }
}

/// One exactly sized cycle and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opportunity {
    pub seq: u64,
    pub recv_ns: i64,
    pub slot: u64,
    pub key: Encoded<String>,
    pub route: Encoded<Vec<String>>,
    pub tokens: Encoded<Vec<String>>,
    pub settlement: Settlement,
    pub amount_in: u64,
    pub amount_out: u64,
    pub gross: i64,
    pub cost: Cost,
    pub net: Option<i64>,
    pub oldest_ns: i64,
    pub seen_slots: u32,
    pub landing_ppm: u32,
    pub score: Option<u8>,
    pub go: bool,
    pub reason: String,
    pub detail: String,
    #[serde(default)]
    pub miss: Option<i64>,
    #[serde(default)]
    pub miss_unit: String,
    /// Slots that had a moment so far: what `seen_slots` counts in.
    #[serde(default)]
    pub judged_slots: u64,
    #[serde(default)]
    pub lamports: Lamports,
}

/// The canonical encoding, which both engines give to the byte.
impl Put for Opportunity {
    fn put(&self, out: &mut Vec<u8>) {
        object!(out,
            "seq": &self.seq,
            "recv_ns": &self.recv_ns,
            "slot": &self.slot,
            "key": &self.key,
            "route": &self.route,
            "tokens": &self.tokens,
            "settlement": &self.settlement,
            "amount_in": &self.amount_in,
            "amount_out": &self.amount_out,
            "gross": &self.gross,
            "cost": &self.cost,
            "net": &self.net,
            "oldest_ns": &self.oldest_ns,
            "seen_slots": &self.seen_slots,
            "landing_ppm": &self.landing_ppm,
            "score": &self.score,
            "go": &self.go,
            "reason": &self.reason,
            "detail": &self.detail,
            "miss": &self.miss,
            "miss_unit": &self.miss_unit,
            "judged_slots": &self.judged_slots,
            "lamports": &self.lamports,
        );
    }
}

impl Opportunity {
    pub(super) fn decision(&self) -> (u64, u64, &str, bool) {
        (self.amount_in, self.amount_out, &self.reason, self.go)
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the default of a field that may be unknown"
)]
fn nothing() -> Option<u64> {
    Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_as_what_was_written() {
        let opportunity = Opportunity {
            seq: u64::MAX,
            recv_ns: i64::MIN,
            slot: 3,
            key: "a:0|\"b\":1".to_owned().into(),
            route: vec!["a:0".to_owned(), "\"b\":1".to_owned()].into(),
            tokens: vec![String::new(), "ü\u{1}".to_owned()].into(),
            settlement: Settlement::Legged,
            amount_in: 1,
            amount_out: 0,
            gross: -1,
            cost: Cost {
                venue_fees: 7,
                transfer_fees: 0,
                base_fee: None,
                priority_fee: Some(1),
                tip: Some(2),
                rent: None,
                rebalancing: Some(u64::MAX),
                flash_loan: Some(0),
            },
            net: None,
            oldest_ns: 5,
            seen_slots: u32::MAX,
            landing_ppm: 1,
            score: Some(100),
            go: true,
            reason: "not \\ a word".to_owned(),
            detail: String::new(),
            miss: Some(-9),
            miss_unit: "ppm".to_owned(),
            judged_slots: 7,
            lamports: Lamports {
                base_fee: Some(5_000),
                priority_fee: None,
                tip: Some(u64::MAX),
                rent: Some(0),
            },
        };
        let mut line = Vec::new();
        opportunity.put(&mut line);
        assert_eq!(
            serde_json::from_slice::<Opportunity>(&line).unwrap(),
            opportunity
        );
        assert_eq!(serde_json::to_vec(&opportunity).unwrap(), line);
    }
}
