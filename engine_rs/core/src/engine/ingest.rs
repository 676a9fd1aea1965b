//! Frames, one after the other: decoded and applied; what they moved is judged at moments.

use super::channels::State;
use super::{BlockError, Engine, Ingested};
use crate::book::order_book::Numbered;
use crate::chain::solana::decode_solana;
use crate::chain::tips::{TIP_FLOOR, decode_tip_floor};
use crate::exchanges::decoded::decode_venue;
use crate::exchanges::{DecodeError, Direction};
use cambist_record::{Header, kind};

impl Engine {
    /// Takes FRAME records from `offset` on: stops before a record of another kind, before one at or after `until_ns`,
    /// after a frame with a go decision or one that is watched for, before a damaged record, or at the end.
    ///
    /// # Errors
    /// `BlockError` if the record at `offset` is damaged.
    pub fn ingest(
        &mut self,
        block: &[u8],
        offset: usize,
        until_ns: i64,
    ) -> Result<Ingested, BlockError> {
        let mut out = Ingested {
            offset,
            ..Ingested::default()
        };
        while out.offset < block.len() {
            let record = Header::read(block, out.offset).and_then(|header| {
                if header.kind != kind::FRAME || header.recv_ns >= until_ns {
                    return Ok(None);
                }
                header
                    .body(block, out.offset)
                    .map(|(body, after)| Some((header, body, after)))
            });
            let (header, body, after) = match record {
                Ok(Some(record)) => record,
                Err(error) if out.records == 0 => return Err(error),
                Ok(None) | Err(_) => break,
            };
            out.go = 0;
            let slot = self.market.slot;
            self.frame(&header, body);
            out.watched_ns = self.is_watched(slot).then_some(header.recv_ns);
            self.note_frame(&header, &mut out);
            self.take_refused(Some(header.channel));
            out.records += 1;
            out.offset = after;
            if out.go > 0 || out.watched_ns.is_some() {
                break;
            }
        }
        self.hand_out_needs(&mut out);
        Ok(out)
    }

    fn frame(&mut self, header: &Header, body: &[u8]) {
        self.counters.frames += 1;
        let at = header.channel;
        let Some(channel) = self.channels.get_mut(&at) else {
            self.counters.malformed += 1;
            return;
        };
        channel.frames += 1;
        channel.last_ns = header.recv_ns;
        let sent = header.direction != 0;
        if !channel.solana && (sent || channel.is_past(header.generation)) {
            return;
        }
        if header.generation > channel.generation && channel.next != Some(header.generation) {
            let before = channel.generation;
            if before > 0 {
                self.disconnected(at, before);
            }
            self.connected(at, header.generation);
        }
        let slot = self.market.slot;
        if let Err(error) = self.decode(header, body) {
            self.counters.malformed += 1;
            if let Some(channel) = self.channels.get_mut(&at) {
                channel.malformed += 1;
                channel.error(&error.to_string());
            }
            return;
        }
        if let Some(channel) = self.channels.get_mut(&at).filter(|_| !sent) {
            channel.state = State::Live;
        }
        let halvings = self.judge.forget(slot, self.market.slot);
        if halvings > 0 {
            self.sources.forget(halvings);
            self.reprice();
        }
    }

    fn decode(&mut self, header: &Header, body: &[u8]) -> Result<(), DecodeError> {
        let Some(channel) = self.channels.get_mut(&header.channel) else {
            return Ok(());
        };
        if channel.solana {
            let direction = if header.direction == 0 {
                Direction::In
            } else {
                Direction::Out
            };
            let events = decode_solana(
                &mut channel.session,
                header.conn,
                header.generation,
                direction,
                body,
            )?;
            for event in events {
                self.node_event(header.channel, event, header.recv_ns);
            }
            return Ok(());
        }
        // The symbol is copied because the event may borrow it while the channel changes.
        let (protocol, symbol) = (&channel.info.protocol, channel.info.symbol.clone());
        if protocol == TIP_FLOOR {
            let event = decode_tip_floor(body)?;
            self.tips(&event, header.recv_ns);
            return Ok(());
        }
        let scales = self.market.books.scales(&channel.info.venue);
        for event in decode_venue(protocol, &symbol, body, scales)? {
            if self.venue_event(header, event) == Numbered::Repeated {
                break;
            }
        }
        Ok(())
    }
}
