//! Swaps of Pump AMM, by its published interface: no execution of this program is recorded.

use crate::build::instruction_builder::addresses::{associated_token_address, derived};
use crate::build::instruction_builder::{
    AccountMeta, BuildError, Instruction, SwapAmounts, User, known_token_program, payer, readonly,
    tagged, turned, writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::pda::PdaError;
use crate::chain::program::{ASSOCIATED_TOKEN, SYSTEM, TOKEN, WRAPPED_SOL};
use crate::venues::pump::owned::{
    PUMP_AMM, PUMP_AMM_CONFIG, PUMP_AMM_EVENTS, PUMP_AMM_VOLUME, PUMP_FEE_CONFIG, PUMP_FEES,
};

const BUY: [u8; 8] = [0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const BUY_EXACT_IN: [u8; 8] = [0xc6, 0x2e, 0x15, 0x52, 0xb4, 0xd9, 0xe8, 0x70];
const SELL: [u8; 8] = [0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const BUY_V2: [u8; 8] = [0xb8, 0x17, 0xee, 0x61, 0x67, 0xc5, 0xd3, 0x3d];
const BUY_EXACT_IN_V2: [u8; 8] = [0xc2, 0xab, 0x1c, 0x46, 0x68, 0x4d, 0x5b, 0x2f];
const SELL_V2: [u8; 8] = [0x5d, 0xf6, 0x82, 0x3c, 0xe7, 0xe9, 0x40, 0xb2];

/// What a pool and the program's config say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PumpPool {
    pub pool: Pubkey,
    pub base_mint: Pubkey,
    pub quote_mint: Pubkey,
    pub base_vault: Pubkey,
    pub quote_vault: Pubkey,
    pub base_program: Pubkey,
    pub quote_program: Pubkey,
    /// One of the wallets that the config names for the protocol's fee.
    pub fee_recipient: Pubkey,
    /// One of those it names for buying back.
    pub buyback_recipient: Pubkey,
    /// 32 zeros if the pool has none.
    pub coin_creator: Pubkey,
}

/// All accounts of one user's swaps on a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PumpAccounts {
    pub pool: PumpPool,
    pub fee_account: Pubkey,
    pub creator_vault: Pubkey,
    pub creator_account: Pubkey,
    pub user_volume: Pubkey,
    /// Of a coin whose creator's fee goes back to traders.
    pub cashback_account: Option<Pubkey>,
    /// Of a pool that has a creator.
    pub pool_v2: Option<Pubkey>,
    pub buyback_account: Pubkey,
}

impl PumpAccounts {
    /// Returns the accounts of `owner`'s swaps: a few derivations, to be done once.
    ///
    /// # Errors
    /// `TokenProgram` for a program that is no token program; those of `pda::find`.
    pub fn derive(
        pool: PumpPool,
        owner: &Pubkey,
        is_cashback_coin: bool,
    ) -> Result<Self, BuildError> {
        known_token_program(pool.base_program)?;
        known_token_program(pool.quote_program)?;
        let quote_account =
            |owner| associated_token_address(owner, &pool.quote_mint, &pool.quote_program);
        let creator_vault = pump_creator_vault(&pool.coin_creator)?;
        let user_volume = pump_user_volume(owner)?;
        let cashback_account = if is_cashback_coin {
            let account = associated_token_address(&user_volume, &WRAPPED_SOL, &TOKEN)?;
            Some(account)
        } else {
            None
        };
        let pool_v2 = if pool.coin_creator == [0; 32] {
            None
        } else {
            Some(pump_pool_v2(&pool.base_mint)?)
        };
        Ok(Self {
            pool,
            fee_account: quote_account(&pool.fee_recipient)?,
            creator_vault,
            creator_account: quote_account(&creator_vault)?,
            user_volume,
            cashback_account,
            pool_v2,
            buyback_account: quote_account(&pool.buyback_recipient)?,
        })
    }
}

/// Returns a purchase (`buy`) or sale of the base token. Fees are paid out at once; the trader's volume counts.
///
/// # Errors
/// `ExactOut` for a sale of an exact amount out.
pub fn pump_swap(
    accounts: &PumpAccounts,
    user: &User,
    amounts: SwapAmounts,
    buy: bool,
) -> Result<Instruction, BuildError> {
    let pool = &accounts.pool;
    let mut metas = head(pool, user, buy);
    metas.extend([readonly(pool.fee_recipient), writable(accounts.fee_account)]);
    metas.extend(
        [
            pool.base_program,
            pool.quote_program,
            SYSTEM,
            ASSOCIATED_TOKEN,
            PUMP_AMM_EVENTS,
            PUMP_AMM,
        ]
        .map(readonly),
    );
    metas.extend([
        writable(accounts.creator_account),
        readonly(accounts.creator_vault),
    ]);
    let volume = writable(accounts.user_volume);
    if buy {
        metas.extend([readonly(PUMP_AMM_VOLUME), volume]);
    }
    metas.extend([PUMP_FEE_CONFIG, PUMP_FEES].map(readonly));
    if let Some(cashback) = accounts.cashback_account {
        metas.push(writable(cashback));
        if !buy {
            metas.push(volume);
        }
    }
    metas.extend(accounts.pool_v2.map(readonly));
    metas.extend([
        readonly(pool.buyback_recipient),
        writable(accounts.buyback_account),
    ]);
    let mut data = data([BUY, BUY_EXACT_IN, SELL], amounts, buy)?;
    if buy {
        data.push(1);
    }
    Ok(instruction(metas, data))
}

/// Returns a purchase or sale by the newer, shorter instruction: fees stay in the pool until they are swept.
///
/// Token accounts, that of the buy-back included, must exist. The program refuses pools of cashback coins.
///
/// # Errors
/// `ExactOut` for a sale of an exact amount out.
pub fn pump_swap_v2(
    accounts: &PumpAccounts,
    user: &User,
    amounts: SwapAmounts,
    buy: bool,
) -> Result<Instruction, BuildError> {
    let pool = &accounts.pool;
    let mut metas = head(pool, user, buy);
    metas.extend([pool.base_program, pool.quote_program, SYSTEM].map(readonly));
    metas.extend([
        writable(accounts.user_volume),
        readonly(PUMP_FEE_CONFIG),
        writable(accounts.buyback_account),
        readonly(PUMP_AMM_EVENTS),
        readonly(PUMP_AMM),
    ]);
    let data = data([BUY_V2, BUY_EXACT_IN_V2, SELL_V2], amounts, buy)?;
    Ok(instruction(metas, data))
}

fn head(pool: &PumpPool, user: &User, buy: bool) -> Vec<AccountMeta> {
    let [user_base, user_quote] = turned([user.source, user.target], !buy);
    let mut metas = vec![writable(pool.pool), payer(user.owner)];
    metas.extend([PUMP_AMM_CONFIG, pool.base_mint, pool.quote_mint].map(readonly));
    metas.extend([user_base, user_quote, pool.base_vault, pool.quote_vault].map(writable));
    metas
}

fn data(
    [buy_out, buy_in, sell]: [[u8; 8]; 3],
    amounts: SwapAmounts,
    buy: bool,
) -> Result<Vec<u8>, BuildError> {
    let tag = match (buy, amounts.exact_in) {
        (true, false) => buy_out,
        (true, true) => buy_in,
        (false, true) => sell,
        (false, false) => return Err(BuildError::ExactOut("sale on Pump AMM")),
    };
    Ok(tagged(&tag, [amounts.amount, amounts.limit]))
}

fn instruction(accounts: Vec<AccountMeta>, data: Vec<u8>) -> Instruction {
    Instruction {
        program: PUMP_AMM,
        accounts,
        data,
    }
}

/// Returns who holds the fees of a coin's creator.
fn pump_creator_vault(creator: &Pubkey) -> Result<Pubkey, PdaError> {
    derived(&[b"creator_vault", creator], &PUMP_AMM)
}

/// Returns where a trader's volume is added up.
fn pump_user_volume(user: &Pubkey) -> Result<Pubkey, PdaError> {
    derived(&[b"user_volume_accumulator", user], &PUMP_AMM)
}

/// Returns the second account of a coin's pools.
fn pump_pool_v2(base_mint: &Pubkey) -> Result<Pubkey, PdaError> {
    derived(&[b"pool-v2", base_mint], &PUMP_AMM)
}
