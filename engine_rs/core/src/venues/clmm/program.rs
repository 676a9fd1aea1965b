//! Raydium CLMM as the engine sees it.

use std::sync::Arc;

use super::layout::{
    CLMM_TICKS_PER_ARRAY, ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray,
};
use super::maths::ticks::{ClmmTicks, initialised_arrays};
use super::pool::ClmmState;
use super::{events, owned};
use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::bitmap::near_arrays;
use crate::venues::program::{Balances, Compute, Curve, Kept, Named, Parts, Program, Role};

/// Tick arrays kept in each direction, the current one included.
const NEAR_ARRAYS: usize = 3;

/// The row of Raydium CLMM.
#[derive(Clone, Debug)]
pub enum Clmm {}

/// What other accounts of a CLMM pool hold.
#[derive(Clone, Debug)]
pub enum ClmmPart {
    Config(ClmmConfig),
    Ticks(ClmmTickArray),
    Bitmap(Box<ClmmBitmapExtension>),
}

pub(super) static PROGRAM: Program = Program {
    compute: Some(Compute {
        base: 80_000,
        step: 14_000,
        token_2022: 6_000,
        adaptive: 0,
    }),
    layout: events::layout,
    events: events::EVENTS,
    ..Program::new(
        "clmm",
        &[owned::RAYDIUM_CLMM],
        "svm_vectors/raydium_clmm_svm2024, raydium_clmm_native2026: recorded executions, its source of July 2026",
    )
};

impl Curve for Clmm {
    type Account = Box<ClmmPool>;
    type Part = ClmmPart;
    type State = Box<ClmmState>;
    type Ticks = Arc<ClmmTicks>;
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;
    const FOLLOWS_CLOCK: bool = true;

    fn decode(data: &[u8]) -> Result<Box<ClmmPool>, LayoutError> {
        Ok(Box::new(ClmmPool::decode(data)?))
    }

    fn decode_part(role: Role, data: &[u8]) -> Result<ClmmPart, LayoutError> {
        match role {
            Role::Config => Ok(ClmmPart::Config(ClmmConfig::decode(data)?)),
            Role::Ticks => Ok(ClmmPart::Ticks(ClmmTickArray::decode(data)?)),
            Role::Bitmap => Ok(ClmmPart::Bitmap(Box::new(ClmmBitmapExtension::decode(
                data,
            )?))),
            _ => Err(LayoutError::Role(role as u8)),
        }
    }

    fn named(now: &Box<ClmmPool>) -> Named {
        Named {
            config: Some(now.amm_config),
            wanted: Some("clmm_bitmap"),
            ..Named::mints(now.mints)
        }
    }

    fn member(data: &[u8]) -> Option<(Role, Pubkey)> {
        let array = ClmmTickArray::decode(data).map(|array| (Role::Ticks, array.pool));
        let bitmap = || ClmmBitmapExtension::decode(data).map(|bitmap| (Role::Bitmap, bitmap.pool));
        array.or_else(|_| bitmap()).ok()
    }

    fn pool_of(part: &ClmmPart) -> Option<&Pubkey> {
        match part {
            ClmmPart::Config(_) => None,
            ClmmPart::Ticks(array) => Some(&array.pool),
            ClmmPart::Bitmap(bitmap) => Some(&bitmap.pool),
        }
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        kept: &Kept<Self>,
    ) -> Result<Option<Box<ClmmState>>, LayoutError> {
        let (Some(ClmmPart::Config(config)), Some(ticks)) = (parts.part(parts.config), &kept.ticks)
        else {
            return Ok(None);
        };
        Ok(Some(Box::new(ClmmState {
            account: parts.now.as_ref().clone(),
            config: config.clone(),
            ticks: Arc::clone(ticks),
            transfer_fees: balances.fees,
        })))
    }

    fn ticks(parts: &Parts<'_, Self>) -> Result<Option<Arc<ClmmTicks>>, LayoutError> {
        let arrays: Vec<ClmmTickArray> = parts.arrays().filter_map(array).cloned().collect();
        let bitmap = bitmap(parts.part(parts.bitmap));
        let ticks = ClmmTicks::new(parts.address, parts.now, bitmap, &arrays)?;
        Ok(Some(Arc::new(ticks)))
    }

    fn is_complete(parts: &Parts<'_, Self>) -> bool {
        let used = initialised_arrays(parts.now, bitmap(parts.part(parts.bitmap)));
        let span = span(parts.now);
        [true, false].into_iter().all(|down| {
            let next = near_arrays(&used, parts.now.tick.div_euclid(span), down).next();
            next.is_none_or(|index| parts.arrays.contains_key(&(index * span)))
        })
    }

    fn near(now: &Box<ClmmPool>, extension: Option<&ClmmPart>) -> Vec<(&'static str, i32)> {
        let (used, span) = (initialised_arrays(now, bitmap(extension)), span(now));
        let current = now.tick.div_euclid(span);
        let side = |down| near_arrays(&used, current, down).take(NEAR_ARRAYS);
        side(true)
            .chain(side(false))
            .map(|index| ("clmm_tick_array", index * span))
            .collect()
    }

    /// Liquidity came or went at the price, or the price passed limit orders: other accounts changed as well.
    fn is_lone(before: &Box<ClmmPool>, parts: &Parts<'_, Self>) -> bool {
        let now = parts.now;
        let added = before.liquidity != now.liquidity && before.sqrt_price == now.sqrt_price;
        added || passed_orders(parts, before.tick)
    }

    fn spoils_ticks(before: &Box<ClmmPool>, now: &Box<ClmmPool>) -> bool {
        (&before.bitmap, before.tick_spacing) != (&now.bitmap, now.tick_spacing)
    }

    fn start_of(part: &ClmmPart) -> Option<i32> {
        array(part).map(|array| array.start_tick_index)
    }

    fn is_same(before: &ClmmPart, now: &ClmmPart) -> bool {
        array(before)
            .zip(array(now))
            .is_some_and(|(before, now)| before.ticks == now.ticks)
    }
}

/// Returns how many ticks an array of the pool spans.
fn span(pool: &ClmmPool) -> i32 {
    CLMM_TICKS_PER_ARRAY * i32::from(pool.tick_spacing)
}

fn array(part: &ClmmPart) -> Option<&ClmmTickArray> {
    match part {
        ClmmPart::Ticks(array) => Some(array),
        _ => None,
    }
}

fn bitmap(part: Option<&ClmmPart>) -> Option<&ClmmBitmapExtension> {
    match part {
        Some(ClmmPart::Bitmap(bitmap)) => Some(bitmap),
        _ => None,
    }
}

/// Returns whether limit orders rest where the price went: a swap that passed them changed their arrays too.
fn passed_orders(parts: &Parts<'_, Clmm>, from: i32) -> bool {
    let now = parts.now;
    let between = from.min(now.tick)..=from.max(now.tick);
    parts.arrays().filter_map(array).any(|array| {
        array.ticks.iter().any(|(offset, tick)| {
            let at = array.start_tick_index + i32::from(*offset) * i32::from(now.tick_spacing);
            between.contains(&at) && !tick.orders.is_empty()
        })
    })
}
