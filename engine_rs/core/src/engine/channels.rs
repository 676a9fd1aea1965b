//! Channels as the engine knows them: counters, clock offset, slots.

use std::fmt::Write as _;

use serde::Serialize;

use super::setup::Channel;
use super::slot_chain::SlotChain;
use crate::book::order_book::{Numbered, Numbering, Source};
use crate::chain::session::SolanaSession;
use crate::exchanges::Continuity;

const ERROR_CELLS: usize = 120;

/// One channel: what came over it and how current it is.
#[derive(Clone, Debug)]
pub(crate) struct ChannelState {
    pub(crate) info: Channel,
    pub(crate) frames: u64,
    pub(crate) malformed: u64,
    pub(crate) gaps: u64,
    pub(crate) last_ns: i64,
    pub(crate) lag_ns: Option<i64>,
    /// When the last message that told a time was true.
    pub(crate) as_of_ns: Option<i64>,
    /// Running minimum of receive − venue time.
    pub(crate) offset_ns: Option<i64>,
    /// Newest slot announced on it.
    pub(crate) slot: Option<u64>,
    pub(crate) slot_ns: i64,
    pub(crate) generation: u32,
    /// Generation of the connection that takes over, book by book, while the other one still tells.
    pub(crate) next: Option<u32>,
    /// How far either connection has counted, where the venue counts messages.
    pub(crate) numbers: [Numbering; 2],
    pub(crate) state: State,
    pub(crate) last_error: String,
    pub(crate) session: SolanaSession,
    /// Slots of the node, if it is a socket.
    pub(crate) chain: SlotChain,
    /// Why nothing it tells of accounts counts before it connects anew.
    pub(crate) quarantine: String,
    /// Its frames are JSON-RPC of a Solana node.
    pub(crate) solana: bool,
    /// It is a Solana `PubSub` connection, which announces slots.
    pub(crate) socket: bool,
    /// How snapshots of its books come.
    pub(crate) source: Source,
    /// Whose rules its books follow.
    pub(crate) continuity: Continuity,
}

/// What is known of a channel's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Idle,
    Live,
    Down,
}

fn is_solana(protocol: &str) -> bool {
    protocol.starts_with("solana.")
}

fn is_socket(protocol: &str) -> bool {
    protocol == "solana.ws"
}

impl ChannelState {
    pub(crate) fn new(info: Channel) -> Self {
        let protocol = &info.protocol;
        Self {
            solana: is_solana(protocol),
            socket: is_socket(protocol),
            source: Source::of(protocol),
            continuity: Continuity::of(protocol),
            info,
            frames: 0,
            malformed: 0,
            gaps: 0,
            last_ns: 0,
            lag_ns: None,
            as_of_ns: None,
            offset_ns: None,
            slot: None,
            slot_ns: 0,
            generation: 0,
            next: None,
            numbers: [Numbering::default(); 2],
            state: State::Idle,
            last_error: String::new(),
            session: SolanaSession::new(),
            chain: SlotChain::default(),
            quarantine: String::new(),
        }
    }

    /// Takes a new declaration of the same channel.
    pub(crate) fn redeclare(&mut self, info: Channel) {
        let protocol = &info.protocol;
        (self.solana, self.socket) = (is_solana(protocol), is_socket(protocol));
        (self.source, self.continuity) = (Source::of(protocol), Continuity::of(protocol));
        self.info = info;
    }

    /// Returns whether what it tells counts.
    pub(crate) fn is_believed(&self) -> bool {
        self.state == State::Live && self.quarantine.is_empty()
    }

    /// Returns whether frames of this connection are of one that is gone.
    pub(crate) fn is_past(&self, generation: u32) -> bool {
        generation < self.generation
    }

    /// Returns whether a new connection and the one that is open tell the same for a while.
    pub(crate) fn overlaps(&self, generation: u32) -> bool {
        !self.solana && self.generation > 0 && generation > self.generation
    }

    /// Takes the number of a message; returns what it says of those before it.
    pub(crate) fn count(&mut self, generation: u32, number: u64) -> Numbered {
        self.numbers[usize::from(self.next == Some(generation))].take(number)
    }

    /// Returns when an event was true: its venue's time, by our clock.
    ///
    /// One that tells no time was sent after the last one that did, and no more than that is known of it.
    pub(crate) fn as_of(&mut self, recv_ns: i64, venue_ns: Option<i64>) -> i64 {
        let Some(venue_ns) = venue_ns else {
            return self.as_of_ns.unwrap_or(recv_ns);
        };
        let delay = recv_ns.saturating_sub(venue_ns);
        let offset = self.offset_ns.map_or(delay, |offset| offset.min(delay));
        let lag = delay.saturating_sub(offset);
        let as_of_ns = recv_ns.saturating_sub(lag);
        (self.offset_ns, self.lag_ns) = (Some(offset), Some(lag));
        self.as_of_ns = Some(as_of_ns);
        as_of_ns
    }

    /// Takes a slot announcement and returns whether it is a new one; an older slot (a fork) changes nothing.
    pub(crate) fn announce(&mut self, slot: u64, recv_ns: i64) -> bool {
        if self.slot.is_some_and(|newest| slot <= newest) {
            return false;
        }
        (self.slot, self.slot_ns) = (Some(slot), recv_ns);
        true
    }

    /// Keeps the last error, safe for a terminal.
    pub(crate) fn error(&mut self, text: &str) {
        self.last_error = plain(text);
    }
}

/// Returns `text` as one line of printable ASCII, at most 120 characters; anything else is spelled `\uXXXX`.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        let mut piece = String::new();
        if (' '..='~').contains(&char) {
            piece.push(char);
        } else {
            let _ = write!(piece, "\\u{:04x}", u32::from(char));
        }
        if out.len() + piece.len() > ERROR_CELLS {
            break;
        }
        out.push_str(&piece);
    }
    out
}
