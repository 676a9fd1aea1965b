//! Raydium AMM v4 and CPMM.

use cambist_core::chain::token::{TransferFee, TransferFeeConfig};
use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::cpmm::pool::CpmmPoolState;
use cambist_core::venues::pool::Pool;
use cambist_core::venues::quote::Quote;
use cambist_core::venues::quote_error::{QuoteError, RoundingRule};
use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::ray4::pool::AmmV4Pool;
use serde::Deserialize;
use serde_json::Value;

use crate::recording::{NOW, bytes, load};

#[derive(Deserialize)]
struct V4Recording {
    #[serde(rename = "ammInfo_example_b64")]
    account: String,
    cases: Vec<V4Case>,
}

#[derive(Deserialize, Debug)]
struct V4Case {
    i: u32,
    status: u64,
    fee_n: u64,
    fee_d: u64,
    pnl_c: u64,
    pnl_p: u64,
    #[serde(default)]
    open: u64,
    tag: u8,
    dir: u8,
    cv: u64,
    pv: u64,
    #[serde(default)]
    oo_coin: u64,
    #[serde(default)]
    oo_pc: u64,
    #[serde(default)]
    events: Vec<(bool, u64, u64)>,
    amount: u64,
    limit: u64,
    user_src: u64,
    exp: V4Outcome,
    new_rule: Option<V4Outcome>,
}

#[derive(Deserialize, Debug)]
struct V4Outcome {
    err: Value,
    #[serde(rename = "in")]
    amount_in: Option<u64>,
    out: Option<u64>,
    status_after: Option<u64>,
}

/// The swap, the trader's own refusal by its code, or the quote's.
type Outcome = Result<(Quote, Pool), Refusal>;

#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Code(u64),
    Quote(QuoteError),
}

impl V4Case {
    fn exact_in(&self) -> bool {
        self.tag == 9
    }

    fn a_to_b(&self) -> bool {
        self.dir == 2
    }

    /// Order-book pools without their market: what fails is not the swap.
    fn needs_market(&self) -> bool {
        self.exp.err == 16_777_369
            || self.exp.err == "UnsupportedProgramId"
            || self
                .exp
                .err
                .as_str()
                .is_some_and(|error| error.contains("unreachable"))
    }

    fn pool(&self, template: &AmmV4, rule: RoundingRule) -> Pool {
        let (mut coin, mut pc) = (self.cv + self.oo_coin, self.pv + self.oo_pc);
        for &(is_bid, paid, received) in &self.events {
            (coin, pc) = if is_bid {
                (coin + received, pc - paid)
            } else {
                (coin - paid, pc + received)
            };
        }
        let account = AmmV4 {
            status: self.status,
            swap_fee_numerator: self.fee_n,
            swap_fee_denominator: self.fee_d,
            need_take_pnl_coin: self.pnl_c,
            need_take_pnl_pc: self.pnl_p,
            pool_open_time: self.open,
            ..template.clone()
        };
        Pool::amm_v4(&account, coin, pc).with_rule(rule)
    }

    fn program(&self, template: &AmmV4, rule: RoundingRule) -> Outcome {
        let pool = self.pool(template, rule);
        let swap = if self.exact_in() {
            pool.swap(self.a_to_b(), self.amount, &NOW)
        } else {
            pool.swap_exact_out(self.a_to_b(), self.amount, &NOW)
        };
        if swap == Err(QuoteError::NotTradable) {
            return Err(Refusal::Code(22));
        }
        if self.exact_in() && self.amount > self.user_src {
            return Err(Refusal::Code(40));
        }
        let (quote, after) = swap.map_err(|error| match error {
            QuoteError::ZeroOutput if self.exact_in() && self.limit > 0 => Refusal::Code(30),
            QuoteError::ZeroOutput | QuoteError::ZeroAmount | QuoteError::EmptyPool => {
                Refusal::Code(29)
            }
            other => Refusal::Quote(other),
        })?;
        if !self.exact_in() && quote.amount_in > self.user_src {
            return Err(Refusal::Code(40));
        }
        let refused = if self.exact_in() {
            quote.amount_out < self.limit
        } else {
            quote.amount_in > self.limit
        };
        if refused {
            Err(Refusal::Code(30))
        } else {
            Ok((quote, after))
        }
    }
}

fn check_v4(case: &V4Case, template: &AmmV4, expected: &V4Outcome, rule: RoundingRule) {
    let got = case.program(template, rule);
    if !expected.err.is_null() {
        let panic = expected
            .err
            .as_str()
            .is_some_and(|error| error.contains("panic:called"));
        let wanted = if panic {
            Refusal::Quote(QuoteError::Liquidity)
        } else {
            Refusal::Code(expected.err.as_u64().expect("a code"))
        };
        assert_eq!(got.map(|(quote, _)| quote), Err(wanted), "case {}", case.i);
        return;
    }
    let (quote, after) = got.unwrap_or_else(|error| panic!("case {}: {error:?}", case.i));
    assert_eq!(
        (Some(quote.amount_in), Some(quote.amount_out)),
        (expected.amount_in, expected.out),
        "case {}",
        case.i
    );
    let (Pool::Ray4(before), Pool::Ray4(after)) = (case.pool(template, rule), after) else {
        panic!("a v4 pool")
    };
    assert_v4_moved(&before, &after, &quote, case);
    assert!(
        expected
            .status_after
            .is_none_or(|status| status == after.account.status),
        "case {}",
        case.i
    );
}

