//! Meteora DAMM v2 as the engine sees it.

use super::layout::DammV2Pool;
use super::pool::DammV2State;
use super::{events, owned};
use crate::chain::reader::LayoutError;
use crate::venues::program::{Balances, Compute, Curve, Kept, Named, NoPart, Parts, Program};

/// The row of Meteora DAMM v2.
#[derive(Clone, Debug)]
pub enum Damm2 {}

pub(super) static PROGRAM: Program = Program {
    compute: Some(Compute {
        base: 22_421,
        step: 0,
        token_2022: 0,
        adaptive: 0,
    }),
    layout: events::layout,
    events: events::EVENTS,
    ..Program::new(
        "damm2",
        &[owned::METEORA_DAMM_V2],
        "svm_vectors/meteora_damm_v2: recorded executions of the program, of the fees that `is_recorded` names",
    )
};

impl Curve for Damm2 {
    type Account = Box<DammV2Pool>;
    type Part = NoPart;
    type State = DammV2State;
    type Ticks = ();
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;
    const FOLLOWS_CLOCK: bool = true;

    fn decode(data: &[u8]) -> Result<Box<DammV2Pool>, LayoutError> {
        Ok(Box::new(DammV2Pool::decode(data)?))
    }

    fn named(now: &Box<DammV2Pool>) -> Named {
        Named::mints(now.mints)
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        _: &Kept<Self>,
    ) -> Result<Option<DammV2State>, LayoutError> {
        Ok(Some(DammV2State {
            account: parts.now.as_ref().clone(),
            transfer_fees: balances.fees,
        }))
    }

    fn is_recorded(now: &Box<DammV2Pool>) -> bool {
        now.base_fee.is_recorded()
    }
}
