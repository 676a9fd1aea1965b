//! The side of the last event, 64 bars at a time where the machine has AVX2: bar by bar each waits for the one before.

use cambist_core::series::signal_persistence;
use cambist_core::series::technical::ParameterError;

/// Returns what `signal_persistence::up_down` does.
///
/// # Errors
/// Series of different lengths.
pub fn up_down(up: &[bool], down: &[bool]) -> Result<Vec<i8>, ParameterError> {
    #[cfg(target_arch = "x86_64")]
    if up.len() == down.len() && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the machine has just said that it has the instructions.
        return Ok(unsafe { avx2::up_down(up, down) });
    }
    signal_persistence::up_down(up, down)
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_storeu_si256,
    };

    use cambist_core::series::signal_persistence::UpDown;

    #[target_feature(enable = "avx2")]
    pub(super) fn up_down(up: &[bool], down: &[bool]) -> Vec<i8> {
        let mut sides = vec![0; up.len()];
        let mut side = UpDown::default();
        // Before the first event there is neither side.
        let begun = up.iter().zip(down).position(|(up, down)| *up || *down);
        let begun = begun.unwrap_or(up.len());
        let (up, down) = (&up[begun..], &down[begun..]);
        let (blocks, rest) = sides[begun..].as_chunks_mut::<64>();
        let ((ups, last_ups), (downs, last_downs)) = (up.as_chunks::<64>(), down.as_chunks::<64>());
        // The bar before all has no side; as the first one has an event, what it is taken for is nothing to it.
        let mut is_up = false;
        for ((block, up), down) in blocks.iter_mut().zip(ups).zip(downs) {
            let (states, after) = filled(bits(up), bits(down), is_up);
            spread(states, block);
            is_up = after;
        }
        side.update(is_up && !blocks.is_empty(), !is_up && !blocks.is_empty());
        for ((slot, up), down) in rest.iter_mut().zip(last_ups).zip(last_downs) {
            *slot = side.update(*up, *down);
        }
        sides
    }

    /// Returns which of 64 bars leave the side up, and whether the last one does: a carry runs through those that don't
    /// go down, from each that goes up and from the bar before all.
    fn filled(up: u64, down: u64, is_up: bool) -> (u64, bool) {
        let keeps = !down | up;
        let (sum, over) = keeps.overflowing_add(up);
        let (sum, over_again) = sum.overflowing_add(u64::from(is_up));
        let carried_in = sum ^ keeps ^ up;
        // What goes up also keeps: of three the most.
        ((up | carried_in) & keeps, over | over_again)
    }

    /// Returns a bit for each bar.
    #[expect(
        clippy::cast_ptr_alignment,
        reason = "what is loaded need not be aligned"
    )]
    #[target_feature(enable = "avx2")]
    fn bits(bars: &[bool; 64]) -> u64 {
        let half = |at: usize| {
            let bars: &[bool] = &bars[at..at + 32];
            // SAFETY: the slice has 32 bytes, and a load has no alignment to keep.
            let bytes = unsafe { _mm256_loadu_si256(bars.as_ptr().cast::<__m256i>()) };
            // The lowest bit of each byte becomes its highest, which is what a mask is made of.
            u64::from(_mm256_movemask_epi8(_mm256_slli_epi16::<7>(bytes)).cast_unsigned())
        };
        half(0) | half(32) << 32
    }

    /// Writes 1 for each bit that is set and −1 for each that is not.
    #[expect(
        clippy::cast_ptr_alignment,
        reason = "what is stored need not be aligned"
    )]
    #[target_feature(enable = "avx2")]
    fn spread(states: u64, sides: &mut [i8; 64]) {
        // Byte n of each half takes its bit from byte n / 8 of the states.
        let bytes = _mm256_setr_epi8(
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3,
            3, 3, 3,
        );
        let bit = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64.cast_signed());
        let (none, one) = (_mm256_setzero_si256(), _mm256_set1_epi8(1));
        for (half, sides) in sides.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let states = _mm256_set1_epi32(((states >> (32 * half)) as u32).cast_signed());
            let own = _mm256_and_si256(_mm256_shuffle_epi8(states, bytes), bit);
            let found = _mm256_or_si256(_mm256_cmpeq_epi8(own, none), one);
            // SAFETY: the array has 32 bytes, and a store has no alignment to keep.
            unsafe { _mm256_storeu_si256(sides.as_mut_ptr().cast::<__m256i>(), found) };
        }
    }
}

#[cfg(test)]
mod tests {
    use cambist_core::series::signal_persistence;
    use proptest::prelude::*;

    use super::up_down;

    /// Events as often as one in so many bars.
    fn events() -> impl Strategy<Value = (Vec<bool>, Vec<bool>)> {
        (0_usize..400, 1_u32..90, 1_u32..90, 0_usize..200).prop_flat_map(
            |(length, ups, downs, quiet)| {
                let of =
                    |rare: u32| prop::collection::vec((0..rare).prop_map(|at| at == 0), length);
                (of(ups), of(downs)).prop_map(move |(mut up, mut down)| {
                    for at in 0..quiet.min(length) {
                        (up[at], down[at]) = (false, false);
                    }
                    (up, down)
                })
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn sixty_four_bars_at_once_are_those_bar_by_bar((up, down) in events()) {
            prop_assert_eq!(up_down(&up, &down), signal_persistence::up_down(&up, &down));
            prop_assert_eq!(up_down(&down, &up), signal_persistence::up_down(&down, &up));
        }
    }

    #[test]
    fn series_of_different_lengths_are_refused() {
        assert!(up_down(&[true], &[]).is_err());
        assert_eq!(up_down(&[], &[]), Ok(Vec::new()));
    }
}
