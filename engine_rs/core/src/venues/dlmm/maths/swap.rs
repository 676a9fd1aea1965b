//! A DLMM swap: bin after bin until the amount is used up.

use super::bins::{Bins, array_index};
use super::fee::{accumulator, fee_on_net, fee_rate, update_references};
use super::fill::{BinFill, Terms, fill_bin, layers};
use super::price::amount_in;
use crate::venues::dlmm::layout::{BINS_PER_ARRAY, Bin, LbPair, MAX_BIN_ID, VariableParameters};
use crate::venues::quote_error::QuoteError;

const WIDTH: i32 = BINS_PER_ARRAY as i32;

/// What is asked of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// In, or out if not `exact_in`.
    pub amount: u64,
    pub exact_in: bool,
    pub x_to_y: bool,
    /// Unix seconds.
    pub now: i64,
    pub slot: u64,
}

/// What one bin did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinStep {
    pub bin_id: i32,
    pub fill: BinFill,
}

/// What one swap moves. Amounts are atoms inside the vaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DlmmFill {
    /// Fee included, if it is on the input.
    pub amount_in: u64,
    /// Fee taken off, if it is on the output.
    pub amount_out: u64,
    /// If it is on the output, with what rounding gave beyond an exact output.
    pub fee: u64,
    pub fee_on_input: bool,
    /// Part of `fee`.
    pub protocol_fee: u64,
    /// Part of `fee`.
    pub limit_order_fee: u64,
    /// After the swap.
    pub active_id: i32,
    /// After the swap.
    pub volatility: VariableParameters,
    /// How many bins filled a part.
    pub bins_filled: u32,
    /// The bins that filled a part, in order; empty without `TRACK`.
    pub steps: Vec<BinStep>,
}

impl DlmmFill {
    /// Returns the bins after the swap, with their ids.
    pub fn changed(&self) -> impl Iterator<Item = (i32, Bin)> {
        self.steps.iter().map(|step| (step.bin_id, step.fill.bin))
    }

    fn add(&mut self, fill: &BinFill) -> Result<(), QuoteError> {
        let sum = |total: &mut u64, part| {
            *total = total.checked_add(part).ok_or(QuoteError::Overflow)?;
            Ok(())
        };
        sum(&mut self.amount_in, fill.amount_in)?;
        sum(&mut self.amount_out, fill.amount_out)?;
        sum(&mut self.fee, fill.fee)?;
        sum(&mut self.protocol_fee, fill.protocol_fee)?;
        sum(&mut self.limit_order_fee, fill.limit_order_fee)?;
        self.bins_filled += 1;
        Ok(())
    }
}

/// One swap under way.
struct Run<'a, const TRACK: bool> {
    pair: &'a LbPair,
    bins: &'a Bins,
    exact_in: bool,
    terms: Terms,
    done: DlmmFill,
}

impl<'a, const TRACK: bool> Run<'a, TRACK> {
    fn new(pair: &'a LbPair, bins: &'a Bins, ask: &Ask) -> Result<Self, QuoteError> {
        Ok(Self {
            pair,
            bins,
            exact_in: ask.exact_in,
            terms: Terms {
                x_to_y: ask.x_to_y,
                fee_on_input: pair.fee_on_input(ask.x_to_y),
                takes_limit_orders: pair.takes_limit_orders(),
                rate: 0,
                protocol_share: pair.parameters.protocol_share,
            },
            done: begin(pair, ask)?,
        })
    }

    fn walk(&mut self, mut left: u64) -> Result<(), QuoteError> {
        while left > 0 {
            let bin = self.seek()?;
            left = self.visit(bin, left)?;
            if left > 0 {
                self.advance()?;
            }
        }
        Ok(())
    }

    /// Goes to the first bin from the active one on that has something to give, and charges for the way.
    fn seek(&mut self) -> Result<&'a Bin, QuoteError> {
        let (bins, x_to_y) = (self.bins, self.terms.x_to_y);
        loop {
            let index = bins
                .next_array(array_index(self.done.active_id), x_to_y)
                .ok_or(QuoteError::Liquidity)?;
            let array = bins.array(index).ok_or(QuoteError::MissingAccount)?;
            let first = index * WIDTH;
            self.done.active_id = if x_to_y {
                self.done.active_id.min(first + WIDTH - 1)
            } else {
                self.done.active_id.max(first)
            };
            while let Some(bin) = usize::try_from(self.done.active_id - first)
                .ok()
                .and_then(|offset| array.bins.get(offset))
            {
                self.done.volatility.volatility_accumulator = accumulator(
                    &self.pair.parameters,
                    &self.done.volatility,
                    self.done.active_id,
                );
                let gives = layers(bin, &self.terms).iter().any(|&layer| layer > 0);
                if gives && (bin.price != 0 || x_to_y) {
                    return Ok(bin);
                }
                self.advance()?;
            }
        }
    }

    fn advance(&mut self) -> Result<(), QuoteError> {
        self.done.active_id += if self.terms.x_to_y { -1 } else { 1 };
        if (-MAX_BIN_ID..=MAX_BIN_ID).contains(&self.done.active_id) {
            return Ok(());
        }
        Err(QuoteError::Liquidity)
    }

    fn visit(&mut self, bin: &Bin, left: u64) -> Result<u64, QuoteError> {
        let reached = self.done.volatility.volatility_accumulator;
        let total: u128 = layers(bin, &self.terms).map(u128::from).iter().sum();
        self.terms.rate = fee_rate(self.pair, reached)?;
        let fill = if self.exact_in {
            fill_bin(bin, left, &self.terms)?
        } else {
            self.exact_out(bin, total, left)?
        };
        self.done.add(&fill)?;
        if TRACK {
            self.done.steps.push(BinStep {
                bin_id: self.done.active_id,
                fill,
            });
        }
        let used = if self.exact_in {
            fill.amount_in
        } else {
            fill.amount_out
        };
        left.checked_sub(used).ok_or(QuoteError::Overflow)
    }

    /// Returns the bin's part of an exact output: all it has, or an exact-in swap of what should buy the rest.
    fn exact_out(&self, bin: &Bin, total: u128, left: u64) -> Result<BinFill, QuoteError> {
        let Terms {
            x_to_y,
            fee_on_input,
            rate,
            ..
        } = self.terms;
        let with_fee = |amount: u64| {
            amount
                .checked_add(fee_on_net(amount, rate)?)
                .ok_or(QuoteError::Overflow)
        };
        let gross = if fee_on_input { left } else { with_fee(left)? };
        if u128::from(gross) >= total {
            return fill_bin(bin, u64::MAX, &self.terms);
        }
        let mut needed = amount_in(gross, bin.price, x_to_y)?;
        if fee_on_input {
            needed = with_fee(needed)?;
        }
        let mut fill = fill_bin(bin, needed, &self.terms)?;
        let surplus = fill
            .amount_out
            .checked_sub(left)
            .ok_or(QuoteError::Shortfall)?;
        fill.amount_out = left;
        if !fee_on_input {
            // Both are parts of the output.
            fill.fee = fill.fee.checked_add(surplus).ok_or(QuoteError::Overflow)?;
            fill.protocol_fee = fill
                .protocol_fee
                .checked_add(surplus)
                .ok_or(QuoteError::Overflow)?;
        }
        Ok(fill)
    }
}

