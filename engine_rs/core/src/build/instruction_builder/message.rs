//! Messages, legacy and version 0 with lookup tables, and transactions around signatures.
//!
//! Accounts come once each: the payer, then signers written and read, then others written and read, each part in byte
//! order of the keys. What a table holds leaves the message unless it signs, is called or is pinned.

use std::borrow::Borrow;

use super::{BuildError, Instruction};
use crate::chain::base58::Pubkey;

/// Most bytes of a transaction, signatures included.
pub const MAX_TRANSACTION: usize = 1232;

const MAX_ACCOUNTS: usize = 256;
const VERSION_0: u8 = 0x80;
const TABLE_HEADER: usize = 56;
const TABLE_KIND: u32 = 1;

/// A signature of a message.
pub type Signature = [u8; 64];

/// A lookup table: addresses that a message names by their place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupTable {
    key: Pubkey,
    /// Each address once, with its first place, in byte order.
    places: Vec<(Pubkey, u8)>,
}

impl LookupTable {
    /// Returns the table at `key` that holds `addresses`.
    ///
    /// # Errors
    /// `TooManyAddresses` above 256.
    pub fn new(key: Pubkey, addresses: &[Pubkey]) -> Result<Self, BuildError> {
        if addresses.len() > MAX_ACCOUNTS {
            return Err(BuildError::TooManyAddresses(addresses.len()));
        }
        let mut places: Vec<(Pubkey, u8)> = addresses.iter().copied().zip(0..=u8::MAX).collect();
        places.sort_unstable();
        places.dedup_by_key(|place| place.0);
        Ok(Self { key, places })
    }

    /// Returns the table in an account's bytes, with the addresses that a transaction of `slot` may use.
    ///
    /// Addresses added in a slot can be used from the next one on.
    ///
    /// # Errors
    /// `NoTable` for other bytes, `TableClosed` once the table is being closed, `TooManyAddresses` above 256.
    pub fn decode(key: Pubkey, data: &[u8], slot: u64) -> Result<Self, BuildError> {
        let length = data.len();
        let (Some((header, rest)), true) =
            (data.split_first_chunk::<TABLE_HEADER>(), length % 32 == 24)
        else {
            return Err(BuildError::NoTable(length));
        };
        if header[..4] != TABLE_KIND.to_le_bytes() {
            return Err(BuildError::NoTable(length));
        }
        let word = |at: usize| {
            header[at..at + 8]
                .iter()
                .rev()
                .fold(0, |word, &byte| word << 8 | u64::from(byte))
        };
        if word(4) != u64::MAX {
            return Err(BuildError::TableClosed(word(4)));
        }
        let addresses = rest.as_chunks().0;
        let usable = if slot > word(12) {
            addresses.len()
        } else {
            addresses.len().min(usize::from(header[20]))
        };
        Self::new(key, &addresses[..usable])
    }

    fn place(&self, key: &Pubkey) -> Option<u8> {
        let found = self.places.binary_search_by_key(&key, |place| &place.0);
        found.ok().map(|at| self.places[at].1)
    }
}

/// A message, ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    data: Vec<u8>,
    signers: Vec<Pubkey>,
}

impl Message {
    /// Returns what each signer signs.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Returns who must sign, the payer first, in the order of the signatures.
    pub fn signers(&self) -> &[Pubkey] {
        &self.signers
    }

    /// Returns the bytes of the transaction with these signatures, one for each signer; none is checked.
    ///
    /// # Errors
    /// `Signatures` for another number of them.
    pub fn transaction(&self, signatures: &[Signature]) -> Result<Vec<u8>, BuildError> {
        if signatures.len() != self.signers.len() {
            return Err(BuildError::Signatures {
                given: signatures.len(),
                expected: self.signers.len(),
            });
        }
        let mut bytes = Vec::with_capacity(MAX_TRANSACTION);
        push_length(&mut bytes, signatures.len());
        bytes.extend_from_slice(signatures.as_flattened());
        bytes.extend_from_slice(&self.data);
        Ok(bytes)
    }

