//! Binance spot and USD-M frames. Sample payloads stand beside each reader.

pub(super) mod fast;

use std::borrow::Cow;

use super::Continuity;
use super::DecodeError;
use super::decimal::{PriceScale, PriceScales};
use super::decoded::Decoded;
use super::event::{Event, Instrument};
use super::exchange::{Books, Exchange, Joins, Rules, Seeds};
use super::frame::{Field, Frame};
use super::values::tick as tick_at;

/// `U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old.
const SPOT: Rules = Rules {
    tickers: true,
    ..Rules::new(Joins::Overlap, Seeds::Fetched)
};
/// `pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`.
const USDM: Rules = Rules {
    tickers: true,
    ..Rules::new(Joins::Previous, Seeds::Fetched)
};

/// The row of this exchange.
pub(super) static EXCHANGE: Exchange = Exchange {
    name: "binance",
    decode: |protocol, symbol, body, scales| {
        decode_binance(protocol, symbol, body, scales).map(Decoded::One)
    },
    books: &[
        Books {
            continuity: Continuity::Usdm,
            head: "binance.usdm.",
            rules: USDM,
            perpetual: true,
        },
        Books {
            continuity: Continuity::Spot,
            head: "binance.",
            rules: SPOT,
            perpetual: false,
        },
    ],
    proof: "cex_binance_hft, cex_cryptofeed: recorded channels",
};

/// From here on a venue time counts microseconds (`timeUnit=MICROSECOND`): in milliseconds it would be the year 5138.
const MICROSECONDS_FROM: u64 = 100_000_000_000_000;

/// What USD-M calls fills that no two traders agreed on: positions taken over, and what it has no word for.
const NO_TRADES: [&str; 3] = ["ADL", "INSURANCE_FUND", "NA"];

/// Returns what one frame from Binance says.
///
/// `protocol` is the channel's; `symbol` is the instrument of a channel whose frames don't name it; `scales` are those of
/// the venue's prices.
///
/// # Errors
/// A `DecodeError` if the frame isn't what this protocol sends.
pub fn decode_binance<'a>(
    protocol: &str,
    symbol: &'a str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let usual = match protocol {
        "binance.spot.ws" => fast::stream(body, false, scales),
        "binance.usdm.ws" => fast::stream(body, true, scales),
        "binance.spot.depth" | "binance.usdm.depth" => {
            fast::depth_snapshot(body, symbol, scales.of(symbol))
        }
        _ => None,
    };
    usual.map_or_else(|| decode_strictly(protocol, symbol, body, scales), Ok)
}

/// The same, whatever the form of the frame.
pub(super) fn decode_strictly<'a>(
    protocol: &str,
    symbol: &'a str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    match protocol {
        "binance.spot.ws" => stream(Frame::read(body)?.root(), false, scales),
        "binance.usdm.ws" => stream(Frame::read(body)?.root(), true, scales),
        "binance.spot.depth" | "binance.usdm.depth" => {
            depth_snapshot(Frame::read(body)?.root(), symbol, scales.of(symbol))
        }
        "binance.spot.info" | "binance.usdm.info" => instruments(Frame::read(body)?.root()),
        _ => Err(DecodeError::Protocol {
            protocol: protocol.chars().take(40).collect(),
        }),
    }
}

/// A raw event, `{"stream":"solusdt@bookTicker","data":{…}}`, `{"result":null,"id":1}` or `{"code":2,"msg":"…"}`.
fn stream<'a>(
    frame: Field<'_, 'a>,
    usdm: bool,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let [stream, data] = frame.fields(["stream", "data"])?;
    if data.absent() {
        return payload(frame, usdm, scales);
    }
    if stream.text()? == "!serverShutdown" {
        return data.fields([]).map(|[]| Event::Shutdown);
    }
    payload(data, usdm, scales)
}

fn payload<'a>(
    frame: Field<'_, 'a>,
    usdm: bool,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let [event, code, error, result, method, last, update] = frame.fields([
        "e",
        "code",
        "error",
        "result",
        "method",
        "lastUpdateId",
        "u",
    ])?;
    if !event.absent() {
        return match &*event.text()? {
            "depthUpdate" => depth_update(frame, usdm, scales),
            "bookTicker" => book_ticker(frame, scales),
            "trade" => trade(frame, scales),
            "serverShutdown" => Ok(Event::Shutdown),
            _ => Ok(Event::Ignored),
        };
    }
    if !code.absent() {
        refusal(frame)
    } else if !error.absent() {
        refusal(error)
    } else if !result.absent() {
        Ok(Event::Subscribed {
            method: "",
            key: None,
            subscription: None,
        })
    } else if !method.absent() || !last.absent() {
        Ok(Event::Ignored) // our own request; a partial book, which says nothing about the rest of it
    } else if !update.absent() {
        book_ticker(frame, scales)
    } else {
        Err(event.wrong())
    }
}

/// `{"code":2,"msg":"Invalid request: …","id":1}`
fn refusal<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [code, message] = frame.fields(["code", "msg"])?;
    Ok(Event::Error {
        code: code.i64()?,
        message: message.text()?,
        method: "",
        key: None,
    })
}

/// `{"u":91000001,"s":"SOLUSDT","b":"142.51","B":"30.1","a":"142.52","A":"4"}`; USD-M adds `e`, `E` and `T`.
fn book_ticker<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [update_id, symbol, bid, bid_qty, ask, ask_qty, time] =
        frame.fields(["u", "s", "b", "B", "a", "A", "E"])?;
    let symbol = symbol.text()?;
    let scale = scales.of(&symbol);
    Ok(Event::BookTicker {
        symbol,
        update_id: update_id.u64()?,
        bid: bid.price(scale)?,
        bid_qty: bid_qty.decimal()?,
        ask: ask.price(scale)?,
        ask_qty: ask_qty.decimal()?,
        venue_ns: time.optional().map(venue_ns).transpose()?,
    })
}

