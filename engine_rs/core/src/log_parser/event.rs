//! Swap events of the programs: an 8-byte discriminator and fields, little-endian.
//!
//! Programs share discriminators, so the program decides first. Events grow at their end: more bytes are no error, and
//! what an older program didn't say is `None`.

use crate::accounts::{LayoutError, Reader, program};
use crate::base58::Pubkey;

/// Stands before an event that a program hands to itself as an instruction.
pub const CPI_EVENT: [u8; 8] = 0xe445_a52e_51cb_9a1d_u64.to_be_bytes();

const SWAP_EVENT: u64 = 0x40c6_cde8_2608_71e2;
const TRADED: u64 = 0xe1ca_49af_932b_a096;
const DLMM_SWAP: u64 = 0x516c_e3be_cdd0_0ac4;
const DLMM_SWAP_2: u64 = 0x2e74_52d7_941b_544d;
const DAMM_SWAP_2: u64 = 0xbd42_33a8_2650_7599;
const PUMP_BUY: u64 = 0x67f4_521f_2cf5_7777;
const PUMP_SELL: u64 = 0x3e2f_370a_a503_dc2a;
const PUMP_TRADE: u64 = 0xbddb_7fd3_4ee6_61ee;
const OPENBOOK_TOTAL: u64 = 0x08eb_303a_ae4c_9c69;

/// A program whose swaps are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Venue {
    AmmV4,
    Cpmm,
    Clmm,
    Whirlpool,
    Dlmm,
    DammV2,
    PumpAmm,
    PumpCurve,
    Saber,
    /// And `OpenBook` v1.
    Serum,
    OpenBookV2,
    Phoenix,
    /// A router: its events repeat the swaps of others.
    Jupiter,
}

impl Venue {
    /// Returns the venue of a program.
    pub fn of(program: &Pubkey) -> Option<Self> {
        Some(match *program {
            program::RAYDIUM_V4 => Self::AmmV4,
            program::RAYDIUM_CPMM => Self::Cpmm,
            program::RAYDIUM_CLMM => Self::Clmm,
            program::WHIRLPOOL | program::WHIRLPOOL_IMMUTABLE => Self::Whirlpool,
            program::METEORA_DLMM => Self::Dlmm,
            program::METEORA_DAMM_V2 => Self::DammV2,
            program::PUMP_AMM => Self::PumpAmm,
            program::PUMP => Self::PumpCurve,
            program::SABER => Self::Saber,
            program::SERUM | program::OPENBOOK_V1 => Self::Serum,
            program::OPENBOOK_V2 => Self::OpenBookV2,
            program::PHOENIX => Self::Phoenix,
            program::JUPITER => Self::Jupiter,
            _ => return None,
        })
    }

    /// Returns the venue's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::AmmV4 => "ray4",
            Self::Cpmm => "cpmm",
            Self::Clmm => "clmm",
            Self::Whirlpool => "orca",
            Self::Dlmm => "dlmm",
            Self::DammV2 => "damm2",
            Self::PumpAmm => "pump",
            Self::PumpCurve => "pump_curve",
            Self::Saber => "saber",
            Self::Serum => "serum",
            Self::OpenBookV2 => "openbook2",
            Self::Phoenix => "phoenix",
            Self::Jupiter => "jupiter",
        }
    }

    /// Returns whether it is an order book, where a call may well trade nothing.
    pub fn is_book(self) -> bool {
        matches!(self, Self::Serum | Self::OpenBookV2 | Self::Phoenix)
    }
}

/// A swap as its program reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapEvent {
    pub venue: Venue,
    pub pool: Option<Pubkey>,
    pub mint_in: Option<Pubkey>,
    pub mint_out: Option<Pubkey>,
    /// Whether token a (coin, 0, x, base) is sold.
    pub a_to_b: Option<bool>,
    /// Atoms that left the trader, the mint's transfer fee and the venue's fees included as far as the event names them.
    pub amount_in: u64,
    /// Atoms sent to the trader, the mint's transfer fee not yet taken.
    pub amount_out: u64,
    /// Transfer fees that the mints kept, of the input and of the output.
    pub transfer_fees: Option<(u64, u64)>,
    /// The venue's fees, in atoms of the input and of the output.
    pub fees: Option<(u64, u64)>,
    /// Reserves of the input and of the output before the swap.
    pub reserves: Option<(u64, u64)>,
    /// √price after the swap, Q64.64, token b per token a.
    pub sqrt_price: Option<u128>,
}

impl SwapEvent {
    pub(super) fn new(venue: Venue, amount_in: u64, amount_out: u64) -> Self {
        Self {
            venue,
            pool: None,
            mint_in: None,
            mint_out: None,
            a_to_b: None,
            amount_in,
            amount_out,
            transfer_fees: None,
            fees: None,
            reserves: None,
            sqrt_price: None,
        }
    }
}

