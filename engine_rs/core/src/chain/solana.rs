//! Solana JSON-RPC over WebSocket and HTTP. Sample payloads stand beside each reader.
//!
//! One file: a reader for each method, a few lines each, over the same two helpers.

use base64_simd::STANDARD;

use super::fast;
use super::session::{Method, Pending, SolanaSession, Subscription};
use crate::chain::base58::Pubkey;
use crate::chain::tx_parser::receipt;
use crate::exchanges::event::{Commitment, Event, TransactionStatus};
use crate::exchanges::frame::{Field, Frame, Kind};
use crate::exchanges::{DecodeError, Direction};

/// Returns what one frame to or from a Solana node says; several events if it lists several accounts.
///
/// A frame we sent is remembered in the session. A frame of an older generation, a reply nobody waits for and a
/// notification nobody subscribed to are `Ignored`.
///
/// # Errors
/// A `DecodeError` if the frame isn't JSON-RPC or not what its method answers; the request then counts as answered.
pub fn decode_solana<'a>(
    session: &mut SolanaSession,
    conn: u32,
    generation: u32,
    direction: Direction,
    body: &'a [u8],
) -> Result<Vec<Event<'a>>, DecodeError> {
    if direction == Direction::In
        && session.is_at(generation)
        && let Some(event) = fast::account(session, body)
    {
        return Ok(vec![event]);
    }
    decode_strictly(session, conn, generation, direction, body)
}

/// The same, whatever the form of the frame.
pub(crate) fn decode_strictly<'a>(
    session: &mut SolanaSession,
    conn: u32,
    generation: u32,
    direction: Direction,
    body: &'a [u8],
) -> Result<Vec<Event<'a>>, DecodeError> {
    let frame = Frame::read(body)?;
    let frame = frame.root();
    if !session.enter(generation) {
        return Ok(vec![Event::Ignored]);
    }
    if direction == Direction::Out {
        return request(session, conn, frame).map(|()| vec![Event::Ignored]);
    }
    let [method, params, id, result, error] =
        frame.fields(["method", "params", "id", "result", "error"])?;
    if !method.absent() {
        return notification(session, &method.text()?, params).map(|event| vec![event]);
    }
    let asked = id.u64().ok().and_then(|id| session.answer(conn, id));
    if error.optional().is_some() {
        return refusal(error, asked.as_ref()).map(|event| vec![event]);
    }
    if result.absent() {
        return Err(result.wrong());
    }
    match asked {
        Some(asked) => reply(session, &asked, result),
        None => Ok(vec![Event::Ignored]),
    }
}

/// `{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["<key>",{"encoding":"base64"}]}`
fn request(
    session: &mut SolanaSession,
    conn: u32,
    frame: Field<'_, '_>,
) -> Result<(), DecodeError> {
    let [id, method, params] = frame.fields(["id", "method", "params"])?;
    let Some(id) = id.optional() else {
        return Ok(());
    };
    let id = id.u64()?;
    let method = Method::named(&method.text()?);
    let mut asked = Pending {
        method,
        keys: vec![],
        signatures: vec![],
        percentile: None,
        subscription: None,
    };
    let given: Vec<_> = match params.optional() {
        Some(params) if method.is_read() => params.items()?.collect(),
        _ => vec![],
    };
    let first = given.first().copied().unwrap_or(params.without());
    match method {
        Method::AccountSubscribe | Method::ProgramSubscribe | Method::GetProgramAccounts => {
            asked.keys.push(first.pubkey()?);
        }
        Method::SignatureSubscribe | Method::GetTransaction => {
            asked.signatures.push(first.signature()?);
        }
        Method::GetMultipleAccounts => {
            asked.keys = first
                .items()?
                .map(Field::pubkey)
                .collect::<Result<_, _>>()?;
        }
        Method::GetSignatureStatuses => {
            asked.signatures = first
                .items()?
                .map(Field::signature)
                .collect::<Result<_, _>>()?;
        }
        Method::GetRecentPrioritizationFees => {
            asked.percentile = percentile(&given)?;
            if first.kind == Kind::Array {
                asked.keys = first
                    .items()?
                    .map(Field::pubkey)
                    .collect::<Result<_, _>>()?;
            }
        }
        Method::LogsSubscribe => asked.keys = mentions(first)?,
        Method::AccountUnsubscribe
        | Method::ProgramUnsubscribe
        | Method::LogsUnsubscribe
        | Method::SlotUnsubscribe
        | Method::SignatureUnsubscribe => asked.subscription = Some(first.u64()?),
        Method::SlotSubscribe
        | Method::GetSlot
        | Method::GetLatestBlockhash
        | Method::GetPriorityFeeEstimate
        | Method::EstimatePriorityFees
        | Method::Other => {}
    }
    session.ask(conn, id, asked);
    Ok(())
}

