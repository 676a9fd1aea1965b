//! The go/no-go formula of the origin's `SignalScorer` (origins 2.1), with the reason it never gave.
//!
//! Amounts are in quote currency, as floats: this judges signals of single tokens, it sizes nothing. Only + − × ÷ in
//! the written order, so the twin gives the same bits.
//!
//! For users of the engine: no screen and no order uses it.

/// What a trade costs and must gain; the defaults are the origin's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalConfig {
    /// Least net, in quote currency.
    pub min_profit: f64,
    /// Most slippage reckoned with, in bps; also the most transfer fee taken.
    pub max_slippage_bps: f64,
    /// Gas of a trade, in quote currency.
    pub gas: f64,
    /// Tip of a trade, in quote currency.
    pub tip: f64,
    /// Fee of the exchange, in bps of the size.
    pub dex_fee_bps: f64,
    /// Size of a trade, in quote currency.
    pub size: f64,
}

impl Default for SignalConfig {
    fn default() -> Self {
        Self {
            min_profit: 0.10,
            max_slippage_bps: 500.0,
            gas: 0.02,
            tip: 0.001,
            dex_fee_bps: 30.0,
            size: 15.0,
        }
    }
}

/// What is known of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenSignal {
    /// Passed the checks for a rug.
    pub rug_safe: bool,
    /// Somebody may still mint.
    pub mint_authority: bool,
    /// Liquidity, in quote currency.
    pub liquidity: f64,
    /// Change of the price over a minute, as a fraction.
    pub velocity_1m: f64,
    /// Spread between venues, in bps.
    pub spread_bps: f64,
    /// Fee of the token itself, in bps.
    pub transfer_fee_bps: f64,
    /// Buy volume over sell volume.
    pub imbalance: f64,
    /// Share of the liquidity that is locked.
    pub lp_locked: f64,
    /// What large holders add to the confidence.
    pub whale_bonus: f64,
}

/// Why a signal is go or not; the origin's order of gates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum SignalReason {
    /// Worth a trade.
    Go = 0,
    /// A number that is none.
    NotFinite = 1,
    /// Not safe from a rug.
    NotRugSafe = 2,
    /// Less than 500 of liquidity.
    ThinLiquidity = 3,
    /// The token takes more than the slippage allowed.
    TransferFee = 4,
    /// Somebody may still mint.
    MintAuthority = 5,
    /// No spread.
    NoSpread = 6,
    /// Gains less than is wanted.
    BelowMin = 7,
}

/// A judged signal; all amounts 0 where a gate before the sum refused it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// Why.
    pub reason: SignalReason,
    /// Gain before costs, in quote currency.
    pub gross: f64,
    /// All costs, in quote currency.
    pub friction: f64,
    /// What is left.
    pub net: f64,
    /// 0 to 1.
    pub confidence: f64,
    /// Buy, else sell.
    pub buy: bool,
}

const MIN_LIQUIDITY: f64 = 500.0;

/// Judges one token.
pub fn score_signal(config: &SignalConfig, token: &TokenSignal) -> Signal {
    let refused = |reason| Signal {
        reason,
        gross: 0.0,
        friction: 0.0,
        net: 0.0,
        confidence: 0.0,
        buy: token.velocity_1m > 0.0,
    };
    if let Some(reason) = gate(config, token) {
        return refused(reason);
    }
    let size = config.size;
    let gross = size * token.spread_bps / 10_000.0;
    let friction = config.gas
        + config.tip
        + size * config.dex_fee_bps / 10_000.0
        + size * slippage(config, token)
        + size * token.transfer_fee_bps / 10_000.0;
    let net = gross - friction;
    Signal {
        reason: if net >= config.min_profit {
            SignalReason::Go
        } else {
            SignalReason::BelowMin
        },
        gross,
        friction,
        net,
        confidence: confidence(net, token),
        buy: token.velocity_1m > 0.0,
    }
}

/// Judges many tokens; one signal each, and how many ended at each reason, by its number.
pub fn score_signals(config: &SignalConfig, tokens: &[TokenSignal]) -> (Vec<Signal>, [u64; 8]) {
    let signals: Vec<Signal> = tokens.iter().map(|t| score_signal(config, t)).collect();
    let mut counts = [0; 8];
    for signal in &signals {
        counts[signal.reason as usize] += 1;
    }
    (signals, counts)
}

fn gate(config: &SignalConfig, token: &TokenSignal) -> Option<SignalReason> {
    let numbers = [
        token.liquidity,
        token.velocity_1m,
        token.spread_bps,
        token.transfer_fee_bps,
        token.imbalance,
        token.lp_locked,
        token.whale_bonus,
    ];
    if numbers.iter().any(|number| !number.is_finite()) {
        return Some(SignalReason::NotFinite);
    }
    if !token.rug_safe {
        return Some(SignalReason::NotRugSafe);
    }
    if token.liquidity < MIN_LIQUIDITY {
        return Some(SignalReason::ThinLiquidity);
    }
    if token.transfer_fee_bps > config.max_slippage_bps {
        return Some(SignalReason::TransferFee);
    }
    if token.mint_authority {
        return Some(SignalReason::MintAuthority);
    }
    (token.spread_bps == 0.0).then_some(SignalReason::NoSpread)
}

/// The share of the size that the price moves away: base, depth and velocity, at most what is allowed.
fn slippage(config: &SignalConfig, token: &TokenSignal) -> f64 {
    let wanted = 0.003 + 0.05 * config.size / token.liquidity + 0.01 * token.velocity_1m.abs();
    wanted.min(config.max_slippage_bps / 10_000.0)
}

fn confidence(net: f64, token: &TokenSignal) -> f64 {
    let mut sum = (net / 2.0).min(0.5);
    if token.liquidity > 100_000.0 {
        sum += 0.2;
    } else if token.liquidity > 10_000.0 {
        sum += 0.1;
    }
    if token.imbalance > 1.2 {
        sum += 0.15;
    }
    if token.velocity_1m.abs() > 0.02 {
        sum += 0.1;
    }
    if token.lp_locked > 0.8 {
        sum += 0.05;
    }
    (sum + token.whale_bonus).min(1.0)
}
