//! OKX v5 public frames. Sample payloads stand beside each reader.
//!
//! A frame carries rows, so it may say more than one thing; a row of `books` from before 2026-06-23 is a depth message and
//! the sum of the book after it. Rules of the venue:
//! 1. `prevSeqId` is the `seqId` of the push before, −1 on a snapshot; one that is missing is not 0.
//! 2. A checksum of 0, or none, says nothing: they were retired.
//! 3. Numbers are text. One that is no integer at its scale is refused, not rounded.

use std::borrow::Cow;

use crate::exchanges::DecodeError;
use crate::exchanges::decimal::{PriceScale, PriceScales};
use crate::exchanges::event::{Event, Instrument};
use crate::exchanges::frame::{Field, Frame};
use crate::exchanges::values::{
    Tick, best, count, is_snapshot, is_too_fine, levels, ms_text, no_decoder, positive,
    price as price_at, sequence, subscribed, tick as tick_at,
};

/// Most levels of a side that are read; `books` is 400 deep.
pub const MAX_OKX_LEVELS: usize = 4_000;

/// The symbol that a push is of, and the scale of its prices.
type Named<'a> = (Cow<'a, str>, PriceScale);

/// The connection is about to be closed for an upgrade.
const UPGRADE: u64 = 64_008;

/// Returns what one frame from OKX says, in order.
///
/// `protocol` is the channel's: `okx.ws`, `okx.depth` (the book of `symbol` as REST gives it, whose frames don't name it),
/// `okx.info` (spot instruments), or `okx.unnumbered.ws` for recordings of the time when pushes had no `seqId`. All ids of
/// those are 0, and only their checksums tell whether one is missing. `scales` are those of the venue's prices.
///
/// # Errors
/// A `DecodeError` if the frame isn't what this protocol sends.
pub fn decode_okx<'a>(
    protocol: &str,
    symbol: &'a str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let numbered = match protocol {
        "okx.ws" => true,
        "okx.unnumbered.ws" => false,
        "okx.depth" => {
            let event = seed(Frame::read(body)?.root(), symbol, scales.of(symbol));
            return event.map(|event| vec![event]);
        }
        "okx.info" => return instruments(Frame::read(body)?.root()).map(|event| vec![event]),
        _ => return Err(no_decoder(protocol)),
    };
    if body == b"pong" {
        return Ok(vec![Event::Ignored]); // the one answer that is no JSON
    }
    stream(Frame::read(body)?.root(), numbered, scales)
}

/// `{"arg":{"channel":"books","instId":"SOL-USDT"},"action":"update","data":[…]}`, or a word on the connection.
fn stream<'a>(
    frame: Field<'_, 'a>,
    numbered: bool,
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let [event, op, arg, action, data] = frame.fields(["event", "op", "arg", "action", "data"])?;
    if !event.absent() {
        return notice(frame, &event.text()?).map(|event| vec![event]);
    }
    if !op.absent() {
        return Ok(vec![Event::Ignored]); // our own request
    }
    let [channel, symbol] = arg.fields(["channel", "instId"])?;
    let (channel, symbol) = (channel.text()?, symbol.text()?);
    let named = (symbol.clone(), scales.of(&symbol));
    let mut events = Vec::with_capacity(2);
    match &*channel {
        "books" => {
            let snapshot = is_snapshot(action, "update")?;
            for row in data.items()? {
                depth(row, &named, snapshot, numbered, &mut events)?;
            }
        }
        "bbo-tbt" if numbered => {
            for row in data.items()? {
                events.push(top(row, &named)?);
            }
        }
        "trades" => {
            for row in data.items()? {
                events.push(trade(row, &named)?);
            }
        }
        _ => return Ok(vec![Event::Ignored]),
    }
    if events.is_empty() {
        return Err(data.wrong());
    }
    Ok(events)
}

