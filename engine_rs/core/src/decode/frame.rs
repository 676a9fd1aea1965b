//! JSON of one frame, read strictly and in place: no tree is built, values are slices of the frame.
//!
//! Strict means RFC 8259, UTF-8, at most 64 containers deep and 16 MiB long. A key that is read must not come twice in its
//! object; what is not read is only checked for its grammar. The twin accepts and refuses the same frames.

use std::borrow::Cow;

use super::decimal::decimal8;
use super::event::Level;
use super::{DecodeError, MAX_BODY, MAX_DEPTH};
use crate::base58::{self, Pubkey, Signature};

/// A value as it stands in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    Absent,
    /// The key came more than once.
    Twice,
    Null,
    Bool(bool),
    /// Digits, maybe with a minus; not `-0`.
    Int(&'a str),
    /// Any other number.
    Number(&'a str),
    /// What stands between the quotes, and whether it holds an escape.
    Text(&'a str, bool),
    /// With its brackets.
    Array(&'a str),
    /// With its braces.
    Object(&'a str),
}

/// A value and the key it was read under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'static str,
    pub(super) raw: Raw<'a>,
}

/// Returns the one value a frame holds, its whole grammar checked.
///
/// # Errors
/// `TooLarge` and `NotJson`.
pub(super) fn document(body: &[u8]) -> Result<Field<'_>, DecodeError> {
    if body.len() > MAX_BODY {
        return Err(DecodeError::TooLarge { size: body.len() });
    }
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::NotJson)?;
    let mut cursor = Cursor::new(text);
    let raw = cursor.value(0).and_then(|raw| cursor.end().map(|()| raw));
    Ok(Field {
        name: "frame",
        raw: raw.map_err(|NotJson| DecodeError::NotJson)?,
    })
}

impl<'a> Field<'a> {
    pub(super) fn absent(self) -> bool {
        self.raw == Raw::Absent
    }

    /// Returns the field, `None` if it is absent or null.
    pub(super) fn optional(self) -> Option<Self> {
        (!matches!(self.raw, Raw::Absent | Raw::Null)).then_some(self)
    }

    /// Returns the fields of an object with these names.
    pub(super) fn fields<const N: usize>(
        self,
        names: [&'static str; N],
    ) -> Result<[Field<'a>; N], DecodeError> {
        let Raw::Object(text) = self.raw else {
            return Err(self.wrong());
        };
        let mut found = names.map(|name| Field {
            name,
            raw: Raw::Absent,
        });
        let mut cursor = Cursor { text, at: 1 };
        let each = cursor.members(|key, cursor| {
            let raw = cursor.value(0)?;
            if let Some(field) = found.iter_mut().find(|field| field.name == key) {
                field.raw = if field.raw == Raw::Absent {
                    raw
                } else {
                    Raw::Twice
                };
            }
            Ok(())
        });
        each.map_err(|NotJson| DecodeError::NotJson)?;
        Ok(found)
    }

    /// Returns the field of an object with this name.
    pub(super) fn get(self, name: &'static str) -> Result<Field<'a>, DecodeError> {
        self.fields([name]).map(|[field]| field)
    }

    /// Returns the elements of an array, under the same name.
    pub(super) fn items(self) -> Result<Vec<Field<'a>>, DecodeError> {
        let Raw::Array(text) = self.raw else {
            return Err(self.wrong());
        };
        let mut found = Vec::new();
        let mut cursor = Cursor { text, at: 1 };
        let each = cursor.elements(|cursor| {
            found.push(Field {
                name: self.name,
                raw: cursor.value(0)?,
            });
            Ok(())
        });
        each.map_err(|NotJson| DecodeError::NotJson)?;
        Ok(found)
    }

    pub(super) fn u64(self) -> Result<u64, DecodeError> {
        match self.raw {
            Raw::Int(text) => text.parse().map_err(|_| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn i64(self) -> Result<i64, DecodeError> {
        match self.raw {
            Raw::Int(text) => text.parse().map_err(|_| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn boolean(self) -> Result<bool, DecodeError> {
        match self.raw {
            Raw::Bool(value) => Ok(value),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn text(self) -> Result<Cow<'a, str>, DecodeError> {
        match self.raw {
            Raw::Text(text, false) => Ok(Cow::Borrowed(text)),
            Raw::Text(text, true) => unescape(text).map(Cow::Owned).ok_or_else(|| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn pubkey(self) -> Result<Pubkey, DecodeError> {
        base58::decode(&self.text()?).ok_or_else(|| self.wrong())
    }

    pub(super) fn signature(self) -> Result<Signature, DecodeError> {
        base58::decode_signature(&self.text()?).ok_or_else(|| self.wrong())
    }

    /// Returns a decimal string × 10⁸.
    pub(super) fn decimal(self) -> Result<u64, DecodeError> {
        decimal8(&self.text()?).ok_or_else(|| self.wrong())
    }

    /// Returns an array of `[price, quantity, …]`, both × 10⁸.
    pub(super) fn levels(self) -> Result<Vec<Level>, DecodeError> {
        let Raw::Array(text) = self.raw else {
            return Err(self.wrong());
        };
        let mut found = Vec::with_capacity(text.len() / 28);
        let mut cursor = Cursor { text, at: 1 };
        let mut bad = None;
        let each = cursor.elements(|cursor| {
            let level = Field {
                name: self.name,
                raw: cursor.value(0)?,
            };
            match level.level() {
                Ok(level) => found.push(level),
                Err(error) => bad = bad.take().or(Some(error)),
            }
            Ok(())
        });
        each.map_err(|NotJson| DecodeError::NotJson)?;
        bad.map_or(Ok(found), Err)
    }

    fn level(self) -> Result<Level, DecodeError> {
        match self.items()?[..] {
            [price, quantity, ..] => match price.decimal()? {
                0 => Err(price.wrong()), // would be free to buy
                price => Ok((price, quantity.decimal()?)),
            },
            _ => Err(self.wrong()),
        }
    }

    /// Returns the error that names this field and what it was.
    pub(super) fn wrong(self) -> DecodeError {
        let was = match self.raw {
            Raw::Absent => "missing".to_owned(),
            Raw::Twice => "there twice".to_owned(),
            Raw::Null => "null".to_owned(),
            Raw::Bool(value) => value.to_string(),
            Raw::Int(text) | Raw::Number(text) => text.chars().take(40).collect(),
            Raw::Text(text, escaped) => {
                let text = if escaped {
                    unescape(text)
                } else {
                    Some(text.to_owned())
                };
                match text {
                    Some(text) => format!("\"{}\"", text.chars().take(40).collect::<String>()),
                    None => "half a surrogate pair".to_owned(),
                }
            }
            Raw::Array(_) => "an array".to_owned(),
            Raw::Object(_) => "an object".to_owned(),
        };
        DecodeError::Field {
            field: self.name,
            was,
        }
    }
}

/// Grammar broken, or nested too deep.
#[derive(Debug)]
pub(super) struct NotJson;

/// A place in the text of a frame.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        self.space();
        if self.byte() != Some(byte) {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), NotJson> {
        self.space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(NotJson)
        }
    }

    /// Reads one value that stands inside `depth` containers.
    fn value(&mut self, depth: usize) -> Result<Raw<'a>, NotJson> {
        self.space();
        let start = self.at;
        match self.byte().ok_or(NotJson)? {
            b'"' => self
                .string()
                .map(|(text, escaped)| Raw::Text(text, escaped)),
            b'{' if depth < MAX_DEPTH => {
                self.at += 1;
                self.members(|_, cursor| cursor.value(depth + 1).map(|_| ()))?;
                Ok(Raw::Object(&self.text[start..self.at]))
            }
            b'[' if depth < MAX_DEPTH => {
                self.at += 1;
                self.elements(|cursor| cursor.value(depth + 1).map(|_| ()))?;
                Ok(Raw::Array(&self.text[start..self.at]))
            }
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Raw::Bool(true)),
            b'f' => self.word("false", Raw::Bool(false)),
            b'n' => self.word("null", Raw::Null),
            _ => Err(NotJson),
        }
    }

    /// Calls `each` with every key of an object, after its opening brace and with the cursor before the value.
    fn members(
        &mut self,
        mut each: impl FnMut(&str, &mut Self) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.space();
        if self.byte() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let (key, escaped) = self.string()?;
            self.expect(b':')?;
            if escaped {
                // Half a surrogate pair can't be one of our names.
                each(unescape(key).as_deref().unwrap_or("\u{fffd}"), self)?;
            } else {
                each(key, self)?;
            }
            if self.closes(b'}')? {
                return Ok(());
            }
        }
    }

    /// Calls `each` before every element of an array, after its opening bracket.
    fn elements(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.space();
        if self.byte() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    fn closes(&mut self, closing: u8) -> Result<bool, NotJson> {
        self.space();
        let byte = self.byte().ok_or(NotJson)?;
        self.at += 1;
        if byte == closing {
            Ok(true)
        } else if byte == b',' {
            Ok(false)
        } else {
            Err(NotJson)
        }
    }

    fn word(&mut self, word: &str, raw: Raw<'a>) -> Result<Raw<'a>, NotJson> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(NotJson);
        }
        self.at += word.len();
        Ok(raw)
    }

    /// Returns what stands between the quotes, and whether it holds an escape.
    fn string(&mut self) -> Result<(&'a str, bool), NotJson> {
        if self.byte() != Some(b'"') {
            return Err(NotJson);
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.plain();
            match self.byte().ok_or(NotJson)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                0..0x20 => return Err(NotJson),
                _ => self.at += 1,
            }
        }
        let inner = &self.text[start..self.at];
        self.at += 1;
        Ok((inner, escaped))
    }

    /// Skips whole words of eight bytes that hold no quote, backslash or control character: most of an account's data.
    fn plain(&mut self) {
        const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
        const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
        let has = |word: u64, byte: u8| {
            let diff = word ^ (LOW.wrapping_mul(u64::from(byte)));
            diff.wrapping_sub(LOW) & !diff & HIGH
        };
        for chunk in self.text.as_bytes()[self.at..].chunks_exact(8) {
            let word = u64::from_ne_bytes(chunk.try_into().unwrap_or_default());
            let control = word.wrapping_sub(LOW.wrapping_mul(0x20)) & !word & HIGH;
            if (has(word, b'"') | has(word, b'\\') | control) != 0 {
                break;
            }
            self.at += 8;
        }
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        let rest = &self.text.as_bytes()[self.at..];
        match rest.get(1).ok_or(NotJson)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' if rest
                .get(2..6)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
            {
                self.at += 6;
            }
            _ => return Err(NotJson),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Raw<'a>, NotJson> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        Ok(if whole && text != "-0" {
            Raw::Int(text)
        } else {
            Raw::Number(text)
        })
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(NotJson)
        }
    }
}

/// Returns the text behind escapes whose grammar was checked, `None` if it holds half a surrogate pair.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let code = rest.as_bytes().get(at + 1)?;
        rest = &rest[at + 2..];
        let plain = match code {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (char, used) = unicode(rest)?;
                rest = &rest[used..];
                char
            }
            other => char::from(*other),
        };
        out.push(plain);
    }
    out.push_str(rest);
    Some(out)
}

/// Returns the character of `XXXX` or of the pair `XXXX\uXXXX`, and how many bytes it took.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| u32::from_str_radix(rest.get(at..at + 4)?, 16).ok();
    let first = unit(0)?;
    if !(0xd800..0xe000).contains(&first) {
        return Some((char::from_u32(first)?, 4));
    }
    let second = unit(6)
        .filter(|second| rest.get(4..6) == Some("\\u") && (0xdc00..0xe000).contains(second))?;
    let code = 0x1_0000 + (first.checked_sub(0xd800)? << 10) + (second - 0xdc00);
    Some((char::from_u32(code).filter(|_| first < 0xdc00)?, 10))
}
