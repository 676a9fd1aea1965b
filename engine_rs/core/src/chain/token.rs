//! SPL Token and Token-2022 accounts, and the clock sysvar.

use super::reader::{LayoutError, Reader};
use crate::chain::base58::Pubkey;

const ACCOUNT_SIZE: usize = 165;
const MINT_SIZE: usize = 82;
const TLV_START: usize = 166;
const MINT_TYPE: u8 = 1;
const ACCOUNT_TYPE: u8 = 2;
const TRANSFER_FEE_CONFIG: u16 = 1;
const TRANSFER_FEE_CONFIG_SIZE: usize = 108;
const BASIS_POINTS: u128 = 10_000;

/// A token balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAccount {
    pub mint: Pubkey,
    pub owner: Pubkey,
    pub amount: u64,
    /// 1 initialised, 2 frozen.
    pub state: u8,
}

impl TokenAccount {
    /// Returns the fields of an initialised account.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size, account type or state.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = base("token_account", data, ACCOUNT_SIZE, ACCOUNT_TYPE)?;
        let state = read.u8(108);
        if !matches!(state, 1 | 2) {
            return Err(LayoutError::field("token_account", "state", state));
        }
        Ok(Self {
            mint: read.key(0),
            owner: read.key(32),
            amount: read.u64(64),
            state,
        })
    }
}

/// A Token-2022 transfer fee: `bps` of the amount, rounded up, at most `max_fee` atoms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferFee {
    pub epoch: u64,
    pub max_fee: u64,
    pub bps: u16,
}

impl TransferFee {
    /// Returns what a transfer of `amount` atoms withholds.
    pub fn fee(&self, amount: u64) -> u64 {
        if self.bps == 0 {
            return 0;
        }
        let raw = (u128::from(amount) * u128::from(self.bps)).div_ceil(BASIS_POINTS);
        u64::try_from(raw)
            .unwrap_or(u64::MAX)
            .min(self.max_fee)
            .min(amount)
    }

    /// Returns the least amount to send, by the program's own inverse, so that `net` atoms arrive.
    pub fn gross(&self, net: u64) -> u128 {
        let net = u128::from(net);
        if self.bps == 0 || net == 0 {
            return net;
        }
        let capped = net + u128::from(self.max_fee);
        match BASIS_POINTS.checked_sub(self.bps.into()) {
            None | Some(0) => capped,
            Some(kept) => (net * BASIS_POINTS).div_ceil(kept).min(capped),
        }
    }
}

/// The two fees of a mint: the newer holds from its epoch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferFeeConfig {
    pub older: TransferFee,
    pub newer: TransferFee,
}

impl TransferFeeConfig {
    /// Returns the fee that holds in `epoch`.
    pub fn at(&self, epoch: u64) -> TransferFee {
        if epoch >= self.newer.epoch {
            self.newer
        } else {
            self.older
        }
    }
}

/// A token's mint, with its transfer fee if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mint {
    pub decimals: u8,
    pub supply: u64,
    pub transfer_fee: Option<TransferFeeConfig>,
    /// Types of all Token-2022 extensions, in order; a mint with hooks or a permanent delegate is told by them.
    pub extensions: Vec<u16>,
}

impl Mint {
    /// Returns the fields of an initialised mint.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size, account type or state, or a damaged extension.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = base("mint", data, MINT_SIZE, MINT_TYPE)?;
        if read.u8(45) != 1 {
            return Err(LayoutError::field("mint", "is_initialized", read.u8(45)));
        }
        let mut mint = Self {
            decimals: read.u8(44),
            supply: read.u64(36),
            transfer_fee: None,
            extensions: Vec::new(),
        };
        for (kind, at, length) in extensions("mint", read)? {
            mint.extensions.push(kind);
            if kind == TRANSFER_FEE_CONFIG {
                mint.transfer_fee = Some(transfer_fee_config(read, at, length)?);
            }
        }
        Ok(mint)
    }
}

/// The clock sysvar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    pub slot: u64,
    pub epoch: u64,
    /// Seconds.
    pub unix_timestamp: i64,
}

impl Clock {
    /// Returns slot, epoch and time.
    ///
    /// # Errors
    /// `LayoutError` if the size is not 40.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::exact("clock", data, 40)?;
        Ok(Self {
            slot: read.u64(0),
            epoch: read.u64(16),
            unix_timestamp: read.i64(32),
        })
    }
}

/// Returns (type, offset of the value, length) of each Token-2022 extension, in order.
///
/// # Errors
/// `LayoutError` if one is cut off.
pub(crate) fn extensions(
    layout: &'static str,
    read: Reader,
) -> Result<Vec<(u16, usize, usize)>, LayoutError> {
    let size = read.data().len();
    let (mut found, mut at) = (Vec::new(), TLV_START);
    while at + 4 <= size {
        let (kind, length) = (read.u16(at), usize::from(read.u16(at + 2)));
        if kind == 0 {
            break;
        }
        at += 4;
        let end = at + length;
        if end > size {
            return Err(LayoutError::Extension {
                layout,
                kind,
                end,
                size,
            });
        }
        found.push((kind, at, length));
        at = end;
    }
    Ok(found)
}

/// Checks a base size, or a longer account whose type byte says what it extends.
pub(crate) fn base<'a>(
    layout: &'static str,
    data: &'a [u8],
    size: usize,
    kind: u8,
) -> Result<Reader<'a>, LayoutError> {
    if data.len() < TLV_START {
        return Reader::exact(layout, data, size);
    }
    if data[ACCOUNT_SIZE] != kind {
        return Err(LayoutError::field(
            layout,
            "account type",
            data[ACCOUNT_SIZE],
        ));
    }
    Reader::at_least(layout, data, size)
}

fn transfer_fee_config(
    read: Reader,
    at: usize,
    length: usize,
) -> Result<TransferFeeConfig, LayoutError> {
    if length < TRANSFER_FEE_CONFIG_SIZE {
        return Err(LayoutError::field("mint", "transfer fee size", length));
    }
    let fee = |at| TransferFee {
        epoch: read.u64(at),
        max_fee: read.u64(at + 8),
        bps: read.u16(at + 16),
    };
    let config = TransferFeeConfig {
        older: fee(at + 72),
        newer: fee(at + 90),
    };
    for fee in [config.older, config.newer] {
        if u128::from(fee.bps) > BASIS_POINTS {
            return Err(LayoutError::field("mint", "transfer fee bps", fee.bps));
        }
    }
    Ok(config)
}
