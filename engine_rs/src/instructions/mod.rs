//! Instructions, messages and transactions; structures come as the named tuples of
//! `cambist.engine.reference.instruction_builder`.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

pub(crate) mod swaps;

use cambist_core::build::instruction_builder as builder;
use cambist_core::build::instruction_builder::{AccountMeta, BuildError};
use cambist_core::chain::base58::Pubkey;
use cambist_core::venues::clmm::swap as clmm;
use cambist_core::venues::dlmm::swap as dlmm;
use cambist_core::venues::orca::swap as orca;
use cambist_core::venues::saber::swap as saber;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use crate::error::Fault;

/// A call of a program.
#[pyclass(frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Instruction(builder::Instruction);

#[pymethods]
impl Instruction {
    /// Takes the program, (key, signer, writable) of each account, and the data. Raises `ValueError`.
    #[new]
    fn new(
        program: PyBackedBytes,
        accounts: Vec<(PyBackedBytes, bool, bool)>,
        data: Vec<u8>,
    ) -> PyResult<Self> {
        let program = key(&program)?;
        let meta = |(account, signer, writable): (PyBackedBytes, bool, bool)| {
            Ok(AccountMeta {
                key: key(&account)?,
                signer,
                writable,
            })
        };
        let accounts = accounts.into_iter().map(meta).collect::<Result<_, Fault>>();
        Ok(Self(builder::Instruction {
            program,
            accounts: accounts?,
            data,
        }))
    }

    #[getter]
    fn program<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.program)
    }

    /// Returns (key, signer, writable) of each account.
    #[getter]
    fn accounts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let metas = self.0.accounts.iter();
        let rows = metas.map(|meta| (PyBytes::new(py, &meta.key), meta.signer, meta.writable));
        PyTuple::new(py, rows)
    }

    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.data)
    }
}

/// A lookup table: addresses that a message names by their place in it.
#[pyclass(frozen)]
pub(crate) struct LookupTable(builder::LookupTable);

#[pymethods]
impl LookupTable {
    /// Takes the table's own address and those it holds. Raises `ValueError`.
    #[new]
    fn new(key: PyBackedBytes, addresses: Vec<PyBackedBytes>) -> PyResult<Self> {
        let key = self::key(&key)?;
        let table = builder::LookupTable::new(key, &keys(&addresses)?);
        Ok(Self(table.map_err(Fault::input)?))
    }

    /// Returns the table in an account's bytes, as a transaction of `slot` may use it. Raises `ValueError`.
    #[staticmethod]
    fn decode(key: PyBackedBytes, data: PyBackedBytes, slot: u64) -> PyResult<Self> {
        let table = builder::LookupTable::decode(self::key(&key)?, &data, slot);
        Ok(Self(table.map_err(Fault::input)?))
    }
}

/// A message, ready to be signed.
#[pyclass(frozen)]
pub(crate) struct Message(builder::Message);

#[pymethods]
impl Message {
    /// Returns what each signer signs.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.data())
    }

    /// Returns who must sign, the payer first, in the order of the signatures.
    #[getter]
    fn signers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.signers().iter().map(|key| PyBytes::new(py, key)))
    }

    /// Returns the bytes of the transaction with these signatures, one for each signer. Raises `ValueError`.
    fn transaction<'py>(
        &self,
        py: Python<'py>,
        signatures: Vec<PyBackedBytes>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let sized = |signature: &PyBackedBytes| {
            builder::Signature::try_from(&**signature)
                .map_err(|_| sized("signature", signature.len(), 64))
        };
        let signatures = signatures.iter().map(sized).collect::<Result<Vec<_>, _>>();
        let bytes = self.0.transaction(&signatures?).map_err(Fault::input)?;
        Ok(PyBytes::new(py, &bytes))
    }
}

/// Returns a version 0 message; accounts in `pinned` are never read from a table. Raises `ValueError`.
#[pyfunction(name = "compile_v0", signature = (payer, instructions, tables, blockhash, pinned = Vec::new()))]
pub(crate) fn py_compile_v0(
    payer: PyBackedBytes,
    instructions: Vec<Py<Instruction>>,
    tables: Vec<Py<LookupTable>>,
    blockhash: PyBackedBytes,
    pinned: Vec<PyBackedBytes>,
) -> PyResult<Message> {
    let (payer, blockhash, pinned) = (key(&payer)?, key(&blockhash)?, keys(&pinned)?);
    let calls: Vec<&builder::Instruction> = instructions.iter().map(|each| &each.get().0).collect();
    let tables: Vec<_> = tables.iter().map(|table| &table.get().0).collect();
    let message = builder::compile_v0(&payer, &calls, &tables, &blockhash, &pinned);
    Ok(Message(message.map_err(Fault::input)?))
}

