//! The frames that come most often, read in the exact form in which venues and nodes send them: same keys in the same
//! order, no spaces, no escapes. Anything else is `None`, and the strict reader decides what it is and what is wrong.
//!
//! What is read here the strict reader reads alike: tests hold one against the other on recorded and broken frames.

use super::MAX_BODY;
use super::decimal::{ONE, PriceScale, decimal, decimal8};
use super::event::Level;

/// A place in a frame; every read goes past what it read, and leaves `None` where it isn't there.
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn of(body: &'a [u8]) -> Option<Self> {
        (body.len() <= MAX_BODY).then_some(Self { rest: body })
    }

    #[inline]
    pub(crate) fn skip(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }

    /// Reads text up to its closing quote: ASCII without escapes.
    #[inline]
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let end = memchr::memchr(b'"', self.rest)?;
        let text = self.take(end);
        self.rest = &self.rest[1..];
        let plain = text
            .iter()
            .all(|&byte| (0x20..0x7f).contains(&byte) && byte != b'\\');
        std::str::from_utf8(text).ok().filter(|_| plain)
    }

    /// Reads a number without a sign, leading zeros or a fraction.
    #[inline]
    pub(crate) fn integer(&mut self) -> Option<u64> {
        let mut value: u64 = 0;
        let mut count = 0;
        for byte in self.rest.iter().take(19) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value * 10 + u64::from(digit);
            count += 1;
        }
        let first = *self.rest.first()?;
        let after = self.rest.get(count)?;
        if count == 0 || (first == b'0' && count > 1) || after.is_ascii_digit() {
            return self.long_integer();
        }
        self.take(count);
        // A fraction or an exponent is refused by whatever is expected next.
        Some(value)
    }

    /// Reads a number of 20 digits, as the last rent epoch is.
    #[cold]
    pub(crate) fn long_integer(&mut self) -> Option<u64> {
        let count = self
            .rest
            .iter()
            .take(21)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if count != 20 || self.rest[0] == b'0' {
            return None;
        }
        std::str::from_utf8(self.take(count)).ok()?.parse().ok()
    }

    #[inline]
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        let yes = self.skip(b"true").is_some();
        if !yes {
            self.skip(b"false")?;
        }
        Some(yes)
    }

    /// Reads a decimal and its closing quote, × 10⁸.
    #[inline]
    pub(crate) fn decimal(&mut self) -> Option<u64> {
        let mut whole: u64 = 0;
        // With so few whole digits nothing overflows.
        for (at, &byte) in self.rest.iter().take(10).enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                whole = whole * 10 + u64::from(digit);
                continue;
            }
            if byte == b'.'
                && at > 0
                && let Some([fraction @ .., b'"']) = self.rest[at + 1..].first_chunk::<9>()
                && let Some(fraction) = eight_digits(*fraction)
            {
                self.rest = &self.rest[at + 10..];
                return Some(whole * ONE + fraction);
            }
            break;
        }
        decimal8(self.text()?)
    }

    /// Reads a price of a scale and its closing quote.
    #[inline]
    pub(crate) fn price(&mut self, scale: PriceScale) -> Option<u64> {
        if scale == PriceScale::EIGHT {
            self.decimal()
        } else {
            decimal(self.text()?, scale)
        }
    }

    /// Reads `[["price","quantity"],…]`.
    pub(crate) fn levels(&mut self, scale: PriceScale) -> Option<Vec<Level>> {
        self.skip(b"[")?;
        if self.skip(b"]").is_some() {
            return Some(Vec::new());
        }
        let mut levels = Vec::with_capacity(24);
        loop {
            self.skip(b"[\"")?;
            let price = self.price(scale)?;
            self.skip(b",\"")?;
            let quantity = self.decimal()?;
            if price == 0 {
                return None;
            }
            levels.push((price, quantity));
            self.skip(b"]")?;
            if self.skip(b",").is_none() {
                self.skip(b"]")?;
                return Some(levels);
            }
        }
    }
}

