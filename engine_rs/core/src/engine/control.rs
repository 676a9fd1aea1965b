//! Records that are no frames: channels, their connections and gaps, time.

use super::channels::{ChannelState, State};
use super::setup::Channel;
use super::slot_chain::SlotChain;
use super::{BlockError, Engine, Ingested};
use crate::book::order_book::{Numbering, Outcome};
use cambist_record::{Header, kind};

impl Engine {
    /// Takes one record that is no frame. Of a COMMAND or FILL nothing is read: what moved before it is judged.
    ///
    /// # Errors
    /// `BlockError` if it is damaged.
    pub fn control(&mut self, block: &[u8], offset: usize) -> Result<Ingested, BlockError> {
        let header = Header::read(block, offset)?;
        let (body, after) = header.body(block, offset)?;
        let mut out = Ingested {
            offset: after,
            records: 1,
            ..Ingested::default()
        };
        let known = self.channels.contains_key(&header.channel);
        let is_operators = matches!(header.kind, kind::COMMAND | kind::FILL);
        match header.kind {
            kind::CHANNEL => self.declare(body),
            kind::CLOCK_STEP => {
                for channel in self.channels.values_mut() {
                    channel.offset_ns = None;
                }
            }
            kind::TICK => self.tick(header.recv_ns),
            kind::CONNECTED if known => self.connected(header.channel, header.generation),
            kind::DISCONNECTED if known => self.disconnected(header.channel, header.generation),
            kind::GAP if known => self.gap(header.channel),
            _ => {}
        }
        if is_operators {
            self.judge(&header, &mut out);
        } else {
            let moment = self.begin_moment(&header);
            self.settle(moment, &mut out);
            self.market.registry.vouched = false;
            self.review_all(moment, &mut out);
            self.take_picture(&header);
        }
        self.take_refused(known.then_some(header.channel));
        self.hand_out_needs(&mut out);
        Ok(out)
    }

    fn declare(&mut self, body: &[u8]) {
        let Ok(info) = serde_json::from_slice::<Channel>(body) else {
            self.counters.malformed += 1;
            return;
        };
        match self.channels.get_mut(&info.id) {
            Some(channel) => channel.redeclare(info),
            None => {
                self.channels.insert(info.id, ChannelState::new(info));
            }
        }
        self.count_sockets();
    }

    /// A connection is open. If the one before it is too, it takes over book by book.
    pub(super) fn connected(&mut self, at: u16, generation: u32) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        if channel.state == State::Live && channel.overlaps(generation) {
            (channel.next, channel.numbers[1]) = (Some(generation), Numbering::default());
            return;
        }
        channel.state = State::Live;
        channel.generation = channel.generation.max(generation);
        channel.numbers = [Numbering::default(); 2];
        channel.quarantine.clear();
        self.market.registry.ask_again(at);
        for place in self.books_of(at) {
            let entry = &mut self.market.books.entries[place];
            entry.generation = generation;
            entry.book.connect();
        }
    }

    pub(super) fn disconnected(&mut self, at: u16, generation: u32) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        match channel.next {
            Some(next) if generation != next => {
                (channel.generation, channel.next) = (next, None);
                channel.numbers = [channel.numbers[1], Numbering::default()];
                self.hand_over(at, next);
                return;
            }
            Some(_) => {
                channel.next = None;
                let stays = channel.generation;
                self.hand_back(at, stays);
                return;
            }
            None => {}
        }
        channel.state = State::Down;
        channel.session.disconnect();
        channel.chain = SlotChain::default();
        if channel.socket {
            self.market.registry.doubt(at);
            self.lose_socket(at);
        }
        for place in self.books_of(at) {
            self.market.books.entries[place].book.disconnect();
            self.market.dirty_books.insert(place);
        }
    }

    /// The old one of two connections is gone.
    fn hand_over(&mut self, at: u16, generation: u32) {
        for place in self.books_of(at) {
            self.market.books.entries[place].inherit(generation);
            self.market.dirty_books.insert(place);
        }
    }

    /// The new one of two connections is gone.
    fn hand_back(&mut self, at: u16, generation: u32) {
        for place in self.books_of(at) {
            self.market.books.entries[place].disinherit(generation);
            self.market.dirty_books.insert(place);
        }
    }

    fn gap(&mut self, at: u16) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        channel.gaps += 1;
        self.counters.gaps += 1;
        if channel.socket {
            self.market.registry.doubt(at);
            self.market.registry.ask_again(at);
            if self.racing {
                self.race.disconnected(at);
            }
        }
        for place in self.books_of(at) {
            let entry = &mut self.market.books.entries[place];
            entry.next = None;
            let change = entry.book.gap();
            self.market.dirty_books.insert(place);
            self.seed(place, change);
        }
    }

    /// Time has passed: books that stay crossed, or say nothing any more, are given up.
    fn tick(&mut self, now_ns: i64) {
        for place in 0..self.market.books.entries.len() {
            let change = self.market.books.entries[place].book.tick(now_ns);
            self.seed(place, change);
            if change.outcome != Outcome::Ignored {
                self.market.dirty_books.insert(place);
            }
        }
    }
}
