//! Raydium CLMM, from raw account bytes: the program of 2024 and the source of 2026.

use std::collections::BTreeMap;

use cambist_core::chain::base58::{self, Pubkey};
use cambist_core::chain::reader::LayoutError;
use cambist_core::venues::clmm::layout::{
    ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray,
};
use cambist_core::venues::clmm::maths::swap::{Ask, ClmmFill, swap};
use cambist_core::venues::clmm::maths::ticks::{ClmmTicks, array_start};
use cambist_core::venues::quote_error::QuoteError;
use serde::Deserialize;
use serde_json::Value;

use crate::recording::{NOW, bytes, load, number};

const NATIVE: &str = "raydium_clmm_native2026";
const OLD: &str = "raydium_clmm_svm2024";

#[derive(Deserialize)]
struct Recording {
    pools: BTreeMap<String, RecordedPool>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct RecordedPool {
    key: String,
    /// [tick, net, gross, orders if there are any]
    ticks: Vec<Vec<Value>>,
    accounts: BTreeMap<String, Account>,
}

#[derive(Deserialize)]
struct Account {
    role: String,
    data: Option<String>,
}

#[derive(Deserialize)]
struct Case {
    i: u32,
    pool: String,
    z: bool,
    exact_in: bool,
    amount: u64,
    threshold: u64,
    limit: Value,
    narr: usize,
    exp: Expected,
}

#[derive(Deserialize)]
struct Expected {
    ok: u8,
    err: Value,
    #[serde(default)]
    amount_0: u64,
    #[serde(default)]
    amount_1: u64,
    trade_fee_0: Option<u64>,
    trade_fee_1: Option<u64>,
    #[serde(default)]
    sqrt_price: Value,
    #[serde(default)]
    tick: i32,
    #[serde(default)]
    liquidity: Value,
    #[serde(default)]
    fg0: Value,
    #[serde(default)]
    fg1: Value,
    #[serde(default)]
    pf: [u64; 2],
    #[serde(default)]
    ff: [u64; 2],
    #[serde(default)]
    crossed: u32,
    orders_matched: Option<u32>,
    steps: Option<u32>,
    #[serde(rename = "dyn")]
    dynamic: Option<Dynamic>,
    #[serde(default)]
    orders_after: BTreeMap<i32, [Value; 4]>,
    bitmap_after_hex: Option<String>,
    new_rule: Option<NewRule>,
}

#[derive(Deserialize)]
struct Dynamic {
    iref: i32,
    vref: u32,
    vacc: u32,
    last: u64,
}

#[derive(Deserialize)]
struct NewRule {
    amount_0: u64,
    amount_1: u64,
    sqrt_price: Value,
    tick: i32,
}

/// The decoded accounts of a pool.
struct Accounts {
    address: Pubkey,
    pool: ClmmPool,
    config: ClmmConfig,
    extension: ClmmBitmapExtension,
    /// Ascending.
    arrays: Vec<ClmmTickArray>,
}

impl RecordedPool {
    fn decode(&self) -> Accounts {
        let role = |role: &'static str| {
            self.accounts
                .values()
                .filter(move |account| account.role == role)
                .map(|account| bytes(account.data.as_deref().expect("data")))
        };
        let one = |name| role(name).next().expect("the account");
        let mut arrays: Vec<_> = role("tick_array")
            .map(|data| ClmmTickArray::decode(&data).expect("a tick array"))
            .collect();
        arrays.sort_unstable_by_key(|array| array.start_tick_index);
        Accounts {
            address: base58::decode(&self.key).expect("an address"),
            pool: ClmmPool::decode(&one("pool")).expect("a pool"),
            config: ClmmConfig::decode(&one("amm_config")).expect("a configuration"),
            extension: ClmmBitmapExtension::decode(&one("bitmap_extension")).expect("a bitmap"),
            arrays,
        }
    }
}

impl Accounts {
    fn ticks(&self, arrays: &[ClmmTickArray]) -> ClmmTicks {
        ClmmTicks::new(&self.address, &self.pool, Some(&self.extension), arrays)
            .expect("arrays of the pool")
    }
}

impl Case {
    /// Returns the ticks of the first arrays in the swap's direction, as many as the transaction names.
    fn ticks(&self, accounts: &Accounts) -> ClmmTicks {
        let home = array_start(accounts.pool.tick, accounts.pool.tick_spacing);
        let mut ahead = accounts.arrays.clone();
        if self.z {
            ahead.retain(|array| array.start_tick_index <= home);
            ahead.reverse();
        } else {
            ahead.retain(|array| array.start_tick_index >= home);
        }
        ahead.truncate(self.narr);
        accounts.ticks(&ahead)
    }

