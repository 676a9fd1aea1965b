//! Both engines read the same corpus, and the same broken frames, alike.

#[path = "common/corpus.rs"]
mod corpus;
#[path = "common/sums.rs"]
mod sums;

use cambist_core::chain::session::SolanaSession;
use corpus::{Case, broken};
use serde::de::IgnoredAny;
use sums::{Sums, Xorshift};

#[test]
fn decode_reads_the_corpus_as_the_twin_does() {
    let cases = Case::all();
    assert!(cases.len() > 300);
    for case in &cases {
        let mut session = SolanaSession::new();
        for frame in &case.frames {
            let outcome = case.outcome(&mut session, frame, &frame.bytes());
            assert_eq!(outcome, frame.expected(), "{}", case.name);
            let restored = SolanaSession::from_parts(&session.parts());
            assert_eq!(restored.as_ref(), Some(&session), "{}", case.name);
        }
    }
}

#[test]
fn decode_reads_broken_frames_as_the_twin_does() {
    let known = Sums::of("frames");
    let cases: Vec<Case> = Case::all()
        .into_iter()
        .filter(|case| case.frames[0].pad_to == 0)
        .collect();
    let mut random = Xorshift(known.seed);
    known.check((0..).map(|round| broken(&cases, round, &mut random).1));
}

fn fuzz(solana: bool, seed: u64) {
    let wanted = |case: &Case| case.is_solana() == solana && case.frames[0].pad_to == 0;
    let cases: Vec<Case> = Case::all().into_iter().filter(wanted).collect();
    let mut random = Xorshift(seed);
    let mut read = 0;
    for round in 0..100_000 {
        let (body, outcome) = broken(&cases, round, &mut random);
        read += usize::from(outcome.starts_with(['{', '[']));
        let brackets = body.iter().filter(|byte| b"{[".contains(byte)).count();
        if std::str::from_utf8(&body).is_ok()
            && brackets <= 64
            && !outcome.starts_with("no decoder")
        {
            let grammar = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
            assert_eq!(
                outcome != "not JSON",
                grammar,
                "{}",
                String::from_utf8_lossy(&body)
            );
        }
    }
    assert!(
        read > 1_000,
        "only {read} frames survived: the fuzzing is too coarse"
    );
}

#[test]
fn decode_binance_survives_broken_frames() {
    fuzz(false, 0x5eed_0001);
}

#[test]
fn decode_solana_survives_broken_frames() {
    fuzz(true, 0x5eed_0002);
}
