//! Swaps; a pool comes as the named tuple of its accounts.
//!
//! One file: a table of calls, each the names of one venue's accounts in their order and nothing else.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::build::instruction_builder::{SwapAmounts, User};
use cambist_core::chain::base58::Pubkey;
use cambist_core::venues::clmm::swap as clmm;
use cambist_core::venues::clmm::swap::ClmmAccounts;
use cambist_core::venues::cpmm::swap as cpmm;
use cambist_core::venues::cpmm::swap::CpmmAccounts;
use cambist_core::venues::damm2::swap as damm2;
use cambist_core::venues::damm2::swap::DammV2Accounts;
use cambist_core::venues::dlmm::swap as dlmm;
use cambist_core::venues::dlmm::swap::DlmmAccounts;
use cambist_core::venues::orca::swap as orca;
use cambist_core::venues::orca::swap::WhirlpoolAccounts;
use cambist_core::venues::pump::swap as pump;
use cambist_core::venues::pump::swap::{PumpAccounts, PumpPool};
use cambist_core::venues::ray4::swap as ray4;
use cambist_core::venues::ray4::swap::{RaydiumV4Accounts, SerumAccounts};
use cambist_core::venues::saber::swap as saber;
use cambist_core::venues::saber::swap::SaberAccounts;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use super::{Instruction, built, key, keys};
use crate::error::Fault;

/// A named tuple of keys, of which some may be absent.
type Keys = Vec<Option<PyBackedBytes>>;
/// (exact in, amount, limit)
type Amounts = (bool, u64, u64);
/// (pool, keys after it)
type PumpTuple<'py> = Bound<'py, PyTuple>;

/// Returns a swap on AMM v4: with a market the older one, without one the newer. Raises `ValueError`.
#[pyfunction(name = "raydium_v4_swap")]
pub(crate) fn py_raydium_v4_swap(
    pool: Keys,
    market: Option<Keys>,
    user: Keys,
    amounts: Amounts,
) -> PyResult<Instruction> {
    let [pool, coin_vault, pc_vault] = all(&pool)?;
    let pool = RaydiumV4Accounts {
        pool,
        coin_vault,
        pc_vault,
    };
    let market = market.map(|given| serum(&given)).transpose()?;
    let user = trader(&user)?;
    let built = ray4::raydium_v4_swap(&pool, market.as_ref(), &user, of(amounts));
    Ok(Instruction(built))
}

fn serum(given: &Keys) -> Result<SerumAccounts, Fault> {
    let [open_orders, target_orders, rest @ ..] = some::<10>(given)?;
    let [
        program,
        market,
        bids,
        asks,
        event_queue,
        coin_vault,
        pc_vault,
        vault_signer,
    ] = required(rest)?;
    Ok(SerumAccounts {
        open_orders: present(open_orders)?,
        target_orders,
        program,
        market,
        bids,
        asks,
        event_queue,
        coin_vault,
        pc_vault,
        vault_signer,
    })
}

/// Returns a swap on CPMM. Raises `ValueError`.
#[pyfunction(name = "cpmm_swap", signature = (pool, user, amounts, *, zero_for_one))]
pub(crate) fn py_cpmm_swap(
    pool: Keys,
    user: Keys,
    amounts: Amounts,
    zero_for_one: bool,
) -> PyResult<Instruction> {
    let [pool, config, observation, v0, v1, m0, m1, p0, p1] = all(&pool)?;
    let pool = CpmmAccounts {
        pool,
        config,
        observation,
        vaults: [v0, v1],
        mints: [m0, m1],
        programs: [p0, p1],
    };
    let user = trader(&user)?;
    built(cpmm::cpmm_swap(&pool, &user, of(amounts), zero_for_one))
}

fn clmm(given: &Keys) -> Result<ClmmAccounts, Fault> {
    let [head @ .., bitmap_extension] = some::<8>(given)?;
    let [pool, config, observation, v0, v1, m0, m1] = required(head)?;
    Ok(ClmmAccounts {
        pool,
        config,
        observation,
        vaults: [v0, v1],
        mints: [m0, m1],
        bitmap_extension,
    })
}