/// Returns the swap that `data` of a program's event reports, `None` for an unknown program or another event.
///
/// # Errors
/// `Size` if it is too short for its discriminator, `Field` for a flag that is neither 0 nor 1 and amounts that don't add
/// up.
pub fn decode_event(program: &Pubkey, data: &[u8]) -> Result<Option<SwapEvent>, LayoutError> {
    let (Some(venue), Some(&tag)) = (Venue::of(program), data.first_chunk::<8>()) else {
        return Ok(None);
    };
    let event = match (venue, u64::from_be_bytes(tag)) {
        (Venue::Cpmm, SWAP_EVENT) => cpmm(data),
        (Venue::Clmm, SWAP_EVENT) => clmm(data),
        (Venue::Jupiter, SWAP_EVENT) => jupiter(data),
        (Venue::Whirlpool, TRADED) => traded(data),
        (Venue::Dlmm, DLMM_SWAP) => dlmm_swap(data),
        (Venue::Dlmm, DLMM_SWAP_2) => dlmm_swap_2(data),
        (Venue::DammV2, DAMM_SWAP_2) => damm_v2(data),
        (Venue::PumpAmm, PUMP_BUY) => pump_amm(data, true),
        (Venue::PumpAmm, PUMP_SELL) => pump_amm(data, false),
        (Venue::PumpCurve, PUMP_TRADE) => pump_curve(data),
        (Venue::OpenBookV2, OPENBOOK_TOTAL) => openbook_v2(data),
        _ => return Ok(None),
    };
    event.map(Some)
}

fn cpmm(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "cpmm_swap_event";
    let read = Reader::at_least(NAME, data, 88)?;
    let transfer_fees = (read.u64(72), read.u64(80));
    let mut event = SwapEvent::new(
        Venue::Cpmm,
        sum(NAME, "amount_in", &[read.u64(56), transfer_fees.0])?,
        read.u64(64),
    );
    event.pool = Some(read.key(8));
    event.transfer_fees = Some(transfer_fees);
    event.reserves = Some((read.u64(40), read.u64(48)));
    if data.len() >= 170 {
        event.mint_in = Some(read.key(89));
        event.mint_out = Some(read.key(121));
        let (trade, creator) = (read.u64(153), read.u64(161));
        event.fees = Some(if flag(NAME, "creator_fee_on_input", read.u8(169))? {
            (sum(NAME, "fee", &[trade, creator])?, 0)
        } else {
            (trade, creator)
        });
    }
    Ok(event)
}

fn clmm(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "clmm_swap_event";
    let read = Reader::at_least(NAME, data, 205)?;
    let a_to_b = flag(NAME, "zero_for_one", read.u8(168))?;
    let (in_at, out_at) = if a_to_b { (136, 152) } else { (152, 136) };
    let transfer_fees = (read.u64(in_at + 8), read.u64(out_at + 8));
    // It tells what the pool got and what the trader got: a mint's fee is in neither.
    let mut event = SwapEvent::new(
        Venue::Clmm,
        sum(NAME, "amount_in", &[read.u64(in_at), transfer_fees.0])?,
        sum(NAME, "amount_out", &[read.u64(out_at), transfer_fees.1])?,
    );
    event.pool = Some(read.key(8));
    event.a_to_b = Some(a_to_b);
    event.transfer_fees = Some(transfer_fees);
    event.sqrt_price = Some(read.u128(169));
    if data.len() >= 221 {
        let fees = (read.u64(205), read.u64(213));
        event.fees = Some(if a_to_b { fees } else { (fees.1, fees.0) });
    }
    Ok(event)
}

fn traded(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "whirlpool_traded";
    let read = Reader::at_least(NAME, data, 121)?;
    let mut event = SwapEvent::new(Venue::Whirlpool, read.u64(73), read.u64(81));
    event.pool = Some(read.key(8));
    event.a_to_b = Some(flag(NAME, "a_to_b", read.u8(40))?);
    event.transfer_fees = Some((read.u64(89), read.u64(97)));
    event.fees = Some((sum(NAME, "fee", &[read.u64(105), read.u64(113)])?, 0));
    event.sqrt_price = Some(read.u128(57));
    Ok(event)
}

fn dlmm_swap(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "dlmm_swap";
    let read = Reader::at_least(NAME, data, 137)?;
    let mut event = SwapEvent::new(Venue::Dlmm, read.u64(80), read.u64(88));
    event.pool = Some(read.key(8));
    event.a_to_b = Some(flag(NAME, "swap_for_y", read.u8(96))?);
    Ok(event)
}

