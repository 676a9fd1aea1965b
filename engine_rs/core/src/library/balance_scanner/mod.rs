//! A wallet's balances by mint, from its token accounts; what is left out is counted by reason.
//!
//! Amounts are atoms. Nothing is asked of the chain: the caller brings the accounts (`getTokenAccountsByOwner` of both
//! token programs, the wallet's own account) and the mints it knows.
//!
//! For users of the engine: no screen and no order uses it.

mod holding;

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::base58::Pubkey;
use crate::chain::program;
use crate::chain::token::Mint;
pub use holding::Holding;

const MINT_SIZE: usize = 82;
const MULTISIG_SIZE: usize = 355;
const ACCOUNT_TYPE: usize = 165;

/// An account as the chain gives it.
#[derive(Debug, Clone, Copy)]
pub struct RawAccount<'a> {
    pub address: Pubkey,
    /// The program that owns the account.
    pub program: Pubkey,
    pub lamports: u64,
    pub data: &'a [u8],
}

/// Why an account doesn't count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// The address was in the list before; the first one counts.
    Duplicate,
    /// Neither the wallet itself nor of a token program.
    OtherProgram,
    Mint,
    Multisig,
    Uninitialised,
    /// A token account of another wallet.
    OtherOwner,
    Damaged,
    /// A mint that was brought along can't be read: its balance has no decimals and no fee.
    DamagedMint,
}

impl SkipReason {
    /// Returns the reason's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::OtherProgram => "other_program",
            Self::Mint => "mint",
            Self::Multisig => "multisig",
            Self::Uninitialised => "uninitialised",
            Self::OtherOwner => "other_owner",
            Self::Damaged => "damaged",
            Self::DamagedMint => "damaged_mint",
        }
    }
}

/// An account that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    pub address: Pubkey,
    pub reason: SkipReason,
    /// What is damaged; empty for the other reasons.
    pub detail: String,
}

/// All that a wallet holds of one mint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MintBalance {
    pub mint: Pubkey,
    pub program: Pubkey,
    /// `None` if the mint was not brought along.
    pub decimals: Option<u8>,
    pub accounts: u32,
    pub total: u128,
    /// In frozen accounts.
    pub frozen: u128,
    /// What delegates may take, at most what is there.
    pub delegated: u128,
    /// `total` less `frozen`.
    pub spendable: u128,
    /// Transfer fees kept on the accounts; not part of `total`.
    pub withheld: u128,
    /// The part of `total` that is wrapped SOL.
    pub wrapped: u128,
    /// What arrives if each account sends all that is spendable, the epoch's transfer fee taken; `None` without the mint.
    pub arrives: Option<u128>,
}

/// What a wallet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// SOL that is not wrapped; `None` if the wallet's own account was not brought.
    pub lamports: Option<u64>,
    /// In the order brought.
    pub holdings: Vec<Holding>,
    /// By mint address.
    pub balances: Vec<MintBalance>,
    /// In the order brought, mints first.
    pub skipped: Vec<Skip>,
}

impl Scan {
    /// Returns how many accounts were left out for each reason that there was.
    pub fn skips(&self) -> Vec<(SkipReason, u64)> {
        let mut counts = BTreeMap::new();
        for skip in &self.skipped {
            *counts.entry(skip.reason).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }
}

/// Returns what `wallet` holds in `accounts`; `mints` give decimals and the transfer fee of `epoch`.
pub fn scan_wallet(
    wallet: &Pubkey,
    accounts: &[RawAccount],
    mints: &[(Pubkey, &[u8])],
    epoch: u64,
) -> Scan {
    let mut scan = Scan {
        lamports: None,
        holdings: Vec::new(),
        balances: Vec::new(),
        skipped: Vec::new(),
    };
    let known = read_mints(mints, &mut scan.skipped);
    let mut seen = BTreeSet::new();
    for account in accounts {
        let skip = if !seen.insert(account.address) {
            Some((SkipReason::Duplicate, String::new()))
        } else if account.address == *wallet && account.program == program::SYSTEM {
            scan.lamports = Some(account.lamports);
            None
        } else {
            match read(wallet, account) {
                Ok(holding) => {
                    scan.holdings.push(holding);
                    None
                }
                Err(skip) => Some(skip),
            }
        };
        if let Some((reason, detail)) = skip {
            scan.skipped.push(Skip {
                address: account.address,
                reason,
                detail,
            });
        }
    }
    scan.balances = sum(&scan.holdings, &known, epoch);
    scan
}

fn read_mints(mints: &[(Pubkey, &[u8])], skipped: &mut Vec<Skip>) -> BTreeMap<Pubkey, Mint> {
    let mut known = BTreeMap::new();
    for &(address, data) in mints {
        match Mint::decode(data) {
            Ok(mint) => {
                known.entry(address).or_insert(mint);
            }
            Err(error) => skipped.push(Skip {
                address,
                reason: SkipReason::DamagedMint,
                detail: error.to_string(),
            }),
        }
    }
    known
}

/// Returns a token account of `wallet`, or why it doesn't count.
fn read(wallet: &Pubkey, account: &RawAccount) -> Result<Holding, (SkipReason, String)> {
    let plain = |reason| Err((reason, String::new()));
    let data = account.data;
    if account.program != program::TOKEN && account.program != program::TOKEN_2022 {
        return plain(SkipReason::OtherProgram);
    }
    let extended = account.program == program::TOKEN_2022 && data.len() > ACCOUNT_TYPE;
    if data.len() == MULTISIG_SIZE {
        return plain(SkipReason::Multisig);
    }
    if data.len() == MINT_SIZE || extended && data[ACCOUNT_TYPE] == 1 {
        return plain(SkipReason::Mint);
    }
    match Holding::decode(account) {
        Ok(None) => plain(SkipReason::Uninitialised),
        Ok(Some(holding)) if holding.owner != *wallet => plain(SkipReason::OtherOwner),
        Ok(Some(holding)) => Ok(holding),
        Err(error) => Err((SkipReason::Damaged, error.to_string())),
    }
}

fn sum(holdings: &[Holding], known: &BTreeMap<Pubkey, Mint>, epoch: u64) -> Vec<MintBalance> {
    let mut balances: BTreeMap<Pubkey, MintBalance> = BTreeMap::new();
    for holding in holdings {
        let mint = known.get(&holding.mint);
        let balance = balances.entry(holding.mint).or_insert_with(|| MintBalance {
            mint: holding.mint,
            program: holding.program,
            decimals: mint.map(|mint| mint.decimals),
            accounts: 0,
            total: 0,
            frozen: 0,
            delegated: 0,
            spendable: 0,
            withheld: 0,
            wrapped: 0,
            arrives: mint.map(|_| 0),
        });
        let fee = mint
            .and_then(|mint| mint.transfer_fee)
            .map(|fee| fee.at(epoch));
        let amount = u128::from(holding.amount);
        let spendable = if holding.frozen { 0 } else { holding.amount };
        let kept = fee.map_or(0, |fee| fee.fee(spendable));
        balance.accounts += 1;
        balance.total += amount;
        balance.frozen += amount - u128::from(spendable);
        balance.delegated += u128::from(holding.delegated_amount.min(holding.amount));
        balance.spendable += u128::from(spendable);
        balance.withheld += u128::from(holding.withheld);
        if holding.native_reserve.is_some() {
            balance.wrapped += amount;
        }
        if let Some(arrives) = &mut balance.arrives {
            *arrives += u128::from(spendable - kept);
        }
    }
    balances.into_values().collect()
}

#[cfg(test)]
mod tests;