/// `{"mentions":["<key>"]}`; no key for the logs of all.
fn mentions(filter: Field<'_, '_>) -> Result<Vec<Pubkey>, DecodeError> {
    if filter.kind != Kind::Object {
        return Ok(vec![]);
    }
    filter
        .get("mentions")?
        .items()?
        .map(Field::pubkey)
        .collect()
}

/// `[["<key>"],{"percentile":5000}]`: basis points, 1..=10000; without it a node answers with the minimum.
fn percentile(params: &[Field<'_, '_>]) -> Result<Option<u16>, DecodeError> {
    for param in params {
        if param.kind == Kind::Object
            && let Some(percentile) = param.get("percentile")?.optional()
        {
            return match u16::try_from(percentile.u64()?) {
                Ok(points @ 1..=10_000) => Ok(Some(points)),
                _ => Err(percentile.wrong()),
            };
        }
    }
    Ok(None)
}

/// `{"code":-32602,"message":"Invalid params"}`
fn refusal<'a>(error: Field<'_, 'a>, asked: Option<&Pending>) -> Result<Event<'a>, DecodeError> {
    let [code, message] = error.fields(["code", "message"])?;
    Ok(Event::Error {
        code: code.i64()?,
        message: message.text()?,
        method: asked.map_or("", |asked| asked.method.name()),
        key: asked.and_then(|asked| asked.keys.first().copied()),
    })
}

fn reply<'a>(
    session: &mut SolanaSession,
    asked: &Pending,
    result: Field<'_, 'a>,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let method = asked.method;
    let event = match method {
        Method::AccountSubscribe
        | Method::ProgramSubscribe
        | Method::LogsSubscribe
        | Method::SlotSubscribe
        | Method::SignatureSubscribe => subscribed(session, asked, result.u64()?),
        Method::AccountUnsubscribe
        | Method::ProgramUnsubscribe
        | Method::LogsUnsubscribe
        | Method::SlotUnsubscribe
        | Method::SignatureUnsubscribe => {
            if let (true, Some(id)) = (result.boolean()?, asked.subscription) {
                session.unsubscribe(id);
            }
            Event::Subscribed {
                method: method.name(),
                key: None,
                subscription: asked.subscription,
            }
        }
        Method::GetMultipleAccounts => return multiple_accounts(&asked.keys, result),
        Method::GetProgramAccounts => return program_accounts(result),
        Method::GetSignatureStatuses => return signature_statuses(asked, result),
        Method::GetSlot => Event::CurrentSlot {
            slot: result.u64()?,
        },
        Method::GetLatestBlockhash => blockhash(result)?,
        Method::GetRecentPrioritizationFees => fee_samples(asked, result)?,
        Method::GetTransaction => match (result.optional(), asked.signatures.first()) {
            (Some(result), Some(signature)) => receipt(signature, result)?,
            _ => Event::Ignored,
        },
        Method::GetPriorityFeeEstimate => fee_levels(method, result)?,
        Method::EstimatePriorityFees => fee_percentiles(method, result)?,
        Method::Other => Event::Ignored,
    };
    Ok(vec![event])
}

