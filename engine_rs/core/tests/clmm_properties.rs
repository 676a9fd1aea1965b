//! What holds for every Raydium CLMM pool and amount.

use std::collections::BTreeMap;
use std::sync::Arc;

use cambist_core::venues::clmm::layout::{
    ClmmBitmapExtension, ClmmConfig, ClmmDynamicFee, ClmmOrders, ClmmPool, ClmmTick, ClmmTickArray,
};
use cambist_core::venues::clmm::maths::swap::{Ask, ClmmFill, NO_LIMIT, swap};
use cambist_core::venues::clmm::maths::ticks::ClmmTicks;
use cambist_core::venues::clmm::pool::ClmmState;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::quote_error::QuoteError;
use cambist_core::venues::raydium_price::sqrt_price_from_tick;
use cambist_core::venues::vault_pool::VaultPool;
use proptest::prelude::*;

const ADDRESS: [u8; 32] = [7; 32];
const SPACING: i32 = 10;
const SPAN: i32 = 60 * SPACING;
const TIME: ChainTime = ChainTime {
    slot: 400_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 925,
};

/// A position: two ticks of the pool's spacing, and its liquidity.
type Position = (i32, i32, u128);

fn positions() -> impl Strategy<Value = Vec<Position>> {
    let bounds = (-150i32..150, 1i32..120, 0u32..20, 1u128..1 << 40);
    let position = bounds.prop_map(|(low, width, shift, size)| (low, low + width, size << shift));
    proptest::collection::vec(position, 1..8)
}

fn orders() -> impl Strategy<Value = BTreeMap<i32, (u64, u64)>> {
    let held = (any::<u64>(), any::<u64>(), 20u32..60);
    let held = held.prop_map(|(open, begun, shift)| (open >> shift, begun >> shift));
    proptest::collection::btree_map(-170i32..170, held, 0..4)
}

fn dynamic_fee() -> impl Strategy<Value = Option<ClmmDynamicFee>> {
    let fee = (0u32..100_000, 0u32..400_000, 0u32..50_000, -160i32..160);
    let fee = fee.prop_map(|(control, most, seen, index_reference)| ClmmDynamicFee {
        filter_period: 30,
        decay_period: 600,
        reduction_factor: 5_000,
        control,
        max_volatility_accumulator: most,
        index_reference,
        volatility_reference: seen.min(most),
        volatility_accumulator: seen.min(most),
        // Within the filter period, so that swaps at one time share their references.
        last_update_timestamp: 1_760_000_000,
    });
    proptest::option::of(fee)
}

fn arrays(positions: &[Position], orders: &BTreeMap<i32, (u64, u64)>) -> Vec<ClmmTickArray> {
    let mut ticks: BTreeMap<i32, ClmmTick> = BTreeMap::new();
    for &(low, high, size) in positions {
        for (at, net) in [(low, size.cast_signed()), (high, -size.cast_signed())] {
            let tick = ticks.entry(at).or_default();
            (tick.net, tick.gross) = (tick.net + net, tick.gross + size);
        }
    }
    for (&at, &(amount, part_filled)) in orders {
        ticks.entry(at).or_default().orders = ClmmOrders {
            amount,
            part_filled,
            phase: 1,
            unfilled_ratio: 1 << 63,
        };
    }
    let mut found: BTreeMap<i32, Vec<(u8, ClmmTick)>> = BTreeMap::new();
    for (at, tick) in ticks {
        if tick.is_initialised() {
            let offset = at.rem_euclid(60) as u8;
            found
                .entry(at.div_euclid(60))
                .or_default()
                .push((offset, tick));
        }
    }
    let array = |(index, ticks)| ClmmTickArray {
        pool: ADDRESS,
        start_tick_index: index * SPAN,
        ticks,
    };
    found.into_iter().map(array).collect()
}

