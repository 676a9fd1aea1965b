//! A token account in full.

use super::RawAccount;
use crate::chain::base58::Pubkey;
use crate::chain::program;
use crate::chain::reader::{LayoutError, Reader};
use crate::chain::token::{base, extensions};

const NAME: &str = "token_account";
const SIZE: usize = 165;
const TYPE: u8 = 2;
const TRANSFER_FEE_AMOUNT: u16 = 2;

/// One token account: SPL Token, or Token-2022 with its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub address: Pubkey,
    /// The token program.
    pub program: Pubkey,
    pub mint: Pubkey,
    pub owner: Pubkey,
    pub amount: u64,
    pub frozen: bool,
    pub delegate: Option<Pubkey>,
    /// What the delegate may take; 0 without one.
    pub delegated_amount: u64,
    /// Lamports kept for rent if this is wrapped SOL, else `None`.
    pub native_reserve: Option<u64>,
    /// Lamports beyond rent and amount, which `SyncNative` would add; `None` if not wrapped SOL or short.
    pub unsynced: Option<u64>,
    pub close_authority: Option<Pubkey>,
    /// Transfer fees withheld on this account.
    pub withheld: u64,
    /// Types of all extensions, in order; type 5 hides a balance that no one but the owner can read.
    pub extensions: Vec<u16>,
}

impl Holding {
    /// Returns the fields of a token account, `None` if it is not initialised.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size, account type, state or option tag, or a damaged extension.
    pub fn decode(account: &RawAccount) -> Result<Option<Self>, LayoutError> {
        let read = if account.program == program::TOKEN {
            Reader::exact(NAME, account.data, SIZE)?
        } else {
            base(NAME, account.data, SIZE, TYPE)?
        };
        let state = read.u8(108);
        if state == 0 {
            return Ok(None);
        }
        if state > 2 {
            return Err(LayoutError::field(NAME, "state", state));
        }
        let delegate = option(read, "delegate tag", 72)?.then(|| read.key(76));
        let native_reserve = option(read, "native tag", 109)?.then(|| read.u64(113));
        let close_authority = option(read, "close authority tag", 129)?.then(|| read.key(133));
        let (withheld, kinds) = read_extensions(read)?;
        let amount = read.u64(64);
        let unsynced = native_reserve
            .and_then(|reserve| account.lamports.checked_sub(reserve))
            .and_then(|rest| rest.checked_sub(amount));
        Ok(Some(Self {
            address: account.address,
            program: account.program,
            mint: read.key(0),
            owner: read.key(32),
            amount,
            frozen: state == 2,
            delegate,
            delegated_amount: delegate.map_or(0, |_| read.u64(121)),
            native_reserve,
            unsynced,
            close_authority,
            withheld,
            extensions: kinds,
        }))
    }
}

/// Returns whether a `COption` holds a value.
fn option(read: Reader, field: &'static str, at: usize) -> Result<bool, LayoutError> {
    match read.u32(at) {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(LayoutError::field(NAME, field, tag)),
    }
}

/// Returns the withheld fees and the types of all extensions.
fn read_extensions(read: Reader) -> Result<(u64, Vec<u16>), LayoutError> {
    let (mut withheld, mut kinds) = (0, Vec::new());
    for (kind, at, length) in extensions(NAME, read)? {
        kinds.push(kind);
        if kind == TRANSFER_FEE_AMOUNT {
            if length < 8 {
                return Err(LayoutError::field(NAME, "transfer fee amount size", length));
            }
            withheld = read.u64(at);
        }
    }
    Ok((withheld, kinds))
}