fn subscribed<'a>(session: &mut SolanaSession, asked: &Pending, id: u64) -> Event<'a> {
    let about = asked.keys.first().copied();
    let key = about.filter(|_| asked.method != Method::LogsSubscribe);
    let subscription = match (asked.method, about, asked.signatures.first()) {
        (Method::AccountSubscribe | Method::LogsSubscribe, Some(key), _) => {
            Subscription::Account(key)
        }
        (Method::SignatureSubscribe, _, Some(signature)) => Subscription::Signature(*signature),
        _ => Subscription::Other,
    };
    session.subscribe(id, subscription);
    Event::Subscribed {
        method: asked.method.name(),
        key,
        subscription: Some(id),
    }
}

/// `{"context":{"slot":5},"value":[{…},null]}`, in the order of the keys asked for.
fn multiple_accounts<'a>(
    keys: &[Pubkey],
    result: Field<'_, 'a>,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let (slot, value) = in_context(result)?;
    let entries = value.items()?;
    let count = entries.clone().count();
    if count != keys.len() {
        return Err(DecodeError::Field {
            field: value.name,
            was: format!("{} accounts for {} keys", count, keys.len()),
        });
    }
    let pairs = keys.iter().zip(entries);
    pairs
        .map(|(&key, entry)| match entry.optional() {
            Some(entry) => account(key, slot, entry),
            None => Ok(Event::AccountMissing { key, slot }),
        })
        .collect()
}

/// `[{"pubkey":"…","account":{…}}]`, or the same inside a context.
fn program_accounts<'a>(result: Field<'_, 'a>) -> Result<Vec<Event<'a>>, DecodeError> {
    let (slot, value) = match result.kind {
        Kind::Array => (None, result),
        _ => in_context(result).map(|(slot, value)| (Some(slot), value))?,
    };
    let keyed = |entry: Field<'_, 'a>| {
        let [key, state] = entry.fields(["pubkey", "account"])?;
        let key = key.pubkey()?;
        let AccountState {
            lamports,
            owner,
            data,
        } = account_state(state)?;
        Ok(match slot {
            Some(slot) => Event::Account {
                key,
                slot,
                lamports,
                owner,
                data,
            },
            None => Event::AccountUndated {
                key,
                lamports,
                owner,
                data,
            },
        })
    };
    value.items()?.map(keyed).collect()
}

struct AccountState {
    lamports: u64,
    owner: Pubkey,
    data: Vec<u8>,
}

/// `{"lamports":1,"owner":"…","data":["…","base64"],"executable":false,"rentEpoch":18446744073709551615,"space":0}`
fn account_state(value: Field<'_, '_>) -> Result<AccountState, DecodeError> {
    let [lamports, owner, data] = value.fields(["lamports", "owner", "data"])?;
    Ok(AccountState {
        lamports: lamports.u64()?,
        owner: owner.pubkey()?,
        data: account_data(data)?,
    })
}

fn account<'a>(key: Pubkey, slot: u64, value: Field<'_, '_>) -> Result<Event<'a>, DecodeError> {
    let AccountState {
        lamports,
        owner,
        data,
    } = account_state(value)?;
    Ok(Event::Account {
        key,
        slot,
        lamports,
        owner,
        data,
    })
}

fn account_data(data: Field<'_, '_>) -> Result<Vec<u8>, DecodeError> {
    if data.kind == Kind::Object {
        return Err(DecodeError::Encoding {
            encoding: "jsonParsed".to_owned(),
        });
    }
    let mut pair = data.items()?;
    let (Some(text), Some(encoding), None) = (pair.next(), pair.next(), pair.next()) else {
        return Err(data.wrong());
    };
    let encoding = encoding.text()?;
    if encoding != "base64" {
        return Err(DecodeError::Encoding {
            encoding: encoding.chars().take(40).collect(),
        });
    }
    let plain = text.text()?;
    STANDARD
        .decode_to_vec(plain.as_bytes())
        .map_err(|_| text.wrong())
}

