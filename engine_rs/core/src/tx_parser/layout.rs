//! Accounts of a swap, by the instruction that asks for it.

use crate::accounts::program::WRAPPED_SOL;
use crate::base58::Pubkey;
use crate::log_parser::Venue;

const SWAP: u64 = 0xf8c6_9e91_e175_87c8;
const SWAP_V2: u64 = 0x2b04_ed0b_1ac9_1e62;
const SWAP_2: u64 = 0x414b_3f4c_eb5b_5b88;
const EXACT_OUT: u64 = 0xfa49_6521_26cf_4bb8;
const EXACT_OUT_2: u64 = 0x2bd7_f784_893c_f351;
const BASE_INPUT: u64 = 0x8fbe_5ada_c41e_33de;
const BASE_OUTPUT: u64 = 0x37d9_6256_a34a_b4ad;
const BUY: u64 = 0x6606_3d12_01da_ebea;
const BUY_EXACT_QUOTE: u64 = 0xc62e_1552_b4d9_e870;
const SELL: u64 = 0x33e6_85a4_017f_83ad;
const PLACE_TAKE_ORDER: u64 = 0x032c_4703_1ac7_cb55;
/// Place and edit an order of `OpenBook` v2, fixed or pegged.
const PLACE_ORDERS: [u64; 4] = [
    0x33c2_9baf_6d82_606a,
    0x8db9_fb3f_4a55_d291,
    0xfed0_761d_adf8_c846,
    0x3ebb_7d45_1add_9d85,
];
const SEND_TAKE: [u8; 5] = [0, 13, 0, 0, 0];

/// The accounts between which a swap moves tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) pool: Pubkey,
    /// The trader's accounts: paid from, paid to.
    pub(super) users: [Pubkey; 2],
    /// The pool's accounts, and their mints where the instruction names them.
    pub(super) vaults: [Pubkey; 2],
    pub(super) mints: Option<[Pubkey; 2]>,
    /// Whether vaults and mints are input first; else token a is first.
    pub(super) ordered: bool,
}

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn of(venue: Venue, accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let tag = data.first_chunk().map(|tag| u64::from_be_bytes(*tag));
    match (venue, tag?) {
        (Venue::AmmV4, _) => amm_v4(accounts, data),
        (Venue::Saber, _) if data[0] == 1 => at(accounts, 0, [3, 6], [4, 5], None, true),
        (Venue::Cpmm, BASE_INPUT | BASE_OUTPUT) => {
            at(accounts, 3, [4, 5], [6, 7], Some([10, 11]), true)
        }
        (Venue::Clmm, SWAP) => at(accounts, 2, [3, 4], [5, 6], None, true),
        (Venue::Clmm, SWAP_V2) => at(accounts, 2, [3, 4], [5, 6], Some([11, 12]), true),
        (Venue::Whirlpool, SWAP) => {
            let layout = at(accounts, 2, [3, 5], [4, 6], None, true);
            turned(layout?, *data.get(41)?)
        }
        (Venue::Whirlpool, SWAP_V2) => {
            let layout = at(accounts, 4, [7, 9], [8, 10], Some([5, 6]), true);
            turned(layout?, *data.get(41)?)
        }
        (Venue::Dlmm, SWAP | SWAP_2 | EXACT_OUT | EXACT_OUT_2) => {
            at(accounts, 0, [4, 5], [2, 3], Some([6, 7]), false)
        }
        (Venue::DammV2, SWAP | SWAP_2) => at(accounts, 1, [2, 3], [4, 5], Some([6, 7]), false),
        (Venue::PumpAmm, SELL) => at(accounts, 0, [5, 6], [7, 8], Some([3, 4]), true),
        (Venue::PumpAmm, BUY | BUY_EXACT_QUOTE) => {
            at(accounts, 0, [6, 5], [8, 7], Some([4, 3]), true)
        }
        (Venue::Serum, _) => {
            let side = data.strip_prefix(&SEND_TAKE)?.first_chunk()?;
            book(accounts, 0, [5, 6], [8, 9], u32::from_le_bytes(*side))
        }
        (Venue::OpenBookV2, PLACE_TAKE_ORDER) => {
            book(accounts, 2, [9, 10], [6, 7], u32::from(*data.get(8)?))
        }
        // Tag, kind of order, side.
        (Venue::Phoenix, _) if data[0] == 0 && data[1] <= 2 => {
            book(accounts, 2, [4, 5], [6, 7], data[2].into())
        }
        (Venue::PumpCurve, BUY | SELL) => pump_curve(accounts, tag? == BUY),
        _ => None,
    }
}

/// Returns the market of an order of `OpenBook` v2 that settles later, `None` for any other call.
pub(super) fn market(venue: Venue, accounts: &[Pubkey], data: &[u8]) -> Option<Pubkey> {
    let tag = u64::from_be_bytes(*data.first_chunk()?);
    let places = venue == Venue::OpenBookV2 && PLACE_ORDERS.contains(&tag);
    accounts.get(4).copied().filter(|_| places)
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
    at(accounts, market, users, vaults, None, true).filter(|_| side <= 1)
}

/// Tags 9 and 11 with 18 accounts, or 17 without the target orders; 16 and 17 with 8, without the market.
fn amm_v4(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let users = [
        accounts.len().checked_sub(3)?,
        accounts.len().checked_sub(2)?,
    ];
    match (data[0], accounts.len()) {
        (9 | 11, 18) => at(accounts, 1, users, [5, 6], None, false),
        (9 | 11, 17) => at(accounts, 1, users, [4, 5], None, false),
        (16 | 17, 8) => at(accounts, 1, users, [3, 4], None, false),
        _ => None,
    }
}

/// SOL moves without a token account: the trader's and the curve's own.
fn pump_curve(accounts: &[Pubkey], buy: bool) -> Option<Layout> {
    let (token, sol) = ([5, 4], [6, 3]);
    let [(user_in, vault_in), (user_out, vault_out)] = if buy {
        [(sol[0], sol[1]), (token[0], token[1])]
    } else {
        [(token[0], token[1]), (sol[0], sol[1])]
    };
    let users = [user_in, user_out];
    let mut layout = at(accounts, 3, users, [vault_in, vault_out], None, true)?;
    let mint = accounts[2];
    layout.mints = Some(if buy {
        [WRAPPED_SOL, mint]
    } else {
        [mint, WRAPPED_SOL]
    });
    Some(layout)
}

fn at(
    accounts: &[Pubkey],
    pool: usize,
    users: [usize; 2],
    vaults: [usize; 2],
    mints: Option<[usize; 2]>,
    ordered: bool,
) -> Option<Layout> {
    let two = |places: [usize; 2]| Some([*accounts.get(places[0])?, *accounts.get(places[1])?]);
    Some(Layout {
        pool: *accounts.get(pool)?,
        users: two(users)?,
        vaults: two(vaults)?,
        mints: match mints {
            Some(mints) => Some(two(mints)?),
            None => None,
        },
        ordered,
    })
}

/// Returns a layout that was token a first, input first.
fn turned(mut layout: Layout, a_to_b: u8) -> Option<Layout> {
    if a_to_b == 0 {
        layout.users.reverse();
        layout.vaults.reverse();
        if let Some(mints) = &mut layout.mints {
            mints.reverse();
        }
    }
    (a_to_b <= 1).then_some(layout)
}
