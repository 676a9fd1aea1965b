//! Transfers of tokens and SOL, out of the instructions that make them.

#[cfg(test)]
use super::message::Instruction;
use crate::chain::base58::Pubkey;
use crate::chain::program;

const TRANSFER: u8 = 3;
const TRANSFER_CHECKED: u8 = 12;
/// Transfer fee extension; its transfer has number 1.
const TRANSFER_FEE: u8 = 26;
/// Several instructions in one: accounts, length and data of each.
const BATCH: u8 = 255;
const SYSTEM_TRANSFER: [u8; 4] = [2, 0, 0, 0];

/// Atoms from one account to another; SOL counts under the mint of wrapped SOL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) source: Pubkey,
    pub(super) destination: Pubkey,
    pub(super) amount: u64,
    pub(super) mint: Option<Pubkey>,
    pub(super) decimals: Option<u8>,
}

/// Adds the transfers of a call; what is too short or not a transfer has none.
pub(super) fn collect(
    program: &Pubkey,
    accounts: &[Pubkey],
    data: &[u8],
    found: &mut Vec<Transfer>,
) {
    match *program {
        program::SYSTEM => found.extend(of_system(accounts, data)),
        program::TOKEN if data.first() == Some(&BATCH) => of_batch(accounts, &data[1..], found),
        program::TOKEN | program::TOKEN_2022 => found.extend(of_token(accounts, data)),
        _ => {}
    }
}

fn of_batch(mut accounts: &[Pubkey], mut data: &[u8], found: &mut Vec<Transfer>) {
    while let [count, length, rest @ ..] = data {
        let (count, length) = (usize::from(*count), usize::from(*length));
        if accounts.len() < count || rest.len() < length {
            return;
        }
        found.extend(of_token(&accounts[..count], &rest[..length]));
        (accounts, data) = (&accounts[count..], &rest[length..]);
    }
}

fn of_token(accounts: &[Pubkey], data: &[u8]) -> Option<Transfer> {
    let (tag, rest) = data.split_first()?;
    match *tag {
        TRANSFER => Some(Transfer {
            source: *accounts.first()?,
            destination: *accounts.get(1)?,
            amount: u64::from_le_bytes(*rest.first_chunk()?),
            mint: None,
            decimals: None,
        }),
        TRANSFER_CHECKED => of_checked(accounts, rest),
        TRANSFER_FEE if rest.first() == Some(&1) => of_checked(accounts, &rest[1..]),
        _ => None,
    }
}

fn of_checked(accounts: &[Pubkey], rest: &[u8]) -> Option<Transfer> {
    Some(Transfer {
        source: *accounts.first()?,
        destination: *accounts.get(2)?,
        amount: u64::from_le_bytes(*rest.first_chunk()?),
        mint: Some(*accounts.get(1)?),
        decimals: Some(*rest.get(8)?),
    })
}

fn of_system(accounts: &[Pubkey], data: &[u8]) -> Option<Transfer> {
    let lamports = data.strip_prefix(&SYSTEM_TRANSFER)?;
    Some(Transfer {
        source: *accounts.first()?,
        destination: *accounts.get(1)?,
        amount: u64::from_le_bytes(*lamports.first_chunk()?),
        mint: Some(program::WRAPPED_SOL),
        decimals: Some(9),
    })
}

/// Returns the data of a system transfer.
pub(super) fn system(lamports: u64) -> Vec<u8> {
    [&SYSTEM_TRANSFER[..], &lamports.to_le_bytes()].concat()
}

/// Returns the data of a token transfer.
pub(super) fn plain(amount: u64) -> Vec<u8> {
    [&[TRANSFER][..], &amount.to_le_bytes()].concat()
}

/// Returns the data of a checked token transfer.
pub(super) fn checked(amount: u64, decimals: u8) -> Vec<u8> {
    [&[TRANSFER_CHECKED][..], &amount.to_le_bytes(), &[decimals]].concat()
}

/// Returns the transfers that the calls make, in their order.
#[cfg(test)]
pub(super) fn of(call: &Instruction) -> Vec<Transfer> {
    let mut found = Vec::new();
    collect(&call.program, &call.accounts, &call.data, &mut found);
    found
}