fn assert_v4_moved(before: &AmmV4Pool, after: &AmmV4Pool, quote: &Quote, case: &V4Case) {
    let (side, other) = if case.a_to_b() { (0, 1) } else { (1, 0) };
    assert_eq!(
        after.amounts[side] - before.amounts[side],
        quote.amount_in,
        "case {}",
        case.i
    );
    assert_eq!(
        before.amounts[other] - after.amounts[other],
        quote.amount_out,
        "case {}",
        case.i
    );
}

#[test]
fn amm_v4_as_the_recorded_program_and_as_todays_source() {
    let Some(recording) = load::<V4Recording>("raydium_amm_v4") else {
        return;
    };
    let template = AmmV4::decode(&bytes(&recording.account)).expect("an AmmInfo");
    let (mut checked, mut changed) = (0, 0);
    for case in recording.cases.iter().filter(|case| !case.needs_market()) {
        check_v4(case, &template, &case.exp, RoundingRule::OldCeil);
        check_v4(
            case,
            &template,
            case.new_rule.as_ref().unwrap_or(&case.exp),
            RoundingRule::TrueCeil,
        );
        checked += 1;
        changed += usize::from(case.new_rule.is_some());
    }
    assert_eq!(checked, 357);
    assert!(changed > 30);
}

#[derive(Deserialize)]
struct CpmmRecording {
    #[serde(rename = "poolState_example_b64")]
    pool: String,
    #[serde(rename = "ammConfig_example_b64")]
    config: String,
    cases: Vec<CpmmCase>,
}

#[derive(Deserialize)]
struct CpmmCase {
    i: u32,
    status: u8,
    pf: [u64; 2],
    ff: [u64; 2],
    cf: [u64; 2],
    open: u64,
    cmode: u8,
    cen: u8,
    t: u64,
    p: u64,
    f: u64,
    c: u64,
    v: [u64; 2],
    tf: [Option<CpmmTransferFee>; 2],
    dir: usize,
    kind: String,
    amount: u64,
    limit: u64,
    u: [u64; 2],
    exp: CpmmOutcome,
    native2025: Option<CpmmNative>,
}

#[derive(Deserialize)]
struct CpmmTransferFee {
    bps: u16,
    max_fee: u64,
}

#[derive(Deserialize)]
struct CpmmOutcome {
    err: Value,
    user_paid: u64,
    user_got: u64,
    vault_in: u64,
    vault_out: u64,
    post: Option<CpmmPost>,
}

#[derive(Deserialize)]
struct CpmmPost {
    pf: [u64; 2],
    ff: [u64; 2],
}

#[derive(Deserialize)]
struct CpmmNative {
    input: u64,
    output: u64,
    trade_fee: u64,
    protocol_fee: u64,
    fund_fee: u64,
    creator_fee: u64,
    user_paid: serde_json::Number,
    user_got: u64,
}

struct Templates {
    pool: CpmmPool,
    config: CpmmConfig,
}

impl CpmmCase {
    fn pool(&self, templates: &Templates, creator_fees: bool, rule: RoundingRule) -> Pool {
        let account = CpmmPool {
            status: self.status,
            protocol_fees: self.pf,
            fund_fees: self.ff,
            creator_fees: if creator_fees { self.cf } else { [0, 0] },
            open_time: self.open,
            creator_fee_on: self.cmode,
            enable_creator_fee: creator_fees && self.cen != 0,
            ..templates.pool.clone()
        };
        let config = CpmmConfig {
            trade_fee_rate: self.t,
            protocol_fee_rate: self.p,
            fund_fee_rate: self.f,
            creator_fee_rate: self.c,
            ..templates.config.clone()
        };
        let fees = [&self.tf[0], &self.tf[1]].map(|fee| {
            fee.as_ref().map(|fee| TransferFeeConfig {
                older: TransferFee {
                    epoch: 0,
                    max_fee: 7,
                    bps: 9999,
                },
                newer: TransferFee {
                    epoch: 925,
                    max_fee: fee.max_fee,
                    bps: fee.bps,
                },
            })
        });
        Pool::cpmm(&account, &config, self.v, fees).with_rule(rule)
    }

    fn swap(&self, pool: &Pool) -> Result<(Quote, CpmmPoolState), QuoteError> {
        let a_to_b = self.dir == 0;
        let swap = if self.kind == "in" {
            pool.swap(a_to_b, self.amount, &NOW)
        } else {
            pool.swap_exact_out(a_to_b, self.amount, &NOW)
        };
        swap.map(|(quote, after)| match after {
            Pool::Cpmm(after) => (quote, after),
            other => panic!("{other:?}"),
        })
    }

