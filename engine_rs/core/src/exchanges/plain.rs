//! The form in which venues of our own making speak: plug-ins translate their venue into it, one JSON object a frame.
//!
//! | `kind` | fields | says |
//! |---|---|---|
//! | `snapshot` | `symbol` `seq` `bids` `asks` `ts`? | a whole book |
//! | `delta` | `symbol` `seq` `prev`? `bids` `asks` `ts` | changed levels; a quantity of `"0"` removes one |
//! | `ticker` | `symbol` `seq` `bids` `asks` `ts`? | the best level of each side, `[]` if nobody waits there |
//! | `trade` | `symbol` `seq` `price` `qty` `side` `ts` | one trade; `side` is `buy` or `sell`, the taker's |
//! | `gap` | `symbol` | messages of this symbol were lost, its book is not to be trusted |
//! | `instruments` | `instruments` | pairs: `symbol` `base` `quote` `status`? `tick`? `step`? `min_notional`? |
//! | `alive` | | nothing new |
//!
//! 1. `seq` is an integer below 2⁶³: the id of an update or of a trade. That of a delta follows its `prev`; without `prev` it
//!    is one more than that of the update before.
//! 2. Prices, quantities and steps are decimal text with at most eight decimals; levels are `[price, quantity]`. A `tick` may
//!    have up to 14, and the prices that follow in its symbol as many.
//! 3. `ts` is the venue's time in nanoseconds since 1970. A `?` may be left out, or null.
//! 4. A kind that is none of these is refused, and fields that are none of these are not read.

use super::Continuity;
use super::DecodeError;
use super::decimal::{PriceScale, PriceScales};
use super::decoded::Decoded;
use super::event::{Event, Instrument};
use super::exchange::{Books, Exchange, Joins, Rules, Seeds};
use super::frame::{Field, Frame};
use super::values::{
    best, levels, no_decoder, positive, price as price_at, sequence, tick as tick_at,
};

/// `prev` = previous `seq`.
const RULES: Rules = Rules {
    tickers: true,
    ..Rules::new(Joins::Chain, Seeds::Both)
};

/// The row of this exchange.
pub(super) static EXCHANGE: Exchange = Exchange {
    name: "cambist",
    decode: |protocol, _, body, scales| decode_plain(protocol, body, scales).map(Decoded::Many),
    books: &[Books {
        continuity: Continuity::Plain,
        head: "cambist.",
        rules: RULES,
        perpetual: false,
    }],
    proof: "the form is our own; the examples in its tests",
};

/// Most levels of a side that are read.
pub const MAX_PLAIN_LEVELS: usize = 10_000;

/// Returns what one frame of a plug-in's venue says; `protocol` is `cambist.ws`, `scales` are those of the venue's prices.
///
/// # Errors
/// A `DecodeError` if the frame isn't of this form.
pub fn decode_plain<'a>(
    protocol: &str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    if protocol != "cambist.ws" {
        return Err(no_decoder(protocol));
    }
    event(Frame::read(body)?.root(), scales).map(|event| vec![event])
}

fn event<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let kind = frame.get("kind")?;
    match &*kind.text()? {
        "snapshot" => snapshot(frame, scales),
        "delta" => delta(frame, scales),
        "ticker" => ticker(frame, scales),
        "trade" => trade(frame, scales),
        "gap" => Ok(Event::Gap {
            symbol: frame.get("symbol")?.text()?,
        }),
        "instruments" => frame
            .get("instruments")?
            .items()?
            .map(instrument)
            .collect::<Result<_, _>>()
            .map(Event::Instruments),
        "alive" => Ok(Event::Ignored),
        _ => Err(kind.wrong()),
    }
}

/// `{"kind":"snapshot","symbol":"SOL-USD","seq":7,"bids":[["101.4","1.25"]],"asks":[],"ts":1790000000123000000}`
fn snapshot<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, seq, bids, asks, time] = frame.fields(["symbol", "seq", "bids", "asks", "ts"])?;
    let symbol = symbol.text()?;
    let scale = scales.of(&symbol);
    Ok(Event::DepthSnapshot {
        symbol,
        last: sequence(seq)?,
        bids: levels(bids, MAX_PLAIN_LEVELS, scale)?,
        asks: levels(asks, MAX_PLAIN_LEVELS, scale)?,
        venue_ns: time.optional().map(ns).transpose()?,
    })
}

