//! Whirlpools from a seed, for this engine and for the official crate alike.

use std::sync::Arc;

use cambist_core::venues::orca::layout::{TICKS_PER_ARRAY, TickArray, Whirlpool};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::sqrt_price::sqrt_price_from_tick;
use cambist_core::venues::tick_array_manager::{Ticks, array_start, swap_array_starts};
use orca_whirlpools_core::{
    ExactInSwapQuote, TickArrayFacade, TickArrays, TickFacade, WhirlpoolFacade,
    swap_quote_by_input_token,
};

/// `SplitMix64`.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A pool without adaptive fees and the arrays around its price.
#[derive(Clone)]
pub(crate) struct Made {
    account: Whirlpool,
    arrays: Vec<TickArray>,
    pub(crate) pool: Pool,
}

impl Made {
    /// Returns a pool with liquidity `base` around tick `tick` and, of every `step` ticks that can be initialised, one
    /// that is; liquidity never falls below half.
    pub(crate) fn new(rng: &mut Rng, spacing: u16, tick: i32, base: u128, step: u64) -> Self {
        let span = TICKS_PER_ARRAY * i32::from(spacing);
        let start = array_start(tick, spacing);
        let mut arrays = Vec::new();
        for at in -2..=3 {
            let mut ticks = Vec::new();
            for offset in 0..TICKS_PER_ARRAY as u8 {
                if rng.below(step) == 0 {
                    // Up and down in turn, by at most 1/64 of the base: no walk of 440 ticks leaves half of it.
                    let size = (base / 64) as i128 * i128::from(1 + rng.below(15)) / 16;
                    ticks.push((offset, if ticks.len() % 2 == 0 { size } else { -size }));
                }
            }
            arrays.push(TickArray {
                whirlpool: [0; 32],
                start_tick_index: start + at * span,
                ticks,
            });
        }
        let low = sqrt_price_from_tick(tick).expect("in range");
        let high = sqrt_price_from_tick(tick + 1).expect("in range");
        let account = Whirlpool {
            tick_spacing: spacing,
            fee_tier_index: spacing,
            fee_rate: [100, 400, 3_000, 10_000][rng.below(4) as usize],
            protocol_fee_rate: 1_300,
            liquidity: base,
            sqrt_price: low + u128::from(rng.next()) % (high - low),
            tick,
            protocol_owed_a: 0,
            protocol_owed_b: 0,
            mint_a: [1; 32],
            vault_a: [2; 32],
            fee_growth_a: 0,
            mint_b: [3; 32],
            vault_b: [4; 32],
            fee_growth_b: 0,
        };
        let ticks = Ticks::new(spacing, &arrays, &[]).expect("aligned");
        let pool = Pool::whirlpool(&account, Arc::new(ticks), None);
        Self {
            account,
            arrays,
            pool,
        }
    }

    #[allow(dead_code, reason = "benches have no use for it")]
    /// Returns whether the last tick of the three arrays of a swap upwards can be crossed. The program then finds no
    /// array to go on in and refuses; the official crate quotes up to the array's edge.
    pub(crate) fn ends_on_a_tick(&self) -> bool {
        let last = swap_array_starts(self.account.tick, self.account.tick_spacing, false).last();
        let array = self
            .arrays
            .iter()
            .find(|array| Some(array.start_tick_index) == last);
        array.is_some_and(|array| {
            array
                .ticks
                .iter()
                .any(|tick| i32::from(tick.0) == TICKS_PER_ARRAY - 1)
        })
    }

    /// Returns the pool and the three arrays of a swap as the official crate takes them.
    pub(crate) fn theirs(&self, a_to_b: bool) -> (WhirlpoolFacade, TickArrays) {
        let account = &self.account;
        let whirlpool = WhirlpoolFacade {
            fee_tier_index_seed: account.fee_tier_index.to_le_bytes(),
            tick_spacing: account.tick_spacing,
            fee_rate: account.fee_rate,
            protocol_fee_rate: account.protocol_fee_rate,
            liquidity: account.liquidity,
            sqrt_price: account.sqrt_price,
            tick_current_index: account.tick,
            ..WhirlpoolFacade::default()
        };
        let starts: Vec<i32> =
            swap_array_starts(account.tick, account.tick_spacing, a_to_b).collect();
        let facade = |start: i32| {
            let array = self
                .arrays
                .iter()
                .find(|array| array.start_tick_index == start);
            let mut ticks = [TickFacade::default(); TICKS_PER_ARRAY as usize];
            for &(offset, net) in &array.expect("loaded").ticks {
                let tick = &mut ticks[usize::from(offset)];
                (tick.initialized, tick.liquidity_net) = (true, net);
                tick.liquidity_gross = net.unsigned_abs();
            }
            TickArrayFacade {
                start_tick_index: start,
                ticks,
            }
        };
        let arrays = TickArrays::Three(facade(starts[0]), facade(starts[1]), facade(starts[2]));
        (whirlpool, arrays)
    }
}

/// Returns the official quote, `None` if it is refused.
pub(crate) fn official(
    (whirlpool, arrays): (WhirlpoolFacade, TickArrays),
    a_to_b: bool,
    amount: u64,
) -> Option<ExactInSwapQuote> {
    swap_quote_by_input_token(
        amount,
        a_to_b,
        0,
        whirlpool,
        None,
        arrays,
        1_760_000_000,
        None,
        None,
    )
    .ok()
}
