//! Quotes and sizes of many constant-product pools at once, over columns.
//!
//! Quotes are exact. A 128-bit division costs 20 ns, so the quotient is first estimated in floats, which is right to one
//! unit where it is below 2^49, and then put right in 64-bit integers that may wrap: what is left over is small.
//!
//! For users of the engine: no screen and no order uses it.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use thiserror::Error;

use crate::venues::constant_product;
use crate::venues::quote_error::RoundingRule;

/// Why columns were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ColumnsError {
    #[error("columns were of {0}, {1} and {2} rows")]
    Rows(usize, usize, usize),
    #[error("fee was {0}/{1}, expected less than 1")]
    Fee(u64, u64),
}

/// Below this no divisor, and no rest, leaves an i64.
const EXACT_SIDE: u64 = 1 << 60;
/// Below this an estimate, which five roundings of 2^-53 went into, is within 5/16 of the quotient, and the nearest
/// integer is its floor or the one above.
const EXACT_QUOTIENT: u64 = 1 << 49;
/// 2^52: added to a smaller float it leaves the nearest integer in the low bits.
const TO_INTEGER: f64 = (1_u64 << 52) as f64;

/// So many pools at a time stay in the first cache, and the compiler takes several in one register.
const BLOCK: usize = 256;

/// Chains computed side by side: their sums stay in registers from hop to hop.
const LANES: usize = 8;

/// Returns the nearest float, without the branch that a conversion of 64 bits takes: the halves become parts of floats
/// of known exponents.
#[inline(always)]
fn float(value: u64) -> f64 {
    const HIGH: u64 = 0x4530_0000_0000_0000; // 2^84
    const LOW: u64 = 0x4330_0000_0000_0000; // 2^52
    let high = f64::from_bits(value >> 32 | HIGH) - f64::from_bits(HIGH);
    let low = f64::from_bits(value & 0xffff_ffff | LOW) - f64::from_bits(LOW);
    high + low
}

/// Returns the integer nearest to a float in 0..2^51; anything beyond [`EXACT_QUOTIENT`] for any other.
#[inline(always)]
fn nearest(value: f64) -> u64 {
    (value + TO_INTEGER)
        .to_bits()
        .wrapping_sub(TO_INTEGER.to_bits())
}

/// Returns what each pool pays for its amount; 0 where nothing is paid: for nothing, from an empty pool, or if it would
/// be less than an atom. The fee is taken from the input, rounded up.
///
/// # Errors
/// `Rows` if the columns differ in length, `Fee` if it is 1 or more.
#[inline(always)]
pub fn constant_product(
    amounts_in: &[u64],
    reserves_in: &[u64],
    reserves_out: &[u64],
    fee: (u64, u64),
) -> Result<Vec<u64>, ColumnsError> {
    let rows = amounts_in.len();
    if reserves_in.len() != rows || reserves_out.len() != rows {
        return Err(ColumnsError::Rows(
            rows,
            reserves_in.len(),
            reserves_out.len(),
        ));
    }
    if fee.0 >= fee.1 {
        return Err(ColumnsError::Fee(fee.0, fee.1));
    }
    let mut paid = vec![0; rows];
    let columns = amounts_in
        .chunks(BLOCK)
        .zip(reserves_in.chunks(BLOCK))
        .zip(reserves_out.chunks(BLOCK));
    for (((amounts, ins), outs), paid) in columns.zip(paid.chunks_mut(BLOCK)) {
        if !quick(amounts, ins, outs, fee, paid) {
            let pools = amounts.iter().zip(ins).zip(outs);
            for (((&amount, &reserve_in), &reserve_out), paid) in pools.zip(paid) {
                *paid = exact(amount, reserve_in, reserve_out, fee);
            }
        }
    }
    Ok(paid)
}

/// Fills in what pools pay; false if one of them isn't within the bounds in which that is proved. Without branches, so
/// that several pools are computed at once.
#[inline(always)]
fn quick(
    amounts: &[u64],
    ins: &[u64],
    outs: &[u64],
    (num, den): (u64, u64),
    paid: &mut [u64],
) -> bool {
    let share = num as f64 / den as f64;
    let (mut sides, mut quotients) = (num | den, 0);
    let pools = amounts.iter().zip(ins).zip(outs);
    for (((&amount, &reserve_in), &reserve_out), paid) in pools.zip(paid) {
        // One less than an empty reserve is beyond any bound.
        sides |= amount | reserve_in | reserve_out | reserve_in.wrapping_sub(1);
        let fee = nearest(float(amount) * share);
        let rest = amount.wrapping_mul(num).wrapping_sub(fee.wrapping_mul(den)) as i64;
        // Rounded up: a negative rest says that `fee` is the integer above already.
        let kept = amount.wrapping_sub(fee).wrapping_sub(u64::from(rest > 0));
        let whole = reserve_in.wrapping_add(kept);
        let quotient = nearest(float(reserve_out) * float(kept) / float(whole));
        let rest = reserve_out
            .wrapping_mul(kept)
            .wrapping_sub(quotient.wrapping_mul(whole)) as i64;
        *paid = quotient.wrapping_sub((rest < 0).into());
        quotients |= fee | quotient;
    }
    sides < EXACT_SIDE && quotients < EXACT_QUOTIENT
}

