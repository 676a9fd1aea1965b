//! The numbers of a candidate weighed against the gates, without a word.

use serde::{Deserialize, Serialize};

use super::{Candidate, Finding, Gates, Settlement};

pub(super) const PPM: i128 = 1_000_000;

/// The gate that refused, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Reason {
    Go = 0,
    NoBase = 1,
    Fork = 2,
    Torn = 3,
    Stale = 4,
    Depeg = 5,
    Unconfirmed = 6,
    UnknownCost = 7,
    LeggedCost = 8,
    NotPositive = 9,
    BelowMin = 10,
    FeesEatGross = 11,
    TipShare = 12,
    New = 13,
    Landing = 14,
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = 15;

    /// Returns the reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::NoBase => "no_base",
            Self::Fork => "fork",
            Self::Torn => "torn",
            Self::Stale => "stale",
            Self::Depeg => "depeg",
            Self::Unconfirmed => "unconfirmed",
            Self::UnknownCost => "unknown_cost",
            Self::LeggedCost => "legged_cost",
            Self::NotPositive => "not_positive",
            Self::BelowMin => "below_min",
            Self::FeesEatGross => "fees_eat_gross",
            Self::TipShare => "tip_share",
            Self::New => "new",
            Self::Landing => "landing",
        }
    }

    /// Returns what a miss at this gate is counted in, empty where no figure is compared.
    pub fn unit(self) -> &'static str {
        match self {
            Self::NotPositive | Self::BelowMin | Self::FeesEatGross | Self::TipShare => "atoms",
            Self::New => "slots",
            Self::Landing => "ppm",
            _ => "",
        }
    }
}

/// What the numbers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub reason: Reason,
    pub net: Option<i64>,
    pub landing_ppm: u32,
    pub score: Option<u8>,
    pub miss: Option<i64>,
}

impl<F> Candidate<F> {
    pub(super) fn gross(&self) -> i128 {
        i128::from(self.amount_out) - i128::from(self.amount_in)
    }

    /// Returns what is paid to land: priority fee and tip.
    pub(super) fn bid(&self) -> i128 {
        i128::from(self.priority_fee.unwrap_or(0)) + i128::from(self.tip.unwrap_or(0))
    }

    /// Returns the first cost that is unknown.
    pub(super) fn unknown_cost(&self) -> Option<&'static str> {
        let costs = [
            ("base_fee", self.base_fee),
            ("priority_fee", self.priority_fee),
            ("tip", self.tip),
            ("rent", self.rent),
            ("flash_loan", self.flash_loan),
        ];
        let unknown = costs.into_iter().find(|(_, cost)| cost.is_none());
        unknown.map(|(name, _)| name)
    }

    /// Returns the net, `None` if a cost is unknown or the result does not fit.
    fn net(&self) -> Option<i64> {
        let mut paid = u128::from(self.transfer_fees);
        for cost in [
            self.base_fee,
            self.priority_fee,
            self.tip,
            self.rent,
            self.flash_loan,
        ] {
            paid += u128::from(cost?);
        }
        if self.settlement == Settlement::Legged {
            paid += u128::from(self.rebalancing?);
        }
        i64::try_from(self.gross() - paid as i128).ok()
    }
}

/// Returns what the gates say of these numbers.
pub fn weigh<F: Finding>(f: &Candidate<F>, gates: &Gates) -> Verdict {
    let net = f.net();
    let landing_ppm = landing_ppm(f.wins, f.tries);
    let (reason, miss) = refusal(f, gates, net, landing_ppm);
    Verdict {
        reason,
        net,
        landing_ppm,
        score: net.map(|net| score(f, gates, net, landing_ppm)),
        miss: miss.and_then(|miss| i64::try_from(miss).ok()),
    }
}

/// Returns the chance to land learned from outcomes, `(wins + 1) / (tries + 2)` in parts per million, rounded down.
pub fn landing_ppm(wins: u64, tries: u64) -> u32 {
    let wins = u128::from(wins.min(tries));
    ((wins + 1) * 1_000_000 / (u128::from(tries) + 2)) as u32
}

