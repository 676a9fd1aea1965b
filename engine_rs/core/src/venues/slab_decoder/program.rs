//! What the programs of order books report, and the accounts of orders that settle at once.
//!
//! `OpenBook` v2 logs an event for each fill when the maker is paid: in the taker's transaction if the maker's account
//! was given to it, else in that of who turns the crank. Phoenix hands itself an instruction with tag 15, which only its
//! log authority can sign: a header, then the events of the call in borsh, in as many instructions as they need. Serum
//! and `OpenBook` v1 report nothing. Layouts: `openbook-dex/openbook-v2` logs.rs, `Ellipsis-Labs/phoenix-v1` events.rs.

use super::owned;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{FillEvent, SwapEvent, flag};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::{Fills, Program};
use crate::venues::swap_layout::{Layout, Places, tag};

/// Tag of the instruction that Phoenix hands to itself.
pub const PHOENIX_LOG: u8 = 15;
const FILL_LOG: [u8; 8] = 0x9617_2994_98a2_d740_u64.to_be_bytes();
const HEADER: usize = 93;
const HEADER_EVENT: u8 = 1;
const FILL: u8 = 2;
/// Fill, place, reduce, evict, fill summary, fee, time in force, expired order, by kind from 2 on.
const EVENT_SIZES: [usize; 8] = [67, 43, 35, 59, 43, 11, 27, 59];
const SEND_TAKE: [u8; 5] = [0, 13, 0, 0, 0];
const PLACE_TAKE_ORDER: u64 = 0x032c_4703_1ac7_cb55;
/// Place and edit an order of `OpenBook` v2, fixed or pegged.
const PLACE_ORDERS: [u64; 4] = [
    0x33c2_9baf_6d82_606a,
    0x8db9_fb3f_4a55_d291,
    0xfed0_761d_adf8_c846,
    0x3ebb_7d45_1add_9d85,
];

/// And `OpenBook` v1.
pub(in crate::venues) static SERUM: Program = Program {
    layout: serum_layout,
    is_book: true,
    ..Program::new(
        "serum",
        &[owned::SERUM, owned::OPENBOOK_V1],
        "serum: recorded slabs; sol_tx: recorded transactions",
    )
};

pub(in crate::venues) static OPENBOOK_V2: Program = Program {
    layout: openbook_v2_layout,
    events: &[(0x08eb_303a_ae4c_9c69, openbook_v2_total)],
    fills: Some(Fills {
        tag: &FILL_LOG,
        read: |data| Ok(vec![openbook_v2(data)?]),
        by_call: false,
    }),
    market,
    is_book: true,
    ..Program::new(
        "openbook2",
        &[owned::OPENBOOK_V2],
        "none recorded: its published layouts",
    )
};

pub(in crate::venues) static PHOENIX: Program = Program {
    layout: phoenix_layout,
    fills: Some(Fills {
        tag: &[PHOENIX_LOG],
        read: phoenix,
        by_call: true,
    }),
    is_book: true,
    ..Program::new(
        "phoenix",
        &[owned::PHOENIX],
        "none recorded: its published layouts",
    )
};

fn serum_layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let side = data.strip_prefix(&SEND_TAKE)?.first_chunk()?;
    book(accounts, 0, [5, 6], [8, 9], u32::from_le_bytes(*side))
}

fn openbook_v2_layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    if tag(data)? != PLACE_TAKE_ORDER {
        return None;
    }
    book(accounts, 2, [9, 10], [6, 7], u32::from(*data.get(8)?))
}

/// Tag, kind of order, side.
fn phoenix_layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let [tag, kind, side, ..] = *data.first_chunk::<8>()?;
    if tag != 0 || kind > 2 {
        return None;
    }
    book(accounts, 2, [4, 5], [6, 7], side.into())
}

/// Returns the accounts of an order that settles at once, given base first: who sells (side 1) pays base.
fn book(
    accounts: &[Pubkey],
    market: usize,
    mut users: [usize; 2],
    mut vaults: [usize; 2],
    side: u32,
) -> Option<Layout> {
    if side == 0 {
        users.reverse();
        vaults.reverse();
    }
    let places = Places::ordered(market, users, vaults);
    places.of(accounts).filter(|_| side <= 1)
}

/// Returns the market of an order of `OpenBook` v2 that settles later, `None` for any other call.
fn market(accounts: &[Pubkey], data: &[u8]) -> Option<Pubkey> {
    let places = PLACE_ORDERS.contains(&tag(data)?);
    accounts.get(4).copied().filter(|_| places)
}

/// All that a taker's order met at once; token a is base, the fee is in quote.
fn openbook_v2_total(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "openbook_v2_total";
    let read = Reader::at_least(NAME, data, 65)?;
    let sells = flag(NAME, "side", read.u8(8))?;
    let fee = read.u64(57);
    let mut event = SwapEvent::new(&OPENBOOK_V2, read.u64(41), read.u64(49));
    event.a_to_b = Some(sells);
    event.fees = Some(if sells { (0, fee) } else { (fee, 0) });
    Ok(event)
}

fn openbook_v2(data: &[u8]) -> Result<FillEvent, LayoutError> {
    const NAME: &str = "openbook_v2_fill";
    let read = Reader::at_least(NAME, data, 179)?;
    let fill = FillEvent {
        venue: &OPENBOOK_V2,
        market: read.key(8),
        maker: read.key(59),
        taker: read.key(115),
        taker_buys: !flag(NAME, "taker_side", read.u8(40))?,
        price: read.u64(163),
        base_lots: read.u64(171),
        sequence: read.u64(51),
    };
    fill.checked(NAME)
}

fn phoenix(data: &[u8]) -> Result<Vec<FillEvent>, LayoutError> {
    const NAME: &str = "phoenix_log";
    let head = Reader::at_least(NAME, data, HEADER)?;
    if head.u8(1) != HEADER_EVENT {
        return Err(LayoutError::field(NAME, "header", head.u8(1)));
    }
    let (market, taker) = (head.key(27), head.key(59));
    let (mut fills, mut at) = (Vec::new(), HEADER);
    for _ in 0..head.u16(91) {
        let kind = Reader::at_least(NAME, data, at + 1)?.u8(at);
        let size = kind.checked_sub(FILL).map(usize::from);
        let size = size.and_then(|kind| EVENT_SIZES.get(kind));
        let size = size.ok_or_else(|| LayoutError::field(NAME, "event", kind))?;
        let read = Reader::at_least(NAME, data, at + size)?;
        if kind == FILL {
            let sequence = read.u64(at + 35);
            let fill = FillEvent {
                venue: &PHOENIX,
                market,
                maker: read.key(at + 3),
                taker,
                // Bids are numbered downwards from 2^64 − 1.
                taker_buys: sequence >> 63 == 0,
                price: read.u64(at + 43),
                base_lots: read.u64(at + 51),
                sequence,
            };
            fills.push(fill.checked(NAME)?);
        }
        at += size;
    }
    Ok(fills)
}