fn exact(amount: u64, reserve_in: u64, reserve_out: u64, fee: (u64, u64)) -> u64 {
    constant_product::exact_in(
        (reserve_in, reserve_out),
        fee,
        amount,
        RoundingRule::TrueCeil,
    )
    .map_or(0, |(amount_out, _)| amount_out)
}

/// Returns the input that earns most in a chain of constant products (reserve in, reserve out, share kept), as a real
/// number: 0 if none earns, or so little is kept that nothing is left to reckon with.
///
/// A hop turns x into `a·x / (b + c·x)`; so does the chain. With `n = ∏ keep·out`, `d = ∏ in` and `c` collected hop by hop
/// the best input is `(√(n·d) − d) / c`: one root and one division.
#[inline]
pub fn optimal_input(hops: impl IntoIterator<Item = (f64, f64, f64)>) -> f64 {
    let (mut n, mut d, mut c) = (1.0_f64, 1.0_f64, 0.0_f64);
    for (reserve_in, reserve_out, keep) in hops {
        c = c * reserve_in + n * keep;
        n *= keep * reserve_out;
        d *= reserve_in;
    }
    if n > d && c > 0.0 {
        ((n * d).sqrt() - d) / c
    } else {
        0.0
    }
}

/// Returns [`optimal_input`] of each of `rows` chains; each column holds hop after hop the values of all chains.
///
/// # Errors
/// `Rows` if the columns differ in length or don't hold whole hops.
#[inline(always)]
pub fn optimal_inputs(
    rows: usize,
    reserves_in: &[f64],
    reserves_out: &[f64],
    keeps: &[f64],
) -> Result<Vec<f64>, ColumnsError> {
    let size = reserves_in.len();
    if reserves_out.len() != size || keeps.len() != size || (rows > 0 && !size.is_multiple_of(rows))
    {
        return Err(ColumnsError::Rows(size, reserves_out.len(), keeps.len()));
    }
    if rows == 0 {
        return Ok(Vec::new());
    }
    let mut best = Vec::with_capacity(rows);
    let column = |from: &[f64], at: usize| -> [f64; LANES] {
        from[at..at + LANES].try_into().unwrap_or([0.0; LANES])
    };
    let whole = rows / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        let (mut n, mut d, mut c) = ([1.0; LANES], [1.0; LANES], [0.0; LANES]);
        for at in (start..size).step_by(rows) {
            let (ins, outs) = (column(reserves_in, at), column(reserves_out, at));
            let keeps = column(keeps, at);
            for lane in 0..LANES {
                c[lane] = c[lane] * ins[lane] + n[lane] * keeps[lane];
                n[lane] *= keeps[lane] * outs[lane];
                d[lane] *= ins[lane];
            }
        }
        let mut found = [0.0; LANES];
        for lane in 0..LANES {
            let root = ((n[lane] * d[lane]).sqrt() - d[lane]) / c[lane];
            let earns = n[lane] > d[lane] && c[lane] > 0.0;
            found[lane] = if earns { root } else { 0.0 };
        }
        best.extend_from_slice(&found);
    }
    best.extend((whole..rows).map(|row| {
        let hops = (row..size).step_by(rows);
        optimal_input(hops.map(|at| (reserves_in[at], reserves_out[at], keeps[at])))
    }));
    Ok(best)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_any_length() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0u32..64).prop_map(|(value, shift)| value >> shift)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn floats_are_the_nearest(value in of_any_length()) {
            prop_assert_eq!(float(value).to_bits(), (value as f64).to_bits());
        }

        #[test]
        fn what_is_quick_is_exact(
            amount in 0_u64..1 << 60,
            reserve_in in 1_u64..1 << 60,
            reserve_out in 0_u64..1 << 60,
            shift in 0_u32..60,
            fee in (0_u64..10_000, Just(10_000_u64)),
        ) {
            let (amount, reserve_in) = (amount >> shift, (reserve_in >> (shift / 2)).max(1));
            let mut paid = [0];
            if quick(&[amount], &[reserve_in], &[reserve_out], fee, &mut paid) {
                prop_assert_eq!(paid[0], exact(amount, reserve_in, reserve_out, fee));
            }
        }

        #[test]
        fn a_quotient_beside_an_integer_is_exact(kept in 1_u64..1 << 49, reserve_in in 1_u64..1 << 49, near in 0_u64..3) {
            // As much comes out as goes in, but for an atom or two.
            let reserve_out = reserve_in + kept + near - 1;
            let mut paid = [0];
            if quick(&[kept], &[reserve_in], &[reserve_out], (0, 1), &mut paid) {
                prop_assert_eq!(paid[0], exact(kept, reserve_in, reserve_out, (0, 1)));
            }
        }

        #[test]
        fn columns_pay_what_single_quotes_do(
            pools in prop::collection::vec((of_any_length(), of_any_length(), of_any_length()), 0..8),
            num in 0_u64..10_000,
        ) {
            let column = |of: fn(&(u64, u64, u64)) -> u64| pools.iter().map(of).collect::<Vec<_>>();
            let (amounts, ins, outs) = (column(|p| p.0), column(|p| p.1), column(|p| p.2));
            let paid = constant_product(&amounts, &ins, &outs, (num, 10_000)).expect("columns");
            for (at, &(amount, reserve_in, reserve_out)) in pools.iter().enumerate() {
                prop_assert_eq!(paid[at], exact(amount, reserve_in, reserve_out, (num, 10_000)));
            }
        }
    }
}