/// Returns a legacy message. Raises `ValueError`.
#[pyfunction(name = "compile_legacy")]
pub(crate) fn py_compile_legacy(
    payer: PyBackedBytes,
    instructions: Vec<Py<Instruction>>,
    blockhash: PyBackedBytes,
) -> PyResult<Message> {
    let (payer, blockhash) = (key(&payer)?, key(&blockhash)?);
    let calls: Vec<&builder::Instruction> = instructions.iter().map(|each| &each.get().0).collect();
    let message = builder::compile_legacy(&payer, &calls, &blockhash);
    Ok(Message(message.map_err(Fault::input)?))
}

/// Returns what sets the compute units a transaction may use.
#[pyfunction(name = "compute_unit_limit")]
pub(crate) fn py_compute_unit_limit(units: u32) -> Instruction {
    Instruction(builder::compute_unit_limit(units))
}

/// Returns what sets the priority fee, in micro-lamports for each compute unit asked for.
#[pyfunction(name = "compute_unit_price")]
pub(crate) fn py_compute_unit_price(micro_lamports: u64) -> Instruction {
    Instruction(builder::compute_unit_price(micro_lamports))
}

/// Returns what sets how many bytes of accounts a transaction may load. Raises `ValueError` for 0.
#[pyfunction(name = "loaded_data_limit")]
pub(crate) fn py_loaded_data_limit(size: u32) -> PyResult<Instruction> {
    built(builder::loaded_data_limit(size))
}

/// Returns what creates a wallet's associated token account where it is missing. Raises `ValueError`.
#[pyfunction(name = "create_associated_token")]
pub(crate) fn py_create_associated_token(
    funder: PyBackedBytes,
    owner: PyBackedBytes,
    mint: PyBackedBytes,
    token_program: PyBackedBytes,
) -> PyResult<Instruction> {
    let (funder, owner) = (key(&funder)?, key(&owner)?);
    let (mint, program) = (key(&mint)?, key(&token_program)?);
    built(builder::create_associated_token(
        funder, owner, mint, program,
    ))
}

/// Returns what sends lamports: to a wrapped SOL account, or as a tip. Raises `ValueError`.
#[pyfunction(name = "transfer")]
pub(crate) fn py_transfer(
    source: PyBackedBytes,
    target: PyBackedBytes,
    lamports: u64,
) -> PyResult<Instruction> {
    let (source, target) = (key(&source)?, key(&target)?);
    Ok(Instruction(builder::transfer(source, target, lamports)))
}

/// Returns what makes a wrapped SOL account's amount its lamports. Raises `ValueError`.
#[pyfunction(name = "sync_native")]
pub(crate) fn py_sync_native(account: PyBackedBytes) -> PyResult<Instruction> {
    Ok(Instruction(builder::sync_native(key(&account)?)))
}

/// Returns what closes a token account; its lamports go to `target`. Raises `ValueError`.
#[pyfunction(name = "close_account")]
pub(crate) fn py_close_account(
    account: PyBackedBytes,
    target: PyBackedBytes,
    owner: PyBackedBytes,
    token_program: PyBackedBytes,
) -> PyResult<Instruction> {
    let (account, target) = (key(&account)?, key(&target)?);
    let (owner, program) = (key(&owner)?, key(&token_program)?);
    built(builder::close_account(account, target, owner, program))
}

/// Returns the three instructions that wrap lamports. Raises `ValueError`.
#[pyfunction(name = "wrap_sol")]
pub(crate) fn py_wrap_sol(owner: PyBackedBytes, lamports: u64) -> PyResult<Vec<Instruction>> {
    let built = builder::wrap_sol(key(&owner)?, lamports).map_err(Fault::input)?;
    Ok(built.map(Instruction).into())
}

