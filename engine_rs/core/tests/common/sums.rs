//! Long runs that must come out alike in both engines: the reference summed up its outputs in `tests/parity/sums.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Sums {
    pub(crate) seed: u64,
    each: usize,
    fnv: Vec<String>,
}

impl Sums {
    pub(crate) fn of(name: &str) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/parity/sums.json");
        let text = std::fs::read_to_string(path).expect("sums");
        let mut all: BTreeMap<String, Self> = serde_json::from_str(&text).expect("sums");
        all.remove(name).expect("a run of this name")
    }

    /// Compares FNV-1a of the lines with that of the reference.
    pub(crate) fn check(&self, mut lines: impl Iterator<Item = String>) {
        assert!(!self.fnv.is_empty());
        for (index, sum) in self.fnv.iter().enumerate() {
            let mut fnv: u64 = 0xcbf2_9ce4_8422_2325;
            for line in lines.by_ref().take(self.each) {
                for byte in line.bytes() {
                    fnv = (fnv ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
                }
            }
            let first = index * self.each;
            assert_eq!(
                &format!("{fnv:016x}"),
                sum,
                "lines {first} to {}",
                first + self.each - 1
            );
        }
    }
}

/// Deterministic numbers, the same as in the twin of these tests.
pub(crate) struct Xorshift(pub(crate) u64);

impl Xorshift {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