/// Returns the older swap on CLMM. Raises `ValueError`.
#[pyfunction(name = "clmm_swap", signature = (pool, tick_arrays, user, amounts, sqrt_price_limit, *, zero_for_one))]
pub(crate) fn py_clmm_swap(
    pool: Keys,
    tick_arrays: Vec<PyBackedBytes>,
    user: Keys,
    amounts: Amounts,
    sqrt_price_limit: u128,
    zero_for_one: bool,
) -> PyResult<Instruction> {
    let (pool, arrays, user) = (clmm(&pool)?, keys(&tick_arrays)?, trader(&user)?);
    built(clmm::clmm_swap(
        &pool,
        &arrays,
        &user,
        of(amounts),
        sqrt_price_limit,
        zero_for_one,
    ))
}

/// Returns the newer swap on CLMM. Raises `ValueError`.
#[pyfunction(name = "clmm_swap_v2", signature = (pool, tick_arrays, user, amounts, sqrt_price_limit, *, zero_for_one))]
pub(crate) fn py_clmm_swap_v2(
    pool: Keys,
    tick_arrays: Vec<PyBackedBytes>,
    user: Keys,
    amounts: Amounts,
    sqrt_price_limit: u128,
    zero_for_one: bool,
) -> PyResult<Instruction> {
    let (pool, arrays, user) = (clmm(&pool)?, keys(&tick_arrays)?, trader(&user)?);
    built(clmm::clmm_swap_v2(
        &pool,
        &arrays,
        &user,
        of(amounts),
        sqrt_price_limit,
        zero_for_one,
    ))
}

fn whirlpool(given: &Keys) -> Result<WhirlpoolAccounts, Fault> {
    let [program, pool, oracle, va, vb, ma, mb, pa, pb] = all(given)?;
    Ok(WhirlpoolAccounts {
        program,
        pool,
        oracle,
        vaults: [va, vb],
        mints: [ma, mb],
        programs: [pa, pb],
    })
}

/// Returns the older swap on a Whirlpool. Raises `ValueError`.
#[pyfunction(
    name = "whirlpool_swap",
    signature = (pool, tick_arrays, user, amounts, sqrt_price_limit, *, a_to_b, is_adaptive)
)]
pub(crate) fn py_whirlpool_swap(
    pool: Keys,
    tick_arrays: Vec<PyBackedBytes>,
    user: Keys,
    amounts: Amounts,
    sqrt_price_limit: u128,
    a_to_b: bool,
    is_adaptive: bool,
) -> PyResult<Instruction> {
    let (pool, arrays, user) = (whirlpool(&pool)?, keys(&tick_arrays)?, trader(&user)?);
    built(orca::whirlpool_swap(
        &pool,
        &arrays,
        &user,
        of(amounts),
        sqrt_price_limit,
        a_to_b,
        is_adaptive,
    ))
}

/// Returns the newer swap on a Whirlpool. Raises `ValueError`.
#[pyfunction(
    name = "whirlpool_swap_v2",
    signature = (pool, tick_arrays, supplemental, user, amounts, sqrt_price_limit, *, a_to_b)
)]
pub(crate) fn py_whirlpool_swap_v2(
    pool: Keys,
    tick_arrays: Vec<PyBackedBytes>,
    supplemental: Vec<PyBackedBytes>,
    user: Keys,
    amounts: Amounts,
    sqrt_price_limit: u128,
    a_to_b: bool,
) -> PyResult<Instruction> {
    let (pool, arrays, supplemental) =
        (whirlpool(&pool)?, keys(&tick_arrays)?, keys(&supplemental)?);
    let user = trader(&user)?;
    built(orca::whirlpool_swap_v2(
        &pool,
        &arrays,
        &supplemental,
        &user,
        of(amounts),
        sqrt_price_limit,
        a_to_b,
    ))
}

