//! Figures of many tokens, kept from tick to tick.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]
#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use cambist_core::series::indicator_table::{self, FIELDS, Periods};
use cambist_core::series::technical::ParameterError;
use cambist_fast::{Work, wide};
use numpy::{PyReadonlyArray1, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::error::Fault;
use crate::series::period;

/// RSI, EMA, Bollinger bands and Kaufman's average of many tokens.
#[pyclass(module = "cambist.engine._native")]
pub(crate) struct IndicatorTable(indicator_table::IndicatorTable);

struct Tick<'a> {
    table: &'a mut indicator_table::IndicatorTable,
    prices: &'a [f64],
    out: &'a mut [f64],
}

impl Work for Tick<'_> {
    type Output = Result<(), ParameterError>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.table.tick(self.prices, self.out)
    }
}

#[pymethods]
impl IndicatorTable {
    #[new]
    #[pyo3(signature = (tokens, *, rsi=14, ema=20, bands=20, width=2.0, kama=10, fast=2, slow=30))]
    #[expect(clippy::too_many_arguments, reason = "each is a keyword")]
    fn new(
        tokens: i64,
        rsi: i64,
        ema: i64,
        bands: i64,
        width: f64,
        kama: i64,
        fast: i64,
        slow: i64,
    ) -> PyResult<Self> {
        let tokens = usize::try_from(tokens)
            .map_err(|_| Fault::Input(format!("tokens {tokens} is negative")))?;
        let periods = Periods {
            rsi: period(rsi)?,
            ema: period(ema)?,
            bands: period(bands)?,
            width,
            kama: period(kama)?,
            fast: period(fast)?,
            slow: period(slow)?,
        };
        let table = indicator_table::IndicatorTable::new(tokens, periods).map_err(Fault::from)?;
        Ok(Self(table))
    }

    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    fn ignored(&self, token: i64) -> PyResult<u64> {
        let known = usize::try_from(token).ok();
        let found = known.and_then(|token| self.0.ignored(token));
        Ok(found.ok_or_else(|| Fault::Input(format!("token {token} of {}", self.0.tokens())))?)
    }

    fn update(&mut self, token: i64, price: f64) -> PyResult<(f64, f64, f64, f64, f64, f64)> {
        let known = usize::try_from(token)
            .map_err(|_| Fault::Input(format!("token {token} of {}", self.0.tokens())))?;
        let [rsi, ema, low, middle, high, kama] =
            self.0.update(known, price).map_err(Fault::from)?;
        Ok((rsi, ema, low, middle, high, kama))
    }

    fn tick(
        &mut self,
        prices: PyReadonlyArray1<'_, f64>,
        mut out: PyReadwriteArray2<'_, f64>,
    ) -> PyResult<()> {
        if out.shape()[0] != FIELDS {
            return Err(
                Fault::Input(format!("{} rows for {FIELDS} figures", out.shape()[0])).into(),
            );
        }
        let work = Tick {
            table: &mut self.0,
            prices: prices.as_slice().map_err(Fault::input)?,
            out: out.as_slice_mut().map_err(Fault::input)?,
        };
        Ok(wide(work).map_err(Fault::from)?)
    }
}
