//! Pump AMM: a constant product of base and quote, three fees in quote. From the program's published formulas; no
//! execution was recorded.

use crate::venues::pump::layout::PumpFees;
use crate::venues::quote_error::{QuoteError, to_u64};

const BASIS_POINTS: u64 = 10_000;

/// What one swap moves. Amounts are what the trader pays and gets, in atoms inside the vaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PumpFill {
    pub amount_in: u64,
    pub amount_out: u64,
    /// Stays in the quote vault, with what an exact quote input leaves over.
    pub lp_fee: u64,
    pub protocol_fee: u64,
    pub creator_fee: u64,
}

impl PumpFill {
    /// Returns all fees, in quote.
    ///
    /// # Errors
    /// `Overflow`
    pub fn fee(&self) -> Result<u64, QuoteError> {
        sum([self.lp_fee, self.protocol_fee, self.creator_fee])
    }

    /// Returns what leaves the quote vault for others than the trader.
    ///
    /// # Errors
    /// `Overflow`
    pub fn owed(&self) -> Result<u64, QuoteError> {
        sum([self.protocol_fee, self.creator_fee])
    }
}

impl PumpFees {
    /// Returns the fees together, in bps.
    pub fn total(&self) -> u64 {
        self.lp
            .saturating_add(self.protocol)
            .saturating_add(self.creator)
    }

    /// Returns the fees of an amount of quote, each rounded up.
    fn of(&self, quote: u64) -> Result<[u64; 3], QuoteError> {
        let of =
            |bps: u64| to_u64((u128::from(quote) * u128::from(bps)).div_ceil(BASIS_POINTS.into()));
        Ok([of(self.lp)?, of(self.protocol)?, of(self.creator)?])
    }
}

/// The reserves that make the price: the base vault, and the quote vault with the virtual reserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PumpReserves {
    pub base: u64,
    pub quote: u64,
}

impl PumpReserves {
    /// Takes the vaults' balances.
    ///
    /// # Errors
    /// `EmptyPool` if there is nothing of one, `Overflow` if the virtual reserves can't be.
    pub fn new(base: u64, quote: u64, virtual_quote: i128) -> Result<Self, QuoteError> {
        let quote = i128::from(quote)
            .checked_add(virtual_quote)
            .ok_or(QuoteError::Overflow)?;
        if base == 0 || quote <= 0 {
            return Err(QuoteError::EmptyPool);
        }
        Ok(Self {
            base,
            quote: u64::try_from(quote).map_err(|_| QuoteError::Overflow)?,
        })
    }

    /// Returns what the curve gives for an input, rounded down.
    fn out(reserve_in: u64, reserve_out: u64, amount_in: u64) -> u64 {
        let num = u128::from(reserve_out) * u128::from(amount_in);
        // Below the reserve.
        (num / (u128::from(reserve_in) + u128::from(amount_in))) as u64
    }

    /// Returns what the curve takes for an output below the reserve, rounded up.
    fn cost(reserve_in: u64, reserve_out: u64, amount_out: u64) -> Result<u64, QuoteError> {
        let left = reserve_out
            .checked_sub(amount_out)
            .filter(|&left| left > 0)
            .ok_or(QuoteError::Liquidity)?;
        to_u64((u128::from(reserve_in) * u128::from(amount_out)).div_ceil(left.into()))
    }

    /// Returns what exactly `quote` buys, all fees within (`buy_exact_quote_in`).
    ///
    /// # Errors
    /// `ZeroAmount`, `ZeroOutput`, `Overflow`
    pub fn buy_exact_in(&self, fees: &PumpFees, quote: u64) -> Result<PumpFill, QuoteError> {
        if quote == 0 {
            return Err(QuoteError::ZeroAmount);
        }
        let whole = u128::from(BASIS_POINTS) + u128::from(fees.total());
        let spent = (u128::from(quote) * u128::from(BASIS_POINTS) / whole) as u64;
        let [lp, protocol_fee, creator_fee] = fees.of(spent)?;
        let others = sum([lp, protocol_fee, creator_fee])?;
        let spent = spent.min(quote.checked_sub(others).ok_or(QuoteError::ZeroOutput)?);
        // The program gives the price of one atom less.
        let traded = spent.checked_sub(1).ok_or(QuoteError::ZeroOutput)?;
        let amount_out = Self::out(self.quote, self.base, traded);
        if amount_out == 0 {
            return Err(QuoteError::ZeroOutput);
        }
        Ok(PumpFill {
            amount_in: quote,
            amount_out,
            lp_fee: quote - spent - protocol_fee - creator_fee,
            protocol_fee,
            creator_fee,
        })
    }

