//! The programs whose pools, logs and books are read: one row each.
//!
//! A room holds what is particular to one of them: `layout` its accounts, `maths` its swap maths, `pool` a pool's state and
//! quotes, `swap` its instructions, `events` what it logs, `owned` its addresses and `program` its row. Rooms do not know
//! each other; what several need stands beside them.

/// The pools that are quoted: the row's name and its room, in the order of their numbers.
macro_rules! each_curve {
    (($($then:tt)+) $($with:tt)*) => {
        $($then)+! {
            [$($with)*]
            Ray4 ray4, Cpmm cpmm, Orca orca, Clmm clmm, Dlmm dlmm, Damm2 damm2, Saber saber, Pump pump
        }
    };
}
pub(crate) use each_curve;

pub mod adaptive_fee;
mod bitmap;
pub mod clmm;
pub mod constant_product;
pub mod cpmm;
pub mod damm2;
pub mod dlmm;
pub mod jupiter;
pub mod orca;
pub(crate) mod origin;
pub mod pairs;
pub mod pool;
pub mod program;
pub mod pump;
pub mod pump_curve;
pub mod quote;
pub mod quote_error;
pub mod ray4;
pub mod raydium_price;
pub mod saber;
pub mod slab_decoder;
pub mod sqrt_price;
pub mod swap_layout;
pub mod tick_array_manager;
pub mod vault_pool;
mod wide;

use crate::chain::base58::Pubkey;
use crate::fees::SwapShape;
use program::{Curve, Program};

macro_rules! table {
    ([] $($name:ident $room:ident),*) => {
        /// Whose pool it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum PoolKind {
            $($name,)*
        }

        /// The pools that are quoted, in the order of their numbers.
        pub const KINDS: &[PoolKind] = &[$(PoolKind::$name,)*];

        /// Every program that is read.
        pub static TABLE: &[&Program] = &[
            $(<$room::$name as Curve>::PROGRAM,)*
            &pump_curve::PROGRAM,
            &slab_decoder::program::SERUM,
            &slab_decoder::program::OPENBOOK_V2,
            &slab_decoder::program::PHOENIX,
            &jupiter::PROGRAM,
        ];
    };
}
each_curve!((table));

/// What a typical trade goes through: one pool of each of the older kinds.
pub const TYPICAL: [PoolKind; 3] = [PoolKind::Ray4, PoolKind::Cpmm, PoolKind::Orca];

macro_rules! match_kind {
    ([$kind:expr, $curve:ident => $body:expr] $($name:ident $room:ident),*) => {
        match $kind {
            $($crate::venues::PoolKind::$name => {
                type $curve = $crate::venues::$room::$name;
                $body
            })*
        }
    };
}
pub(crate) use match_kind;

/// Evaluates an expression for the room of a kind, by its type.
macro_rules! by_kind {
    ($kind:expr, $curve:ident => $body:expr) => {
        $crate::venues::each_curve!(($crate::venues::match_kind) $kind, $curve => $body)
    };
}
pub(crate) use by_kind;

impl PoolKind {
    /// Returns the kind of a program's pools, `None` if it is not one of ours.
    pub fn of(program: &Pubkey) -> Option<Self> {
        let is_ids = |kind: &&Self| kind.program().ids.contains(program);
        KINDS.iter().find(is_ids).copied()
    }

    /// Returns the kind of a venue's pools, `None` if it is not one of ours.
    pub fn named(venue: &str) -> Option<Self> {
        KINDS.iter().find(|kind| kind.venue() == venue).copied()
    }

    /// Returns its row.
    pub fn program(self) -> &'static Program {
        by_kind!(self, C => C::PROGRAM)
    }

    /// Returns the venue's word.
    pub fn venue(self) -> &'static str {
        self.program().venue
    }

    /// Returns the compute units of one swap.
    pub fn compute_units(self, swap: &SwapShape<'_>) -> u64 {
        by_kind!(self, C => C::compute_units(swap))
    }
}

/// Returns the row of a program, `None` if it isn't known.
pub fn program_of(key: &Pubkey) -> Option<&'static Program> {
    TABLE.iter().find(|row| row.ids.contains(key)).copied()
}
