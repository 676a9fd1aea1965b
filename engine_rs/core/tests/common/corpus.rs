//! The frames of `tests/parity/frames.json`, which both engines must read alike.

use cambist_core::chain::session::SolanaSession;
use cambist_core::chain::solana::decode_solana;
use cambist_core::exchanges::Direction;
use cambist_core::exchanges::binance::decode_binance;
use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::event::canonical;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::sums::Xorshift;

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    protocol: String,
    #[serde(default)]
    symbol: String,
    pub(crate) frames: Vec<Frame>,
}

#[derive(Deserialize)]
pub(crate) struct Frame {
    #[serde(default)]
    body: String,
    body_hex: Option<String>,
    #[serde(default)]
    pub(crate) pad_to: usize,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    conn: u32,
    #[serde(default)]
    generation: u32,
    event: Option<Box<RawValue>>,
    error: Option<String>,
}

impl Frame {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = match &self.body_hex {
            Some(hex) => (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
                .collect(),
            None => self.body.clone().into_bytes(),
        };
        bytes.resize(bytes.len().max(self.pad_to), b' ');
        bytes
    }

    pub(crate) fn expected(&self) -> &str {
        match (&self.event, &self.error) {
            (Some(event), None) => event.get(),
            (None, Some(error)) => error,
            _ => panic!("a frame has an event or an error"),
        }
    }
}

impl Case {
    pub(crate) fn all() -> Vec<Self> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/parity/frames.json"
        );
        serde_json::from_str(&std::fs::read_to_string(path).expect("the corpus")).expect("cases")
    }

    pub(crate) fn is_solana(&self) -> bool {
        self.protocol == "solana"
    }

    /// Returns canonical events, or the text of the error.
    pub(crate) fn outcome(
        &self,
        session: &mut SolanaSession,
        frame: &Frame,
        body: &[u8],
    ) -> String {
        if !self.is_solana() {
            return match decode_binance(&self.protocol, &self.symbol, body, &PriceScales::EIGHT) {
                Ok(event) => canonical(&event).expect("text"),
                Err(error) => error.to_string(),
            };
        }
        let direction = if frame.direction == "out" {
            Direction::Out
        } else {
            Direction::In
        };
        match decode_solana(session, frame.conn, frame.generation, direction, body) {
            Ok(events) => {
                let texts: Vec<_> = events
                    .iter()
                    .map(|event| canonical(event).expect("text"))
                    .collect();
                format!("[{}]", texts.join(","))
            }
            Err(error) => error.to_string(),
        }
    }
}

const TOKENS: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"0",
    b"-",
    b"e",
    b".",
    b"null",
    b"true",
    b"1e400",
    b"\xff",
    b"\\ud800",
    b"18446744073709551616",
    b" ",
    b"\0",
    b"NaN",
    b"[[",
    b"\"u\":1,",
    b"\xc3\xa9",
];

/// Breaks a frame in one to three places.
pub(crate) fn mutate(body: &mut Vec<u8>, random: &mut Xorshift) {
    for _ in 0..=random.below(3) {
        let op = random.below(6);
        let at = random.below(body.len() + 1);
        let end = body.len().min(at + 1 + random.below(16));
        let token = TOKENS[random.below(TOKENS.len())];
        match op {
            0 if at < body.len() => body[at] ^= 1 << ((end - at) % 8),
            1 => drop(body.drain(at..end)),
            2 => drop(body.splice(at..at, token.iter().copied())),
            3 => {
                let copy = body[at..end].to_vec();
                body.splice(at..at, copy);
            }
            4 => body.truncate(at),
            _ => drop(body.splice(at..body.len().min(at + 1), token.iter().copied())),
        }
    }
}

/// Returns case number `round` with its last frame broken, and what came of it.
pub(crate) fn broken(cases: &[Case], round: usize, random: &mut Xorshift) -> (Vec<u8>, String) {
    let case = &cases[round % cases.len()];
    let last = random.below(case.frames.len());
    let mut session = SolanaSession::new();
    for frame in &case.frames[..last] {
        case.outcome(&mut session, frame, &frame.bytes());
    }
    let mut body = case.frames[last].bytes();
    mutate(&mut body, random);
    let outcome = case.outcome(&mut session, &case.frames[last], &body);
    (body, outcome)
}
