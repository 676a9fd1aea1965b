//! The initialised ticks of a pool, array by array, as a swap walks over them.

use std::sync::Arc;

use crate::chain::base58::{self, Pubkey};
use crate::chain::reader::LayoutError;
use crate::venues::bitmap::set_bits;
use crate::venues::clmm::layout::{
    CLMM_BITMAP_ARRAYS, CLMM_TICKS_PER_ARRAY, ClmmBitmapExtension, ClmmOrders, ClmmPool, ClmmTick,
    ClmmTickArray,
};
use crate::venues::quote_error::QuoteError;
use crate::venues::raydium_price::{MAX_TICK, MIN_TICK, sqrt_price_from_tick};

/// Returns the start tick of the array that holds `tick`.
pub fn array_start(tick: i32, tick_spacing: u16) -> i32 {
    let span = span(tick_spacing);
    tick.div_euclid(span) * span
}

fn span(tick_spacing: u16) -> i32 {
    CLMM_TICKS_PER_ARRAY * i32::from(tick_spacing)
}

/// An initialised tick on a swap's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClmmStop {
    pub tick: i32,
    pub sqrt_price: u128,
    pub entry: ClmmTick,
}

/// The ticks of a pool's loaded arrays, and which arrays its bitmaps say are initialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmTicks {
    spacing: u16,
    has_extension: bool,
    /// Array indexes, ascending.
    initialised: Arc<[i32]>,
    /// Array indexes that are loaded, ascending.
    known: Arc<[i32]>,
    /// Array indexes that no swap gets into, ascending: initialised and not loaded, or beyond what the bitmaps tell.
    walls: Arc<[i32]>,
    /// Ascending.
    stops: Vec<ClmmStop>,
}

impl ClmmTicks {
    /// Takes the accounts of the pool at `address`.
    ///
    /// # Errors
    /// `LayoutError` for another pool's account, or an array that is misplaced or given twice.
    pub fn new(
        address: &Pubkey,
        pool: &ClmmPool,
        extension: Option<&ClmmBitmapExtension>,
        arrays: &[ClmmTickArray],
    ) -> Result<Self, LayoutError> {
        let spacing = pool.tick_spacing;
        if spacing == 0 {
            return Err(LayoutError::field("clmm_pool", "tick_spacing", spacing));
        }
        if let Some(extension) = extension {
            check_owner("clmm_bitmap_extension", &extension.pool, address)?;
        }
        let initialised = initialised_arrays(pool, extension);
        let (mut known, mut found) = (Vec::with_capacity(arrays.len()), Vec::new());
        for array in arrays {
            let index = index_of(address, array, spacing)?;
            if known.contains(&index) {
                return Err(misplaced(array));
            }
            known.push(index);
            if initialised.binary_search(&index).is_ok() {
                let at =
                    |offset: u8| array.start_tick_index + i32::from(offset) * i32::from(spacing);
                found.extend(array.ticks.iter().map(|&(offset, tick)| (at(offset), tick)));
            }
        }
        let stop = |(tick, entry)| {
            let sqrt_price = sqrt_price_from_tick(tick)
                .map_err(|_| LayoutError::field("clmm_tick_array", "tick", tick))?;
            Ok(ClmmStop {
                tick,
                sqrt_price,
                entry,
            })
        };
        let mut stops = found.into_iter().map(stop).collect::<Result<Vec<_>, _>>()?;
        stops.sort_unstable_by_key(|stop| stop.tick);
        known.sort_unstable();
        let has_extension = extension.is_some();
        Ok(Self {
            spacing,
            has_extension,
            walls: walls(&initialised, &known, spacing, has_extension).into(),
            initialised: initialised.into(),
            known: known.into(),
            stops,
        })
    }

    /// Returns the pool's tick spacing.
    pub fn tick_spacing(&self) -> u16 {
        self.spacing
    }

    /// Returns the initialised ticks of loaded arrays, ascending.
    pub fn stops(&self) -> &[ClmmStop] {
        &self.stops
    }

    /// Returns the indexes of the initialised arrays, ascending.
    pub fn initialised(&self) -> &[i32] {
        &self.initialised
    }

    /// Returns the indexes of the loaded arrays, ascending.
    pub fn known(&self) -> &[i32] {
        &self.known
    }