fn dlmm(given: &Keys) -> Result<DlmmAccounts, Fault> {
    let [head @ .., bitmap_extension, host_fee] = some::<10>(given)?;
    let [pair, oracle, rx, ry, mx, my, px, py] = required(head)?;
    Ok(DlmmAccounts {
        pair,
        oracle,
        reserves: [rx, ry],
        mints: [mx, my],
        programs: [px, py],
        bitmap_extension,
        host_fee,
    })
}

/// Returns the older swap on DLMM. Raises `ValueError`.
#[pyfunction(name = "dlmm_swap")]
pub(crate) fn py_dlmm_swap(
    pair: Keys,
    bin_arrays: Vec<PyBackedBytes>,
    user: Keys,
    amounts: Amounts,
) -> PyResult<Instruction> {
    let (pair, arrays, user) = (dlmm(&pair)?, keys(&bin_arrays)?, trader(&user)?);
    built(dlmm::dlmm_swap(&pair, &arrays, &user, of(amounts)))
}

/// Returns the newer swap on DLMM. Raises `ValueError`.
#[pyfunction(name = "dlmm_swap2")]
pub(crate) fn py_dlmm_swap2(
    pair: Keys,
    bin_arrays: Vec<PyBackedBytes>,
    user: Keys,
    amounts: Amounts,
) -> PyResult<Instruction> {
    let (pair, arrays, user) = (dlmm(&pair)?, keys(&bin_arrays)?, trader(&user)?);
    built(dlmm::dlmm_swap2(&pair, &arrays, &user, of(amounts)))
}

fn damm_v2(given: &Keys) -> Result<DammV2Accounts, Fault> {
    let [head @ .., referral] = some::<8>(given)?;
    let [pool, va, vb, ma, mb, pa, pb] = required(head)?;
    Ok(DammV2Accounts {
        pool,
        vaults: [va, vb],
        mints: [ma, mb],
        programs: [pa, pb],
        referral,
    })
}

/// Returns the older swap on DAMM v2. Raises `ValueError`.
#[pyfunction(name = "damm_v2_swap")]
pub(crate) fn py_damm_v2_swap(pool: Keys, user: Keys, amounts: Amounts) -> PyResult<Instruction> {
    let (pool, user) = (damm_v2(&pool)?, trader(&user)?);
    built(damm2::damm_v2_swap(&pool, &user, of(amounts)))
}

/// Returns the newer swap on DAMM v2. Raises `ValueError`.
#[pyfunction(name = "damm_v2_swap2", signature = (pool, user, amounts, *, partial, limited=false))]
pub(crate) fn py_damm_v2_swap2(
    pool: Keys,
    user: Keys,
    amounts: Amounts,
    partial: bool,
    limited: bool,
) -> PyResult<Instruction> {
    let (pool, user, amounts) = (damm_v2(&pool)?, trader(&user)?, of(amounts));
    built(damm2::damm_v2_swap2(
        &pool, &user, amounts, partial, limited,
    ))
}

/// Returns a swap of an exact amount in on a Saber pool. Raises `ValueError`.
#[pyfunction(name = "saber_swap", signature = (pool, user, amounts, *, a_to_b))]
pub(crate) fn py_saber_swap(
    pool: Keys,
    user: Keys,
    amounts: Amounts,
    a_to_b: bool,
) -> PyResult<Instruction> {
    let [pool, authority, va, vb, aa, ab] = all(&pool)?;
    let pool = SaberAccounts {
        pool,
        authority,
        vaults: [va, vb],
        admin_vaults: [aa, ab],
    };
    let user = trader(&user)?;
    built(saber::saber_swap(&pool, &user, of(amounts), a_to_b))
}

fn pump_pool(given: &Keys) -> Result<PumpPool, Fault> {
    let [
        pool,
        base_mint,
        quote_mint,
        base_vault,
        quote_vault,
        base_program,
        quote_program,
        fee_recipient,
        buyback_recipient,
        coin_creator,
    ] = all(given)?;
    Ok(PumpPool {
        pool,
        base_mint,
        quote_mint,
        base_vault,
        quote_vault,
        base_program,
        quote_program,
        fee_recipient,
        buyback_recipient,
        coin_creator,
    })
}

