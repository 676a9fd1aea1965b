//! What holds for every DLMM pair and amount.

use std::sync::Arc;

use cambist_core::venues::dlmm::layout::{
    BINS_PER_ARRAY, Bin, BinArray, BinArrayBitmapExtension, LbPair, StaticParameters,
    VariableParameters,
};
use cambist_core::venues::dlmm::maths::bins::Bins;
use cambist_core::venues::dlmm::maths::price::bin_price;
use cambist_core::venues::dlmm::maths::swap::{Ask, DlmmFill, swap};
use cambist_core::venues::quote_error::QuoteError;
use proptest::prelude::*;

const NOW: i64 = 1_760_000_000;
const ADDRESS: [u8; 32] = [7; 32];

#[derive(Debug, Clone)]
struct Pool {
    pair: LbPair,
    bins: Bins,
}

impl Pool {
    fn swap(&self, amount: u64, exact_in: bool, x_to_y: bool) -> Result<DlmmFill, QuoteError> {
        let ask = Ask {
            amount,
            exact_in,
            x_to_y,
            now: NOW,
            slot: 0,
        };
        swap::<true>(&self.pair, &self.bins, &ask)
    }

    fn after(&self, fill: &DlmmFill) -> Self {
        Self {
            pair: LbPair {
                active_id: fill.active_id,
                volatility: fill.volatility,
                ..self.pair.clone()
            },
            bins: self.bins.after(fill.changed()),
        }
    }
}

fn parameters() -> impl Strategy<Value = StaticParameters> {
    (
        1u16..=50_000,
        0u32..=2_000_000,
        0u32..=500_000,
        0u16..=10_000,
        0u8..3,
        0u8..2,
    )
        .prop_map(
            |(base_factor, control, most, protocol_share, function_type, collect_fee_mode)| {
                StaticParameters {
                    base_factor,
                    filter_period: 30,
                    decay_period: 600,
                    reduction_factor: 5_000,
                    variable_fee_control: control,
                    max_volatility_accumulator: most,
                    min_bin_id: -443_636,
                    max_bin_id: 443_636,
                    protocol_share,
                    base_fee_power_factor: 0,
                    function_type,
                    collect_fee_mode,
                }
            },
        )
}

fn pair(age: impl Strategy<Value = i64>) -> impl Strategy<Value = LbPair> {
    (parameters(), age, 1u16..=400, 0u32..=100_000, -60i32..60).prop_map(
        |(parameters, age, bin_step, reference, active_id)| LbPair {
            parameters,
            volatility: VariableParameters {
                volatility_accumulator: reference,
                volatility_reference: reference,
                index_reference: active_id - 3,
                last_update_timestamp: NOW - age,
            },
            pair_type: 0,
            active_id,
            bin_step,
            status: 0,
            activation_type: 1,
            mint_x: [1; 32],
            mint_y: [2; 32],
            reserve_x: [3; 32],
            reserve_y: [4; 32],
            protocol_fee_x: 0,
            protocol_fee_y: 0,
            reward_mints: [[0; 32]; 2],
            oracle: [5; 32],
            bitmap: [0; 16],
            activation_point: 0,
        },
    )
}

/// Returns what each of 210 bins around 0 holds: makers', open and begun orders, mostly nothing.
fn contents() -> impl Strategy<Value = Vec<Option<(u64, u64, u64, bool)>>> {
    let amount = || (any::<u64>(), 10u32..60).prop_map(|(value, shift)| value >> shift);
    let bin = (amount(), amount(), amount(), any::<bool>());
    proptest::collection::vec(proptest::option::weighted(0.2, bin), 3 * BINS_PER_ARRAY)
}

/// Returns a pair whose makers and orders give Y below the active bin, X above it; makers give both in it.
fn pool_of(mut pair: LbPair, contents: &[Option<(u64, u64, u64, bool)>]) -> Pool {
    let arrays = (-1i32..)
        .zip(contents.chunks(BINS_PER_ARRAY))
        .map(|(index, held)| {
            let mut bins = Box::new([Bin::default(); BINS_PER_ARRAY]);
            for ((bin, held), bin_id) in bins.iter_mut().zip(held).zip(index * 70..) {
                let Some((makers, open, begun, is_ask)) = *held else {
                    continue;
                };
                *bin = Bin {
                    amount_x: if bin_id >= pair.active_id { makers } else { 0 },
                    amount_y: if bin_id <= pair.active_id { makers } else { 0 },
                    price: bin_price(bin_id, pair.bin_step).expect("a price"),
                    open_order_amount: open,
                    processed_order_remaining: begun,
                    // Where a swap has passed, no order of the other side is left.
                    is_ask: bin_id > pair.active_id || (bin_id == pair.active_id && is_ask),
                };
            }
            BinArray {
                index,
                lb_pair: ADDRESS,
                bins,
            }
        });
    let arrays: Vec<_> = arrays.collect();
    // Arrays −1, 0 and 1.
    pair.bitmap[7] = 1 << 63;
    pair.bitmap[8] = 0b11;
    let bins = Bins::new(&ADDRESS, &pair, None, arrays.into_iter().map(Arc::new))
        .expect("arrays of the pair");
    Pool { pair, bins }
}

