//! A pool's state and its quotes.

mod amm_v4;
mod clmm;
mod cpmm;
mod damm_v2;
mod dlmm;
mod pump;
mod saber;
mod whirlpool;

pub use amm_v4::AmmV4Pool;
pub use clmm::ClmmState;
pub use cpmm::CpmmPoolState;
pub use damm_v2::DammV2State;
pub use dlmm::DlmmState;
pub(crate) use pump::is_canonical_by;
pub use pump::{PumpState, is_canonical};
pub use saber::StablePool;
pub use whirlpool::WhirlpoolState;

use std::sync::Arc;

use ruint::Uint;
use ruint::aliases::U256;

use crate::accounts::{
    AmmV4, CpmmConfig, CpmmPool, DammV2Pool, LbPair, Oracle, StableSwap, TransferFee,
    TransferFeeConfig, Whirlpool,
};
use crate::amm_math::dlmm::Bins;
use crate::amm_math::to_u64;
pub use crate::amm_math::{QuoteError, RoundingRule};
use crate::base58::Pubkey;
use crate::log2::log2_ratio;
use crate::tick_array_manager::Ticks;

const PPM: u64 = 1_000_000;
const BASIS_POINTS: u64 = 10_000;

/// The chain's clock at the time of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainTime {
    pub slot: u64,
    pub unix_timestamp: i64,
    pub epoch: u64,
}

/// What one swap takes from and gives to the trader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// What the trader sends, all fees included.
    pub amount_in: u64,
    /// What the trader receives, after all fees.
    pub amount_out: u64,
    /// Venue fee in atoms of the token in.
    pub fee: u64,
    /// Venue fee in atoms of the token out (a CPMM creator's).
    pub fee_out: u64,
    pub transfer_fee_in: u64,
    pub transfer_fee_out: u64,
    pub ticks_crossed: u32,
}

/// Transfer fees of tokens A and B.
pub type TransferFees = [Option<TransferFeeConfig>; 2];

/// The state of one pool at one slot. Token A is coin, token 0, mint A; `a_to_b` sells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pool {
    AmmV4(AmmV4Pool),
    Cpmm(CpmmPoolState),
    Whirlpool(WhirlpoolState),
    Stable(StablePool),
    DammV2(DammV2State),
    Dlmm(DlmmState),
    Clmm(Box<ClmmState>),
    Pump(Box<PumpState>),
}

impl Pool {
    /// Returns a Raydium AMM v4 pool under today's rounding; the amounts are its vaults' balances.
    pub fn amm_v4(account: &AmmV4, coin_amount: u64, pc_amount: u64) -> Self {
        let rule = RoundingRule::TrueCeil;
        Self::AmmV4(AmmV4Pool {
            account: account.clone(),
            amounts: [coin_amount, pc_amount],
            rule,
        })
    }

    /// Returns a Raydium CPMM pool under today's rounding; the amounts are its vaults' balances.
    pub fn cpmm(
        account: &CpmmPool,
        config: &CpmmConfig,
        amounts: [u64; 2],
        transfer_fees: TransferFees,
    ) -> Self {
        Self::Cpmm(CpmmPoolState {
            account: account.clone(),
            config: config.clone(),
            amounts,
            transfer_fees,
            rule: RoundingRule::TrueCeil,
        })
    }

    /// Returns an Orca Whirlpool. `oracle` is needed iff `account.has_adaptive_fee()`.
    pub fn whirlpool(account: &Whirlpool, ticks: Arc<Ticks>, oracle: Option<Oracle>) -> Self {
        Self::Whirlpool(WhirlpoolState {
            account: account.clone(),
            ticks,
            oracle,
            transfer_fees: [None, None],
        })
    }

    /// Returns a Saber stable swap; the amounts are its vaults' balances.
    pub fn stable(account: &StableSwap, amounts: [u64; 2]) -> Self {
        Self::Stable(StablePool {
            account: account.clone(),
            amounts,
        })
    }