/// Returns whether a gross is too good to be believed on one endpoint's word.
pub fn needs_second(amount_in: u64, amount_out: u64, gates: &Gates) -> bool {
    let gross = i128::from(amount_out) - i128::from(amount_in);
    gross * PPM > i128::from(gates.max_unconfirmed_ppm) * i128::from(amount_in)
}

/// Returns `part` as parts per million of `whole`, rounded down.
pub(super) fn ppm(part: i128, whole: u64) -> i128 {
    (part * PPM).div_euclid(i128::from(whole.max(1)))
}

/// Returns the first gate that fails and by how much.
fn refusal<F: Finding>(
    f: &Candidate<F>,
    gates: &Gates,
    net: Option<i64>,
    landing: u32,
) -> (Reason, Option<i128>) {
    if !f.has_base || f.amount_in == 0 {
        return (Reason::NoBase, None);
    }
    if f.fork.is_found() {
        return (Reason::Fork, None);
    }
    if f.torn.is_found() {
        return (Reason::Torn, None);
    }
    if f.stale.is_found() {
        return (Reason::Stale, None);
    }
    if f.depeg.is_found() {
        return (Reason::Depeg, None);
    }
    if f.unconfirmed.is_found() && needs_second(f.amount_in, f.amount_out, gates) {
        return (Reason::Unconfirmed, None);
    }
    if f.unknown_cost().is_some() {
        return (Reason::UnknownCost, None);
    }
    if f.settlement == Settlement::Legged && f.rebalancing.is_none() {
        return (Reason::LeggedCost, None);
    }
    let Some(net) = net else {
        return (Reason::UnknownCost, None);
    };
    let net = i128::from(net);
    // The least net times 10^6: nothing is divided unless a gate refuses.
    let wanted = i128::from(gates.min_net_ppm) * i128::from(f.amount_in);
    if net <= 0 || net * PPM < wanted {
        let least = (wanted + PPM - 1).div_euclid(PPM).max(1);
        let reason = if net <= 0 {
            Reason::NotPositive
        } else {
            Reason::BelowMin
        };
        return (reason, Some(least - net));
    }
    shares(f, gates, net, landing)
}

/// The gates of what landing costs, of time and of luck.
fn shares<F>(f: &Candidate<F>, gates: &Gates, net: i128, landing: u32) -> (Reason, Option<i128>) {
    let beyond = |paid: i128, limit_ppm: u64, whole: i128| {
        let most = i128::from(limit_ppm) * whole;
        (paid * PPM > most).then(|| paid - most.div_euclid(PPM))
    };
    if let Some(miss) = beyond(f.bid(), gates.max_fee_ppm_of_gross, f.gross()) {
        return (Reason::FeesEatGross, Some(miss));
    }
    let tip = i128::from(f.tip.unwrap_or(0));
    if let Some(miss) = beyond(tip, gates.max_tip_ppm_of_profit, net + tip) {
        return (Reason::TipShare, Some(miss));
    }
    if f.seen_slots < gates.min_seen_slots {
        let miss = gates.min_seen_slots - f.seen_slots;
        return (Reason::New, Some(i128::from(miss)));
    }
    if landing < gates.min_landing_ppm {
        return (
            Reason::Landing,
            Some(i128::from(gates.min_landing_ppm - landing)),
        );
    }
    (Reason::Go, None)
}

