//! Products of two u128 and their quotients: one or two 64-bit digits, where a general 256-bit division costs double.

use ruint::aliases::U256;

/// An integer below 2^256 as (high, low) halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wide {
    pub(crate) high: u128,
    pub(crate) low: u128,
}

const DIGIT: u128 = u64::MAX as u128;

/// Returns a · b; the operands' widths say that it can't overflow, so that no check is compiled.
#[inline]
fn mul(a: u64, b: u64) -> u128 {
    u128::from(a).wrapping_mul(u128::from(b))
}

impl Wide {
    pub(crate) const ZERO: Self = Self { high: 0, low: 0 };

    /// Returns a · b.
    #[inline]
    pub(crate) fn product(a: u128, b: u128) -> Self {
        let (a1, a0, b1, b0) = ((a >> 64) as u64, a as u64, (b >> 64) as u64, b as u64);
        let low = mul(a0, b0);
        // Each sum is at most (2^64−1)² + 2·(2^64−1) = 2^128 − 1.
        let middle = mul(a1, b0).wrapping_add(low >> 64);
        let other = mul(a0, b1).wrapping_add(middle & DIGIT);
        let high = mul(a1, b1)
            .wrapping_add(middle >> 64)
            .wrapping_add(other >> 64);
        Self {
            high,
            low: (other << 64) | (low & DIGIT),
        }
    }

    /// Returns self · digit, `None` from 2^256 on.
    #[inline]
    pub(crate) fn times(self, digit: u64) -> Option<Self> {
        let low = Self::product(self.low, digit.into());
        let high = Self::product(self.high, digit.into());
        if high.high != 0 {
            return None;
        }
        Some(Self {
            high: high.low.checked_add(low.high)?,
            low: low.low,
        })
    }

    /// Returns self · 2^64, `None` from 2^256 on.
    #[inline]
    pub(crate) fn shifted(self) -> Option<Self> {
        if self.high >> 64 != 0 {
            return None;
        }
        Some(Self {
            high: (self.high << 64) | (self.low >> 64),
            low: self.low << 64,
        })
    }

    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        let (low, carry) = self.low.overflowing_add(other.low);
        Some(Self {
            high: self
                .high
                .checked_add(other.high)?
                .checked_add(carry.into())?,
            low,
        })
    }

    pub(crate) fn checked_sub(self, other: Self) -> Option<Self> {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Some(Self {
            high: self
                .high
                .checked_sub(other.high)?
                .checked_sub(borrow.into())?,
            low,
        })
    }

    #[inline]
    fn shl(self, by: u32) -> Self {
        match by {
            0 => self,
            1..128 => Self {
                high: (self.high << by) | (self.low >> (128 - by)),
                low: self.low << by,
            },
            _ => Self {
                high: self.low << (by - 128),
                low: 0,
            },
        }
    }

    #[inline]
    fn shr(self, by: u32) -> Self {
        match by {
            0 => self,
            1..128 => Self {
                high: self.high >> by,
                low: (self.low >> by) | (self.high << (128 - by)),
            },
            _ => Self {
                high: 0,
                low: self.high >> (by - 128),
            },
        }
    }

    #[inline]
    fn leading_zeros(self) -> u32 {
        if self.high == 0 {
            128 + self.low.leading_zeros()
        } else {
            self.high.leading_zeros()
        }
    }

    /// Returns (self / den, self mod den) if the quotient is below 2^64; `den` is in 1…2^192 − 1.
    #[inline]
    pub(crate) fn digit(self, den: Self) -> Option<(u64, Self)> {
        debug_assert!(den != Self::ZERO && den.high >> 64 == 0);
        // Shift both so that the divisor fills three digits; what is shifted out at the top is a quotient beyond 2^64.
        let shift = den.leading_zeros() - 64;
        if self.leading_zeros() < shift {
            return None;
        }
        let (num, den) = (self.shl(shift), den.shl(shift));
        let top = den.high;
        // num / 2^64 ≥ den
        if (num.high >> 64, (num.high << 64) | (num.low >> 64)) >= (den.high, den.low) {
            return None;
        }
        let mut quotient = if num.high >> 64 >= top {
            u64::MAX
        } else {
            (num.high / top) as u64
        };
        let below = Self::product(den.low, quotient.into());
        let (low, borrow) = num.low.overflowing_sub(below.low);
        let taken = mul(top as u64, quotient).wrapping_add(below.high);
        let (high, under) = num.high.overflowing_sub(taken);
        let (high, under_too) = high.overflowing_sub(borrow.into());
        let mut rest = Self { high, low };
        let mut negative = under || under_too;
        // The estimate is at most 2 too high: its divisor's top bit is set (Knuth, vol. 2, 4.3.1, theorem B).
        while negative {
            quotient -= 1;
            let (low, carry) = rest.low.overflowing_add(den.low);
            let (high, over) = rest.high.overflowing_add(den.high + u128::from(carry));
            rest = Self { high, low };
            negative = !over;
        }
        Some((quotient, rest.shr(shift)))
    }

    /// Returns (self / den, whether there is a rest) if the quotient is below 2^128; `den` is not 0.
    #[inline]
    pub(crate) fn two_digits(self, den: Self) -> Option<(u128, bool)> {
        if den.high >> 64 != 0 {
            let (quotient, rest) = self.general().div_rem(den.general());
            return Some((u128::try_from(quotient).ok()?, !rest.is_zero()));
        }
        if let Some((quotient, rest)) = self.digit(den) {
            return Some((quotient.into(), rest != Self::ZERO));
        }
        let (first, rest) = self.shr(64).digit(den)?;
        let (second, rest) = Self {
            low: rest.low << 64,
            high: (rest.high << 64) | (rest.low >> 64),
        }
        .checked_add(Self {
            high: 0,
            low: self.low & DIGIT,
        })?
        .digit(den)?;
        Some((
            (u128::from(first) << 64) | u128::from(second),
            rest != Self::ZERO,
        ))
    }
}

