//! Pump's curve, where a coin trades before it has a pool: its events, and the accounts of its trades.

use super::program::Program;
use super::swap_layout::{Layout, Places, tag};
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, flag, sum};
use crate::chain::program::{WRAPPED_SOL, key};
use crate::chain::reader::{LayoutError, Reader};

pub const PUMP: Pubkey = key(b"6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");

const BUY: u64 = 0x6606_3d12_01da_ebea;
const SELL: u64 = 0x33e6_85a4_017f_83ad;

pub(super) static PROGRAM: Program = Program {
    layout,
    events: &[(0xbddb_7fd3_4ee6_61ee, trade)],
    pays_fees_apart: true,
    balances_leak: true,
    ..Program::new(
        "pump_curve",
        &[PUMP],
        "sol_tx: recorded transactions; its pools are not quoted",
    )
};

/// SOL moves without a token account: the trader's and the curve's own.
fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let buy = match tag(data)? {
        BUY => true,
        SELL => false,
        _ => return None,
    };
    let (token, sol) = ([5, 4], [6, 3]);
    let [(user_in, vault_in), (user_out, vault_out)] = if buy {
        [(sol[0], sol[1]), (token[0], token[1])]
    } else {
        [(token[0], token[1]), (sol[0], sol[1])]
    };
    let places = Places::ordered(3, [user_in, user_out], [vault_in, vault_out]);
    let mut layout = places.of(accounts)?;
    let mint = accounts[2];
    layout.mints = Some(if buy {
        [WRAPPED_SOL, mint]
    } else {
        [mint, WRAPPED_SOL]
    });
    Some(layout)
}

/// SOL counts under the mint of wrapped SOL. Before the event named its fees the amounts leave them out.
fn trade(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "pump_trade_event";
    let read = Reader::at_least(NAME, data, 129)?;
    let (mint, sol, token) = (read.key(8), read.u64(40), read.u64(48));
    let buy = flag(NAME, "is_buy", read.u8(56))?;
    let fee = if data.len() >= 225 {
        Some(sum(NAME, "fee", &[read.u64(169), read.u64(217)])?)
    } else {
        None
    };
    let kept = fee.unwrap_or(0);
    let mut event = if buy {
        SwapEvent::new(&PROGRAM, sum(NAME, "amount_in", &[sol, kept])?, token)
    } else {
        let received = sol.checked_sub(kept);
        let received = received.ok_or_else(|| LayoutError::field(NAME, "fee", kept))?;
        SwapEvent::new(&PROGRAM, token, received)
    };
    let mints = (Some(WRAPPED_SOL), Some(mint));
    (event.mint_in, event.mint_out) = if buy { mints } else { (mints.1, mints.0) };
    event.a_to_b = Some(!buy);
    event.fees = fee.map(|fee| if buy { (fee, 0) } else { (0, fee) });
    Ok(event)
}
