//! Whirlpools, their tick arrays and oracles.
#![no_main]

use std::sync::Arc;

use cambist_core::venues::orca::layout::{Oracle, TickArray, Whirlpool};
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use cambist_core::venues::tick_array_manager::Ticks;
use libfuzzer_sys::fuzz_target;

const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};

fuzz_target!(|data: &[u8]| {
    let _ = Oracle::decode(data);
    let _ = TickArray::decode(data);
    let Ok(pool) = Whirlpool::decode(data) else {
        return;
    };
    let arrays = data.get(653..).map(TickArray::decode);
    let arrays: Vec<_> = arrays.into_iter().flatten().collect();
    let Ok(ticks) = Ticks::new(pool.tick_spacing, &arrays, &[]) else {
        return;
    };
    let pool = Pool::whirlpool(&pool, Arc::new(ticks), None);
    for a_to_b in [true, false] {
        let _ = pool.weight(a_to_b, &NOW);
        let _ = pool.swap(a_to_b, 1 << (data.len() % 64), &NOW);
        let _ = pool.swap_exact_out(a_to_b, 1 << (data.len() % 64), &NOW);
    }
});
