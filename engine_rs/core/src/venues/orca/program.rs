//! Orca Whirlpools as the engine sees them.

use std::sync::Arc;

use super::layout::{Oracle, TICKS_PER_ARRAY, TickArray, Whirlpool};
use super::pool::WhirlpoolState;
use super::{events, owned};
use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::program::{Balances, Compute, Curve, Find, Kept, Named, Parts, Program, Role};
use crate::venues::tick_array_manager::{Ticks, array_start};

const MIN_TICK: i32 = -443_636;
const MAX_TICK: i32 = 443_636;
/// Tick arrays kept each side of the current one.
const NEAR_ARRAYS: i32 = 2;

/// The row of Orca Whirlpools.
#[derive(Clone, Debug)]
pub enum Orca {}

/// What other accounts of a Whirlpool hold.
#[derive(Clone, Debug)]
pub enum WhirlpoolPart {
    Ticks(TickArray),
    Oracle(Oracle),
}

pub(super) static PROGRAM: Program = Program {
    // Fees that adapt step through groups of ticks; what that takes is not in the quote, so it covers only the usual swap.
    compute: Some(Compute {
        base: 42_000,
        step: 9_000,
        token_2022: 8_000,
        adaptive: 20_000,
    }),
    layout: events::layout,
    events: events::EVENTS,
    ..Program::new(
        "orca",
        &[owned::WHIRLPOOL, owned::WHIRLPOOL_IMMUTABLE],
        "svm_vectors/orca_whirlpool: recorded executions of both programs; whirlpool_swap_vectors: the SDK's own",
    )
};

impl Curve for Orca {
    type Account = Box<Whirlpool>;
    type Part = WhirlpoolPart;
    type State = WhirlpoolState;
    type Ticks = Arc<Ticks>;
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;
    const TELLS_ABSENCE: bool = true;

    fn decode(data: &[u8]) -> Result<Box<Whirlpool>, LayoutError> {
        Ok(Box::new(Whirlpool::decode(data)?))
    }

    fn decode_part(role: Role, data: &[u8]) -> Result<WhirlpoolPart, LayoutError> {
        match role {
            Role::Ticks => Ok(WhirlpoolPart::Ticks(TickArray::decode(data)?)),
            Role::Oracle => Ok(WhirlpoolPart::Oracle(Oracle::decode(data)?)),
            _ => Err(LayoutError::Role(role as u8)),
        }
    }

    fn named(now: &Box<Whirlpool>) -> Named {
        Named {
            wanted: now.has_adaptive_fee().then_some("oracle"),
            ..Named::mints([now.mint_a, now.mint_b])
        }
    }

    fn member(data: &[u8]) -> Option<(Role, Pubkey)> {
        let array = TickArray::decode(data).map(|array| (Role::Ticks, array.whirlpool));
        let oracle = || Oracle::decode(data).map(|oracle| (Role::Oracle, oracle.whirlpool));
        array.or_else(|_| oracle()).ok()
    }

    fn pool_of(part: &WhirlpoolPart) -> Option<&Pubkey> {
        Some(match part {
            WhirlpoolPart::Ticks(array) => &array.whirlpool,
            WhirlpoolPart::Oracle(oracle) => &oracle.whirlpool,
        })
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        kept: &Kept<Self>,
    ) -> Result<Option<WhirlpoolState>, LayoutError> {
        let oracle = match parts.part(parts.oracle) {
            Some(WhirlpoolPart::Oracle(oracle)) => Some(oracle.clone()),
            _ => None,
        };
        Ok(kept.ticks.as_ref().map(|ticks| WhirlpoolState {
            account: parts.now.as_ref().clone(),
            ticks: Arc::clone(ticks),
            oracle,
            transfer_fees: balances.fees,
        }))
    }

    fn ticks(parts: &Parts<'_, Self>) -> Result<Option<Arc<Ticks>>, LayoutError> {
        let arrays: Vec<TickArray> = parts.arrays().filter_map(array).cloned().collect();
        let absent: Vec<i32> = parts.absent.iter().copied().collect();
        Ticks::new(parts.now.tick_spacing, &arrays, &absent).map(|ticks| Some(Arc::new(ticks)))
    }

    fn is_complete(parts: &Parts<'_, Self>) -> bool {
        let current = array_start(parts.now.tick, parts.now.tick_spacing);
        let known = parts.arrays.contains_key(&current) || parts.absent.contains(&current);
        known && (!parts.now.has_adaptive_fee() || parts.oracle.is_some())
    }

    fn near(now: &Box<Whirlpool>, _: Option<&WhirlpoolPart>) -> Vec<(&'static str, i32)> {
        let span = TICKS_PER_ARRAY * i32::from(now.tick_spacing);
        let current = array_start(now.tick, now.tick_spacing);
        let lowest = array_start(MIN_TICK, now.tick_spacing);
        (-NEAR_ARRAYS..=NEAR_ARRAYS)
            .map(|step| current + step * span)
            .filter(|start| (lowest..=MAX_TICK).contains(start))
            .map(|start| ("tick_array", start))
            .collect()
    }

    /// Liquidity came or went at the price: the arrays of its ends changed as well.
    fn is_lone(before: &Box<Whirlpool>, parts: &Parts<'_, Self>) -> bool {
        before.liquidity != parts.now.liquidity && before.sqrt_price == parts.now.sqrt_price
    }

    fn array_address(
        address: &Pubkey,
        program: &Pubkey,
        start: i32,
        find: Find<'_>,
    ) -> Option<Pubkey> {
        let first = start.to_string();
        let seeds: [&[u8]; 3] = [b"tick_array", address, first.as_bytes()];
        find(&seeds, program).ok().map(|(key, _)| key)
    }

    fn start_of(part: &WhirlpoolPart) -> Option<i32> {
        array(part).map(|array| array.start_tick_index)
    }

    fn is_same(before: &WhirlpoolPart, now: &WhirlpoolPart) -> bool {
        array(before)
            .zip(array(now))
            .is_some_and(|(before, now)| before.ticks == now.ticks)
    }
}

fn array(part: &WhirlpoolPart) -> Option<&TickArray> {
    match part {
        WhirlpoolPart::Ticks(array) => Some(array),
        WhirlpoolPart::Oracle(_) => None,
    }
}
