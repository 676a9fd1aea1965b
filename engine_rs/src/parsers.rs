//! Logs and transactions of a node, many in one call.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::chain::base58::Pubkey;
use cambist_core::chain::log_parser::{
    self, FillEvent, Frame, Logs, Outcome, SwapEvent, Trace, decode_event,
};
use cambist_core::chain::reader::LayoutError;
use cambist_core::chain::tx_parser::{
    self, DecodeError, Fill, Markets, Place, Sides, Swap, Transaction,
};
use cambist_core::venues::ray4::ray_log::RayLog;
use cambist_core::venues::slab_decoder::Lots;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::error::Fault;

/// Returns (trace, swaps, fills, refused) of the log lines of each transaction; see `reference.log_parser`.
#[pyfunction(name = "parse_logs")]
pub(crate) fn py_parse_logs(
    py: Python<'_>,
    logs: Vec<Vec<PyBackedStr>>,
) -> PyResult<Vec<Bound<'_, PyTuple>>> {
    let parsed: Vec<Logs> = py.detach(|| {
        logs.iter()
            .map(|lines| log_parser::parse_logs(lines))
            .collect()
    });
    parsed.into_iter().map(|each| logs_row(py, each)).collect()
}

/// Returns the fields of each base64 record of Raydium AMM v4, or the words of its error.
#[pyfunction(name = "decode_ray_logs")]
pub(crate) fn py_decode_ray_logs(
    py: Python<'_>,
    texts: Vec<PyBackedStr>,
) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let decoded: Vec<_> = py.detach(|| texts.iter().map(|text| RayLog::decode(text)).collect());
    decoded
        .into_iter()
        .map(|each| match each {
            Ok(record) => Ok(ray_log_row(py, &record)?.into_any()),
            Err(error) => error.to_string().into_bound_py_any(py),
        })
        .collect()
}

/// Returns the swap that each (program, event data) reports, `None` for no swap, or the words of its error. Raises
/// `ValueError` for a program that has not 32 bytes.
#[pyfunction(name = "decode_events")]
pub(crate) fn py_decode_events(
    py: Python<'_>,
    events: Vec<(PyBackedBytes, PyBackedBytes)>,
) -> PyResult<Vec<Option<Bound<'_, PyAny>>>> {
    let decoded = py.detach(|| each_of(&events, decode_event))?;
    decoded
        .into_iter()
        .map(|each| match each {
            Ok(None) => Ok(None),
            Ok(Some(event)) => Ok(Some(event_row(py, &event)?.into_any())),
            Err(error) => error.to_string().into_bound_py_any(py).map(Some),
        })
        .collect()
}

/// Returns the fills that each (program, data) reports, in the market's lots, or the words of its error. Raises
/// `ValueError` for a program that has not 32 bytes.
#[pyfunction(name = "decode_fills")]
pub(crate) fn py_decode_fills(
    py: Python<'_>,
    events: Vec<(PyBackedBytes, PyBackedBytes)>,
) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let decoded = py.detach(|| each_of(&events, log_parser::decode_fills))?;
    decoded
        .into_iter()
        .map(|each| match each {
            Ok(fills) => {
                let rows = fills.iter().map(|fill| fill_row(py, fill));
                rows.collect::<PyResult<Vec<_>>>()?.into_bound_py_any(py)
            }
            Err(error) => error.to_string().into_bound_py_any(py),
        })
        .collect()
}

/// Returns what is read from each (program, data).
fn each_of<T>(
    events: &[(PyBackedBytes, PyBackedBytes)],
    read: fn(&Pubkey, &[u8]) -> Result<T, LayoutError>,
) -> Result<Vec<Result<T, LayoutError>>, Fault> {
    let each = |(program, data): &(PyBackedBytes, PyBackedBytes)| {
        let program = address("program", program)?;
        Ok(read(&program, data))
    };
    events.iter().map(each).collect()
}

fn address(name: &str, bytes: &[u8]) -> Result<Pubkey, Fault> {
    let key = bytes.try_into();
    key.map_err(|_| Fault::Input(format!("{name} was {} bytes, not 32", bytes.len())))
}

