//! What a node's JSON says of a transaction. Sample payloads stand beside each reader.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::message::{Instruction, Loaded, byte, decimal, instruction, message, resolved};
use crate::chain::base58::{Pubkey, Signature};
use crate::exchanges::DecodeError;
use crate::exchanges::frame::{Field, Kind};

/// Most calls of a transaction: 64 times what the runtime allows.
pub(super) const MAX_CALLS: usize = 4096;

/// An object with `transaction` and `meta`, and what stands around it.
pub(super) struct Entry<'f, 'a> {
    field: Field<'f, 'a>,
    slot: Option<u64>,
    signature: Option<Signature>,
}

/// A token account before and after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Balance {
    pub(super) mint: Pubkey,
    pub(super) before: u64,
    pub(super) after: u64,
}

/// Token accounts that the transaction names, and decimals of their mints. Only looked up, never walked.
#[derive(Default)]
pub(super) struct Balances {
    pub(super) accounts: HashMap<Pubkey, Balance>,
    pub(super) decimals: HashMap<Pubkey, u8>,
}

/// A transaction as the node gives it.
pub(super) struct Raw<'a> {
    pub(super) signature: Option<Signature>,
    pub(super) slot: Option<u64>,
    pub(super) signer: Option<Pubkey>,
    pub(super) fee: u64,
    pub(super) compute_units: Option<u64>,
    pub(super) error: Option<String>,
    pub(super) top: Vec<Instruction>,
    /// Of each instruction those that it asked for; empty too where the node doesn't say.
    pub(super) inner: Vec<Vec<Instruction>>,
    pub(super) logs: Option<Vec<Cow<'a, str>>>,
    pub(super) balances: Balances,
}

/// `{"result":{"slot":5,"transaction":…,"meta":…}}`; `{"params":{"result":{"value":{"slot":5,"block":{"transactions":[…]}}}}}`;
/// `{"params":{"result":{"signature":"…","slot":5,"transaction":{"transaction":…,"meta":…}}}}`; or what stands in them.
pub(super) fn entries<'f, 'a>(root: Field<'f, 'a>) -> Result<Vec<Entry<'f, 'a>>, DecodeError> {
    let [error, params, result] = root.fields(["error", "params", "result"])?;
    if error.optional().is_some() {
        return Err(error.wrong());
    }
    let body = if !params.absent() {
        params.get("result")?
    } else if !result.absent() {
        result
    } else {
        root
    };
    let [value, transactions, transaction, slot, signature] =
        body.fields(["value", "transactions", "transaction", "slot", "signature"])?;
    if let Some(value) = value.optional() {
        let [slot, block] = value.fields(["slot", "block"])?;
        let slot = slot.optional().map(Field::u64).transpose()?;
        return match block.optional() {
            Some(block) => each(block.get("transactions")?, slot),
            None => Ok(Vec::new()),
        };
    }
    if !transactions.absent() {
        return each(transactions, None);
    }
    let slot = slot.optional().map(Field::u64).transpose()?;
    let nested = transaction.kind == Kind::Object && !transaction.get("meta")?.absent();
    let (field, signature) = if nested {
        let signature = signature.optional().map(Field::signature);
        (transaction, signature.transpose()?)
    } else {
        (body, None)
    };
    Ok(vec![Entry {
        field,
        slot,
        signature,
    }])
}

fn each<'f, 'a>(list: Field<'f, 'a>, slot: Option<u64>) -> Result<Vec<Entry<'f, 'a>>, DecodeError> {
    let entry = |field| Entry {
        field,
        slot,
        signature: None,
    };
    Ok(list.items()?.map(entry).collect())
}

/// `{"transaction":…,"meta":{"err":null,"fee":5000,"logMessages":[…],"innerInstructions":[…],…}}`
pub(super) fn transaction<'a>(entry: &Entry<'_, 'a>) -> Result<Raw<'a>, DecodeError> {
    let [transaction, meta] = entry.field.fields(["transaction", "meta"])?;
    let [
        loaded_addresses,
        inner,
        before,
        after,
        logs,
        err,
        fee,
        units,
    ] = meta.fields([
        "loadedAddresses",
        "innerInstructions",
        "preTokenBalances",
        "postTokenBalances",
        "logMessages",
        "err",
        "fee",
        "computeUnitsConsumed",
    ])?;
    let message = message(transaction, loaded_keys(loaded_addresses)?)?;
    if message.instructions.len() > MAX_CALLS {
        return Err(transaction.wrong());
    }
    let keys = &message.keys;
    let inner = inner_of(inner, message.instructions.len(), keys)?;
    let balances = balances(before, after, keys)?;
    let logs = logs
        .optional()
        .map(|logs| logs.items()?.map(Field::text).collect());
    Ok(Raw {
        signature: entry.signature.or(message.signature),
        slot: entry.slot,
        signer: keys.first().copied(),
        logs: logs.transpose()?,
        error: err.optional().map(error).transpose()?,
        fee: fee.u64()?,
        compute_units: units.optional().map(Field::u64).transpose()?,
        top: message.instructions,
        inner,
        balances,
    })
}

