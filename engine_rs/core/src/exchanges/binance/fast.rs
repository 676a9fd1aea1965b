//! Streams and depth in the exact form in which they are sent.

use std::borrow::Cow;

use super::venue_time;
use crate::exchanges::decimal::{PriceScale, PriceScales};
use crate::exchanges::event::Event;
use crate::exchanges::fast::Cursor;

/// Reads a best bid and ask, a depth update or a trade, inside its stream's envelope or alone.
pub(crate) fn stream<'a>(body: &'a [u8], usdm: bool, scales: &PriceScales) -> Option<Event<'a>> {
    let mut at = Cursor::of(body)?;
    let wrapped = at.skip(b"{\"stream\":\"").is_some();
    if wrapped {
        // The one stream whose data mean something else.
        if at.text()? == "!serverShutdown" {
            return None;
        }
        at.skip(b",\"data\":")?;
    }
    let event = if at.skip(b"{\"e\":\"depthUpdate\",\"E\":").is_some() {
        depth_update(&mut at, usdm, scales)?
    } else if at.skip(b"{\"e\":\"trade\",\"E\":").is_some() {
        trade(&mut at, scales)?
    } else {
        at.skip(b"{\"u\":")?;
        book_ticker(&mut at, scales)?
    };
    at.skip(b"}")?;
    if wrapped {
        at.skip(b"}")?;
    }
    at.rest.is_empty().then_some(event)
}

fn book_ticker<'a>(at: &mut Cursor<'a>, scales: &PriceScales) -> Option<Event<'a>> {
    let update_id = at.integer()?;
    at.skip(b",\"s\":\"")?;
    let symbol = at.text()?;
    let scale = scales.of(symbol);
    at.skip(b",\"b\":\"")?;
    let bid = at.price(scale)?;
    at.skip(b",\"B\":\"")?;
    let bid_qty = at.decimal()?;
    at.skip(b",\"a\":\"")?;
    let ask = at.price(scale)?;
    at.skip(b",\"A\":\"")?;
    let ask_qty = at.decimal()?;
    Some(Event::BookTicker {
        symbol: Cow::Borrowed(symbol),
        update_id,
        bid,
        bid_qty,
        ask,
        ask_qty,
        venue_ns: None,
    })
}

fn trade<'a>(at: &mut Cursor<'a>, scales: &PriceScales) -> Option<Event<'a>> {
    at.integer()?;
    at.skip(b",\"s\":\"")?;
    let symbol = at.text()?;
    at.skip(b",\"t\":")?;
    let id = at.integer()?;
    at.skip(b",\"p\":\"")?;
    let price = at.price(scales.of(symbol))?;
    at.skip(b",\"q\":\"")?;
    let qty = at.decimal()?;
    at.skip(b",\"T\":")?;
    let venue_ns = venue_time(at.integer()?)?;
    at.skip(b",\"m\":")?;
    let buyer_is_maker = at.boolean()?;
    at.skip(b",\"M\":")?;
    at.boolean()?;
    (price > 0 && qty > 0).then_some(Event::Trade {
        symbol: Cow::Borrowed(symbol),
        id,
        price,
        qty,
        buyer_is_maker,
        venue_ns,
    })
}

fn depth_update<'a>(at: &mut Cursor<'a>, usdm: bool, scales: &PriceScales) -> Option<Event<'a>> {
    let venue_ns = venue_time(at.integer()?)?;
    if usdm {
        at.skip(b",\"T\":")?;
        at.integer()?;
    }
    at.skip(b",\"s\":\"")?;
    let symbol = at.text()?;
    at.skip(b",\"U\":")?;
    let first = at.integer()?;
    at.skip(b",\"u\":")?;
    let last = at.integer()?;
    let prev = if usdm {
        at.skip(b",\"pu\":")?;
        Some(at.integer()?)
    } else {
        None
    };
    let scale = scales.of(symbol);
    at.skip(b",\"b\":")?;
    let bids = at.levels(scale)?;
    at.skip(b",\"a\":")?;
    let asks = at.levels(scale)?;
    (first <= last).then_some(Event::DepthDelta {
        symbol: Cow::Borrowed(symbol),
        first,
        last,
        prev,
        bids,
        asks,
        venue_ns,
    })
}

/// Reads a spot book as REST gives it.
pub(crate) fn depth_snapshot<'a>(
    body: &[u8],
    symbol: &'a str,
    scale: PriceScale,
) -> Option<Event<'a>> {
    let mut at = Cursor::of(body)?;
    at.skip(b"{\"lastUpdateId\":")?;
    let last = at.integer()?;
    at.skip(b",\"bids\":")?;
    let bids = at.levels(scale)?;
    at.skip(b",\"asks\":")?;
    let asks = at.levels(scale)?;
    at.skip(b"}")?;
    at.rest.is_empty().then_some(Event::DepthSnapshot {
        symbol: Cow::Borrowed(symbol),
        last,
        bids,
        asks,
        venue_ns: None,
    })
}
