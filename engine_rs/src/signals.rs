//! Signals of single tokens and spreads between venues.

use cambist_core::library::signal_scorer::{self, Signal, SignalConfig, TokenSignal};
use cambist_core::library::spread::{self, Spread, SpreadConfig, VenueQuote};
use pyo3::prelude::*;

/// (least profit, most slippage in bps, gas, tip, fee in bps, size)
type Config = (f64, f64, f64, f64, f64, f64);
/// (rug safe, mint authority, liquidity, velocity, spread, transfer fee, imbalance, locked, whale bonus)
type Token = (bool, bool, f64, f64, f64, f64, f64, f64, f64);
/// (reason, gross, friction, net, confidence, buy)
type Judged = (u8, f64, f64, f64, f64, bool);
/// (largest trade, SOL price, priority fee, multiplier, learned slippage, decay, window, established, compat)
type Reckoned = (f64, f64, f64, f64, f64, f64, f64, bool, bool);
/// (venue, price, liquidity)
type Quote = (String, f64, Option<f64>);
/// (trading, gas, priority, slippage, buffer, total)
type Fees = (f64, f64, f64, f64, f64, f64);
/// (buy, sell, percent, size, gross, fees, friction, net, state)
type Found = (usize, usize, f64, f64, f64, Fees, f64, f64, u8);

/// Returns one judgement for each token, and how many ended at each reason.
#[pyfunction(name = "score_signals")]
pub(crate) fn py_score_signals(
    py: Python<'_>,
    config: Config,
    tokens: Vec<Token>,
) -> (Vec<Judged>, [u64; 8]) {
    let config = SignalConfig {
        min_profit: config.0,
        max_slippage_bps: config.1,
        gas: config.2,
        tip: config.3,
        dex_fee_bps: config.4,
        size: config.5,
    };
    py.detach(|| {
        let tokens: Vec<TokenSignal> = tokens.into_iter().map(token).collect();
        let (signals, counts) = signal_scorer::score_signals(&config, &tokens);
        (signals.into_iter().map(judged).collect(), counts)
    })
}

/// Returns the spread of each token, `None` where there is none.
#[pyfunction(name = "detect_spreads")]
pub(crate) fn py_detect_spreads(
    py: Python<'_>,
    tokens: Vec<Vec<Quote>>,
    config: Reckoned,
) -> Vec<Option<Found>> {
    let config = SpreadConfig {
        max_trade: config.0,
        sol_price: config.1,
        priority_sol: config.2,
        jito_multiplier: config.3,
        learned_slippage_percent: config.4,
        decay_percent_per_s: config.5,
        window_s: config.6,
        established: config.7,
        compat_default_liquidity: config.8,
    };
    py.detach(|| {
        let tokens: Vec<Vec<VenueQuote>> = tokens
            .into_iter()
            .map(|quotes| quotes.into_iter().map(quote).collect())
            .collect();
        spread::detect_spreads(&tokens, &config)
            .into_iter()
            .map(|each| each.map(found))
            .collect()
    })
}

fn token(t: Token) -> TokenSignal {
    TokenSignal {
        rug_safe: t.0,
        mint_authority: t.1,
        liquidity: t.2,
        velocity_1m: t.3,
        spread_bps: t.4,
        transfer_fee_bps: t.5,
        imbalance: t.6,
        lp_locked: t.7,
        whale_bonus: t.8,
    }
}

fn judged(s: Signal) -> Judged {
    (
        s.reason as u8,
        s.gross,
        s.friction,
        s.net,
        s.confidence,
        s.buy,
    )
}

fn quote((venue, price, liquidity): Quote) -> VenueQuote {
    VenueQuote {
        venue,
        price,
        liquidity,
    }
}

fn found(s: Spread) -> Found {
    let f = s.fees;
    (
        s.buy,
        s.sell,
        s.percent,
        s.size,
        s.gross,
        (f.trading, f.gas, f.priority, f.slippage, f.buffer, f.total),
        s.friction,
        s.net,
        s.state as u8,
    )
}
