//! Bytes with their zeros counted: a run of 1 to 256 of them is a zero and its length less one. Nine in ten bytes of what
//! accounts hold are zeros; no byte read makes more than 128.

use memchr::memchr;

const LONGEST: usize = 256;
const STEP: usize = 16;

/// Appends bytes with their zeros counted.
pub(super) fn pack(mut rest: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(0, rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let run = run(&rest[..rest.len().min(LONGEST)]);
        out.extend_from_slice(&[0, (run - 1) as u8]);
        rest = &rest[run..];
    }
    out.extend_from_slice(rest);
}

/// Returns how many zeros bytes begin with.
fn run(bytes: &[u8]) -> usize {
    let steps = bytes
        .chunks_exact(STEP)
        .take_while(|step| **step == [0; STEP]);
    let sure = steps.count() * STEP;
    sure + bytes[sure..].iter().take_while(|byte| **byte == 0).count()
}

/// Returns the bytes that were packed, `None` if they end within a run.
pub(super) fn unpack(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(rest.len() * 4);
    while let Some(at) = memchr(0, rest) {
        out.extend_from_slice(&rest[..at]);
        let run = usize::from(*rest.get(at + 1)?) + 1;
        out.resize(out.len() + run, 0);
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{pack, unpack};

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pack(bytes, &mut out);
        out
    }

    #[test]
    fn runs_are_cut_at_256() {
        for (zeros, written) in [
            (1, vec![0, 0]),
            (256, vec![0, 255]),
            (257, vec![0, 255, 0, 0]),
            (512, vec![0, 255, 0, 255]),
        ] {
            assert_eq!(packed(&vec![0; zeros]), written);
        }
        assert_eq!(packed(&[1, 0, 0, 2]), [1, 0, 1, 2]);
        assert_eq!(unpack(&[7, 0]), None);
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(runs in prop::collection::vec((0..600_usize, any::<u8>()), 0..20)) {
            let bytes: Vec<u8> = runs.iter().flat_map(|&(zeros, byte)| {
                let mut run = vec![0; zeros];
                run.push(byte);
                run
            }).collect();
            let small = packed(&bytes);
            prop_assert_eq!(unpack(&small), Some(bytes));
        }

        #[test]
        fn no_byte_makes_more_than_128(bytes in prop::collection::vec(prop_oneof![Just(0), Just(255), any::<u8>()], 0..200)) {
            if let Some(plain) = unpack(&bytes) {
                prop_assert!(plain.len() <= 128 * bytes.len());
            }
        }
    }
}
