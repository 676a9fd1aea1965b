//! What is judged from a few figures: spreads, signals, columns of candidates and of trades; and books and accounts by frame.

#[path = "common/settings.rs"]
#[expect(dead_code, reason = "each test takes what it needs")]
mod settings;

use cambist_core::book::order_book::Side;
use cambist_core::chain::base58;
use cambist_core::fees::estimate_trades;
use cambist_core::judge::scorer::{COLUMNS, ColumnError, Reason, score_columns};
use cambist_core::library::signal_scorer::{
    SignalConfig, SignalReason, TokenSignal, score_signal, score_signals,
};
use cambist_core::library::spread::{
    SpreadConfig, SpreadState, VenueQuote, detect_spread, detect_spreads, estimate_fees, venue_fee,
};
use cambist_core::library::streams::{AccountStream, BookStream};
use cambist_core::series::technical::{atr, vwap};
use proptest::prelude::*;

fn quote(venue: &str, price: f64, liquidity: Option<f64>) -> VenueQuote {
    VenueQuote {
        venue: venue.to_owned(),
        price,
        liquidity,
    }
}

#[test]
fn a_spread_is_between_the_cheapest_and_the_dearest() {
    let config = SpreadConfig::default();
    let quotes = [
        quote("Raydium", 101.0, Some(1e6)),
        quote("orca", 100.0, None),
        quote("PUMP.FUN", f64::NAN, None),
        quote("jupiter", 104.0, Some(5e6)),
    ];
    let found = detect_spread(&quotes, &config).expect("a spread");
    assert_eq!((found.buy, found.sell), (1, 3));
    assert!((found.percent - 4.0).abs() < 1e-9);
    assert!((found.net - (found.gross - found.fees.total - found.friction)).abs() < 1e-12);
    assert_eq!(found.size.to_bits(), config.max_trade.to_bits());
    let again = detect_spreads(&[quotes.to_vec(), quotes[..1].to_vec()], &config);
    assert_eq!(again, [Some(found), None]);
    assert_eq!(
        detect_spread(&[quotes[0].clone(), quotes[0].clone()], &config),
        None
    );
}

#[test]
fn what_is_left_decides_how_good_a_spread_is() {
    let state = |high: f64, priority_sol: f64| {
        let config = SpreadConfig {
            priority_sol,
            sol_price: 0.01,
            max_trade: 1_000.0,
            ..SpreadConfig::default()
        };
        let quotes = [
            quote("orca", 100.0, Some(1e9)),
            quote("raydium", high, Some(1e9)),
        ];
        detect_spread(&quotes, &config).expect("a spread").state
    };
    assert_eq!(state(110.0, 0.0), SpreadState::Hot);
    assert_eq!(state(110.0, 1e6), SpreadState::Loss);
    assert_eq!(state(100.4, 0.0), SpreadState::Loss);
}

#[test]
fn each_friction_lowers_what_is_left() {
    let net = |config: &SpreadConfig| {
        let quotes = [
            quote("orca", 100.0, Some(1e6)),
            quote("raydium", 106.0, Some(2e4)),
        ];
        detect_spread(&quotes, config).expect("a spread").net
    };
    let plain = SpreadConfig::default();
    let decaying = SpreadConfig {
        decay_percent_per_s: 0.5,
        window_s: 4.0,
        ..plain
    };
    let learned = SpreadConfig {
        learned_slippage_percent: 1.0,
        ..plain
    };
    assert!(net(&learned) < net(&plain) && net(&decaying) < net(&plain));
    let established = SpreadConfig {
        established: true,
        ..decaying
    };
    let longer = SpreadConfig {
        window_s: 1e9,
        ..decaying
    };
    let longest = SpreadConfig {
        window_s: 10.0,
        ..decaying
    };
    assert!(net(&established) > net(&decaying));
    assert_eq!(net(&longer).to_bits(), net(&longest).to_bits());
    let fees = estimate_fees(100.0, "JUPITER", "nobody", 1e6, &plain);
    assert!((fees.trading - 0.65).abs() < 1e-12);
    assert!(venue_fee("pumpfun") > venue_fee("orca"));
}

const TOKEN: TokenSignal = TokenSignal {
    rug_safe: true,
    mint_authority: false,
    liquidity: 200_000.0,
    velocity_1m: 0.03,
    spread_bps: 900.0,
    transfer_fee_bps: 0.0,
    imbalance: 1.5,
    lp_locked: 0.95,
    whale_bonus: 0.1,
};

