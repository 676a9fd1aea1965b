//! Raydium CLMM and Pump AMM for Python, in batches of amounts.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use std::sync::Arc;

use cambist_core::chain::base58::Pubkey;
use cambist_core::chain::reader::LayoutError;
use cambist_core::chain::token::Mint;
use cambist_core::venues::clmm::layout::{
    ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray,
};
use cambist_core::venues::clmm::maths::swap::{Ask, ClmmFill, swap};
use cambist_core::venues::clmm::maths::ticks::ClmmTicks;
use cambist_core::venues::clmm::pool::ClmmState;
use cambist_core::venues::pump::layout::{PumpConfig, PumpFeeConfig, PumpPool};
use cambist_core::venues::pump::pool::{PumpState, is_canonical};
use cambist_core::venues::quote::{ChainTime, Quote, TransferFees};
use cambist_core::venues::quote_error::QuoteError;
use cambist_core::venues::raydium_price;
use cambist_core::venues::vault_pool::VaultPool;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::error::Fault;
use crate::integers::Int;

/// (√price, tick, liquidity, fee growth)
type Curve = (u128, i32, u128, u128);
/// (index reference, reference, accumulator, last update)
type Volatility = (i32, u32, u32, u64);
/// (tick, untouched, begun, phase, unfilled ratio)
type Orders = (i32, u64, u64, u64, u128);
/// ((amount in, amount out, fee, protocol fee, fund fee, left), curve, volatility, orders, initialised arrays)
type Filled = (
    (u64, u64, u64, u64, u64, u64),
    Curve,
    Option<Volatility>,
    Vec<Orders>,
    Vec<i32>,
);
/// (sell token 0, exact in, amount)
type Asked = (bool, bool, Int<u64>);
/// (slot, unix s, epoch)
type Time = (Int<u64>, Int<i64>, Int<u64>);
/// ((amount in, amount out, fee, fee out, transfer fee in, transfer fee out, ticks crossed), rate, reserves)
type Quoted = (
    (u64, u64, u64, u64, u64, u64, u32),
    Option<(u128, u128)>,
    Option<(f64, f64, f64)>,
);

/// Returns √price at a tick of Raydium CLMM in Q64.64. Raises `ValueError`.
#[pyfunction(name = "clmm_sqrt_price")]
pub(crate) fn py_clmm_sqrt_price(tick: Int<i32>) -> PyResult<u128> {
    Ok(raydium_price::sqrt_price_from_tick(tick.0).map_err(Fault::input)?)
}

/// Returns what each amount, swapped alone, moves and leaves, or a refusal's word; see
/// `cambist.engine.reference.ranges`. Raises `ValueError` if an account can't be read.
#[pyfunction(
    name = "clmm_swaps",
    signature = (address, accounts, amounts, *, exact_in, zero_for_one, limit, now)
)]
#[expect(clippy::too_many_arguments, reason = "the keywords of the Python call")]
pub(crate) fn py_clmm_swaps(
    py: Python<'_>,
    address: &[u8],
    accounts: Vec<Vec<u8>>,
    amounts: Vec<Int<u64>>,
    exact_in: bool,
    zero_for_one: bool,
    limit: Int<u128>,
    now: Int<i64>,
) -> PyResult<Vec<Py<PyAny>>> {
    let swapped = py.detach(|| {
        let (pool, config, ticks) = decode_all(address, &accounts)?;
        let swapped = amounts.into_iter().map(|Int(amount)| {
            let ask = Ask {
                amount,
                exact_in,
                zero_for_one,
                limit: limit.0,
                now: now.0,
            };
            swap::<true>(&pool, &config, &ticks, &ask).map(|fill| filled(&fill, &ticks))
        });
        Ok::<Vec<_>, Fault>(swapped.collect())
    })?;
    answers(py, swapped)
}

