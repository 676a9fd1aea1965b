//! What a pool program is to the engine: what a room says of its pools, and a row of the programs whose reports are read.
//!
//! One file, for it is the one page that says what a room has to offer; half of it is what each item means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::quote::{ChainTime, Quote, TransferFees};
use super::quote_error::{QuoteError, RoundingRule};
use super::swap_layout::Layout;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{FillEvent, SwapEvent};
use crate::chain::pda::PdaError;
use crate::chain::reader::LayoutError;
use crate::fees::SwapShape;

/// What an account is to the pools that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Pool = 0,
    Vault = 1,
    Config = 2,
    Mint = 3,
    Ticks = 4,
    Oracle = 5,
    Clock = 6,
    Bitmap = 7,
    Schedule = 8,
}

impl Role {
    /// Returns the role of a number in a snapshot.
    pub fn of(number: u8) -> Option<Self> {
        [
            Self::Pool,
            Self::Vault,
            Self::Config,
            Self::Mint,
            Self::Ticks,
            Self::Oracle,
            Self::Clock,
            Self::Bitmap,
            Self::Schedule,
        ]
        .get(usize::from(number))
        .copied()
    }
}

/// The accounts that a pool's own account names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub mints: [Pubkey; 2],
    /// Where a quote reads their balances.
    pub vaults: Option<[Pubkey; 2]>,
    pub config: Option<Pubkey>,
    /// Who sets the fees.
    pub schedule: Option<Pubkey>,
    /// What else belongs to it and is found by asking for it: the kind of the need.
    pub wanted: Option<&'static str>,
}

impl Named {
    /// Returns the mints, and nothing else.
    pub fn mints(mints: [Pubkey; 2]) -> Self {
        Self {
            mints,
            vaults: None,
            config: None,
            schedule: None,
            wanted: None,
        }
    }
}

/// Where a room looks up the other accounts of a pool.
pub trait Lookup<C: Curve> {
    /// Returns what one of the venue's own accounts holds, `None` if it is not known.
    fn part(&self, key: &Pubkey) -> Option<&C::Part>;
}

/// What is known of a pool.
pub struct Parts<'a, C: Curve> {
    pub address: &'a Pubkey,
    /// Its own account.
    pub now: &'a C::Account,
    pub config: Option<Pubkey>,
    pub schedule: Option<Pubkey>,
    pub oracle: Option<Pubkey>,
    /// What says which arrays beyond the pool's own bitmap are in use.
    pub bitmap: Option<Pubkey>,
    /// Start tick, or index, → account of the tick or bin array.
    pub arrays: &'a BTreeMap<i32, Pubkey>,
    /// Starts of the arrays that do not exist on chain.
    pub absent: &'a BTreeSet<i32>,
    pub lookup: &'a dyn Lookup<C>,
}

impl<'a, C: Curve> Parts<'a, C> {
    /// Returns an account by its key, `None` if it has none or none is known.
    pub fn part(&self, key: Option<Pubkey>) -> Option<&'a C::Part> {
        self.lookup.part(&key?)
    }

    /// Returns the arrays that are known, ascending.
    pub fn arrays(&self) -> impl Iterator<Item = &'a C::Part> {
        let lookup = self.lookup;
        self.arrays.values().filter_map(|key| lookup.part(key))
    }
}

/// Money of a pool, read from accounts of the token programs.
#[derive(Clone, Copy, Debug)]
pub struct Balances {
    pub fees: TransferFees,
    /// Of its vaults, 0 where a quote does not read them.
    pub amounts: [u64; 2],
    /// Atoms of mint A.
    pub base_supply: u64,
}

/// The state of one pool at one slot, and its quotes.
pub trait PoolState: Clone + Debug + PartialEq + Eq {
    /// Returns the mints of tokens A and B.
    fn mints(&self) -> (Pubkey, Pubkey);

    /// Returns what `amount_in` atoms buy.
    ///
    /// # Errors
    /// `QuoteError`, `Liquidity` too if only a part could be swapped.
    fn quote(&self, a_to_b: bool, amount_in: u64, time: &ChainTime) -> Result<Quote, QuoteError>;

