//! The bounded queue of records, as bytes.
//!
//! A record is `seq u64 · recv_ns i64 · kind u8 · direction u8 · channel u16 · conn u32 · generation u32 · body_len u32`,
//! little-endian, followed by its body: what `cambist/model/events.py` calls a block is a run of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;

/// Length of a record's header.
pub const HEADER_BYTES: usize = 32;
/// An answer to a subscription fits in this; no notification does.
pub const ANSWER_BYTES: usize = 96;

const FRAME: u8 = 1;
const GAP: u8 = 4;
const CONNECTED: u8 = 5;
const DISCONNECTED: u8 = 6;
const IN: u8 = 0;
const OUT: u8 = 1;

/// Memory that a drained ring keeps for the next burst.
const KEPT_BYTES: usize = 4 << 20;
/// A drain that asks for later than this takes everything, and says nothing about the time of what comes.
const AHEAD_NS: i64 = 1_000_000_000;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Records; frames that find as many waiting are dropped.
    pub max_records: usize,
    /// Bytes of bodies; holds for all frames, sent ones and short answers too.
    pub max_bytes: usize,
}

/// Whose record it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// The channel's number in the session.
    pub channel: u16,
    /// Number of the connection.
    pub conn: u32,
    /// Generation of the connection.
    pub generation: u32,
}

/// Records in the order they came, at times that never run backwards. A full ring drops frames, counts them, and puts a
/// GAP in their place.
#[derive(Debug)]
pub struct Ring {
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    bytes: Vec<u8>,
    head: usize,
    records: usize,
    last_ns: i64,
    limits: Limits,
    unreported: BTreeMap<u16, u64>,
    dropped: BTreeMap<u16, u64>,
    frames: u64,
}

impl Ring {
    /// Returns an empty ring.
    pub fn new(clock: Clock, limits: Limits) -> Self {
        let inner = Inner {
            bytes: Vec::new(),
            head: 0,
            records: 0,
            last_ns: i64::MIN,
            limits,
            unreported: BTreeMap::new(),
            dropped: BTreeMap::new(),
            frames: 0,
        };
        Self {
            clock,
            inner: Mutex::new(inner),
        }
    }

    /// Returns the time as its records get it.
    pub fn now_ns(&self) -> i64 {
        self.clock.now_ns()
    }

    /// Sets how many records may wait.
    pub fn limit(&self, max_records: usize) {
        self.lock().limits.max_records = max_records;
    }

