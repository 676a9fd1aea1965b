//! Decoded events, each applied to what it tells about.

use super::Engine;
use super::race;
use super::standing::Moment;
use crate::base58::{self, Pubkey};
use crate::decode::Event;
use crate::fees::consumed_units;
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
                lamports,
                owner,
                data,
            } => {
                if self.racing && channel.socket && registry.account(&key).is_some() {
                    let state = (lamports, data.as_slice());
                    self.race.account(at, key, slot, None, state, moment.now_ns);
                }
                registry.take(&key, slot, &owner, data, at, channel.socket);
            }
            Event::AccountMissing { key, slot } => registry.lose(&key, slot),
            Event::AccountUndated {
                key, owner, data, ..
            } => registry.see(&key, &owner, &data),
            Event::Slot { slot, .. } if channel.announce(slot, moment.now_ns) => {
                let sockets = self.channels.values().filter(|each| each.socket);
                let announced = sockets.filter_map(|each| Some((each.info.id, each.slot?)));
                registry.announce(slot, &announced.collect());
                if self.market.slot.is_none_or(|newest| slot > newest) {
                    (self.market.slot, self.market.slot_ns) = (Some(slot), moment.now_ns);
                }
            }
            Event::Subscribed { key: Some(key), .. } if channel.socket => {
                registry.carried(&key, at);
            }
            Event::FeeSamples {
                percentile,
                accounts,
                samples,
            } => self.fee_samples(&accounts, percentile, &samples, moment.now_ns),
            Event::FeeEstimate {
                source,
                slot,
                levels,
            } => {
                self.sources.estimate(source, slot, &levels, moment.now_ns);
                self.reprice();
            }
            Event::Logs {
                slot,
                signature,
                failed,
                logs,
                mentions: Some(account),
            } => {
                let told = (&signature, &account);
                if self.racing
                    && channel.socket
                    && !race::is_first(&mut self.race, at, told, failed, moment.now_ns)
                {
                    return;
                }
                let units = consumed_units(&logs);
                let account = base58::encode(&account);
                self.sources.observe(&account, slot, units, moment.now_ns);
            }
            Event::Error { code, message, .. } => {
                channel.error(&format!("error {code}: {message}"));
            }
            _ => {}
        }
    }

    /// Samples of one account are its own; until others come they speak for the chain too.
    fn fee_samples(
        &mut self,
        accounts: &[Pubkey],
        percentile: Option<u16>,
        samples: &[(u64, u64)],
        now_ns: i64,
    ) {
        if let [account] = accounts {
            let account = base58::encode(account);
            self.sources.account(&account, samples, percentile, now_ns);
        } else {
            self.sources.whole = true;
        }
        if accounts.len() != 1 || !self.sources.whole {
            self.fees.add(samples, percentile, now_ns);
        }
        self.reprice();
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
            Event::BookChecksum { symbol, sum, .. } => {
                let place = self.find_book(at, &symbol);
                let change = self.market.books.entries[place].book.verify(sum);
                if change.outcome == Outcome::Gap {
                    let as_of_ns = self.market.books.entries[place].as_of_ns;
                    self.book_changed(at, place, change, as_of_ns, true);
                }
            }
            Event::Gap { symbol } => {
                let place = self.find_book(at, &symbol);
                let entry = &mut self.market.books.entries[place];
                let (change, as_of_ns) = (entry.book.gap(), entry.as_of_ns);
                self.book_changed(at, place, change, as_of_ns, true);
            }
            Event::TipFloor { levels, average } => {
                self.sources.tip_floor(&levels, average, now_ns);
                self.reprice();
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