impl Wide {
    fn general(self) -> U256 {
        (U256::from(self.high) << 128) | U256::from(self.low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ruint::aliases::U256;

    use super::Wide;

    fn of_any_length() -> impl Strategy<Value = u128> {
        (any::<u128>(), 0u32..128).prop_map(|(value, shift)| value >> shift)
    }

    fn divisor() -> impl Strategy<Value = Wide> {
        (0u32..192, any::<u128>(), any::<u64>(), any::<bool>()).prop_map(
            |(shift, low, high, ones)| {
                let all = Wide {
                    high: if ones { u64::MAX.into() } else { high.into() },
                    low,
                };
                let cut = all.shr(shift);
                if cut == Wide::ZERO {
                    Wide { high: 0, low: 1 }
                } else {
                    cut
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn products_are_exact(a in of_any_length(), b in of_any_length()) {
            prop_assert_eq!(Wide::product(a, b).general(), U256::from(a) * U256::from(b));
        }

        #[test]
        fn quotients_are_exact(high in of_any_length(), low: u128, den in divisor()) {
            let num = Wide { high, low };
            let (quotient, rest) = num.general().div_rem(den.general());
            let expected = u64::try_from(quotient).ok();
            prop_assert_eq!(num.digit(den).map(|(quotient, rest)| (quotient, rest.general())), expected.map(|q| (q, rest)));
            let expected = u128::try_from(quotient).ok();
            prop_assert_eq!(num.two_digits(den), expected.map(|q| (q, !rest.is_zero())));
        }

        #[test]
        fn a_quotient_of_one_digit_comes_back(quotient: u64, den in divisor(), near in 0u128..3) {
            let num = den.general().checked_mul(U256::from(quotient)).and_then(|num| num.checked_add(U256::from(near)));
            prop_assume!(num.is_some());
            let num = num.expect("assumed");
            let wide = Wide { high: u128::try_from(num >> 128_u32).expect("fits"), low: u128::try_from(num & U256::from(u128::MAX)).expect("fits") };
            let (expected, rest) = num.div_rem(den.general());
            let got = wide.digit(den).map(|(quotient, rest)| (U256::from(quotient), rest.general()));
            prop_assert_eq!(got, u64::try_from(expected).ok().map(|_| (expected, rest)));
        }
    }
}
