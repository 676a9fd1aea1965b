//! Meteora DLMM for Python, in batches of amounts.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use std::sync::Arc;

use cambist_core::venues::dlmm::layout::{BinArray, BinArrayBitmapExtension, LbPair};
use cambist_core::venues::dlmm::maths::bins::Bins;
use cambist_core::venues::dlmm::maths::price::bin_price;
use cambist_core::venues::dlmm::maths::swap::{Ask, DlmmFill, swap};
use pyo3::prelude::*;

use crate::error::Fault;
use crate::integers::Int;

/// (accumulator, reference, index reference, last update)
type Volatility = (u32, u32, i32, i64);
/// (bin id, X, Y, open orders, begun orders)
type Changed = (i32, u64, u64, u64, u64);
/// (amount in, amount out, fee, protocol fee, limit orders' fee, active id, volatility, bins)
type Filled = (u64, u64, u64, u64, u64, i32, Volatility, Vec<Changed>);

/// Returns the price of a bin, Q64.64 atoms of Y per atom of X. Raises `ValueError` overflow.
#[pyfunction(name = "dlmm_bin_price")]
pub(crate) fn py_dlmm_bin_price(bin_id: Int<i32>, bin_step: Int<u16>) -> PyResult<u128> {
    Ok(bin_price(bin_id.0, bin_step.0).map_err(Fault::input)?)
}

/// Returns what each amount, swapped alone, moves and leaves, or a refusal's word; see
/// `cambist.engine.reference.bins`. Raises `ValueError` if an account can't be read.
#[pyfunction(name = "dlmm_swaps", signature = (address, accounts, amounts, *, exact_in, x_to_y, now, slot))]
#[expect(clippy::too_many_arguments, reason = "the keywords of the Python call")]
pub(crate) fn py_dlmm_swaps(
    py: Python<'_>,
    address: &[u8],
    accounts: Vec<Vec<u8>>,
    amounts: Vec<Int<u64>>,
    exact_in: bool,
    x_to_y: bool,
    now: Int<i64>,
    slot: Int<u64>,
) -> PyResult<Vec<Py<PyAny>>> {
    let swapped = py.detach(|| {
        let [pair, extension, arrays @ ..] = &accounts[..] else {
            return Err(Fault::Input(format!("dlmm of {} accounts", accounts.len())));
        };
        let (pair, bins) = decode(address, pair, extension, arrays)?;
        let swapped = amounts.into_iter().map(|Int(amount)| {
            let ask = Ask {
                amount,
                exact_in,
                x_to_y,
                now: now.0,
                slot: slot.0,
            };
            swap::<true>(&pair, &bins, &ask).map(|fill| filled(&fill))
        });
        Ok::<Vec<_>, Fault>(swapped.collect())
    })?;
    swapped
        .into_iter()
        .map(|each| match each {
            Ok(fill) => Ok(fill.into_pyobject(py)?.into_any().unbind()),
            Err(error) => Ok(error.to_string().into_pyobject(py)?.into_any().unbind()),
        })
        .collect()
}

/// Returns a pair and its bins from their accounts; the extension may be empty.
pub(crate) fn decode(
    address: &[u8],
    pair: &[u8],
    extension: &[u8],
    arrays: &[Vec<u8>],
) -> Result<(LbPair, Bins), Fault> {
    let address = address
        .try_into()
        .map_err(|_| Fault::Input(format!("key of {} bytes", address.len())))?;
    let pair = LbPair::decode(pair).map_err(Fault::input)?;
    let extension = if extension.is_empty() {
        None
    } else {
        Some(BinArrayBitmapExtension::decode(extension).map_err(Fault::input)?)
    };
    let arrays = arrays
        .iter()
        .map(|data| BinArray::decode(data).map(Arc::new));
    let arrays = arrays
        .collect::<Result<Vec<_>, _>>()
        .map_err(Fault::input)?;
    let bins = Bins::new(address, &pair, extension.as_ref(), arrays).map_err(Fault::input)?;
    Ok((pair, bins))
}

fn filled(fill: &DlmmFill) -> Filled {
    let seen = &fill.volatility;
    let volatility = (
        seen.volatility_accumulator,
        seen.volatility_reference,
        seen.index_reference,
        seen.last_update_timestamp,
    );
    let changed = fill.changed().map(|(bin_id, bin)| {
        (
            bin_id,
            bin.amount_x,
            bin.amount_y,
            bin.open_order_amount,
            bin.processed_order_remaining,
        )
    });
    (
        fill.amount_in,
        fill.amount_out,
        fill.fee,
        fill.protocol_fee,
        fill.limit_order_fee,
        fill.active_id,
        volatility,
        changed.collect(),
    )
}
