//! Meteora DAMM v2.

use cambist_core::venues::damm2::layout::{DammV2BaseFee, DammV2Pool};
use cambist_core::venues::damm2::maths::{DammV2Fill, SwapMode, swap};
use cambist_core::venues::quote_error::QuoteError;
use serde::Deserialize;
use serde_json::Value;

use crate::recording::{NOW, bytes, load, number};

const SLOT: u64 = 470_000_000;
const SLIPPAGE: u64 = 6002;
const ZERO_AMOUNT: u64 = 6006;
const PRICE_RANGE: u64 = 6015;

#[derive(Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    i: u32,
    cliff: u64,
    #[serde(rename = "L")]
    liquidity: Value,
    smin: Value,
    smax: Value,
    sqrt: Value,
    act: u64,
    a2b: bool,
    mode: String,
    amount: u64,
    limit: u64,
    pool_b64: String,
    exp: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    err: Option<u64>,
    amount_a: Option<u64>,
    amount_b: Option<u64>,
    sqrt_price: Option<Value>,
    protocol_a: Option<u64>,
    protocol_b: Option<u64>,
    #[serde(rename = "dyn")]
    dynamic: Option<Dynamic>,
    #[serde(default)]
    event_cpi: Vec<String>,
}

#[derive(Deserialize)]
struct Dynamic {
    last: u64,
    #[serde(rename = "ref")]
    reference: Value,
    vacc: Value,
    vref: Value,
}

impl Outcome {
    /// Returns what the event says is left in the pool: its last two u64.
    fn reserves(&self) -> [u64; 2] {
        let event = &self.event_cpi[0];
        let tail = &event[event.len() - 32..];
        [&tail[..16], &tail[16..]].map(|hex| {
            u64::from_str_radix(hex, 16)
                .expect("hexadecimal")
                .swap_bytes()
        })
    }
}

impl Case {
    fn pool(&self) -> DammV2Pool {
        DammV2Pool::decode(&bytes(&self.pool_b64)).expect("a Pool")
    }

    /// Returns the swap or the program's error, with the trader's own check of its limit.
    fn program(&self) -> Result<DammV2Fill, u64> {
        let mode = match self.mode.as_str() {
            "in" => SwapMode::ExactIn,
            "partial" => SwapMode::PartialIn,
            "out" => SwapMode::ExactOut,
            other => panic!("mode {other}"),
        };
        let fill = swap(
            &self.pool(),
            mode,
            self.amount,
            self.a2b,
            SLOT,
            NOW.unix_timestamp,
        );
        let fill = fill.map_err(|error| match error {
            QuoteError::ZeroAmount => ZERO_AMOUNT,
            QuoteError::Liquidity => PRICE_RANGE,
            other => panic!("case {}: {other}", self.i),
        })?;
        let refused = if mode == SwapMode::ExactOut {
            fill.amount_in > self.limit
        } else {
            fill.amount_out < self.limit
        };
        if refused { Err(SLIPPAGE) } else { Ok(fill) }
    }
}

fn assert_ended(case: &Case, fill: &DammV2Fill) {
    let (exp, before, after) = (&case.exp, case.pool(), &fill.pool);
    let (amount_a, amount_b) = if case.a2b {
        (fill.amount_in, fill.amount_out)
    } else {
        (fill.amount_out, fill.amount_in)
    };
    let at = case.i;
    assert_eq!(
        (Some(amount_a), Some(amount_b)),
        (exp.amount_a, exp.amount_b),
        "case {at}"
    );
    assert_eq!(
        Some(after.sqrt_price),
        exp.sqrt_price.as_ref().map(number),
        "case {at}"
    );
    let owed = |side: usize| Some(after.protocol_fees[side] - before.protocol_fees[side]);
    assert_eq!(
        (owed(0), owed(1)),
        (exp.protocol_a, exp.protocol_b),
        "case {at}"
    );
    assert_eq!(after.token_amounts, Some(exp.reserves()), "case {at}");
    assert_eq!(after.dynamic_fee.is_some(), exp.dynamic.is_some());
    if let (Some(fee), Some(exp)) = (&after.dynamic_fee, &exp.dynamic) {
        assert_eq!(fee.last_update, exp.last, "case {at}");
        assert_eq!(
            [
                fee.sqrt_price_reference,
                fee.volatility_accumulator,
                fee.volatility_reference
            ],
            [&exp.reference, &exp.vacc, &exp.vref].map(number),
            "case {at}"
        );
    }
}

#[test]
fn raw_accounts_decode_to_what_was_written() {
    let Some(recording) = load::<Recording>("meteora_damm_v2") else {
        return;
    };
    for case in &recording.cases {
        let pool = case.pool();
        assert_eq!(
            [
                pool.liquidity,
                pool.min_sqrt_price,
                pool.max_sqrt_price,
                pool.sqrt_price
            ],
            [&case.liquidity, &case.smin, &case.smax, &case.sqrt].map(number),
        );
        let DammV2BaseFee::ByTime { cliff, .. } = pool.base_fee else {
            panic!("the recording has no other fees");
        };
        assert!(pool.base_fee.is_recorded());
        assert_eq!((cliff, pool.activation_point), (case.cliff, case.act));
    }
}

#[test]
fn every_swap_ends_as_recorded() {
    let Some(recording) = load::<Recording>("meteora_damm_v2") else {
        return;
    };
    let (mut succeeded, mut refused, mut left) = (0, 0, 0);
    for case in &recording.cases {
        let got = case.program();
        if let Some(code) = case.exp.err {
            assert_eq!(got.err(), Some(code), "case {}", case.i);
            refused += 1;
            continue;
        }
        let fill = got.unwrap_or_else(|code| panic!("case {}: {code}", case.i));
        assert_ended(case, &fill);
        succeeded += 1;
        left += u32::from(fill.left > 0);
    }
    assert_eq!((succeeded, refused, left), (178, 32, 1));
}
