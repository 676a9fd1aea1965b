//! Tick arrays, fixed and dynamic, as one sorted run of initialised ticks.
//!
//! One swap reaches three arrays: the one that holds the price (or the next one, for the last tick spacing of an array
//! on the way up) and the two after it. An array without initialised ticks is passed over; the edge of the last array
//! is as far as a swap gets. An array that was neither loaded nor known to be absent on chain is a wall at its edge.

use crate::chain::reader::LayoutError;
use crate::venues::orca::layout::{TICKS_PER_ARRAY, TickArray};
use crate::venues::quote_error::QuoteError;
use crate::venues::sqrt_price::{MAX_TICK, MIN_TICK, sqrt_price_from_tick};

pub const ARRAYS_PER_SWAP: i32 = 3;

/// Returns the start tick of the array that holds `tick`.
pub fn array_start(tick: i32, tick_spacing: u16) -> i32 {
    let span = TICKS_PER_ARRAY * i32::from(tick_spacing);
    tick.div_euclid(span) * span
}

/// Returns the starts of the at most three arrays that a swap from `tick` takes, in traversal order.
pub fn swap_array_starts(tick: i32, tick_spacing: u16, a_to_b: bool) -> impl Iterator<Item = i32> {
    let spacing = i32::from(tick_spacing);
    let span = TICKS_PER_ARRAY * spacing;
    let base = array_start(tick, tick_spacing);
    let shifted = !a_to_b && tick + spacing >= base + span;
    let first = if shifted { base + span } else { base };
    let lowest = array_start(MIN_TICK, tick_spacing);
    (0..ARRAYS_PER_SWAP)
        .map(move |index| {
            if a_to_b {
                first - span * index
            } else {
                first + span * index
            }
        })
        .filter(move |start| (lowest..=MAX_TICK).contains(start))
}

/// Where the next step of a swap ends at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    pub tick: i32,
    pub sqrt_price: u128,
    /// Liquidity to add on the way up; `None` if the tick is not initialised.
    pub net: Option<i128>,
    /// What lies beyond is unknown: a swap that gets here can't be computed.
    pub is_wall: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct InitialisedTick {
    index: i32,
    net: i128,
    sqrt_price: u128,
}

/// An array that is loaded or known to be absent, with the √prices of its two edges.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownArray {
    start: i32,
    low_edge: u128,
    high_edge: u128,
}

/// The initialised ticks of a pool and the arrays they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticks {
    spacing: u16,
    sorted: Vec<InitialisedTick>,
    known: Vec<KnownArray>,
}

impl Ticks {
    /// Takes loaded arrays and the starts of those known not to exist.
    ///
    /// # Errors
    /// `LayoutError` if an array is misplaced or given twice.
    pub fn new(
        tick_spacing: u16,
        arrays: &[TickArray],
        absent: &[i32],
    ) -> Result<Self, LayoutError> {
        let mut this = Self {
            spacing: tick_spacing,
            sorted: Vec::new(),
            known: Vec::new(),
        };
        for &start in absent {
            this.learn(start)?;
        }
        for array in arrays {
            this.learn(array.start_tick_index)?;
            for &(offset, net) in &array.ticks {
                let index = array.start_tick_index + i32::from(offset) * i32::from(tick_spacing);
                let sqrt_price = sqrt_price_from_tick(index)
                    .map_err(|_| LayoutError::field("tick_array", "tick", index))?;
                this.sorted.push(InitialisedTick {
                    index,
                    net,
                    sqrt_price,
                });
            }
        }
        this.sorted.sort_unstable_by_key(|tick| tick.index);
        this.known.sort_unstable_by_key(|array| array.start);
        Ok(this)
    }

