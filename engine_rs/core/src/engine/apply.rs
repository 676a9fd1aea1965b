//! Decoded events, each applied to what it tells about.

use super::Engine;
use super::standing::Moment;
use crate::decode::Event;
use crate::order_book::{BookChange, Delta, Outcome, Ticker};

impl Engine {
    pub(super) fn node_event(&mut self, at: u16, event: Event<'_>, moment: Moment) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        let registry = &mut self.market.registry;
        match event {
            Event::Account {
                key,
                slot,
                owner,
                data,
                ..
            } => {
                registry.take(&key, slot, &owner, data, at, channel.socket);
            }
            Event::AccountMissing { key, slot } => registry.lose(&key, slot),
            Event::AccountUndated {
                key, owner, data, ..
            } => registry.see(&key, &owner, &data),
            Event::Slot { slot, .. } if channel.announce(slot, moment.now_ns) => {
                registry.announce(at, slot);
                if self.market.slot.is_none_or(|newest| slot > newest) {
                    (self.market.slot, self.market.slot_ns) = (Some(slot), moment.now_ns);
                }
            }
            Event::Subscribed { key: Some(key), .. } if channel.socket => {
                registry.carried(&key, at);
            }
            Event::FeeSamples {
                percentile,
                samples,
            } => {
                self.fees.add(&samples, percentile, moment.now_ns);
                self.standing.reprice(&self.setup, &self.fees);
            }
            Event::Error { code, message, .. } => {
                channel.error(&format!("error {code}: {message}"));
            }
            _ => {}
        }
    }

    pub(super) fn venue_event(&mut self, at: u16, event: Event<'_>, moment: Moment) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        let now_ns = moment.now_ns;
        match event {
            Event::BookTicker {
                symbol,
                update_id,
                bid,
                bid_qty,
                ask,
                ask_qty,
                venue_ns,
            } => {
                let ticker = Ticker {
                    update_id,
                    bid,
                    bid_qty,
                    ask,
                    ask_qty,
                };
                let lag = channel.lag(now_ns, venue_ns);
                let place = self.find_book(at, &symbol);
                let change = self.market.books.entries[place]
                    .book
                    .apply_ticker(ticker, now_ns);
                self.book_changed(at, place, change, now_ns - lag, true);
            }
            Event::DepthDelta {
                symbol,
                first,
                last,
                prev,
                bids,
                asks,
                venue_ns,
            } => {
                let lag = channel.lag(now_ns, Some(venue_ns));
                let place = self.find_book(at, &symbol);
                let delta = Delta {
                    first,
                    last,
                    prev,
                    bids,
                    asks,
                };
                let change = self.market.books.entries[place]
                    .book
                    .apply_delta(delta, now_ns);
                self.book_changed(at, place, change, now_ns - lag, true);
            }
            Event::DepthSnapshot {
                symbol,
                last,
                bids,
                asks,
                venue_ns,
            } => {
                let lag = channel.lag(now_ns, venue_ns);
                let place = self.find_book(at, &symbol);
                let change = self.market.books.entries[place]
                    .book
                    .apply_snapshot(last, &bids, &asks, now_ns);
                self.book_changed(at, place, change, now_ns - lag, false);
            }
            Event::Trade { venue_ns, .. } => {
                channel.lag(now_ns, Some(venue_ns));
            }
            Event::Instruments(listed) => {
                for each in &listed {
                    self.market.books.list(&channel.info.venue, each);
                }
            }
            Event::Error { code, message, .. } => {
                channel.error(&format!("error {code}: {message}"));
            }
            _ => {}
        }
    }

    fn find_book(&mut self, at: u16, symbol: &str) -> usize {
        let Some(channel) = self.channels.get(&at) else {
            return 0;
        };
        let kind = if channel.info.protocol.starts_with("binance.usdm.") {
            "perp"
        } else {
            "spot"
        };
        self.market.books.find(&channel.info.venue, symbol, kind)
    }

    fn book_changed(
        &mut self,
        at: u16,
        place: usize,
        change: BookChange,
        as_of_ns: i64,
        own: bool,
    ) {
        let entry = &mut self.market.books.entries[place];
        if own || entry.channel.is_none() {
            entry.channel = Some(at);
        }
        if change.outcome != Outcome::Ignored {
            entry.as_of_ns = entry.as_of_ns.max(as_of_ns);
        }
        if change.outcome == Outcome::Gap {
            self.counters.gaps += 1;
            if let Some(channel) = self.channels.get_mut(&at) {
                channel.gaps += 1;
            }
        }
        self.market.dirty_books.insert(place);
        self.seed(place, change);
    }
}
