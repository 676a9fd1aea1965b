//! Coinbase Advanced Trade public frames. Sample payloads stand beside each reader.
//!
//! Rules of the venue:
//! 1. `sequence_num` counts all messages of a connection, whatever their channel. It is the first thing a frame says, and
//!    the id of whatever else stands in it.
//! 2. `BTC-USDC` is an alias: its messages name `BTC-USD`. A symbol is what the frame names.
//! 3. The first `market_trades` of a product tell of trades before the subscription.
//! 4. `side` of a trade is that of its maker: of 76 trades recorded in August 2026 at the best bid or ask, 75 say so.

use std::borrow::Cow;

use super::Continuity;
use super::DecodeError;
use super::decimal::{PriceScale, PriceScales};
use super::decoded::Decoded;
use super::event::{Event, Instrument};
use super::exchange::{Books, Exchange, Joins, Rules, Seeds};
use super::frame::{Field, Frame};
use super::values::{
    at_most, count, instant, is_snapshot, is_too_fine, no_decoder, positive, price as price_at,
    refused, sequence, subscribed, tick as tick_at,
};

/// No ids of its own; a number that counts all messages of the connection (`Event::Sequence`) does it.
const RULES: Rules = Rules::new(Joins::Always, Seeds::Streamed);

/// The row of this exchange.
pub(super) static EXCHANGE: Exchange = Exchange {
    name: "coinbase",
    decode: |protocol, _, body, scales| decode_coinbase(protocol, body, scales).map(Decoded::Many),
    books: &[Books {
        continuity: Continuity::Coinbase,
        head: "coinbase.",
        rules: RULES,
        perpetual: false,
    }],
    proof: "cex_cryptofeed and frames recorded in August 2026",
};

/// Most levels of a message that are read, both sides together; a whole book had 46,000 in August 2026.
pub const MAX_COINBASE_LEVELS: usize = 200_000;

/// Channels of which nothing is read.
const OTHERS: [&str; 6] = [
    "heartbeats",
    "status",
    "ticker_batch",
    "candles",
    "user",
    "futures_balance_summary",
];

/// What keeps orders that take from a product, in the order in which it counts; `limit_only` doesn't.
const FLAGS: [&str; 6] = [
    "is_disabled",
    "trading_disabled",
    "view_only",
    "cancel_only",
    "auction_mode",
    "post_only",
];

/// Returns what one frame from Coinbase says, in order.
///
/// `protocol` is the channel's: `coinbase.ws`, or `coinbase.info` (the answer of `market/products`); `scales` are
/// those of the venue's prices.
///
/// # Errors
/// A `DecodeError` if the frame isn't what this protocol sends.
pub fn decode_coinbase<'a>(
    protocol: &str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    match protocol {
        "coinbase.ws" => stream(Frame::read(body)?.root(), scales),
        "coinbase.info" => instruments(Frame::read(body)?.root()).map(|event| vec![event]),
        _ => Err(no_decoder(protocol)),
    }
}

/// `{"channel":"l2_data","client_id":"","timestamp":"2026-11-21T12:00:00.1Z","sequence_num":1,"events":[…]}`,
/// `{"type":"error","message":"…","reason":"…"}`, or our own request, which has a `type` too.
fn stream<'a>(frame: Field<'_, 'a>, scales: &PriceScales) -> Result<Vec<Event<'a>>, DecodeError> {
    let [kind, channel, number, time, events] =
        frame.fields(["type", "channel", "sequence_num", "timestamp", "events"])?;
    if !kind.absent() {
        return match &*kind.text()? {
            "error" => refused(0, frame.get("message")?).map(|event| vec![event]),
            _ => Ok(vec![Event::Ignored]),
        };
    }
    let (name, number) = (channel.text()?, sequence(number)?);
    let mut decoded = vec![Event::Sequence { number }];
    match &*name {
        "l2_data" => {
            for event in events.items()? {
                decoded.push(depth(event, number, instant(time)?, scales)?);
            }
        }
        "ticker" => {
            for event in events.items()? {
                for row in event.get("tickers")?.items()? {
                    decoded.push(ticker(row, number, instant(time)?, scales)?);
                }
            }
        }
        "market_trades" => {
            for event in events.items()? {
                trades(event, scales, &mut decoded)?;
            }
        }
        "subscriptions" => decoded.push(subscribed()),
        other if OTHERS.contains(&other) => {}
        // Counted, it would hide that what it said of a book is missing.
        _ => return Err(channel.wrong()),
    }
    Ok(decoded)
}

/// `{"type":"update","product_id":"SOL-USD","updates":[{"side":"bid","event_time":"…","price_level":"142.50",
/// "new_quantity":"12.5"}]}`; the other side is `offer`.
fn depth<'a>(
    event: Field<'_, 'a>,
    number: u64,
    venue_ns: i64,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let [kind, symbol, updates] = event.fields(["type", "product_id", "updates"])?;
    let (snapshot, symbol) = (is_snapshot(kind, "update")?, product(symbol)?);
    at_most(updates, MAX_COINBASE_LEVELS)?;
    let (mut bids, mut asks, scale) = (Vec::new(), Vec::new(), scales.of(&symbol));
    for row in updates.items()? {
        let [side, price, qty] = row.fields(["side", "price_level", "new_quantity"])?;
        let (price, qty) = (price.level_price(scale)?, qty.decimal()?);
        let level = price.map(|price| (price, qty));
        match &*side.text()? {
            "bid" => bids.extend(level),
            "offer" => asks.extend(level),
            _ => return Err(side.wrong()),
        }
    }
    Ok(if snapshot {
        Event::DepthSnapshot {
            symbol,
            last: number,
            bids,
            asks,
            venue_ns: Some(venue_ns),
        }
    } else {
        Event::DepthDelta {
            symbol,
            first: number,
            last: number,
            prev: None,
            bids,
            asks,
            venue_ns,
        }
    })
}

