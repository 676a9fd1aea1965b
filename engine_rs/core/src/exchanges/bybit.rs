//! Bybit v5 public frames of spot. Sample payloads stand beside each reader.
//!
//! Rules of the venue:
//! 1. A `snapshot` replaces the book at any time. So does a `delta` whose `u` is 1: the service has restarted.
//! 2. Otherwise `u` is one more than that of the push before; `seq` skips, and is not read.
//! 3. `orderbook.1` only has snapshots, sent again with the same `u` when nothing changes: a best bid and ask, never a book
//!    of one level.
//! 4. An empty book with a `u` of 1 is of a pair in auction or no longer listed.

use super::Continuity;
use super::DecodeError;
use super::decimal::PriceScales;
use super::decoded::Decoded;
use super::event::{Event, Instrument};
use super::exchange::{Books, Exchange, Joins, Rules, Seeds};
use super::frame::{Field, Frame};
use super::values::{
    best, count, is_snapshot, is_too_fine, levels, ms, no_decoder, positive, price as price_at,
    refused, sequence, subscribed, tick as tick_at,
};

/// `u` = previous `u` + 1.
const RULES: Rules = Rules::new(Joins::Overlap, Seeds::Streamed);

/// The row of this exchange.
pub(super) static EXCHANGE: Exchange = Exchange {
    name: "bybit",
    decode: |protocol, _, body, scales| decode_bybit(protocol, body, scales).map(Decoded::Many),
    books: &[Books {
        continuity: Continuity::Bybit,
        head: "bybit.",
        rules: RULES,
        perpetual: false,
    }],
    proof: "cex_cryptofeed and frames recorded in August 2026",
};

/// Most levels of a side that are read; `orderbook` is at most 1000 deep, `orderbook.full` has no limit of its own.
pub const MAX_BYBIT_LEVELS: usize = 10_000;

/// The depths a book is pushed at; a name damaged on its way must not make a book of another depth.
const DEPTHS: [&str; 4] = ["50", "200", "1000", "full"];

/// The `u` of the first push after a restart.
const RESTARTED: u64 = 1;

/// Returns what one frame from Bybit says, in order.
///
/// `protocol` is the channel's: `bybit.spot.ws`, or `bybit.spot.info` (the answer of `instruments-info`);
/// `scales` are those of the venue's prices.
///
/// # Errors
/// A `DecodeError` if the frame isn't what this protocol sends.
pub fn decode_bybit<'a>(
    protocol: &str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    match protocol {
        "bybit.spot.ws" => stream(Frame::read(body)?.root(), scales),
        "bybit.spot.info" => instruments(Frame::read(body)?.root()).map(|event| vec![event]),
        _ => Err(no_decoder(protocol)),
    }
}

/// `{"topic":"orderbook.50.SOLUSDT","type":"delta","ts":1790000000123,"data":{…},"cts":1790000000120}`, or the answer to a
/// request.
fn stream<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Vec<Event<'a>>, DecodeError> {
    let [topic, data] = frame.fields(["topic", "data"])?;
    if topic.absent() {
        return notice(frame, topic).map(|event| vec![event]);
    }
    let name = topic.text()?;
    let (channel, rest) = name.split_once('.').ok_or_else(|| topic.wrong())?;
    match (channel, rest.split_once('.')) {
        ("orderbook", Some((depth, of))) if *data.get("s")?.text()? == *of => match depth {
            "1" => top(frame, data, scales).map(|event| vec![event]),
            _ if DEPTHS.contains(&depth) => book(frame, data, scales).map(|event| vec![event]),
            _ => Err(topic.wrong()),
        },
        ("orderbook", _) => Err(topic.wrong()),
        ("publicTrade", _) => trades(data, scales),
        _ => Ok(vec![Event::Ignored]),
    }
}

/// `{"success":true,"ret_msg":"","conn_id":"x","op":"subscribe"}`, the same with `false` and a reason, or
/// `{"success":true,"ret_msg":"pong","conn_id":"x","op":"ping"}`; our own requests have no `success`.
fn notice<'a>(frame: Field<'_, 'a>, topic: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [op, success, message] = frame.fields(["op", "success", "ret_msg"])?;
    if op.absent() {
        return Err(topic.wrong());
    }
    if success.absent() {
        return Ok(Event::Ignored);
    }
    if !success.boolean()? {
        return refused(0, message);
    }
    match &*op.text()? {
        "subscribe" | "unsubscribe" => Ok(subscribed()),
        _ => Ok(Event::Ignored),
    }
}

/// Returns when the engine of the venue made a push, or when the venue sent it.
fn venue_ns(frame: Field<'_, '_>) -> Result<i64, DecodeError> {
    let [made, sent] = frame.fields(["cts", "ts"])?;
    ms(made.optional().unwrap_or(sent))
}

