//! What a transaction paid and who paid it, out of a node's answer to `getTransaction`.

use super::message::message;
use super::read::loaded_keys;
use crate::chain::base58::{Pubkey, Signature};
use crate::chain::program::key;
use crate::exchanges::DecodeError;
use crate::exchanges::event::Event;
use crate::exchanges::frame::Field;

/// Of the block engine that most tips go to (Jito's documentation).
const TIP_ACCOUNTS: [Pubkey; 8] = [
    key(b"96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"),
    key(b"HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe"),
    key(b"Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY"),
    key(b"ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49"),
    key(b"DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh"),
    key(b"ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt"),
    key(b"DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL"),
    key(b"3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT"),
];

/// `{"slot":5,"transaction":["…","base64"],"meta":{"fee":5000,"preBalances":[9],"postBalances":[4],…}}`
///
/// # Errors
/// A `DecodeError` for what is none, or is another transaction than the one that was asked for.
pub(crate) fn receipt<'a>(
    signature: &Signature,
    result: Field<'_, '_>,
) -> Result<Event<'a>, DecodeError> {
    let [slot, transaction, meta] = result.fields(["slot", "transaction", "meta"])?;
    let [loaded, fee, before, after] =
        meta.fields(["loadedAddresses", "fee", "preBalances", "postBalances"])?;
    let sent = message(transaction, loaded_keys(loaded)?)?;
    let wrong = |was: &str| DecodeError::Field {
        field: "transaction",
        was: was.to_owned(),
    };
    if sent.signature != Some(*signature) {
        return Err(wrong("another one than was asked for"));
    }
    let payer = sent.keys.first().copied();
    Ok(Event::Receipt {
        signature: *signature,
        payer: payer.ok_or_else(|| wrong("one that nobody pays for"))?,
        slot: slot.u64()?,
        fee: fee.u64()?,
        tip: tip(&sent.keys, before, after)?,
    })
}

/// Returns what accounts that take tips gained; no instruction can pay one that the transaction doesn't name.
fn tip(
    keys: &[Pubkey],
    before: Field<'_, '_>,
    after: Field<'_, '_>,
) -> Result<Option<u64>, DecodeError> {
    let is_tipped = |at: &usize| TIP_ACCOUNTS.contains(&keys[*at]);
    let places: Vec<usize> = (0..keys.len()).filter(is_tipped).collect();
    if places.is_empty() {
        return Ok(Some(0));
    }
    let (Some(before), Some(after)) = (before.optional(), after.optional()) else {
        return Ok(None);
    };
    let (held, holds): (Vec<_>, Vec<_>) = (before.items()?.collect(), after.items()?.collect());
    if held.len() != keys.len() || holds.len() != keys.len() {
        return Ok(None);
    }
    let mut tip = 0_u64;
    for at in places {
        tip = tip.saturating_add(holds[at].u64()?.saturating_sub(held[at].u64()?));
    }
    Ok(Some(tip))
}