/// `{"context":{"slot":5},"value":…}`
fn in_context<'f, 'a>(result: Field<'f, 'a>) -> Result<(u64, Field<'f, 'a>), DecodeError> {
    let [context, value] = result.fields(["context", "value"])?;
    Ok((context.get("slot")?.u64()?, value))
}

/// `{"context":{"slot":5},"value":{"blockhash":"…","lastValidBlockHeight":9}}`
fn blockhash<'a>(result: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let (slot, value) = in_context(result)?;
    let [hash, height] = value.fields(["blockhash", "lastValidBlockHeight"])?;
    Ok(Event::Blockhash {
        slot,
        blockhash: hash.pubkey()?,
        last_valid_block_height: height.u64()?,
    })
}

/// `[{"slot":5,"prioritizationFee":0}]`
fn fee_samples<'a>(asked: &Pending, result: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let sample = |entry: Field<'_, '_>| {
        let [slot, fee] = entry.fields(["slot", "prioritizationFee"])?;
        Ok((slot.u64()?, fee.u64()?))
    };
    let samples = result.items()?.map(sample).collect::<Result<_, _>>()?;
    Ok(Event::FeeSamples {
        percentile: asked.percentile,
        accounts: asked.keys.clone(),
        samples,
    })
}

/// `{"priorityFeeLevels":{"min":0.0,"low":2.0,"medium":10082.0,"high":100000.0,"veryHigh":1000000.0,…}}`, or only the
/// medium one as `{"priorityFeeEstimate":10082.0}`. The lowest and the highest that landed are no offers.
fn fee_levels<'a>(method: Method, result: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [levels, estimate] = result.fields(["priorityFeeLevels", "priorityFeeEstimate"])?;
    let levels = if levels.optional().is_some() {
        let [low, medium, high, highest] = levels.fields(["low", "medium", "high", "veryHigh"])?;
        vec![
            (25, low.scaled(0)?),
            (50, medium.scaled(0)?),
            (75, high.scaled(0)?),
            (95, highest.scaled(0)?),
        ]
    } else {
        vec![(50, estimate.scaled(0)?)]
    };
    Ok(Event::FeeEstimate {
        source: method.name(),
        slot: None,
        levels,
    })
}

/// `{"context":{"slot":5},"per_compute_unit":{"extreme":9,"high":7,"medium":5,"low":2,"percentiles":{"0":1,"5":1,…}}}`
fn fee_percentiles<'a>(method: Method, result: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [context, unit] = result.fields(["context", "per_compute_unit"])?;
    let [named, low, medium, high, extreme] =
        unit.fields(["percentiles", "low", "medium", "high", "extreme"])?;
    let levels = if named.optional().is_some() {
        let [a, b, c, d, e] = named.fields(["25", "50", "75", "90", "95"])?;
        vec![
            (25, a.scaled(0)?),
            (50, b.scaled(0)?),
            (75, c.scaled(0)?),
            (90, d.scaled(0)?),
            (95, e.scaled(0)?),
        ]
    } else {
        vec![
            (25, low.scaled(0)?),
            (50, medium.scaled(0)?),
            (75, high.scaled(0)?),
            (90, extreme.scaled(0)?),
        ]
    };
    Ok(Event::FeeEstimate {
        source: method.name(),
        slot: Some(context.get("slot")?.u64()?),
        levels,
    })
}

/// `{"context":{"slot":5},"value":[null,{"slot":4,"confirmations":1,"err":null,"confirmationStatus":"confirmed"}]}`
fn signature_statuses<'a>(
    asked: &Pending,
    result: Field<'_, 'a>,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let (slot, value) = in_context(result)?;
    let entries = value.items()?;
    let count = entries.clone().count();
    let wanted = &asked.signatures;
    if count != wanted.len() {
        let was = format!("{} statuses for {} signatures", count, wanted.len());
        return Err(DecodeError::Field {
            field: value.name,
            was,
        });
    }
    let known = |(&signature, entry): (_, Field<'_, 'a>)| {
        let status = entry.optional().map(transaction_status).transpose()?;
        Ok(Event::SignatureStatus {
            signature,
            slot,
            status,
        })
    };
    wanted.iter().zip(entries).map(known).collect()
}