fn state_of(
    positions: &[Position],
    orders: &BTreeMap<i32, (u64, u64)>,
    (tick, fee_on, dynamic_fee): (i32, u8, Option<ClmmDynamicFee>),
    (trade_fee_rate, protocol_fee_rate): (u32, u32),
) -> ClmmState {
    let arrays = arrays(positions, orders);
    let held = positions
        .iter()
        .filter(|(low, high, _)| (low * SPACING..high * SPACING).contains(&tick));
    let mut bitmap = [0u64; 16];
    for array in &arrays {
        let bit = (array.start_tick_index / SPAN + 512) as usize;
        bitmap[bit / 64] |= 1 << (bit % 64);
    }
    let account = ClmmPool {
        amm_config: [1; 32],
        mints: [[2; 32], [3; 32]],
        vaults: [[4; 32], [5; 32]],
        observation: [6; 32],
        decimals: [9, 6],
        tick_spacing: SPACING as u16,
        liquidity: held.map(|(_, _, size)| size).sum(),
        // Not at the edge of a tick.
        sqrt_price: sqrt_price_from_tick(tick).expect("in range") + 1_000,
        tick,
        fee_growths: [0; 2],
        protocol_fees: [0; 2],
        status: 0,
        fee_on,
        bitmap,
        fund_fees: [0; 2],
        open_time: 0,
        dynamic_fee,
    };
    let ticks = ClmmTicks::new(&ADDRESS, &account, None, &arrays).expect("arrays of the pool");
    ClmmState {
        account,
        config: ClmmConfig {
            index: 0,
            protocol_fee_rate,
            trade_fee_rate,
            tick_spacing: SPACING as u16,
            fund_fee_rate: 40_000,
        },
        ticks: Arc::new(ticks),
        transfer_fees: [None, None],
    }
}

/// Returns pools of which each order is on its side: of token 1 below the price, of token 0 above.
fn pool() -> impl Strategy<Value = ClmmState> {
    let shape = (-1_600i32..1_600, 0u8..3, dynamic_fee());
    let rates = (0u32..30_000, 0u32..300_000);
    (positions(), orders(), shape, rates)
        .prop_map(|(positions, orders, shape, rates)| state_of(&positions, &orders, shape, rates))
}

fn amount() -> impl Strategy<Value = u64> {
    (any::<u64>(), 4u32..64).prop_map(|(value, shift)| value >> shift)
}

fn fill(
    pool: &ClmmState,
    amount: u64,
    exact_in: bool,
    zero_for_one: bool,
    limit: u128,
) -> Result<ClmmFill, QuoteError> {
    let ask = Ask {
        amount,
        exact_in,
        zero_for_one,
        limit,
        now: TIME.unix_timestamp,
    };
    swap::<true>(&pool.account, &pool.config, &pool.ticks, &ask)
}

