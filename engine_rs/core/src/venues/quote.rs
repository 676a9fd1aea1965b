//! What a swap gives, and what pools of every kind need to tell it: transfer fees, rates and reserves at a √price.

use ruint::Uint;
use ruint::aliases::U256;

use crate::chain::token::{TransferFee, TransferFeeConfig};
use crate::venues::quote_error::{QuoteError, to_u64};

pub(crate) const PPM: u64 = 1_000_000;

pub(crate) const BASIS_POINTS: u64 = 10_000;

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

/// Returns the fees of the token in and the token out that hold at `time`.
pub(crate) fn transfer_fees(
    fees: &TransferFees,
    a_to_b: bool,
    time: &ChainTime,
) -> (TransferFee, TransferFee) {
    let [first, second] =
        fees.map(|fee| fee.map_or(TransferFee::default(), |fee| fee.at(time.epoch)));
    sides(a_to_b, (first, second))
}

/// What a swap moves between the vaults, before the mints' transfer fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultFill {
    pub amount_in: u64,
    pub amount_out: u64,
    /// Venue fees in atoms of the token in and of the token out.
    pub fees: (u64, u64),
    pub ticks_crossed: u32,
}

impl VaultFill {
    /// Returns the trader's side. `sent` is what the trader asked to send, if all of it was used: the transfer fee's
    /// inverse isn't exact.
    pub(crate) fn quote(
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
pub(crate) fn sides<T>(a_to_b: bool, (a, b): (T, T)) -> (T, T) {
    if a_to_b { (a, b) } else { (b, a) }
}

/// Returns `pair` with `put` added on the side of the token in and `taken` off the other.
pub(crate) fn moved(
    pair: [u64; 2],
    a_to_b: bool,
    put: u64,
    taken: u64,
) -> Result<[u64; 2], QuoteError> {
    let (side, other) = if a_to_b { (0, 1) } else { (1, 0) };
    let mut out = pair;
    out[side] = pair[side].checked_add(put).ok_or(QuoteError::Overflow)?;
    out[other] = pair[other].checked_sub(taken).ok_or(QuoteError::Overflow)?;
    Ok(out)
}

/// Returns what transfer fees leave of 10 000 atoms in and out, `None` if nothing.
pub(crate) fn shares(fees: &TransferFees, a_to_b: bool, time: &ChainTime) -> Option<(u64, u64)> {
    let (fee_in, fee_out) = transfer_fees(fees, a_to_b, time);
    let left = |fee: TransferFee| {
        let left = BASIS_POINTS.checked_sub(fee.bps.into())?;
        Some(left).filter(|&left| left > 0)
    };
    Some((left(fee_in)?, left(fee_out)?))
}

/// Returns (reserve in, reserve out, share kept of the input) once transfer fees took theirs.
pub(crate) fn after_transfers(
    (reserve_in, reserve_out): (f64, f64),
    kept: f64,
    (share_in, share_out): (u64, u64),
) -> (f64, f64, f64) {
    let whole = BASIS_POINTS as f64;
    let keep = kept * (share_in as f64 / whole);
    (reserve_in, reserve_out * (share_out as f64 / whole), keep)
}

/// Returns the rate at a Q64.64 √price when `net` of `whole` is kept; `None` from 2^118 on, which no program allows.
pub(crate) fn root_rate(
    sqrt_price: u128,
    a_to_b: bool,
    net: u64,
    whole: u64,
) -> Option<(u128, u128)> {
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
pub(crate) fn root_reserves(liquidity: f64, sqrt_price: u128, a_to_b: bool) -> (f64, f64) {
    const TWO_64: f64 = 18_446_744_073_709_551_616.0;
    let root = sqrt_price as f64 / TWO_64;
    sides(a_to_b, (liquidity / root, liquidity * root))
}

/// Returns num/den with both below 2^128, cut at the low end; `None` if one would vanish.
pub(crate) fn fit<const BITS: usize, const LIMBS: usize>(
    num: Uint<BITS, LIMBS>,
    den: Uint<BITS, LIMBS>,
) -> Option<(u128, u128)> {
    let excess = num.bit_len().max(den.bit_len()).saturating_sub(128);
    let cut = |value: Uint<BITS, LIMBS>| u128::try_from(value >> excess).ok();
    let cut = |value| cut(value).filter(|&cut| cut > 0);
    Some((cut(num)?, cut(den)?))
}
