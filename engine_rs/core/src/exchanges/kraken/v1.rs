//! Frames of Kraken's API before v2, to read recordings of it. Sample payloads stand beside each reader.
//!
//! Rules of the venue, beside those of v2:
//! 1. A push is a list: channel, one or two payloads, name of the channel, pair.
//! 2. A snapshot has no sum; what follows has one in its last payload.
//! 3. Only levels have a time, and trades have no id: theirs is 0.

use std::borrow::Cow;

use super::book::{MAX_KRAKEN_LEVELS, level, pair_in_v2};
use crate::exchanges::DecodeError;
use crate::exchanges::decimal::{PriceScale, PriceScales, decimal8};
use crate::exchanges::event::{Event, Level};
use crate::exchanges::frame::{Field, Kind};
use crate::exchanges::values::{at_most, count, positive, price as price_at, refused, subscribed};

/// Of one side or both, in order.
#[derive(Default)]
struct Changes {
    bids: Vec<Level>,
    asks: Vec<Level>,
    digits: Option<(u8, u8)>,
    newest_ns: Option<i64>,
}

/// `[1360,{…},"book-1000","ADA/XBT"]`, or a word on the connection.
pub(super) fn stream<'a>(
    frame: Field<'_, 'a>,
    scales: &PriceScales,
) -> Result<Vec<Event<'a>>, DecodeError> {
    if frame.kind != Kind::Array {
        return notice(frame).map(|event| vec![event]);
    }
    let parts: Vec<_> = frame.items()?.take(6).collect();
    let (payloads, name, pair) = match parts.as_slice() {
        [_, payloads @ .., name, pair] if (1..=2).contains(&payloads.len()) => {
            (payloads, name.text()?, pair.text()?)
        }
        _ => return Err(frame.wrong()),
    };
    let symbol = pair_in_v2(pair);
    let scale = scales.of(&symbol);
    match &*name {
        "trade" => trades(payloads[0], &symbol, scale),
        "ticker" => ticker(payloads[0], symbol, scale).map(|event| vec![event]),
        book if book.starts_with("book-") => depth(payloads, symbol, scale),
        _ => Ok(vec![Event::Ignored]),
    }
}

/// `{"event":"systemStatus","status":"online",…}`, `{"event":"subscriptionStatus","status":"subscribed",…}`,
/// `{"event":"subscriptionStatus","status":"error","errorMessage":"…"}` or `{"event":"heartbeat"}`
fn notice<'a>(frame: Field<'_, 'a>) -> Result<Event<'a>, DecodeError> {
    let [event, status, message] = frame.fields(["event", "status", "errorMessage"])?;
    match &*event.text()? {
        "systemStatus" => Ok(Event::VenueStatus {
            status: status.text()?,
        }),
        "subscriptionStatus" => match &*status.text()? {
            "subscribed" | "unsubscribed" => Ok(subscribed()),
            "error" => refused(0, message),
            _ => Err(status.wrong()),
        },
        _ => Ok(Event::Ignored),
    }
}

/// `{"as":[…],"bs":[…]}`, `{"a":[["13.284500","1396.00000000","1618678133.383209"]],"c":"176333288"}`, or one side in each of
/// two.
fn depth<'a>(
    payloads: &[Field<'_, 'a>],
    symbol: Cow<'a, str>,
    scale: PriceScale,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let mut changes = Changes::default();
    let [asks, bids, first] = payloads[0].fields(["as", "bs", "a"])?;
    if !asks.absent() {
        changes.asks = levels(asks, scale, &mut changes)?;
        changes.bids = levels(bids, scale, &mut changes)?;
        return Ok(vec![Event::DepthSnapshot {
            symbol,
            last: 0,
            bids: changes.bids,
            asks: changes.asks,
            venue_ns: None,
        }]);
    }
    let mut checksum = first;
    for payload in payloads {
        let [asks, bids, sum] = payload.fields(["a", "b", "c"])?;
        checksum = sum;
        if !asks.absent() {
            let more = levels(asks, scale, &mut changes)?;
            changes.asks.extend(more);
        }
        if !bids.absent() {
            let more = levels(bids, scale, &mut changes)?;
            changes.bids.extend(more);
        }
    }
    let Ok(sum) = u32::try_from(count(checksum)?) else {
        return Err(checksum.wrong());
    };
    let delta = Event::DepthDelta {
        symbol: symbol.clone(),
        first: 0,
        last: 0,
        prev: None,
        bids: changes.bids,
        asks: changes.asks,
        venue_ns: changes.newest_ns.ok_or_else(|| first.wrong())?,
    };
    let checksum = Event::BookChecksum {
        symbol,
        sum: sum.into(),
        digits: changes.digits,
    };
    Ok(vec![delta, checksum])
}

