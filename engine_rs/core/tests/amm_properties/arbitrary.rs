//! Pools of all kinds and shapes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::orca::layout::{
    AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle, TickArray, Whirlpool,
};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::sqrt_price::{
    MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_from_tick,
};
use cambist_core::venues::tick_array_manager::{Ticks, array_start, swap_array_starts};
use proptest::prelude::*;

pub(crate) const NOW: ChainTime = ChainTime {
    slot: 400_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 925,
};

/// Returns amounts of every magnitude.
pub(crate) fn amount() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(value, shift)| value >> shift)
}

fn balance() -> impl Strategy<Value = u64> {
    (any::<u64>(), 4u32..63).prop_map(|(value, shift)| value >> shift)
}

fn amm_v4() -> impl Strategy<Value = Pool> {
    (balance(), balance(), 0u64..1_000, 0u64..3).prop_map(|(coin, pc, fee, owed)| {
        let account = AmmV4 {
            status: 6,
            coin_decimals: 9,
            pc_decimals: 6,
            swap_fee_numerator: fee,
            swap_fee_denominator: 10_000,
            need_take_pnl_coin: owed.min(coin),
            need_take_pnl_pc: owed.min(pc),
            pool_open_time: 0,
            coin_vault: [1; 32],
            pc_vault: [2; 32],
            coin_mint: [3; 32],
            pc_mint: [4; 32],
        };
        Pool::amm_v4(&account, coin, pc)
    })
}

fn cpmm() -> impl Strategy<Value = Pool> {
    (
        balance(),
        balance(),
        0u64..100_000,
        0u64..50_000,
        0u8..3,
        any::<bool>(),
    )
        .prop_map(
            |(
                first,
                second,
                trade_fee_rate,
                creator_fee_rate,
                creator_fee_on,
                enable_creator_fee,
            )| {
                let account = CpmmPool {
                    amm_config: [0; 32],
                    vaults: [[1; 32], [2; 32]],
                    mints: [[3; 32], [4; 32]],
                    programs: [[5; 32]; 2],
                    status: 0,
                    decimals: [9, 6],
                    protocol_fees: [first / 10, 0],
                    fund_fees: [0, second / 11],
                    open_time: 0,
                    creator_fee_on,
                    enable_creator_fee,
                    creator_fees: [first / 100, second / 100],
                };
                let config = CpmmConfig {
                    index: 0,
                    trade_fee_rate,
                    protocol_fee_rate: 120_000,
                    fund_fee_rate: 40_000,
                    creator_fee_rate,
                };
                Pool::cpmm(&account, &config, [first, second], [None, None])
            },
        )
}

pub(crate) fn constant_product() -> impl Strategy<Value = Pool> {
    prop_oneof![amm_v4(), cpmm()]
}

/// Returns Whirlpools with a static fee, made of positions as liquidity providers make them.
pub(crate) fn whirlpool() -> impl Strategy<Value = Pool> {
    let position = (-130i32..130, 1i32..200, 0u32..70, any::<u64>());
    (
        prop_oneof![Just(1u16), Just(4), Just(64), Just(128), Just(32_896)],
        -200_000i32..200_000,
        any::<u64>(),
        0u16..60_000,
        proptest::collection::vec(position, 1..8),
    )
        .prop_map(|(spacing, tick, within, fee_rate, positions)| {
            let step = i32::from(spacing);
            let edge = MAX_TICK / step;
            let (mut nets, mut liquidity) = (BTreeMap::<i32, i128>::new(), 0);
            for (low, length, shift, size) in positions {
                let low = (tick / step + low).clamp(-edge, edge - 1);
                let high = (low + length).min(edge);
                let size = 1 + (u128::from(size) << 6 >> shift);
                *nets.entry(low * step).or_default() += size as i128;
                *nets.entry(high * step).or_default() -= size as i128;
                if (low * step..high * step).contains(&tick) {
                    liquidity += size;
                }
            }
            let (low, high) = (price_of(tick), price_of(tick + 1));
            let account = Whirlpool {
                fee_rate,
                ..pool_account(
                    spacing,
                    tick,
                    low + u128::from(within) % (high - low),
                    liquidity,
                )
            };
            Pool::whirlpool(&account, Arc::new(ticks_of(spacing, tick, &nets)), None)
        })
}

pub(crate) fn any_pool() -> impl Strategy<Value = Pool> {
    prop_oneof![constant_product(), whirlpool()]
}

