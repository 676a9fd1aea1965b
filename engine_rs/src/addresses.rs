//! Program-derived addresses that were derived once, and the objects that Python has of them.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use std::sync::{Mutex, MutexGuard};

use cambist_core::chain::base58::Pubkey;
use cambist_core::chain::pda::{self, DEFAULT_CAPACITY, Known, PACKED_LEN};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyBytesMethods, PyList, PyTuple};

use crate::error::Fault;
use crate::plumbing::{parts, sized};

/// Addresses derived once: a bounded table, the oldest entry leaves first.
#[pyclass(frozen)]
pub(crate) struct PdaCache(Mutex<Cache>);

struct Cache {
    addresses: pda::PdaCache,
    /// By place: the serial of an address, and (address, bump) as Python has it.
    handed: Vec<Option<(u64, Py<PyTuple>)>>,
}

#[pymethods]
impl PdaCache {
    #[new]
    #[pyo3(signature = (capacity = DEFAULT_CAPACITY))]
    fn new(capacity: usize) -> PyResult<Self> {
        let addresses = pda::PdaCache::new(capacity).map_err(Fault::input)?;
        let handed = Vec::new();
        Ok(Self(Mutex::new(Cache { addresses, handed })))
    }

    /// Returns address and bump, derived only if they aren't here yet. Raises `ValueError`.
    fn find<'py>(
        &self,
        py: Python<'py>,
        mut seeds: Seeds<'_, 'py>,
        program: &[u8],
    ) -> PyResult<Bound<'py, PyTuple>> {
        let program = sized(program, "program")?;
        let mut cache = self.cache()?;
        if let Some(joined) = seeds.of(&program)
            && let Some(known) = cache.addresses.known(joined)
        {
            return cache.handed(py, known);
        }
        let seeds: Vec<Bound<'py, PyBytes>> = seeds.all.extract()?;
        let (address, bump) = cache
            .addresses
            .find(&parts(&seeds), &program)
            .map_err(Fault::input)?;
        (PyBytes::new(py, &address), bump).into_pyobject(py)
    }

    /// Derives every pool address of the first 500 pairs of mints; returns how many were new. Raises `ValueError`.
    fn warm(&self, py: Python<'_>, pairs: Vec<(Vec<u8>, Vec<u8>)>) -> PyResult<u64> {
        let pairs = pairs
            .iter()
            .map(|(a, b)| Ok((sized(a, "mint")?, sized(b, "mint")?)))
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok(py.detach(|| self.cache()?.addresses.warm(&pairs).map_err(Fault::input))?)
    }

    /// Returns how often an address was here, was not, and had to leave for a newer one.
    fn counts(&self) -> PyResult<(u64, u64, u64)> {
        let [hits, misses, evicted] = self.cache()?.addresses.counts();
        Ok((hits, misses, evicted))
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.cache()?.addresses.len())
    }
}

impl PdaCache {
    fn cache(&self) -> Result<MutexGuard<'_, Cache>, Fault> {
        self.0.lock().map_err(|_| Fault::Poisoned)
    }
}

impl Cache {
    /// Returns the object of an address, made when it is asked for a second time: it takes longer than the look-up.
    fn handed<'py>(&mut self, py: Python<'py>, known: Known) -> PyResult<Bound<'py, PyTuple>> {
        if self.handed.len() <= known.place {
            self.handed.resize_with(known.place + 1, || None);
        }
        let slot = &mut self.handed[known.place];
        if let Some((serial, handed)) = slot
            && *serial == known.serial
        {
            return Ok(handed.bind(py).clone());
        }
        let made = (PyBytes::new(py, &known.address), known.bump).into_pyobject(py)?;
        *slot = Some((known.serial, made.clone().unbind()));
        Ok(made)
    }
}

/// Seeds, joined behind the place of a program where they are a list or tuple and fit.
struct Seeds<'a, 'py> {
    all: Borrowed<'a, 'py, PyAny>,
    joined: [u8; PACKED_LEN],
    /// Where the last one ends, if they are joined.
    end: Option<usize>,
}

impl Seeds<'_, '_> {
    /// Returns the program and the seeds end to end, as the cache knows them.
    fn of(&mut self, program: &Pubkey) -> Option<&[u8]> {
        let joined = self.joined.get_mut(..self.end?)?;
        joined[..program.len()].copy_from_slice(program);
        Some(joined)
    }

    fn join<'py>(&mut self, seeds: impl Iterator<Item = Bound<'py, PyAny>>) -> Option<usize> {
        let mut end = size_of::<Pubkey>();
        for (at, seed) in seeds.enumerate() {
            let seed = seed.cast::<PyBytes>().ok()?.as_bytes();
            if !pda::takes(at, seed.len()) {
                return None;
            }
            let next = end + seed.len();
            self.joined.get_mut(end..next)?.copy_from_slice(seed);
            end = next;
        }
        Some(end)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Seeds<'a, 'py> {
    type Error = PyErr;

    fn extract(all: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let mut seeds = Self {
            all,
            joined: [0; PACKED_LEN],
            end: None,
        };
        seeds.end = if let Ok(list) = all.cast_exact::<PyList>() {
            seeds.join(list.iter())
        } else if let Ok(tuple) = all.cast_exact::<PyTuple>() {
            seeds.join(tuple.iter())
        } else {
            None
        };
        if seeds.end.is_none() {
            // Raises here for what holds no bytes, with the argument's name.
            let _: Vec<Bound<'py, PyBytes>> = all.extract()?;
        }
        Ok(seeds)
    }
}
