//! Signals that last: the latest of two, or only runs that are long enough. Streaming and batch, equal.
//!
//! The first form is that of the adaptive trend system. The second has no original: what it does is defined here. Every
//! whole number is a signal, so that there is nothing unusable; no signals give no states.

use crate::series::technical::{ParameterError, positive};

/// The side of the last event: 1 after up, −1 after down, 0 before either. Up wins where both come together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpDown {
    value: i8,
}

impl UpDown {
    /// Takes what happened in a bar; returns the side.
    pub fn update(&mut self, up: bool, down: bool) -> i8 {
        if up {
            self.value = 1;
        } else if down {
            self.value = -1;
        }
        self.value
    }

    /// Takes 64 bars at once and fills in the sides. Bar by bar each waits for the one before: 0.47 ns a bar, 0.07 here.
    fn fill(&mut self, up: &[bool; 64], down: &[bool; 64], sides: &mut [i8; 64]) {
        if self.value == 0 {
            for ((side, up), down) in sides.iter_mut().zip(up).zip(down) {
                *side = self.update(*up, *down);
            }
            return;
        }
        let mut goes_down = [0_u8; 64];
        for ((goes_down, up), down) in goes_down.iter_mut().zip(up).zip(down) {
            *goes_down = (u8::from(*down) & !u8::from(*up)).wrapping_neg();
        }
        // A carry runs through the bars that leave a side up, each a byte of ones, from each that goes up and from the bar
        // before all; it leaves them zero, and a bar that goes down takes it.
        let mut sums = [0_u8; 64];
        let mut carry = self.value == 1;
        let eights = sums.as_chunks_mut::<8>().0.iter_mut();
        let terms = goes_down
            .as_chunks::<8>()
            .0
            .iter()
            .zip(up.as_chunks::<8>().0);
        for (sum, (goes_down, up)) in eights.zip(terms) {
            let ups = u64::from_le_bytes(up.map(u8::from));
            let (once, over) = (!u64::from_le_bytes(*goes_down)).overflowing_add(ups);
            let (twice, over_again) = once.overflowing_add(u64::from(carry));
            carry = over | over_again;
            *sum = twice.to_le_bytes();
        }
        for ((side, sum), goes_down) in sides.iter_mut().zip(&sums).zip(&goes_down) {
            *side = (sum | goes_down | 1) as i8;
        }
        // Not read back from the sides: the next block would wait until they are in memory.
        self.value = if carry { 1 } else { -1 };
    }

    /// Returns the side as it is.
    pub fn value(&self) -> i8 {
        self.value
    }
}

/// Returns the side after each bar, as `UpDown` gives it.
///
/// # Errors
/// Series of different lengths.
pub fn up_down(up: &[bool], down: &[bool]) -> Result<Vec<i8>, ParameterError> {
    if up.len() != down.len() {
        return Err(ParameterError::Lengths {
            what: "down",
            found: down.len(),
            expected: up.len(),
        });
    }
    let mut sides = vec![0; up.len()];
    let mut side = UpDown::default();
    let ((ups, up), (downs, down)) = (up.as_chunks::<64>(), down.as_chunks::<64>());
    let (blocks, rest) = sides.as_chunks_mut::<64>();
    for ((block, ups), downs) in blocks.iter_mut().zip(ups).zip(downs) {
        side.fill(ups, downs, block);
    }
    for ((slot, up), down) in rest.iter_mut().zip(up).zip(down) {
        *slot = side.update(*up, *down);
    }
    Ok(sides)
}

/// Runs of one sign that are long enough, as soon as they are: what a bar shows never depends on later ones.
///
/// A run goes from its first to its last signal of that sign and bridges gaps of at most `max_gap` zeros, which count as
/// part of it; the opposite sign or a longer gap ends it. It shows from its `min_persistence`-th bar on, or the next that
/// isn't 0, and goes on through a gap that may yet be bridged: there alone it can show more than `runs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    least: u64,
    max_gap: u64,
    sign: i8,
    length: u64,
    gap: u64,
}

impl Runs {
    /// Returns a state before any signal.
    ///
    /// # Errors
    /// A `min_persistence` of 0.
    pub fn new(min_persistence: u32, max_gap: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            least: u64::from(positive(min_persistence)?),
            max_gap: u64::from(max_gap),
            sign: 0,
            length: 0,
            gap: 0,
        })
    }

    /// Takes a signal, of which only the sign counts; returns the run's sign, 0 if it is none or too short.
    pub fn update(&mut self, signal: i32) -> i8 {
        let sign = signal.signum() as i8;
        if sign == 0 {
            self.gap += 1;
            if self.gap > self.max_gap {
                (self.sign, self.length) = (0, 0);
            }
        } else if sign == self.sign {
            self.length += self.gap + 1;
            self.gap = 0;
        } else {
            (self.sign, self.length, self.gap) = (sign, 1, 0);
        }
        self.value()
    }

    /// Returns the sign as it is.
    pub fn value(&self) -> i8 {
        if self.length >= self.least {
            self.sign
        } else {
            0
        }
    }
}

/// Returns the sign of the run that each bar is part of, from the run's start; 0 where it is none or too short.
///
/// What a bar shows may depend on later ones: for looking back, not for trading.
///
/// # Errors
/// A `min_persistence` of 0.
pub fn runs(
    signals: &[i32],
    min_persistence: u32,
    max_gap: u32,
) -> Result<Vec<i8>, ParameterError> {
    let least = positive(min_persistence)? as usize;
    let max_gap = max_gap as usize;
    let mut found = vec![0; signals.len()];
    // First and last bar of the run so far.
    let mut run: Option<(usize, usize)> = None;
    for (at, signal) in signals.iter().enumerate() {
        let sign = signal.signum();
        if sign == 0 {
            continue;
        }
        let (first, before) = match run {
            Some((first, last)) if signals[last].signum() == sign && at - last - 1 <= max_gap => {
                (first, last)
            }
            _ => (at, at),
        };
        run = Some((first, at));
        if at - first + 1 >= least {
            // What is filled already is not filled again, so that a long run costs its length once.
            let from = if before - first + 1 >= least && before != at {
                before + 1
            } else {
                first
            };
            found[from..=at].fill(sign as i8);
        }
    }
    Ok(found)
}

/// Returns what `Runs` gives after each signal.
///
/// # Errors
/// A `min_persistence` of 0.
pub fn causal_runs(
    signals: &[i32],
    min_persistence: u32,
    max_gap: u32,
) -> Result<Vec<i8>, ParameterError> {
    let mut state = Runs::new(min_persistence, max_gap)?;
    Ok(signals.iter().map(|signal| state.update(*signal)).collect())
}