/// Returns the transactions of each answer or notification, or the words of its error; see `reference.tx_parser`.
/// `markets` are (address, base atoms of a lot, quote atoms of a lot at a price of 1). Raises `ValueError` for an
/// address that has not 32 bytes.
#[pyfunction(name = "parse_transactions", signature = (bodies, markets=Vec::new()))]
pub(crate) fn py_parse_transactions(
    py: Python<'_>,
    bodies: Vec<PyBackedBytes>,
    markets: Vec<(PyBackedBytes, u64, u64)>,
) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let parsed = py.detach(|| {
        let market = |(key, base, quote): &(PyBackedBytes, u64, u64)| {
            let (base, quote) = (*base, *quote);
            Ok((address("market", key)?, Lots { base, quote }))
        };
        let markets = markets
            .iter()
            .map(market)
            .collect::<Result<Markets, Fault>>()?;
        let parse = |body: &PyBackedBytes| tx_parser::parse_transactions(body, &markets);
        Ok::<Vec<Result<Vec<Transaction>, DecodeError>>, Fault>(bodies.iter().map(parse).collect())
    })?;
    parsed
        .into_iter()
        .map(|each| match each {
            Ok(transactions) => {
                let rows = transactions
                    .into_iter()
                    .map(|each| transaction_row(py, each));
                rows.collect::<PyResult<Vec<_>>>()?.into_bound_py_any(py)
            }
            Err(error) => error.to_string().into_bound_py_any(py),
        })
        .collect()
}

fn logs_row(py: Python<'_>, logs: Logs) -> PyResult<Bound<'_, PyTuple>> {
    let swaps = logs
        .swaps
        .iter()
        .map(|swap| (swap.line, swap.frame, event_row(py, &swap.event)?).into_pyobject(py));
    let swaps = swaps.collect::<PyResult<Vec<_>>>()?;
    let fills = logs.fills.iter();
    let fills =
        fills.map(|fill| (fill.line, fill.frame, fill_row(py, &fill.event)?).into_pyobject(py));
    let fills = fills.collect::<PyResult<Vec<_>>>()?;
    (trace_row(py, &logs.trace)?, swaps, fills, logs.refused).into_pyobject(py)
}

fn trace_row<'py>(py: Python<'py>, trace: &Trace) -> PyResult<Bound<'py, PyTuple>> {
    let frames: Vec<_> = trace
        .frames
        .iter()
        .map(|frame| frame_row(py, frame))
        .collect();
    let lines: Vec<_> = trace
        .lines
        .iter()
        .map(|(kind, frame)| (kind.word(), *frame))
        .collect();
    let (failed, complete) = (trace.failed(), trace.complete());
    (
        frames,
        lines,
        trace.truncated,
        trace.misfits,
        failed,
        complete,
    )
        .into_pyobject(py)
}

type FrameRow<'a, 'py> = (
    Bound<'py, PyBytes>,
    u32,
    Option<u32>,
    &'static str,
    &'a str,
    Option<(u64, u64)>,
);

fn frame_row<'a, 'py>(py: Python<'py>, frame: &'a Frame) -> FrameRow<'a, 'py> {
    let (outcome, reason) = match &frame.outcome {
        Outcome::Open => ("open", ""),
        Outcome::Success => ("success", ""),
        Outcome::Failed(why) => ("failed", why.as_str()),
    };
    let program = PyBytes::new(py, &frame.program);
    (
        program,
        frame.depth,
        frame.parent,
        outcome,
        reason,
        frame.consumed,
    )
}

fn event_row<'py>(py: Python<'py>, event: &SwapEvent) -> PyResult<Bound<'py, PyTuple>> {
    (
        event.venue.venue,
        event.amount_in,
        event.amount_out,
        bytes(py, event.pool.as_ref()),
        bytes(py, event.mint_in.as_ref()),
        bytes(py, event.mint_out.as_ref()),
        event.a_to_b,
        event.transfer_fees,
        event.fees,
        event.reserves,
        event.sqrt_price,
    )
        .into_pyobject(py)
}

