//! Logs and transactions of a node, many in one call.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::accounts::LayoutError;
use cambist_core::base58::Pubkey;
use cambist_core::log_parser::{
    self, Frame, Logs, Outcome, RayLog, SwapEvent, Trace, decode_event,
};
use cambist_core::tx_parser::{self, DecodeError, Sides, Swap, Transaction};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::error::Fault;

/// Returns (trace, swaps, refused) of the log lines of each transaction; see `reference.log_parser`.
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
    let decoded = py.detach(|| {
        let decode = |(program, data): &(PyBackedBytes, PyBackedBytes)| {
            let program: &Pubkey = (**program).try_into().map_err(|_| {
                Fault::Input(format!("program was {} bytes, not 32", program.len()))
            })?;
            Ok::<Result<_, LayoutError>, Fault>(decode_event(program, data))
        };
        events.iter().map(decode).collect::<Result<Vec<_>, _>>()
    })?;
    decoded
        .into_iter()
        .map(|each| match each {
            Ok(None) => Ok(None),
            Ok(Some(event)) => Ok(Some(event_row(py, &event)?.into_any())),
            Err(error) => error.to_string().into_bound_py_any(py).map(Some),
        })
        .collect()
}

/// Returns the transactions of each answer or notification, or the words of its error; see `reference.tx_parser`.
#[pyfunction(name = "parse_transactions")]
pub(crate) fn py_parse_transactions(
    py: Python<'_>,
    bodies: Vec<PyBackedBytes>,
) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let parsed: Vec<Result<Vec<Transaction>, DecodeError>> = py.detach(|| {
        bodies
            .iter()
            .map(|body| tx_parser::parse_transactions(body))
            .collect()
    });
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
    (trace_row(py, &logs.trace)?, swaps, logs.refused).into_pyobject(py)
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
        event.venue.word(),
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
        transaction.refused,
        transaction.complete,
    )
        .into_pyobject(py)
}

fn swap_row<'py>(py: Python<'py>, swap: &Swap) -> PyResult<Bound<'py, PyTuple>> {
    let place = (
        PyBytes::new(py, &swap.place.program),
        swap.place.instruction,
        swap.place.inner,
        swap.place.depth,
        bytes(py, swap.place.router.as_ref()),
    );
    (
        swap.venue.word(),
        place,
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

fn mints<'py>(
    py: Python<'py>,
    mints: &Sides<Pubkey>,
) -> (Option<Bound<'py, PyBytes>>, Option<Bound<'py, PyBytes>>) {
    (bytes(py, mints.0.as_ref()), bytes(py, mints.1.as_ref()))
}

fn bytes<'py>(py: Python<'py>, key: Option<&Pubkey>) -> Option<Bound<'py, PyBytes>> {
    key.map(|key| PyBytes::new(py, key))
}
