//! Raydium CPMM as the engine sees it.

use super::layout::{CpmmConfig, CpmmPool};
use super::pool::CpmmPoolState;
use super::{events, owned};
use crate::chain::reader::LayoutError;
use crate::venues::program::{Balances, Compute, Curve, Kept, Named, Parts, Program, Role};
use crate::venues::quote_error::RoundingRule;

/// The row of Raydium CPMM.
#[derive(Clone, Debug)]
pub enum Cpmm {}

pub(super) static PROGRAM: Program = Program {
    compute: Some(Compute {
        base: 36_668,
        step: 0,
        token_2022: 11_016,
        adaptive: 0,
    }),
    layout: events::layout,
    events: events::EVENTS,
    ..Program::new(
        "cpmm",
        &[owned::RAYDIUM_CPMM],
        "svm_vectors/raydium_cpmm: recorded executions of the program",
    )
};

impl Curve for Cpmm {
    type Account = Box<CpmmPool>;
    type Part = CpmmConfig;
    type State = CpmmPoolState;
    type Ticks = ();
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;
    const CHANGES_WITH_VAULTS: bool = true;

    fn decode(data: &[u8]) -> Result<Box<CpmmPool>, LayoutError> {
        Ok(Box::new(CpmmPool::decode(data)?))
    }

    fn decode_part(role: Role, data: &[u8]) -> Result<CpmmConfig, LayoutError> {
        match role {
            Role::Config => CpmmConfig::decode(data),
            _ => Err(LayoutError::Role(role as u8)),
        }
    }

    fn named(now: &Box<CpmmPool>) -> Named {
        Named {
            vaults: Some(now.vaults),
            config: Some(now.amm_config),
            ..Named::mints(now.mints)
        }
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        _: &Kept<Self>,
    ) -> Result<Option<CpmmPoolState>, LayoutError> {
        Ok(parts.part(parts.config).map(|config| CpmmPoolState {
            account: parts.now.as_ref().clone(),
            config: config.clone(),
            amounts: balances.amounts,
            transfer_fees: balances.fees,
            rule: RoundingRule::TrueCeil,
        }))
    }
}
