//! The bounded queue of records, as bytes.
//!
//! Their seq is 0 until they are drained: who drains them gives it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cambist_record::direction::{IN, MOMENT, OUT};
use cambist_record::kind::{CONNECTED, DISCONNECTED, FRAME, GAP};
use cambist_record::{DIRECTION_AT, HEADER, Header, KIND_AT};

use crate::clock::Clock;

/// An answer to a subscription fits in this; no notification does.
pub const ANSWER_BYTES: usize = 96;

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

/// Time of a record, and how many bytes it takes.
type Mark = (i64, usize);

#[derive(Debug)]
struct Inner {
    bytes: VecDeque<u8>,
    /// One for each record that waits: what a drain takes is found without a look at bytes that are long out of the cache.
    marks: VecDeque<Mark>,
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
            bytes: VecDeque::new(),
            marks: VecDeque::new(),
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
        self.lock().marks.len()
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
        let full = inner.marks.len() >= inner.limits.max_records && body.len() > ANSWER_BYTES;
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
        if let Some(&(first_ns, _)) = inner.marks.front() {
            return first_ns;
        }
        inner.last_ns = inner.last_ns.max(now_ns);
        now_ns
    }

    /// Hands out the records up to `until_ns`, at most `limit`, numbered from `first_seq` on.
    ///
    /// With `moment` the last one is marked as a moment if it is a frame.
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
        moment: bool,
        make: impl FnOnce(usize, &mut dyn FnMut(&mut [u8])) -> Result<T, E>,
    ) -> Result<(T, usize), E> {
        let mut inner = self.lock();
        if !inner.unreported.is_empty() && inner.marks.len() < inner.limits.max_records / 2 {
            inner.own_up(&self.clock);
        }
        let (size, count) = inner.run(until_ns, limit);
        let made = make(size, &mut |into: &mut [u8]| {
            inner.copy(first_seq, moment, into);
        })?;
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
        self.bytes.len() - self.marks.len() * HEADER
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
        let header = Header {
            seq: 0,
            recv_ns,
            kind,
            direction,
            moment: false,
            channel: stamp.channel,
            conn: stamp.conn,
            generation: stamp.generation,
            body_len: body.len() as u32,
        };
        self.bytes.extend(&header.bytes());
        self.bytes.extend(body);
        self.marks.push_back((recv_ns, HEADER + body.len()));
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

    /// Returns the length of the run of at most `limit` records up to `until_ns`, and how many they are.
    fn run(&self, until_ns: i64, limit: usize) -> (usize, usize) {
        let due = self.marks.iter().take(limit);
        let due = due.take_while(|(recv_ns, _)| *recv_ns <= until_ns);
        due.fold((0, 0), |(size, count), (_, bytes)| {
            (size + bytes, count + 1)
        })
    }

    /// Fills `into` with the first records, numbers them, and marks the last one if that is wanted.
    fn copy(&self, first_seq: u64, moment: bool, into: &mut [u8]) {
        let (first, rest) = self.bytes.as_slices();
        let (front, back) = into.split_at_mut(first.len().min(into.len()));
        front.copy_from_slice(&first[..front.len()]);
        back.copy_from_slice(&rest[..back.len()]);
        let (mut at, mut seq, mut last) = (0, first_seq, 0);
        for (_, bytes) in &self.marks {
            let Some(place) = into.get_mut(at..at + 8) else {
                break;
            };
            place.copy_from_slice(&seq.to_le_bytes());
            (last, at) = (at, at + bytes);
            seq += 1;
        }
        if moment && into.get(last + KIND_AT) == Some(&FRAME) {
            into[last + DIRECTION_AT] |= MOMENT;
        }
    }

    /// Forgets the first records.
    fn take(&mut self, size: usize, count: usize) {
        self.bytes.drain(..size);
        self.marks.drain(..count);
        if self.marks.is_empty() {
            self.bytes.shrink_to(KEPT_BYTES);
            self.marks.shrink_to(KEPT_BYTES / size_of::<Mark>());
        }
    }
}
