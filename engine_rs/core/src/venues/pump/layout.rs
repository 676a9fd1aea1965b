//! Accounts of Pump AMM: the pool, the program's configuration, the fee program's schedule.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
const CONFIG: [u8; 8] = [0x95, 0x08, 0x9c, 0xca, 0xa0, 0xfc, 0xb0, 0xd9];
const FEE_CONFIG: [u8; 8] = [0x8f, 0x34, 0x92, 0xbb, 0xdb, 0x7b, 0x4c, 0x9b];
/// Without the fields that accounts got since: the creator, the modes, the virtual reserves.
const FIRST_POOL_SIZE: usize = 211;
const TIERS_AT: usize = 69;
const TIER_SIZE: usize = 40;
const BASIS_POINTS: u64 = 10_000;

/// A pool of Pump AMM. Base is token A, quote token B; all fees are in quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PumpPool {
    pub index: u16,
    pub creator: Pubkey,
    pub base_mint: Pubkey,
    pub quote_mint: Pubkey,
    pub lp_mint: Pubkey,
    pub base_vault: Pubkey,
    pub quote_vault: Pubkey,
    pub lp_supply: u64,
    /// Who gets the creator's fee; zero: nobody, and there is none.
    pub coin_creator: Pubkey,
    pub is_mayhem: bool,
    pub is_cashback: bool,
    /// What to add to the quote vault's balance for the price. Negative where fees wait in the vault.
    pub virtual_quote_reserves: i128,
}

impl PumpPool {
    /// Returns the fields; what an account written before a field existed lacks is zero.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("pump_pool", data, POOL, FIRST_POOL_SIZE)?;
        let has = |end: usize| data.len() >= end;
        Ok(Self {
            index: read.u16(9),
            creator: read.key(11),
            base_mint: read.key(43),
            quote_mint: read.key(75),
            lp_mint: read.key(107),
            base_vault: read.key(139),
            quote_vault: read.key(171),
            lp_supply: read.u64(203),
            coin_creator: if has(243) { read.key(211) } else { [0; 32] },
            is_mayhem: has(244) && read.u8(243) != 0,
            is_cashback: has(245) && read.u8(244) != 0,
            virtual_quote_reserves: if has(261) { read.i128(245) } else { 0 },
        })
    }
}

/// Fees in bps of what the curve takes or gives in quote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PumpFees {
    /// Stays in the pool.
    pub lp: u64,
    pub protocol: u64,
    pub creator: u64,
}

impl PumpFees {
    fn read(layout: &'static str, read: Reader<'_>, at: usize) -> Result<Self, LayoutError> {
        let fees = Self {
            lp: read.u64(at),
            protocol: read.u64(at + 8),
            creator: read.u64(at + 16),
        };
        fees.check(layout)
    }

    fn check(self, layout: &'static str) -> Result<Self, LayoutError> {
        let bounded = |(field, was): (&'static str, u64)| {
            if was <= BASIS_POINTS {
                return Ok(());
            }
            Err(LayoutError::field(layout, field, was))
        };
        [
            ("lp_fee_bps", self.lp),
            ("protocol_fee_bps", self.protocol),
            ("creator_fee_bps", self.creator),
        ]
        .into_iter()
        .try_for_each(bounded)?;
        Ok(self)
    }
}

/// `GlobalConfig` of Pump AMM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PumpConfig {
    /// Bit 3 (value 8): buys are off; bit 4 (value 16): sells.
    pub disable_flags: u8,
    /// Those before the fee program.
    pub fees: PumpFees,
}

impl PumpConfig {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, or a fee beyond the whole.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("pump_config", data, CONFIG, 321)?;
        let fees = PumpFees {
            lp: read.u64(40),
            protocol: read.u64(48),
            creator: read.u64(313),
        };
        Ok(Self {
            disable_flags: read.u8(56),
            fees: fees.check("pump_config")?,
        })
    }
}

/// `FeeConfig` of the Pump fee program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PumpFeeConfig {
    /// Of pools that Pump didn't make.
    pub flat: PumpFees,
    /// (least market cap in quote atoms, fees), ascending.
    pub tiers: Vec<(u128, PumpFees)>,
}

impl PumpFeeConfig {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, a fee beyond the whole, or tiers that don't ascend.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        const LAYOUT: &str = "pump_fee_config";
        let head = Reader::tagged(LAYOUT, data, FEE_CONFIG, TIERS_AT)?;
        let count = head.u32(TIERS_AT - 4);
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_mul(TIER_SIZE)?.checked_add(TIERS_AT))
            .ok_or_else(|| LayoutError::field(LAYOUT, "fee_tiers", count))?;
        let read = Reader::at_least(LAYOUT, data, end)?;
        let tier = |at: usize| Ok((read.u128(at), PumpFees::read(LAYOUT, read, at + 16)?));
        let flat = PumpFees::read(LAYOUT, head, 41)?;
        let tiers = (TIERS_AT..end).step_by(TIER_SIZE).map(tier);
        let tiers: Vec<_> = tiers.collect::<Result<_, LayoutError>>()?;
        if let Some(pair) = tiers.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            return Err(LayoutError::field(LAYOUT, "fee_tiers", pair[1].0));
        }
        Ok(Self { flat, tiers })
    }
}