    /// Returns how many records wait.
    pub fn len(&self) -> usize {
        self.lock().records
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many frames were taken.
    pub fn frames(&self) -> u64 {
        self.lock().frames
    }

    /// Returns how many frames were dropped, by channel.
    pub fn dropped(&self) -> Vec<(u16, u64)> {
        let inner = self.lock();
        inner.dropped.iter().map(|(&c, &n)| (c, n)).collect()
    }

    /// Takes a frame that came in, or drops and counts it; returns its time, `None` if `open` says no.
    ///
    /// `open` is asked under the lock that `end` holds: after the end of a connection nothing of it is taken.
    pub fn received(&self, stamp: Stamp, body: &[u8], open: impl FnOnce() -> bool) -> Option<i64> {
        let mut inner = self.lock();
        let full = inner.records >= inner.limits.max_records && body.len() > ANSWER_BYTES;
        if !open() {
            return None;
        }
        let taken = inner.frame(&self.clock, stamp, IN, body, full);
        Some(if taken {
            inner.last_ns
        } else {
            self.clock.now_ns()
        })
    }

    /// Takes a frame that is being sent; what is asked must be known, so that only the bound on bytes holds.
    pub fn sent(&self, stamp: Stamp, body: &[u8], open: impl FnOnce() -> bool) -> bool {
        let mut inner = self.lock();
        open() && inner.frame(&self.clock, stamp, OUT, body, false)
    }

    /// Notes that a connection is open; `body` is the record's JSON.
    pub fn connected(&self, stamp: Stamp, body: &[u8]) {
        self.lock().push(&self.clock, CONNECTED, IN, stamp, body);
    }

    /// Notes that a connection ended, once `close` has seen to it that nothing of it follows.
    pub fn end(&self, stamp: Stamp, body: &[u8], close: impl FnOnce() -> bool) {
        let mut inner = self.lock();
        if close() {
            inner.push(&self.clock, DISCONNECTED, IN, stamp, body);
        }
    }

    /// Returns the time of the first record; if there is none, `now_ns`, and nothing earlier will come.
    pub fn first_ns(&self, now_ns: i64) -> i64 {
        let mut inner = self.lock();
        if inner.records > 0 {
            return inner.time_at(inner.head);
        }
        inner.last_ns = inner.last_ns.max(now_ns);
        now_ns
    }

    /// Hands out the records up to `until_ns`, at most `limit`, numbered from `first_seq` on.
    ///
    /// `make` gets their length and what fills a buffer of it. Returns what it made and how many records there were; what
    /// comes later has a time of `until_ns` or later, unless that lies more than a second ahead.
    ///
    /// # Errors
    /// What `make` says; the records stay.
    pub fn drain<T, E>(
        &self,
        first_seq: u64,
        until_ns: i64,
        limit: usize,
        make: impl FnOnce(usize, &mut dyn FnMut(&mut [u8])) -> Result<T, E>,
    ) -> Result<(T, usize), E> {
        let mut inner = self.lock();
        if !inner.unreported.is_empty() && inner.records < inner.limits.max_records / 2 {
            inner.own_up(&self.clock);
        }
        let (size, count) = inner.run(until_ns, limit);
        let made = make(size, &mut |into: &mut [u8]| inner.copy(first_seq, into))?;
        inner.take(size, count);
        if until_ns <= self.clock.now_ns().saturating_add(AHEAD_NS) {
            inner.last_ns = inner.last_ns.max(until_ns);
        }
        Ok((made, count))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change below is complete before anything in it can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn waiting_bytes(&self) -> usize {
        self.bytes.len() - self.head - self.records * HEADER_BYTES
    }

    fn frame(
        &mut self,
        clock: &Clock,
        stamp: Stamp,
        direction: u8,
        body: &[u8],
        full: bool,
    ) -> bool {
        if full || self.waiting_bytes() + body.len() > self.limits.max_bytes {
            *self.unreported.entry(stamp.channel).or_default() += 1;
            *self.dropped.entry(stamp.channel).or_default() += 1;
            return false;
        }
        if !self.unreported.is_empty()
            && let Some(count) = self.unreported.remove(&stamp.channel)
        {
            self.gap(clock, stamp.channel, count);
        }
        self.push(clock, FRAME, direction, stamp, body);
        self.frames += 1;
        true
    }

    fn push(&mut self, clock: &Clock, kind: u8, direction: u8, stamp: Stamp, body: &[u8]) {
        let recv_ns = clock.now_ns().max(self.last_ns);
        self.last_ns = recv_ns;
        let mut header = [0; HEADER_BYTES];
        header[8..16].copy_from_slice(&recv_ns.to_le_bytes());
        header[16] = kind;
        header[17] = direction;
        header[18..20].copy_from_slice(&stamp.channel.to_le_bytes());
        header[20..24].copy_from_slice(&stamp.conn.to_le_bytes());
        header[24..28].copy_from_slice(&stamp.generation.to_le_bytes());
        header[28..32].copy_from_slice(&(body.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(body);
        self.records += 1;
    }

    /// Reports what was dropped of channels that have been silent since.
    fn own_up(&mut self, clock: &Clock) {
        for (channel, count) in std::mem::take(&mut self.unreported) {
            self.gap(clock, channel, count);
        }
    }

    fn gap(&mut self, clock: &Clock, channel: u16, count: u64) {
        let body = format!(r#"{{"count":{count},"reason":"queue full"}}"#);
        let stamp = Stamp {
            channel,
            conn: 0,
            generation: 0,
        };
        self.push(clock, GAP, IN, stamp, body.as_bytes());
    }

    fn time_at(&self, at: usize) -> i64 {
        i64::from_le_bytes(array(&self.bytes[at + 8..]))
    }

    /// Returns the length of the run of at most `limit` records up to `until_ns`, and how many they are.
    fn run(&self, until_ns: i64, limit: usize) -> (usize, usize) {
        let (mut at, mut count) = (self.head, 0);
        while count < limit.min(self.records) && self.time_at(at) <= until_ns {
            at += record_bytes(&self.bytes[at..]);
            count += 1;
        }
        (at - self.head, count)
    }

    /// Fills `into` with the first records and numbers them.
    fn copy(&self, first_seq: u64, into: &mut [u8]) {
        let size = into.len();
        into.copy_from_slice(&self.bytes[self.head..self.head + size]);
        let (mut at, mut seq) = (0, first_seq);
        while at < size {
            into[at..at + 8].copy_from_slice(&seq.to_le_bytes());
            at += record_bytes(&into[at..]);
            seq += 1;
        }
    }

    /// Forgets the first records. What is left moves to the front once it is the smaller part, so that each byte moves
    /// once or less.
    fn take(&mut self, size: usize, count: usize) {
        self.head += size;
        self.records -= count;
        if self.records == 0 {
            self.bytes.clear();
            self.head = 0;
            self.bytes.shrink_to(KEPT_BYTES);
        } else if self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
        }
    }
}

fn record_bytes(record: &[u8]) -> usize {
    HEADER_BYTES + u32::from_le_bytes(array(&record[28..])) as usize
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut found = [0; N];
    found.copy_from_slice(&bytes[..N]);
    found
}