fn pump(given: &PumpTuple<'_>) -> PyResult<PumpAccounts> {
    let pool = pump_pool(&given.get_item(0)?.extract()?)?;
    let rest: Keys = given.get_slice(1, given.len()).extract()?;
    let [head @ .., cashback_account, pool_v2, buyback] = some::<7>(&rest)?;
    let [fee_account, creator_vault, creator_account, user_volume] = required(head)?;
    Ok(PumpAccounts {
        pool,
        fee_account,
        creator_vault,
        creator_account,
        user_volume,
        cashback_account,
        pool_v2,
        buyback_account: present(buyback)?,
    })
}

/// Returns the accounts after the pool in `PumpAccounts`: a few derivations. Raises `ValueError`.
#[pyfunction(name = "pump_accounts", signature = (pool, owner, *, is_cashback_coin))]
pub(crate) fn py_pump_accounts<'py>(
    py: Python<'py>,
    pool: Bound<'py, PyTuple>,
    owner: PyBackedBytes,
    is_cashback_coin: bool,
) -> PyResult<Bound<'py, PyTuple>> {
    let keys = pump_pool(&pool.extract()?)?;
    let found = PumpAccounts::derive(keys, &key(&owner)?, is_cashback_coin);
    let found = found.map_err(Fault::input)?;
    let bytes = |key: Pubkey| PyBytes::new(py, &key);
    (
        pool,
        bytes(found.fee_account),
        bytes(found.creator_vault),
        bytes(found.creator_account),
        bytes(found.user_volume),
        found.cashback_account.map(bytes),
        found.pool_v2.map(bytes),
        bytes(found.buyback_account),
    )
        .into_pyobject(py)
}

/// Returns a purchase or sale on Pump AMM. Raises `ValueError`.
#[pyfunction(name = "pump_swap", signature = (accounts, user, amounts, *, buy))]
pub(crate) fn py_pump_swap(
    accounts: PumpTuple<'_>,
    user: Keys,
    amounts: Amounts,
    buy: bool,
) -> PyResult<Instruction> {
    let (accounts, user) = (pump(&accounts)?, trader(&user)?);
    built(pump::pump_swap(&accounts, &user, of(amounts), buy))
}

/// Returns a purchase or sale on Pump AMM by the newer, shorter instruction. Raises `ValueError`.
#[pyfunction(name = "pump_swap_v2", signature = (accounts, user, amounts, *, buy))]
pub(crate) fn py_pump_swap_v2(
    accounts: PumpTuple<'_>,
    user: Keys,
    amounts: Amounts,
    buy: bool,
) -> PyResult<Instruction> {
    let (accounts, user) = (pump(&accounts)?, trader(&user)?);
    built(pump::pump_swap_v2(&accounts, &user, of(amounts), buy))
}

fn of((exact_in, amount, limit): Amounts) -> SwapAmounts {
    SwapAmounts {
        exact_in,
        amount,
        limit,
    }
}

fn trader(given: &Keys) -> Result<User, Fault> {
    let [owner, source, target] = all(given)?;
    Ok(User {
        owner,
        source,
        target,
    })
}

/// Returns the keys of a tuple of `N`.
fn some<const N: usize>(given: &Keys) -> Result<[Option<Pubkey>; N], Fault> {
    if given.len() != N {
        return Err(Fault::Input(format!("{} keys, expected {N}", given.len())));
    }
    let mut out = [None; N];
    for (to, bytes) in out.iter_mut().zip(given) {
        *to = bytes.as_ref().map(|bytes| key(bytes)).transpose()?;
    }
    Ok(out)
}

fn all<const N: usize>(given: &Keys) -> Result<[Pubkey; N], Fault> {
    required(some(given)?)
}

fn required<const N: usize>(keys: [Option<Pubkey>; N]) -> Result<[Pubkey; N], Fault> {
    let mut out = [[0; 32]; N];
    for (to, key) in out.iter_mut().zip(keys) {
        *to = present(key)?;
    }
    Ok(out)
}

fn present(key: Option<Pubkey>) -> Result<Pubkey, Fault> {
    key.ok_or_else(|| Fault::Input("a key was None".to_owned()))
}
