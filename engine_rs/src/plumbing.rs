//! Keys, program-derived addresses, inclusion proofs and quote history.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]
#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use cambist_core::chain::base58::{self, KeyText, Packed, Pubkey};
use cambist_core::chain::pda::Derivation;
use cambist_core::chain::pda::{self, PdaError};
use cambist_core::library::merkle::{self, MerkleError, Scheme, Tree};
use cambist_fast::{Work, wide};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyBytesMethods, PyString, PyStringMethods};

use crate::error::Fault;

/// (address, bump)
pub(crate) type Found<'py> = (Bound<'py, PyBytes>, u8);

/// Returns the base58 text of each key (`size` 32) or signature (64) of packed bytes. Raises `ValueError`.
#[pyfunction(name = "base58_encode_many")]
pub(crate) fn py_base58_encode_many<'py>(
    py: Python<'py>,
    packed: &[u8],
    size: usize,
) -> PyResult<Vec<Bound<'py, PyString>>> {
    let text = |text: &[u8]| PyString::from_bytes(py, text);
    match base58::unpacked(packed, size).map_err(Fault::input)? {
        Packed::Keys(keys) => {
            let each = |key| text(wide(Encode(key)).as_bytes());
            keys.iter().map(each).collect()
        }
        Packed::Signatures(signatures) => {
            let each = |signature| text(base58::encode_signature(signature).as_bytes());
            signatures.iter().map(each).collect()
        }
    }
}

/// A key to write.
struct Encode<'a>(&'a Pubkey);

impl Work for Encode<'_> {
    type Output = KeyText;

    #[inline(always)]
    fn run(self) -> KeyText {
        KeyText::of(self.0)
    }
}

/// Returns the base58 text of a 32-byte key. Raises `ValueError` for another size.
#[pyfunction(name = "base58_encode")]
pub(crate) fn py_base58_encode<'py>(py: Python<'py>, key: &[u8]) -> PyResult<Bound<'py, PyString>> {
    let key = key
        .try_into()
        .map_err(|_| Fault::Input(format!("key of {} bytes", key.len())))?;
    PyString::from_bytes(py, wide(Encode(key)).as_bytes())
}

/// Returns the key of a base58 text, `None` if it is none.
#[pyfunction(name = "base58_decode")]
pub(crate) fn py_base58_decode<'py>(py: Python<'py>, text: &str) -> Option<Bound<'py, PyBytes>> {
    base58::decode(text).map(|key| PyBytes::new(py, &key))
}

/// Returns the keys (`size` 32) or signatures (64) of base58 texts, end to end. Raises `ValueError`.
#[pyfunction(name = "base58_decode_many")]
pub(crate) fn py_base58_decode_many<'py>(
    py: Python<'py>,
    texts: Vec<Bound<'py, PyString>>,
    size: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let texts = texts.iter().map(PyStringMethods::to_str);
    let packed = base58::decode_many(&texts.collect::<PyResult<Vec<_>>>()?, size);
    Ok(PyBytes::new(py, &packed.map_err(Fault::input)?))
}

/// Returns whether a 32-byte key is a point of ed25519. Raises `ValueError` for another size.
#[pyfunction(name = "is_on_curve")]
pub(crate) fn py_is_on_curve(key: &[u8]) -> PyResult<bool> {
    Ok(pda::is_on_curve(&sized(key, "key")?))
}

/// Returns the address of a program's seeds, the bump among them. Raises `ValueError`.
#[pyfunction(name = "pda_create")]
pub(crate) fn py_pda_create<'py>(
    py: Python<'py>,
    seeds: Vec<Bound<'py, PyBytes>>,
    program: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let key = pda::create(&parts(&seeds), &sized(program, "program")?);
    Ok(PyBytes::new(py, &key.map_err(Fault::input)?))
}

/// Returns the address of a program's seeds and the highest bump that takes it off the curve. Raises `ValueError`.
#[pyfunction(name = "pda_find")]
pub(crate) fn py_pda_find<'py>(
    py: Python<'py>,
    seeds: Vec<Bound<'py, PyBytes>>,
    program: &[u8],
) -> PyResult<Found<'py>> {
    found(py, pda::find(&parts(&seeds), &sized(program, "program")?))
}

/// Returns address and bump of each (program, seeds). Raises `ValueError` with the place of the first refused.
#[pyfunction(name = "pda_find_many")]
pub(crate) fn py_pda_find_many(
    py: Python<'_>,
    wanted: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
) -> PyResult<Vec<Found<'_>>> {
    let all = py.detach(|| {
        let mut all = Vec::with_capacity(wanted.len());
        for (at, (program, seeds)) in wanted.into_iter().enumerate() {
            let program = sized(&program, &format!("derivation {at}: program"))?;
            all.push(Derivation { program, seeds });
        }
        pda::find_many(&all)
            .map_err(|(at, error)| Fault::Input(format!("derivation {at}: {error}")))
    })?;
    all.into_iter()
        .map(|(key, bump)| Ok((PyBytes::new(py, &key), bump)))
        .collect()
}

