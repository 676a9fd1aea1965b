//! Saber as the engine sees it.

use super::layout::StableSwap;
use super::pool::StablePool;
use super::{events, owned};
use crate::chain::reader::LayoutError;
use crate::venues::program::{Balances, Compute, Curve, Kept, Named, NoPart, Parts, Program};

/// The row of Saber.
#[derive(Clone, Debug)]
pub enum Saber {}

pub(super) static PROGRAM: Program = Program {
    compute: Some(Compute {
        base: 58_023,
        step: 0,
        token_2022: 0,
        adaptive: 0,
    }),
    layout: events::layout,
    ..Program::new(
        "saber",
        &[owned::SABER],
        "svm_vectors/saber_stable_swap: recorded executions of the program",
    )
};

impl Curve for Saber {
    type Account = Box<StableSwap>;
    type Part = NoPart;
    type State = StablePool;
    type Ticks = ();
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;
    const FOLLOWS_CLOCK: bool = true;

    fn decode(data: &[u8]) -> Result<Box<StableSwap>, LayoutError> {
        Ok(Box::new(StableSwap::decode(data)?))
    }

    fn named(now: &Box<StableSwap>) -> Named {
        Named {
            vaults: Some(now.vaults),
            ..Named::mints(now.mints)
        }
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        _: &Kept<Self>,
    ) -> Result<Option<StablePool>, LayoutError> {
        Ok(Some(StablePool {
            account: parts.now.as_ref().clone(),
            amounts: balances.amounts,
        }))
    }
}