    /// Returns a Meteora DAMM v2 pool.
    pub fn damm_v2(account: &DammV2Pool) -> Self {
        Self::DammV2(DammV2State {
            account: account.clone(),
            transfer_fees: [None, None],
        })
    }

    /// Returns a Meteora DLMM pair.
    pub fn dlmm(account: &LbPair, bins: Bins) -> Self {
        Self::Dlmm(DlmmState {
            account: account.clone(),
            bins,
            transfer_fees: [None, None],
        })
    }

    /// Returns the pool with these transfer fees of its tokens; AMM v4 and Saber have none.
    #[must_use]
    pub fn with_transfer_fees(mut self, fees: TransferFees) -> Self {
        match &mut self {
            Self::AmmV4(_) | Self::Stable(_) => {}
            Self::Cpmm(pool) => pool.transfer_fees = fees,
            Self::Whirlpool(pool) => pool.transfer_fees = fees,
            Self::DammV2(pool) => pool.transfer_fees = fees,
            Self::Dlmm(pool) => pool.transfer_fees = fees,
            Self::Clmm(pool) => pool.transfer_fees = fees,
            Self::Pump(pool) => pool.transfer_fees = fees,
        }
        self
    }

    /// Returns the pool under another rounding rule of its venue; only Raydium's had two.
    #[must_use]
    pub fn with_rule(mut self, rule: RoundingRule) -> Self {
        match &mut self {
            Self::AmmV4(pool) => pool.rule = rule,
            Self::Cpmm(pool) => pool.rule = rule,
            _ => {}
        }
        self
    }

    /// Returns the mints of tokens A and B.
    pub fn mints(&self) -> (Pubkey, Pubkey) {
        match self {
            Self::AmmV4(pool) => (pool.account.coin_mint, pool.account.pc_mint),
            Self::Cpmm(pool) => (pool.account.mints[0], pool.account.mints[1]),
            Self::Whirlpool(pool) => (pool.account.mint_a, pool.account.mint_b),
            Self::Stable(pool) => (pool.account.mints[0], pool.account.mints[1]),
            Self::DammV2(pool) => (pool.account.mints[0], pool.account.mints[1]),
            Self::Dlmm(pool) => (pool.account.mint_x, pool.account.mint_y),
            Self::Clmm(pool) => (pool.account.mints[0], pool.account.mints[1]),
            Self::Pump(pool) => (pool.account.base_mint, pool.account.quote_mint),
        }
    }

    /// Returns what `amount_in` atoms buy.
    ///
    /// # Errors
    /// `QuoteError`, `Liquidity` too if only a part could be swapped.
    #[inline]
    pub fn quote(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        match self {
            Self::AmmV4(pool) => pool.quote(a_to_b, amount_in, time),
            Self::Cpmm(pool) => Ok(pool.fill(a_to_b, amount_in, time, true)?.quote),
            Self::Whirlpool(pool) => Ok(pool.fill_all::<false>(a_to_b, amount_in, time)?.0),
            Self::Stable(pool) => Ok(pool.fill(a_to_b, amount_in, time)?.quote()),
            Self::DammV2(pool) => Ok(pool.fill(a_to_b, amount_in, time)?.0),
            Self::Dlmm(pool) => Ok(pool.fill::<false>(a_to_b, amount_in, time)?.0),
            Self::Clmm(pool) => Ok(pool.fill::<false>(a_to_b, amount_in, time)?.0),
            Self::Pump(pool) => Ok(pool.fill(a_to_b, amount_in, time)?.0),
        }
    }