#[test]
fn each_gate_of_a_signal_refuses_in_its_order() {
    let cases = [
        (SignalReason::Go, TOKEN),
        (
            SignalReason::NotFinite,
            TokenSignal {
                whale_bonus: f64::NAN,
                rug_safe: false,
                ..TOKEN
            },
        ),
        (
            SignalReason::NotRugSafe,
            TokenSignal {
                rug_safe: false,
                liquidity: 1.0,
                ..TOKEN
            },
        ),
        (
            SignalReason::ThinLiquidity,
            TokenSignal {
                liquidity: 499.0,
                transfer_fee_bps: 501.0,
                ..TOKEN
            },
        ),
        (
            SignalReason::TransferFee,
            TokenSignal {
                transfer_fee_bps: 501.0,
                mint_authority: true,
                ..TOKEN
            },
        ),
        (
            SignalReason::MintAuthority,
            TokenSignal {
                mint_authority: true,
                spread_bps: 0.0,
                ..TOKEN
            },
        ),
        (
            SignalReason::NoSpread,
            TokenSignal {
                spread_bps: 0.0,
                ..TOKEN
            },
        ),
        (
            SignalReason::BelowMin,
            TokenSignal {
                spread_bps: 10.0,
                velocity_1m: -0.001,
                liquidity: 20_000.0,
                imbalance: 1.0,
                lp_locked: 0.0,
                ..TOKEN
            },
        ),
    ];
    let config = SignalConfig::default();
    for (reason, token) in cases {
        let signal = score_signal(&config, &token);
        assert_eq!(signal.reason, reason);
        assert_eq!(signal.buy, token.velocity_1m > 0.0);
        assert!((0.0..=1.0).contains(&signal.confidence));
        assert!((signal.net - (signal.gross - signal.friction)).abs() < 1e-12);
    }
    let (_, counts) = score_signals(&config, &cases.map(|(_, token)| token));
    assert_eq!(counts, [1; 8]);
}

fn row(changes: &[(&str, i64)]) -> Vec<i64> {
    let mut row: Vec<i64> = vec![1_000_000, 1_500_000, 1, 0, 5_000, 0, 0, 0, 0, 0, 9, 9, 10];
    for (name, value) in changes {
        let at = COLUMNS.iter().position(|column| column == name);
        row[at.expect("a column")] = *value;
    }
    row
}

#[test]
fn rows_of_candidates_are_judged_each_by_itself() {
    let gates = settings::gates();
    let reason = |changes: &[(&str, i64)]| {
        let scored = score_columns(&row(changes), &gates).expect("figures");
        (scored.reasons[0], scored.nets[0])
    };
    assert_eq!(reason(&[]), (Reason::Go as u8, 495_000));
    assert_eq!(reason(&[("flags", 0)]).0, Reason::NoBase as u8);
    assert_eq!(reason(&[("flags", 3)]).0, Reason::Torn as u8);
    assert_eq!(reason(&[("flags", 5)]).0, Reason::Stale as u8);
    assert_eq!(reason(&[("flags", 17)]).0, Reason::Depeg as u8);
    assert_eq!(reason(&[("flags", 21)]).0, Reason::Stale as u8);
    assert_eq!(reason(&[("flags", 35)]).0, Reason::Fork as u8);
    assert_eq!(
        reason(&[("flags", 65), ("amount_out", 2_000_000)]).0,
        Reason::Unconfirmed as u8
    );
    assert_ne!(
        reason(&[("flags", 65), ("amount_out", 1_015_000)]).0,
        Reason::Unconfirmed as u8,
        "a small gross needs no second node"
    );
    assert_eq!(
        reason(&[("tip", -1)]),
        (Reason::UnknownCost as u8, i64::MIN)
    );
    assert_eq!(
        reason(&[("amount_out", 1_000_001)]).0,
        Reason::NotPositive as u8
    );
    assert_eq!(reason(&[("seen_slots", 0)]).0, Reason::New as u8);
    assert_eq!(reason(&[("flags", 127)]).0, Reason::Fork as u8, "all flags");
    assert_eq!(
        reason(&[("flags", 9), ("rebalancing", -1)]).0,
        Reason::LeggedCost as u8
    );
    assert_eq!(
        reason(&[("flags", 9), ("rebalancing", 7)]),
        (Reason::Go as u8, 494_993)
    );
    assert_eq!(
        reason(&[("flags", 1), ("rebalancing", 7)]),
        (Reason::Go as u8, 495_000),
        "what is atomic moves nothing back"
    );
    let two: Vec<i64> = row(&[])
        .into_iter()
        .zip(row(&[("flags", 3)]))
        .flat_map(|(one, other)| [one, other])
        .collect();
    let scored = score_columns(&two, &gates).expect("figures");
    assert_eq!(scored.reasons, [Reason::Go as u8, Reason::Torn as u8]);
    assert_eq!(
        score_columns(&two[1..], &gates),
        Err(ColumnError::Shape(25))
    );
    for (column, was) in [
        ("amount_in", -1),
        ("flags", 128),
        ("amount_out", -1),
        ("wins", -1),
    ] {
        let refused = score_columns(&row(&[(column, was)]), &gates);
        assert_eq!(
            refused,
            Err(ColumnError::Value {
                column,
                row: 0,
                was
            })
        );
    }
}

