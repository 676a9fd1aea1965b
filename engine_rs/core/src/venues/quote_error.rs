//! Why a pool can't be quoted, and the rounding that venues share.

/// A swap that the program would refuse, or that can't be computed from what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum QuoteError {
    /// Nothing was asked.
    #[error("zero_amount")]
    ZeroAmount,
    /// The program would pay nothing, or take nothing, and fails.
    #[error("zero_output")]
    ZeroOutput,
    /// A reserve is 0 or below what is owed from it.
    #[error("empty_pool")]
    EmptyPool,
    /// A result leaves its integer.
    #[error("overflow")]
    Overflow,
    /// The pool, or the part of it that one swap may reach, can't fill the amount.
    #[error("liquidity")]
    Liquidity,
    /// Switched off, or not open yet.
    #[error("not_tradable")]
    NotTradable,
    /// An account that the quote needs was never seen.
    #[error("missing_account")]
    MissingAccount,
    /// The limit is on the wrong side of the price or out of range.
    #[error("price_limit")]
    PriceLimit,
    /// The program's own check that k does not fall fails.
    #[error("invariant")]
    Invariant,
    /// The clock is before the pool's last update.
    #[error("invalid_time")]
    InvalidTime,
    /// The program's own rounding would pay less than the exact output asked, and it fails.
    #[error("shortfall")]
    Shortfall,
}

/// How Raydium's programs divide upwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RoundingRule {
    /// The rule since 2025 (AMM v4 78c6a81 of August, CPMM ec3b20d of November).
    #[default]
    TrueCeil,
    /// The rule before: a quotient of 0 is rounded to nearest.
    OldCeil,
}

impl RoundingRule {
    /// Returns `num / den` rounded up as the rule says.
    ///
    /// # Errors
    /// `Overflow` if `den` is 0.
    pub fn divide(self, num: u128, den: u128) -> Result<u128, QuoteError> {
        if den == 0 {
            return Err(QuoteError::Overflow);
        }
        if self == Self::OldCeil && num < den {
            return Ok(u128::from(num >= den - num));
        }
        Ok(num.div_ceil(den))
    }
}

/// Returns `value`.
///
/// # Errors
/// `Overflow` if it is no u64.
pub(crate) fn to_u64(value: u128) -> Result<u64, QuoteError> {
    u64::try_from(value).map_err(|_| QuoteError::Overflow)
}