/// `{"kind":"delta","symbol":"SOL-USD","seq":8,"prev":7,"bids":[["101.4","0"]],"asks":[],"ts":1790000000124000000}`
fn delta<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, seq, prev, bids, asks, time] =
        frame.fields(["symbol", "seq", "prev", "bids", "asks", "ts"])?;
    let (symbol, last) = (symbol.text()?, sequence(seq)?);
    let scale = scales.of(&symbol);
    Ok(Event::DepthDelta {
        symbol,
        first: last,
        last,
        prev: match prev.optional() {
            Some(prev) => Some(sequence(prev)?),
            None => last.checked_sub(1),
        },
        bids: levels(bids, MAX_PLAIN_LEVELS, scale)?,
        asks: levels(asks, MAX_PLAIN_LEVELS, scale)?,
        venue_ns: ns(time)?,
    })
}

/// `{"kind":"ticker","symbol":"SOL-USD","seq":9,"bids":[["101.4","1.25"]],"asks":[["101.5","0.0005"]]}`
fn ticker<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, seq, bids, asks, time] = frame.fields(["symbol", "seq", "bids", "asks", "ts"])?;
    let (symbol, update_id) = (symbol.text()?, sequence(seq)?);
    let scale = scales.of(&symbol);
    let (bid, bid_qty) = best(bids, MAX_PLAIN_LEVELS, scale)?;
    let (ask, ask_qty) = best(asks, MAX_PLAIN_LEVELS, scale)?;
    Ok(Event::BookTicker {
        symbol,
        update_id,
        bid,
        bid_qty,
        ask,
        ask_qty,
        venue_ns: time.optional().map(ns).transpose()?,
    })
}

/// `{"kind":"trade","symbol":"SOL-USD","seq":88,"price":"101.5","qty":"0.2","side":"buy","ts":1790000000124000000}`
fn trade<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Event<'a>, DecodeError> {
    let [symbol, seq, price, qty, side, time] =
        frame.fields(["symbol", "seq", "price", "qty", "side", "ts"])?;
    let symbol = symbol.text()?;
    let scale = scales.of(&symbol);
    Ok(Event::Trade {
        symbol,
        id: sequence(seq)?,
        price: price_at(price, scale)?,
        qty: positive(qty)?,
        buyer_is_maker: match &*side.text()? {
            "buy" => false,
            "sell" => true,
            _ => return Err(side.wrong()),
        },
        venue_ns: ns(time)?,
    })
}

/// `{"symbol":"SOL-USD","base":"SOL","quote":"USD","status":"online","tick":"0.01","step":"0.000001","min_notional":"1"}`
fn instrument(entry: Field<'_, '_>) -> Result<Instrument, DecodeError> {
    let [symbol, base, quote, status, tick, step, least] = entry.fields([
        "symbol",
        "base",
        "quote",
        "status",
        "tick",
        "step",
        "min_notional",
    ])?;
    let tick = match tick.optional() {
        Some(rule) => Some(tick_at(rule)?.ok_or_else(|| rule.wrong())?),
        None => None,
    };
    Ok(Instrument {
        symbol: symbol.text()?.into_owned(),
        base: base.text()?.into_owned(),
        quote: quote.text()?.into_owned(),
        status: match status.optional() {
            Some(status) => status.text()?.into_owned(),
            None => String::new(),
        },
        tick: tick.map(|tick| tick.0),
        step: step.optional().map(Field::decimal).transpose()?,
        min_notional: least.optional().map(Field::decimal).transpose()?,
        price_decimals: tick.map_or(PriceScale::EIGHT, |tick| tick.1),
    })
}

/// Rule 3: returns a time below 2⁶³, so that it fits.
fn ns(time: Field<'_, '_>) -> Result<i64, DecodeError> {
    sequence(time).map(u64::cast_signed)
}
