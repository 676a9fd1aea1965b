//! What is said of a cycle: its costs and the decision, in the canonical encoding.

use serde::{Deserialize, Serialize};

use crate::scorer::Settlement;

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

/// One exactly sized cycle and what was decided about it. Field order is the canonical encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opportunity {
    pub seq: u64,
    pub recv_ns: i64,
    pub slot: u64,
    pub key: String,
    pub route: Vec<String>,
    pub tokens: Vec<String>,
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
}

impl Opportunity {
    pub(super) fn says(&self) -> (u64, u64, &str, bool) {
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