/// `{"event":"subscribe","arg":{…},"connId":"a4"}`, `{"event":"error","code":"60012","msg":"…","connId":"a4"}` or
/// `{"event":"notice","code":"64008","msg":"…","connId":"a4"}`
fn notice<'a>(frame: Field<'_, 'a>, event: &str) -> Result<Event<'a>, DecodeError> {
    match event {
        "subscribe" | "unsubscribe" => Ok(subscribed()),
        "error" => refusal(frame),
        "notice" if count(frame.get("code")?)? == UPGRADE => Ok(Event::Shutdown),
        _ => Ok(Event::Ignored),
    }
}

/// `{"event":"error","code":"60012","msg":"Invalid request: …"}`
fn refusal<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [code, message] = frame.fields(["code", "msg"])?;
    Ok(Event::Error {
        code: i64::try_from(count(code)?).map_err(|_| code.wrong())?,
        message: message.text()?,
        method: "",
        key: None,
    })
}

/// `{"asks":[["101.5","0.0005","0","1"]],"bids":[],"ts":"1790000000123","checksum":0,"prevSeqId":1000,"seqId":1004}`
fn depth<'a>(
    row: Field<'_, 'a>,
    (symbol, scale): &Named<'a>,
    snapshot: bool,
    numbered: bool,
    events: &mut Vec<Event<'a>>,
) -> Result<(), DecodeError> {
    let [asks, bids, time, checksum, prev, seq] =
        row.fields(["asks", "bids", "ts", "checksum", "prevSeqId", "seqId"])?;
    let last = if numbered { sequence(seq)? } else { 0 };
    let before = if numbered { before(prev, snapshot)? } else { 0 };
    let bids = levels(bids, MAX_OKX_LEVELS, *scale)?;
    let asks = levels(asks, MAX_OKX_LEVELS, *scale)?;
    let (symbol, venue_ns) = (symbol.clone(), ms_text(time)?);
    let sum = sum(checksum, numbered)?.map(|sum| Event::BookChecksum {
        symbol: symbol.clone(),
        sum: sum.into(),
        digits: None,
    });
    events.push(if snapshot {
        Event::DepthSnapshot {
            symbol,
            last,
            bids,
            asks,
            venue_ns: Some(venue_ns),
        }
    } else {
        Event::DepthDelta {
            symbol,
            first: last,
            last,
            prev: Some(before),
            bids,
            asks,
            venue_ns,
        }
    });
    events.extend(sum);
    Ok(())
}

/// Rule 1: returns the id of the push before, 0 for a snapshot, which has none.
fn before(prev: Field<'_, '_>, snapshot: bool) -> Result<u64, DecodeError> {
    if !snapshot {
        return sequence(prev);
    }
    match prev.i64()? {
        -1 => Ok(0),
        _ => Err(prev.wrong()),
    }
}

/// Rule 2: returns what the book sums to; without ids it must be said.
fn sum(checksum: Field<'_, '_>, numbered: bool) -> Result<Option<i32>, DecodeError> {
    if numbered && checksum.optional().is_none() {
        return Ok(None);
    }
    match i32::try_from(checksum.i64()?) {
        Ok(0) if numbered => Ok(None),
        Ok(0) | Err(_) => Err(checksum.wrong()),
        Ok(sum) => Ok(Some(sum)),
    }
}

/// `{"asks":[["101.5","0.0005","0","1"]],"bids":[["101.4","1.25","0","3"]],"ts":"1790000000123","seqId":1004}`
fn top<'a>(row: Field<'_, 'a>, (symbol, scale): &Named<'a>) -> Result<Event<'a>, DecodeError> {
    let [asks, bids, time, seq] = row.fields(["asks", "bids", "ts", "seqId"])?;
    let update_id = sequence(seq)?;
    let (bid, bid_qty) = best(bids, MAX_OKX_LEVELS, *scale)?;
    let (ask, ask_qty) = best(asks, MAX_OKX_LEVELS, *scale)?;
    Ok(Event::BookTicker {
        symbol: symbol.clone(),
        update_id,
        bid,
        bid_qty,
        ask,
        ask_qty,
        venue_ns: Some(ms_text(time)?),
    })
}

