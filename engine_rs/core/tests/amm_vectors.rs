//! Logarithms, margins, quotes and states after swaps against the vectors that the Python reference asserts too
//! (`tests/parity/amm_vectors.py` writes them).

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cambist_core::chain::token::Mint;
use cambist_core::search::log2::log2_ratio;
use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::orca::layout::{Oracle, TickArray, Whirlpool};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::quote::{ChainTime, Quote};
use cambist_core::venues::quote_error::RoundingRule;
use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::sqrt_price::{
    MIN_SQRT_PRICE, sqrt_price_from_tick, tick_from_sqrt_price,
};
use cambist_core::venues::tick_array_manager::Ticks;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case<I, O> {
    r#in: I,
    out: O,
}

#[derive(Deserialize)]
struct Vectors {
    logs: Vec<Case<LogIn, Option<i64>>>,
    ticks: Vec<Case<TickIn, (String, i32, i32)>>,
    pools: Vec<Case<PoolIn, PoolOut>>,
}

#[derive(Deserialize)]
struct LogIn {
    num: String,
    den: String,
}

#[derive(Deserialize)]
struct TickIn {
    tick: i32,
}

#[derive(Deserialize)]
struct PoolIn {
    venue: String,
    rule: String,
    mints: [Option<String>; 2],
    time: (u64, i64, u64),
    account: String,
    #[serde(default)]
    amounts: [u64; 2],
    #[serde(default)]
    config: String,
    #[serde(default)]
    arrays: Vec<String>,
    #[serde(default)]
    absent: Vec<i32>,
    oracle: Option<String>,
    /// exact in, a to b, amount
    asks: Vec<(bool, bool, u64)>,
}

#[derive(Deserialize)]
struct PoolOut {
    margins: [Option<Margin>; 2],
    answers: Vec<Answer>,
}

/// Numerator, denominator, weight, bits of the virtual reserves.
type Margin = (String, String, i64, [u64; 3]);

#[derive(Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Answer {
    Refused(String),
    Done([u64; 7], Vec<String>),
}

