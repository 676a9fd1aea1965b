//! The record that Raydium AMM v4 logs: a kind byte and fields, packed little-endian.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::SwapEvent;
use crate::chain::log_parser::{base64, shown};
use crate::chain::reader::{LayoutError, Reader};

/// What a `ray_log` line says. Amounts are atoms; `pool_*` are the reserves before, what the pool owes taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RayLog {
    Init {
        time: u64,
        pc_decimals: u8,
        coin_decimals: u8,
        pc_lot_size: u64,
        coin_lot_size: u64,
        pc_amount: u64,
        coin_amount: u64,
        market: Pubkey,
    },
    Deposit {
        max_coin: u64,
        max_pc: u64,
        base: u64,
        pool_coin: u64,
        pool_pc: u64,
        pool_lp: u64,
        pnl_x: u128,
        pnl_y: u128,
        deduct_coin: u64,
        deduct_pc: u64,
        mint_lp: u64,
    },
    Withdraw {
        withdraw_lp: u64,
        user_lp: u64,
        pool_coin: u64,
        pool_pc: u64,
        pool_lp: u64,
        pnl_x: u128,
        pnl_y: u128,
        out_coin: u64,
        out_pc: u64,
    },
    /// `direction` is 1 from pc to coin, 2 from coin to pc.
    SwapBaseIn {
        amount_in: u64,
        minimum_out: u64,
        direction: u64,
        user_source: u64,
        pool_coin: u64,
        pool_pc: u64,
        out_amount: u64,
    },
    SwapBaseOut {
        max_in: u64,
        amount_out: u64,
        direction: u64,
        user_source: u64,
        pool_coin: u64,
        pool_pc: u64,
        deduct_in: u64,
    },
}

const NAME: &str = "ray_log";

impl RayLog {
    /// Returns the record of a base64 text.
    ///
    /// # Errors
    /// `Field` with the text if it isn't base64, with the kind if it is unknown, with a swap's direction if it is neither
    /// 1 nor 2; `Size` if it is too short. More bytes than the kind has are no error.
    pub fn decode(text: &str) -> Result<Self, LayoutError> {
        let data = base64(text).ok_or_else(|| LayoutError::field(NAME, "text", shown(text)))?;
        let kind = Reader::at_least(NAME, &data, 1)?.u8(0);
        let size = match kind {
            0 => 75,
            1 => 105,
            2 => 89,
            3 | 4 => 57,
            _ => return Err(LayoutError::field(NAME, "kind", kind)),
        };
        let read = Reader::at_least(NAME, &data, size)?;
        match kind {
            0 => Ok(Self::init(read)),
            1 => Ok(Self::deposit(read)),
            2 => Ok(Self::withdraw(read)),
            _ => Self::swapped(read, kind == 3),
        }
    }

    /// Returns the swap, `None` for another kind.
    pub fn swap(&self) -> Option<SwapEvent> {
        let (amount_in, amount_out, direction, pool_coin, pool_pc) = match *self {
            Self::SwapBaseIn {
                amount_in,
                out_amount,
                direction,
                pool_coin,
                pool_pc,
                ..
            } => (amount_in, out_amount, direction, pool_coin, pool_pc),
            Self::SwapBaseOut {
                deduct_in,
                amount_out,
                direction,
                pool_coin,
                pool_pc,
                ..
            } => (deduct_in, amount_out, direction, pool_coin, pool_pc),
            _ => return None,
        };
        let a_to_b = direction == 2;
        let reserves = if a_to_b {
            (pool_coin, pool_pc)
        } else {
            (pool_pc, pool_coin)
        };
        let mut event = SwapEvent::new(&PROGRAM, amount_in, amount_out);
        event.a_to_b = Some(a_to_b);
        event.reserves = Some(reserves);
        Some(event)
    }

    fn init(read: Reader<'_>) -> Self {
        Self::Init {
            time: read.u64(1),
            pc_decimals: read.u8(9),
            coin_decimals: read.u8(10),
            pc_lot_size: read.u64(11),
            coin_lot_size: read.u64(19),
            pc_amount: read.u64(27),
            coin_amount: read.u64(35),
            market: read.key(43),
        }
    }

    fn deposit(read: Reader<'_>) -> Self {
        Self::Deposit {
            max_coin: read.u64(1),
            max_pc: read.u64(9),
            base: read.u64(17),
            pool_coin: read.u64(25),
            pool_pc: read.u64(33),
            pool_lp: read.u64(41),
            pnl_x: read.u128(49),
            pnl_y: read.u128(65),
            deduct_coin: read.u64(81),
            deduct_pc: read.u64(89),
            mint_lp: read.u64(97),
        }
    }

    fn withdraw(read: Reader<'_>) -> Self {
        Self::Withdraw {
            withdraw_lp: read.u64(1),
            user_lp: read.u64(9),
            pool_coin: read.u64(17),
            pool_pc: read.u64(25),
            pool_lp: read.u64(33),
            pnl_x: read.u128(41),
            pnl_y: read.u128(57),
            out_coin: read.u64(73),
            out_pc: read.u64(81),
        }
    }

    fn swapped(read: Reader<'_>, base_in: bool) -> Result<Self, LayoutError> {
        let direction = read.u64(17);
        if direction != 1 && direction != 2 {
            return Err(LayoutError::field(NAME, "direction", direction));
        }
        let (user_source, pool_coin, pool_pc) = (read.u64(25), read.u64(33), read.u64(41));
        Ok(if base_in {
            Self::SwapBaseIn {
                amount_in: read.u64(1),
                minimum_out: read.u64(9),
                direction,
                user_source,
                pool_coin,
                pool_pc,
                out_amount: read.u64(49),
            }
        } else {
            Self::SwapBaseOut {
                max_in: read.u64(1),
                amount_out: read.u64(9),
                direction,
                user_source,
                pool_coin,
                pool_pc,
                deduct_in: read.u64(49),
            }
        })
    }
}
