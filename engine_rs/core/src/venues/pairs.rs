//! Which pool addresses a pair of mints can have on mainnet.

use crate::chain::base58::Pubkey;
use crate::chain::pda::{Derivation, PdaError, find};
use crate::venues::clmm::owned::RAYDIUM_CLMM;
use crate::venues::cpmm::owned::RAYDIUM_CPMM;
use crate::venues::orca::owned::{WHIRLPOOL, WHIRLPOOLS_CONFIG};

/// Fee tiers with pools: the tick spacing, or 1024 + one for adaptive fees; 32896 is the full-range one.
const WHIRLPOOL_TIERS: [u16; 10] = [1, 2, 4, 8, 16, 64, 96, 128, 256, 32_896];
const CPMM_CONFIGS: [u16; 4] = [0, 1, 2, 3];
const CLMM_CONFIGS: [u16; 7] = [0, 1, 2, 3, 4, 7, 8];

/// The configs under which Raydium opens pools, derived once.
#[derive(Clone, Debug)]
pub struct Pools {
    raydium: Vec<(Pubkey, Pubkey)>,
}

impl Pools {
    /// Returns the configs of mainnet.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn mainnet() -> Result<Self, PdaError> {
        let cpmm = CPMM_CONFIGS.iter().map(|index| (RAYDIUM_CPMM, index));
        let clmm = CLMM_CONFIGS.iter().map(|index| (RAYDIUM_CLMM, index));
        let config = |(program, index): (Pubkey, &u16)| {
            let (config, _) = find(&[b"amm_config", &index.to_be_bytes()], &program)?;
            Ok((program, config))
        };
        let raydium = cpmm.chain(clmm).map(config).collect::<Result<_, _>>()?;
        Ok(Self { raydium })
    }

    /// Returns what the pools of two mints, in any order, are derived from: Whirlpools by fee tier, then CPMM and CLMM
    /// by config.
    pub fn of(&self, mint_a: &Pubkey, mint_b: &Pubkey) -> Vec<Derivation> {
        let (low, high) = (mint_a.min(mint_b), mint_a.max(mint_b));
        let orca = WHIRLPOOL_TIERS.iter().map(|tier| {
            let tier = tier.to_le_bytes();
            let seeds: [&[u8]; 5] = [b"whirlpool", &WHIRLPOOLS_CONFIG, low, high, &tier];
            derivation(WHIRLPOOL, &seeds)
        });
        let raydium = self
            .raydium
            .iter()
            .map(|(program, config)| derivation(*program, &[b"pool", config, low, high]));
        orca.chain(raydium).collect()
    }
}

fn derivation(program: Pubkey, seeds: &[&[u8]]) -> Derivation {
    Derivation {
        program,
        seeds: seeds.iter().map(|seed| seed.to_vec()).collect(),
    }
}
