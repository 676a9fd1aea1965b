//! Pump AMM as the engine sees it.

use super::layout::{PumpConfig, PumpFeeConfig, PumpPool};
use super::pool::{PumpState, is_canonical_by};
use super::{events, owned};
use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::program::{Balances, Compute, Curve, Find, Kept, Named, Parts, Program, Role};

/// The row of Pump AMM.
#[derive(Clone, Debug)]
pub enum Pump {}

/// What other accounts of a pool hold.
#[derive(Clone, Debug)]
pub enum PumpPart {
    Config(PumpConfig),
    Schedule(Box<PumpFeeConfig>),
}

pub(super) static PROGRAM: Program = Program {
    // The most that nine published logs of landed swaps say; the reference names them. Not recorded.
    compute: Some(Compute {
        base: 98_345,
        step: 0,
        token_2022: 0,
        adaptive: 0,
    }),
    layout: events::layout,
    events: events::EVENTS,
    balances_leak: true,
    ..Program::new(
        "pump",
        &[owned::PUMP_AMM],
        "none: the program was not recorded; from its published formulas, compute units from logs of landed swaps",
    )
};

impl Curve for Pump {
    type Account = Box<PumpPool>;
    type Part = PumpPart;
    type State = Box<PumpState>;
    type Ticks = ();
    type Once = bool;

    const PROGRAM: &'static Program = &PROGRAM;
    const DERIVED_ONCE: bool = true;
    const OWNERS: &'static [(Role, Pubkey)] = &[(Role::Schedule, owned::PUMP_FEES)];

    fn decode(data: &[u8]) -> Result<Box<PumpPool>, LayoutError> {
        Ok(Box::new(PumpPool::decode(data)?))
    }

    fn decode_part(role: Role, data: &[u8]) -> Result<PumpPart, LayoutError> {
        match role {
            Role::Config => Ok(PumpPart::Config(PumpConfig::decode(data)?)),
            Role::Schedule => Ok(PumpPart::Schedule(Box::new(PumpFeeConfig::decode(data)?))),
            _ => Err(LayoutError::Role(role as u8)),
        }
    }

    fn named(now: &Box<PumpPool>) -> Named {
        Named {
            vaults: Some([now.base_vault, now.quote_vault]),
            config: Some(owned::PUMP_AMM_CONFIG),
            schedule: Some(owned::PUMP_FEE_CONFIG),
            ..Named::mints([now.base_mint, now.quote_mint])
        }
    }

    /// Whether Pump made the pool itself.
    fn once(now: &Box<PumpPool>, find: Find<'_>) -> Option<bool> {
        Some(is_canonical_by(now, find))
    }

    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        kept: &Kept<Self>,
    ) -> Result<Option<Box<PumpState>>, LayoutError> {
        let (Some(PumpPart::Config(config)), Some(PumpPart::Schedule(schedule)), Some(canonical)) = (
            parts.part(parts.config),
            parts.part(parts.schedule),
            kept.once,
        ) else {
            return Ok(None);
        };
        Ok(Some(Box::new(PumpState {
            account: parts.now.as_ref().clone(),
            config: config.clone(),
            fee_config: Some(schedule.as_ref().clone()),
            base_supply: Some(balances.base_supply),
            canonical,
            amounts: balances.amounts,
            transfer_fees: balances.fees,
        })))
    }

    /// The virtual reserves changed: the vaults' balances belong to it.
    fn is_lone(before: &Box<PumpPool>, parts: &Parts<'_, Self>) -> bool {
        before.virtual_quote_reserves != parts.now.virtual_quote_reserves
    }
}