fn transaction_status(entry: Field<'_, '_>) -> Result<TransactionStatus, DecodeError> {
    let [slot, err, status] = entry.fields(["slot", "err", "confirmationStatus"])?;
    Ok(TransactionStatus {
        slot: slot.u64()?,
        failed: failed(err)?,
        commitment: status.optional().map(commitment).transpose()?,
    })
}

fn commitment(status: Field<'_, '_>) -> Result<Commitment, DecodeError> {
    match &*status.text()? {
        "processed" => Ok(Commitment::Processed),
        "confirmed" => Ok(Commitment::Confirmed),
        "finalized" => Ok(Commitment::Finalized),
        _ => Err(status.wrong()),
    }
}

/// `null`, or what went wrong as text or an object.
fn failed(err: Field<'_, '_>) -> Result<bool, DecodeError> {
    match err.kind {
        Kind::Null => Ok(false),
        Kind::Text | Kind::Escaped | Kind::Object => Ok(true),
        _ => Err(err.wrong()),
    }
}

/// `{"jsonrpc":"2.0","method":"accountNotification","params":{"result":…,"subscription":7}}`
fn notification<'a>(
    session: &mut SolanaSession,
    method: &str,
    params: Field<'_, 'a>,
) -> Result<Event<'a>, DecodeError> {
    let [result, subscription] = params.fields(["result", "subscription"])?;
    let id = subscription.u64()?;
    match method {
        "accountNotification" => match session.account(id) {
            Some(key) => in_context(result).and_then(|(slot, value)| account(key, slot, value)),
            None => Ok(Event::Ignored),
        },
        "programNotification" => {
            let (slot, value) = in_context(result)?;
            let [key, state] = value.fields(["pubkey", "account"])?;
            account(key.pubkey()?, slot, state)
        }
        "slotNotification" => {
            let [slot, parent, root] = result.fields(["slot", "parent", "root"])?;
            Ok(Event::Slot {
                slot: slot.u64()?,
                parent: parent.u64()?,
                root: root.u64()?,
            })
        }
        "logsNotification" => logs(session.account(id), result),
        "signatureNotification" => signature(session, id, result),
        _ => Ok(Event::Ignored),
    }
}

/// `{"context":{"slot":5},"value":{"signature":"…","err":null,"logs":["Program … invoke [1]"]}}`
fn logs<'a>(mentions: Option<Pubkey>, result: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let (slot, value) = in_context(result)?;
    let [signature, err, lines] = value.fields(["signature", "err", "logs"])?;
    Ok(Event::Logs {
        slot,
        signature: signature.signature()?,
        failed: failed(err)?,
        logs: lines.items()?.map(Field::text).collect::<Result<_, _>>()?,
        mentions,
    })
}

/// `{"context":{"slot":5},"value":{"err":null}}`, which ends the subscription, or `"receivedSignature"` as value.
fn signature<'a>(
    session: &mut SolanaSession,
    id: u64,
    result: Field<'_, 'a>,
) -> Result<Event<'a>, DecodeError> {
    let Some(&Subscription::Signature(signature)) = session.subscription(id) else {
        return Ok(Event::Ignored);
    };
    let (slot, value) = in_context(result)?;
    if let Kind::Text | Kind::Escaped = value.kind {
        return if value.text()? == "receivedSignature" {
            Ok(Event::SignatureReceived { signature, slot })
        } else {
            Err(value.wrong())
        };
    }
    let failed = failed(value.get("err")?)?;
    session.unsubscribe(id);
    let status = Some(TransactionStatus {
        slot,
        failed,
        commitment: None,
    });
    Ok(Event::SignatureStatus {
        signature,
        slot,
        status,
    })
}