/// `{"type":"ticker","product_id":"SOL-USD","price":"142.51","best_bid":"142.50","best_bid_quantity":"12.5","best_ask":
/// "142.52","best_ask_quantity":"3",…}`
fn ticker<'a>(
    row: Field<'_, 'a>,
    number: u64,
    venue_ns: i64,
    scales: &PriceScales,
) -> Result<Event<'a>, DecodeError> {
    let [symbol, bid, bid_qty, ask, ask_qty] = row.fields([
        "product_id",
        "best_bid",
        "best_bid_quantity",
        "best_ask",
        "best_ask_quantity",
    ])?;
    let symbol = product(symbol)?;
    let scale = scales.of(&symbol);
    Ok(Event::BookTicker {
        symbol,
        update_id: number,
        bid: or_zero(bid, scale)?,
        bid_qty: or_zero(bid_qty, PriceScale::EIGHT)?,
        ask: or_zero(ask, scale)?,
        ask_qty: or_zero(ask_qty, PriceScale::EIGHT)?,
        venue_ns: Some(venue_ns),
    })
}

/// Returns a product's name, in which a frame that was damaged on its way often shows.
fn product<'a>(symbol: Field<'_, 'a>) -> Result<Cow<'a, str>, DecodeError> {
    let text = symbol.text()?;
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.is_empty() || !text.bytes().all(usual) {
        return Err(symbol.wrong());
    }
    Ok(text)
}

/// Returns a decimal string at a scale, 0 if it is empty: nobody waits there.
fn or_zero(amount: Field<'_, '_>, scale: PriceScale) -> Result<u64, DecodeError> {
    if amount.text()?.is_empty() {
        return Ok(0);
    }
    amount.price(scale)
}

/// `{"type":"update","trades":[{"product_id":"SOL-USD","trade_id":"88","price":"142.5","size":"0.2","time":"…","side":
/// "BUY"}]}`
fn trades<'a>(
    event: Field<'_, 'a>,
    scales: &PriceScales,
    events: &mut Vec<Event<'a>>,
) -> Result<(), DecodeError> {
    let [kind, rows] = event.fields(["type", "trades"])?;
    if is_snapshot(kind, "update")? {
        return Ok(()); // rule 3
    }
    for row in rows.items()? {
        let [symbol, id, price, qty, side, time] =
            row.fields(["product_id", "trade_id", "price", "size", "side", "time"])?;
        let symbol = product(symbol)?;
        let scale = scales.of(&symbol);
        events.push(Event::Trade {
            symbol,
            id: count(id)?,
            price: price_at(price, scale)?,
            qty: positive(qty)?,
            buyer_is_maker: match &*side.text()? {
                "BUY" => true,
                "SELL" => false,
                _ => return Err(side.wrong()),
            },
            venue_ns: instant(time)?,
        });
    }
    Ok(())
}

/// `{"products":[{"product_id":"SOL-USD",…}],"num_products":920}` or `{"error":"…","message":"…"}`
fn instruments<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [products, message] = frame.fields(["products", "message"])?;
    if products.absent() && !message.absent() {
        return refused(0, message);
    }
    products
        .items()?
        .filter_map(|entry| instrument(entry).transpose())
        .collect::<Result<_, _>>()
        .map(Event::Instruments)
}

/// `{"product_id":"SOL-USD","product_type":"SPOT","base_currency_id":"SOL","quote_currency_id":"USD","base_increment":
/// "0.00000001","price_increment":"0.01","quote_min_size":"1","status":"online","trading_disabled":false,…}`; older answers
/// say `quote_increment` for `price_increment`.
///
/// `None` for futures, for a tick that no scale is fine enough for and for a step that × 10⁸ is no integer, as those of OKX.
fn instrument(entry: Field<'_, '_>) -> Result<Option<Instrument>, DecodeError> {
    let [kind, symbol, base, quote, tick, older, step, least] = entry.fields([
        "product_type",
        "product_id",
        "base_currency_id",
        "quote_currency_id",
        "price_increment",
        "quote_increment",
        "base_increment",
        "quote_min_size",
    ])?;
    let tick = if tick.absent() { older } else { tick };
    if &*kind.text()? != "SPOT" {
        return Ok(None);
    }
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
        status: status(entry)?,
        tick: Some(tick),
        step: Some(step.decimal()?),
        min_notional: Some(least.decimal()?),
        price_decimals,
    }))
}

/// Returns the venue's word, or the first flag that is set of a product that is online.
fn status(entry: Field<'_, '_>) -> Result<String, DecodeError> {
    let word = entry.get("status")?.text()?;
    if word != "online" {
        return Ok(word.into_owned());
    }
    for flag in entry.fields(FLAGS)? {
        if flag.optional().map(Field::boolean).transpose()? == Some(true) {
            return Ok(flag.name.to_owned());
        }
    }
    Ok(word.into_owned())
}
