//! Pump AMM pools, configurations and fee schedules, and swaps under them.
#![no_main]

use cambist_core::venues::pump::layout::{PumpConfig, PumpFeeConfig, PumpFees, PumpPool};
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use cambist_core::venues::pump::pool::PumpState;
use libfuzzer_sys::fuzz_target;

const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};

fuzz_target!(|data: &[u8]| {
    let config = PumpConfig::decode(data).unwrap_or(PumpConfig {
        disable_flags: 0,
        fees: PumpFees {
            lp: 20,
            protocol: 5,
            creator: 5,
        },
    });
    let fee_config = PumpFeeConfig::decode(data).ok();
    let account = PumpPool::decode(data).or_else(|_| PumpPool::decode(&pool()));
    let Ok(account) = account else { return };
    let amounts = [1 << (data.len() % 64), u64::MAX >> (data.len() % 60)];
    let pool = Pool::Pump(Box::new(PumpState {
        account,
        config,
        fee_config,
        base_supply: Some(1_000_000_000_000_000),
        canonical: true,
        amounts,
        transfer_fees: [None, None],
    }));
    for a_to_b in [true, false] {
        let _ = pool.weight(a_to_b, &NOW);
        let _ = pool.virtual_reserves(a_to_b, &NOW);
        let _ = pool.swap(a_to_b, amounts[0], &NOW);
        let _ = pool.swap_exact_out(a_to_b, amounts[0], &NOW);
    }
});

fn pool() -> Vec<u8> {
    let mut data = vec![0; 300];
    data[..8].copy_from_slice(&[0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc]);
    data
}