/// Returns the root of the tree over items, in their order; `scheme` is sorted, ordered or shred. Raises `ValueError`.
#[pyfunction(name = "merkle_root")]
pub(crate) fn py_merkle_root<'py>(
    py: Python<'py>,
    scheme: &str,
    items: Vec<Vec<u8>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let scheme = Scheme::of(scheme).map_err(Fault::input)?;
    let tree = py.detach(|| Tree::new(scheme, &items));
    Ok(PyBytes::new(py, &tree.map_err(Fault::input)?.root()))
}

/// Returns the proof of each leaf of one tree, siblings from the bottom up. Raises `ValueError`.
#[pyfunction(name = "merkle_prove")]
pub(crate) fn py_merkle_prove<'py>(
    py: Python<'py>,
    scheme: &str,
    items: Vec<Vec<u8>>,
    indices: Vec<usize>,
) -> PyResult<Vec<Vec<Bound<'py, PyBytes>>>> {
    let scheme = Scheme::of(scheme).map_err(Fault::input)?;
    let proofs = py.detach(|| {
        let tree = Tree::new(scheme, &items)?;
        let proofs = indices.iter().map(|&index| tree.proof(index));
        proofs.collect::<Result<Vec<_>, MerkleError>>()
    });
    let proofs = proofs.map_err(Fault::input)?;
    let bytes = |entry: &Vec<u8>| PyBytes::new(py, entry);
    Ok(proofs
        .iter()
        .map(|proof| proof.iter().map(bytes).collect())
        .collect())
}

/// Returns whether `item` is leaf `index` of the tree of `leaves` items with this root. Raises `ValueError`.
#[pyfunction(name = "merkle_verify")]
pub(crate) fn py_merkle_verify(
    scheme: &str,
    item: &[u8],
    index: usize,
    leaves: usize,
    proof: Vec<Vec<u8>>,
    root: &[u8],
) -> PyResult<bool> {
    let scheme = Scheme::of(scheme).map_err(Fault::input)?;
    let root = sized(root, "root")?;
    let verified = merkle::verify(scheme, item, (index, leaves), &proof, &root);
    Ok(verified.map_err(Fault::input)?)
}

/// Returns whether a distributor with this root pays `claim`. Raises `ValueError`.
#[pyfunction(name = "merkle_verify_claim")]
pub(crate) fn py_verify_claim(claim: &[u8], proof: Vec<Vec<u8>>, root: &[u8]) -> PyResult<bool> {
    let claim = sized(claim, "claim")?;
    let verified = merkle::verify_claim(&claim, &proof, &sized(root, "root")?);
    Ok(verified.map_err(Fault::input)?)
}

/// Returns the item that stands for a claim on a tip distribution, in lamports. Raises `ValueError`.
#[pyfunction(name = "merkle_tip_claim")]
pub(crate) fn py_tip_claim<'py>(
    py: Python<'py>,
    claimant: &[u8],
    amount: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let claim = merkle::tip_claim(&sized(claimant, "claimant")?, amount);
    Ok(PyBytes::new(py, &claim))
}

/// Returns the item that stands for a claim on a token distributor, in atoms free and vesting. Raises `ValueError`.
#[pyfunction(name = "merkle_distributor_claim")]
pub(crate) fn py_distributor_claim<'py>(
    py: Python<'py>,
    claimant: &[u8],
    unlocked: u64,
    locked: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let claim = merkle::distributor_claim(&sized(claimant, "claimant")?, unlocked, locked);
    Ok(PyBytes::new(py, &claim))
}

pub(crate) fn found(py: Python<'_>, result: Result<(Pubkey, u8), PdaError>) -> PyResult<Found<'_>> {
    let (key, bump) = result.map_err(Fault::input)?;
    Ok((PyBytes::new(py, &key), bump))
}

pub(crate) fn parts<'a>(seeds: &'a [Bound<'_, PyBytes>]) -> Vec<&'a [u8]> {
    seeds.iter().map(PyBytesMethods::as_bytes).collect()
}

pub(crate) fn sized(key: &[u8], name: &str) -> Result<Pubkey, Fault> {
    key.try_into()
        .map_err(|_| Fault::Input(format!("{name} was {} bytes, not 32", key.len())))
}
