//! Meteora DLMM, from raw account bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cambist_core::chain::base58::{self, Pubkey};
use cambist_core::chain::token::{Mint, TransferFee};
use cambist_core::venues::dlmm::layout::{BinArray, LbPair};
use cambist_core::venues::dlmm::maths::bins::Bins;
use cambist_core::venues::dlmm::maths::price::bin_price;
use cambist_core::venues::dlmm::maths::swap::{Ask, DlmmFill, swap};
use cambist_core::venues::quote_error::QuoteError;
use serde::Deserialize;

use crate::recording::{NOW, bytes, load};

const SLOT: u64 = 470_000_000;
/// A swap over more bins exhausts the program's compute.
const MOST_BINS_FILLED: u32 = 217;
const NO_FEE: TransferFee = TransferFee {
    epoch: 0,
    max_fee: 0,
    bps: 0,
};

#[derive(Deserialize)]
struct Recording {
    pools: BTreeMap<String, RecordedPool>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct RecordedPool {
    key: String,
    accounts: BTreeMap<String, Account>,
}

#[derive(Deserialize)]
struct Account {
    role: String,
    data: String,
}

#[derive(Deserialize)]
struct Case {
    i: u32,
    pool: String,
    sfy: bool,
    exact_in: bool,
    amount: u64,
    limit: u64,
    now: i64,
    arrays: Vec<i32>,
    exp: Expected,
}

#[derive(Deserialize)]
struct Expected {
    err: Option<Failure>,
    #[serde(default)]
    user_x: i64,
    #[serde(default)]
    user_y: i64,
    #[serde(default)]
    reserve_x: i64,
    #[serde(default)]
    reserve_y: i64,
    #[serde(default)]
    active_id: i32,
    #[serde(default)]
    vacc: u32,
    #[serde(default)]
    vref: u32,
    #[serde(default)]
    iref: i32,
    #[serde(default)]
    last: i64,
    #[serde(default)]
    protocol_fee_x: u64,
    #[serde(default)]
    protocol_fee_y: u64,
    #[serde(default)]
    event_cpi: Vec<String>,
    #[serde(default)]
    bins_after: BTreeMap<i32, [u64; 4]>,
    #[serde(default)]
    bins_filled: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Failure {
    Code(u32),
    Runtime(serde::de::IgnoredAny),
}

/// The decoded accounts of a pool.
struct Accounts {
    address: Pubkey,
    pair: LbPair,
    arrays: Vec<BinArray>,
    /// Of X and Y.
    fees: [TransferFee; 2],
}

/// What the trader pays and gets, and the fill inside the vaults.
struct Traded {
    paid: u64,
    got: u64,
    fill: DlmmFill,
}

impl RecordedPool {
    fn decode(&self) -> Accounts {
        let role = |role: &str| {
            let account = self.accounts.values().find(|account| account.role == role);
            bytes(&account.expect("the account").data)
        };
        let fee = |mint: &str| {
            let mint = Mint::decode(&role(mint)).expect("a mint");
            mint.transfer_fee.map_or(NO_FEE, |fee| fee.at(NOW.epoch))
        };
        let arrays = self
            .accounts
            .values()
            .filter(|account| account.role == "bin_array")
            .map(|account| BinArray::decode(&bytes(&account.data)).expect("a bin array"))
            .collect();
        Accounts {
            address: base58::decode(&self.key).expect("an address"),
            pair: LbPair::decode(&role("lb_pair")).expect("a pair"),
            arrays,
            fees: [fee("mint_x"), fee("mint_y")],
        }
    }
}

impl Case {
    fn ask(&self, amount: u64) -> Ask {
        Ask {
            amount,
            exact_in: self.exact_in,
            x_to_y: self.sfy,
            now: self.now,
            slot: SLOT,
        }
    }

    fn trade(&self, accounts: &Accounts) -> Result<Traded, QuoteError> {
        let [fee_x, fee_y] = &accounts.fees;
        let (fee_in, fee_out) = if self.sfy {
            (fee_x, fee_y)
        } else {
            (fee_y, fee_x)
        };
        let passed = accounts
            .arrays
            .iter()
            .filter(|array| self.arrays.contains(&array.index));
        let bins = Bins::new(
            &accounts.address,
            &accounts.pair,
            None,
            passed.cloned().map(Arc::new),
        )
        .expect("arrays of the pair");
        let net = |amount: u128| u64::try_from(amount).expect("an amount");
        let asked = if self.exact_in {
            self.amount - fee_in.fee(self.amount)
        } else {
            net(fee_out.gross(self.amount))
        };
        let fill = swap::<true>(&accounts.pair, &bins, &self.ask(asked));
        let quick = swap::<false>(&accounts.pair, &bins, &self.ask(asked));
        let bare = fill.clone().map(|fill| DlmmFill {
            steps: Vec::new(),
            ..fill
        });
        assert_eq!(quick, bare, "case {}", self.i);
        let fill = fill?;
        Ok(Traded {
            paid: if self.exact_in {
                self.amount
            } else {
                net(fee_in.gross(fill.amount_in))
            },
            got: fill.amount_out - fee_out.fee(fill.amount_out),
            fill,
        })
    }

    /// Returns (X, Y) of what goes in and what comes out.
    fn by_token<T>(&self, amount_in: T, amount_out: T) -> (T, T) {
        if self.sfy {
            (amount_in, amount_out)
        } else {
            (amount_out, amount_in)
        }
    }