/// `{"s":"SOLUSDT","b":[["101.4","0"]],"a":[],"u":501,"seq":90007}`
fn book<'a>(
    frame: Field<'_, 'a>,
    data: Field<'_, 'a>,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let snapshot = is_snapshot(frame.get("type")?, "delta")?;
    let [symbol, bids, asks, update] = data.fields(["s", "b", "a", "u"])?;
    let (symbol, last) = (symbol.text()?, sequence(update)?);
    let scale = scales.of(&symbol);
    let bids = levels(bids, MAX_BYBIT_LEVELS, scale)?;
    let asks = levels(asks, MAX_BYBIT_LEVELS, scale)?;
    let venue_ns = venue_ns(frame)?;
    Ok(if snapshot || last == RESTARTED {
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
            prev: None,
            bids,
            asks,
            venue_ns,
        }
    })
}

/// `{"s":"SOLUSDT","b":[["101.4","1.25"]],"a":[["101.5","0.0005"]],"u":500,"seq":90001}`
fn top<'a>(
    frame: Field<'_, 'a>,
    data: Field<'_, 'a>,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let kind = frame.get("type")?;
    if !is_snapshot(kind, "delta")? {
        return Err(kind.wrong());
    }
    let [symbol, bids, asks, update] = data.fields(["s", "b", "a", "u"])?;
    let (symbol, update_id) = (symbol.text()?, sequence(update)?);
    let scale = scales.of(&symbol);
    let (bid, bid_qty) = best(bids, MAX_BYBIT_LEVELS, scale)?;
    let (ask, ask_qty) = best(asks, MAX_BYBIT_LEVELS, scale)?;
    Ok(Event::BookTicker {
        symbol,
        update_id,
        bid,
        bid_qty,
        ask,
        ask_qty,
        venue_ns: Some(venue_ns(frame)?),
    })
}

/// `[{"i":"2290000000000000001","T":1790000000124,"p":"101.5","v":"0.2","S":"Buy","s":"SOLUSDT","BT":false,"RPI":false}]`;
/// `S` is the side of the taker.
fn trades<'a>(data: Field<'_, 'a>, scales: &PriceScales) -> Result<Vec<Event<'a>>, DecodeError> {
    let mut events = Vec::new();
    for row in data.items()? {
        let [symbol, id, price, qty, side, time] = row.fields(["s", "i", "p", "v", "S", "T"])?;
        let symbol = symbol.text()?;
        let scale = scales.of(&symbol);
        events.push(Event::Trade {
            symbol,
            id: count(id)?,
            price: price_at(price, scale)?,
            qty: positive(qty)?,
            buyer_is_maker: match &*side.text()? {
                "Buy" => false,
                "Sell" => true,
                _ => return Err(side.wrong()),
            },
            venue_ns: ms(time)?,
        });
    }
    if events.is_empty() {
        return Err(data.wrong());
    }
    Ok(events)
}

/// `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[…]},"time":1790000000123}`
fn instruments<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [code, message, result] = frame.fields(["retCode", "retMsg", "result"])?;
    match code.i64()? {
        0 => {}
        known => return refused(known, message),
    }
    let [category, list] = result.fields(["category", "list"])?;
    if category.text()? != "spot" {
        return Err(category.wrong()); // sizes of contracts are no quantities of the base
    }
    list.items()?
        .filter_map(|entry| instrument(entry).transpose())
        .collect::<Result<_, _>>()
        .map(Event::Instruments)
}

/// `{"symbol":"SOLUSDT","baseCoin":"SOL","quoteCoin":"USDT","status":"Trading","lotSizeFilter":{"basePrecision":"0.001",
/// "minOrderAmt":"5"},"priceFilter":{"tickSize":"0.01"}}`
///
/// `None` for a tick that no scale is fine enough for and for a step that × 10⁸ is no integer, as those of OKX.
fn instrument(entry: Field<'_, '_>) -> Result<Option<Instrument>, DecodeError> {
    let [symbol, base, quote, status, lots, prices] = entry.fields([
        "symbol",
        "baseCoin",
        "quoteCoin",
        "status",
        "lotSizeFilter",
        "priceFilter",
    ])?;
    let [step, least] = lots.fields(["basePrecision", "minOrderAmt"])?;
    let tick = prices.get("tickSize")?;
    let Some((tick, price_decimals)) = tick_at(tick)? else {
        return Ok(None);
    };
    if is_too_fine(&step.text()?) || is_too_fine(&least.text()?) {
        return Ok(None);
    }
    Ok(Some(Instrument {
        symbol: symbol.text()?.into_owned(),
        base: base.text()?.into_owned(),
        quote: quote.text()?.into_owned(),
        status: status.text()?.into_owned(),
        tick: Some(tick),
        step: Some(step.decimal()?),
        min_notional: Some(least.decimal()?),
        price_decimals,
    }))
}