    /// Returns what buys `amount_out` atoms.
    ///
    /// # Errors
    /// `QuoteError`
    fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError>;

    /// Returns the exact-in quote and the pool after it.
    ///
    /// # Errors
    /// `QuoteError`
    fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError>;

    /// Returns the exact-out quote and the pool after it.
    ///
    /// # Errors
    /// `QuoteError`
    fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError>;

    /// Returns the marginal rate, atoms out per atom in after all fees, as (num, den); `None` if not tradable. Exact,
    /// but for bits beyond the 128th, and within 10⁻¹⁵ where a √price is kept.
    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)>;

    /// Returns (reserve in, reserve out, share of the input kept) of the constant product that holds here: exact up to
    /// rounding for constant product, within the current range of ticks where there are some, as far as the price bends
    /// now for the others. For display and as a start of a search.
    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)>;

    /// Returns whether `virtual_reserves` hold for every size, up to rounding.
    fn is_product(&self) -> bool {
        false
    }

    /// Returns (atoms in, atoms out) at each of its prices, the present one first, until `most` are in or it has no more
    /// to give; `None` where each atom moves the price.
    fn levels(&self, a_to_b: bool, most: u64, time: &ChainTime) -> Option<Vec<(f64, f64)>> {
        let _ = (a_to_b, most, time);
        None
    }

    /// Returns the transfer fees of its tokens.
    fn transfer_fees(&self) -> TransferFees {
        [None, None]
    }

    /// Takes the transfer fees of its tokens; a program that knows none ignores them.
    fn take_transfer_fees(&mut self, fees: TransferFees) {
        let _ = fees;
    }

    /// Takes another rounding rule of its venue, where that had two.
    fn take_rule(&mut self, rule: RoundingRule) {
        let _ = rule;
    }
}

impl<S: PoolState> PoolState for Box<S> {
    fn mints(&self) -> (Pubkey, Pubkey) {
        S::mints(self)
    }

    #[inline]
    fn quote(&self, a_to_b: bool, amount_in: u64, time: &ChainTime) -> Result<Quote, QuoteError> {
        S::quote(self, a_to_b, amount_in, time)
    }

    fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        S::quote_exact_out(self, a_to_b, amount_out, time)
    }

    fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let (quote, after) = S::swap(self, a_to_b, amount_in, time)?;
        Ok((quote, Self::new(after)))
    }

    fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let (quote, after) = S::swap_exact_out(self, a_to_b, amount_out, time)?;
        Ok((quote, Self::new(after)))
    }

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        S::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        S::virtual_reserves(self, a_to_b, time)
    }

    fn is_product(&self) -> bool {
        S::is_product(self)
    }

    fn levels(&self, a_to_b: bool, most: u64, time: &ChainTime) -> Option<Vec<(f64, f64)>> {
        S::levels(self, a_to_b, most, time)
    }

    fn transfer_fees(&self) -> TransferFees {
        S::transfer_fees(self)
    }

    fn take_transfer_fees(&mut self, fees: TransferFees) {
        S::take_transfer_fees(self, fees);
    }

    fn take_rule(&mut self, rule: RoundingRule) {
        S::take_rule(self, rule);
    }
}

