//! Meteora DLMM as the engine sees it.

use std::sync::Arc;

use super::layout::{BinArray, BinArrayBitmapExtension, LbPair};
use super::maths::bins::{Bins, array_index, liquid_arrays};
use super::pool::DlmmState;
use super::{events, owned};
use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::bitmap::near_arrays;
use crate::venues::program::{Balances, Compute, Curve, Kept, Named, Parts, Program, Role};

/// Bin arrays kept in each direction, the current one included.
const NEAR_ARRAYS: usize = 3;

/// The row of Meteora DLMM.
#[derive(Clone, Debug)]
pub enum Dlmm {}

/// What other accounts of a pair hold.
#[derive(Clone, Debug)]
pub enum PairPart {
    Bins(Arc<BinArray>),
    Bitmap(Box<BinArrayBitmapExtension>),
}

pub(super) static PROGRAM: Program = Program {
    compute: Some(Compute {
        base: 46_000,
        step: 6_500,
        token_2022: 5_000,
        adaptive: 0,
    }),
    layout: events::layout,
    events: events::EVENTS,
    tells_twice: true,
    ..Program::new(
        "dlmm",
        &[owned::METEORA_DLMM],
        "svm_vectors/meteora_dlmm: recorded executions of the program",
    )
};

impl Curve for Dlmm {
    type Account = Box<LbPair>;
    type Part = PairPart;
    type State = DlmmState;
    type Ticks = ();
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;
    const FOLLOWS_CLOCK: bool = true;

    fn decode(data: &[u8]) -> Result<Box<LbPair>, LayoutError> {
        Ok(Box::new(LbPair::decode(data)?))
    }

    fn decode_part(role: Role, data: &[u8]) -> Result<PairPart, LayoutError> {
        match role {
            Role::Ticks => Ok(PairPart::Bins(Arc::new(BinArray::decode(data)?))),
            Role::Bitmap => Ok(PairPart::Bitmap(Box::new(BinArrayBitmapExtension::decode(
                data,
            )?))),
            _ => Err(LayoutError::Role(role as u8)),
        }
    }

    fn named(now: &Box<LbPair>) -> Named {
        Named {
            wanted: Some("bitmap"),
            ..Named::mints([now.mint_x, now.mint_y])
        }
    }

    fn member(data: &[u8]) -> Option<(Role, Pubkey)> {
        let array = BinArray::decode(data).map(|array| (Role::Ticks, array.lb_pair));
        let bitmap =
            || BinArrayBitmapExtension::decode(data).map(|bitmap| (Role::Bitmap, bitmap.lb_pair));
        array.or_else(|_| bitmap()).ok()
    }

    fn pool_of(part: &PairPart) -> Option<&Pubkey> {
        Some(match part {
            PairPart::Bins(array) => &array.lb_pair,
            PairPart::Bitmap(bitmap) => &bitmap.lb_pair,
        })
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        _: &Kept<Self>,
    ) -> Result<Option<DlmmState>, LayoutError> {
        let arrays = parts.arrays().filter_map(array).map(Arc::clone);
        let bitmap = bitmap(parts.part(parts.bitmap));
        Ok(Some(DlmmState {
            account: parts.now.as_ref().clone(),
            bins: Bins::new(parts.address, parts.now, bitmap, arrays)?,
            transfer_fees: balances.fees,
        }))
    }

    fn is_complete(parts: &Parts<'_, Self>) -> bool {
        let liquid = liquid_arrays(parts.now, bitmap(parts.part(parts.bitmap)));
        [true, false].into_iter().all(|x_to_y| {
            let next = near_arrays(&liquid, array_index(parts.now.active_id), x_to_y).next();
            next.is_none_or(|index| parts.arrays.contains_key(&index))
        })
    }

    fn near(now: &Box<LbPair>, extension: Option<&PairPart>) -> Vec<(&'static str, i32)> {
        let (liquid, active) = (
            liquid_arrays(now, bitmap(extension)),
            array_index(now.active_id),
        );
        let side = |x_to_y| near_arrays(&liquid, active, x_to_y).take(NEAR_ARRAYS);
        side(true)
            .chain(side(false))
            .map(|index| ("bin_array", index))
            .collect()
    }

    /// The price left an array: that one changed as well.
    fn is_lone(before: &Box<LbPair>, parts: &Parts<'_, Self>) -> bool {
        array_index(before.active_id) != array_index(parts.now.active_id)
    }

    fn ends_in(now: &Box<LbPair>) -> Option<i32> {
        Some(array_index(now.active_id))
    }

    fn start_of(part: &PairPart) -> Option<i32> {
        array(part).map(|array| array.index)
    }

    fn is_same(before: &PairPart, now: &PairPart) -> bool {
        array(before)
            .zip(array(now))
            .is_some_and(|(before, now)| before.bins == now.bins)
    }
}

fn array(part: &PairPart) -> Option<&Arc<BinArray>> {
    match part {
        PairPart::Bins(array) => Some(array),
        PairPart::Bitmap(_) => None,
    }
}

fn bitmap(part: Option<&PairPart>) -> Option<&BinArrayBitmapExtension> {
    match part {
        Some(PairPart::Bitmap(bitmap)) => Some(bitmap),
        _ => None,
    }
}
