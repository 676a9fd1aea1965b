//! On-chain order books and wallets, many accounts in one call.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::chain::base58::Pubkey;
use cambist_core::library::balance_scanner::{Holding, MintBalance, RawAccount, Scan, scan_wallet};
use cambist_core::venues::slab_decoder::{
    Book, Lots, Market, Side, SlabError, decode_openbook_v2_book, decode_openbook_v2_market,
    decode_phoenix_books, decode_phoenix_market, decode_serum_book, decode_serum_market,
};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyTuple;

use crate::error::Fault;

/// (price, quantity, sequence, owner, client's id)
type Order = (u64, u64, u64, Pubkey, u64);
/// (price, quantity, orders)
type Level = (u64, u128, u32);
/// (side, orders, levels)
type BookSide = (&'static str, Vec<Order>, Vec<Level>);
/// (sides, orders that don't count by reason)
type Decoded = (Vec<BookSide>, Vec<(&'static str, u64)>);
/// (address, program, lamports, data)
type Account = (PyBackedBytes, PyBackedBytes, u64, PyBackedBytes);

/// Returns (sides, skipped) of each account, or the words of its error; a side is (`bid` or `ask`, orders, levels), best
/// first.
///
/// `venue` is `serum` (also `OpenBook` v1), `openbook_v2` or `phoenix`. `time` is (slot, unix seconds), past which orders
/// expire; pegged orders follow `oracle_price_lots`. Raises `ValueError` for another venue.
#[pyfunction(name = "decode_books", signature = (venue, accounts, time = (0, 0), oracle_price_lots = None))]
pub(crate) fn py_decode_books(
    py: Python<'_>,
    venue: &str,
    accounts: Vec<PyBackedBytes>,
    time: (u64, u64),
    oracle_price_lots: Option<i64>,
) -> PyResult<Vec<Py<PyAny>>> {
    let venue = Venue::of(venue)?;
    let decoded = py.detach(|| {
        let decode = |data: &PyBackedBytes| -> Result<Decoded, SlabError> {
            Ok(match venue {
                Venue::Serum => (vec![side(&decode_serum_book(data)?)], Vec::new()),
                Venue::OpenbookV2 => {
                    let (book, skipped) = decode_openbook_v2_book(data, time.1, oracle_price_lots)?;
                    (vec![side(&book)], skipped.counts())
                }
                Venue::Phoenix => {
                    let (books, skipped) = decode_phoenix_books(data, time.0, time.1)?;
                    (books.iter().map(side).collect(), skipped.counts())
                }
            })
        };
        accounts.iter().map(decode).collect::<Vec<_>>()
    });
    or_words(py, decoded)
}

/// Returns the fields of each market, or the words of its error.
///
/// (base mint, quote mint, base vault, quote vault, bids, asks, base lot, quote lot, taker fee ppm, status). Raises
/// `ValueError` for an unknown venue.
#[pyfunction(name = "decode_markets")]
pub(crate) fn py_decode_markets(
    py: Python<'_>,
    venue: &str,
    accounts: Vec<PyBackedBytes>,
) -> PyResult<Vec<Py<PyAny>>> {
    let venue = Venue::of(venue)?;
    let decoded = py.detach(|| {
        let decode = |data: &PyBackedBytes| match venue {
            Venue::Serum => decode_serum_market(data),
            Venue::OpenbookV2 => decode_openbook_v2_market(data),
            Venue::Phoenix => decode_phoenix_market(data),
        };
        let decode = |data| decode(data).map(|market| row(&market));
        accounts.iter().map(decode).collect::<Vec<_>>()
    });
    or_words(py, decoded)
}

/// Returns (base atoms, quote atoms) of each (price, quantity) in lots, or why it can't be told.
#[pyfunction(name = "lots_to_atoms")]
pub(crate) fn py_lots_to_atoms(
    py: Python<'_>,
    base_lot: u64,
    quote_lot: u64,
    levels: Vec<(u64, u128)>,
) -> PyResult<Vec<Py<PyAny>>> {
    let lots = Lots {
        base: base_lot,
        quote: quote_lot,
    };
    let found = py.detach(|| {
        let atoms = |&(price, quantity): &(u64, u128)| {
            let base = lots.base_atoms(quantity)?;
            Ok::<_, SlabError>((base, lots.quote_atoms(price, quantity)?))
        };
        levels.iter().map(atoms).collect::<Vec<_>>()
    });
    or_words(py, found)
}

/// Returns what a wallet holds: (lamports, holdings, balances, skipped, counts of skips).
///
/// An account is (address, program, lamports, data), a mint (address, data). Raises `ValueError` for an address that has
/// not 32 bytes.
#[pyfunction(name = "scan_wallet")]
pub(crate) fn py_scan_wallet<'py>(
    py: Python<'py>,
    wallet: &[u8],
    accounts: Vec<Account>,
    mints: Vec<(PyBackedBytes, PyBackedBytes)>,
    epoch: u64,
) -> PyResult<Bound<'py, PyTuple>> {
    let wallet = key(wallet)?;
    let scan = py.detach(|| {
        let accounts = accounts
            .iter()
            .map(|(address, program, lamports, data)| {
                Ok(RawAccount {
                    address: key(address)?,
                    program: key(program)?,
                    lamports: *lamports,
                    data,
                })
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        let mints = mints
            .iter()
            .map(|(address, data)| Ok((key(address)?, &**data)))
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok::<Scan, Fault>(scan_wallet(&wallet, &accounts, &mints, epoch))
    })?;
    let holdings = scan.holdings.iter().map(|each| holding(py, each));
    let skipped: Vec<_> = scan
        .skipped
        .iter()
        .map(|skip| (skip.address, skip.reason.word(), skip.detail.as_str()))
        .collect();
    let counts: Vec<_> = scan
        .skips()
        .into_iter()
        .map(|(reason, count)| (reason.word(), count))
        .collect();
    (
        scan.lamports,
        holdings.collect::<PyResult<Vec<_>>>()?,
        scan.balances.iter().map(balance).collect::<Vec<_>>(),
        skipped,
        counts,
    )
        .into_pyobject(py)
}

#[derive(Clone, Copy)]
enum Venue {
    Serum,
    OpenbookV2,
    Phoenix,
}

impl Venue {
    fn of(name: &str) -> Result<Self, Fault> {
        match name {
            "serum" => Ok(Self::Serum),
            "openbook_v2" => Ok(Self::OpenbookV2),
            "phoenix" => Ok(Self::Phoenix),
            _ => Err(Fault::Input(format!("venue was {name}"))),
        }
    }
}

fn key(bytes: &[u8]) -> Result<Pubkey, Fault> {
    bytes
        .try_into()
        .map_err(|_| Fault::Input(format!("key of {} bytes", bytes.len())))
}

/// Returns each result as its value or its error's words.
fn or_words<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    results: Vec<Result<T, SlabError>>,
) -> PyResult<Vec<Py<PyAny>>> {
    results
        .into_iter()
        .map(|each| match each {
            Ok(value) => value.into_py_any(py),
            Err(error) => error.to_string().into_py_any(py),
        })
        .collect()
}

fn side(book: &Book) -> BookSide {
    let order = |order: &cambist_core::venues::slab_decoder::Order| {
        (
            order.price,
            order.quantity,
            order.sequence,
            order.owner,
            order.client_order_id,
        )
    };
    let level = |level: cambist_core::venues::slab_decoder::Level| {
        (level.price, level.quantity, level.orders)
    };
    let word = match book.side {
        Side::Bid => "bid",
        Side::Ask => "ask",
    };
    (
        word,
        book.orders.iter().map(order).collect(),
        book.levels().into_iter().map(level).collect(),
    )
}

type MarketRow = (
    Pubkey,
    Pubkey,
    Pubkey,
    Pubkey,
    Option<Pubkey>,
    Option<Pubkey>,
    u64,
    u64,
    Option<u64>,
    u64,
);

fn row(market: &Market) -> MarketRow {
    (
        market.base_mint,
        market.quote_mint,
        market.base_vault,
        market.quote_vault,
        market.bids,
        market.asks,
        market.lots.base,
        market.lots.quote,
        market.taker_fee_ppm,
        market.status,
    )
}

fn holding<'py>(py: Python<'py>, holding: &Holding) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(
        py,
        [
            holding.address.into_py_any(py)?,
            holding.program.into_py_any(py)?,
            holding.mint.into_py_any(py)?,
            holding.owner.into_py_any(py)?,
            holding.amount.into_py_any(py)?,
            holding.frozen.into_py_any(py)?,
            holding.delegate.into_py_any(py)?,
            holding.delegated_amount.into_py_any(py)?,
            holding.native_reserve.into_py_any(py)?,
            holding.unsynced.into_py_any(py)?,
            holding.close_authority.into_py_any(py)?,
            holding.withheld.into_py_any(py)?,
            holding.extensions.clone().into_py_any(py)?,
        ],
    )
}

type BalanceRow = (
    Pubkey,
    Pubkey,
    Option<u8>,
    u32,
    u128,
    u128,
    u128,
    u128,
    u128,
    u128,
    Option<u128>,
);

fn balance(balance: &MintBalance) -> BalanceRow {
    (
        balance.mint,
        balance.program,
        balance.decimals,
        balance.accounts,
        balance.total,
        balance.frozen,
        balance.delegated,
        balance.spendable,
        balance.withheld,
        balance.wrapped,
        balance.arrives,
    )
}