    /// Returns what a swap from `tick` may reach.
    pub(super) fn reach(&self, tick: i32, zero_for_one: bool) -> Reach<'_> {
        let index = tick.div_euclid(span(self.spacing));
        let wall = if zero_for_one {
            let after = self.walls.partition_point(|&wall| wall <= index);
            self.walls[..after].last()
        } else {
            let before = self.walls.partition_point(|&wall| wall < index);
            self.walls.get(before)
        };
        Reach {
            stops: &self.stops,
            after: self.stops.partition_point(|stop| stop.tick <= tick),
            wall: wall.copied(),
            span: span(self.spacing),
            zero_for_one,
        }
    }

    /// Returns the ticks with the orders that a swap changed; a tick without any use is no longer initialised. Ticks of
    /// arrays that aren't loaded are left out.
    #[must_use]
    pub fn after(&self, changed: &[(i32, ClmmOrders)]) -> Self {
        let mut after = self.clone();
        let mut touched = Vec::new();
        for &(tick, orders) in changed {
            let Ok(at) = after.stops.binary_search_by_key(&tick, |stop| stop.tick) else {
                continue;
            };
            after.stops[at].entry.orders = orders;
            if !after.stops[at].entry.is_initialised() {
                after.stops.remove(at);
                touched.push(tick.div_euclid(span(self.spacing)));
            }
        }
        let span = span(self.spacing);
        touched.retain(|&index| {
            let first = after.stops.partition_point(|stop| stop.tick < index * span);
            let next = after.stops.get(first);
            next.is_none_or(|stop| stop.tick.div_euclid(span) != index)
        });
        if !touched.is_empty() {
            let left = self.initialised.iter().copied();
            after.initialised = left.filter(|index| !touched.contains(index)).collect();
        }
        after
    }

    /// Returns the pool's own bitmap.
    pub fn bitmap(&self) -> [u64; 16] {
        let mut words = [0; 16];
        for index in self.initialised.iter() {
            if let Ok(bit) = usize::try_from(index + CLMM_BITMAP_ARRAYS)
                && let Some(word) = words.get_mut(bit / 64)
            {
                *word |= 1u64 << (bit % 64);
            }
        }
        words
    }
}

/// The stops of one swap, in its direction.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    stops: &'a [ClmmStop],
    /// How many stops are at or below the last tick asked about.
    after: usize,
    wall: Option<i32>,
    span: i32,
    zero_for_one: bool,
}

impl<'a> Reach<'a> {
    /// Returns the next stop from `tick`, itself included on the way down. Never goes back.
    ///
    /// # Errors
    /// `MissingAccount` at a wall, `Liquidity` at the end.
    pub(super) fn next_stop(&mut self, tick: i32) -> Result<&'a ClmmStop, QuoteError> {
        let next = if self.zero_for_one {
            while self.after > 0 && self.stops[self.after - 1].tick > tick {
                self.after -= 1;
            }
            self.after.checked_sub(1).map(|at| &self.stops[at])
        } else {
            while self
                .stops
                .get(self.after)
                .is_some_and(|stop| stop.tick <= tick)
            {
                self.after += 1;
            }
            self.stops.get(self.after)
        };
        let Some(wall) = self.wall else {
            return next.ok_or(QuoteError::Liquidity);
        };
        next.filter(|stop| {
            let index = stop.tick.div_euclid(self.span);
            if self.zero_for_one {
                index > wall
            } else {
                index < wall
            }
        })
        .ok_or(QuoteError::MissingAccount)
    }
}

fn index_of(
    address: &Pubkey,
    array: &ClmmTickArray,
    tick_spacing: u16,
) -> Result<i32, LayoutError> {
    check_owner("clmm_tick_array", &array.pool, address)?;
    let (start, span) = (array.start_tick_index, span(tick_spacing));
    if start % span != 0 || !(array_start(MIN_TICK, tick_spacing)..=MAX_TICK).contains(&start) {
        return Err(misplaced(array));
    }
    Ok(start / span)
}

fn misplaced(array: &ClmmTickArray) -> LayoutError {
    LayoutError::field(
        "clmm_tick_array",
        "start_tick_index",
        array.start_tick_index,
    )
}

fn check_owner(layout: &'static str, was: &Pubkey, address: &Pubkey) -> Result<(), LayoutError> {
    if was == address {
        return Ok(());
    }
    Err(LayoutError::field(layout, "pool", base58::encode(was)))
}

/// Returns the indexes of the arrays that a pool's bitmaps say are initialised, ascending.
pub fn initialised_arrays(pool: &ClmmPool, extension: Option<&ClmmBitmapExtension>) -> Vec<i32> {
    let half = CLMM_BITMAP_ARRAYS;
    let mut found: Vec<i32> = set_bits(&pool.bitmap).map(|bit| bit - half).collect();
    if let Some(extension) = extension {
        for (row, words) in (1..).zip(&extension.positive) {
            found.extend(set_bits(words).map(|bit| bit + half * row));
        }
        for (row, words) in (2..).zip(&extension.negative) {
            found.extend(set_bits(words).map(|bit| bit - half * row));
        }
        found.sort_unstable();
    }
    found
}

fn walls(initialised: &[i32], known: &[i32], tick_spacing: u16, has_extension: bool) -> Vec<i32> {
    let missing = initialised.iter().copied();
    let mut walls: Vec<i32> = missing
        .filter(|index| known.binary_search(index).is_err())
        .collect();
    if !has_extension {
        // Nobody knows what is beyond the pool's own bitmap.
        let span = span(tick_spacing);
        let lowest = array_start(MIN_TICK, tick_spacing);
        let edges = [-CLMM_BITMAP_ARRAYS - 1, CLMM_BITMAP_ARRAYS];
        let edges = edges
            .into_iter()
            .filter(|edge| (lowest..=MAX_TICK).contains(&(edge * span)));
        walls.extend(edges);
        walls.sort_unstable();
    }
    walls
}
