//! Saber's stable swap of two tokens: Curve's invariant by Newton's method, in the program's integers.
//!
//! With n = 2 and ann = 2·A: ann·(x + y) + D = ann·D + D³ / (4·x·y). The program computes in 192 bits and refuses what
//! leaves them. All amounts are atoms, times Unix seconds. It swaps exact in only.

use ruint::aliases::{U192, U512};

use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::saber::layout::StableSwap;

const ITERATIONS: u32 = 256;

/// What one swap moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StableFill {
    pub amount_in: u64,
    pub amount_out: u64,
    /// Taken from what the curve pays, in atoms of the token out.
    pub fee: u64,
    /// Part of `fee`; leaves the pool with the swap.
    pub admin_fee: u64,
    /// (Reserve in, reserve out) after the swap.
    pub reserves: (u64, u64),
}

impl StableFill {
    fn none(reserves: (u64, u64)) -> Self {
        Self {
            amount_in: 0,
            amount_out: 0,
            fee: 0,
            admin_fee: 0,
            reserves,
        }
    }
}

/// Returns A at `now`, on its way along the ramp.
///
/// # Errors
/// `InvalidTime` before the ramp has begun, `Overflow` if the ramp's length is no i64.
pub fn amplification(pool: &StableSwap, now: i64) -> Result<u64, QuoteError> {
    if now >= pool.ramp_stop {
        return Ok(pool.target_amp);
    }
    let since_start = |time: i64| {
        time.checked_sub(pool.ramp_start)
            .ok_or(QuoteError::Overflow)
    };
    let (span, gone) = (since_start(pool.ramp_stop)?, since_start(now)?);
    if gone < 0 {
        return Err(QuoteError::InvalidTime);
    }
    // start ≤ now < stop: the span is positive and longer than what is gone.
    let range = pool.target_amp.abs_diff(pool.initial_amp);
    let moved = u128::from(range) * u128::from(gone.unsigned_abs());
    let moved = to_u64(moved / u128::from(span.unsigned_abs()))?;
    let amp = if pool.target_amp >= pool.initial_amp {
        pool.initial_amp.checked_add(moved)
    } else {
        pool.initial_amp.checked_sub(moved)
    };
    amp.ok_or(QuoteError::Overflow)
}

/// Returns D of the two reserves.
///
/// # Errors
/// `EmptyPool` without one of the reserves, `Overflow` where the program's integers do.
pub fn invariant(amp: u64, reserves: (u64, u64)) -> Result<U192, QuoteError> {
    if reserves.0 == 0 || reserves.1 == 0 {
        return Err(QuoteError::EmptyPool);
    }
    let total = reserves.0.checked_add(reserves.1);
    let total = total.ok_or(QuoteError::Overflow)?;
    let (ann, twice) = (ann(amp)?, (double(reserves.0)?, double(reserves.1)?));
    let narrow = newton(u128::from(total), |d| next_invariant(d, ann, total, twice));
    let wide = || newton(U192::from(total), |d| next_invariant(d, ann, total, twice));
    let found = narrow.map(U192::from).or_else(wide);
    found.ok_or(QuoteError::Overflow)
}

/// Returns the reserve that, beside `reserve`, keeps the invariant `d`.
///
/// # Errors
/// `EmptyPool` without a reserve, `Overflow` where the program's integers do.
pub fn other_reserve(amp: u64, reserve: u64, d: U192) -> Result<u64, QuoteError> {
    if reserve == 0 {
        return Err(QuoteError::EmptyPool);
    }
    let (ann, twice) = (ann(amp)?, double(reserve)?);
    let narrow = || solve(u128::try_from(d).ok()?, ann, reserve, twice);
    let wide = || u128::try_from(solve(d, ann, reserve, twice)?).ok();
    let found = narrow().or_else(wide).ok_or(QuoteError::Overflow)?;
    to_u64(found)
}

fn solve<W: Word>(d: W, ann: u64, reserve: u64, twice: u64) -> Option<W> {
    let c = d.times(d)?.over(W::of(twice))?;
    let c = c.times(d)?.over(W::of(ann.checked_mul(2)?))?;
    let b = d.over(W::of(ann))?.plus(W::of(reserve))?;
    newton(d, |y| {
        let num = y.times(y)?.plus(c)?;
        let den = y.times(W::of(2))?.plus(b)?.minus(d)?;
        num.over(den)
    })
}

