//! Readings of a field that the decoders of several venues share.

use super::DecodeError;
use super::decimal::{DECIMALS, PriceScale, decimal, decimal8, is_decimal};
use super::event::{Event, Level};
use super::frame::Field;
use super::rfc3339::rfc3339_ns;

/// More digits than any u64 has.
const MOST_DIGITS: usize = 20;

/// Numbers of a sequence end here: no venue ever gets there, and what claims to is broken.
const SEQUENCE_END: u64 = 1 << 63;

/// Most decimals of a step that a venue is believed.
const MOST_DECIMALS: u64 = 18;

/// Of prices, and the scale that they need.
pub(super) type Tick = (u64, PriceScale);

const NS_PER_MS: i64 = 1_000_000;

/// Returns the error of a protocol that has no decoder.
pub(super) fn no_decoder(protocol: &str) -> DecodeError {
    DecodeError::Protocol {
        protocol: protocol.chars().take(40).collect(),
    }
}

/// Returns the answer to a request that was taken.
pub(super) fn subscribed<'a>() -> Event<'a> {
    Event::Subscribed {
        method: "",
        key: None,
        subscription: None,
    }
}

/// Returns the answer to a request that was not; `code` is 0 where the venue has none.
pub(super) fn refused<'a>(code: i64, message: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    Ok(Event::Error {
        code,
        message: message.text()?,
        method: "",
        key: None,
    })
}

/// Returns whether a message is a snapshot; `change` is what the venue calls the other kind.
pub(super) fn is_snapshot(kind: Field<'_, '_>, change: &str) -> Result<bool, DecodeError> {
    match &*kind.text()? {
        "snapshot" => Ok(true),
        other if other == change => Ok(false),
        _ => Err(kind.wrong()),
    }
}

/// Returns a number of a sequence, below 2⁶³.
pub(super) fn sequence(field: Field<'_, '_>) -> Result<u64, DecodeError> {
    match field.u64()? {
        known if known < SEQUENCE_END => Ok(known),
        _ => Err(field.wrong()),
    }
}

/// Returns an integer sent as text.
pub(super) fn count(field: Field<'_, '_>) -> Result<u64, DecodeError> {
    let text = field.text()?;
    let is_digits = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(count) if is_digits => Ok(count),
        _ => Err(field.wrong()),
    }
}

/// Returns a decimal string × 10⁸ that is not 0.
pub(super) fn positive(amount: Field<'_, '_>) -> Result<u64, DecodeError> {
    match amount.decimal()? {
        0 => Err(amount.wrong()),
        known => Ok(known),
    }
}

/// Returns a decimal string as a price of a scale; it is not 0.
pub(super) fn price(of: Field<'_, '_>, scale: PriceScale) -> Result<u64, DecodeError> {
    match of.price(scale)? {
        0 => Err(of.wrong()),
        known => Ok(known),
    }
}

/// Checks that an array has at most so many elements, before any of them is read.
pub(super) fn at_most(rows: Field<'_, '_>, most: usize) -> Result<(), DecodeError> {
    let count = rows.len()?;
    if count > most {
        return Err(DecodeError::Field {
            field: rows.name,
            was: format!("{count} levels"),
        });
    }
    Ok(())
}

/// Returns at most so many `[price, quantity, …]` as levels.
pub(super) fn levels(
    side: Field<'_, '_>,
    most: usize,
    scale: PriceScale,
) -> Result<Vec<Level>, DecodeError> {
    at_most(side, most)?;
    side.levels(scale)
}

/// Returns the one level of a side, zeros if nobody waits there.
pub(super) fn best(
    side: Field<'_, '_>,
    most: usize,
    scale: PriceScale,
) -> Result<Level, DecodeError> {
    match levels(side, most, scale)?.as_slice() {
        [] => Ok((0, 0)),
        [only] => Ok(*only),
        _ => Err(side.wrong()),
    }
}

/// Returns milliseconds as nanoseconds.
pub(super) fn ms(time: Field<'_, '_>) -> Result<i64, DecodeError> {
    ns_of_ms(time.u64()?).ok_or_else(|| time.wrong())
}

/// Returns milliseconds, sent as text, as nanoseconds.
pub(super) fn ms_text(time: Field<'_, '_>) -> Result<i64, DecodeError> {
    ns_of_ms(count(time)?).ok_or_else(|| time.wrong())
}

fn ns_of_ms(ms: u64) -> Option<i64> {
    i64::try_from(ms).ok()?.checked_mul(NS_PER_MS)
}

/// Returns a time like `2026-11-21T12:00:00.1Z` as nanoseconds.
pub(super) fn instant(time: Field<'_, '_>) -> Result<i64, DecodeError> {
    rfc3339_ns(&time.text()?).ok_or_else(|| time.wrong())
}

/// Returns whether this is a decimal, but not one that × 10⁸ is an integer.
pub(super) fn is_too_fine(text: &str) -> bool {
    is_decimal(text) && decimal8(text).is_none()
}

/// Returns a tick at the scale that its instrument is to have, `None` if there is none so fine.
pub(super) fn tick(rule: Field<'_, '_>) -> Result<Option<Tick>, DecodeError> {
    let text = rule.text()?;
    if !is_decimal(&text) {
        return Err(rule.wrong());
    }
    Ok(PriceScale::needed(&text).and_then(|scale| Some((decimal(&text, scale)?, scale))))
}

/// Returns the tick of so many decimals, `None` if there is no scale so fine.
pub(super) fn tick_of(decimals: Field<'_, '_>) -> Result<Option<Tick>, DecodeError> {
    let places = places(decimals)?;
    let scale = PriceScale::of(places);
    let dropped = scale.decimals().checked_sub(places as usize);
    Ok(dropped.map(|dropped| (10_u64.pow(dropped as u32), scale)))
}

/// Returns the step of so many decimals × 10⁸, `None` if that is no integer.
pub(super) fn step_of(decimals: Field<'_, '_>) -> Result<Option<u64>, DecodeError> {
    let dropped = DECIMALS.checked_sub(places(decimals)? as usize);
    Ok(dropped.map(|dropped| 10_u64.pow(dropped as u32)))
}

fn places(decimals: Field<'_, '_>) -> Result<u32, DecodeError> {
    match decimals.u64()? {
        known @ 0..=MOST_DECIMALS => Ok(known as u32),
        _ => Err(decimals.wrong()),
    }
}