    /// Returns what buys `amount_out` atoms.
    ///
    /// # Errors
    /// `QuoteError`
    pub fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        match self {
            Self::AmmV4(pool) => pool.quote_exact_out(a_to_b, amount_out, time),
            Self::Cpmm(pool) => Ok(pool.fill(a_to_b, amount_out, time, false)?.quote),
            Self::Whirlpool(pool) => Ok(pool.fill_exact_out::<false>(a_to_b, amount_out, time)?.0),
            Self::Stable(pool) => Ok(pool.fill_exact_out(a_to_b, amount_out, time)?.quote()),
            Self::DammV2(pool) => Ok(pool.fill_exact_out(a_to_b, amount_out, time)?.0),
            Self::Dlmm(pool) => Ok(pool.fill_exact_out::<false>(a_to_b, amount_out, time)?.0),
            Self::Clmm(pool) => Ok(pool.fill_exact_out::<false>(a_to_b, amount_out, time)?.0),
            Self::Pump(pool) => Ok(pool.fill_exact_out(a_to_b, amount_out, time)?.0),
        }
    }

    /// Returns the exact-in quote and the pool after it.
    ///
    /// # Errors
    /// `QuoteError`
    pub fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        Ok(match self {
            Self::AmmV4(pool) => {
                let quote = pool.quote(a_to_b, amount_in, time)?;
                (quote, Self::AmmV4(pool.after(a_to_b, &quote)?))
            }
            Self::Cpmm(pool) => {
                let fill = pool.fill(a_to_b, amount_in, time, true)?;
                (fill.quote, Self::Cpmm(pool.after(&fill)))
            }
            Self::Whirlpool(pool) => {
                let (quote, fill) = pool.fill_all::<true>(a_to_b, amount_in, time)?;
                (quote, Self::Whirlpool(pool.after(a_to_b, &fill)))
            }
            Self::Stable(pool) => {
                let fill = pool.fill(a_to_b, amount_in, time)?;
                (fill.quote(), Self::Stable(pool.after(a_to_b, &fill)?))
            }
            Self::DammV2(pool) => {
                let (quote, fill) = pool.fill(a_to_b, amount_in, time)?;
                (quote, Self::DammV2(pool.after(fill)))
            }
            Self::Dlmm(pool) => {
                let (quote, fill) = pool.fill::<true>(a_to_b, amount_in, time)?;
                (quote, Self::Dlmm(pool.after(a_to_b, &fill)?))
            }
            Self::Clmm(pool) => {
                let (quote, fill) = pool.fill::<true>(a_to_b, amount_in, time)?;
                (quote, Self::Clmm(Box::new(pool.after(a_to_b, &fill))))
            }
            Self::Pump(pool) => {
                let (quote, fill) = pool.fill(a_to_b, amount_in, time)?;
                (quote, Self::Pump(Box::new(pool.after(a_to_b, &fill)?)))
            }
        })
    }

    /// Returns the exact-out quote and the pool after it.
    ///
    /// # Errors
    /// `QuoteError`
    pub fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        Ok(match self {
            Self::AmmV4(pool) => {
                let quote = pool.quote_exact_out(a_to_b, amount_out, time)?;
                (quote, Self::AmmV4(pool.after(a_to_b, &quote)?))
            }
            Self::Cpmm(pool) => {
                let fill = pool.fill(a_to_b, amount_out, time, false)?;
                (fill.quote, Self::Cpmm(pool.after(&fill)))
            }
            Self::Whirlpool(pool) => {
                let (quote, fill) = pool.fill_exact_out::<true>(a_to_b, amount_out, time)?;
                (quote, Self::Whirlpool(pool.after(a_to_b, &fill)))
            }
            Self::Stable(pool) => {
                let fill = pool.fill_exact_out(a_to_b, amount_out, time)?;
                (fill.quote(), Self::Stable(pool.after(a_to_b, &fill)?))
            }
            Self::DammV2(pool) => {
                let (quote, fill) = pool.fill_exact_out(a_to_b, amount_out, time)?;
                (quote, Self::DammV2(pool.after(fill)))
            }
            Self::Dlmm(pool) => {
                let (quote, fill) = pool.fill_exact_out::<true>(a_to_b, amount_out, time)?;
                (quote, Self::Dlmm(pool.after(a_to_b, &fill)?))
            }
            Self::Clmm(pool) => {
                let (quote, fill) = pool.fill_exact_out::<true>(a_to_b, amount_out, time)?;
                (quote, Self::Clmm(Box::new(pool.after(a_to_b, &fill))))
            }
            Self::Pump(pool) => {
                let (quote, fill) = pool.fill_exact_out(a_to_b, amount_out, time)?;
                (quote, Self::Pump(Box::new(pool.after(a_to_b, &fill)?)))
            }
        })
    }

    /// Returns the marginal rate, atoms out per atom in after all fees, as (num, den); `None` if not tradable. Exact,
    /// but for bits beyond the 128th, and within 10⁻¹⁵ where a √price is kept.
    pub fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        match self {
            Self::AmmV4(pool) => pool.rate(a_to_b, time),
            Self::Cpmm(pool) => pool.rate(a_to_b, time),
            Self::Whirlpool(pool) => pool.rate(a_to_b, time),
            Self::Stable(pool) => pool.rate(a_to_b, time),
            Self::DammV2(pool) => pool.rate(a_to_b, time),
            Self::Dlmm(pool) => pool.rate(a_to_b, time),
            Self::Clmm(pool) => pool.rate(a_to_b, time),
            Self::Pump(pool) => pool.rate(a_to_b, time),
        }
    }

    /// Returns −log2 of the marginal rate in 2⁻⁴⁰ units; `None` if not tradable.
    pub fn weight(&self, a_to_b: bool, time: &ChainTime) -> Option<i64> {
        let (num, den) = self.rate(a_to_b, time)?;
        log2_ratio(num, den).map(|log| -log)
    }

    /// Returns (reserve in, reserve out, share of the input kept) of the constant product that holds here: exact up to
    /// rounding for constant product, within the current tick range for a Whirlpool, as far as the price bends now for
    /// the others. For display and as a start of a search.
    pub fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        match self {
            Self::AmmV4(pool) => pool.virtual_reserves(a_to_b, time),
            Self::Cpmm(pool) => pool.virtual_reserves(a_to_b, time),
            Self::Whirlpool(pool) => pool.virtual_reserves(a_to_b, time),
            Self::Stable(pool) => pool.virtual_reserves(a_to_b, time),
            Self::DammV2(pool) => pool.virtual_reserves(a_to_b, time),
            Self::Dlmm(pool) => pool.virtual_reserves(a_to_b, time),
            Self::Clmm(pool) => pool.virtual_reserves(a_to_b, time),
            Self::Pump(pool) => pool.virtual_reserves(a_to_b, time),
        }
    }
}