    /// Returns what buys exactly `base` (`buy`).
    ///
    /// # Errors
    /// `ZeroAmount`, `Liquidity`, `Overflow`
    pub fn buy_exact_out(&self, fees: &PumpFees, base: u64) -> Result<PumpFill, QuoteError> {
        if base == 0 {
            return Err(QuoteError::ZeroAmount);
        }
        let spent = Self::cost(self.quote, self.base, base)?;
        let [lp_fee, protocol_fee, creator_fee] = fees.of(spent)?;
        Ok(PumpFill {
            amount_in: sum([spent, lp_fee, protocol_fee, creator_fee])?,
            amount_out: base,
            lp_fee,
            protocol_fee,
            creator_fee,
        })
    }

    /// Returns what exactly `base` sells for (`sell`).
    ///
    /// # Errors
    /// `ZeroAmount`, `ZeroOutput` if the fees take all.
    pub fn sell_exact_in(&self, fees: &PumpFees, base: u64) -> Result<PumpFill, QuoteError> {
        if base == 0 {
            return Err(QuoteError::ZeroAmount);
        }
        let gross = Self::out(self.base, self.quote, base);
        let [lp_fee, protocol_fee, creator_fee] = fees.of(gross)?;
        let amount_out = gross
            .checked_sub(sum([lp_fee, protocol_fee, creator_fee])?)
            .filter(|&net| net > 0)
            .ok_or(QuoteError::ZeroOutput)?;
        Ok(PumpFill {
            amount_in: base,
            amount_out,
            lp_fee,
            protocol_fee,
            creator_fee,
        })
    }

    /// Returns a sale for at least `quote`; the program itself sells exact in only, so that it may pay more than was
    /// asked for.
    ///
    /// # Errors
    /// `ZeroAmount`, `Liquidity`, `Overflow`
    pub fn sell_exact_out(&self, fees: &PumpFees, quote: u64) -> Result<PumpFill, QuoteError> {
        if quote == 0 {
            return Err(QuoteError::ZeroAmount);
        }
        let kept = BASIS_POINTS
            .checked_sub(fees.total())
            .filter(|&kept| kept > 0)
            .ok_or(QuoteError::Liquidity)?;
        let mut gross =
            to_u64((u128::from(quote) * u128::from(BASIS_POINTS)).div_ceil(kept.into()))?;
        // Three fees rounded up may take up to 3 atoms more than their share; then the next atom of quote is tried.
        loop {
            let base = Self::cost(self.base, self.quote, gross)?;
            match self.sell_exact_in(fees, base) {
                Ok(fill) if fill.amount_out >= quote => return Ok(fill),
                Ok(_) | Err(QuoteError::ZeroOutput) => {}
                Err(error) => return Err(error),
            }
            gross = Self::out(self.base, self.quote, base)
                .checked_add(1)
                .ok_or(QuoteError::Overflow)?;
        }
    }
}

