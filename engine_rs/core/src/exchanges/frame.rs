//! JSON of one frame, read strictly: one pass checks it all and notes where each value stands, nothing is copied.
//!
//! Strict means RFC 8259, UTF-8, at most 64 containers deep and 16 MiB long. A key that is read must not come twice in its
//! object; what is not read is only checked for its grammar. The twin accepts and refuses the same frames.
//!
//! One file: the nodes that the pass writes and the fields that read them are one layout.

use std::borrow::Cow;
use std::ops::Range;

use hashbrown::HashMap;

use super::decimal::{PriceScale, decimal, decimal8, is_beyond, scaled};
use super::event::Level;
use super::scan::Scan;
use super::{DecodeError, MAX_BODY};
use crate::chain::base58::{self, Pubkey, Signature};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Absent,
    /// The key came more than once.
    Twice,
    Null,
    True,
    False,
    /// Digits, maybe with a minus; not `-0`.
    Int,
    /// Any other number.
    Number,
    Text,
    /// Text with an escape in it.
    Escaped,
    Array,
    Object,
}

/// One value of a frame, in eight bytes: a snapshot of 10⁵ levels has 9 × 10⁵ of them, and each new page costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    kind: Kind,
    /// Where the text of a plain value begins, without its quote; how many values a container holds. Either is less than
    /// [`MAX_BODY`].
    low: [u8; 3],
    /// Where the text ends; the index of the value after a container and all it holds.
    high: u32,
}

impl Node {
    /// Returns a value with this text.
    pub(super) const fn plain(kind: Kind, start: usize, end: usize) -> Self {
        let [a, b, c, _] = (start as u32).to_le_bytes();
        Self {
            kind,
            low: [a, b, c],
            high: end as u32,
        }
    }

    /// Returns an array or object of `count` values, those in them not counted; the value at `next` is the first after it.
    pub(super) const fn container(kind: Kind, count: usize, next: usize) -> Self {
        Self::plain(kind, count, next)
    }

    const fn low(self) -> usize {
        let [a, b, c] = self.low;
        u32::from_le_bytes([a, b, c, 0]) as usize
    }

    /// Returns the index of the value after this one and all it holds; this one stands at `at`.
    const fn after(self, at: u32) -> u32 {
        match self.kind {
            Kind::Array | Kind::Object => self.high,
            _ => at + 1,
        }
    }

    /// Returns where the text of a plain value stands.
    const fn range(self) -> Range<usize> {
        self.low()..self.high as usize
    }
}

/// The values of a frame in the order of their text; an object holds keys and values in turn.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

/// A value and the key it was read under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'f, 'a> {
    frame: &'f Frame<'a>,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    at: u32,
}

impl<'a> Frame<'a> {
    /// Returns the values of a frame, its whole grammar checked.
    ///
    /// # Errors
    /// `TooLarge` and `NotJson`.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        if body.len() > MAX_BODY {
            return Err(DecodeError::TooLarge { size: body.len() });
        }
        let text = std::str::from_utf8(body).map_err(|_| DecodeError::NotJson)?;
        let nodes = Scan::whole(text).ok_or(DecodeError::NotJson)?;
        Ok(Self { text, nodes })
    }

    /// Returns the one value that isn't part of another.
    pub(crate) fn root(&self) -> Field<'_, 'a> {
        self.field("frame", 0)
    }

    fn field(&self, name: &'static str, at: u32) -> Field<'_, 'a> {
        Field {
            frame: self,
            name,
            kind: self.nodes[at as usize].kind,
            at,
        }
    }

    fn text(&self, at: u32) -> &'a str {
        &self.text[self.nodes[at as usize].range()]
    }
}

impl<'f, 'a> Field<'f, 'a> {
    pub(crate) fn absent(self) -> bool {
        self.kind == Kind::Absent
    }

    /// Returns the field, `None` if it is absent or null.
    pub(crate) fn optional(self) -> Option<Self> {
        (!matches!(self.kind, Kind::Absent | Kind::Null)).then_some(self)
    }

    /// Returns an absent field of this name.
    pub(crate) fn without(self) -> Self {
        Self {
            kind: Kind::Absent,
            ..self
        }
    }