fn bytes(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

impl PoolIn {
    fn pool(&self) -> Pool {
        let account = bytes(&self.account);
        let rule = if self.rule == "old_ceil" {
            RoundingRule::OldCeil
        } else {
            RoundingRule::TrueCeil
        };
        let fees = [&self.mints[0], &self.mints[1]].map(|mint| {
            mint.as_ref()
                .and_then(|mint| Mint::decode(&bytes(mint)).expect("a mint").transfer_fee)
        });
        match self.venue.as_str() {
            "ray4" => {
                let account = AmmV4::decode(&account).expect("an AmmInfo");
                Pool::amm_v4(&account, self.amounts[0], self.amounts[1]).with_rule(rule)
            }
            "cpmm" => {
                let account = CpmmPool::decode(&account).expect("a PoolState");
                let config = CpmmConfig::decode(&bytes(&self.config)).expect("an AmmConfig");
                Pool::cpmm(&account, &config, self.amounts, fees).with_rule(rule)
            }
            _ => {
                let account = Whirlpool::decode(&account).expect("a Whirlpool");
                let arrays: Vec<_> = self
                    .arrays
                    .iter()
                    .map(|array| TickArray::decode(&bytes(array)).expect("a tick array"))
                    .collect();
                let ticks = Ticks::new(account.tick_spacing, &arrays, &self.absent)
                    .expect("aligned arrays");
                let oracle = self
                    .oracle
                    .as_ref()
                    .map(|oracle| Oracle::decode(&bytes(oracle)).expect("an Oracle"));
                Pool::whirlpool(&account, Arc::new(ticks), oracle).with_transfer_fees(fees)
            }
        }
    }

    fn margin(pool: &Pool, a_to_b: bool, time: &ChainTime) -> Option<Margin> {
        let rate = pool.rate(a_to_b, time);
        let reserves = pool.virtual_reserves(a_to_b, time);
        assert_eq!(rate.is_some(), reserves.is_some());
        let ((num, den), reserves) = (rate?, reserves?);
        let bits = [reserves.0, reserves.1, reserves.2].map(f64::to_bits);
        Some((
            num.to_string(),
            den.to_string(),
            pool.weight(a_to_b, time).expect("a weight"),
            bits,
        ))
    }

    fn answer(
        pool: &Pool,
        (exact_in, a_to_b, amount): (bool, bool, u64),
        time: &ChainTime,
    ) -> Answer {
        let (swap, quote) = if exact_in {
            (
                pool.swap(a_to_b, amount, time),
                pool.quote(a_to_b, amount, time),
            )
        } else {
            (
                pool.swap_exact_out(a_to_b, amount, time),
                pool.quote_exact_out(a_to_b, amount, time),
            )
        };
        assert_eq!(
            swap.as_ref()
                .map(|(quote, _)| *quote)
                .map_err(|error| *error),
            quote
        );
        match swap {
            Ok((quote, after)) => Answer::Done(numbers(&quote), state(&after)),
            Err(error) => Answer::Refused(error.to_string()),
        }
    }
}

fn numbers(quote: &Quote) -> [u64; 7] {
    [
        quote.amount_in,
        quote.amount_out,
        quote.fee,
        quote.fee_out,
        quote.transfer_fee_in,
        quote.transfer_fee_out,
        quote.ticks_crossed.into(),
    ]
}

/// Returns every number that a swap may change.
fn state(pool: &Pool) -> Vec<String> {
    let mut out = Vec::new();
    match pool {
        Pool::Ray4(pool) => {
            out.extend(
                pool.amounts
                    .iter()
                    .chain([&pool.account.status])
                    .map(u64::to_string),
            );
        }
        Pool::Cpmm(pool) => {
            let account = &pool.account;
            let pairs = [
                pool.amounts,
                account.protocol_fees,
                account.fund_fees,
                account.creator_fees,
            ];
            out.extend(pairs.iter().flatten().map(u64::to_string));
        }
        Pool::Saber(_) | Pool::Damm2(_) | Pool::Dlmm(_) | Pool::Clmm(_) | Pool::Pump(_) => {
            unreachable!("the file holds none")
        }
        Pool::Orca(pool) => {
            let account = &pool.account;
            out.extend([account.sqrt_price.to_string(), account.tick.to_string()]);
            out.extend(
                [
                    account.liquidity,
                    account.fee_growth_a,
                    account.fee_growth_b,
                ]
                .map(|number| number.to_string()),
            );
            out.extend(
                [account.protocol_owed_a, account.protocol_owed_b].map(|number| number.to_string()),
            );
            if let Some(oracle) = &pool.oracle {
                let variables = &oracle.variables;
                out.extend(
                    [variables.last_reference_update, variables.last_major_swap]
                        .map(|time| time.to_string()),
                );
                out.push(variables.volatility_reference.to_string());
                out.push(variables.tick_group_index_reference.to_string());
                out.push(variables.volatility_accumulator.to_string());
            }
        }
    }
    out
}

fn vectors() -> Vectors {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/parity/amm_vectors.json"
    ));
    serde_json::from_str(text).expect("vectors")
}

#[test]
fn logarithms() {
    for case in vectors().logs {
        let (num, den) = (
            case.r#in.num.parse().expect("u128"),
            case.r#in.den.parse().expect("u128"),
        );
        assert_eq!(log2_ratio(num, den), case.out, "{num}/{den}");
    }
}

#[test]
fn ticks() {
    for case in vectors().ticks {
        let price = sqrt_price_from_tick(case.r#in.tick).expect("in range");
        let below = tick_from_sqrt_price((price - 1).max(MIN_SQRT_PRICE));
        assert_eq!(
            (price.to_string(), tick_from_sqrt_price(price), below),
            case.out
        );
    }
}

#[test]
fn pools() {
    for (index, case) in vectors().pools.iter().enumerate() {
        let pool = case.r#in.pool();
        let (slot, unix_timestamp, epoch) = case.r#in.time;
        let time = ChainTime {
            slot,
            unix_timestamp,
            epoch,
        };
        for (a_to_b, expected) in [true, false].into_iter().zip(&case.out.margins) {
            assert_eq!(
                &PoolIn::margin(&pool, a_to_b, &time),
                expected,
                "pool {index}, a_to_b {a_to_b}"
            );
        }
        for (&ask, expected) in case.r#in.asks.iter().zip(&case.out.answers) {
            assert_eq!(
                &PoolIn::answer(&pool, ask, &time),
                expected,
                "pool {index}, {ask:?}"
            );
        }
    }
}

