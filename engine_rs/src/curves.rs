//! Pools whose curve is neither a constant product nor many ranges: stable swap and DAMM v2.
use cambist_core::venues::damm2::layout::DammV2Pool;
use cambist_core::venues::damm2::maths::{self as damm_v2, SwapMode};
use cambist_core::venues::saber::layout::StableSwap;
use cambist_core::venues::saber::maths as stable_swap;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::error::Fault;
use crate::integers::Int;

/// (amount in, amount out, fee, admin fee, reserve in after, reserve out after), or why not
type StableQuote = Result<(u64, u64, u64, u64, u64, u64), String>;

/// Returns an answer as a tuple, a refusal as its word.
fn answers<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    quotes: Vec<Result<T, String>>,
) -> PyResult<Vec<Py<PyAny>>> {
    let answer = |quote: Result<T, String>| match quote {
        Ok(answer) => answer.into_py_any(py),
        Err(word) => word.into_py_any(py),
    };
    quotes.into_iter().map(answer).collect()
}

/// Returns (amount in, amount out, fee, admin fee, reserve in after, reserve out after) or a refusal's word for each
/// amount into a Saber pool. Raises `ValueError` if the account can't be read.
#[pyfunction(name = "stable_swap")]
pub(crate) fn py_stable_swap(
    py: Python<'_>,
    account: &[u8],
    reserves: (Int<u64>, Int<u64>),
    a_to_b: bool,
    amounts: Vec<Int<u64>>,
    now: Int<i64>,
) -> PyResult<Vec<Py<PyAny>>> {
    let reserves = (reserves.0.0, reserves.1.0);
    let quotes = py.detach(|| {
        let pool = StableSwap::decode(account).map_err(Fault::input)?;
        let quote = |Int(amount): Int<u64>| {
            let fill = stable_swap::swap(&pool, reserves, amount, now.0, a_to_b)
                .map_err(|error| error.to_string())?;
            let (amount_in, amount_out) = (fill.amount_in, fill.amount_out);
            let (reserve_in, reserve_out) = fill.reserves;
            Ok((
                amount_in,
                amount_out,
                fill.fee,
                fill.admin_fee,
                reserve_in,
                reserve_out,
            ))
        };
        Ok::<Vec<StableQuote>, Fault>(amounts.into_iter().map(quote).collect())
    })?;
    answers(py, quotes)
}

/// (last update, √price reference, volatility accumulator, volatility reference)
type Volatility = (u64, u128, u128, u128);
/// (amount in, amount out, fee, protocol fee, left, √price, token amounts, volatility), or why not
type DammV2Quote = Result<
    (
        u64,
        u64,
        u64,
        u64,
        u64,
        u128,
        Option<(u64, u64)>,
        Option<Volatility>,
    ),
    String,
>;

/// Returns a quote or a refusal's word for each amount, from a DAMM v2 pool's bytes.
///
/// `mode` is `in`, `partial` or `out`, `time` (slot, Unix seconds). Raises `ValueError`.
#[pyfunction(name = "damm_v2")]
pub(crate) fn py_damm_v2(
    py: Python<'_>,
    account: &[u8],
    mode: &str,
    a_to_b: bool,
    amounts: Vec<Int<u64>>,
    time: (Int<u64>, Int<i64>),
) -> PyResult<Vec<Py<PyAny>>> {
    let quotes = py.detach(|| {
        let pool = DammV2Pool::decode(account).map_err(Fault::input)?;
        let mode = match mode {
            "in" => SwapMode::ExactIn,
            "partial" => SwapMode::PartialIn,
            "out" => SwapMode::ExactOut,
            other => return Err(Fault::Input(format!("mode was {other}"))),
        };
        let time = (time.0.0, time.1.0);
        let quote = |Int(amount)| damm_v2_quote(&pool, mode, amount, a_to_b, time);
        Ok::<Vec<DammV2Quote>, Fault>(amounts.into_iter().map(quote).collect())
    })?;
    answers(py, quotes)
}

fn damm_v2_quote(
    pool: &DammV2Pool,
    mode: SwapMode,
    amount: u64,
    a_to_b: bool,
    (slot, now): (u64, i64),
) -> DammV2Quote {
    let fill = damm_v2::swap(pool, mode, amount, a_to_b, slot, now);
    let fill = fill.map_err(|error| error.to_string())?;
    let after = &fill.pool;
    let volatility = after.dynamic_fee.map(|fee| {
        (
            fee.last_update,
            fee.sqrt_price_reference,
            fee.volatility_accumulator,
            fee.volatility_reference,
        )
    });
    Ok((
        fill.amount_in,
        fill.amount_out,
        fill.fee,
        fill.protocol_fee,
        fill.left,
        after.sqrt_price,
        after.token_amounts.map(|[a, b]| (a, b)),
        volatility,
    ))
}
