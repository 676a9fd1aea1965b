//! The grammar of JSON: one pass over a frame that notes where each value stands.

use super::MAX_DEPTH;
use super::frame::{Kind, Node};

/// A place in the text of a frame, and the values before it.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
}

impl<'a> Scan<'a> {
    /// Returns the values of a text that is one JSON value, `None` if it is anything else. It is shorter than 4 GiB.
    pub(super) fn whole(text: &'a str) -> Option<Vec<Node>> {
        let nodes = Vec::with_capacity(text.len() / 12 + 8);
        let mut scan = Self {
            bytes: text.as_bytes(),
            at: 0,
            nodes,
        };
        scan.value(0)?;
        scan.space();
        (scan.at == text.len()).then_some(scan.nodes)
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node {
            kind,
            start: start as u32,
            end: end as u32,
            next,
        });
    }

    /// Reads one value that stands inside `depth` containers.
    fn value(&mut self, depth: usize) -> Option<()> {
        self.space();
        match self.byte()? {
            b'"' => self.string(),
            b'{' if depth < MAX_DEPTH => self.container(Kind::Object, b'}', depth),
            b'[' if depth < MAX_DEPTH => self.container(Kind::Array, b']', depth),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true", Kind::True),
            b'f' => self.word(b"false", Kind::False),
            b'n' => self.word(b"null", Kind::Null),
            _ => None,
        }
    }

    fn container(&mut self, kind: Kind, closing: u8, depth: usize) -> Option<()> {
        let (index, start) = (self.nodes.len(), self.at);
        self.push(kind, start, start);
        self.at += 1;
        self.space();
        if self.byte()? == closing {
            self.at += 1;
        } else {
            loop {
                if kind == Kind::Object {
                    self.key()?;
                }
                self.value(depth + 1)?;
                self.space();
                let byte = self.byte()?;
                self.at += 1;
                if byte == closing {
                    break;
                }
                if byte != b',' {
                    return None;
                }
            }
        }
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[index];
        node.end = self.at as u32;
        node.next = next;
        Some(())
    }

    fn key(&mut self) -> Option<()> {
        self.space();
        if self.byte()? != b'"' {
            return None;
        }
        self.string()?;
        self.space();
        if self.byte()? != b':' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Option<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return None;
        }
        self.push(kind, self.at, self.at + word.len());
        self.at += word.len();
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            self.plain();
            match self.byte()? {
                b'"' => break,
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.push(kind, start, self.at);
        self.at += 1;
        Some(())
    }

    /// Goes to the next quote, backslash or control character, eight bytes at a time; may stop in the last eight.
    fn plain(&mut self) {
        const LOW: u64 = u64::from_le_bytes([0x01; 8]);
        const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
        // The lowest byte that is flagged is right; those above it may be flagged by the borrow.
        let equal = |word: u64, byte: u8| {
            let diff = word ^ LOW.wrapping_mul(u64::from(byte));
            diff.wrapping_sub(LOW) & !diff
        };
        while let Some(chunk) = self.bytes[self.at..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let control = word.wrapping_sub(LOW.wrapping_mul(0x20)) & !word;
            let flags = (equal(word, b'"') | equal(word, b'\\') | control) & HIGH;
            if flags != 0 {
                self.at += flags.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    fn escape(&mut self) -> Option<()> {
        let rest = &self.bytes[self.at..];
        match rest.get(1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' if rest.get(2..6)?.iter().all(u8::is_ascii_hexdigit) => self.at += 6,
            _ => return None,
        }
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut kind = Kind::Int;
        if self.byte() == Some(b'.') {
            kind = Kind::Number;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            kind = Kind::Number;
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        if &self.bytes[start..self.at] == b"-0" {
            kind = Kind::Number;
        }
        self.push(kind, start, self.at);
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