    fn swap(&self, accounts: &Accounts, ticks: &ClmmTicks) -> Result<ClmmFill, QuoteError> {
        let ask = Ask {
            amount: self.amount,
            exact_in: self.exact_in,
            zero_for_one: self.z,
            limit: number(&self.limit),
            now: NOW.unix_timestamp,
        };
        let fill = swap::<true>(&accounts.pool, &accounts.config, ticks, &ask);
        let quick = swap::<false>(&accounts.pool, &accounts.config, ticks, &ask);
        let figures = |fill: &ClmmFill| {
            let moved = (fill.amount_in, fill.amount_out, fill.fee, fill.left);
            let counts = (fill.ticks_crossed, fill.orders_matched, fill.steps);
            (moved, fill.sqrt_price, fill.liquidity, counts)
        };
        assert_eq!(
            quick.as_ref().map(figures),
            fill.as_ref().map(figures),
            "case {}",
            self.i
        );
        fill
    }

    fn by_token<T>(&self, amount_in: T, amount_out: T) -> (T, T) {
        if self.z {
            (amount_in, amount_out)
        } else {
            (amount_out, amount_in)
        }
    }

    fn check(&self, accounts: &Accounts, fill: &ClmmFill) {
        let (exp, i) = (&self.exp, self.i);
        assert_eq!(
            self.by_token(fill.amount_in, fill.amount_out),
            (exp.amount_0, exp.amount_1),
            "case {i}"
        );
        assert_eq!(
            (fill.sqrt_price, fill.tick, fill.liquidity),
            (number(&exp.sqrt_price), exp.tick, number(&exp.liquidity)),
            "case {i}"
        );
        assert_eq!(fill.ticks_crossed, exp.crossed, "case {i}");
        let side = usize::from(fill.fee_on_input != self.z);
        let (mut growths, mut protocol, mut fund) = (
            accounts.pool.fee_growths,
            accounts.pool.protocol_fees,
            accounts.pool.fund_fees,
        );
        growths[side] = fill.fee_growth;
        protocol[side] += fill.protocol_fee;
        fund[side] += fill.fund_fee;
        assert_eq!((protocol, fund), (exp.pf, exp.ff), "case {i}");
        assert_eq!(growths, [number(&exp.fg0), number(&exp.fg1)], "case {i}");
    }

    /// Checks what only the newer source does.
    fn check_newer(&self, accounts: &Accounts, ticks: &ClmmTicks, fill: &ClmmFill) {
        let (exp, i) = (&self.exp, self.i);
        let fees = if fill.fee_on_input {
            self.by_token(fill.fee, 0)
        } else {
            self.by_token(0, fill.fee)
        };
        assert_eq!(
            (Some(fees.0), Some(fees.1)),
            (exp.trade_fee_0, exp.trade_fee_1),
            "case {i}"
        );
        assert_eq!(
            (Some(fill.orders_matched), Some(fill.steps)),
            (exp.orders_matched, exp.steps),
            "case {i}"
        );
        let seen = fill.dynamic_fee.as_ref().map(|seen| {
            (
                (seen.index_reference, seen.volatility_reference),
                (seen.volatility_accumulator, seen.last_update_timestamp),
            )
        });
        let wanted = exp.dynamic.as_ref();
        assert_eq!(
            seen,
            wanted.map(|seen| ((seen.iref, seen.vref), (seen.vacc, seen.last))),
            "case {i}"
        );
        let changed: BTreeMap<_, _> = fill
            .changed
            .iter()
            .map(|&(tick, orders)| {
                let amounts = [orders.amount, orders.part_filled, orders.phase].map(u128::from);
                (tick, (amounts, orders.unfilled_ratio))
            })
            .collect();
        let wanted: BTreeMap<_, _> = exp
            .orders_after
            .iter()
            .map(|(&tick, [amount, part, phase, ratio])| {
                (tick, ([amount, part, phase].map(number), number(ratio)))
            })
            .collect();
        assert_eq!(changed, wanted, "case {i}");
        let bitmap = ticks.after(&fill.changed).bitmap();
        let bitmap: Vec<u8> = bitmap.iter().flat_map(|word| word.to_le_bytes()).collect();
        let wanted = exp.bitmap_after_hex.clone().unwrap_or_else(|| {
            let words = accounts.pool.bitmap.iter();
            hex(&words
                .flat_map(|word| word.to_le_bytes())
                .collect::<Vec<_>>())
        });
        assert_eq!(hex(&bitmap), wanted, "case {i}");
    }

