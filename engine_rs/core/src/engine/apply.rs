//! Decoded events, each applied to what it tells about.

use super::Engine;
use super::books::Delivery;
use super::endpoints::{AccountUpdate, Announced};
use super::ends::Notified;
use super::needs::Receipt;
use super::race;
use crate::book::order_book::{BookChange, Numbered, Outcome, Source};
use crate::chain::base58::{self, Pubkey};
use crate::exchanges::event::Event;
use crate::fees::consumed_units;
use cambist_record::Header;

impl Engine {
    pub(super) fn node_event(&mut self, at: u16, event: Event<'_>, now_ns: i64) {
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
                let update = AccountUpdate {
                    key,
                    slot,
                    lamports,
                    owner,
                    data,
                };
                self.account_update(at, update, now_ns);
            }
            Event::AccountMissing { key, slot } => self.lost_account(at, &key, slot),
            Event::AccountUndated {
                key, owner, data, ..
            } => registry.see(&key, &owner, &data),
            Event::Slot { slot, parent, root } => {
                let announced = Announced { slot, parent, root };
                self.announced(at, announced, now_ns);
            }
            Event::Subscribed { key: Some(key), .. }
                if channel.socket && channel.quarantine.is_empty() =>
            {
                registry.carried(&key, at);
            }
            Event::FeeSamples {
                percentile,
                accounts,
                samples,
            } => self.fee_samples(&accounts, percentile, &samples, now_ns),
            Event::FeeEstimate {
                source,
                slot,
                levels,
            } => {
                self.sources.estimate(source, slot, &levels, now_ns);
                self.reprice();
            }
            Event::Receipt {
                signature,
                slot,
                payer,
                fee,
                tip,
            } => self.receipts.push(Receipt {
                signature: base58::encode_signature(&signature),
                slot,
                payer: base58::encode(&payer),
                fee,
                tip,
            }),
            Event::Logs {
                slot,
                signature,
                failed,
                logs,
                mentions: Some(mentioned),
            } => {
                let mention = (&signature, &mentioned);
                if self.racing
                    && channel.socket
                    && !race::is_first(&mut self.race, at, mention, failed, now_ns)
                {
                    return;
                }
                let units = consumed_units(&logs);
                let account = base58::encode(&mentioned);
                self.sources.observe(&account, slot, units, now_ns);
                if !failed {
                    let told = Notified {
                        slot,
                        signature: &signature,
                        mentions: &mentioned,
                        logs: &logs,
                        recv_ns: now_ns,
                    };
                    self.standing.ends.note_landed(&self.market, told);
                }
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

    /// Returns what the message's number said, if this event was that: of a repeated one nothing else is to be applied.
    pub(super) fn venue_event(&mut self, header: &Header, event: Event<'_>) -> Numbered {
        let (at, now_ns) = (header.channel, header.recv_ns);
        let Some(channel) = self.channels.get_mut(&at) else {
            return Numbered::Next;
        };
        match event {
            Event::Sequence { number } => {
                let numbered = channel.count(header.generation, number);
                if numbered == Numbered::Missed {
                    self.missed(at, header.generation);
                }
                return numbered;
            }
            Event::Trade { venue_ns, .. } => {
                channel.as_of(now_ns, Some(venue_ns));
            }
            Event::Instruments(listed) => {
                let venue = channel.info.venue.clone();
                for each in &listed {
                    self.market
                        .dirty_books
                        .extend(self.market.books.list(&venue, each));
                }
            }
            Event::VenueStatus { status } => {
                let venue = channel.info.venue.clone();
                let changed = self.market.books.status(&venue, &status);
                self.market.dirty_books.extend(changed);
            }
            Event::Error { code, message, .. } => {
                channel.error(&format!("error {code}: {message}"));
            }
            other => self.book_event(header, other),
        }
        Numbered::Next
    }

    /// Takes over what an event says of a book, if it says something of one.
    fn book_event(&mut self, header: &Header, event: Event<'_>) {
        let (at, now_ns) = (header.channel, header.recv_ns);
        let (Some(channel), Some(symbol)) = (self.channels.get_mut(&at), event.symbol()) else {
            return;
        };
        let timed = !matches!(event, Event::BookChecksum { .. } | Event::Gap { .. });
        let as_of_ns = channel.as_of(now_ns, event.venue_ns());
        let delivery = Delivery {
            generation: header.generation,
            next: channel.next == Some(header.generation),
            source: channel.source,
            now_ns,
        };
        let rules = channel.continuity;
        let place = self.market.books.find(&channel.info.venue, symbol, rules);
        let own = delivery.source == Source::Stream;
        let change = self.market.books.entries[place].take(event, delivery);
        let Some(change) = change else { return };
        if change.outcome == Outcome::Unverified
            && let Some(channel) = self.channels.get_mut(&at)
        {
            let name = &self.market.books.entries[place].name;
            channel.error(&format!(
                "sums of {name} fail on fresh books, no longer checked"
            ));
        }
        if timed || change.outcome == Outcome::Gap {
            self.book_changed(at, place, change, as_of_ns, own);
        }
    }

    /// Messages of one connection are missing, of whichever books they told.
    fn missed(&mut self, at: u16, generation: u32) {
        self.counters.gaps += 1;
        if let Some(channel) = self.channels.get_mut(&at) {
            channel.gaps += 1;
        }
        for place in self.books_of(at) {
            let entry = &mut self.market.books.entries[place];
            let change = if entry.generation == generation {
                entry.book.gap()
            } else if let Some(next) = entry
                .next
                .as_mut()
                .filter(|next| next.generation == generation)
            {
                next.book.gap()
            } else {
                continue;
            };
            self.market.dirty_books.insert(place);
            self.seed(place, change);
        }
    }

    /// Returns the places of the books that a channel tells of.
    pub(super) fn books_of(&self, at: u16) -> Vec<usize> {
        let entries = self.market.books.entries.iter().enumerate();
        let places = entries.filter(|(_, entry)| entry.channel == Some(at));
        places.map(|(place, _)| place).collect()
    }

    /// Takes over what tips landed.
    pub(super) fn tips(&mut self, event: &Event<'_>, now_ns: i64) {
        if let Event::TipFloor { levels, average } = event {
            self.sources.tip_floor(levels, *average, now_ns);
            self.reprice();
        }
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
