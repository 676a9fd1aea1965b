//! Kraken v2 public frames, and the list of pairs. Sample payloads stand beside each reader.
//!
//! Rules of the venue:
//! 1. Nothing is numbered: all ids of a book are 0, and only the sum after each message tells whether one is missing.
//! 2. Numbers are JSON numbers whose trailing zeros are in that sum, so how many decimals the frame writes goes with it.
//!    They are read as text, never through a float; one with an exponent is refused.
//! 3. Symbols are those of v2: the list of pairs (and v1) says XBT and XDG for BTC and DOGE.

use super::book::{MAX_KRAKEN_LEVELS, amount, in_v2, level};
use super::v1 as kraken_v1;
use crate::exchanges::DecodeError;
use crate::exchanges::decimal::{PriceScale, PriceScales};
use crate::exchanges::event::{Event, Instrument, Level};
use crate::exchanges::frame::{Field, Frame};
use crate::exchanges::values::{
    at_most, instant, is_snapshot, is_too_fine, no_decoder, refused, sequence, step_of, subscribed,
    tick as tick_at, tick_of,
};

/// Returns what one frame from Kraken says, in order.
///
/// `protocol` is the channel's: `kraken.ws`, `kraken.info` (the answer of `AssetPairs`), or `kraken.v1.ws` for recordings
/// of the API before. `scales` are those of the venue's prices.
///
/// # Errors
/// A `DecodeError` if the frame isn't what this protocol sends.
pub fn decode_kraken<'a>(
    protocol: &str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    match protocol {
        "kraken.ws" => stream(Frame::read(body)?.root(), scales),
        "kraken.v1.ws" => kraken_v1::stream(Frame::read(body)?.root(), scales),
        "kraken.info" => instruments(Frame::read(body)?.root()).map(|event| vec![event]),
        _ => Err(no_decoder(protocol)),
    }
}

/// `{"channel":"book","type":"update","data":[…]}`, `{"channel":"heartbeat"}`, or the answer to a request.
fn stream<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Vec<Event<'a>>, DecodeError> {
    let [channel, kind, data] = frame.fields(["channel", "type", "data"])?;
    if channel.absent() {
        return notice(frame, channel).map(|event| vec![event]);
    }
    let mut events = Vec::with_capacity(2);
    match &*channel.text()? {
        "book" => {
            let snapshot = is_snapshot(kind, "update")?;
            for row in data.items()? {
                depth(row, snapshot, scales, &mut events)?;
            }
        }
        "ticker" => {
            for row in data.items()? {
                events.push(ticker(row, scales)?);
            }
        }
        "trade" if is_snapshot(kind, "update")? => return Ok(vec![Event::Ignored]), // of before
        "trade" => {
            for row in data.items()? {
                events.push(trade(row, scales)?);
            }
        }
        "status" => {
            for row in data.items()? {
                let status = row.get("system")?.text()?;
                events.push(Event::VenueStatus { status });
            }
        }
        _ => return Ok(vec![Event::Ignored]),
    }
    if events.is_empty() {
        return Err(data.wrong());
    }
    Ok(events)
}

/// `{"method":"subscribe","result":{…},"success":true,"time_in":"…"}`, `{"error":"…","method":"subscribe","success":false}`
/// or `{"method":"pong","req_id":7}`; our own requests have no `success` either.
fn notice<'a>(frame: Field<'_, 'a>, channel: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [method, success, error] = frame.fields(["method", "success", "error"])?;
    if success.absent() {
        return if method.absent() {
            Err(channel.wrong())
        } else {
            Ok(Event::Ignored)
        };
    }
    if !success.boolean()? {
        return refused(0, error);
    }
    match &*method.text()? {
        "subscribe" | "unsubscribe" => Ok(subscribed()),
        _ => Ok(Event::Ignored),
    }
}

/// `{"symbol":"SOL/USD","bids":[{"price":101.4,"qty":1.25000000}],"asks":[],"checksum":3737750847,"timestamp":"…"}`
fn depth<'a>(
    row: Field<'_, 'a>,
    snapshot: bool,
    scales: &PriceScales,
    events: &mut Vec<Event<'a>>,
) -> Result<(), DecodeError> {
    let [symbol, bids, asks, checksum, time] =
        row.fields(["symbol", "bids", "asks", "checksum", "timestamp"])?;
    let symbol = symbol.text()?;
    let (scale, mut digits) = (scales.of(&symbol), None);
    let bids = levels(bids, scale, &mut digits)?;
    let asks = levels(asks, scale, &mut digits)?;
    let Ok(sum) = u32::try_from(checksum.u64()?) else {
        return Err(checksum.wrong());
    };
    events.push(if snapshot {
        Event::DepthSnapshot {
            symbol: symbol.clone(),
            last: 0,
            bids,
            asks,
            venue_ns: time.optional().map(instant).transpose()?,
        }
    } else {
        Event::DepthDelta {
            symbol: symbol.clone(),
            first: 0,
            last: 0,
            prev: None,
            bids,
            asks,
            venue_ns: instant(time)?,
        }
    });
    events.push(Event::BookChecksum {
        symbol,
        sum: sum.into(),
        digits,
    });
    Ok(())
}