/// Returns each ask's quote with the rate and reserves after it, or a refusal's word; see
/// `cambist.engine.reference.ranges`. Raises `ValueError` if an account can't be read.
#[pyfunction(name = "clmm_quotes")]
pub(crate) fn py_clmm_quotes(
    py: Python<'_>,
    address: &[u8],
    accounts: Vec<Vec<u8>>,
    mints: (Vec<u8>, Vec<u8>),
    asks: Vec<Asked>,
    time: Time,
) -> PyResult<Vec<Py<PyAny>>> {
    let quotes = py.detach(|| {
        let (account, config, ticks) = decode_all(address, &accounts)?;
        let pool = ClmmState {
            account,
            config,
            ticks: Arc::new(ticks),
            transfer_fees: transfer_fees(&mints).map_err(Fault::input)?,
        };
        let time = chain_time(time);
        let quotes = asks.into_iter().map(|(a_to_b, exact_in, Int(amount))| {
            let (quote, fill) = if exact_in {
                pool.fill::<true>(a_to_b, amount, &time)?
            } else {
                pool.fill_exact_out::<true>(a_to_b, amount, &time)?
            };
            let after = pool.after(a_to_b, &fill);
            Ok::<Quoted, QuoteError>((
                numbers(&quote),
                after.rate(a_to_b, &time),
                after.virtual_reserves(a_to_b, &time),
            ))
        });
        Ok::<Vec<_>, Fault>(quotes.collect())
    })?;
    answers(py, quotes)
}

/// Returns each ask's quote with the rate and reserves after it and the vaults' balances, or a refusal's word; see
/// `cambist.engine.reference.ranges`. Raises `ValueError` if an account can't be read.
#[pyfunction(name = "pump_quotes")]
pub(crate) fn py_pump_quotes(
    py: Python<'_>,
    accounts: (Vec<u8>, Vec<u8>, Vec<u8>),
    amounts: (Int<u64>, Int<u64>),
    base_supply: Option<Int<u64>>,
    mints: (Vec<u8>, Vec<u8>),
    asks: Vec<Asked>,
    time: Time,
) -> PyResult<Vec<Py<PyAny>>> {
    let amounts = (amounts.0.0, amounts.1.0);
    let base_supply = base_supply.map(|supply| supply.0);
    let quotes = py.detach(|| {
        let pool = pump(&accounts, amounts, base_supply, &mints).map_err(Fault::input)?;
        let time = chain_time(time);
        let quotes = asks.into_iter().map(|(a_to_b, exact_in, Int(amount))| {
            let (quote, fill) = if exact_in {
                pool.fill::<true>(a_to_b, amount, &time)?
            } else {
                pool.fill_exact_out::<true>(a_to_b, amount, &time)?
            };
            let after = pool.after(a_to_b, &fill)?;
            let quoted: Quoted = (
                numbers(&quote),
                after.rate(a_to_b, &time),
                after.virtual_reserves(a_to_b, &time),
            );
            Ok::<_, QuoteError>((quoted, (after.amounts[0], after.amounts[1])))
        });
        Ok::<Vec<_>, Fault>(quotes.collect())
    })?;
    answers(py, quotes)
}

/// Returns an answer as a tuple, a refusal as its word.
fn answers<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    answers: Vec<Result<T, QuoteError>>,
) -> PyResult<Vec<Py<PyAny>>> {
    let answer = |each: Result<T, QuoteError>| match each {
        Ok(answer) => answer.into_py_any(py),
        Err(error) => error.to_string().into_py_any(py),
    };
    answers.into_iter().map(answer).collect()
}

