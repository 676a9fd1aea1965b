//! Saber stable swap.

use cambist_core::venues::quote_error::QuoteError;
use cambist_core::venues::saber::layout::StableSwap;
use cambist_core::venues::saber::maths::{StableFill, swap};
use serde::Deserialize;

use crate::recording::{NOW, bytes, load};

const PAUSED: u64 = 22;
const SLIPPAGE: u64 = 17;

#[derive(Deserialize)]
struct Recording {
    #[serde(rename = "swapInfo_example_b64")]
    account: String,
    #[serde(rename = "swapInfo_example_case")]
    account_case: u32,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    i: u32,
    x: u64,
    y: u64,
    a2b: bool,
    a0: u64,
    a1: u64,
    t0: i64,
    t1: i64,
    paused: u8,
    an: u64,
    ad: u64,
    tn: u64,
    td: u64,
    amount: u64,
    limit: u64,
    exp: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    err: Option<u64>,
    user_paid: u64,
    user_got: u64,
    admin_fee: u64,
}

impl Case {
    fn pool(&self, template: &StableSwap) -> StableSwap {
        StableSwap {
            is_paused: self.paused != 0,
            initial_amp: self.a0,
            target_amp: self.a1,
            ramp_start: self.t0,
            ramp_stop: self.t1,
            admin_fee: (self.an, self.ad),
            trade_fee: (self.tn, self.td),
            ..template.clone()
        }
    }

    /// Returns the swap or the program's error, with the trader's own check of what it gets.
    fn program(&self, template: &StableSwap) -> Result<StableFill, u64> {
        let pool = self.pool(template);
        let reserves = (self.x, self.y);
        let fill = swap(&pool, reserves, self.amount, NOW.unix_timestamp, self.a2b);
        match fill {
            Ok(fill) if fill.amount_out < self.limit => Err(SLIPPAGE),
            Ok(fill) => Ok(fill),
            Err(QuoteError::NotTradable) => Err(PAUSED),
            Err(other) => panic!("case {}: {other}", self.i),
        }
    }
}

fn recording() -> Option<(StableSwap, Recording)> {
    let recording = load::<Recording>("saber_stable_swap")?;
    let account = StableSwap::decode(&bytes(&recording.account)).expect("a SwapInfo");
    Some((account, recording))
}

#[test]
fn the_account_decodes_to_what_its_case_says() {
    let Some((account, recording)) = recording() else {
        return;
    };
    let case = recording
        .cases
        .iter()
        .find(|case| case.i == recording.account_case);
    assert_eq!(case.expect("its case").pool(&account), account);
    assert_eq!(account.nonce, 255);
}

#[test]
fn every_swap_ends_as_recorded() {
    let Some((account, recording)) = recording() else {
        return;
    };
    let (mut succeeded, mut refused) = (0, 0);
    for case in &recording.cases {
        let got = case.program(&account);
        if let Some(code) = case.exp.err {
            assert_eq!(got, Err(code), "case {}", case.i);
            refused += 1;
            continue;
        }
        let fill = got.unwrap_or_else(|code| panic!("case {}: {code}", case.i));
        let exp = &case.exp;
        assert_eq!(
            (fill.amount_in, fill.amount_out, fill.admin_fee),
            (exp.user_paid, exp.user_got, exp.admin_fee),
            "case {}",
            case.i
        );
        let (reserve_in, reserve_out) = if case.a2b {
            (case.x, case.y)
        } else {
            (case.y, case.x)
        };
        assert_eq!(
            fill.reserves,
            (
                reserve_in + exp.user_paid,
                reserve_out - exp.user_got - exp.admin_fee
            ),
            "case {}",
            case.i
        );
        succeeded += 1;
    }
    assert_eq!((succeeded, refused), (114, 6));
}
