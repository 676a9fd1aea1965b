//! What holds for every pool and amount.

mod arbitrary;

use cambist_core::chain::token::{Mint, TokenAccount};
use cambist_core::search::log2::{ONE, log2_ratio};
use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::orca::layout::{Oracle, TickArray, Whirlpool};
use cambist_core::venues::pool::Pool;
use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::sqrt_price::{
    MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price,
};
use proptest::prelude::*;

use crate::arbitrary::{NOW, amount, any_pool, constant_product, fuzzed_whirlpool, whirlpool};

/// Returns the reserves of tokens A and B that a constant-product pool trades on.
fn reserves(pool: &Pool) -> (u128, u128) {
    let owed = |amounts: [u64; 2], owed: [u64; 2]| {
        (
            u128::from(amounts[0] - owed[0]),
            u128::from(amounts[1] - owed[1]),
        )
    };
    match pool {
        Pool::Ray4(pool) => owed(
            pool.amounts,
            [
                pool.account.need_take_pnl_coin,
                pool.account.need_take_pnl_pc,
            ],
        ),
        Pool::Cpmm(pool) => {
            let sum = |side: usize| {
                pool.account.protocol_fees[side]
                    + pool.account.fund_fees[side]
                    + pool.account.creator_fees[side]
            };
            owed(pool.amounts, [sum(0), sum(1)])
        }
        _ => panic!("no constant product"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn k_never_falls(pool in constant_product(), a_to_b: bool, ask in amount(), exact_in: bool) {
        let swap = if exact_in { pool.swap(a_to_b, ask, &NOW) } else { pool.swap_exact_out(a_to_b, ask, &NOW) };
        if let Ok((_, after)) = swap {
            let ((a, b), (a_after, b_after)) = (reserves(&pool), reserves(&after));
            prop_assert!(a_after * b_after >= a * b);
        }
    }

    #[test]
    fn what_was_bought_costs_no_more_the_other_way_round(pool in constant_product(), a_to_b: bool, ask in amount()) {
        if let Ok(sold) = pool.quote(a_to_b, ask, &NOW) {
            let again = pool.quote_exact_out(a_to_b, sold.amount_out, &NOW).expect("it was just quoted");
            prop_assert!(again.amount_in <= ask);
        }
        if let Ok(bought) = pool.quote_exact_out(a_to_b, ask, &NOW) {
            let again = pool.quote(a_to_b, bought.amount_in, &NOW).expect("it was just quoted");
            prop_assert!(again.amount_out >= ask);
        }
    }

    #[test]
    fn a_whirlpool_gives_back_what_exact_out_asked(pool in whirlpool(), a_to_b: bool, ask in amount()) {
        if let Ok(bought) = pool.quote_exact_out(a_to_b, ask, &NOW) {
            // Rounding per step: an atom for each tick crossed, and one for the last step.
            match pool.quote(a_to_b, bought.amount_in, &NOW) {
                Ok(again) => prop_assert!(again.amount_out + u64::from(bought.ticks_crossed) + 1 >= ask),
                Err(error) => prop_assert!(bought.amount_in == 0, "{}", error),
            }
        }
    }

    #[test]
    fn more_in_never_gives_less_out(pool in any_pool(), a_to_b: bool, one in amount(), two in amount()) {
        let (less, more) = (one.min(two), one.max(two));
        if let (Ok(less), Ok(more)) = (pool.quote(a_to_b, less, &NOW), pool.quote(a_to_b, more, &NOW)) {
            prop_assert!(less.amount_out <= more.amount_out);
        }
    }

    #[test]
    fn there_and_back_never_gains(pool in any_pool(), a_to_b: bool, ask in amount()) {
        if let Ok((there, after)) = pool.swap(a_to_b, ask, &NOW)
            && let Ok(back) = after.quote(!a_to_b, there.amount_out, &NOW)
        {
            prop_assert!(back.amount_out <= ask);
        }
    }

    #[test]
    fn no_quote_beats_the_marginal_rate(pool in any_pool(), a_to_b: bool, ask in amount()) {
        if let Ok(quote) = pool.quote(a_to_b, ask, &NOW)
            && quote.amount_out > 0
        {
            let weight = pool.weight(a_to_b, &NOW);
            let paid = log2_ratio(quote.amount_out.into(), ask.into()).expect("neither is 0");
            if let Some(weight) = weight {
                prop_assert!(paid <= -weight + 4, "{} above {}", paid, -weight);
            } else {
                // A Whirlpool between positions has no rate, yet a swap may reach the next one.
                prop_assert!(matches!(pool, Pool::Orca(_)));
            }
        }
    }

    #[test]
    fn virtual_reserves_say_what_a_small_quote_pays(pool in constant_product(), a_to_b: bool, ask in amount()) {
        if let (Ok(quote), Some((reserve_in, reserve_out, keep))) =
            (pool.quote(a_to_b, ask, &NOW), pool.virtual_reserves(a_to_b, &NOW))
        {
            let paid = ask as f64 * keep;
            let out = reserve_out * paid / (reserve_in + paid);
            // Two roundings of at most an atom each, valued at the marginal rate, and one of the output.
            let slack = 2.0 * reserve_out / reserve_in + 2.0 + out * 1e-12;
            prop_assert!((out - quote.amount_out as f64).abs() <= slack, "{} {}", out, quote.amount_out);
        }
    }

    #[test]
    fn exact_out_pays_what_was_asked(pool in any_pool(), a_to_b: bool, ask in amount()) {
        if let Ok(quote) = pool.quote_exact_out(a_to_b, ask, &NOW) {
            prop_assert_eq!(quote.amount_out, ask);
        }
    }

    #[test]
    fn nothing_panics_on_accounts_that_no_program_writes(pool in fuzzed_whirlpool(), a_to_b: bool, ask: u64, exact_in: bool) {
        let swap = if exact_in { pool.swap(a_to_b, ask, &NOW) } else { pool.swap_exact_out(a_to_b, ask, &NOW) };
        let quote = if exact_in { pool.quote(a_to_b, ask, &NOW) } else { pool.quote_exact_out(a_to_b, ask, &NOW) };
        prop_assert_eq!(swap.map(|(quote, _)| quote), quote);
        let _ = (pool.weight(a_to_b, &NOW), pool.virtual_reserves(a_to_b, &NOW));
    }

    #[test]
    fn no_bytes_panic_a_decoder(mut data in proptest::collection::vec(any::<u8>(), 0..10_100), kind in 0usize..7) {
        let heads: [&[u8]; 7] = [
            b"",
            &[0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09],
            &[0x45, 0x61, 0xbd, 0xbe, 0x6e, 0x07, 0x42, 0xbb],
            &[0x11, 0xd8, 0xf6, 0x8e, 0xe1, 0xc7, 0xda, 0x38],
            &[0x8b, 0xc2, 0x83, 0xb3, 0x8c, 0xb3, 0xe5, 0xf4],
            &[0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46],
            &[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f],
        ];
        let head = heads[kind];
        if data.len() >= head.len() {
            data[..head.len()].copy_from_slice(head);
        }
        let _ = (Whirlpool::decode(&data), TickArray::decode(&data), Oracle::decode(&data));
        let _ = (AmmV4::decode(&data), CpmmPool::decode(&data), CpmmConfig::decode(&data));
        let _ = (Mint::decode(&data), TokenAccount::decode(&data));
    }

    #[test]
    fn ticks_and_prices_invert(tick in MIN_TICK..MAX_TICK, between: u128) {
        let (low, high) = (sqrt_price_from_tick(tick).expect("in range"), sqrt_price_from_tick(tick + 1).expect("in range"));
        prop_assert!(low < high);
        prop_assert_eq!(tick_from_sqrt_price(low), tick);
        prop_assert_eq!(tick_from_sqrt_price(low + between % (high - low)), tick);
    }

    #[test]
    fn every_price_lies_at_or_above_its_tick(price in MIN_SQRT_PRICE..=MAX_SQRT_PRICE) {
        let tick = tick_from_sqrt_price(price);
        prop_assert!(sqrt_price_from_tick(tick).expect("in range") <= price);
        prop_assert!(tick == MAX_TICK || price < sqrt_price_from_tick(tick + 1).expect("in range"));
    }

    #[test]
    fn logarithms_are_close(num: u128, den: u128, num_shift in 0u32..128, den_shift in 0u32..128) {
        let (num, den) = ((num >> num_shift).max(1), (den >> den_shift).max(1));
        let got = log2_ratio(num, den).expect("neither is 0") as f64 / ONE as f64;
        let wanted = (num as f64).log2() - (den as f64).log2();
        // 2 units, and what the doubles themselves are off.
        prop_assert!((got - wanted).abs() <= 2.0 / ONE as f64 + 1e-13, "{} {}", got, wanted);
    }

    #[test]
    fn logarithms_of_powers_of_two_are_exact(num in 0u32..128, den in 0u32..128) {
        prop_assert_eq!(log2_ratio(1 << num, 1 << den), Some((i64::from(num) - i64::from(den)) * ONE));
    }

    #[test]
    fn logarithms_keep_the_order(num in 1u128.., more in 0u128.., den in 1u128..) {
        let bigger = num.saturating_add(more);
        // Where neighbouring pieces of the table meet, the order may slip by the algorithm's own error.
        prop_assert!(log2_ratio(num, den).expect("not 0") <= log2_ratio(bigger, den).expect("not 0") + 1);
    }
}
