//! The message of a transaction: keys and instructions, out of JSON or wire bytes.

use super::transfer;
use crate::chain::base58::{self, Pubkey, Signature};
use crate::chain::log_parser::{base64, digits};
use crate::chain::program;
use crate::exchanges::DecodeError;
use crate::exchanges::frame::{Field, Kind};

/// One call of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) program: Pubkey,
    pub(super) accounts: Vec<Pubkey>,
    pub(super) data: Vec<u8>,
    /// 1 for an instruction of the transaction itself; older nodes don't say.
    pub(super) height: Option<u64>,
}

/// A transaction without its outcome.
pub(super) struct Message {
    pub(super) signature: Option<Signature>,
    /// All keys, those of lookup tables last.
    pub(super) keys: Vec<Pubkey>,
    pub(super) instructions: Vec<Instruction>,
}

/// Keys that lookup tables gave: writable, then read-only.
pub(super) type Loaded = Option<(Vec<Pubkey>, Vec<Pubkey>)>;

/// `["<base64>","base64"]`, or an object with `signatures` and `message`.
pub(super) fn message(transaction: Field<'_, '_>, loaded: Loaded) -> Result<Message, DecodeError> {
    if transaction.kind != Kind::Array {
        return of_json(transaction, loaded);
    }
    let mut pair = transaction.items()?;
    let (Some(text), Some(encoding), None) = (pair.next(), pair.next(), pair.next()) else {
        return Err(transaction.wrong());
    };
    let data = match &*encoding.text()? {
        "base64" => base64(&text.text()?),
        "base58" => base58::decode_bytes(&text.text()?),
        _ => return Err(encoding.wrong()),
    };
    of_wire(&data.ok_or_else(|| text.wrong())?, loaded)
}

fn of_json(transaction: Field<'_, '_>, loaded: Loaded) -> Result<Message, DecodeError> {
    let [signatures, message] = transaction.fields(["signatures", "message"])?;
    let first = signatures.items()?.next();
    let signature = first.map(Field::signature).transpose()?;
    let [given, instructions] = message.fields(["accountKeys", "instructions"])?;
    let (mut keys, mut parsed) = (Vec::new(), false);
    for key in given.items()? {
        // An object is of jsonParsed, where the keys of lookup tables are in the list already.
        parsed = key.kind == Kind::Object;
        keys.push(if parsed {
            key.get("pubkey")?.pubkey()?
        } else {
            key.pubkey()?
        });
    }
    if let (Some((writable, readonly)), false) = (loaded, parsed) {
        keys.extend(writable);
        keys.extend(readonly);
    }
    let instructions = instructions.items()?.map(|each| instruction(each, &keys));
    let instructions = instructions.collect::<Result<_, _>>()?;
    Ok(Message {
        signature,
        keys,
        instructions,
    })
}

/// `{"programIdIndex":4,"accounts":[0,2],"data":"<base58>","stackHeight":2}`, or of jsonParsed with keys instead of
/// indices, or `{"programId":"…","parsed":{…}}`.
pub(super) fn instruction(
    given: Field<'_, '_>,
    keys: &[Pubkey],
) -> Result<Instruction, DecodeError> {
    let [index, program, accounts, data, height, parsed] = given.fields([
        "programIdIndex",
        "programId",
        "accounts",
        "data",
        "stackHeight",
        "parsed",
    ])?;
    let height = height.optional().map(Field::u64).transpose()?;
    let program = if index.absent() {
        program.pubkey()?
    } else {
        resolved(index, keys)?
    };
    if !parsed.absent() {
        let (accounts, data) = of_parsed(&program, parsed)?;
        return Ok(Instruction {
            program,
            accounts,
            data,
            height,
        });
    }
    let account = |each: Field<'_, '_>| match each.kind {
        Kind::Int => resolved(each, keys),
        _ => each.pubkey(),
    };
    Ok(Instruction {
        program,
        accounts: accounts.items()?.map(account).collect::<Result<_, _>>()?,
        data: base58::decode_bytes(&data.text()?).ok_or_else(|| data.wrong())?,
        height,
    })
}

/// Returns the key of an index.
pub(super) fn resolved(index: Field<'_, '_>, keys: &[Pubkey]) -> Result<Pubkey, DecodeError> {
    let at = index.u64()?;
    key(index.name, at, keys)
}

fn key(field: &'static str, at: u64, keys: &[Pubkey]) -> Result<Pubkey, DecodeError> {
    let known = usize::try_from(at).ok().and_then(|at| keys.get(at));
    known.copied().ok_or_else(|| DecodeError::Field {
        field,
        was: format!("{at} of {} keys", keys.len()),
    })
}