    /// Returns the swap or the recorded (2024) program's error.
    fn program(&self, templates: &Templates) -> Result<(Quote, CpmmPoolState), Refusal> {
        let pool = self.pool(templates, false, RoundingRule::OldCeil);
        let (quote, after) = self.swap(&pool).map_err(|error| match error {
            QuoteError::NotTradable => Refusal::Code(6000),
            QuoteError::ZeroAmount | QuoteError::ZeroOutput => Refusal::Code(2505),
            QuoteError::Invariant => Refusal::Code(2506),
            other => Refusal::Quote(other),
        })?;
        let refused = if self.kind == "in" {
            quote.amount_out < self.limit
        } else {
            quote.amount_in > self.limit
        };
        if refused {
            return Err(Refusal::Code(6005));
        }
        if quote.amount_in > self.u[self.dir] {
            Err(Refusal::Code(1))
        } else {
            Ok((quote, after))
        }
    }
}

fn cpmm() -> Option<(Templates, Vec<CpmmCase>)> {
    let recording = load::<CpmmRecording>("raydium_cpmm")?;
    let pool = CpmmPool::decode(&bytes(&recording.pool)).expect("a PoolState");
    let config = CpmmConfig::decode(&bytes(&recording.config)).expect("an AmmConfig");
    Some((Templates { pool, config }, recording.cases))
}

#[test]
fn cpmm_as_the_recorded_program() {
    let Some((templates, cases)) = cpmm() else {
        return;
    };
    let mut checked = 0;
    for case in &cases {
        let got = case.program(&templates);
        if let Some(code) = case.exp.err.as_u64() {
            assert_eq!(
                got.map(|(quote, _)| quote),
                Err(Refusal::Code(code)),
                "case {}",
                case.i
            );
        } else if case.exp.err.is_string() {
            assert!(
                matches!(
                    got,
                    Err(Refusal::Quote(QuoteError::Liquidity | QuoteError::Overflow))
                ),
                "case {}",
                case.i
            );
        } else {
            let (quote, after) = got.unwrap_or_else(|error| panic!("case {}: {error:?}", case.i));
            let exp = &case.exp;
            assert_eq!(
                (quote.amount_in, quote.amount_out),
                (exp.user_paid, exp.user_got),
                "case {}",
                case.i
            );
            assert_eq!(
                after.amounts[case.dir] - case.v[case.dir],
                exp.vault_in,
                "case {}",
                case.i
            );
            assert_eq!(
                case.v[1 - case.dir] - after.amounts[1 - case.dir],
                exp.vault_out,
                "case {}",
                case.i
            );
            let post = exp.post.as_ref().expect("a state after");
            assert_eq!(
                (after.account.protocol_fees, after.account.fund_fees),
                (post.pf, post.ff),
                "case {}",
                case.i
            );
            checked += 1;
        }
    }
    assert_eq!(checked, 236);
}

#[test]
fn cpmm_with_creator_fees_as_the_newer_source() {
    let Some((templates, cases)) = cpmm() else {
        return;
    };
    let mut checked = 0;
    for case in &cases {
        let Some(new) = &case.native2025 else {
            continue;
        };
        if case.status & 4 != 0 || case.open > NOW.unix_timestamp.unsigned_abs() {
            continue;
        }
        let before = case.pool(&templates, true, RoundingRule::TrueCeil);
        let (quote, after) = match case.swap(&before) {
            Ok(swap) => swap,
            Err(error) => {
                let zero = matches!(error, QuoteError::ZeroOutput | QuoteError::ZeroAmount);
                let none = new.output == 0 || new.input == 0;
                let over = !new.user_paid.is_u64() && error == QuoteError::Overflow;
                assert!(over || (zero && none), "case {}: {error}", case.i);
                continue;
            }
        };
        assert_eq!(
            Some(quote.amount_in),
            new.user_paid.as_u64(),
            "case {}",
            case.i
        );
        assert_eq!(quote.amount_out, new.user_got, "case {}", case.i);
        let Pool::Cpmm(before) = before else {
            panic!("a CPMM pool")
        };
        let side = case.dir;
        assert_eq!(
            after.account.protocol_fees[side] - before.account.protocol_fees[side],
            new.protocol_fee
        );
        assert_eq!(
            after.account.fund_fees[side] - before.account.fund_fees[side],
            new.fund_fee
        );
        let owed =
            |pool: &CpmmPoolState| pool.account.creator_fees[0] + pool.account.creator_fees[1];
        assert_eq!(
            owed(&after) - owed(&before),
            new.creator_fee,
            "case {}",
            case.i
        );
        assert_eq!(
            quote.fee + quote.fee_out,
            new.trade_fee + new.creator_fee,
            "case {}",
            case.i
        );
        checked += 1;
    }
    assert!(checked > 200);
}
