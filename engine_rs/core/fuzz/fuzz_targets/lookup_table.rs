//! Accounts of address lookup tables.
#![no_main]

use cambist_core::build::instruction_builder::LookupTable;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = LookupTable::decode([7; 32], data, 300_000_000);
});
