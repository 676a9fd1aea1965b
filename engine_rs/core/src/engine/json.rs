//! Canonical JSON: compact, fields in declaration order, floats as the shortest text that reads back the same.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// Appends the canonical encoding of a value.
pub(crate) fn append<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    let mut serializer = serde_json::Serializer::with_formatter(out, Canonical);
    // Writing into memory can't fail, and none of our maps has a key that is no string.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok());
}

/// Returns the canonical encoding of a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    append(&mut out, value);
    out
}

struct Canonical;

impl Formatter for Canonical {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float(value).as_bytes())
    }
}

/// Returns a float as the twin's encoder writes it: plain from 1e-5 to below 1e16, else with an exponent.
fn float(value: f64) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let (size, point) = (digits.len() as i32, exponent + 1);
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    if (size..=16).contains(&point) {
        let zeros = "0".repeat((point - size) as usize);
        return format!("{sign}{digits}{zeros}.0");
    }
    if point > 0 && point <= 16 {
        let (whole, part) = digits.split_at(point as usize);
        return format!("{sign}{whole}.{part}");
    }
    if point > -5 && point <= 0 {
        let zeros = "0".repeat(-point as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    if size == 1 {
        return format!("{sign}{digits}e{exponent}");
    }
    let (whole, part) = digits.split_at(1);
    format!("{sign}{whole}.{part}e{exponent}")
}