    /// Returns why the pool refuses, `Ok(false)` if the trader's threshold does.
    fn refusal(&self, got: &Result<ClmmFill, QuoteError>) -> Result<bool, QuoteError> {
        got.as_ref().map_err(|&error| error).map(|fill| {
            if self.exact_in {
                fill.amount_out >= self.threshold
            } else {
                fill.amount_in <= self.threshold
            }
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn recorded(name: &str) -> Option<(BTreeMap<String, Accounts>, Vec<Case>)> {
    let recording = load::<Recording>(name)?;
    let pools = recording.pools.iter();
    let pools = pools.map(|(name, pool)| (name.clone(), pool.decode()));
    Some((pools.collect(), recording.cases))
}

#[test]
fn every_swap_of_todays_source_ends_as_recorded() {
    let Some((pools, cases)) = recorded(NATIVE) else {
        return;
    };
    let (mut succeeded, mut refused) = (0, 0);
    for case in &cases {
        let accounts = &pools[&case.pool];
        let ticks = case.ticks(accounts);
        let got = case.swap(accounts, &ticks);
        if case.exp.ok == 1 {
            let fill = got.expect("the source did it");
            case.check(accounts, &fill);
            case.check_newer(accounts, &ticks, &fill);
            succeeded += 1;
            continue;
        }
        let wanted = match (case.exp.err.as_u64(), case.exp.err.as_str()) {
            (Some(6016), _) | (_, Some("handler:partial-fill RequireEq 2501")) => {
                Err(QuoteError::Liquidity)
            }
            (Some(6023), _) => Err(QuoteError::MissingAccount),
            (Some(6038), _) => Err(QuoteError::Overflow),
            (_, Some("handler:TooLittleOutputReceived/TooMuchInputPaid")) => Ok(false),
            (_, Some("handler:TooSmallInputOrOutputAmount")) => Err(QuoteError::ZeroOutput),
            other => panic!("case {}: {other:?}", case.i),
        };
        assert_eq!(case.refusal(&got), wanted, "case {}", case.i);
        refused += 1;
    }
    assert_eq!((succeeded, refused), (523, 156));
}

#[test]
fn every_swap_of_the_program_of_2024_ends_as_recorded() {
    let Some((pools, cases)) = recorded(OLD) else {
        return;
    };
    let (mut succeeded, mut newer, mut refused) = (0, 0, 0);
    for case in &cases {
        let accounts = &pools[&case.pool];
        let got = case.swap(accounts, &case.ticks(accounts));
        if case.exp.ok == 1 {
            let fill = got.expect("the program did it");
            case.check(accounts, &fill);
            assert!(fill.changed.is_empty());
            succeeded += 1;
        } else if let Some(rule) = &case.exp.new_rule {
            let fill = got.expect("its successor does it");
            assert_eq!(
                case.by_token(fill.amount_in, fill.amount_out),
                (rule.amount_0, rule.amount_1),
                "case {}",
                case.i
            );
            assert_eq!(
                (fill.sqrt_price, fill.tick),
                (number(&rule.sqrt_price), rule.tick),
                "case {}",
                case.i
            );
            newer += 1;
        } else {
            let wanted = match (case.exp.err.as_u64(), case.i) {
                (Some(6019), _) => Err(QuoteError::Liquidity),
                // Without a code it panics; its successor doesn't go through either.
                (Some(6022 | 6023), _) | (None, 79) => Ok(false),
                (Some(6026), _) | (None, 299 | 331 | 339) => Err(QuoteError::ZeroOutput),
                (Some(6027), _) => Err(QuoteError::MissingAccount),
                (None, 319) => Err(QuoteError::Overflow),
                other => panic!("case {}: {other:?}", case.i),
            };
            assert_eq!(case.refusal(&got), wanted, "case {}", case.i);
            refused += 1;
        }
    }
    assert_eq!((succeeded, newer, refused), (128, 23, 34));
}

#[test]
fn ticks_decode_to_what_was_written() {
    for name in [NATIVE, OLD] {
        let Some(recording) = load::<Recording>(name) else {
            return;
        };
        for pool in recording.pools.values() {
            let accounts = pool.decode();
            let ticks = accounts.ticks(&accounts.arrays);
            assert_eq!(ticks.initialised(), ticks.known());
            assert_eq!(ticks.bitmap(), accounts.pool.bitmap);
            let mut wanted = pool.ticks.iter();
            for stop in ticks.stops() {
                let row = wanted.next().expect("as many");
                let amount = row.get(3).map_or(0, |orders| number(&orders[0]));
                assert_eq!(Some(i64::from(stop.tick)), row[0].as_i64());
                assert_eq!(row[1], Value::from(stop.entry.net.to_string()));
                assert_eq!(stop.entry.gross, number(&row[2]));
                assert_eq!(u128::from(stop.entry.orders.amount), amount);
            }
            assert!(wanted.next().is_none());
        }
    }
}

#[test]
fn accounts_of_another_pool_are_refused() {
    let Some((pools, _)) = recorded(NATIVE) else {
        return;
    };
    let Accounts {
        address,
        pool,
        extension,
        arrays,
        ..
    } = &pools["n1"];
    let refusal =
        |ticks: Result<ClmmTicks, LayoutError>| ticks.expect_err("not its own").to_string();
    let was = base58::encode(address);
    assert_eq!(
        refusal(ClmmTicks::new(&[0; 32], pool, None, arrays)),
        format!("clmm_tick_array: pool was {was}")
    );
    assert_eq!(
        refusal(ClmmTicks::new(&[0; 32], pool, Some(extension), &[])),
        format!("clmm_bitmap_extension: pool was {was}")
    );
    let twice = [arrays[0].clone(), arrays[0].clone()];
    assert_eq!(
        refusal(ClmmTicks::new(address, pool, None, &twice)),
        format!(
            "clmm_tick_array: start_tick_index was {}",
            arrays[0].start_tick_index
        )
    );
}