/// How the pools of one program are told, found, judged and built.
pub trait Curve: Sized + Clone + Debug + 'static {
    /// What the pool's own account holds.
    type Account: Clone + Debug;
    /// What the other accounts hold that only this venue has.
    type Part: Clone + Debug;
    type State: PoolState;
    /// What is kept of its arrays until one of them changes.
    type Ticks: Clone + Debug;
    /// What is told once of a pool and stays.
    type Once: Clone + Debug;

    const PROGRAM: &'static Program;
    /// Owners of the accounts that the pool's own program does not own.
    const OWNERS: &'static [(Role, Pubkey)] = &[];
    /// Whether prices may change with the clock alone: a ramp, a schedule, volatility that wears off.
    const FOLLOWS_CLOCK: bool = false;
    /// Whether a swap changes the pool's own account as often as its vaults.
    const CHANGES_WITH_VAULTS: bool = false;
    /// Whether a swap passes over an array that does not exist, so that its absence counts.
    const TELLS_ABSENCE: bool = false;
    /// Whether something of a pool is derived once and kept.
    const DERIVED_ONCE: bool = false;

    /// Returns what the pool's own account holds.
    ///
    /// # Errors
    /// `LayoutError`
    fn decode(data: &[u8]) -> Result<Self::Account, LayoutError>;

    /// Returns what another account of the venue holds.
    ///
    /// # Errors
    /// `LayoutError`, `Role` if the venue has none of that role.
    fn decode_part(role: Role, data: &[u8]) -> Result<Self::Part, LayoutError> {
        let _ = data;
        Err(LayoutError::Role(role as u8))
    }

    /// Returns the accounts that a pool names.
    fn named(now: &Self::Account) -> Named;

    /// Returns the role of an account that names its pool itself, and that pool.
    fn member(data: &[u8]) -> Option<(Role, Pubkey)> {
        let _ = data;
        None
    }

    /// Returns the pool that an account says it belongs to.
    fn pool_of(part: &Self::Part) -> Option<&Pubkey> {
        let _ = part;
        None
    }

    /// Returns the pool of its parts, `None` if one of them is not there.
    ///
    /// # Errors
    /// `LayoutError` if they do not fit together.
    fn build(
        parts: &Parts<'_, Self>,
        balances: &Balances,
        kept: &Kept<Self>,
    ) -> Result<Option<Self::State>, LayoutError>;

    /// Returns what is kept of its arrays until one of them changes.
    ///
    /// # Errors
    /// `LayoutError`
    fn ticks(parts: &Parts<'_, Self>) -> Result<Option<Self::Ticks>, LayoutError> {
        let _ = parts;
        Ok(None)
    }

    /// Returns what is told once of a pool and stays; `find` derives an address.
    fn once(now: &Self::Account, find: Find<'_>) -> Option<Self::Once> {
        let _ = (now, find);
        None
    }

    /// Returns whether the next swap meets nothing that is unknown; vaults and mints are there.
    fn is_complete(parts: &Parts<'_, Self>) -> bool {
        let _ = parts;
        true
    }

    /// Returns the arrays that the next swaps meet: kind of need, start or index.
    fn near(now: &Self::Account, bitmap: Option<&Self::Part>) -> Vec<(&'static str, i32)> {
        let _ = (now, bitmap);
        Vec::new()
    }

    /// Returns whether this update of the pool needs one of another of its accounts to be whole.
    fn is_lone(before: &Self::Account, parts: &Parts<'_, Self>) -> bool {
        let _ = (before, parts);
        false
    }

    /// Returns whether what was made of its arrays no longer holds.
    fn spoils_ticks(before: &Self::Account, now: &Self::Account) -> bool {
        let _ = (before, now);
        false
    }

    /// Returns the array that each swap changes as often as the pool, `None` if there is none.
    fn ends_in(now: &Self::Account) -> Option<i32> {
        let _ = now;
        None
    }

    /// Returns an array's address, asked where absence counts; `find` derives an address of `program`.
    fn array_address(
        address: &Pubkey,
        program: &Pubkey,
        start: i32,
        find: Find<'_>,
    ) -> Option<Pubkey> {
        let _ = (address, program, start, find);
        None
    }

    /// Returns what an array is found by, its first tick or its index; `None` for an account that is no array.
    fn start_of(part: &Self::Part) -> Option<i32> {
        let _ = part;
        None
    }

    /// Returns whether two states of an array are the same to a quote.
    fn is_same(before: &Self::Part, now: &Self::Part) -> bool {
        let _ = (before, now);
        false
    }

    /// Returns whether the program was recorded at what the pool says now.
    fn is_recorded(now: &Self::Account) -> bool {
        let _ = now;
        true
    }

    /// Returns the compute units of one swap.
    fn compute_units(swap: &SwapShape<'_>) -> u64 {
        let compute = Self::PROGRAM.compute.unwrap_or_default();
        let steps = u64::from(swap.ticks_crossed) + 1;
        let adaptive = if swap.adaptive { compute.adaptive } else { 0 };
        let token_2022 = if swap.token_2022 {
            compute.token_2022
        } else {
            0
        };
        compute.base + compute.step * steps + adaptive + token_2022
    }
}