/// `{"writable":["…"],"readonly":["…"]}`
pub(super) fn loaded_keys(loaded: Field<'_, '_>) -> Result<Loaded, DecodeError> {
    let Some(loaded) = loaded.optional() else {
        return Ok(None);
    };
    let [writable, readonly] = loaded.fields(["writable", "readonly"])?;
    let keys = |list: Field<'_, '_>| list.items()?.map(Field::pubkey).collect::<Result<_, _>>();
    Ok(Some((keys(writable)?, keys(readonly)?)))
}

/// `[{"index":1,"instructions":[…]}]`
fn inner_of(
    given: Field<'_, '_>,
    count: usize,
    keys: &[Pubkey],
) -> Result<Vec<Vec<Instruction>>, DecodeError> {
    let mut inner = vec![Vec::new(); count];
    let mut calls = count;
    let Some(given) = given.optional() else {
        return Ok(inner);
    };
    for of_one in given.items()? {
        let [index, instructions] = of_one.fields(["index", "instructions"])?;
        let at = usize::try_from(index.u64()?).ok();
        let list = at.and_then(|at| inner.get_mut(at));
        let list = list.ok_or_else(|| index.wrong())?;
        for each in instructions.items()? {
            calls += 1;
            if calls > MAX_CALLS {
                return Err(instructions.wrong());
            }
            list.push(instruction(each, keys)?);
        }
    }
    Ok(inner)
}

/// `[{"accountIndex":2,"mint":"…","uiTokenAmount":{"amount":"7887313383765","decimals":6}}]`, before and after.
fn balances(
    before: Field<'_, '_>,
    after: Field<'_, '_>,
    keys: &[Pubkey],
) -> Result<Balances, DecodeError> {
    let mut found = Balances::default();
    for (list, is_after) in [(before, false), (after, true)] {
        let Some(list) = list.optional() else {
            continue;
        };
        for each in list.items()? {
            let [index, mint, amount] = each.fields(["accountIndex", "mint", "uiTokenAmount"])?;
            let (account, mint) = (resolved(index, keys)?, mint.pubkey()?);
            let [amount, decimals] = amount.fields(["amount", "decimals"])?;
            let (amount, decimals) = (decimal(amount)?, byte(decimals)?);
            found.decimals.entry(mint).or_insert(decimals);
            let fresh = Balance {
                mint,
                before: 0,
                after: 0,
            };
            let balance = found.accounts.entry(account).or_insert(fresh);
            if balance.mint != mint {
                *balance = fresh; // closed and opened again for another mint
            }
            *if is_after {
                &mut balance.after
            } else {
                &mut balance.before
            } = amount;
        }
    }
    Ok(found)
}

/// `{"InstructionError":[2,{"Custom":6001}]}`, `{"InsufficientFundsForRent":{"account_index":2}}`, `"AccountInUse"`
fn error(err: Field<'_, '_>) -> Result<String, DecodeError> {
    if err.kind != Kind::Object {
        return err.text().map(Cow::into_owned);
    }
    let [of_instruction, rent, duplicate, restricted] = err.fields([
        "InstructionError",
        "InsufficientFundsForRent",
        "DuplicateInstruction",
        "ProgramExecutionTemporarilyRestricted",
    ])?;
    for indexed in [rent, restricted] {
        if !indexed.absent() {
            let account = indexed.get("account_index")?.u64()?;
            return Ok(format!("{} {account}", indexed.name));
        }
    }
    if !duplicate.absent() {
        return Ok(format!("{} {}", duplicate.name, duplicate.u64()?));
    }
    if of_instruction.absent() {
        return Err(err.wrong());
    }
    let mut pair = of_instruction.items()?;
    let (Some(index), Some(why)) = (pair.next(), pair.next()) else {
        return Err(of_instruction.wrong());
    };
    let index = index.u64()?;
    let why = if why.kind == Kind::Object {
        let [custom, borsh] = why.fields(["Custom", "BorshIoError"])?;
        if borsh.absent() {
            format!("Custom {}", custom.u64()?)
        } else {
            "BorshIoError".to_owned()
        }
    } else {
        why.text()?.into_owned()
    };
    Ok(format!("InstructionError {index}: {why}"))
}
