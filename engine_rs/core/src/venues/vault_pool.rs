//! Pools whose maths fills between their vaults and knows nothing of the mints' transfer fees.

use super::quote::{ChainTime, Quote, TransferFees, VaultFill, transfer_fees};
use super::quote_error::{QuoteError, to_u64};

/// What is asked of a fill between vaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultAsk {
    pub a_to_b: bool,
    /// Atoms that reach the vault, or leave it if not `exact_in`.
    pub amount: u64,
    pub exact_in: bool,
}

/// A pool that fills between its vaults.
pub trait VaultPool: Sized {
    /// What the maths says of a fill.
    type Fill;

    /// Whether a swap goes through whose output the transfer fee takes whole.
    const PAYS_NOTHING: bool = true;

    /// Returns the transfer fees of its tokens.
    fn transfer_fees(&self) -> &TransferFees;

    /// Returns the whole fill. Without `TRACK` the state after it is not computed.
    ///
    /// # Errors
    /// `QuoteError`, `Liquidity` too if only a part could be filled.
    fn fill_between<const TRACK: bool>(
        &self,
        ask: &VaultAsk,
        time: &ChainTime,
    ) -> Result<Self::Fill, QuoteError>;

    /// Returns what a fill moves between the vaults.
    ///
    /// # Errors
    /// `Overflow`
    fn moved(a_to_b: bool, fill: &Self::Fill) -> Result<VaultFill, QuoteError>;

    /// Returns the pool after a fill that was computed with `TRACK`.
    ///
    /// # Errors
    /// `Overflow`
    fn state_after(&self, a_to_b: bool, fill: Self::Fill) -> Result<Self, QuoteError>;

    /// Returns the exact-in quote, and the fill inside the vaults.
    ///
    /// # Errors
    /// `QuoteError`
    fn fill<const TRACK: bool>(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self::Fill), QuoteError> {
        let (fee_in, _) = transfer_fees(self.transfer_fees(), a_to_b, time);
        let ask = VaultAsk {
            a_to_b,
            amount: amount_in - fee_in.fee(amount_in),
            exact_in: true,
        };
        let fill = self.fill_between::<TRACK>(&ask, time)?;
        // The transfer fee's inverse isn't exact, so what was sent is told.
        let quote = self.quote_of(a_to_b, &fill, time, Some(amount_in))?;
        Ok((quote, fill))
    }

    /// Returns the exact-out quote, and the fill inside the vaults.
    ///
    /// # Errors
    /// `QuoteError`
    fn fill_exact_out<const TRACK: bool>(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self::Fill), QuoteError> {
        let (_, fee_out) = transfer_fees(self.transfer_fees(), a_to_b, time);
        let ask = VaultAsk {
            a_to_b,
            amount: to_u64(fee_out.gross(amount_out))?,
            exact_in: false,
        };
        let fill = self.fill_between::<TRACK>(&ask, time)?;
        let quote = self.quote_of(a_to_b, &fill, time, None)?;
        Ok((quote, fill))
    }

    /// Returns the trader's side of a fill; `sent` is what the trader asked to send, if all of it was used.
    ///
    /// # Errors
    /// `Overflow`, `ZeroOutput`
    fn quote_of(
        &self,
        a_to_b: bool,
        fill: &Self::Fill,
        time: &ChainTime,
        sent: Option<u64>,
    ) -> Result<Quote, QuoteError> {
        let quote = Self::moved(a_to_b, fill)?.quote(self.transfer_fees(), a_to_b, time, sent)?;
        if quote.amount_out == 0 && !Self::PAYS_NOTHING {
            return Err(QuoteError::ZeroOutput);
        }
        Ok(quote)
    }
}

/// Quotes and swaps of a `VaultPool`, for inside its `impl PoolState`.
macro_rules! quotes_between_vaults {
    () => {
        #[inline]
        fn quote(
            &self,
            a_to_b: bool,
            amount_in: u64,
            time: &ChainTime,
        ) -> Result<Quote, QuoteError> {
            Ok(VaultPool::fill::<false>(self, a_to_b, amount_in, time)?.0)
        }

        fn quote_exact_out(
            &self,
            a_to_b: bool,
            amount_out: u64,
            time: &ChainTime,
        ) -> Result<Quote, QuoteError> {
            Ok(VaultPool::fill_exact_out::<false>(self, a_to_b, amount_out, time)?.0)
        }

        fn swap(
            &self,
            a_to_b: bool,
            amount_in: u64,
            time: &ChainTime,
        ) -> Result<(Quote, Self), QuoteError> {
            let (quote, fill) = VaultPool::fill::<true>(self, a_to_b, amount_in, time)?;
            Ok((quote, self.state_after(a_to_b, fill)?))
        }

        fn swap_exact_out(
            &self,
            a_to_b: bool,
            amount_out: u64,
            time: &ChainTime,
        ) -> Result<(Quote, Self), QuoteError> {
            let (quote, fill) = VaultPool::fill_exact_out::<true>(self, a_to_b, amount_out, time)?;
            Ok((quote, self.state_after(a_to_b, fill)?))
        }

        fn transfer_fees(&self) -> TransferFees {
            self.transfer_fees
        }

        fn take_transfer_fees(&mut self, fees: TransferFees) {
            self.transfer_fees = fees;
        }
    };
}
pub(crate) use quotes_between_vaults;
