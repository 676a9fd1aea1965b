//! Bitmaps as the chain keeps them: words of 64 bits, the lowest bit first.

/// Returns the places of the bits that are set, ascending. The engine asks at every update of a pool and few bits are
/// set: looking at each of them was a fifth of a swap's cost.
pub(super) fn set_bits(words: &[u64]) -> impl Iterator<Item = i32> {
    let set = |(at, &word): (i32, &u64)| {
        let rest = std::iter::successors(Some(word), |left| Some(left & left.wrapping_sub(1)));
        rest.take_while(|&left| left != 0)
            .map(move |left| 64 * at + left.trailing_zeros() as i32)
    };
    (0..).zip(words).flat_map(set)
}

/// Returns those of ascending `liquid` arrays that a swap from `index` on meets, in its order, `index` included.
pub(super) fn near_arrays(liquid: &[i32], index: i32, down: bool) -> impl Iterator<Item = i32> {
    let after = liquid.partition_point(|&liquid| liquid <= index);
    let before = liquid.partition_point(|&liquid| liquid < index);
    let (down, up) = if down {
        (&liquid[..after], &[] as &[i32])
    } else {
        (&[] as &[i32], &liquid[before..])
    };
    down.iter().rev().chain(up).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::set_bits;

    proptest! {
        #[test]
        fn each_bit_that_is_set_is_told_once(words in prop::collection::vec(any::<u64>(), 0..5)) {
            let all = 0..64 * words.len() as i32;
            let expected: Vec<i32> = all
                .filter(|bit| words[*bit as usize / 64] >> (bit % 64) & 1 == 1)
                .collect();
            prop_assert_eq!(set_bits(&words).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn no_word_and_no_bit_give_nothing() {
        assert_eq!(set_bits(&[]).count() + set_bits(&[0, 0]).count(), 0);
        assert_eq!(set_bits(&[0, 1 << 63]).collect::<Vec<_>>(), [127]);
    }
}
