//! Transactions as a node gives them: what they cost, whether they failed, and their swaps with mints, amounts and price.
//!
//! Read are the answers of `getTransaction` and `getBlock` and the notifications of `blockSubscribe` and
//! `transactionSubscribe`, in the encodings json, jsonParsed, base64 and base58. A swap belongs to the invocation of its
//! venue's program, however deep a router calls it; what a router reports itself is no swap. Its amounts are told thrice:
//! by the program's event, by the token transfers that the program asked for, and by the balances of its vaults.
//!
//! An order of a book that settles at once is a swap; one that settles later is a swap only where its program tells the
//! totals. Fills come
//! besides, in the market's lots, and in atoms for markets whose lots are given.

mod message;
mod read;
mod receipt;
mod swaps;
mod transfer;
mod tree;

use hashbrown::HashMap;

pub(crate) use self::receipt::receipt;
use crate::chain::base58::{Pubkey, Signature};
use crate::chain::log_parser::{FillEvent, Venue, parse_logs};
pub use crate::exchanges::DecodeError;
use crate::exchanges::frame::Frame as Json;
use crate::venues::slab_decoder::Lots;

/// Lots of order books, by address. Only looked up, never walked.
pub type Markets = HashMap<Pubkey, Lots>;

/// A transaction that a node gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub signature: Option<Signature>,
    /// `None` where the answer doesn't say, as in a block.
    pub slot: Option<u64>,
    pub signer: Option<Pubkey>,
    /// In lamports.
    pub fee: u64,
    pub compute_units: Option<u64>,
    /// Why it failed; a failed transaction has no swaps.
    pub error: Option<String>,
    /// In the order in which they happened.
    pub swaps: Vec<Swap>,
    /// Of order books, likewise. They are what the swaps among them met, or earlier orders that are settled here.
    pub fills: Vec<Fill>,
    /// Events of known programs that can't be read, and why.
    pub refused: Vec<String>,
    /// Whether the logs are there to their end and fit the instructions, so that no event is missing.
    pub complete: bool,
}

/// Where a swap stands in its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub program: Pubkey,
    /// The transaction's instruction, from 0.
    pub instruction: u32,
    /// The place among that instruction's inner ones; `None` if it is the instruction itself.
    pub inner: Option<u32>,
    /// 1 for an instruction of the transaction itself.
    pub depth: u32,
    /// The program that asked for the swap.
    pub router: Option<Pubkey>,
}

/// What went in and what came out, each `None` if unknown.
pub type Sides<T> = (Option<T>, Option<T>);

/// A swap of one pool. Amounts are atoms, as `SwapEvent` counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    pub venue: Venue,
    pub place: Place,
    pub pool: Option<Pubkey>,
    pub mints: Sides<Pubkey>,
    pub decimals: Sides<u8>,
    /// The event's, else the transfers', else the balances'.
    pub amounts: Sides<u64>,
    pub by_event: Option<(u64, u64)>,
    /// What left the trader's account and what came to it, while the program ran.
    pub by_transfers: Sides<u64>,
    /// What the pool's vaults gained and lost in the transaction; `None` if another swap uses the vault.
    pub by_balances: Sides<u64>,
    /// Whether two of them differ, or the event names another pool than the instruction. Balances count only where there
    /// are no transfers, and not where fees pass the vaults by.
    pub disagrees: bool,
    /// Atoms out and atoms in, in lowest terms; `None` if one is unknown or nothing went in.
    pub price: Option<(u64, u64)>,
}

/// A fill of an order book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Of the call that reports it.
    pub place: Place,
    pub event: FillEvent,
    /// Base and quote before fees; `None` if the market's lots are not given, or beyond a u64.
    pub atoms: Option<(u64, u64)>,
}

/// Returns the transactions of one answer or notification; none if it is of a block that was skipped.
///
/// # Errors
/// A `DecodeError` that names the field and what it was.
pub fn parse_transactions(body: &[u8], markets: &Markets) -> Result<Vec<Transaction>, DecodeError> {
    let json = Json::read(body)?;
    read::entries(json.root())?
        .iter()
        .map(|entry| transaction(entry, markets))
        .collect()
}

fn transaction(entry: &read::Entry<'_, '_>, markets: &Markets) -> Result<Transaction, DecodeError> {
    let raw = read::transaction(entry)?;
    let logs = raw.logs.as_deref().map(parse_logs);
    let (nodes, aligned) = tree::nodes(&raw.top, &raw.inner, logs.as_ref().map(|logs| &logs.trace));
    let complete = aligned && logs.as_ref().is_some_and(|logs| logs.trace.complete());
    let refused = logs.iter().flat_map(|logs| &logs.refused);
    let mut refused = refused.map(|(_, why)| why.clone()).collect();
    let (swaps, fills) = if raw.error.is_some() {
        (Vec::new(), Vec::new())
    } else {
        swaps::of(&nodes, logs.as_ref(), &raw.balances, markets, &mut refused)
    };
    Ok(Transaction {
        signature: raw.signature,
        slot: raw.slot,
        signer: raw.signer,
        fee: raw.fee,
        compute_units: raw.compute_units,
        error: raw.error,
        swaps,
        fills,
        refused,
        complete,
    })
}

#[cfg(test)]
mod tests;