/// Returns 0-100: up to 50 for the net (all at four times the least net), up to 20 for persistence (all at twice the
/// least slots), up to 30 for the chance to land; each part rounded down, 0 where the net is not positive.
fn score<F>(f: &Candidate<F>, gates: &Gates, net: i64, landing: u32) -> u8 {
    if net <= 0 {
        return 0;
    }
    let full = 4 * i128::from(gates.min_net_ppm.max(1));
    let value = 50 * ppm(i128::from(net), f.amount_in).min(full) / full;
    let slots = 2 * i128::from(gates.min_seen_slots.max(1));
    let seen = 20 * i128::from(f.seen_slots).min(slots) / slots;
    (value + seen + 30 * i128::from(landing) / PPM) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// The settings that tests use, all of them.
    fn gates() -> Gates {
        let settings = include_str!("../../../../../tests/cambist/config/defaults.json");
        let mut tables: serde_json::Value = serde_json::from_str(settings).expect("JSON");
        serde_json::from_value(tables["gates"].take()).expect("all gates")
    }

    use super::*;

    fn good() -> Candidate<bool> {
        Candidate::<bool> {
            amount_in: 1_000_000,
            amount_out: 1_010_000,
            has_base: true,
            base_fee: Some(5),
            priority_fee: Some(100),
            tip: Some(500),
            rent: Some(0),
            flash_loan: Some(0),
            seen_slots: 3,
            wins: 5,
            tries: 10,
            ..Candidate::<bool>::default()
        }
    }

    proptest! {
        /// Changing the figure by the miss passes the gate, by one less it does not.
        #[test]
        fn a_miss_is_the_distance_to_the_flip(
            out in 990_000_u64..1_030_000,
            tip in 0_u64..20_000,
            priority in 0_u64..20_000,
            rent in 0_u64..2_000,
            seen in 0_u32..4,
            wins in 0_u64..12,
        ) {
            let (mut f, gates) = (good(), gates());
            (f.amount_out, f.seen_slots, f.wins, f.tries) = (out, seen, wins, 100);
            (f.tip, f.priority_fee, f.rent) = (Some(tip), Some(priority), Some(rent));
            let verdict = weigh(&f, &gates);
            prop_assert_eq!(verdict.miss.is_some(), verdict.reason != Reason::Go);
            let Some(miss) = verdict.miss else { return Ok(()) };
            prop_assert!(miss > 0);
            let after = |by: i64| {
                let mut changed = f.clone();
                match verdict.reason {
                    Reason::NotPositive | Reason::BelowMin => changed.amount_out += by as u64,
                    Reason::FeesEatGross => {
                        let cut = (by as u64).min(priority);
                        changed.priority_fee = Some(priority - cut);
                        changed.tip = Some(tip - (by as u64 - cut));
                    }
                    Reason::TipShare => {
                        changed.tip = Some(tip - by as u64);
                    }
                    Reason::New => changed.seen_slots += by as u32,
                    _ => return None,
                }
                Some(weigh(&changed, &gates).reason)
            };
            if let (Some(flipped), Some(short)) = (after(miss), after(miss - 1)) {
                prop_assert!(flipped > verdict.reason || flipped == Reason::Go);
                let stays = short <= verdict.reason && short != Reason::Go;
                prop_assert!(stays || verdict.reason == Reason::NotPositive);
            }
        }
    }

    #[test]
    fn a_loan_of_unknown_price_closes_the_gate() {
        let unknown = Candidate::<bool> {
            flash_loan: None,
            ..good()
        };
        let verdict = weigh(&unknown, &gates());
        assert_eq!((verdict.reason, verdict.net), (Reason::UnknownCost, None));
        assert_eq!(unknown.unknown_cost(), Some("flash_loan"));
    }

    #[test]
    fn a_score_goes_by_four_times_the_least_net() {
        let scored = |min_net_ppm, net| {
            let mut gates = gates();
            gates.min_net_ppm = min_net_ppm;
            score(&good(), &gates, net, 0)
        };
        let seen = score(&good(), &gates(), 1, 0);
        let worth: Vec<u8> = [1, 2, 3, 4, 5].map(|net| scored(0, net) - seen).into();
        assert_eq!(
            worth,
            [12, 25, 37, 50, 50],
            "in ppm, of four where none is asked for"
        );
        assert_eq!([4, 8, 12].map(|net| scored(2, net) - seen), [25, 50, 50]);
        assert_eq!([-1, 0].map(|net| scored(0, net)), [0, 0]);
    }

    #[test]
    fn a_tip_above_half_of_the_profit_is_refused() {
        let dear = Candidate::<bool> {
            tip: Some(4_000),
            rent: Some(3_000),
            ..good()
        };
        let verdict = weigh(&dear, &gates());
        assert_eq!(
            (verdict.reason, verdict.net),
            (Reason::TipShare, Some(2_895))
        );
        assert_eq!(verdict.miss, Some(4_000 - 6_895 / 2));
    }
}