/// Returns the fees of the token in and the token out that hold at `time`.
fn transfer_fees(
    fees: &TransferFees,
    a_to_b: bool,
    time: &ChainTime,
) -> (TransferFee, TransferFee) {
    let [first, second] =
        fees.map(|fee| fee.map_or(TransferFee::default(), |fee| fee.at(time.epoch)));
    sides(a_to_b, (first, second))
}

/// What a swap moves between the vaults, before the mints' transfer fees.
struct VaultFill {
    amount_in: u64,
    amount_out: u64,
    /// Venue fees in atoms of the token in and of the token out.
    fees: (u64, u64),
    ticks_crossed: u32,
}

impl VaultFill {
    /// Returns the trader's side. `sent` is what the trader asked to send, if all of it was used: the transfer fee's
    /// inverse isn't exact.
    fn quote(
        self,
        fees: &TransferFees,
        a_to_b: bool,
        time: &ChainTime,
        sent: Option<u64>,
    ) -> Result<Quote, QuoteError> {
        let (fee_in, fee_out) = transfer_fees(fees, a_to_b, time);
        let amount_in = sent.map_or_else(|| to_u64(fee_in.gross(self.amount_in)), Ok)?;
        let transfer_fee_out = fee_out.fee(self.amount_out);
        Ok(Quote {
            amount_in,
            amount_out: self.amount_out - transfer_fee_out,
            fee: self.fees.0,
            fee_out: self.fees.1,
            transfer_fee_in: amount_in - self.amount_in,
            transfer_fee_out,
            ticks_crossed: self.ticks_crossed,
        })
    }
}