/// Returns the value of eight digits: pairs, then fours, then all, in one register.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(text);
    let high = word & 0xf0f0_f0f0_f0f0_f0f0;
    let carried = word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    if high != 0x3030_3030_3030_3030 || carried != high {
        return None;
    }
    let ones = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use proptest::prelude::*;

    use base64_simd::STANDARD;

    use super::*;
    use crate::chain::fast::account;
    use crate::chain::session::SolanaSession;
    use crate::chain::solana::{decode_solana, decode_strictly as solana_strictly};
    use crate::exchanges::Direction;
    use crate::exchanges::binance::fast::{depth_snapshot, stream};
    use crate::exchanges::binance::{decode_binance, decode_strictly as binance_strictly};
    use crate::exchanges::decimal::PriceScales;
    use crate::exchanges::event::Event;
    use crate::exchanges::event::canonical;

    const TICKER: &str = r#"{"u":91000001,"s":"SOLUSDT","b":"142.51000000","B":"30.1","a":"142.52000000","A":"4.00000000"}"#;
    const UPDATE: &str = r#"{"e":"depthUpdate","E":1790000000123,"s":"SOLUSDT","U":91000001,"u":91000007,"b":[["142.50000000","0.00000000"],["142.49","1"]],"a":[]}"#;
    const USDM: &str = r#"{"e":"depthUpdate","E":1790000000123,"T":1,"s":"SOLUSDT","U":5,"u":7,"pu":4,"b":[],"a":[["9999999999.12345678","0.1"]]}"#;
    const TRADE: &str = r#"{"e":"trade","E":1790000000130,"s":"SOLUSDT","t":77001,"p":"142.52000000","q":"1.00000000","T":1790000000129,"m":false,"M":true}"#;
    const BOOK: &str = r#"{"lastUpdateId":91000000,"bids":[["142.51000000","30.1"]],"asks":[["142.52","4"],["143","0"]]}"#;
    const ACCOUNT: &str = r#"{"jsonrpc":"2.0","method":"accountNotification","params":{"result":{"context":{"slot":5199307},"value":{"lamports":33594,"data":["AQIDBAUGBwg=","base64"],"owner":"11111111111111111111111111111112","executable":false,"rentEpoch":18446744073709551615,"space":8}},"subscription":9}}"#;

    fn wrapped(data: &str) -> String {
        format!(r#"{{"stream":"solusdt@depth","data":{data}}}"#)
    }

    fn session() -> SolanaSession {
        let mut session = SolanaSession::new();
        let asked = br#"{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["11111111111111111111111111111113"]}"#;
        let reply = br#"{"jsonrpc":"2.0","result":9,"id":1}"#;
        for (direction, body) in [(Direction::Out, &asked[..]), (Direction::In, &reply[..])] {
            solana_strictly(&mut session, 1, 1, direction, body).expect("of the session");
        }
        session
    }

    #[test]
    fn the_usual_frames_are_read_here() {
        for text in [
            TICKER.to_owned(),
            UPDATE.to_owned(),
            TRADE.to_owned(),
            wrapped(TICKER),
            wrapped(UPDATE),
            wrapped(TRADE),
        ] {
            assert!(
                stream(text.as_bytes(), false, &PriceScales::EIGHT).is_some(),
                "{text}"
            );
        }
        assert!(stream(wrapped(USDM).as_bytes(), true, &PriceScales::EIGHT).is_some());
        assert!(depth_snapshot(BOOK.as_bytes(), "SOLUSDT", PriceScale::EIGHT).is_some());
        assert!(account(&mut session(), ACCOUNT.as_bytes()).is_some());
    }

    /// Returns the frame with up to two bytes changed, dropped or doubled.
    fn broken(text: &str, breaks: &[(u8, usize, u8)]) -> Vec<u8> {
        let mut body = text.as_bytes().to_vec();
        for &(kind, at, byte) in breaks {
            let at = at % body.len();
            match kind % 4 {
                0 => body[at] = byte,
                1 => drop(body.remove(at)),
                2 => body.insert(at, byte),
                _ => body.insert(at, body[at]),
            }
        }
        body
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn both_readers_of_base64_take_the_same_texts(text in "[A-Da-d0-9+/=_ -]{0,12}={0,3}") {
            let plain = base64::engine::general_purpose::STANDARD.decode(&text).ok();
            prop_assert_eq!(STANDARD.decode_to_vec(&text).ok(), plain);
        }

        #[test]
        fn digits_are_worth_what_they_say(value in 0_u64..100_000_000, at in 0_usize..8, byte: u8) {
            let mut text: [u8; 8] = format!("{value:08}").into_bytes().try_into().expect("eight");
            prop_assert_eq!(eight_digits(text), Some(value));
            text[at] = byte;
            prop_assert_eq!(eight_digits(text).is_some(), byte.is_ascii_digit());
        }

        #[test]
        fn broken_or_whole_both_readers_agree(
            which in 0_usize..10,
            decimals in prop::sample::select(vec![8, 10]),
            breaks in prop::collection::vec((any::<u8>(), any::<usize>(), prop::sample::select(&b"0159-.\"\\ {}[],:eE\xff\x01aZ="[..])), 0..3),
        ) {
            let frames = [
                ("binance.spot.ws", TICKER.to_owned()),
                ("binance.spot.ws", wrapped(TICKER)),
                ("binance.spot.ws", UPDATE.to_owned()),
                ("binance.usdm.ws", wrapped(USDM)),
                ("binance.spot.ws", wrapped(USDM)),
                ("binance.usdm.ws", wrapped(UPDATE)),
                ("binance.spot.depth", BOOK.to_owned()),
                ("binance.spot.ws", wrapped(TRADE)),
                ("binance.usdm.ws", TRADE.to_owned()),
            ];
            if let Some((protocol, text)) = frames.get(which) {
                let body = broken(text, &breaks);
                let line = |event: Result<Event<'_>, _>| event.map(|event| canonical(&event).expect("text"));
                let scales = PriceScales::all(PriceScale::of(decimals));
                let (fast, strict) = (decode_binance(protocol, "X", &body, &scales), binance_strictly(protocol, "X", &body, &scales));
                prop_assert_eq!(line(fast), line(strict));
            } else {
                let body = broken(ACCOUNT, &breaks);
                let (mut one, mut other) = (session(), session());
                prop_assert_eq!(
                    decode_solana(&mut one, 1, 1, Direction::In, &body),
                    solana_strictly(&mut other, 1, 1, Direction::In, &body)
                );
                prop_assert_eq!(one, other);
            }
        }
    }
}
