//! What holds for every stable swap and every DAMM v2 pool, whatever the amount.

use cambist_core::venues::damm2::fee::{Charged, Taken, base_fee};
use cambist_core::venues::damm2::layout::{DammV2BaseFee, DammV2Pool, DammV2Steps};
use cambist_core::venues::damm2::maths::{self as damm_v2, SwapMode};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::quote_error::QuoteError;
use cambist_core::venues::saber::layout::StableSwap;
use cambist_core::venues::saber::maths::{amplification, exact_in, invariant};
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
            base_fee: DammV2BaseFee::flat(fee.0),
            protocol_fee_percent: fee.1,
            dynamic_fee: None,
            first_sqrt_price: price,
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

/// A rate limiter that the program lets a pool have: up to 99 %, for token B.
fn limited_pool() -> impl Strategy<Value = DammV2Pool> {
    let terms = (1u32..=9_900, 0u64..=10_000, 1u16..=5_000, amount(62));
    (damm_v2_pool(), terms).prop_map(|(pool, (max_fee_bps, share, increment_bps, reference))| {
        let base_fee = DammV2BaseFee::ByAmount {
            cliff: u64::from(max_fee_bps) * 10 * share,
            increment_bps,
            max_fee_bps,
            reference: reference | 1,
            duration: 100,
        };
        DammV2Pool {
            base_fee,
            collect_fee_mode: 1,
            fee_version: 1,
            ..pool
        }
    })
}

/// What the limiter takes of an input; its rate has nine digits and is rounded up twice.
fn limited_fee(pool: &DammV2Pool, gross: u64) -> Result<(u64, u64), QuoteError> {
    let taken = Taken {
        point: 0,
        a_to_b: false,
        amount: Charged::Gross(gross),
    };
    let rate = base_fee(pool, taken)?;
    let fee = (u128::from(gross) * u128::from(rate)).div_ceil(1_000_000_000);
    Ok((rate, fee as u64))
}

fn slack(gross: u64) -> u64 {
    2 * (gross / 1_000_000_000 + 1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_limiter_takes_more_of_more(pool in limited_pool(), gross in amount(64), more in amount(64)) {
        let DammV2BaseFee::ByAmount { cliff, max_fee_bps, .. } = pool.base_fee else { unreachable!() };
        let above = gross.saturating_add(more);
        let ((rate, fee), (_, fee_above)) = (limited_fee(&pool, gross)?, limited_fee(&pool, above)?);
        prop_assert!(fee <= fee_above + slack(above), "{fee} of {gross}, {fee_above} of {above}");
        prop_assert!(rate >= cliff);
        let most = u128::from(gross) * u128::from(max_fee_bps) / 10_000;
        prop_assert!(u128::from(fee) <= most + u128::from(slack(gross)), "{fee} > {most}");
        prop_assert!(gross - fee <= above - fee_above + slack(above), "who pays in more gets more in");
    }

    #[test]
    fn the_limiters_inverse_pays_for_what_it_asks(pool in limited_pool(), gross in amount(60)) {
        let (_, fee) = limited_fee(&pool, gross)?;
        let taken = Taken { point: 100, a_to_b: false, amount: Charged::Net(gross - fee) };
        let net = u128::from(gross - fee);
        let rate = base_fee(&pool, taken)?;
        let asked = (net * 1_000_000_000).div_ceil(1_000_000_000 - u128::from(rate)) as u64;
        // A part's rate of up to 99 % makes each atom of rounding in what is left a hundred of the input.
        prop_assert!(asked.abs_diff(gross) <= 200 * slack(gross), "{asked} for {gross}");
    }

    #[test]
    fn a_fee_by_price_never_rises_with_it(
        pool in damm_v2_pool(), cliff in 0u64..500_000_000, terms in (any::<u16>(), 0u64..9_999, 1u32..20_000), grown in amount(40),
        exponential: bool,
    ) {
        let (periods, reduction, step_bps) = terms;
        let steps = DammV2Steps { exponential, periods, reduction };
        let base = DammV2BaseFee::ByPrice { cliff, steps, step_bps, duration: 100 };
        let at = |sqrt_price, point| {
            let pool = DammV2Pool { base_fee: base, sqrt_price, ..pool.clone() };
            base_fee(&pool, Taken { point, a_to_b: true, amount: Charged::Gross(1) })
        };
        let price = pool.sqrt_price;
        prop_assert_eq!(at(price, 0), Ok(cliff));
        prop_assert_eq!(at(price / 2, 0), Ok(cliff));
        if let (Ok(now), Ok(ended)) = (at(price + u128::from(grown), 0), at(price, 101)) {
            prop_assert!(ended <= now && now <= cliff);
        }
    }
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
    fn damm_v2_has_a_margin_unless_its_price_has_over_118_bits(mut pool in damm_v2_pool(), bits in 34u32..=128, low: u128, a_to_b: bool) {
        pool.sqrt_price = 1 << (bits - 1) | low >> (129 - bits).min(127);
        pool.liquidity = 1;
        let time = ChainTime { slot: 0, unix_timestamp: 0, epoch: 0 };
        let pool = Pool::damm_v2(&pool);
        prop_assert_eq!(pool.weight(a_to_b, &time).is_some(), bits <= 118);
        prop_assert!(pool.virtual_reserves(a_to_b, &time).is_some());
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
    fn a_limited_swap_pays_no_more_than_there_is(pool in limited_pool(), a_to_b: bool, ask in amount(62)) {
        if let Ok(fill) = damm_v2::swap(&pool, SwapMode::ExactIn, ask, a_to_b, 0, 0) {
            let left = fill.pool.token_amounts.expect("kept")[usize::from(a_to_b)];
            prop_assert!(fill.amount_out <= (1 << 62) - left);
            prop_assert!(fill.amount_in == ask && fill.fee_on_input != a_to_b);
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
    fn a_partial_damm_v2_swap_stops_inside_the_range(pool in prop_oneof![damm_v2_pool(), limited_pool()], a_to_b: bool, ask in amount(64)) {
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
        for at in [480, 481, 484, 486] {
            whole[at] &= 1;
        }
        whole[16] %= 5;
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