fn sum<const N: usize>(parts: [u64; N]) -> Result<u64, QuoteError> {
    to_u64(parts.into_iter().map(u128::from).sum())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEES: PumpFees = PumpFees {
        lp: 20,
        protocol: 5,
        creator: 5,
    };
    const POOL: PumpReserves = PumpReserves {
        base: 1_000_000_000_000,
        quote: 100_000_000_000,
    };

    fn fill(amount_in: u64, amount_out: u64, [lp, protocol, creator]: [u64; 3]) -> PumpFill {
        PumpFill {
            amount_in,
            amount_out,
            lp_fee: lp,
            protocol_fee: protocol,
            creator_fee: creator,
        }
    }

    #[test]
    fn worked_numbers() {
        // ⌈10¹¹ · 10¹⁰ / (10¹² − 10¹⁰)⌉ = 1 010 101 011, of which 0.2 % and twice 0.05 %, each up.
        assert_eq!(
            POOL.buy_exact_out(&FEES, 10_000_000_000),
            Ok(fill(
                1_013_131_316,
                10_000_000_000,
                [2_020_203, 505_051, 505_051]
            ))
        );
        // ⌊10¹¹ · 10¹⁰ / (10¹² + 10¹⁰)⌋ = 990 099 009.
        assert_eq!(
            POOL.sell_exact_in(&FEES, 10_000_000_000),
            Ok(fill(
                10_000_000_000,
                987_128_710,
                [1_980_199, 495_050, 495_050]
            ))
        );
        // ⌊10⁹ · 10⁴ / 10030⌋ = 997 008 973 costs an atom too much with its fees; then
        // ⌊10¹² · 997 008 971 / (10¹¹ + 997 008 971)⌋.
        assert_eq!(
            POOL.buy_exact_in(&FEES, 1_000_000_000),
            Ok(fill(
                1_000_000_000,
                9_871_668_291,
                [1_994_018, 498_505, 498_505]
            ))
        );
    }

    #[test]
    fn refusals() {
        assert_eq!(PumpReserves::new(0, 1, 0), Err(QuoteError::EmptyPool));
        assert_eq!(PumpReserves::new(1, 5, -5), Err(QuoteError::EmptyPool));
        assert_eq!(
            PumpReserves::new(1, 5, i128::MAX),
            Err(QuoteError::Overflow)
        );
        assert_eq!(PumpReserves::new(1, 5, -4).map(|pool| pool.quote), Ok(1));
        assert_eq!(POOL.buy_exact_in(&FEES, 0), Err(QuoteError::ZeroAmount));
        assert_eq!(POOL.buy_exact_in(&FEES, 1), Err(QuoteError::ZeroOutput));
        assert_eq!(
            POOL.buy_exact_out(&FEES, POOL.base),
            Err(QuoteError::Liquidity)
        );
        assert_eq!(POOL.sell_exact_in(&FEES, 1), Err(QuoteError::ZeroOutput));
        assert_eq!(
            POOL.sell_exact_out(&FEES, POOL.quote),
            Err(QuoteError::Liquidity)
        );
        let all = PumpFees { lp: 10_000, ..FEES };
        assert_eq!(POOL.sell_exact_out(&all, 1), Err(QuoteError::Liquidity));
    }

    fn amount() -> impl Strategy<Value = u64> {
        (any::<u64>(), 1u32..60).prop_map(|(value, shift)| (value >> shift).max(1))
    }

    fn pool() -> impl Strategy<Value = PumpReserves> {
        (amount(), amount()).prop_map(|(base, quote)| PumpReserves { base, quote })
    }

    fn fees() -> impl Strategy<Value = PumpFees> {
        (0u64..200, 0u64..200, 0u64..200).prop_map(|(lp, protocol, creator)| PumpFees {
            lp,
            protocol,
            creator,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

        #[test]
        fn nothing_pays_more_than_the_reserve(pool in pool(), fees in fees(), ask in amount()) {
            if let Ok(bought) = pool.buy_exact_in(&fees, ask) {
                prop_assert!(bought.amount_out < pool.base);
                prop_assert_eq!(bought.amount_in, ask);
            }
            if let Ok(sold) = pool.sell_exact_in(&fees, ask) {
                prop_assert!(sold.amount_out + sold.fee()? < pool.quote);
            }
        }

        #[test]
        fn what_was_bought_costs_no_less_exact_out(pool in pool(), fees in fees(), ask in amount()) {
            if let Ok(bought) = pool.buy_exact_in(&fees, ask) {
                let again = pool.buy_exact_out(&fees, bought.amount_out)?;
                prop_assert!(again.amount_in <= ask);
            }
            if let Ok(sold) = pool.sell_exact_out(&fees, ask) {
                prop_assert!(sold.amount_out >= ask);
                prop_assert_eq!(pool.sell_exact_in(&fees, sold.amount_in), Ok(sold));
            }
        }

        #[test]
        fn there_and_back_never_gains(pool in pool(), fees in fees(), ask in amount()) {
            if let Ok(bought) = pool.buy_exact_in(&fees, ask) {
                let after = PumpReserves {
                    base: pool.base - bought.amount_out,
                    quote: pool.quote + ask - bought.owed()?,
                };
                if let Ok(sold) = after.sell_exact_in(&fees, bought.amount_out) {
                    prop_assert!(sold.amount_out <= ask);
                }
            }
        }

        #[test]
        fn more_in_is_hardly_less_out(pool in pool(), fees in fees(), one in amount(), two in amount()) {
            // Fees rounded up may jump by an atom each where the amount does by one.
            let (less, more) = (one.min(two), one.max(two));
            if let (Ok(less), Ok(more)) = (pool.sell_exact_in(&fees, less), pool.sell_exact_in(&fees, more)) {
                prop_assert!(more.amount_out + 2 >= less.amount_out);
            }
        }
    }
}