/// Returns `["13.284500","1396.00000000","1618678133.383209"]` rows as levels; a fourth `"r"` is one published again.
fn levels(
    side: Field<'_, '_>,
    scale: PriceScale,
    changes: &mut Changes,
) -> Result<Vec<Level>, DecodeError> {
    at_most(side, MAX_KRAKEN_LEVELS)?;
    let mut found = Vec::new();
    for row in side.items()? {
        let [price, qty, time] = first_three(row)?;
        let known = level(
            scale,
            (price, &price.text()?),
            (qty, &qty.text()?),
            &mut changes.digits,
        )?;
        changes.newest_ns = changes.newest_ns.max(Some(seconds(time)?));
        found.extend(known);
    }
    Ok(found)
}

fn first_three<'f, 'a>(row: Field<'f, 'a>) -> Result<[Field<'f, 'a>; 3], DecodeError> {
    let mut parts = row.items()?;
    match [parts.next(), parts.next(), parts.next()] {
        [Some(one), Some(two), Some(three)] => Ok([one, two, three]),
        _ => Err(row.wrong()),
    }
}

/// Returns seconds like `1618678133.383209` as nanoseconds.
fn seconds(time: Field<'_, '_>) -> Result<i64, DecodeError> {
    decimal8(&time.text()?)
        .and_then(|known| i64::try_from(known).ok()?.checked_mul(10))
        .ok_or_else(|| time.wrong())
}

/// `{"a":["13.253900",35,"35.72892241"],"b":["13.232900",185,"185.18432037"],…}`
fn ticker<'a>(
    payload: Field<'_, 'a>,
    symbol: Cow<'a, str>,
    scale: PriceScale,
) -> Result<Event<'a>, DecodeError> {
    let [ask, bid] = payload.fields(["a", "b"])?;
    let ([bid, _, bid_qty], [ask, _, ask_qty]) = (first_three(bid)?, first_three(ask)?);
    Ok(Event::BookTicker {
        symbol,
        update_id: 0,
        bid: bid.price(scale)?,
        bid_qty: bid_qty.decimal()?,
        ask: ask.price(scale)?,
        ask_qty: ask_qty.decimal()?,
        venue_ns: None,
    })
}

/// `[["354.11000000","0.89594024","1618678142.557535","s","l",""]]`; the letter is the side of the taker.
fn trades<'a>(
    payload: Field<'_, 'a>,
    symbol: &Cow<'a, str>,
    scale: PriceScale,
) -> Result<Vec<Event<'a>>, DecodeError> {
    let mut events = Vec::new();
    for row in payload.items()? {
        let [price, qty, time] = first_three(row)?;
        let side = row.items()?.nth(3).ok_or_else(|| row.wrong())?;
        events.push(Event::Trade {
            symbol: symbol.clone(),
            id: 0,
            price: price_at(price, scale)?,
            qty: positive(qty)?,
            buyer_is_maker: match &*side.text()? {
                "b" => false,
                "s" => true,
                _ => return Err(side.wrong()),
            },
            venue_ns: seconds(time)?,
        });
    }
    if events.is_empty() {
        return Err(payload.wrong());
    }
    Ok(events)
}