fn ray_log_row<'py>(py: Python<'py>, record: &RayLog) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    macro_rules! fields {
        ($kind:literal: $($field:ident),+) => {{
            row.set_item("kind", $kind)?;
            $(row.set_item(stringify!($field), $field)?;)+
        }};
    }
    match *record {
        RayLog::Init {
            time,
            pc_decimals,
            coin_decimals,
            pc_lot_size,
            coin_lot_size,
            pc_amount,
            coin_amount,
            market,
        } => {
            let market = PyBytes::new(py, &market);
            fields!("init": time, pc_decimals, coin_decimals, pc_lot_size, coin_lot_size, pc_amount, coin_amount, market);
        }
        RayLog::Deposit {
            max_coin,
            max_pc,
            base,
            pool_coin,
            pool_pc,
            pool_lp,
            pnl_x,
            pnl_y,
            deduct_coin,
            deduct_pc,
            mint_lp,
        } => {
            fields!("deposit": max_coin, max_pc, base, pool_coin, pool_pc, pool_lp, pnl_x, pnl_y, deduct_coin, deduct_pc, mint_lp);
        }
        RayLog::Withdraw {
            withdraw_lp,
            user_lp,
            pool_coin,
            pool_pc,
            pool_lp,
            pnl_x,
            pnl_y,
            out_coin,
            out_pc,
        } => {
            fields!("withdraw": withdraw_lp, user_lp, pool_coin, pool_pc, pool_lp, pnl_x, pnl_y, out_coin, out_pc);
        }
        RayLog::SwapBaseIn {
            amount_in,
            minimum_out,
            direction,
            user_source,
            pool_coin,
            pool_pc,
            out_amount,
        } => {
            fields!("swap_base_in": amount_in, minimum_out, direction, user_source, pool_coin, pool_pc, out_amount);
        }
        RayLog::SwapBaseOut {
            max_in,
            amount_out,
            direction,
            user_source,
            pool_coin,
            pool_pc,
            deduct_in,
        } => {
            fields!("swap_base_out": max_in, amount_out, direction, user_source, pool_coin, pool_pc, deduct_in);
        }
    }
    Ok(row)
}

fn transaction_row(py: Python<'_>, transaction: Transaction) -> PyResult<Bound<'_, PyTuple>> {
    let swaps = transaction.swaps.iter().map(|swap| swap_row(py, swap));
    let swaps = swaps.collect::<PyResult<Vec<_>>>()?;
    let fills = transaction
        .fills
        .iter()
        .map(|fill| placed_fill_row(py, fill));
    let fills = fills.collect::<PyResult<Vec<_>>>()?;
    (
        transaction
            .signature
            .map(|signature| PyBytes::new(py, &signature)),
        transaction.slot,
        bytes(py, transaction.signer.as_ref()),
        transaction.fee,
        transaction.compute_units,
        transaction.error,
        swaps,
        fills,
        transaction.refused,
        transaction.complete,
    )
        .into_pyobject(py)
}

fn swap_row<'py>(py: Python<'py>, swap: &Swap) -> PyResult<Bound<'py, PyTuple>> {
    (
        swap.venue.venue,
        place_row(py, &swap.place)?,
        bytes(py, swap.pool.as_ref()),
        mints(py, &swap.mints),
        swap.decimals,
        swap.amounts,
        swap.by_event,
        swap.by_transfers,
        swap.by_balances,
        swap.disagrees,
        swap.price,
    )
        .into_pyobject(py)
}

fn place_row<'py>(py: Python<'py>, place: &Place) -> PyResult<Bound<'py, PyTuple>> {
    (
        PyBytes::new(py, &place.program),
        place.instruction,
        place.inner,
        place.depth,
        bytes(py, place.router.as_ref()),
    )
        .into_pyobject(py)
}

fn fill_row<'py>(py: Python<'py>, fill: &FillEvent) -> PyResult<Bound<'py, PyTuple>> {
    (
        fill.venue.venue,
        PyBytes::new(py, &fill.market),
        PyBytes::new(py, &fill.maker),
        PyBytes::new(py, &fill.taker),
        fill.taker_buys,
        fill.price,
        fill.base_lots,
        fill.sequence,
    )
        .into_pyobject(py)
}

fn placed_fill_row<'py>(py: Python<'py>, fill: &Fill) -> PyResult<Bound<'py, PyTuple>> {
    let place = place_row(py, &fill.place)?;
    (place, fill_row(py, &fill.event)?, fill.atoms).into_pyobject(py)
}

fn mints<'py>(
    py: Python<'py>,
    mints: &Sides<Pubkey>,
) -> (Option<Bound<'py, PyBytes>>, Option<Bound<'py, PyBytes>>) {
    (bytes(py, mints.0.as_ref()), bytes(py, mints.1.as_ref()))
}

fn bytes<'py>(py: Python<'py>, key: Option<&Pubkey>) -> Option<Bound<'py, PyBytes>> {
    key.map(|key| PyBytes::new(py, key))
}