/// What `Swap` of the same swap says, and which side the fee is on.
fn dlmm_swap_2(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "dlmm_swap_2";
    let read = Reader::at_least(NAME, data, 155)?;
    let mut event = SwapEvent::new(Venue::Dlmm, read.u64(97), read.u64(113));
    event.pool = Some(read.key(8));
    event.a_to_b = Some(flag(NAME, "swap_for_y", read.u8(80))?);
    let fee = sum(NAME, "fee", &[read.u64(121), read.u64(129), read.u64(137)])?;
    event.fees = Some(if flag(NAME, "fees_on_input", read.u8(153))? {
        (fee, 0)
    } else {
        (0, fee)
    });
    Ok(event)
}

fn damm_v2(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "damm_v2_swap_2";
    let read = Reader::at_least(NAME, data, 188)?;
    let b_to_a = flag(NAME, "trade_direction", read.u8(40))?;
    let (amount_in, amount_out) = (read.u64(140), read.u64(148));
    let mut event = SwapEvent::new(Venue::DammV2, amount_in, amount_out);
    event.pool = Some(read.key(8));
    event.a_to_b = Some(!b_to_a);
    let kept = |name, gross: u64, net: u64| {
        let kept = gross.checked_sub(net);
        kept.ok_or_else(|| LayoutError::field(NAME, name, gross))
    };
    event.transfer_fees = Some((
        kept("amount_in", amount_in, read.u64(60))?,
        kept("amount_out", amount_out, read.u64(156))?,
    ));
    let fees = [read.u64(108), read.u64(116), read.u64(124), read.u64(132)];
    let fee = sum(NAME, "fee", &fees)?;
    // Mode 0 takes the fee off the output, mode 1 always off token b; a later mode may do otherwise.
    event.fees = match read.u8(41) {
        1 if b_to_a => Some((fee, 0)),
        0 | 1 => Some((0, fee)),
        _ => None,
    };
    event.sqrt_price = Some(read.u128(92));
    Ok(event)
}

fn pump_amm(data: &[u8], buy: bool) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "pump_amm_event";
    let read = Reader::at_least(NAME, data, 152)?;
    let (base, quote) = (read.u64(16), read.u64(112));
    let (amount_in, amount_out) = if buy { (quote, base) } else { (base, quote) };
    let mut event = SwapEvent::new(Venue::PumpAmm, amount_in, amount_out);
    event.pool = Some(read.key(120));
    event.a_to_b = Some(!buy);
    if data.len() >= 360 {
        let fee = sum(NAME, "fee", &[read.u64(80), read.u64(96), read.u64(352)])?;
        event.fees = Some(if buy { (fee, 0) } else { (0, fee) });
    }
    Ok(event)
}

/// SOL counts under the mint of wrapped SOL. Before the event named its fees the amounts leave them out.
fn pump_curve(data: &[u8]) -> Result<SwapEvent, LayoutError> {
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
        SwapEvent::new(
            Venue::PumpCurve,
            sum(NAME, "amount_in", &[sol, kept])?,
            token,
        )
    } else {
        let received = sol.checked_sub(kept);
        let received = received.ok_or_else(|| LayoutError::field(NAME, "fee", kept))?;
        SwapEvent::new(Venue::PumpCurve, token, received)
    };
    let mints = (Some(program::WRAPPED_SOL), Some(mint));
    (event.mint_in, event.mint_out) = if buy { mints } else { (mints.1, mints.0) };
    event.a_to_b = Some(!buy);
    event.fees = fee.map(|fee| if buy { (fee, 0) } else { (0, fee) });
    Ok(event)
}

/// All that a taker's order met at once; token a is base, the fee is in quote.
fn openbook_v2(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "openbook_v2_total";
    let read = Reader::at_least(NAME, data, 65)?;
    let sells = flag(NAME, "side", read.u8(8))?;
    let fee = read.u64(57);
    let mut event = SwapEvent::new(Venue::OpenBookV2, read.u64(41), read.u64(49));
    event.a_to_b = Some(sells);
    event.fees = Some(if sells { (0, fee) } else { (fee, 0) });
    Ok(event)
}

fn jupiter(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    let read = Reader::at_least("jupiter_swap_event", data, 120)?;
    let mut event = SwapEvent::new(Venue::Jupiter, read.u64(72), read.u64(112));
    event.pool = Some(read.key(8));
    event.mint_in = Some(read.key(40));
    event.mint_out = Some(read.key(80));
    Ok(event)
}

pub(super) fn flag(
    layout: &'static str,
    field: &'static str,
    byte: u8,
) -> Result<bool, LayoutError> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(LayoutError::field(layout, field, byte)),
    }
}

/// Returns the sum, or the error of a field whose parts are more than 2⁶⁴ − 1.
fn sum(layout: &'static str, field: &'static str, parts: &[u64]) -> Result<u64, LayoutError> {
    let sum: u128 = parts.iter().copied().map(u128::from).sum();
    u64::try_from(sum).map_err(|_| LayoutError::field(layout, field, sum))
}
