//! What holds for every stable swap and every DAMM v2 pool, whatever the amount.

use cambist_core::accounts::{DammV2BaseFee, DammV2Pool, StableSwap};
use cambist_core::amm_math::QuoteError;
use cambist_core::amm_math::damm_v2::{self, SwapMode};
use cambist_core::amm_math::stable_swap::{amplification, exact_in, invariant};
use proptest::prelude::*;

/// Amounts of every magnitude below 2^`bits`.
fn amount(bits: u32) -> impl Strategy<Value = u64> {
    (any::<u64>(), 64 - bits..64).prop_map(|(value, shift)| value >> shift)
}

fn amp() -> impl Strategy<Value = u64> {
    prop_oneof![1u64..10, 10u64..5_000, 1u64..1_000_000]
}

fn fee() -> impl Strategy<Value = (u64, u64)> {
    (0u64..=10_000).prop_map(|num| (num, 10_000))
}

/// Reserves no further apart than 1 to 20: beyond that the program's own truncation lets D slip.
fn balanced() -> impl Strategy<Value = (u64, u64)> {
    (20u32..55, any::<u64>(), 50u128..20_000).prop_map(|(bits, low, ratio)| {
        let reserve = (1 << bits) | (low >> (64 - bits));
        (reserve, (u128::from(reserve) * ratio / 1_000) as u64)
    })
}