/// `{"instId":"SOL-USDT","tradeId":"88","px":"101.5","sz":"0.2","side":"buy","ts":"1790000000124","count":"2"}`; `side` is
/// that of the taker.
fn trade<'a>(row: Field<'_, 'a>, (symbol, scale): &Named<'a>) -> Result<Event<'a>, DecodeError> {
    let [id, price, qty, side, time] = row.fields(["tradeId", "px", "sz", "side", "ts"])?;
    Ok(Event::Trade {
        symbol: symbol.clone(),
        id: count(id)?,
        price: price_at(price, *scale)?,
        qty: positive(qty)?,
        buyer_is_maker: match &*side.text()? {
            "buy" => false,
            "sell" => true,
            _ => return Err(side.wrong()),
        },
        venue_ns: ms_text(time)?,
    })
}

/// `{"code":"0","data":[{"asks":[["101.5","0.0005","0","1"]],"bids":[],"ts":"1790000000123","seqId":1004}],"msg":""}`
fn seed<'a>(
    frame: Field<'_, 'a>,
    symbol: &'a str,
    scale: PriceScale,
) -> Result<Event<'a>, DecodeError> {
    let [code, data] = frame.fields(["code", "data"])?;
    if count(code)? != 0 {
        return refusal(frame);
    }
    let mut rows = data.items()?;
    let (Some(row), None) = (rows.next(), rows.next()) else {
        return Err(data.wrong());
    };
    let [asks, bids, time, seq] = row.fields(["asks", "bids", "ts", "seqId"])?;
    Ok(Event::DepthSnapshot {
        symbol: Cow::Borrowed(symbol),
        last: sequence(seq)?,
        bids: levels(bids, MAX_OKX_LEVELS, scale)?,
        asks: levels(asks, MAX_OKX_LEVELS, scale)?,
        venue_ns: Some(ms_text(time)?),
    })
}

/// `{"code":"0","data":[{"instType":"SPOT","instId":"SOL-USDT","baseCcy":"SOL",…}],"msg":""}`
fn instruments<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [code, data] = frame.fields(["code", "data"])?;
    if count(code)? != 0 {
        return refusal(frame);
    }
    data.items()?
        .filter_map(|entry| instrument(entry).transpose())
        .collect::<Result<_, _>>()
        .map(Event::Instruments)
}

/// `{"instType":"SPOT","instId":"SOL-USDT","baseCcy":"SOL","quoteCcy":"USDT","tickSz":"0.01","lotSz":"0.000001",
/// "state":"live"}`
///
/// `None` for contracts, whose sizes are no quantities of the base, for a tick that no scale is fine enough for and for a
/// step that × 10⁸ is no integer. They are left out because one of them must not refuse the whole list.
fn instrument(entry: Field<'_, '_>) -> Result<Option<Instrument>, DecodeError> {
    let [kind, symbol, base, quote, tick, step, state] = entry.fields([
        "instType", "instId", "baseCcy", "quoteCcy", "tickSz", "lotSz", "state",
    ])?;
    if &*kind.text()? != "SPOT" {
        return Ok(None);
    }
    let Some((tick, price_decimals)) = price_rule(tick)? else {
        return Ok(None);
    };
    if is_too_fine(&step.text()?) {
        return Ok(None);
    }
    Ok(Some(Instrument {
        symbol: symbol.text()?.into_owned(),
        base: base.text()?.into_owned(),
        quote: quote.text()?.into_owned(),
        status: state.text()?.into_owned(),
        tick,
        step: rule(step)?,
        min_notional: None,
        price_decimals,
    }))
}

/// Returns a tick and the scale that it needs, `None` if there is none so fine; the venue leaves it empty until a new pair
/// is open.
fn price_rule(tick: Field<'_, '_>) -> Result<Option<(Option<u64>, PriceScale)>, DecodeError> {
    if tick.text()?.is_empty() {
        return Ok(Some((None, PriceScale::EIGHT)));
    }
    let known = |(tick, scale): Tick| (Some(tick), scale);
    Ok(tick_at(tick)?.map(known))
}

/// Returns a step; the venue leaves it empty until a new pair is open.
fn rule(step: Field<'_, '_>) -> Result<Option<u64>, DecodeError> {
    if step.text()?.is_empty() {
        return Ok(None);
    }
    step.decimal().map(Some)
}
