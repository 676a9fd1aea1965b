//! Raydium AMM v4 as the engine sees it.

use super::layout::AmmV4;
use super::pool::AmmV4Pool;
use super::{events, owned};
use crate::chain::reader::LayoutError;
use crate::venues::program::{Balances, Compute, Curve, Kept, Named, NoPart, Parts, Program};
use crate::venues::quote_error::RoundingRule;

/// The row of Raydium AMM v4.
#[derive(Clone, Debug)]
pub enum Ray4 {}

pub(super) static PROGRAM: Program = Program {
    // With an order book behind it.
    compute: Some(Compute {
        base: 26_206,
        step: 0,
        token_2022: 0,
        adaptive: 0,
    }),
    layout: events::layout,
    line: Some(events::line),
    ..Program::new(
        "ray4",
        &[owned::RAYDIUM_V4],
        "svm_vectors/raydium_v4: recorded executions of the program",
    )
};

impl Curve for Ray4 {
    type Account = Box<AmmV4>;
    type Part = NoPart;
    type State = AmmV4Pool;
    type Ticks = ();
    type Once = ();

    const PROGRAM: &'static Program = &PROGRAM;

    fn decode(data: &[u8]) -> Result<Box<AmmV4>, LayoutError> {
        Ok(Box::new(AmmV4::decode(data)?))
    }

    fn named(now: &Box<AmmV4>) -> Named {
        Named {
            vaults: Some([now.coin_vault, now.pc_vault]),
            ..Named::mints([now.coin_mint, now.pc_mint])
        }
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        _: &Kept<Self>,
    ) -> Result<Option<AmmV4Pool>, LayoutError> {
        Ok(Some(AmmV4Pool {
            account: parts.now.as_ref().clone(),
            amounts: balances.amounts,
            rule: RoundingRule::TrueCeil,
        }))
    }

    /// What is owed from the vaults changed: the vaults' balances belong to it.
    fn is_lone(before: &Box<AmmV4>, parts: &Parts<'_, Self>) -> bool {
        let owed = |amm: &AmmV4| (amm.need_take_pnl_coin, amm.need_take_pnl_pc);
        owed(before) != owed(parts.now)
    }
}
