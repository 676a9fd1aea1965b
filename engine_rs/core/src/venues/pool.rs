//! A pool of any of the programs: its state and its quotes, dispatched over the table without a pointer to follow.

use super::program::{Curve, Kept, PoolState};
use super::quote::{ChainTime, Quote, TransferFees};
use super::quote_error::{QuoteError, RoundingRule};
use crate::chain::base58::Pubkey;
use crate::search::log2::log2_ratio;

macro_rules! pools {
    ([] $($name:ident $room:ident),*) => {
        /// The state of one pool at one slot. Token A is coin, token 0, mint A; `a_to_b` sells it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Pool {
            $($name(<super::$room::$name as Curve>::State),)*
        }

        $(impl From<<super::$room::$name as Curve>::State> for Pool {
            fn from(state: <super::$room::$name as Curve>::State) -> Self {
                Self::$name(state)
            }
        })*

        impl Pool {
            /// Returns the pool with these transfer fees of its tokens; a program that knows none ignores them.
            #[must_use]
            pub fn with_transfer_fees(mut self, fees: TransferFees) -> Self {
                match &mut self {
                    $(Self::$name(pool) => pool.take_transfer_fees(fees),)*
                }
                self
            }

            /// Returns the transfer fees of its tokens.
            pub fn transfer_fees(&self) -> TransferFees {
                match self {
                    $(Self::$name(pool) => PoolState::transfer_fees(pool),)*
                }
            }

            /// Returns whether `virtual_reserves` hold for every size, up to rounding.
            pub fn is_product(&self) -> bool {
                match self {
                    $(Self::$name(pool) => pool.is_product(),)*
                }
            }

            /// Returns (atoms in, atoms out) at each of its prices, the present one first, until `most` are in or it
            /// has no more to give; `None` where each atom moves the price.
            pub fn levels(&self, a_to_b: bool, most: u64, time: &ChainTime) -> Option<Vec<(f64, f64)>> {
                match self {
                    $(Self::$name(pool) => pool.levels(a_to_b, most, time),)*
                }
            }

            /// Returns the pool under another rounding rule of its venue, where that had two.
            #[must_use]
            pub fn with_rule(mut self, rule: RoundingRule) -> Self {
                match &mut self {
                    $(Self::$name(pool) => pool.take_rule(rule),)*
                }
                self
            }

            /// Returns the mints of tokens A and B.
            pub fn mints(&self) -> (Pubkey, Pubkey) {
                match self {
                    $(Self::$name(pool) => pool.mints(),)*
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
                    $(Self::$name(pool) => pool.quote(a_to_b, amount_in, time),)*
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
                    $(Self::$name(pool) => pool.quote_exact_out(a_to_b, amount_out, time),)*
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
                    $(Self::$name(pool) => {
                        let (quote, after) = pool.swap(a_to_b, amount_in, time)?;
                        (quote, Self::$name(after))
                    })*
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
                    $(Self::$name(pool) => {
                        let (quote, after) = pool.swap_exact_out(a_to_b, amount_out, time)?;
                        (quote, Self::$name(after))
                    })*
                })
            }

            /// Returns the marginal rate, atoms out per atom in after all fees, as (num, den); `None` if not tradable.
            /// Exact, but for bits beyond the 128th, and within 10⁻¹⁵ where a √price is kept.
            pub fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
                match self {
                    $(Self::$name(pool) => pool.rate(a_to_b, time),)*
                }
            }

            /// Returns (reserve in, reserve out, share of the input kept), as `PoolState::virtual_reserves` says.
            pub fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
                match self {
                    $(Self::$name(pool) => pool.virtual_reserves(a_to_b, time),)*
                }
            }
        }

        /// What a pool's own account holds.
        #[derive(Clone, Debug)]
        pub(crate) enum PoolAccount {
            $($name(<super::$room::$name as Curve>::Account),)*
        }

        /// What another account of a venue holds.
        #[derive(Clone, Debug)]
        pub(crate) enum PoolPart {
            $($name(<super::$room::$name as Curve>::Part),)*
        }

        /// What is kept beside a pool's accounts.
        #[derive(Clone, Debug)]
        pub(crate) enum PoolKept {
            $($name(Kept<super::$room::$name>),)*
        }

        $(impl Row for super::$room::$name {
            fn account(account: &PoolAccount) -> Option<&Self::Account> {
                match account {
                    PoolAccount::$name(account) => Some(account),
                    _ => None,
                }
            }

            fn part(part: &PoolPart) -> Option<&Self::Part> {
                match part {
                    PoolPart::$name(part) => Some(part),
                    _ => None,
                }
            }

            fn kept(kept: &mut PoolKept) -> Option<&mut Kept<Self>> {
                match kept {
                    PoolKept::$name(kept) => Some(kept),
                    _ => None,
                }
            }

            fn own(account: Self::Account) -> PoolAccount {
                PoolAccount::$name(account)
            }

            fn other(part: Self::Part) -> PoolPart {
                PoolPart::$name(part)
            }

            fn fresh() -> PoolKept {
                PoolKept::$name(Kept::default())
            }

            fn pool(state: Self::State) -> Pool {
                Pool::$name(state)
            }
        })*
    };
}

/// Between a room's types and those of all rooms.
pub(crate) trait Row: Curve {
    fn account(account: &PoolAccount) -> Option<&Self::Account>;
    fn part(part: &PoolPart) -> Option<&Self::Part>;
    fn kept(kept: &mut PoolKept) -> Option<&mut Kept<Self>>;
    fn own(account: Self::Account) -> PoolAccount;
    fn other(part: Self::Part) -> PoolPart;
    fn fresh() -> PoolKept;
    fn pool(state: Self::State) -> Pool;
}

each_curve!((pools));

impl Pool {
    /// Returns −log2 of the marginal rate in 2⁻⁴⁰ units; `None` if not tradable.
    pub fn weight(&self, a_to_b: bool, time: &ChainTime) -> Option<i64> {
        let (num, den) = self.rate(a_to_b, time)?;
        log2_ratio(num, den).map(|log| -log)
    }
}
