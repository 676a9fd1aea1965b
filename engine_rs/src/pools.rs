//! Quotes from raw accounts, for Python.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use std::sync::Arc;

use cambist_core::chain::token::{Mint, TokenAccount};
use cambist_core::venues::clmm::pool::ClmmState;
use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::damm2::layout::DammV2Pool;
use cambist_core::venues::orca::layout::{Oracle, TickArray, Whirlpool};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::saber::layout::StableSwap;
use cambist_core::venues::tick_array_manager::Ticks;
use pyo3::prelude::*;

use crate::error::Fault;
use crate::integers::Int;
use crate::{bins, ranges};

/// (slot, unix timestamp, epoch)
type Time = (Int<u64>, Int<i64>, Int<u64>);
/// (amount out, fee, ticks crossed), or a refusal's word
type Quoted = Result<(u64, u64, u32), String>;
/// (weight, (reserve in, reserve out, share kept))
type Margin = (Option<i64>, Option<(f64, f64, f64)>);

/// Returns (amount out, fee, ticks crossed) or a refusal's word for each amount, from raw accounts.
///
/// `ray4`, `saber`: pool, vault, vault. `cpmm`: pool, config, vault, vault, mint, mint. `orca`: pool, oracle (or empty),
/// mint, mint, tick arrays. `damm2`: pool, mint, mint. `dlmm`: address, pair, bitmap extension (or empty), mint, mint, bin
/// arrays. `clmm`: address, pool, config, bitmap extension (or empty), mint, mint, tick arrays. `pump`: pool, config, fee
/// config (or empty), vault, vault, mint, mint. Raises `ValueError` if an account can't be read or a number is out of
/// range, `TypeError` for what is no integer.
#[pyfunction(name = "quote")]
pub(crate) fn py_quote(
    py: Python<'_>,
    venue: &str,
    accounts: Vec<Vec<u8>>,
    a_to_b: bool,
    amounts: Vec<Int<u64>>,
    time: Time,
) -> PyResult<Vec<Py<PyAny>>> {
    let time = chain_time(time);
    let quoted = py.detach(|| {
        let pool = pool_of(venue, &accounts)?;
        let quote = |Int(amount)| match pool.quote(a_to_b, amount, &time) {
            Ok(quote) => Ok((quote.amount_out, quote.fee, quote.ticks_crossed)),
            Err(error) => Err(error.to_string()),
        };
        Ok::<Vec<Quoted>, Fault>(amounts.into_iter().map(quote).collect())
    })?;
    quoted
        .into_iter()
        .map(|each| match each {
            Ok(quote) => Ok(quote.into_pyobject(py)?.into_any().unbind()),
            Err(word) => Ok(word.into_pyobject(py)?.into_any().unbind()),
        })
        .collect()
}

/// Returns −log2 of the marginal rate in 2⁻⁴⁰ units and the virtual reserves (in, out, share kept), each for selling A
/// and selling B, from raw accounts as `quote` takes them. Raises as `quote` does.
#[pyfunction(name = "pool_weights")]
pub(crate) fn py_pool_weights(
    py: Python<'_>,
    venue: &str,
    accounts: Vec<Vec<u8>>,
    time: Time,
) -> PyResult<Vec<Margin>> {
    let time = chain_time(time);
    Ok(py.detach(|| {
        let pool = pool_of(venue, &accounts)?;
        let margin = |a_to_b| {
            (
                pool.weight(a_to_b, &time),
                pool.virtual_reserves(a_to_b, &time),
            )
        };
        Ok::<_, Fault>([true, false].map(margin).to_vec())
    })?)
}

fn chain_time((Int(slot), Int(unix_timestamp), Int(epoch)): Time) -> ChainTime {
    ChainTime {
        slot,
        unix_timestamp,
        epoch,
    }
}

fn pool_of(venue: &str, accounts: &[Vec<u8>]) -> Result<Pool, Fault> {
    match (venue, accounts) {
        ("ray4", [pool, first, second]) => Ok(Pool::amm_v4(
            &AmmV4::decode(pool).map_err(Fault::input)?,
            amount(first)?,
            amount(second)?,
        )),
        ("cpmm", [pool, config, first, second, mint_a, mint_b]) => {
            let pool = CpmmPool::decode(pool).map_err(Fault::input)?;
            let config = CpmmConfig::decode(config).map_err(Fault::input)?;
            Ok(Pool::cpmm(
                &pool,
                &config,
                [amount(first)?, amount(second)?],
                fees(mint_a, mint_b)?,
            ))
        }
        ("orca", [pool, oracle, mint_a, mint_b, arrays @ ..]) => {
            let pool = Whirlpool::decode(pool).map_err(Fault::input)?;
            let arrays = arrays
                .iter()
                .map(|data| TickArray::decode(data))
                .collect::<Result<Vec<_>, _>>();
            let ticks = Ticks::new(pool.tick_spacing, &arrays.map_err(Fault::input)?, &[])
                .map_err(Fault::input)?;
            let oracle = if oracle.is_empty() {
                None
            } else {
                Some(Oracle::decode(oracle).map_err(Fault::input)?)
            };
            Ok(Pool::whirlpool(&pool, Arc::new(ticks), oracle)
                .with_transfer_fees(fees(mint_a, mint_b)?))
        }
        ("saber", [pool, first, second]) => Ok(Pool::stable(
            &StableSwap::decode(pool).map_err(Fault::input)?,
            [amount(first)?, amount(second)?],
        )),
        ("damm2", [pool, mint_a, mint_b]) => {
            let pool = DammV2Pool::decode(pool).map_err(Fault::input)?;
            Ok(Pool::damm_v2(&pool).with_transfer_fees(fees(mint_a, mint_b)?))
        }
        ("dlmm", [address, pair, bitmap, mint_a, mint_b, arrays @ ..]) => {
            let (pair, bins) = bins::decode(address, pair, bitmap, arrays)?;
            Ok(Pool::dlmm(&pair, bins).with_transfer_fees(fees(mint_a, mint_b)?))
        }
        ("clmm", [address, pool, config, bitmap, mint_a, mint_b, arrays @ ..]) => {
            let (account, config, ticks) = ranges::decode(address, pool, config, bitmap, arrays)?;
            Ok(Pool::Clmm(Box::new(ClmmState {
                account,
                config,
                ticks: Arc::new(ticks),
                transfer_fees: fees(mint_a, mint_b)?,
            })))
        }
        ("pump", [pool, config, schedule, first, second, mint_a, mint_b]) => {
            let supply = Mint::decode(mint_a).map_err(Fault::input)?.supply;
            let amounts = (amount(first)?, amount(second)?);
            let mints = (mint_a.clone(), mint_b.clone());
            let accounts = (pool.clone(), config.clone(), schedule.clone());
            let pool = ranges::pump(&accounts, amounts, Some(supply), &mints);
            Ok(Pool::Pump(Box::new(pool.map_err(Fault::input)?)))
        }
        _ => Err(Fault::Input(format!(
            "{venue} of {} accounts",
            accounts.len()
        ))),
    }
}

fn amount(vault: &[u8]) -> Result<u64, Fault> {
    Ok(TokenAccount::decode(vault).map_err(Fault::input)?.amount)
}

fn fees(mint_a: &[u8], mint_b: &[u8]) -> Result<cambist_core::venues::quote::TransferFees, Fault> {
    let fee = |data: &[u8]| {
        Mint::decode(data)
            .map(|mint| mint.transfer_fee)
            .map_err(Fault::input)
    };
    Ok([fee(mint_a)?, fee(mint_b)?])
}