    /// Returns a message whose transaction can be sent.
    fn checked(data: Vec<u8>, signers: Vec<Pubkey>) -> Result<Self, BuildError> {
        let mut length = Vec::new();
        push_length(&mut length, signers.len());
        let size = length.len() + signers.len() * size_of::<Signature>() + data.len();
        if size > MAX_TRANSACTION {
            return Err(BuildError::TooLarge(size));
        }
        Ok(Self { data, signers })
    }
}

/// An account with what the whole message wants of it.
struct Account {
    key: Pubkey,
    signer: bool,
    writable: bool,
    invoked: bool,
    /// Its place among all accounts, once it is known.
    index: Option<usize>,
}

/// What a message reads from one table: places of accounts that are written, and of those that are read.
struct Lookup<'a> {
    table: &'a Pubkey,
    places: [Vec<u8>; 2],
}

/// Returns a version 0 message; accounts in `pinned` are never read from a table.
///
/// # Errors
/// `TooManyAccounts` above 256 accounts, `TooLarge` if its transaction would exceed 1232 bytes.
pub fn compile_v0<I: AsRef<Instruction>, T: Borrow<LookupTable>>(
    payer: &Pubkey,
    instructions: &[I],
    tables: &[T],
    blockhash: &[u8; 32],
    pinned: &[Pubkey],
) -> Result<Message, BuildError> {
    let mut accounts = merged(payer, instructions);
    let (lookups, loaded) = look_up(&mut accounts, tables, pinned);
    let (keys, header) = arrange(payer, &mut accounts, loaded)?;
    let mut bytes = Vec::with_capacity(MAX_TRANSACTION);
    bytes.push(VERSION_0);
    push_body(
        &mut bytes,
        header,
        &keys,
        blockhash,
        instructions,
        &accounts,
    );
    push_length(&mut bytes, lookups.len());
    for lookup in &lookups {
        bytes.extend_from_slice(lookup.table);
        for places in &lookup.places {
            push_length(&mut bytes, places.len());
            bytes.extend_from_slice(places);
        }
    }
    Message::checked(bytes, keys[..usize::from(header[0])].to_vec())
}

/// Returns a legacy message.
///
/// # Errors
/// `TooManyAccounts` above 256 accounts, `TooLarge` if its transaction would exceed 1232 bytes.
pub fn compile_legacy<I: AsRef<Instruction>>(
    payer: &Pubkey,
    instructions: &[I],
    blockhash: &[u8; 32],
) -> Result<Message, BuildError> {
    let mut accounts = merged(payer, instructions);
    let (keys, header) = arrange(payer, &mut accounts, 0)?;
    let mut bytes = Vec::with_capacity(MAX_TRANSACTION);
    push_body(
        &mut bytes,
        header,
        &keys,
        blockhash,
        instructions,
        &accounts,
    );
    Message::checked(bytes, keys[..usize::from(header[0])].to_vec())
}

/// Returns each account once, in byte order of the keys.
fn merged<I: AsRef<Instruction>>(payer: &Pubkey, instructions: &[I]) -> Vec<Account> {
    let account = |key, signer, writable, invoked| Account {
        key,
        signer,
        writable,
        invoked,
        index: None,
    };
    let mut all = vec![account(*payer, true, true, false)];
    for instruction in instructions.iter().map(AsRef::as_ref) {
        all.push(account(instruction.program, false, false, true));
        let metas = instruction.accounts.iter();
        all.extend(metas.map(|meta| account(meta.key, meta.signer, meta.writable, false)));
    }
    all.sort_unstable_by_key(|account| account.key);
    all.dedup_by(|later, kept| {
        let same = later.key == kept.key;
        if same {
            kept.signer |= later.signer;
            kept.writable |= later.writable;
            kept.invoked |= later.invoked;
        }
        same
    });
    all
}