    fn learn(&mut self, start: i32) -> Result<(), LayoutError> {
        let span = TICKS_PER_ARRAY * i32::from(self.spacing);
        let misplaced = span == 0
            || start % span != 0
            || !(array_start(MIN_TICK, self.spacing)..=MAX_TICK).contains(&start)
            || self.known.iter().any(|array| array.start == start);
        if misplaced {
            return Err(LayoutError::field("tick_array", "start_tick_index", start));
        }
        let edge = |tick| {
            sqrt_price_from_tick(tick)
                .map_err(|_| LayoutError::field("tick_array", "start_tick_index", start))
        };
        let (low_edge, high_edge) = (
            edge(start.max(MIN_TICK))?,
            edge((start + span - 1).min(MAX_TICK))?,
        );
        self.known.push(KnownArray {
            start,
            low_edge,
            high_edge,
        });
        Ok(())
    }

    /// Returns the pool's tick spacing.
    pub fn tick_spacing(&self) -> u16 {
        self.spacing
    }

    /// Returns (tick, liquidity net) of the initialised ticks, ascending.
    pub fn initialised(&self) -> impl Iterator<Item = (i32, i128)> {
        self.sorted.iter().map(|tick| (tick.index, tick.net))
    }

    /// Returns whether the array that starts at `start` is loaded or known to be absent.
    pub fn knows(&self, start: i32) -> bool {
        self.array(start).is_some()
    }

    fn array(&self, start: i32) -> Option<&KnownArray> {
        self.known
            .binary_search_by_key(&start, |array| array.start)
            .ok()
            .map(|at| &self.known[at])
    }

    /// Returns what one swap from `tick` may reach.
    ///
    /// # Errors
    /// `Liquidity` if there is nothing in that direction, `MissingAccount` if the first array is not known.
    pub fn reach(&self, tick: i32, a_to_b: bool) -> Result<Reach<'_>, QuoteError> {
        let (mut last, mut is_wall, mut any) = (None, false, false);
        for start in swap_array_starts(tick, self.spacing, a_to_b) {
            any = true;
            let Some(array) = self.array(start) else {
                is_wall = true;
                break;
            };
            last = Some(array);
        }
        let last = last.ok_or(if any {
            QuoteError::MissingAccount
        } else {
            QuoteError::Liquidity
        })?;
        let spacing = i32::from(self.spacing);
        let top = last.start + (TICKS_PER_ARRAY - 1) * spacing;
        let (end, edge, sqrt_price) = if a_to_b {
            (last.start, last.start.max(MIN_TICK), last.low_edge)
        } else {
            (top, (top + spacing - 1).min(MAX_TICK), last.high_edge)
        };
        let after = self.sorted.partition_point(|entry| entry.index <= tick);
        Ok(Reach {
            ticks: &self.sorted,
            after,
            end,
            edge: Stop {
                tick: edge,
                sqrt_price,
                net: None,
                is_wall,
            },
            a_to_b,
        })
    }
}

/// The stops of one swap, in its direction.
#[derive(Debug)]
pub struct Reach<'a> {
    ticks: &'a [InitialisedTick],
    /// How many ticks are at or below the last tick asked about.
    after: usize,
    end: i32,
    edge: Stop,
    a_to_b: bool,
}

impl Reach<'_> {
    /// Returns the next stop from `tick`, itself included on the way down. Never goes back.
    ///
    /// # Errors
    /// `Liquidity` at the end.
    pub fn next_stop(&mut self, tick: i32) -> Result<Stop, QuoteError> {
        if if self.a_to_b {
            tick < self.end
        } else {
            tick >= self.end
        } {
            return Err(QuoteError::Liquidity);
        }
        let next = if self.a_to_b {
            while self.after > 0 && self.ticks[self.after - 1].index > tick {
                self.after -= 1;
            }
            self.after
                .checked_sub(1)
                .map(|at| &self.ticks[at])
                .filter(|found| found.index >= self.end)
        } else {
            while self
                .ticks
                .get(self.after)
                .is_some_and(|found| found.index <= tick)
            {
                self.after += 1;
            }
            self.ticks
                .get(self.after)
                .filter(|found| found.index <= self.end)
        };
        Ok(next.map_or(self.edge, |found| Stop {
            tick: found.index,
            sqrt_price: found.sqrt_price,
            net: Some(found.net),
            is_wall: false,
        }))
    }
}
