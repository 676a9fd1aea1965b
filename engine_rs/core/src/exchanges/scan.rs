//! The grammar of JSON: one pass over a frame that notes where each value stands.

use super::MAX_DEPTH;
use super::frame::{Kind, Node};

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// The text of a frame, and the values found in it so far.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    nodes: Vec<Node>,
}

impl<'a> Scan<'a> {
    /// Returns the values of a text that is one JSON value, `None` if it is anything else. It is no longer than `MAX_BODY`.
    pub(super) fn whole(text: &'a str) -> Option<Vec<Node>> {
        let mut scan = Self {
            bytes: text.as_bytes(),
            nodes: Vec::with_capacity(text.len() / 12 + 8),
        };
        let at = scan.value(0, 0)?;
        (scan.space(at) == text.len()).then_some(scan.nodes)
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[inline]
    fn space(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte(at) {
            at += 1;
        }
        at
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        self.nodes.push(Node::plain(kind, start, end));
    }

    /// Reads one value that stands inside `depth` containers; returns where it ends, as all of these do.
    fn value(&mut self, at: usize, depth: usize) -> Option<usize> {
        let at = self.space(at);
        match self.byte(at)? {
            b'"' => self.string(at),
            b'{' if depth < MAX_DEPTH => self.container(Kind::Object, b'}', at, depth),
            b'[' if depth < MAX_DEPTH => self.container(Kind::Array, b']', at, depth),
            b'-' | b'0'..=b'9' => self.number(at),
            b't' => self.word(b"true", Kind::True, at),
            b'f' => self.word(b"false", Kind::False, at),
            b'n' => self.word(b"null", Kind::Null, at),
            _ => None,
        }
    }

    fn container(&mut self, kind: Kind, closing: u8, start: usize, depth: usize) -> Option<usize> {
        let (index, mut count) = (self.nodes.len(), 0);
        self.push(kind, start, start);
        let mut at = self.space(start + 1);
        if self.byte(at)? == closing {
            at += 1;
        } else {
            loop {
                if kind == Kind::Object {
                    at = self.key(at)?;
                }
                let end = self.value(at, depth + 1)?;
                let end = self.space(end);
                let byte = self.byte(end)?;
                (at, count) = (end + 1, count + 1);
                if byte == closing {
                    break;
                }
                if byte != b',' {
                    return None;
                }
            }
        }
        self.nodes[index] = Node::container(kind, count, self.nodes.len());
        Some(at)
    }

    #[inline]
    fn key(&mut self, at: usize) -> Option<usize> {
        let at = self.space(at);
        if self.byte(at)? != b'"' {
            return None;
        }
        let end = self.string(at)?;
        let at = self.space(end);
        (self.byte(at)? == b':').then_some(at + 1)
    }

    fn word(&mut self, word: &[u8], kind: Kind, at: usize) -> Option<usize> {
        let end = at + word.len();
        if !self.bytes[at..].starts_with(word) {
            return None;
        }
        self.push(kind, at, end);
        Some(end)
    }

    #[inline]
    fn string(&mut self, quote: usize) -> Option<usize> {
        let (start, mut kind) = (quote + 1, Kind::Text);
        let mut at = self.plain(start);
        loop {
            match self.byte(at)? {
                b'"' => break,
                b'\\' => {
                    kind = Kind::Escaped;
                    at = self.escape(at)?;
                }
                0..0x20 => return None,
                _ => at += 1,
            }
            at = self.plain(at);
        }
        self.push(kind, start, at);
        Some(at + 1)
    }

    /// Goes to the next quote, backslash or control character, eight bytes at a time; may stop in the last eight.
    #[inline]
    fn plain(&self, mut at: usize) -> usize {
        // The lowest byte that is flagged is right; those above it may be flagged by the borrow.
        let equal = |word: u64, byte: u8| {
            let diff = word ^ LOW.wrapping_mul(u64::from(byte));
            diff.wrapping_sub(LOW) & !diff
        };
        while let Some(chunk) = self
            .bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<8>())
        {
            let word = u64::from_le_bytes(*chunk);
            let control = word.wrapping_sub(LOW.wrapping_mul(0x20)) & !word;
            let flags = (equal(word, b'"') | equal(word, b'\\') | control) & HIGH;
            if flags != 0 {
                return at + flags.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        at
    }

    #[cold]
    fn escape(&self, at: usize) -> Option<usize> {
        let rest = &self.bytes[at..];
        match rest.get(1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
            b'u' if rest.get(2..6)?.iter().all(u8::is_ascii_hexdigit) => Some(at + 6),
            _ => None,
        }
    }

    #[inline]
    fn number(&mut self, start: usize) -> Option<usize> {
        let mut at = start;
        if self.byte(at) == Some(b'-') {
            at += 1;
        }
        at = if self.byte(at) == Some(b'0') {
            at + 1
        } else {
            self.digits(at)?
        };
        let mut kind = Kind::Int;
        if self.byte(at) == Some(b'.') {
            kind = Kind::Number;
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            kind = Kind::Number;
            let sign = matches!(self.byte(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(sign))?;
        }
        if &self.bytes[start..at] == b"-0" {
            kind = Kind::Number;
        }
        self.push(kind, start, at);
        Some(at)
    }

    /// Goes past one digit or more.
    #[inline]
    fn digits(&self, start: usize) -> Option<usize> {
        let mut at = start;
        while let Some(chunk) = self
            .bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<8>())
        {
            let strange = no_digits(u64::from_le_bytes(*chunk));
            if strange != 0 {
                at += strange.trailing_zeros() as usize / 8;
                return (at > start).then_some(at);
            }
            at += 8;
        }
        while let Some(b'0'..=b'9') = self.byte(at) {
            at += 1;
        }
        (at > start).then_some(at)
    }
}

/// Returns eight bytes with the highest bit of each that is no ASCII digit set.
fn no_digits(word: u64) -> u64 {
    // Added to what is below 0x80, they reach the highest bit from the byte after `9` on, and from `0` on.
    const AFTER: u64 = LOW * (0x7f - b'9') as u64;
    const FROM: u64 = LOW * (0x80 - b'0') as u64;
    let seven = word & !HIGH;
    (word | (seven + AFTER) | !(seven + FROM)) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_digit_or_flagged() {
        for (byte, at) in (0..=u8::MAX).flat_map(|byte| (0..8).map(move |at| (byte, at))) {
            for rest in [b'0', b'9'] {
                let mut eight = [rest; 8];
                eight[at] = byte;
                let flags = no_digits(u64::from_le_bytes(eight)).to_le_bytes();
                for (place, flag) in flags.into_iter().enumerate() {
                    let strange = place == at && !byte.is_ascii_digit();
                    assert_eq!(flag, u8::from(strange) << 7, "{eight:?} at {place}");
                }
            }
        }
    }
}
