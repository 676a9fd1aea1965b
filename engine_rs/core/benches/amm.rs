//! What a quote, a margin and a logarithm cost. `cargo bench -p cambist-core --bench amm`

use std::hint::black_box;
use std::sync::Arc;

use cambist_core::search::log2::log2_ratio;
use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::orca::layout::{
    AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle, TickArray, Whirlpool,
};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::sqrt_price::{sqrt_price_from_tick, tick_from_sqrt_price};
use cambist_core::venues::tick_array_manager::Ticks;
use divan::Bencher;

const NOW: ChainTime = ChainTime {
    slot: 400_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 925,
};
const SOL: u64 = 1_000_000_000;

fn main() {
    // A sample of one iteration would measure the timer.
    divan::Divan::from_args()
        .sample_count(200)
        .sample_size(500)
        .main();
}

fn amm_v4() -> Pool {
    let account = AmmV4 {
        status: 6,
        coin_decimals: 9,
        pc_decimals: 6,
        swap_fee_numerator: 25,
        swap_fee_denominator: 10_000,
        need_take_pnl_coin: 1_000,
        need_take_pnl_pc: 1_000,
        pool_open_time: 0,
        coin_vault: [1; 32],
        pc_vault: [2; 32],
        coin_mint: [3; 32],
        pc_mint: [4; 32],
    };
    Pool::amm_v4(&account, 40_000 * SOL, 6_000_000_000_000)
}

fn cpmm() -> Pool {
    let account = CpmmPool {
        amm_config: [0; 32],
        vaults: [[1; 32], [2; 32]],
        mints: [[3; 32], [4; 32]],
        programs: [[5; 32]; 2],
        status: 0,
        decimals: [9, 6],
        protocol_fees: [1, 2],
        fund_fees: [3, 4],
        open_time: 0,
        creator_fee_on: 0,
        enable_creator_fee: true,
        creator_fees: [5, 6],
    };
    let config = CpmmConfig {
        index: 0,
        trade_fee_rate: 2_500,
        protocol_fee_rate: 120_000,
        fund_fee_rate: 40_000,
        creator_fee_rate: 500,
    };
    Pool::cpmm(
        &account,
        &config,
        [40_000 * SOL, 6_000_000_000_000],
        [None, None],
    )
}

/// SOL/USDC as on mainnet: tick spacing 4, with every second tick initialised around the price.
fn whirlpool(adaptive: bool) -> Pool {
    let account = Whirlpool {
        tick_spacing: 4,
        fee_tier_index: if adaptive { 1024 } else { 4 },
        fee_rate: 400,
        protocol_fee_rate: 1300,
        liquidity: 740_600_641_175_286,
        sqrt_price: 7_193_838_297_492_601_595,
        tick: -18_835,
        protocol_owed_a: 0,
        protocol_owed_b: 0,
        mint_a: [1; 32],
        vault_a: [2; 32],
        fee_growth_a: 0,
        mint_b: [3; 32],
        vault_b: [4; 32],
        fee_growth_b: 0,
    };
    let starts = [-19_712, -19_360, -19_008, -18_656, -18_304, -17_952];
    let array = |start: &i32| TickArray {
        whirlpool: [0; 32],
        start_tick_index: *start,
        ticks: (0..88)
            .step_by(2)
            .map(|offset| {
                (
                    offset,
                    if offset % 4 == 0 {
                        1_000_000
                    } else {
                        -1_000_000
                    },
                )
            })
            .collect(),
    };
    let ticks = Ticks::new(4, &starts.each_ref().map(array), &[]).expect("aligned");
    let oracle = adaptive.then_some(Oracle {
        whirlpool: [0; 32],
        trade_enable_timestamp: 0,
        constants: AdaptiveFeeConstants {
            filter_period: 30,
            decay_period: 600,
            reduction_factor: 500,
            control_factor: 4_000,
            max_volatility_accumulator: 350_000,
            tick_group_size: 4,
            major_swap_threshold_ticks: 64,
        },
        variables: AdaptiveFeeVariables {
            last_reference_update: 1_759_999_990,
            last_major_swap: 0,
            volatility_reference: 0,
            tick_group_index_reference: -4_709,
            volatility_accumulator: 0,
        },
    });
    Pool::whirlpool(&account, Arc::new(ticks), oracle)
}

fn quotes(bencher: Bencher, pool: &Pool, amount: u64) {
    bencher.bench(|| {
        let sold = black_box(pool)
            .quote(true, black_box(amount), &NOW)
            .expect("a quote");
        let bought = black_box(pool)
            .quote(false, black_box(amount / 7), &NOW)
            .expect("a quote");
        (sold, bought)
    });
}

/// Two quotes, one in each direction, as are all of these.
#[divan::bench]
fn two_quotes_amm_v4(bencher: Bencher) {
    quotes(bencher, &amm_v4(), 3 * SOL);
}

#[divan::bench]
fn two_quotes_cpmm(bencher: Bencher) {
    quotes(bencher, &cpmm(), 3 * SOL);
}

/// Crosses 0, 1, 5 and 20 ticks or so.
#[divan::bench(args = [SOL, 800 * SOL, 3_500 * SOL, 14_000 * SOL])]
fn two_quotes_whirlpool(bencher: Bencher, amount: u64) {
    quotes(bencher, &whirlpool(false), amount);
}

#[divan::bench(args = [SOL, 800 * SOL])]
fn two_quotes_whirlpool_adaptive(bencher: Bencher, amount: u64) {
    quotes(bencher, &whirlpool(true), amount);
}

#[divan::bench]
fn weight_amm_v4(bencher: Bencher) {
    let pool = amm_v4();
    bencher.bench(|| black_box(&pool).weight(true, &NOW));
}

#[divan::bench]
fn weight_cpmm(bencher: Bencher) {
    let pool = cpmm();
    bencher.bench(|| black_box(&pool).weight(true, &NOW));
}

#[divan::bench]
fn weight_whirlpool(bencher: Bencher) {
    let pool = whirlpool(false);
    bencher.bench(|| black_box(&pool).weight(true, &NOW));
}

#[divan::bench]
fn log2_of_a_ratio(bencher: Bencher) {
    bencher.bench(|| {
        log2_ratio(
            black_box(39_999_123_456_789 * 9_975),
            black_box(5_999_888_777_666 * 10_000),
        )
    });
}

#[divan::bench]
fn sqrt_price_of_a_tick(bencher: Bencher) {
    bencher.bench(|| sqrt_price_from_tick(black_box(-18_835)));
}

#[divan::bench]
fn tick_of_a_sqrt_price(bencher: Bencher) {
    bencher.bench(|| tick_from_sqrt_price(black_box(7_193_838_297_492_601_595)));
}