/// Moves accounts to the first table that holds them; their index is the place among all that are read from tables.
fn look_up<'a, T: Borrow<LookupTable>>(
    accounts: &mut [Account],
    tables: &'a [T],
    pinned: &[Pubkey],
) -> (Vec<Lookup<'a>>, usize) {
    let mut found: Vec<(usize, bool)> = Vec::new();
    let mut lookups = Vec::new();
    for table in tables.iter().map(Borrow::borrow) {
        let mut places = [Vec::new(), Vec::new()];
        for (part, wanted) in places.iter_mut().zip([true, false]) {
            for (at, account) in accounts.iter_mut().enumerate() {
                let stays = account.signer || account.invoked || account.index.is_some();
                if stays || account.writable != wanted || pinned.contains(&account.key) {
                    continue;
                }
                if let Some(place) = table.place(&account.key) {
                    part.push(place);
                    account.index = Some(0);
                    found.push((at, wanted));
                }
            }
        }
        if places.iter().any(|part| !part.is_empty()) {
            let table = &table.key;
            lookups.push(Lookup { table, places });
        }
    }
    let written = found.iter().filter(|each| each.1);
    let read = found.iter().filter(|each| !each.1);
    for (index, &(at, _)) in written.chain(read).enumerate() {
        accounts[at].index = Some(index);
    }
    (lookups, found.len())
}

/// Gives each account its index, the static ones first; returns the static keys and the message's header.
fn arrange(
    payer: &Pubkey,
    accounts: &mut [Account],
    loaded: usize,
) -> Result<(Vec<Pubkey>, [u8; 3]), BuildError> {
    let count = accounts.len();
    if count > MAX_ACCOUNTS {
        return Err(BuildError::TooManyAccounts(count));
    }
    let fixed = count - loaded;
    for account in accounts.iter_mut() {
        account.index = account.index.map(|index| index + fixed);
    }
    let mut keys = Vec::with_capacity(fixed);
    let mut ends = [0; 4];
    let parts = [(true, true), (true, false), (false, true), (false, false)];
    for (end, (signer, writable)) in ends.iter_mut().zip(parts) {
        if keys.is_empty() {
            keys.push(*payer);
        }
        for account in accounts.iter_mut().filter(|each| each.index.is_none()) {
            if account.key == *payer {
                account.index = Some(0);
            } else if account.signer == signer && account.writable == writable {
                account.index = Some(keys.len());
                keys.push(account.key);
            }
        }
        *end = keys.len();
    }
    let [written_signers, signers, written, all] = ends;
    let mut header = [0; 3];
    for (byte, count) in header
        .iter_mut()
        .zip([signers, signers - written_signers, all - written])
    {
        *byte = u8::try_from(count).map_err(|_| BuildError::TooManyAccounts(accounts.len()))?;
    }
    Ok((keys, header))
}

fn push_body<I: AsRef<Instruction>>(
    bytes: &mut Vec<u8>,
    header: [u8; 3],
    keys: &[Pubkey],
    blockhash: &[u8; 32],
    instructions: &[I],
    accounts: &[Account],
) {
    let index = |key: &Pubkey| {
        let at = accounts.binary_search_by_key(&key, |account| &account.key);
        at.ok().and_then(|at| accounts[at].index).unwrap_or(0) as u8
    };
    bytes.extend_from_slice(&header);
    push_length(bytes, keys.len());
    bytes.extend_from_slice(keys.as_flattened());
    bytes.extend_from_slice(blockhash);
    push_length(bytes, instructions.len());
    for instruction in instructions.iter().map(AsRef::as_ref) {
        bytes.push(index(&instruction.program));
        push_length(bytes, instruction.accounts.len());
        bytes.extend(instruction.accounts.iter().map(|meta| index(&meta.key)));
        push_length(bytes, instruction.data.len());
        bytes.extend_from_slice(&instruction.data);
    }
}

/// Writes a length, seven bits a byte, the lowest first.
fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}