/// Returns Whirlpools whose every field is anything that decodes.
pub(crate) fn fuzzed_whirlpool() -> impl Strategy<Value = Pool> {
    let prices = (
        MIN_TICK - 1..=MAX_TICK,
        MIN_SQRT_PRICE..=MAX_SQRT_PRICE,
        any::<u128>(),
        0u32..128,
    );
    let rates = (any::<u16>(), any::<u16>(), 1u16..=u16::MAX);
    let nets = proptest::collection::vec((-400i32..400, any::<i128>(), 0u32..128), 0..12);
    (
        prices,
        rates,
        nets,
        proptest::option::of(oracle()),
        any::<bool>(),
    )
        .prop_map(
            |(
                (tick, sqrt_price, liquidity, shift),
                (fee_rate, protocol_fee_rate, spacing),
                nets,
                oracle,
                agrees,
            )| {
                let sqrt_price = if agrees {
                    price_of(tick.max(MIN_TICK))
                } else {
                    sqrt_price
                };
                let account = Whirlpool {
                    fee_rate,
                    protocol_fee_rate,
                    fee_growth_a: u128::MAX,
                    ..pool_account(spacing, tick, sqrt_price, liquidity >> shift)
                };
                let step = i32::from(spacing);
                let edge = MAX_TICK / step;
                let nets = nets
                    .into_iter()
                    .map(|(offset, net, shift)| {
                        (
                            (tick / step + offset).clamp(-edge, edge) * step,
                            net >> shift,
                        )
                    })
                    .collect();
                Pool::whirlpool(&account, Arc::new(ticks_of(spacing, tick, &nets)), oracle)
            },
        )
}

fn oracle() -> impl Strategy<Value = Oracle> {
    let constants = (
        any::<[u16; 4]>(),
        any::<u32>(),
        any::<u32>(),
        1u16..=u16::MAX,
    );
    let near = NOW.unix_timestamp.unsigned_abs() - 5_000..NOW.unix_timestamp.unsigned_abs() + 10;
    let variables = (
        prop_oneof![near.clone(), any::<u64>()],
        near,
        any::<[u32; 2]>(),
        0u32..32,
        any::<i32>(),
        0u32..32,
    );
    (constants, variables).prop_map(
        |(
            (small, control, max, group),
            (reference_update, major, volatility, cut, group_reference, shift),
        )| Oracle {
            whirlpool: [0; 32],
            trade_enable_timestamp: 0,
            constants: AdaptiveFeeConstants {
                filter_period: small[0],
                decay_period: small[1],
                reduction_factor: small[2],
                control_factor: control >> cut,
                max_volatility_accumulator: max,
                tick_group_size: group,
                major_swap_threshold_ticks: small[3],
            },
            variables: AdaptiveFeeVariables {
                last_reference_update: reference_update,
                last_major_swap: major,
                volatility_reference: volatility[0] >> cut,
                tick_group_index_reference: group_reference >> shift,
                volatility_accumulator: volatility[1],
            },
        },
    )
}

fn price_of(tick: i32) -> u128 {
    sqrt_price_from_tick(tick).expect("in range")
}

fn pool_account(spacing: u16, tick: i32, sqrt_price: u128, liquidity: u128) -> Whirlpool {
    Whirlpool {
        tick_spacing: spacing,
        fee_tier_index: spacing,
        fee_rate: 0,
        protocol_fee_rate: 1_300,
        liquidity,
        sqrt_price,
        tick,
        protocol_owed_a: u64::MAX,
        protocol_owed_b: 0,
        mint_a: [1; 32],
        vault_a: [2; 32],
        fee_growth_a: 0,
        mint_b: [3; 32],
        vault_b: [4; 32],
        fee_growth_b: u128::MAX,
    }
}

/// Returns the ticks with every array that a swap may take; those without a tick are absent.
fn ticks_of(spacing: u16, tick: i32, nets: &BTreeMap<i32, i128>) -> Ticks {
    let mut starts: Vec<i32> = [true, false]
        .iter()
        .flat_map(|&side| swap_array_starts(tick, spacing, side))
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let (mut arrays, mut absent) = (Vec::new(), Vec::new());
    for start in starts {
        let inside = nets
            .iter()
            .filter(|&(&tick, _)| array_start(tick, spacing) == start);
        let ticks: Vec<(u8, i128)> = inside
            .map(|(&tick, &net)| (((tick - start) / i32::from(spacing)) as u8, net))
            .collect();
        if ticks.is_empty() {
            absent.push(start);
        } else {
            arrays.push(TickArray {
                whirlpool: [0; 32],
                start_tick_index: start,
                ticks,
            });
        }
    }
    Ticks::new(spacing, &arrays, &absent).expect("aligned arrays")
}