/// Accounts of random bytes behind the right discriminators.
fn fuzzed() -> impl Strategy<Value = (ClmmPool, ClmmConfig, ClmmTicks)> {
    let bytes = |size| proptest::collection::vec(any::<u8>(), size);
    (
        bytes(1544),
        bytes(117),
        bytes(10_240),
        -600i32..600,
        0u128..1_000,
    )
        .prop_filter_map(
            "accounts that decode",
            |(mut pool, mut config, mut array, tick, above)| {
                pool[..8].copy_from_slice(&[0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46]);
                config[..8].copy_from_slice(&[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f]);
                array[..8].copy_from_slice(&[0xc0, 0x9b, 0x55, 0xcd, 0x31, 0xf9, 0x81, 0x2a]);
                array[8..40].copy_from_slice(&ADDRESS);
                pool[235..237].copy_from_slice(&10u16.to_le_bytes());
                let price = sqrt_price_from_tick(tick).ok()? + above;
                pool[253..269].copy_from_slice(&price.to_le_bytes());
                pool[269..273].copy_from_slice(&tick.to_le_bytes());
                (pool[389], pool[390]) = (0, pool[390] % 3);
                pool[1080..1088].copy_from_slice(&[0; 8]);
                // The highest accumulators take longer than a test should.
                pool[1109] = 0;
                for at in [46, 49, 50, 56] {
                    config[at] = 0;
                }
                (config[45], config[55]) = (config[45] % 7, config[55] % 7);
                let start = tick.div_euclid(SPAN) * SPAN;
                array[40..44].copy_from_slice(&start.to_le_bytes());
                let pool = ClmmPool::decode(&pool).ok()?;
                let config = ClmmConfig::decode(&config).ok()?;
                let array = ClmmTickArray::decode(&array).ok()?;
                let ticks = ClmmTicks::new(&ADDRESS, &pool, None, &[array]).ok()?;
                Some((pool, config, ticks))
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn more_in_never_gives_less_out(pool in pool(), down: bool, one in amount(), two in amount()) {
        let less = fill(&pool, one.min(two), true, down, NO_LIMIT);
        let more = fill(&pool, one.max(two), true, down, NO_LIMIT);
        if let (Ok(less), Ok(more)) = (less, more) {
            prop_assert!(less.amount_out <= more.amount_out);
        }
    }

    #[test]
    fn an_exact_output_is_what_was_asked_and_costs_no_less_than_it_is_worth(
        pool in pool(), down: bool, ask in amount(),
    ) {
        if let Ok(bought) = fill(&pool, ask, false, down, NO_LIMIT) {
            prop_assert_eq!(bought.amount_out, ask);
            if let Ok(again) = fill(&pool, bought.amount_in - 1, true, down, NO_LIMIT) {
                // Each step rounds by itself, so that atoms may be won back at its edges.
                prop_assert!(again.amount_out <= ask + u64::from(again.steps) + 1);
            }
        }
    }

    #[test]
    fn there_and_back_never_gains(pool in pool(), down: bool, ask in amount()) {
        if let Ok((there, moved)) = pool.fill::<true>(down, ask, &TIME)
            && let Ok((back, _)) = pool.after(down, &moved).fill::<true>(!down, there.amount_out, &TIME)
        {
            prop_assert!(back.amount_out <= ask);
        }
    }

    #[test]
    fn fees_are_parts_of_what_moves(pool in pool(), down: bool, ask in amount(), exact_in: bool) {
        if let Ok(fill) = fill(&pool, ask, exact_in, down, NO_LIMIT) {
            let whole = if fill.fee_on_input { fill.amount_in } else { fill.amount_out + fill.fee };
            prop_assert!(fill.fee <= whole);
            prop_assert!(fill.protocol_fee + fill.fund_fee <= fill.fee);
            prop_assert_eq!(fill.left, 0);
        }
    }

    #[test]
    fn a_limit_is_kept_and_what_is_left_is_told(pool in pool(), down: bool, ask in amount(), far in 1u128..1 << 60) {
        let from = pool.account.sqrt_price;
        let limit = if down { from - far.min(from / 2) } else { from + far };
        if let Ok(done) = fill(&pool, ask, true, down, limit) {
            prop_assert_eq!(done.amount_in + done.left, ask);
            let kept = if down { done.sqrt_price >= limit } else { done.sqrt_price <= limit };
            prop_assert!(kept);
            if done.left > 0 {
                prop_assert_eq!(done.sqrt_price, limit);
            }
        }
    }

    #[test]
    fn one_swap_is_its_two_halves_within_the_roundings(mut pool in pool(), down: bool, ask in 1_000u64..1 << 40) {
        // A dynamic fee at its highest stays so up to the next tick, but not for a swap that begins on the way.
        pool.account.dynamic_fee = None;
        let first = pool.fill::<true>(down, ask / 2, &TIME);
        if let (Ok((one, moved)), Ok((whole, _))) = (first, pool.fill::<true>(down, ask, &TIME))
            && let Ok((two, _)) = pool.after(down, &moved).fill::<true>(down, ask - ask / 2, &TIME)
        {
            let halves = one.amount_out + two.amount_out;
            prop_assert!(halves <= whole.amount_out + 2 * u64::from(moved.steps) + 8);
        }
    }

    #[test]
    fn emptied_arrays_leave_the_bitmap(pool in pool(), down: bool, ask in amount()) {
        if let Ok((_, fill)) = pool.fill::<true>(down, ask, &TIME) {
            let after = pool.after(down, &fill);
            let used: Vec<i32> = after.ticks.stops().iter().map(|stop| stop.tick.div_euclid(SPAN)).collect();
            for index in after.ticks.initialised() {
                prop_assert!(used.contains(index));
            }
            prop_assert_eq!(after.account.bitmap, after.ticks.bitmap());
        }
    }

    #[test]
    fn nothing_panics_on_accounts_that_no_program_writes(
        (pool, config, ticks) in fuzzed(), down: bool, amount: u64, exact_in: bool,
    ) {
        let ask = Ask { amount, exact_in, zero_for_one: down, limit: NO_LIMIT, now: TIME.unix_timestamp };
        let tracked = swap::<true>(&pool, &config, &ticks, &ask);
        let quick = swap::<false>(&pool, &config, &ticks, &ask);
        prop_assert_eq!(tracked.map(|fill| fill.amount_out), quick.map(|fill| fill.amount_out));
    }

    #[test]
    fn no_bytes_panic_a_decoder(mut data in proptest::collection::vec(any::<u8>(), 0..10_300), kind in 0usize..4) {
        let heads: [[u8; 8]; 4] = [
            [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46],
            [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f],
            [0xc0, 0x9b, 0x55, 0xcd, 0x31, 0xf9, 0x81, 0x2a],
            [0x3c, 0x96, 0x24, 0xdb, 0x61, 0x80, 0x8b, 0x99],
        ];
        if data.len() >= 8 {
            data[..8].copy_from_slice(&heads[kind]);
        }
        let _ = (ClmmPool::decode(&data), ClmmConfig::decode(&data));
        let _ = (ClmmTickArray::decode(&data), ClmmBitmapExtension::decode(&data));
    }
}

fn simple() -> ClmmState {
    let positions = [(-100, 100, 1_000_000_000)];
    state_of(&positions, &BTreeMap::new(), (5, 0, None), (2_500, 120_000))
}

#[test]
fn a_pool_that_is_off_or_not_open_yet_refuses() {
    let refusal = |pool: &ClmmState| pool.fill::<true>(true, 1_000, &TIME).map(|_| ());
    let mut pool = simple();
    assert_eq!(refusal(&pool), Ok(()));
    pool.account.status = 16;
    assert_eq!(refusal(&pool), Err(QuoteError::NotTradable));
    assert_eq!(pool.rate(true, &TIME), None);
    (pool.account.status, pool.account.open_time) = (0, 1_760_000_000);
    assert_eq!(refusal(&pool), Err(QuoteError::NotTradable));
    pool.account.open_time -= 1;
    assert_eq!(refusal(&pool), Ok(()));
}

#[test]
fn an_empty_pool_runs_out() {
    let pool = state_of(&[], &BTreeMap::new(), (5, 0, None), (2_500, 120_000));
    assert_eq!(
        pool.fill::<true>(true, 1_000, &TIME),
        Err(QuoteError::MissingAccount)
    );
    assert_eq!(pool.rate(true, &TIME), None);
    assert_eq!(pool.virtual_reserves(false, &TIME), None);
    // With an extension it is known that nothing is there.
    let extension = ClmmBitmapExtension {
        pool: ADDRESS,
        positive: [[0; 8]; 14],
        negative: [[0; 8]; 14],
    };
    let ticks = ClmmTicks::new(&ADDRESS, &pool.account, Some(&extension), &[]).expect("no arrays");
    let pool = ClmmState {
        ticks: Arc::new(ticks),
        ..pool
    };
    assert_eq!(
        pool.fill::<true>(true, 1_000, &TIME),
        Err(QuoteError::Liquidity)
    );
    assert_eq!(
        pool.fill::<true>(true, 0, &TIME),
        Err(QuoteError::ZeroAmount)
    );
}

#[test]
fn an_array_that_is_not_loaded_is_a_wall() {
    let mut pool = simple();
    let index = 512 - 1;
    pool.account.bitmap[index / 64] |= 1 << (index % 64);
    let arrays = arrays(&[(-100, 100, 1_000_000_000)], &BTreeMap::new());
    let ticks = ClmmTicks::new(&ADDRESS, &pool.account, None, &arrays).expect("arrays of the pool");
    let pool = ClmmState {
        ticks: Arc::new(ticks),
        ..pool
    };
    assert_eq!(
        pool.fill::<true>(true, 1 << 50, &TIME),
        Err(QuoteError::MissingAccount)
    );
    assert!(pool.fill::<true>(false, 1_000, &TIME).is_ok());
}
