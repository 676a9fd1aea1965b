//! Two venues, one token: what buying at the lowest and selling at the highest price would leave (origins 2.2 and 2.4).
//!
//! Amounts are in quote currency, as floats: an everyday screen of spreads, not a sizing of cycles. Only + − × ÷ in the
//! written order, so the twin gives the same bits.
//!
//! For users of the engine: no screen and no order uses it.

use crate::venues::origin;

/// Liquidity reckoned with where none is known.
pub const DEFAULT_LIQUIDITY: f64 = 100_000.0;

/// What a token costs at one venue.
#[derive(Clone, Debug, PartialEq)]
pub struct VenueQuote {
    /// The venue's name, in any case.
    pub venue: String,
    /// Price in quote currency.
    pub price: f64,
    /// Liquidity in quote currency, where known.
    pub liquidity: Option<f64>,
}

/// What a trade is reckoned with; the defaults are the origin's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadConfig {
    /// Largest size.
    pub max_trade: f64,
    /// Price of SOL.
    pub sol_price: f64,
    /// Priority fee of a transaction, in SOL.
    pub priority_sol: f64,
    /// What congestion multiplies the priority fee with.
    pub jito_multiplier: f64,
    /// Slippage learned from fills, in percent of the size.
    pub learned_slippage_percent: f64,
    /// How fast a spread shrinks, in percent of the size a second.
    pub decay_percent_per_s: f64,
    /// How long it takes to trade; at most 10 s count.
    pub window_s: f64,
    /// An established token's spread decays at three tenths of the speed.
    pub established: bool,
    /// The origin's fault: fees reckoned with the default liquidity, whatever the venues have.
    pub compat_default_liquidity: bool,
}

impl Default for SpreadConfig {
    fn default() -> Self {
        Self {
            max_trade: 100.0,
            sol_price: 100.0,
            priority_sol: 0.0005,
            jito_multiplier: 1.0,
            learned_slippage_percent: 0.0,
            decay_percent_per_s: 0.0,
            window_s: 0.0,
            established: false,
            compat_default_liquidity: false,
        }
    }
}

/// How good a spread is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum SpreadState {
    /// Half a percent or more, and something is left.
    Hot = 0,
    /// Three tenths of a percent or more, and something is left.
    Ready = 1,
    /// Something is left.
    Thin = 2,
    /// Nothing is left after costs.
    Loss = 3,
}

/// The parts of what a round trip costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeeEstimate {
    /// Fees of both venues.
    pub trading: f64,
    /// Gas.
    pub gas: f64,
    /// Priority fee.
    pub priority: f64,
    /// Slippage.
    pub slippage: f64,
    /// Reserve.
    pub buffer: f64,
    /// All of it.
    pub total: f64,
}

/// A spread between two venues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Index of the cheapest venue.
    pub buy: usize,
    /// Index of the dearest.
    pub sell: usize,
    /// Difference in percent of the lower price.
    pub percent: f64,
    /// Size at which the price impact eats what more would gain.
    pub size: f64,
    /// Gain before costs.
    pub gross: f64,
    /// Costs of the round trip.
    pub fees: FeeEstimate,
    /// Slippage learned, decay and the share that a venue takes besides.
    pub friction: f64,
    /// What is left.
    pub net: f64,
    /// How good that is.
    pub state: SpreadState,
}

const MIN_PERCENT: f64 = 0.01;
const MIN_SIZE: f64 = 10.0;

/// A venue's fee as a share of the size; unknown ones count as 0.3 %.
pub fn venue_fee(venue: &str) -> f64 {
    origin::fee(venue).unwrap_or(0.003)
}

/// What buying `size` at one venue and selling it at another costs.
pub fn estimate_fees(
    size: f64,
    buy: &str,
    sell: &str,
    liquidity: f64,
    config: &SpreadConfig,
) -> FeeEstimate {
    let trading = size * (venue_fee(buy) + venue_fee(sell));
    let gas = 0.0002 * config.sol_price;
    let priority = config.priority_sol * config.sol_price * 2.0 * config.jito_multiplier;
    let slippage = size * (0.003 + 0.05 * size / liquidity);
    let buffer = (size * 0.0005).max(0.02);
    FeeEstimate {
        trading,
        gas,
        priority,
        slippage,
        buffer,
        total: trading + gas + priority + slippage + buffer,
    }
}

/// The spread between the cheapest and the dearest venue; the first of equals. `None` with less than two usable quotes
/// (prices above 0, finite numbers), or less than a hundredth of a percent between them.
pub fn detect_spread(quotes: &[VenueQuote], config: &SpreadConfig) -> Option<Spread> {
    let (buy, sell) = ends(quotes)?;
    let (low, high) = (&quotes[buy], &quotes[sell]);
    let percent = (high.price - low.price) / low.price * 100.0;
    if percent < MIN_PERCENT {
        return None;
    }
    let known = |quote: &VenueQuote| quote.liquidity.unwrap_or(DEFAULT_LIQUIDITY);
    let least = known(low).min(known(high));
    let impact = 0.00001 * 100_000.0 / least.max(10_000.0);
    let size = (percent / 100.0 / (2.0 * impact))
        .max(MIN_SIZE)
        .min(config.max_trade);
    let depth = if config.compat_default_liquidity || least <= 0.0 {
        DEFAULT_LIQUIDITY
    } else {
        least
    };
    let fees = estimate_fees(size, &low.venue, &high.venue, depth, config);
    let gross = size * percent / 100.0;
    let friction = friction(size, low, high, config);
    let net = gross - fees.total - friction;
    Some(Spread {
        buy,
        sell,
        percent,
        size,
        gross,
        fees,
        friction,
        net,
        state: state(net, percent),
    })
}

/// Spreads of many tokens; one entry for each.
pub fn detect_spreads(tokens: &[Vec<VenueQuote>], config: &SpreadConfig) -> Vec<Option<Spread>> {
    tokens
        .iter()
        .map(|quotes| detect_spread(quotes, config))
        .collect()
}

fn ends(quotes: &[VenueQuote]) -> Option<(usize, usize)> {
    let mut found: Option<(usize, usize)> = None;
    let mut usable = 0;
    for (at, quote) in quotes.iter().enumerate() {
        let sound = quote.price.is_finite() && quote.price > 0.0;
        if !sound || quote.liquidity.is_some_and(|known| !known.is_finite()) {
            continue;
        }
        usable += 1;
        let (low, high) = found.unwrap_or((at, at));
        found = Some((
            if quote.price < quotes[low].price {
                at
            } else {
                low
            },
            if quote.price > quotes[high].price {
                at
            } else {
                high
            },
        ));
    }
    found.filter(|_| usable >= 2)
}

fn friction(size: f64, low: &VenueQuote, high: &VenueQuote, config: &SpreadConfig) -> f64 {
    let speed = if config.established { 0.3 } else { 1.0 };
    let decay = config.decay_percent_per_s * config.window_s.min(10.0) * speed;
    let shares = [low, high].iter().any(|quote| origin::shares(&quote.venue));
    let share = if shares { origin::SHARE_PERCENT } else { 0.0 };
    size * config.learned_slippage_percent / 100.0 + size * decay / 100.0 + size * share / 100.0
}

fn state(net: f64, percent: f64) -> SpreadState {
    if net.is_nan() || net <= 0.0 {
        SpreadState::Loss
    } else if percent >= 0.5 {
        SpreadState::Hot
    } else if percent >= 0.3 {
        SpreadState::Ready
    } else {
        SpreadState::Thin
    }
}