/// Derives the address of seeds and a program.
pub type Find<'a> = &'a mut dyn FnMut(&[&[u8]], &Pubkey) -> Result<(Pubkey, u8), PdaError>;

/// What is kept beside a pool's accounts.
#[derive(Clone, Debug)]
pub struct Kept<C: Curve> {
    pub ticks: Option<C::Ticks>,
    pub once: Option<C::Once>,
}

impl<C: Curve> Default for Kept<C> {
    fn default() -> Self {
        Self {
            ticks: None,
            once: None,
        }
    }
}

/// An account of a venue that has only its pools.
#[derive(Clone, Copy, Debug)]
pub enum NoPart {}

/// Compute units of a swap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compute {
    pub base: u64,
    /// More for each tick or bin.
    pub step: u64,
    /// More with a Token-2022 mint.
    pub token_2022: u64,
    /// More while fees adapt.
    pub adaptive: u64,
}

/// Reads an event's data, its discriminator included.
pub type ReadEvent = fn(&[u8]) -> Result<SwapEvent, LayoutError>;

/// Reads a log line that is no event; `None` for one that reports no swap.
pub type ReadLine = fn(&str) -> Result<Option<SwapEvent>, LayoutError>;

/// Fills that a program of an order book reports.
#[derive(Clone, Copy, Debug)]
pub struct Fills {
    /// What their data begin with.
    pub tag: &'static [u8],
    /// Reads them.
    pub read: fn(&[u8]) -> Result<Vec<FillEvent>, LayoutError>,
    /// Whether they are instructions that it hands to itself, else log lines.
    pub by_call: bool,
}

/// One row of the table: a venue's program, under one or several addresses.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a habit of its own that a program has or has not"
)]
pub struct Program {
    /// The venue's word.
    pub venue: &'static str,
    pub ids: &'static [Pubkey],
    /// How far what is said of it is proved.
    pub proof: &'static str,
    /// `None` if its swaps are not ours to make.
    pub compute: Option<Compute>,
    /// Accounts and data of an instruction → the accounts of its swap, `None` if it asks for something else.
    pub layout: fn(&[Pubkey], &[u8]) -> Option<Layout>,
    /// By discriminator, as its bytes stand.
    pub events: &'static [(u64, ReadEvent)],
    pub line: Option<ReadLine>,
    pub fills: Option<Fills>,
    /// The market of an order that settles later, `None` for any other call.
    pub market: fn(&[Pubkey], &[u8]) -> Option<Pubkey>,
    /// Whether its events repeat the swaps of others.
    pub is_router: bool,
    /// Whether it is an order book, where a call may well trade nothing.
    pub is_book: bool,
    /// Whether it reports each swap by two events, of which one names the fees.
    pub tells_twice: bool,
    /// Whether an event without fees tells only what reached the pool's own account.
    pub pays_fees_apart: bool,
    /// Whether fees pass the vaults by, so that their balances prove nothing.
    pub balances_leak: bool,
}

impl Program {
    /// Returns a row that says nothing but its name, addresses and proof.
    pub const fn new(venue: &'static str, ids: &'static [Pubkey], proof: &'static str) -> Self {
        Self {
            venue,
            ids,
            proof,
            compute: None,
            layout: |_, _| None,
            events: &[],
            line: None,
            fills: None,
            market: |_, _| None,
            is_router: false,
            is_book: false,
            tells_twice: false,
            pays_fees_apart: false,
            balances_leak: false,
        }
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.venue == other.venue
    }
}

impl Eq for Program {}