/// Returns the swap as the program does it; without `TRACK`, not which bins it changes. A stored price of 0 is taken as
/// it is, as the program does: such a bin fails on the way down and is passed over on the way up. Whether the reserves
/// hold the output is the caller's check.
///
/// # Errors
/// `NotTradable` for a pair that is off or not active yet, `ZeroAmount`, `Liquidity` if the bins run out,
/// `MissingAccount` if one isn't loaded, `ZeroOutput`, `Shortfall`, `Overflow`.
pub fn swap<const TRACK: bool>(
    pair: &LbPair,
    bins: &Bins,
    ask: &Ask,
) -> Result<DlmmFill, QuoteError> {
    check_open(pair, ask)?;
    if ask.amount == 0 {
        return Err(QuoteError::ZeroAmount);
    }
    let mut run = Run::<TRACK>::new(pair, bins, ask)?;
    run.walk(ask.amount)?;
    let mut done = run.done;
    if done.amount_out == 0 {
        return Err(QuoteError::ZeroOutput);
    }
    if done.active_id != pair.active_id {
        done.volatility.last_update_timestamp = ask.now;
    }
    Ok(done)
}

/// Returns (amount in, amount out) of each bin that `ask`, an exact input, would fill, as far as the bins go.
pub fn levels(pair: &LbPair, bins: &Bins, ask: &Ask) -> Vec<(u64, u64)> {
    let (mut found, mut left) = (Vec::new(), ask.amount);
    let run = check_open(pair, ask).and_then(|()| Run::<false>::new(pair, bins, ask));
    let Ok(mut run) = run else {
        return found;
    };
    while left > 0 {
        let (paid, got) = (run.done.amount_in, run.done.amount_out);
        let Ok(rest) = run.seek().and_then(|bin| run.visit(bin, left)) else {
            break;
        };
        found.push((run.done.amount_in - paid, run.done.amount_out - got));
        left = rest;
        if left > 0 && run.advance().is_err() {
            break;
        }
    }
    found
}

/// Where a swap would start.
#[derive(Debug, Clone, Copy)]
pub struct NextBin<'a> {
    pub bin: &'a Bin,
    /// What it holds of the output token.
    pub held: u64,
    /// 10⁻⁹
    pub fee_rate: u64,
}

/// Returns the bin that a swap would fill first.
///
/// # Errors
/// As `swap`.
pub fn next_bin<'a>(
    pair: &'a LbPair,
    bins: &'a Bins,
    ask: &Ask,
) -> Result<NextBin<'a>, QuoteError> {
    check_open(pair, ask)?;
    let mut run = Run::<false>::new(pair, bins, ask)?;
    let bin = run.seek()?;
    let held: u128 = layers(bin, &run.terms).map(u128::from).iter().sum();
    Ok(NextBin {
        bin,
        held: u64::try_from(held).unwrap_or(u64::MAX),
        fee_rate: fee_rate(pair, run.done.volatility.volatility_accumulator)?,
    })
}

fn check_open(pair: &LbPair, ask: &Ask) -> Result<(), QuoteError> {
    let point = if pair.activation_type == 0 {
        i128::from(ask.slot)
    } else {
        i128::from(ask.now)
    };
    if pair.status != 0 || point < i128::from(pair.activation_point) {
        return Err(QuoteError::NotTradable);
    }
    Ok(())
}

fn begin(pair: &LbPair, ask: &Ask) -> Result<DlmmFill, QuoteError> {
    Ok(DlmmFill {
        amount_in: 0,
        amount_out: 0,
        fee: 0,
        fee_on_input: pair.fee_on_input(ask.x_to_y),
        protocol_fee: 0,
        limit_order_fee: 0,
        active_id: pair.active_id,
        volatility: update_references(&pair.parameters, &pair.volatility, pair.active_id, ask.now)?,
        bins_filled: 0,
        steps: Vec::new(),
    })
}
