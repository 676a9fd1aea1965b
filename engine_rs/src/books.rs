//! Several venues' books as one, for Python.

use cambist_core::book::order_book::{
    ConsolidatedBook, Crossing, NetLevel, Side, Taken, VenueBook,
};
use cambist_core::exchanges::decimal::PriceScale;
use pyo3::prelude::*;

use crate::error::Fault;

type Levels = Vec<(u64, u64)>;
/// (taker fee ppm, bids, asks)
type Book = (u32, Levels, Levels);
/// (net price, price, quantity, venue)
type Net = (u64, u64, u64, usize);
/// (quote, price, levels)
type Took = (u64, u64, u32);
/// (base, cost, proceeds, bought from, sold to)
type Crossed = (u64, u64, u64, Vec<usize>, Vec<usize>);
/// (bids, asks, what each size brings and costs, crossing)
type Consolidated = (
    Vec<Net>,
    Vec<Net>,
    Vec<(Option<Took>, Option<Took>)>,
    Option<Crossed>,
);

/// Returns the consolidated levels, what each size of base brings and costs, and where the venues cross; see
/// `cambist.engine.reference.consolidated`. Raises `ValueError` for what is no book.
#[pyfunction(name = "consolidate_books")]
#[pyo3(signature = (books, sizes, price_decimals=None))]
pub(crate) fn py_consolidate_books(
    py: Python<'_>,
    books: Vec<Book>,
    sizes: Vec<u64>,
    price_decimals: Option<Vec<u8>>,
) -> PyResult<Consolidated> {
    Ok(py.detach(|| {
        let decimals = price_decimals.unwrap_or_else(|| vec![8; books.len()]);
        if decimals.len() != books.len() {
            let why = format!("{} decimals of {} books", decimals.len(), books.len());
            return Err(Fault::input(why));
        }
        let books: Result<Vec<VenueBook>, String> = books
            .into_iter()
            .zip(decimals)
            .map(|((taker_ppm, bids, asks), decimals)| {
                Ok(VenueBook {
                    taker_ppm,
                    bids,
                    asks,
                    scale: PriceScale::try_from(decimals)?,
                })
            })
            .collect();
        let books = books.map_err(Fault::input)?;
        let all = ConsolidatedBook::new(&books).map_err(Fault::input)?;
        let side = |side| all.levels(side).iter().map(net).collect();
        let sizes = sizes.into_iter().map(|size| {
            let take = |side| all.take(side, size).as_ref().map(took);
            (take(Side::Bid), take(Side::Ask))
        });
        Ok::<_, Fault>((
            side(Side::Bid),
            side(Side::Ask),
            sizes.collect(),
            all.crossing().map(crossed),
        ))
    })?)
}

fn net(level: &NetLevel) -> Net {
    (level.net_price, level.price, level.quantity, level.venue)
}

fn took(taken: &Taken) -> Took {
    (taken.quote, taken.price, taken.levels)
}

fn crossed(found: Crossing) -> Crossed {
    (
        found.base,
        found.cost,
        found.proceeds,
        found.bought_from,
        found.sold_to,
    )
}
