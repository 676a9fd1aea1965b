//! The Whirlpool program's own unit vectors: one liquidity, no initialised ticks, down to the edge of three arrays.

use cambist_core::venues::orca::maths::{Ask, Curve, WhirlpoolFill, swap};
use cambist_core::venues::quote_error::QuoteError;
use cambist_core::venues::sqrt_price::sqrt_price_from_tick;
use cambist_core::venues::tick_array_manager::{Ticks, swap_array_starts};
use serde::Deserialize;

use crate::recording::load_from;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    test_id: u32,
    tick_spacing: u16,
    fee_rate: u16,
    protocol_fee_rate: u16,
    liquidity: String,
    curr_tick_index: i32,
    trade_amount: String,
    amount_is_input: bool,
    a_to_b: bool,
    expectation: Expectation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expectation {
    exception: String,
    amount_a: String,
    amount_b: String,
    next_liquidity: String,
    next_tick_index: i32,
    next_sqrt_price: String,
    next_fee_growth_global: String,
    next_protocol_fee: String,
}

impl Case {
    fn swap(&self) -> Result<WhirlpoolFill, QuoteError> {
        let (tick, spacing, a_to_b) = (self.curr_tick_index, self.tick_spacing, self.a_to_b);
        let absent: Vec<_> = swap_array_starts(tick, spacing, a_to_b).collect();
        let ticks = Ticks::new(spacing, &[], &absent).expect("aligned");
        let curve = Curve {
            sqrt_price: sqrt_price_from_tick(tick)?,
            tick,
            liquidity: self.liquidity.parse().expect("a number"),
            fee_rate: self.fee_rate,
            protocol_fee_rate: self.protocol_fee_rate,
            fee_growth_a: 0,
            fee_growth_b: 0,
        };
        let edge = ticks.reach(tick, a_to_b)?.next_stop(tick)?.sqrt_price;
        let amount = self.trade_amount.parse().expect("a number");
        swap::<true>(
            &curve,
            &ticks,
            None,
            &Ask {
                amount,
                exact_in: self.amount_is_input,
                a_to_b,
                limit: edge,
                now: 0,
            },
        )
    }

    fn check(&self, fill: &WhirlpoolFill) {
        let (wanted, id) = (&self.expectation, self.test_id);
        let (side, other) = if self.a_to_b {
            (&wanted.amount_a, &wanted.amount_b)
        } else {
            (&wanted.amount_b, &wanted.amount_a)
        };
        assert_eq!(
            (&fill.amount_in.to_string(), &fill.amount_out.to_string()),
            (side, other),
            "test {id}"
        );
        let growth = if self.a_to_b {
            fill.curve.fee_growth_a
        } else {
            fill.curve.fee_growth_b
        };
        assert_eq!(
            fill.curve.sqrt_price.to_string(),
            wanted.next_sqrt_price,
            "test {id}"
        );
        assert_eq!(fill.curve.tick, wanted.next_tick_index, "test {id}");
        assert_eq!(
            fill.curve.liquidity.to_string(),
            wanted.next_liquidity,
            "test {id}"
        );
        assert_eq!(
            growth.to_string(),
            wanted.next_fee_growth_global,
            "test {id}"
        );
        assert_eq!(
            fill.protocol_fee.to_string(),
            wanted.next_protocol_fee,
            "test {id}"
        );
    }
}

#[test]
fn every_unit_vector() {
    for (name, succeed) in [
        ("swap_test_cases_odd", 1148),
        ("swap_test_cases_splash_pool_odd", 885),
    ] {
        let Some(cases) = load_from::<Vec<Case>>("whirlpool_swap_vectors", name) else {
            return;
        };
        let mut done = 0;
        for case in &cases {
            match (case.swap(), case.expectation.exception.as_str()) {
                (Ok(fill), "") => {
                    case.check(&fill);
                    done += 1;
                }
                (got, "ZeroTradableAmount") => {
                    assert_eq!(got, Err(QuoteError::ZeroAmount), "test {}", case.test_id);
                }
                (got, exception) => {
                    assert_eq!(
                        got,
                        Err(QuoteError::Overflow),
                        "test {}: {exception}",
                        case.test_id
                    );
                }
            }
        }
        assert_eq!(done, succeed);
    }
}
