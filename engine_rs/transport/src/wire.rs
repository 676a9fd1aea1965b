//! One connection as both threads see it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::task::Context;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use memchr::memmem;
use tokio::sync::mpsc;

use crate::ring::Stamp;

/// How much of a frame is looked at for what marks plain data.
pub const SCANNED_BYTES: usize = 512;

/// What marks a frame as plain data: how it begins, and what its first bytes hold besides.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// The frame begins with it.
    pub prefix: Vec<u8>,
    /// All of them occur in the first [`SCANNED_BYTES`].
    pub needles: Vec<Vec<u8>>,
}

impl Pattern {
    fn matches(&self, body: &[u8]) -> bool {
        let seen = &body[..body.len().min(SCANNED_BYTES)];
        let holds = |needle: &Vec<u8>| memmem::find(seen, needle).is_some();
        body.starts_with(&self.prefix) && self.needles.iter().all(holds)
    }
}

/// How to make a connection, and its bounds.
#[derive(Clone, Debug)]
pub struct Options {
    /// Channel of its frames.
    pub channel: u16,
    /// Time for name, socket, TLS and handshake together.
    pub open_timeout: Duration,
    /// Time between two pings; `None` for none.
    pub ping_interval: Option<Duration>,
    /// Time for an answer to a ping.
    pub ping_timeout: Duration,
    /// Longest message in bytes.
    pub max_size: usize,
    /// Frames that may wait for the feed; more go to the ring alone.
    pub queue_frames: usize,
    /// Bytes of them.
    pub queue_bytes: usize,
    /// What plain data look like; the feed doesn't get them while it is muted.
    pub data: Vec<Pattern>,
}

/// What the caller wants of a connection.
#[derive(Debug)]
pub(crate) enum Order {
    /// Read from now on, as the connection of these numbers.
    Start(Stamp),
    Send(Vec<u8>),
}

#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) id: u32,
    pub(crate) options: Options,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    open: AtomicBool,
    muted: AtomicBool,
    data_ns: AtomicI64,
    waiting_frames: AtomicUsize,
    waiting_bytes: AtomicUsize,
    unsent: AtomicUsize,
    task: AtomicWaker,
}

impl Wire {
    pub(crate) fn new(id: u32, options: Options, orders: mpsc::UnboundedSender<Order>) -> Self {
        Self {
            id,
            options,
            orders,
            open: AtomicBool::new(true),
            muted: AtomicBool::new(false),
            data_ns: AtomicI64::new(i64::MIN),
            waiting_frames: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            task: AtomicWaker::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Closes it; returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        let was_open = self.open.swap(false, Ordering::AcqRel);
        self.task.wake();
        was_open
    }

    /// Whether it was closed; if not, its task is woken when it is.
    pub(crate) fn is_over(&self, cx: &Context<'_>) -> bool {
        self.task.register(cx.waker());
        !self.is_open()
    }

    pub(crate) fn mute(&self, muted: bool) {
        self.muted.store(muted, Ordering::Release);
    }

    /// When plain data last came, `i64::MIN` if never.
    pub(crate) fn data_ns(&self) -> i64 {
        self.data_ns.load(Ordering::Relaxed)
    }

    /// Whether the feed is to see a frame that came at `now_ns`.
    pub(crate) fn wants(&self, body: &[u8], now_ns: i64) -> bool {
        let is_data = self.options.data.iter().any(|one| one.matches(body));
        if is_data {
            self.data_ns.store(now_ns, Ordering::Relaxed);
        }
        if is_data && self.muted.load(Ordering::Acquire) {
            return false;
        }
        let frames = self.waiting_frames.load(Ordering::Relaxed);
        let bytes = self.waiting_bytes.load(Ordering::Relaxed) + body.len();
        let full = frames >= self.options.queue_frames && is_data;
        if full || bytes > self.options.queue_bytes {
            return false;
        }
        self.waiting_frames.fetch_add(1, Ordering::Relaxed);
        self.waiting_bytes.fetch_add(body.len(), Ordering::Relaxed);
        true
    }

    /// Notes that the feed has a frame.
    pub(crate) fn handed(&self, bytes: usize) {
        self.waiting_frames.fetch_sub(1, Ordering::Relaxed);
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts messages that wait to be sent.
    pub(crate) fn queued(&self) -> usize {
        self.unsent.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn unqueued(&self) {
        self.unsent.fetch_sub(1, Ordering::Relaxed);
    }
}
