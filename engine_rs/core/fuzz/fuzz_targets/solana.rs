//! A conversation with a Solana node: lines are frames, `>` starts one of ours.
#![no_main]

use cambist_core::exchanges::Direction;
use cambist_core::chain::session::SolanaSession;
use cambist_core::exchanges::event::canonical;
use cambist_core::chain::solana::decode_solana;
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