    /// Returns the fields of an object with these names.
    pub(crate) fn fields<const N: usize>(
        self,
        names: [&'static str; N],
    ) -> Result<[Self; N], DecodeError> {
        if self.kind != Kind::Object {
            return Err(self.wrong());
        }
        let nodes = &self.frame.nodes;
        let mut found = names.map(|name| Self {
            name,
            ..self.without()
        });
        let mut key = self.at + 1;
        let end = nodes[self.at as usize].after(self.at);
        while key < end {
            let value = key + 1;
            let node = nodes[value as usize];
            if let Some(name) = self.frame.key(key)
                && let Some(field) = found.iter_mut().find(|field| is_named(&name, field.name))
            {
                field.kind = if field.absent() {
                    node.kind
                } else {
                    Kind::Twice
                };
                field.at = value;
            }
            key = node.after(value);
        }
        Ok(found)
    }

    /// Returns the field of an object with this name.
    pub(crate) fn get(self, name: &'static str) -> Result<Self, DecodeError> {
        self.fields([name]).map(|[field]| field)
    }

    /// Returns how many elements an array has.
    pub(crate) fn len(self) -> Result<usize, DecodeError> {
        match self.kind {
            Kind::Array => Ok(self.frame.nodes[self.at as usize].low()),
            _ => Err(self.wrong()),
        }
    }

    /// Returns the elements of an array, under the same name.
    pub(crate) fn items(
        self,
    ) -> Result<impl Iterator<Item = Self> + Clone + use<'f, 'a>, DecodeError> {
        if self.kind != Kind::Array {
            return Err(self.wrong());
        }
        let Field {
            frame, name, at, ..
        } = self;
        let end = frame.nodes[at as usize].after(at);
        let mut next = at + 1;
        Ok(std::iter::from_fn(move || {
            let element = (next < end).then(|| frame.field(name, next))?;
            next = frame.nodes[next as usize].after(next);
            Some(element)
        }))
    }

    /// Returns the values of an object under its own name, whatever their keys; one that comes twice counts once, as `Twice`.
    pub(crate) fn members(self) -> Result<Vec<Self>, DecodeError> {
        if self.kind != Kind::Object {
            return Err(self.wrong());
        }
        let nodes = &self.frame.nodes;
        let (mut found, mut places) = (Vec::new(), HashMap::new());
        let mut key = self.at + 1;
        let end = nodes[self.at as usize].after(self.at);
        while key < end {
            let name = self.frame.field(self.name, key).text()?;
            let place = *places.entry(name).or_insert(found.len());
            match found.get_mut(place) {
                None => found.push(self.frame.field(self.name, key + 1)),
                Some(Self { kind, .. }) => *kind = Kind::Twice,
            }
            key = nodes[key as usize + 1].after(key + 1);
        }
        Ok(found)
    }

    /// Returns the text of a number, as it stands in the frame.
    pub(crate) fn number(self) -> Result<&'a str, DecodeError> {
        match self.kind {
            Kind::Int | Kind::Number => Ok(self.frame.text(self.at)),
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn u64(self) -> Result<u64, DecodeError> {
        self.integer()
    }

    pub(crate) fn i64(self) -> Result<i64, DecodeError> {
        self.integer()
    }

    fn integer<T: std::str::FromStr>(self) -> Result<T, DecodeError> {
        match self.kind {
            Kind::Int => self.frame.text(self.at).parse().map_err(|_| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    /// Returns a number × 10^`places`, what remains cut off; it is not negative and fits.
    pub(crate) fn scaled(self, places: i32) -> Result<u64, DecodeError> {
        scaled(self.number()?, places).ok_or_else(|| self.wrong())
    }

    pub(crate) fn boolean(self) -> Result<bool, DecodeError> {
        match self.kind {
            Kind::True => Ok(true),
            Kind::False => Ok(false),
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn text(self) -> Result<Cow<'a, str>, DecodeError> {
        match self.kind {
            Kind::Text => Ok(Cow::Borrowed(self.frame.text(self.at))),
            Kind::Escaped => unescape(self.frame.text(self.at))
                .map(Cow::Owned)
                .ok_or_else(|| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn pubkey(self) -> Result<Pubkey, DecodeError> {
        base58::decode(&self.text()?).ok_or_else(|| self.wrong())
    }

    pub(crate) fn signature(self) -> Result<Signature, DecodeError> {
        base58::decode_signature(&self.text()?).ok_or_else(|| self.wrong())
    }

    /// Returns a decimal string × 10⁸.
    pub(crate) fn decimal(self) -> Result<u64, DecodeError> {
        decimal8(&self.text()?).ok_or_else(|| self.wrong())
    }

    /// Returns a decimal string as a price of a scale.
    pub(crate) fn price(self, scale: PriceScale) -> Result<u64, DecodeError> {
        decimal(&self.text()?, scale).ok_or_else(|| self.wrong())
    }

    /// Returns a decimal string as the price of a level, `None` beyond the largest of the scale; 0 would be free to buy.
    pub(crate) fn level_price(self, scale: PriceScale) -> Result<Option<u64>, DecodeError> {
        let text = self.text()?;
        match decimal(&text, scale) {
            Some(0) => Err(self.wrong()),
            None if !is_beyond(&text, scale) => Err(self.wrong()),
            known => Ok(known),
        }
    }

    /// Returns an array of `[price, quantity, …]`, quantities × 10⁸, without those beyond the largest price.
    pub(crate) fn levels(self, scale: PriceScale) -> Result<Vec<Level>, DecodeError> {
        let levels = self.items()?;
        // A level takes at least three values: itself, its price and its quantity.
        let held = self.frame.nodes[self.at as usize].after(self.at) - self.at;
        let mut found = Vec::with_capacity(held as usize / 3);
        for level in levels {
            found.extend(level.level(scale)?);
        }
        Ok(found)
    }

    fn level(self, scale: PriceScale) -> Result<Option<Level>, DecodeError> {
        let mut pair = self.items()?;
        let (Some(price), Some(quantity)) = (pair.next(), pair.next()) else {
            return Err(self.wrong());
        };
        let known = price.level_price(scale)?;
        let quantity = quantity.decimal()?;
        Ok(known.map(|known| (known, quantity)))
    }

    /// Returns the error that names this field and what it was.
    #[cold]
    pub(crate) fn wrong(self) -> DecodeError {
        let was = match self.kind {
            Kind::Absent => "missing".to_owned(),
            Kind::Twice => "there twice".to_owned(),
            Kind::Null => "null".to_owned(),
            Kind::True => "true".to_owned(),
            Kind::False => "false".to_owned(),
            Kind::Int | Kind::Number => self.frame.text(self.at).chars().take(40).collect(),
            Kind::Text => quoted(self.frame.text(self.at)),
            Kind::Escaped => unescape(self.frame.text(self.at))
                .map_or_else(|| "half a surrogate pair".to_owned(), |text| quoted(&text)),
            Kind::Array => "an array".to_owned(),
            Kind::Object => "an object".to_owned(),
        };
        DecodeError::Field {
            field: self.name,
            was,
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.chars().take(40).collect::<String>())
}

impl<'a> Frame<'a> {
    /// Returns what a key says, `None` if that is half a surrogate pair.
    #[inline]
    fn key(&self, at: u32) -> Option<Cow<'a, [u8]>> {
        let node = self.nodes[at as usize];
        match node.kind {
            Kind::Escaped => unescape(self.text(at)).map(|text| Cow::Owned(text.into_bytes())),
            _ => Some(Cow::Borrowed(&self.text.as_bytes()[node.range()])),
        }
    }
}

/// Whether a key is this name. Most differ in their length or first byte: a call of `memcmp` for each took a fifth of the
/// time of a ticker.
#[inline]
fn is_named(key: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    key.len() == name.len() && key.first() == name.first() && key == name
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_knows_how_many_elements_it_has() {
        let frame = Frame::read(br#"{"a":[1,[2,3],{"x":[]},"[,]"],"b":[ ],"c":{"y":1}}"#).unwrap();
        let [a, b, c] = frame.root().fields(["a", "b", "c"]).unwrap();
        for (array, count) in [(a, 4), (b, 0)] {
            assert_eq!(array.len(), Ok(count));
            assert_eq!(array.items().unwrap().count(), count);
        }
        assert_eq!(c.len(), Err(c.wrong()));
    }

    #[test]
    fn the_last_text_of_the_longest_frame_is_read() {
        let mut body = vec![b' '; MAX_BODY];
        body[0] = b'[';
        body[MAX_BODY - 5..].copy_from_slice(b"7,\"\"]");
        let frame = Frame::read(&body).unwrap();
        let texts: Vec<_> = frame.root().items().unwrap().collect();
        assert_eq!(texts[0].u64(), Ok(7));
        assert_eq!(texts[1].text().as_deref(), Ok(""));
    }

    #[test]
    fn half_a_surrogate_pair_is_no_name() {
        let frame = Frame::read(br#"{"\ud800":1,"\u0061":2}"#).unwrap();
        let [none, a] = frame.root().fields(["", "a"]).unwrap();
        assert!(none.absent());
        assert_eq!(a.u64(), Ok(2));
    }
}
