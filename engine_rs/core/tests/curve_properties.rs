//! What holds for every stable swap and every DAMM v2 pool, whatever the amount.

use cambist_core::accounts::StableSwap;
use cambist_core::amm_math::QuoteError;
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
}