/// Returns a pool, its configuration and its ticks from their accounts; the extension may be empty.
pub(crate) fn decode(
    address: &[u8],
    pool: &[u8],
    config: &[u8],
    extension: &[u8],
    arrays: &[Vec<u8>],
) -> Result<(ClmmPool, ClmmConfig, ClmmTicks), Fault> {
    let address: &Pubkey = address
        .try_into()
        .map_err(|_| Fault::Input(format!("key of {} bytes", address.len())))?;
    let ticks = || {
        let pool = ClmmPool::decode(pool)?;
        let config = ClmmConfig::decode(config)?;
        let extension = (!extension.is_empty())
            .then(|| ClmmBitmapExtension::decode(extension))
            .transpose()?;
        let arrays = arrays.iter().map(|data| ClmmTickArray::decode(data));
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let ticks = ClmmTicks::new(address, &pool, extension.as_ref(), &arrays)?;
        Ok::<_, LayoutError>((pool, config, ticks))
    };
    ticks().map_err(Fault::input)
}

/// As `decode`, of (pool, configuration, extension, arrays …).
fn decode_all(
    address: &[u8],
    accounts: &[Vec<u8>],
) -> Result<(ClmmPool, ClmmConfig, ClmmTicks), Fault> {
    if address.len() != 32 {
        return Err(Fault::Input(format!("key of {} bytes", address.len())));
    }
    let [pool, config, extension, arrays @ ..] = accounts else {
        return Err(Fault::Input(format!("clmm of {} accounts", accounts.len())));
    };
    decode(address, pool, config, extension, arrays)
}

fn filled(fill: &ClmmFill, ticks: &ClmmTicks) -> Filled {
    let changed = fill.changed.iter().map(|&(tick, orders)| {
        let (begun, phase) = (orders.part_filled, orders.phase);
        (tick, orders.amount, begun, phase, orders.unfilled_ratio)
    });
    let amounts = (
        fill.amount_in,
        fill.amount_out,
        fill.fee,
        fill.protocol_fee,
        fill.fund_fee,
        fill.left,
    );
    let volatility = fill.dynamic_fee.map(|seen| {
        (
            seen.index_reference,
            seen.volatility_reference,
            seen.volatility_accumulator,
            seen.last_update_timestamp,
        )
    });
    (
        amounts,
        (fill.sqrt_price, fill.tick, fill.liquidity, fill.fee_growth),
        volatility,
        changed.collect(),
        ticks.after(&fill.changed).initialised().to_vec(),
    )
}

/// Returns a Pump AMM pool from (pool, configuration, fee configuration or nothing).
pub(crate) fn pump(
    (account, config, fee_config): &(Vec<u8>, Vec<u8>, Vec<u8>),
    (base, quote): (u64, u64),
    base_supply: Option<u64>,
    mints: &(Vec<u8>, Vec<u8>),
) -> Result<PumpState, LayoutError> {
    let account = PumpPool::decode(account)?;
    let config = PumpConfig::decode(config)?;
    let fee_config = (!fee_config.is_empty())
        .then(|| PumpFeeConfig::decode(fee_config))
        .transpose()?;
    Ok(PumpState {
        canonical: is_canonical(&account),
        account,
        config,
        fee_config,
        base_supply,
        amounts: [base, quote],
        transfer_fees: transfer_fees(mints)?,
    })
}

/// Returns the transfer fees of two mints' accounts; none of an empty one.
fn transfer_fees((a, b): &(Vec<u8>, Vec<u8>)) -> Result<TransferFees, LayoutError> {
    let fee = |data: &Vec<u8>| {
        if data.is_empty() {
            return Ok(None);
        }
        Ok(Mint::decode(data)?.transfer_fee)
    };
    Ok([fee(a)?, fee(b)?])
}

fn chain_time((Int(slot), Int(unix_timestamp), Int(epoch)): Time) -> ChainTime {
    ChainTime {
        slot,
        unix_timestamp,
        epoch,
    }
}

fn numbers(quote: &Quote) -> (u64, u64, u64, u64, u64, u64, u32) {
    (
        quote.amount_in,
        quote.amount_out,
        quote.fee,
        quote.fee_out,
        quote.transfer_fee_in,
        quote.transfer_fee_out,
        quote.ticks_crossed,
    )
}
