//! Work compiled twice: for every machine, and for the wide vectors that most have.

/// Something to compute. What is to gain from wide vectors must be inlined into `run`, and `run` itself be `inline(always)`:
/// of a closure the compiler decides, and mostly against it.
pub trait Work {
    type Output;

    fn run(self) -> Self::Output;
}

/// Returns what `work` computes, with 256-bit vectors where the machine has them.
///
/// The results have the same bits either way: nothing is fused or regrouped, there is only more of it at a time.
pub fn wide<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the machine has just said that it has the instructions.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(test)]
mod tests {
    use super::{Work, wide};

    struct Scaled<'a>(&'a [f64]);

    impl Work for Scaled<'_> {
        type Output = Vec<u64>;

        #[expect(clippy::inline_always, reason = "as the trait asks")]
        #[inline(always)]
        fn run(self) -> Vec<u64> {
            let scaled = self.0.iter().map(|value| value * value + 0.1 * value);
            scaled.map(f64::to_bits).collect()
        }
    }

    #[test]
    fn wide_work_has_the_same_bits() {
        let values: Vec<f64> = (0..1_000).map(|at| 1.0 / f64::from(at + 3)).collect();
        assert_eq!(wide(Scaled(&values)), Scaled(&values).run());
    }
}
