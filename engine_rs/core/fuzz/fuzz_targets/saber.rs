//! Saber pools and swaps in them; what follows the account are the vaults' balances and an amount.
#![no_main]

use cambist_core::venues::saber::layout::StableSwap;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use libfuzzer_sys::fuzz_target;

const SIZE: usize = 395;
const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};

fuzz_target!(|data: &[u8]| {
    let Ok(account) = StableSwap::decode(data.get(..SIZE).unwrap_or(data)) else {
        return;
    };
    let number = |at: usize| {
        let bytes = data.get(SIZE + 8 * at..SIZE + 8 * at + 8);
        bytes.map_or(1_000_000, |bytes| {
            bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
        })
    };
    let pool = Pool::stable(&account, [number(0), number(1)]);
    for a_to_b in [true, false] {
        let _ = pool.weight(a_to_b, &NOW);
        let _ = pool.virtual_reserves(a_to_b, &NOW);
        let _ = pool.swap(a_to_b, number(2), &NOW);
        let _ = pool.swap_exact_out(a_to_b, number(2), &NOW);
    }
});