fn damm_v2_pool() -> impl Strategy<Value = DammV2Pool> {
    let prices = (1u128 << 40..1 << 90, 1u128..1 << 30, 1u128..1 << 30);
    let fee = (0u64..1_000_000_000, 0u8..=100, 0u8..2, 0u8..2);
    (prices, 1u128 << 60..1 << 120, fee).prop_map(|((price, below, above), liquidity, fee)| {
        DammV2Pool {
            base_fee: DammV2BaseFee {
                cliff: fee.0,
                mode: 0,
                periods: 0,
                frequency: 0,
                reduction: 0,
            },
            protocol_fee_percent: fee.1,
            dynamic_fee: None,
            mints: [[0; 32]; 2],
            vaults: [[0; 32]; 2],
            liquidity,
            protocol_fees: [0; 2],
            min_sqrt_price: price / below + 1,
            max_sqrt_price: price * above,
            sqrt_price: price,
            activation_point: 0,
            activation_by_time: false,
            is_disabled: false,
            collect_fee_mode: fee.2,
            fee_version: fee.3,
            token_amounts: Some([1 << 62, 1 << 62]),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_invariant_never_falls(reserves in balanced(), amp in 10u64..5_000, trade in fee(), amount in amount(56)) {
        if let Ok(fill) = exact_in(reserves, amp, trade, (0, 1), amount) {
            prop_assert!(invariant(amp, fill.reserves)? >= invariant(amp, reserves)?);
        }
    }

    #[test]
    fn more_in_is_never_less_out(
        reserves in (amount(62), amount(62)), amp in amp(), trade in fee(), amount in amount(62), more in 1u64..1_000_000,
    ) {
        let out = |amount| exact_in(reserves, amp, trade, (1, 2), amount).map(|fill| fill.amount_out);
        if let (Ok(less), Ok(more)) = (out(amount), out(amount + more)) {
            prop_assert!(more >= less, "{less} > {more}");
        }
    }

    #[test]
    fn never_more_out_than_there_is(
        reserves in (any::<u64>(), any::<u64>()), amp: u64, trade: (u64, u64), admin: (u64, u64), amount: u64,
    ) {
        if let Ok(fill) = exact_in(reserves, amp, trade, admin, amount) {
            let gone = u128::from(fill.amount_out) + u128::from(fill.admin_fee);
            prop_assert_eq!(u128::from(reserves.1), gone + u128::from(fill.reserves.1));
            prop_assert_eq!(u128::from(reserves.0) + u128::from(amount), fill.reserves.0.into());
        }
    }

    #[test]
    fn the_ramp_stays_between_its_ends(initial: u64, target: u64, start: i64, stop: i64, now: i64) {
        let pool = StableSwap {
            is_paused: false,
            nonce: 0,
            initial_amp: initial,
            target_amp: target,
            ramp_start: start,
            ramp_stop: stop,
            vaults: [[0; 32]; 2],
            pool_mint: [0; 32],
            mints: [[0; 32]; 2],
            admin_vaults: [[0; 32]; 2],
            admin_fee: (0, 1),
            trade_fee: (0, 1),
        };
        match amplification(&pool, now) {
            Ok(amp) => prop_assert!((initial.min(target)..=initial.max(target)).contains(&amp)),
            Err(error) => prop_assert!(now < stop && (error == QuoteError::InvalidTime || error == QuoteError::Overflow)),
        }
    }

    #[test]
    fn bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut whole = vec![0; 395];
        whole[0] = 1;
        for (at, byte) in data.iter().enumerate().skip(2).take(393) {
            whole[at] = *byte;
        }
        prop_assert!(StableSwap::decode(&whole).is_ok());
        prop_assert!(StableSwap::decode(&data).is_err() || data.len() == 395);
    }
    #[test]
    fn damm_v2_pays_more_for_more_and_never_more_than_it_has(
        pool in damm_v2_pool(), a_to_b: bool, ask in amount(62), more in 1u64..1_000_000,
    ) {
        let fill = |amount| damm_v2::swap(&pool, SwapMode::ExactIn, amount, a_to_b, 0, 0);
        if let (Ok(less), Ok(more)) = (fill(ask), fill(ask + more)) {
            prop_assert!(more.amount_out >= less.amount_out);
            let side = usize::from(a_to_b);
            let left = less.pool.token_amounts.expect("kept")[side];
            prop_assert!(less.amount_out <= (1 << 62) - left);
        }
    }

    #[test]
    fn damm_v2_charges_for_an_output_no_less_than_it_pays_for_that_input(pool in damm_v2_pool(), a_to_b: bool, ask in amount(62)) {
        if let Ok(bought) = damm_v2::swap(&pool, SwapMode::ExactOut, ask, a_to_b, 0, 0) {
            prop_assert_eq!(bought.amount_out, ask);
            if let Ok(sold) = damm_v2::swap(&pool, SwapMode::ExactIn, bought.amount_in, a_to_b, 0, 0) {
                prop_assert!(sold.amount_out >= ask.saturating_sub(1), "{} < {ask}", sold.amount_out);
            }
        }
    }

    #[test]
    fn a_partial_damm_v2_swap_stops_inside_the_range(pool in damm_v2_pool(), a_to_b: bool, ask in amount(64)) {
        match damm_v2::swap(&pool, SwapMode::PartialIn, ask, a_to_b, 0, 0) {
            Ok(fill) => {
                let price = fill.pool.sqrt_price;
                prop_assert!((pool.min_sqrt_price..=pool.max_sqrt_price).contains(&price));
                prop_assert!(fill.amount_in <= ask);
                if a_to_b { prop_assert!(price <= pool.sqrt_price) } else { prop_assert!(price >= pool.sqrt_price) }
            }
            Err(error) => prop_assert!(matches!(error, QuoteError::Liquidity | QuoteError::Overflow | QuoteError::ZeroAmount)),
        }
    }

    #[test]
    fn damm_v2_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 1104..1130), amount: u64, a_to_b: bool, now: i64) {
        let mut whole = vec![0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
        whole.extend(&data);
        for at in [16, 480, 481, 484, 486] {
            whole[at] &= 1;
        }
        // A range that holds the price, so that the rest is reached.
        whole[425..440].fill(0);
        whole[424] = 1;
        whole[440..456].fill(0xff);
        let pool = DammV2Pool::decode(&whole).expect("a pool");
        for mode in [SwapMode::ExactIn, SwapMode::PartialIn, SwapMode::ExactOut] {
            let _ = damm_v2::swap(&pool, mode, amount, a_to_b, now.unsigned_abs(), now);
        }
        prop_assert!(DammV2Pool::decode(&data).is_err());
    }
}