/// `{"e":"depthUpdate","E":1790000000123,"s":"SOLUSDT","U":91000001,"u":91000007,"b":[["142.50","0.00"]],"a":[]}`;
/// USD-M adds `T` and `pu`, the `u` of the event before.
fn depth_update<'a>(
    frame: Field<'_, 'a>,
    usdm: bool,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let [symbol, first, last, prev, bids, asks, time] =
        frame.fields(["s", "U", "u", "pu", "b", "a", "E"])?;
    let (symbol, earliest, latest) = (symbol.text()?, first.u64()?, last.u64()?);
    if earliest > latest {
        return Err(first.wrong());
    }
    let scale = scales.of(&symbol);
    Ok(Event::DepthDelta {
        symbol,
        first: earliest,
        last: latest,
        prev: if usdm { Some(prev.u64()?) } else { None },
        bids: bids.levels(scale)?,
        asks: asks.levels(scale)?,
        venue_ns: venue_ns(time)?,
    })
}

/// `{"e":"trade","E":1790000000130,"s":"SOLUSDT","t":77001,"p":"142.52","q":"1","T":1790000000129,"m":false}`
///
/// `T` is when it was traded, `E` when that was told. USD-M also says in `X` what a fill was, and tells of settlements,
/// with a price or quantity of 0: nobody traded.
fn trade<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, id, price, qty, maker, time, kind] =
        frame.fields(["s", "t", "p", "q", "m", "T", "X"])?;
    let symbol = symbol.text()?;
    let scale = scales.of(&symbol);
    let event = Event::Trade {
        symbol,
        id: id.u64()?,
        price: price.price(scale)?,
        qty: qty.decimal()?,
        buyer_is_maker: maker.boolean()?,
        venue_ns: venue_ns(time)?,
    };
    Ok(match event {
        Event::Trade { price: 0, .. } | Event::Trade { qty: 0, .. } => Event::Ignored,
        _ if !kind.absent() && NO_TRADES.contains(&&*kind.text()?) => Event::Ignored,
        event => event,
    })
}

/// `{"lastUpdateId":91000000,"bids":[["142.51","30.1"]],"asks":[["142.52","4"]]}`; USD-M adds `E` and `T`.
fn depth_snapshot<'a>(
    frame: Field<'_, 'a>,
    symbol: &'a str,
    scale: PriceScale,
) -> Result<Event<'a>, DecodeError> {
    let [code, last, bids, asks, time] =
        frame.fields(["code", "lastUpdateId", "bids", "asks", "E"])?;
    if !code.absent() {
        return refusal(frame);
    }
    Ok(Event::DepthSnapshot {
        symbol: Cow::Borrowed(symbol),
        last: last.u64()?,
        bids: bids.levels(scale)?,
        asks: asks.levels(scale)?,
        venue_ns: time.optional().map(venue_ns).transpose()?,
    })
}

/// `{"symbols":[{"symbol":"SOLUSDT","status":"TRADING","baseAsset":"SOL","quoteAsset":"USDT","filters":[…]}]}`
fn instruments<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [code, symbols] = frame.fields(["code", "symbols"])?;
    if !code.absent() {
        return refusal(frame);
    }
    symbols
        .items()?
        .map(instrument)
        .collect::<Result<_, _>>()
        .map(Event::Instruments)
}

fn instrument(entry: Field<'_, '_>) -> Result<Instrument, DecodeError> {
    let [symbol, base, quote, status, filters] =
        entry.fields(["symbol", "baseAsset", "quoteAsset", "status", "filters"])?;
    let mut found = Instrument {
        symbol: symbol.text()?.into_owned(),
        base: base.text()?.into_owned(),
        quote: quote.text()?.into_owned(),
        status: status.text()?.into_owned(),
        tick: None,
        step: None,
        min_notional: None,
        price_decimals: PriceScale::EIGHT,
    };
    for filter in filters.items()? {
        let [kind, tick, step, min_notional, notional] = filter.fields([
            "filterType",
            "tickSize",
            "stepSize",
            "minNotional",
            "notional",
        ])?;
        match &*kind.text()? {
            "PRICE_FILTER" => {
                let (known, scale) = tick_at(tick)?.ok_or_else(|| tick.wrong())?;
                (found.tick, found.price_decimals) = (Some(known), scale);
            }
            "LOT_SIZE" => found.step = Some(step.decimal()?),
            // Spot says `minNotional`, USD-M `notional`.
            "MIN_NOTIONAL" if min_notional.absent() => {
                found.min_notional = Some(notional.decimal()?);
            }
            "NOTIONAL" | "MIN_NOTIONAL" => found.min_notional = Some(min_notional.decimal()?),
            _ => {}
        }
    }
    Ok(found)
}

/// Returns a venue's milliseconds or microseconds as nanoseconds.
fn venue_ns(time: Field<'_, '_>) -> Result<i64, DecodeError> {
    venue_time(time.u64()?).ok_or_else(|| time.wrong())
}

/// The same of a count.
pub(super) fn venue_time(count: u64) -> Option<i64> {
    let unit = if count >= MICROSECONDS_FROM {
        1_000
    } else {
        1_000_000
    };
    i64::try_from(count).ok()?.checked_mul(unit)
}