/// Returns accounts and data that a parsed transfer came from; those of other instructions are empty.
fn of_parsed(
    program: &Pubkey,
    parsed: Field<'_, '_>,
) -> Result<(Vec<Pubkey>, Vec<u8>), DecodeError> {
    let token = *program == program::TOKEN || *program == program::TOKEN_2022;
    let nothing = (Vec::new(), Vec::new());
    if parsed.kind != Kind::Object || !(token || *program == program::SYSTEM) {
        return Ok(nothing);
    }
    let [kind, info] = parsed.fields(["type", "info"])?;
    let kind = kind.text()?;
    if !(kind == "transfer" || token && kind.starts_with("transferChecked")) {
        return Ok(nothing);
    }
    let [source, mint, destination, lamports, amount, token_amount] = info.fields([
        "source",
        "mint",
        "destination",
        "lamports",
        "amount",
        "tokenAmount",
    ])?;
    let (source, destination) = (source.pubkey()?, destination.pubkey()?);
    if !token {
        let data = transfer::system(lamports.u64()?);
        return Ok((vec![source, destination], data));
    }
    if kind == "transfer" {
        let data = transfer::plain(decimal(amount)?);
        return Ok((vec![source, destination], data));
    }
    let [amount, decimals] = token_amount.fields(["amount", "decimals"])?;
    let data = transfer::checked(decimal(amount)?, byte(decimals)?);
    Ok((vec![source, mint.pubkey()?, destination], data))
}

/// Returns an amount out of its digits.
pub(super) fn decimal(amount: Field<'_, '_>) -> Result<u64, DecodeError> {
    digits(&amount.text()?).ok_or_else(|| amount.wrong())
}

pub(super) fn byte(field: Field<'_, '_>) -> Result<u8, DecodeError> {
    u8::try_from(field.u64()?).map_err(|_| field.wrong())
}

/// Bytes of a transaction, read from the front.
struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.data.get(self.at..).and_then(|rest| rest.get(..count));
        let taken = taken.ok_or_else(|| cannot(format!("cut off at {} bytes", self.data.len())))?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take(1).map(|byte| byte[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// Returns a length of one to three bytes, seven bits each.
    fn length(&mut self) -> Result<usize, DecodeError> {
        let mut length = 0;
        for shift in [0, 7, 14] {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(length);
            }
        }
        Err(cannot(format!("a length that goes on at byte {}", self.at)))
    }

    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length()?;
        self.take(length)
    }
}

fn cannot(was: String) -> DecodeError {
    DecodeError::Field {
        field: "transaction",
        was,
    }
}

fn of_wire(data: &[u8], loaded: Loaded) -> Result<Message, DecodeError> {
    let mut cursor = Cursor { data, at: 0 };
    let mut signature = None;
    for _ in 0..cursor.length()? {
        let each = cursor.array()?;
        signature = signature.or(Some(each));
    }
    let first = cursor.byte()?;
    let versioned = first >= 0x80;
    if versioned && first != 0x80 {
        return Err(cannot(format!("of version {}", first & 0x7f)));
    }
    // The header: how many keys sign and how many are read-only.
    cursor.take(if versioned { 3 } else { 2 })?;
    let mut keys = Vec::new();
    for _ in 0..cursor.length()? {
        keys.push(cursor.array()?);
    }
    cursor.take(32)?; // the recent blockhash
    let mut calls = Vec::new();
    for _ in 0..cursor.length()? {
        calls.push((cursor.byte()?, cursor.bytes()?, cursor.bytes()?));
    }
    let mut wanted = (0, 0);
    if versioned {
        for _ in 0..cursor.length()? {
            cursor.take(32)?;
            wanted.0 += cursor.bytes()?.len();
            wanted.1 += cursor.bytes()?.len();
        }
    }
    if cursor.at != data.len() {
        return Err(cannot(format!("{} bytes too long", data.len() - cursor.at)));
    }
    let (writable, readonly) = loaded.unwrap_or_default();
    if (writable.len(), readonly.len()) != wanted {
        let was = format!("{} and {} keys", writable.len(), readonly.len());
        let field = "loadedAddresses";
        return Err(DecodeError::Field { field, was });
    }
    keys.extend(writable);
    keys.extend(readonly);
    let each = |(index, accounts, data): (u8, &[u8], &[u8])| {
        let account = |&at: &u8| key("accounts", u64::from(at), &keys);
        Ok(Instruction {
            program: key("programIdIndex", u64::from(index), &keys)?,
            accounts: accounts.iter().map(account).collect::<Result<_, _>>()?,
            data: data.to_vec(),
            height: Some(1),
        })
    };
    let instructions = calls.into_iter().map(each).collect::<Result<_, _>>()?;
    Ok(Message {
        signature,
        keys,
        instructions,
    })
}