/// Returns the swap of `amount_in` against (reserve in, reserve out); fees are (numerator, denominator).
///
/// Nothing in is nothing out: the program takes it as done. So is an output that rounds to 0.
///
/// # Errors
/// `QuoteError`, where the program fails.
pub fn exact_in(
    reserves: (u64, u64),
    amp: u64,
    trade_fee: (u64, u64),
    admin_fee: (u64, u64),
    amount_in: u64,
) -> Result<StableFill, QuoteError> {
    if amount_in == 0 {
        return Ok(StableFill::none(reserves));
    }
    let reserve_in = reserves.0.checked_add(amount_in);
    let reserve_in = reserve_in.ok_or(QuoteError::Overflow)?;
    let kept = other_reserve(amp, reserve_in, invariant(amp, reserves)?)?;
    let paid = reserves.1.checked_sub(kept);
    // One atom less, against the error of both iterations.
    let paid = paid.and_then(|paid| paid.checked_sub(1));
    let paid = paid.ok_or(QuoteError::ZeroOutput)?;
    let fee = share(paid, trade_fee)?;
    let admin = share(fee, admin_fee)?;
    let amount_out = paid.checked_sub(fee).ok_or(QuoteError::Overflow)?;
    let left = reserves.1.checked_sub(amount_out);
    let left = left.and_then(|left| left.checked_sub(admin));
    Ok(StableFill {
        amount_in,
        amount_out,
        fee,
        admin_fee: admin,
        reserves: (reserve_in, left.ok_or(QuoteError::Overflow)?),
    })
}

/// Returns the swap of `amount_in` at `now` in a pool whose vaults hold `reserves` (A, B).
///
/// # Errors
/// `NotTradable` while it is paused, else `QuoteError`, where the program fails.
pub fn swap(
    pool: &StableSwap,
    reserves: (u64, u64),
    amount_in: u64,
    now: i64,
    a_to_b: bool,
) -> Result<StableFill, QuoteError> {
    let sided = if a_to_b {
        reserves
    } else {
        (reserves.1, reserves.0)
    };
    if amount_in == 0 {
        return Ok(StableFill::none(sided));
    }
    if pool.is_paused {
        return Err(QuoteError::NotTradable);
    }
    let amp = amplification(pool, now)?;
    exact_in(sided, amp, pool.trade_fee, pool.admin_fee, amount_in)
}

/// Returns the slope of the curve at (reserve in, reserve out), atoms out for an atom in before fees, as (num, den).
///
/// −dy/dx of the invariant: (4·ann·x²y² + D³·y) / (4·ann·x²y² + D³·x).
///
/// # Errors
/// As `invariant`.
pub fn slope(amp: u64, (x, y): (u64, u64)) -> Result<(U512, U512), QuoteError> {
    let d = U512::from(invariant(amp, (x, y))?);
    let (x, y) = (U512::from(x), U512::from(y));
    // Below 2^(2 + 64 + 256) and 2^(3·65 + 64).
    let flat = U512::from(4) * U512::from(ann(amp)?) * x * x * y * y;
    let cube = d * d * d;
    Ok((flat + cube * y, flat + cube * x))
}

/// Returns where `next` settles from `start` on, to within 1; `None` where it overflows.
fn newton<W: Word>(start: W, next: impl Fn(W) -> Option<W>) -> Option<W> {
    let mut value = start;
    for _ in 0..ITERATIONS {
        let before = value;
        value = next(before)?;
        if value.is_near(before) {
            break;
        }
    }
    Some(value)
}

fn next_invariant<W: Word>(d: W, ann: u64, total: u64, twice: (u64, u64)) -> Option<W> {
    let product = d.times(d)?.over(W::of(twice.0))?;
    let product = product.times(d)?.over(W::of(twice.1))?;
    let leverage = W::of(total).times(W::of(ann))?;
    let num = product.times(W::of(2))?.plus(leverage)?;
    let den = d
        .times(W::of(ann.checked_sub(1)?))?
        .plus(product.times(W::of(3))?)?;
    d.times(num)?.over(den)
}

/// An integer that says when it overflows. The program has 192 bits; where 128 hold every step the result is the same and a
/// swap takes a third of the instructions, so these are tried first.
trait Word: Copy {
    fn of(value: u64) -> Self;
    fn plus(self, other: Self) -> Option<Self>;
    fn minus(self, other: Self) -> Option<Self>;
    fn times(self, other: Self) -> Option<Self>;
    fn over(self, other: Self) -> Option<Self>;
    /// Whether it is within 1 of another.
    fn is_near(self, other: Self) -> bool;
}

macro_rules! word {
    ($type:ty) => {
        impl Word for $type {
            fn of(value: u64) -> Self {
                <$type>::from(value)
            }

            fn plus(self, other: Self) -> Option<Self> {
                self.checked_add(other)
            }

            fn minus(self, other: Self) -> Option<Self> {
                self.checked_sub(other)
            }

            fn times(self, other: Self) -> Option<Self> {
                self.checked_mul(other)
            }

            fn over(self, other: Self) -> Option<Self> {
                self.checked_div(other)
            }

            fn is_near(self, other: Self) -> bool {
                self.abs_diff(other) <= Self::of(1)
            }
        }
    };
}

word!(u128);
word!(U192);

fn ann(amp: u64) -> Result<u64, QuoteError> {
    double(amp).and_then(|ann| {
        if ann == 0 {
            Err(QuoteError::Overflow)
        } else {
            Ok(ann)
        }
    })
}

fn double(value: u64) -> Result<u64, QuoteError> {
    value.checked_mul(2).ok_or(QuoteError::Overflow)
}

fn share(amount: u64, (num, den): (u64, u64)) -> Result<u64, QuoteError> {
    let part = (u128::from(amount) * u128::from(num)).checked_div(den.into());
    part.map_or(Err(QuoteError::Overflow), to_u64)
}