/// Returns `{"price":101.4,"qty":1.25000000}` rows as levels; `digits` is the most decimals that any of them writes.
fn levels(
    side: Field<'_, '_>,
    scale: PriceScale,
    digits: &mut Option<(u8, u8)>,
) -> Result<Vec<Level>, DecodeError> {
    at_most(side, MAX_KRAKEN_LEVELS)?;
    let mut found = Vec::new();
    for row in side.items()? {
        let [price, qty] = row.fields(["price", "qty"])?;
        found.extend(level(
            scale,
            (price, price.number()?),
            (qty, qty.number()?),
            digits,
        )?);
    }
    Ok(found)
}

/// Returns a JSON number as an integer of a scale.
fn number(field: Field<'_, '_>, scale: PriceScale) -> Result<u64, DecodeError> {
    amount(field, field.number()?, scale).map(|(known, _)| known)
}

fn positive(field: Field<'_, '_>, scale: PriceScale) -> Result<u64, DecodeError> {
    match number(field, scale)? {
        0 => Err(field.wrong()),
        known => Ok(known),
    }
}

/// `{"symbol":"SOL/USD","bid":101.4,"bid_qty":1.25,"ask":101.5,"ask_qty":0.0005,"last":101.5,…,"timestamp":"…"}`
fn ticker<'a>(row: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, bid, bid_qty, ask, ask_qty, time] =
        row.fields(["symbol", "bid", "bid_qty", "ask", "ask_qty", "timestamp"])?;
    let symbol = symbol.text()?;
    let scale = scales.of(&symbol);
    Ok(Event::BookTicker {
        symbol,
        update_id: 0,
        bid: number(bid, scale)?,
        bid_qty: number(bid_qty, PriceScale::EIGHT)?,
        ask: number(ask, scale)?,
        ask_qty: number(ask_qty, PriceScale::EIGHT)?,
        venue_ns: time.optional().map(instant).transpose()?,
    })
}

/// `{"symbol":"SOL/USD","side":"buy","price":101.5,"qty":0.2,"ord_type":"limit","trade_id":88,"timestamp":"…"}`; `side` is
/// that of the taker.
fn trade<'a>(row: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, id, price, qty, side, time] =
        row.fields(["symbol", "trade_id", "price", "qty", "side", "timestamp"])?;
    let symbol = symbol.text()?;
    let scale = scales.of(&symbol);
    Ok(Event::Trade {
        symbol,
        id: sequence(id)?,
        price: positive(price, scale)?,
        qty: positive(qty, PriceScale::EIGHT)?,
        buyer_is_maker: match &*side.text()? {
            "buy" => false,
            "sell" => true,
            _ => return Err(side.wrong()),
        },
        venue_ns: instant(time)?,
    })
}

/// `{"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD",…}}}` or `{"error":["EGeneral:Too many requests"]}`
fn instruments<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [error, result] = frame.fields(["error", "result"])?;
    if let Some(first) = error.items()?.next() {
        return refused(0, first);
    }
    result
        .members()?
        .into_iter()
        .filter_map(|entry| instrument(entry).transpose())
        .collect::<Result<_, _>>()
        .map(Event::Instruments)
}

/// `{"wsname":"XBT/USD","pair_decimals":1,"lot_decimals":8,"tick_size":"0.1","costmin":"0.5","status":"online",…}`; in 2021
/// the last three were not there.
///
/// `None` for dark pools, which have no `wsname`, for a tick that no scale is fine enough for and for a step that × 10⁸ is
/// no integer, as those of OKX.
fn instrument(entry: Field<'_, '_>) -> Result<Option<Instrument>, DecodeError> {
    let [name, tick, price_decimals, lot_decimals, cost, status] = entry.fields([
        "wsname",
        "tick_size",
        "pair_decimals",
        "lot_decimals",
        "costmin",
        "status",
    ])?;
    if name.absent() {
        return Ok(None);
    }
    let text = name.text()?;
    let (base, quote) = text.split_once('/').ok_or_else(|| name.wrong())?;
    let (base, quote) = (in_v2(base), in_v2(quote));
    let tick = if tick.absent() {
        tick_of(price_decimals)?
    } else {
        tick_at(tick)?
    };
    let step = step_of(lot_decimals)?;
    let least = if cost.absent() {
        Some(None)
    } else {
        exact(cost)?.map(Some)
    };
    let (Some((tick, price_decimals)), Some(step), Some(min_notional)) = (tick, step, least) else {
        return Ok(None);
    };
    let status = if status.absent() {
        String::new()
    } else {
        status.text()?.into_owned()
    };
    Ok(Some(Instrument {
        symbol: format!("{base}/{quote}"),
        base: base.to_owned(),
        quote: quote.to_owned(),
        status,
        tick: Some(tick),
        step: Some(step),
        min_notional,
        price_decimals,
    }))
}

/// Returns a decimal × 10⁸, `None` if that is no integer.
fn exact(rule: Field<'_, '_>) -> Result<Option<u64>, DecodeError> {
    if is_too_fine(&rule.text()?) {
        return Ok(None);
    }
    rule.decimal().map(Some)
}