/// Returns a pair (of A, of B) as (of the token in, of the token out).
fn sides<T>(a_to_b: bool, (a, b): (T, T)) -> (T, T) {
    if a_to_b { (a, b) } else { (b, a) }
}

/// Returns `pair` with `put` added on the side of the token in and `taken` off the other.
fn moved(pair: [u64; 2], a_to_b: bool, put: u64, taken: u64) -> Result<[u64; 2], QuoteError> {
    let (side, other) = if a_to_b { (0, 1) } else { (1, 0) };
    let mut out = pair;
    out[side] = pair[side].checked_add(put).ok_or(QuoteError::Overflow)?;
    out[other] = pair[other].checked_sub(taken).ok_or(QuoteError::Overflow)?;
    Ok(out)
}

/// Returns what transfer fees leave of 10 000 atoms in and out, `None` if nothing.
fn shares(fees: &TransferFees, a_to_b: bool, time: &ChainTime) -> Option<(u64, u64)> {
    let (fee_in, fee_out) = transfer_fees(fees, a_to_b, time);
    let left = |fee: TransferFee| {
        let left = BASIS_POINTS.checked_sub(fee.bps.into())?;
        Some(left).filter(|&left| left > 0)
    };
    Some((left(fee_in)?, left(fee_out)?))
}

/// Returns (reserve in, reserve out, share kept of the input) once transfer fees took theirs.
fn after_transfers(
    (reserve_in, reserve_out): (f64, f64),
    kept: f64,
    (share_in, share_out): (u64, u64),
) -> (f64, f64, f64) {
    let whole = BASIS_POINTS as f64;
    let keep = kept * (share_in as f64 / whole);
    (reserve_in, reserve_out * (share_out as f64 / whole), keep)
}

/// Returns the rate at a Q64.64 √price when `net` of `whole` is kept; `None` from 2^118 on, which no program allows.
fn root_rate(sqrt_price: u128, a_to_b: bool, net: u64, whole: u64) -> Option<(u128, u128)> {
    /// Its square and two fees fit 256 bits with room.
    const KEPT_BITS: u32 = 54;
    let excess = (128 - sqrt_price.leading_zeros()).saturating_sub(KEPT_BITS);
    let root = sqrt_price >> excess;
    let scale = 128_usize.checked_sub(2 * excess as usize)?;
    let square = U256::from(root * root);
    let (net, whole) = (U256::from(net), U256::from(whole));
    if a_to_b {
        fit(square * net, whole << scale)
    } else {
        fit(net << scale, square * whole)
    }
}

/// Returns (reserve in, reserve out) of the constant product at a liquidity and a Q64.64 √price.
fn root_reserves(liquidity: f64, sqrt_price: u128, a_to_b: bool) -> (f64, f64) {
    const TWO_64: f64 = 18_446_744_073_709_551_616.0;
    let root = sqrt_price as f64 / TWO_64;
    sides(a_to_b, (liquidity / root, liquidity * root))
}

/// Returns num/den with both below 2^128, cut at the low end; `None` if one would vanish.
fn fit<const BITS: usize, const LIMBS: usize>(
    num: Uint<BITS, LIMBS>,
    den: Uint<BITS, LIMBS>,
) -> Option<(u128, u128)> {
    let excess = num.bit_len().max(den.bit_len()).saturating_sub(128);
    let cut = |value: Uint<BITS, LIMBS>| u128::try_from(value >> excess).ok();
    let cut = |value| cut(value).filter(|&cut| cut > 0);
    Some((cut(num)?, cut(den)?))
}