/// Returns what turns all of the owner's wrapped SOL into lamports. Raises `ValueError`.
#[pyfunction(name = "unwrap_sol")]
pub(crate) fn py_unwrap_sol(owner: PyBackedBytes) -> PyResult<Instruction> {
    built(builder::unwrap_sol(key(&owner)?))
}

/// Returns a note in the log, vouched for by the signers. Raises `ValueError`.
#[pyfunction(name = "memo")]
pub(crate) fn py_memo(text: &str, signers: Vec<PyBackedBytes>) -> PyResult<Instruction> {
    Ok(Instruction(builder::memo(text, &keys(&signers)?)))
}

/// Returns the associated token account of a wallet. Raises `ValueError`.
#[pyfunction(name = "associated_token_address")]
pub(crate) fn py_associated_token_address(
    py: Python<'_>,
    owner: PyBackedBytes,
    mint: PyBackedBytes,
    token_program: PyBackedBytes,
) -> PyResult<Bound<'_, PyBytes>> {
    let (owner, mint, program) = (key(&owner)?, key(&mint)?, key(&token_program)?);
    let found = builder::associated_token_address(&owner, &mint, &program);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

/// Returns a Whirlpool's tick array by its first tick. Raises `ValueError`.
#[pyfunction(name = "whirlpool_tick_array")]
pub(crate) fn py_whirlpool_tick_array(
    py: Python<'_>,
    program: PyBackedBytes,
    pool: PyBackedBytes,
    start: i32,
) -> PyResult<Bound<'_, PyBytes>> {
    let found = orca::whirlpool_tick_array(&key(&program)?, &key(&pool)?, start);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

/// Returns a Whirlpool's oracle. Raises `ValueError`.
#[pyfunction(name = "whirlpool_oracle")]
pub(crate) fn py_whirlpool_oracle(
    py: Python<'_>,
    program: PyBackedBytes,
    pool: PyBackedBytes,
) -> PyResult<Bound<'_, PyBytes>> {
    let found = orca::whirlpool_oracle(&key(&program)?, &key(&pool)?);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

/// Returns a Raydium CLMM pool's tick array by its first tick. Raises `ValueError`.
#[pyfunction(name = "clmm_tick_array")]
pub(crate) fn py_clmm_tick_array(
    py: Python<'_>,
    pool: PyBackedBytes,
    start: i32,
) -> PyResult<Bound<'_, PyBytes>> {
    let found = clmm::clmm_tick_array(&key(&pool)?, start);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

/// Returns where a Raydium CLMM pool marks tick arrays beyond its own bitmap. Raises `ValueError`.
#[pyfunction(name = "clmm_bitmap_extension")]
pub(crate) fn py_clmm_bitmap_extension(
    py: Python<'_>,
    pool: PyBackedBytes,
) -> PyResult<Bound<'_, PyBytes>> {
    let found = clmm::clmm_bitmap_extension(&key(&pool)?);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

/// Returns a DLMM pair's bin array. Raises `ValueError`.
#[pyfunction(name = "dlmm_bin_array")]
pub(crate) fn py_dlmm_bin_array(
    py: Python<'_>,
    pair: PyBackedBytes,
    index: i64,
) -> PyResult<Bound<'_, PyBytes>> {
    let found = dlmm::dlmm_bin_array(&key(&pair)?, index);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

/// Returns who signs for the vaults of a Saber pool. Raises `ValueError`.
#[pyfunction(name = "saber_authority")]
pub(crate) fn py_saber_authority(
    py: Python<'_>,
    pool: PyBackedBytes,
    nonce: u8,
) -> PyResult<Bound<'_, PyBytes>> {
    let found = saber::saber_authority(&key(&pool)?, nonce);
    Ok(PyBytes::new(py, &found.map_err(Fault::input)?))
}

fn built(result: Result<builder::Instruction, BuildError>) -> PyResult<Instruction> {
    Ok(Instruction(result.map_err(Fault::input)?))
}

fn key(bytes: &[u8]) -> Result<Pubkey, Fault> {
    bytes.try_into().map_err(|_| sized("key", bytes.len(), 32))
}

fn keys(given: &[PyBackedBytes]) -> Result<Vec<Pubkey>, Fault> {
    given.iter().map(|bytes| key(bytes)).collect()
}

fn sized(what: &str, length: usize, expected: usize) -> Fault {
    Fault::Input(format!("{what} was {length} bytes, not {expected}"))
}