    fn check(&self, traded: &Traded) {
        let (exp, i, fill) = (&self.exp, self.i, &traded.fill);
        let signed = |amount: u64| i64::try_from(amount).expect("an amount");
        let (paid, got) = (signed(traded.paid), signed(traded.got));
        assert_eq!(
            self.by_token(-paid, got),
            (exp.user_x, exp.user_y),
            "case {i}"
        );
        assert_eq!(
            self.by_token(signed(fill.amount_in), -signed(fill.amount_out)),
            (exp.reserve_x, exp.reserve_y),
            "case {i}"
        );
        let seen = &fill.volatility;
        assert_eq!(
            (
                fill.active_id,
                seen.volatility_accumulator,
                seen.volatility_reference
            ),
            (exp.active_id, exp.vacc, exp.vref),
            "case {i}"
        );
        assert_eq!(
            (seen.index_reference, seen.last_update_timestamp),
            (exp.iref, exp.last),
            "case {i}"
        );
        let owed = if fill.fee_on_input {
            self.by_token(fill.protocol_fee, 0)
        } else {
            self.by_token(0, fill.protocol_fee)
        };
        assert_eq!(owed, (exp.protocol_fee_x, exp.protocol_fee_y), "case {i}");
        let changed: BTreeMap<_, _> = fill
            .changed()
            .map(|(bin_id, bin)| {
                (
                    bin_id,
                    [
                        bin.amount_x,
                        bin.amount_y,
                        bin.open_order_amount,
                        bin.processed_order_remaining,
                    ],
                )
            })
            .collect();
        assert_eq!(changed, exp.bins_after, "case {i}");
        assert_eq!(fill.bins_filled, exp.bins_filled, "case {i}");
        self.check_events(fill);
    }

    /// Checks the fees that the program says in its two events, after (CPI tag, discriminator, pair, trader).
    fn check_events(&self, fill: &DlmmFill) {
        let number = |event: usize, at: usize| {
            let text = &self.exp.event_cpi[event][2 * (80 + at)..2 * (80 + at + 8)];
            u64::from_str_radix(text, 16).expect("hex").swap_bytes()
        };
        assert_eq!(
            (fill.fee, fill.protocol_fee),
            (number(0, 25), number(0, 33)),
            "case {}",
            self.i
        );
        let (makers, protocol, orders) = (number(1, 49), number(1, 57), number(1, 65));
        assert_eq!(
            (fill.fee, fill.protocol_fee, fill.limit_order_fee),
            (makers + protocol + orders, protocol, orders),
            "case {}",
            self.i
        );
    }

    /// Returns whether what the pair did, and the trader's limit, is how the program failed.
    fn fails_so(&self, got: &Result<Traded, QuoteError>, failure: &Failure) -> bool {
        let kept = got.as_ref().map(|traded| {
            if self.exact_in {
                traded.got >= self.limit
            } else {
                traded.paid <= self.limit
            }
        });
        match failure {
            Failure::Code(3005) => kept == Err(&QuoteError::MissingAccount),
            Failure::Code(6003 | 6104) => kept == Ok(false),
            Failure::Code(6036) => kept == Err(&QuoteError::Liquidity),
            Failure::Code(6039) if self.exact_in => kept == Err(&QuoteError::ZeroOutput),
            Failure::Code(6002 | 6039) => kept == Err(&QuoteError::ZeroAmount),
            Failure::Code(6085) => kept == Err(&QuoteError::Shortfall),
            Failure::Code(_) => false,
            // On the way to the last bin, or to the end of all.
            Failure::Runtime(_) => got.as_ref().map_or_else(
                |&error| error == QuoteError::Liquidity,
                |traded| traded.fill.bins_filled > MOST_BINS_FILLED,
            ),
        }
    }
}

#[test]
fn every_swap_ends_as_recorded() {
    let Some(recording) = load::<Recording>("meteora_dlmm") else {
        return;
    };
    let pools: BTreeMap<_, _> = recording
        .pools
        .iter()
        .map(|(name, pool)| (name, pool.decode()))
        .collect();
    let (mut succeeded, mut refused) = (0, 0);
    for case in &recording.cases {
        let got = case.trade(&pools[&case.pool]);
        if let Some(failure) = &case.exp.err {
            assert!(case.fails_so(&got, failure), "case {}", case.i);
            refused += 1;
        } else {
            case.check(&got.expect("the program did it"));
            succeeded += 1;
        }
    }
    assert_eq!((succeeded, refused), (209, 65));
}

#[test]
fn every_stored_price_is_that_of_its_bin() {
    let Some(recording) = load::<Recording>("meteora_dlmm") else {
        return;
    };
    let mut checked = 0;
    for pool in recording.pools.values() {
        let accounts = pool.decode();
        for array in &accounts.arrays {
            for (bin_id, bin) in (array.index * 70..).zip(array.bins.iter()) {
                if bin.price != 0 {
                    assert_eq!(Ok(bin.price), bin_price(bin_id, accounts.pair.bin_step));
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 5_000);
}

#[test]
fn an_array_of_another_pair_is_refused() {
    let Some(recording) = load::<Recording>("meteora_dlmm") else {
        return;
    };
    let accounts = recording.pools["s0"].decode();
    let refusal = |address, arrays: Vec<BinArray>| {
        let bins = Bins::new(
            address,
            &accounts.pair,
            None,
            arrays.into_iter().map(Arc::new),
        );
        bins.expect_err("not its own").to_string()
    };
    let first = accounts.arrays[0].clone();
    let address = base58::encode(&accounts.address);
    assert_eq!(
        refusal(&[0; 32], vec![first.clone()]),
        format!("bin_array: lb_pair was {address}")
    );
    assert_eq!(
        refusal(&accounts.address, vec![first.clone(), first.clone()]),
        format!("bin_array: index was {}", first.index)
    );
}