#[test]
fn trades_pay_for_what_their_hops_use() {
    let bidding = settings::bidding();
    let estimate = |venues: &[i64], ticks: &[i64], flags: &[i64], gross: &[i64], price| {
        estimate_trades(venues, ticks, flags, gross, price, &bidding)
    };
    let found = estimate(
        &[0, -1, 0, 2],
        &[0; 4],
        &[0; 4],
        &[1_000_000, -1],
        Some(1_000_000),
    )
    .expect("a table");
    assert!(found.cu_limits[1] > found.cu_limits[0] && found.cu_limits[0] > 0);
    assert_eq!(found.priority_fees, found.cu_limits);
    assert_eq!(found.base_fees[0], found.base_fees[1]);
    assert!(found.tips[0] >= 0);
    assert_eq!(found.tips[1], -1, "of an unknown gross");
    let unknown = estimate(&[0], &[0], &[0], &[7], None).expect("a table");
    assert_eq!(unknown.priority_fees, [-1]);
    let more = estimate(&[2], &[9], &[3], &[7], None).expect("a table");
    let less = estimate(&[2], &[0], &[0], &[7], None).expect("a table");
    assert!(more.cu_limits[0] > less.cu_limits[0]);
    for (venues, ticks, flags, gross) in [
        (&[0, 0][..], &[0][..], &[0, 0][..], &[1][..]),
        (&[0, 0, 0], &[0, 0, 0], &[0, 0, 0], &[1, 1]),
        (&[8], &[0], &[0], &[1]),
        (&[-2], &[0], &[0], &[1]),
        (&[0], &[-1], &[0], &[1]),
        (&[0], &[0], &[4], &[1]),
        (&[0], &[0], &[0], &[-2]),
    ] {
        assert!(estimate(venues, ticks, flags, gross, None).is_err());
    }
}

#[test]
fn frames_of_a_channel_make_a_book() {
    let mut stream = BookStream::new("binance.spot.ws", "SOLUSDC");
    assert_eq!(stream.take(br#"{"result":null,"id":1}"#), Ok(false));
    let ticker = br#"{"u":7,"s":"SOLUSDC","b":"149.9","B":"5","a":"150.1","A":"6"}"#;
    assert_eq!(stream.take(ticker), Ok(true));
    let delta = br#"{"e":"depthUpdate","E":1,"s":"SOLUSDC","U":8,"u":8,"b":[["150","1"]],"a":[]}"#;
    assert_eq!(stream.take(delta), Ok(true));
    assert!(stream.take(b"{").is_err());
    let mut whole = BookStream::new("binance.usdm.depth", "SOLUSDT");
    let book = br#"{"lastUpdateId":7,"bids":[["149.9","5"]],"asks":[["150.1","5"]]}"#;
    assert_eq!(whole.take(book), Ok(true));
    assert_eq!(
        whole.book().best(Side::Bid),
        Some((14_990_000_000, 500_000_000))
    );
}

#[test]
fn an_account_never_goes_back() {
    let (mut stream, key) = (AccountStream::new(), [7; 32]);
    let name = base58::encode(&key);
    let asked =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["{name}"]}}"#);
    assert_eq!(stream.take(true, asked.as_bytes()), Ok(0));
    assert_eq!(
        stream.take(false, br#"{"jsonrpc":"2.0","result":9,"id":1}"#),
        Ok(0)
    );
    let notification = |slot: u64, data: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"accountNotification","params":{{"result":{{"context":{{"slot":{slot}}},"value":{{"lamports":1,"data":["{data}","base64"],"owner":"{name}","executable":false,"rentEpoch":0,"space":1}}}},"subscription":9}}}}"#
        )
    };
    assert_eq!(stream.account(&key), None);
    for (slot, data, kept) in [(5, "AQ==", 1), (4, "Ag==", 1), (5, "Aw==", 3)] {
        assert_eq!(
            stream.take(false, notification(slot, data).as_bytes()),
            Ok(1)
        );
        assert_eq!(stream.account(&key).expect("an account").data, [kept]);
    }
}

proptest! {
    #[test]
    fn ranges_and_prices_stay_between_what_they_are_of(
        bars in prop::collection::vec((1.0f64..100.0, 0.0f64..10.0, 0.0f64..1.0), 1..60), period in 1u32..20,
    ) {
        let low: Vec<f64> = bars.iter().map(|bar| bar.0).collect();
        let high: Vec<f64> = bars.iter().map(|bar| bar.0 + bar.1).collect();
        let close: Vec<f64> = bars.iter().map(|bar| bar.0 + bar.1 * bar.2).collect();
        let ranges = atr(&high, &low, &close, period).expect("lengths");
        let seen = ranges.iter().position(|range| range.is_finite()).unwrap_or(ranges.len());
        prop_assert_eq!(seen, (period as usize).min(bars.len()));
        prop_assert!(ranges[seen..].iter().all(|&range| (0.0..=110.0).contains(&range)));
        let volumes: Vec<f64> = bars.iter().map(|bar| bar.1 + 0.5).collect();
        let (least, most) = low.iter().fold((f64::MAX, 0.0_f64), |(least, most), &price| (least.min(price), most.max(price)));
        for price in vwap(&low, &volumes).expect("lengths") {
            prop_assert!((least * (1.0 - 1e-12)..=most * (1.0 + 1e-12)).contains(&price));
        }
        prop_assert!(atr(&high, &low[1..], &close, period).is_err());
        prop_assert!(vwap(&low, &volumes[1..]).is_err());
    }
}
