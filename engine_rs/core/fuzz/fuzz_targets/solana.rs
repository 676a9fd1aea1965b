//! A conversation with a Solana node: lines are frames, `>` starts one of ours.
#![no_main]

use cambist_core::decode::{Direction, SolanaSession, canonical, decode_solana};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut session = SolanaSession::new();
    for frame in data.split(|&byte| byte == b'\n') {
        let (direction, body) = match frame {
            [b'>', body @ ..] => (Direction::Out, body),
            body => (Direction::In, body),
        };
        if let Ok(events) = decode_solana(&mut session, 1, 1, direction, body) {
            for event in &events {
                let _ = canonical(event);
            }
        }
    }
});