/// Real swaps and computed steps printed in the reference notes; the Python tests hold the same numbers.
mod printed {
    use cambist_core::venues::constant_product::exact_in;
    use cambist_core::venues::orca::maths::step;
    use cambist_core::venues::quote_error::{QuoteError, RoundingRule};
    use cambist_core::venues::sqrt_price::{
        MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_from_tick,
        tick_from_sqrt_price,
    };

    const LIQUIDITY: u128 = 740_600_641_175_286;
    const PRICE: u128 = 7_193_838_297_492_601_595;

    #[test]
    fn amm_v4_pays_what_real_swaps_paid() {
        for (amount, coin, pc, coin_in, out) in [
            (
                3_582_052,
                174_321_977_996,
                28_789_502_628,
                false,
                21_632_602,
            ),
            (
                572_129_935_687,
                22_473_476_041_727,
                73_591_990_479,
                true,
                1_822_539_498,
            ),
            (
                13_709_281,
                6_091_364_156_933,
                1_647_324_406_698,
                false,
                50_566_091,
            ),
            (
                411_624_341,
                117_233_985_364_461_520,
                30_371_468_205,
                false,
                1_563_758_747_677_632,
            ),
        ] {
            let reserves = if coin_in { (coin, pc) } else { (pc, coin) };
            let paid = exact_in(reserves, (25, 10_000), amount, RoundingRule::TrueCeil)
                .map(|(out, _)| out);
            assert_eq!(paid, Ok(out));
        }
    }

    #[test]
    fn ticks_have_the_programs_prices() {
        for (tick, price) in [
            (0, 1 << 64),
            (1, 18_447_666_387_855_959_850),
            (-1, 18_445_821_805_675_392_311),
            (100, 18_539_204_128_674_405_812),
            (-100, 18_354_745_142_194_483_561),
            (1_000, 19_392_480_388_906_836_277),
            (50_000, 224_699_260_982_037_790_824),
            (-50_000, 1_514_390_236_237_315_695),
            (-18_835, 7_193_551_259_695_397_480),
            (MIN_TICK, MIN_SQRT_PRICE),
            (MAX_TICK, MAX_SQRT_PRICE),
        ] {
            assert_eq!(sqrt_price_from_tick(tick), Ok(price));
            assert_eq!(tick_from_sqrt_price(price), tick);
        }
        assert_eq!(
            sqrt_price_from_tick(MAX_TICK + 1),
            Err(QuoteError::PriceLimit)
        );
        assert_eq!(
            sqrt_price_from_tick(MIN_TICK - 1),
            Err(QuoteError::PriceLimit)
        );
    }

    #[test]
    fn steps_as_the_formulas_give_them() {
        for (amount, a_to_b, tick, expected) in [
            (
                1_000_000_000,
                true,
                -18_840,
                (999_600_000, 152_022_516, 7_193_834_510_943_823_319, 400_000),
            ),
            (
                100_000_000,
                false,
                -18_832,
                (99_960_000, 657_270_588, 7_193_840_787_277_831_434, 40_000),
            ),
            (1, true, -18_840, (0, 0, PRICE, 1)),
            (
                10_000_000_000_000,
                true,
                -18_836,
                (
                    170_732_644_608,
                    25_963_271_992,
                    7_193_191_609_105_982_146,
                    68_320_386,
                ),
            ),
        ] {
            let target = sqrt_price_from_tick(tick).expect("in range");
            let step = step(amount, 400, LIQUIDITY, (PRICE, target), true, a_to_b).expect("a step");
            assert_eq!(
                (step.amount_in, step.amount_out, step.sqrt_price, step.fee),
                expected
            );
        }
    }
}