/// Returns pairs last updated within the filter period, so that swaps at one time share their references.
fn busy() -> impl Strategy<Value = Pool> {
    (pair(0i64..30), contents()).prop_map(|(pair, contents)| pool_of(pair, &contents))
}

fn any_pool() -> impl Strategy<Value = Pool> {
    (pair(0i64..1_000), contents()).prop_map(|(pair, contents)| pool_of(pair, &contents))
}

fn amount() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(value, shift)| value >> shift)
}

/// Accounts of random bytes behind the right discriminators, their bitmap and index made to meet.
fn fuzzed() -> impl Strategy<Value = Pool> {
    let bytes = |size| proptest::collection::vec(any::<u8>(), size);
    (bytes(904), bytes(10_136), any::<u16>(), -70i32..70).prop_filter_map(
        "an account that decodes",
        |(mut pair, mut array, share, active_id)| {
            pair[..8].copy_from_slice(&[0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d]);
            array[..8].copy_from_slice(&[0x5c, 0x8e, 0x5c, 0xdc, 0x05, 0x94, 0x46, 0xb5]);
            pair[32..34].copy_from_slice(&(share % 10_001).to_le_bytes());
            pair[76..80].copy_from_slice(&active_id.to_le_bytes());
            (pair[82], pair[86]) = (0, 1);
            pair[816..824].copy_from_slice(&[0; 8]);
            array[8..16].copy_from_slice(&i64::from(active_id.div_euclid(70)).to_le_bytes());
            array[24..56].copy_from_slice(&ADDRESS);
            let pair = LbPair::decode(&pair).ok()?;
            let array = BinArray::decode(&array).ok()?;
            let bins = Bins::new(&ADDRESS, &pair, None, [Arc::new(array)]).ok()?;
            Some(Pool { pair, bins })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn more_in_never_gives_less_out(pool in any_pool(), x_to_y: bool, one in amount(), two in amount()) {
        let less = pool.swap(one.min(two), true, x_to_y);
        let more = pool.swap(one.max(two), true, x_to_y);
        if let (Ok(less), Ok(more)) = (less, more) {
            prop_assert!(less.amount_out <= more.amount_out);
        }
    }

    #[test]
    fn bin_by_bin_is_one_swap(pool in busy(), x_to_y: bool, ask in amount()) {
        if let Ok(whole) = pool.swap(ask, true, x_to_y) {
            prop_assert_eq!(whole.amount_in, ask);
            let (mut left, mut out, mut fee, mut at) = (ask, 0, 0, pool.clone());
            for step in &whole.steps {
                // A swap that pays nothing is refused, though as a part of a larger one it isn't.
                prop_assume!(step.fill.amount_out > 0);
                let part = at.swap(step.fill.amount_in, true, x_to_y).expect("a part of a swap");
                prop_assert_eq!(part.steps.as_slice(), std::slice::from_ref(step));
                left -= part.amount_in;
                out += part.amount_out;
                fee += part.fee;
                at = at.after(&part);
            }
            prop_assert_eq!((left, out, fee), (0, whole.amount_out, whole.fee));
            prop_assert_eq!(at.pair.active_id, whole.active_id);
            prop_assert_eq!(
                at.pair.volatility.volatility_accumulator,
                whole.volatility.volatility_accumulator
            );
            prop_assert_eq!(&at.bins, &pool.bins.after(whole.changed()));
        }
    }

    #[test]
    fn an_exact_output_is_what_was_asked(pool in any_pool(), x_to_y: bool, ask in amount()) {
        if let Ok(bought) = pool.swap(ask, false, x_to_y) {
            prop_assert_eq!(bought.amount_out, ask);
            let again = pool.swap(bought.amount_in, true, x_to_y).expect("it was just swapped");
            prop_assert!(again.amount_out >= ask);
        }
    }

    #[test]
    fn there_and_back_never_gains(pool in busy(), x_to_y: bool, ask in amount()) {
        if let Ok(there) = pool.swap(ask, true, x_to_y)
            && let Ok(back) = pool.after(&there).swap(there.amount_out, true, !x_to_y)
        {
            prop_assert!(back.amount_out <= ask);
        }
    }

    #[test]
    fn fees_are_parts_of_what_moves(pool in any_pool(), x_to_y: bool, ask in amount(), exact_in: bool) {
        if let Ok(fill) = pool.swap(ask, exact_in, x_to_y) {
            let paid_in = if fill.fee_on_input { fill.amount_in } else { fill.amount_out + fill.fee };
            prop_assert!(fill.fee <= paid_in);
            prop_assert!(fill.protocol_fee + fill.limit_order_fee <= fill.fee);
            prop_assert_eq!(fill.steps.len(), fill.bins_filled as usize);
        }
    }

    #[test]
    fn nothing_panics_on_accounts_that_no_program_writes(pool in fuzzed(), x_to_y: bool, ask: u64, exact_in: bool) {
        let _ = pool.swap(ask, exact_in, x_to_y);
    }

    #[test]
    fn no_bytes_panic_a_decoder(mut data in proptest::collection::vec(any::<u8>(), 0..10_200), kind in 0usize..4) {
        let heads: [&[u8]; 4] = [
            b"",
            &[0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d],
            &[0x5c, 0x8e, 0x5c, 0xdc, 0x05, 0x94, 0x46, 0xb5],
            &[0x50, 0x6f, 0x7c, 0x71, 0x37, 0xed, 0x12, 0x05],
        ];
        let head = heads[kind];
        if data.len() >= head.len() {
            data[..head.len()].copy_from_slice(head);
        }
        let _ = (LbPair::decode(&data), BinArray::decode(&data), BinArrayBitmapExtension::decode(&data));
    }

    #[test]
    fn prices_rise_with_their_bins(bin_id in -20_000i32..20_000, bin_step in 1u16..=10) {
        let (low, high) = (bin_price(bin_id, bin_step), bin_price(bin_id + 1, bin_step));
        prop_assert!(low.expect("in range") < high.expect("in range"));
    }
}

/// Words of a bitmap, with their places.
type Words<'a> = &'a [(usize, u64)];

/// Returns a pair at bin 0 whose bitmaps name only the arrays given.
fn sparse(bitmap: Words<'_>, extension: Option<(Words<'_>, Words<'_>)>) -> Bins {
    let mut pair = pool_of(LbPair::decode(&bare_pair()).expect("a pair"), &[]).pair;
    pair.bitmap = [0; 16];
    for &(word, bits) in bitmap {
        pair.bitmap[word] = bits;
    }
    let extension = extension.map(|(positive, negative)| {
        let mut found = BinArrayBitmapExtension {
            lb_pair: ADDRESS,
            positive: [0; 96],
            negative: [0; 96],
        };
        for &(word, bits) in positive {
            found.positive[word] = bits;
        }
        for &(word, bits) in negative {
            found.negative[word] = bits;
        }
        found
    });
    Bins::new(&ADDRESS, &pair, extension.as_ref(), []).expect("no arrays")
}

fn bare_pair() -> Vec<u8> {
    let mut data = vec![0; 904];
    data[..8].copy_from_slice(&[0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d]);
    data[80] = 10;
    data
}

#[test]
fn the_next_array_comes_from_all_three_bitmaps() {
    let bins = sparse(
        &[(0, 1), (8, 1), (15, 1 << 63)],
        Some((&[(0, 1), (95, 1 << 63)], &[(0, 1), (95, 1 << 63)])),
    );
    let down: Vec<_> = [
        6_655, 6_654, 512, 511, 510, 0, -1, -512, -513, -514, -6_656, -6_657,
    ]
    .map(|index| bins.next_array(index, true))
    .to_vec();
    assert_eq!(
        down,
        [6_655, 512, 512, 511, 0, 0, -512, -512, -513, -6_656, -6_656]
            .map(Some)
            .into_iter()
            .chain([None])
            .collect::<Vec<_>>()
    );
    let up = [-6_656, -6_655, -513, -512, -511, 0, 1, 511, 512, 513, 6_655]
        .map(|index| bins.next_array(index, false));
    assert_eq!(
        up,
        [-6_656, -513, -513, -512, 0, 0, 511, 511, 512, 6_655, 6_655].map(Some)
    );
    assert_eq!(bins.next_array(6_656, false), None);
    assert_eq!(sparse(&[(8, 1)], None).next_array(1, false), None);
}

#[test]
fn a_pair_that_is_off_or_not_active_yet_refuses() {
    let ask = Ask {
        amount: 1,
        exact_in: true,
        x_to_y: true,
        now: 99,
        slot: 100,
    };
    let pair = LbPair::decode(&bare_pair()).expect("a pair");
    let bins = Bins::new(&ADDRESS, &pair, None, []).expect("no arrays");
    let refusal = |pair: &LbPair| swap::<true>(pair, &bins, &ask).expect_err("nothing to swap");
    assert_eq!(refusal(&pair), QuoteError::Liquidity);
    let off = LbPair {
        status: 1,
        ..pair.clone()
    };
    assert_eq!(refusal(&off), QuoteError::NotTradable);
    let by_slot = LbPair {
        activation_point: 100,
        ..pair
    };
    assert_eq!(refusal(&by_slot), QuoteError::Liquidity);
    let by_time = LbPair {
        activation_type: 1,
        ..by_slot
    };
    assert_eq!(refusal(&by_time), QuoteError::NotTradable);
}
