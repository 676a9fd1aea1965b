//! What a feed must see of its connections, and how it hears of it.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::Wire;

/// One thing that happened on a connection.
#[derive(Clone, Debug)]
pub struct Event {
    /// The connection, by the number its caller gave it.
    pub id: u32,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// The handshake is done; nothing is read before `Transport::start`.
    Opened,
    /// It could not be made.
    Failed {
        /// `name`, `os`, `tls`, `http`, `timeout` or `socket`.
        what: &'static str,
        /// The errno of `os`, the status of `http`, else 0.
        code: i32,
        /// What else is known; may come from the other side.
        text: String,
    },
    /// A frame for the feed; the ring has it already.
    Frame(Vec<u8>),
    /// It ended.
    Closed {
        /// `closed` by the other side, `lost`, `size` of a message, `error` of ours.
        what: &'static str,
        /// The close code, else 0.
        code: u16,
        /// The other side's reason.
        text: String,
    },
}

/// Events that wait, and a file descriptor that can be read when there are any, or records in the ring.
#[derive(Debug)]
pub(crate) struct Events {
    queue: Mutex<VecDeque<(Arc<Wire>, Event)>>,
    signalled: AtomicBool,
    bell: UnixStream,
    ear: UnixStream,
}

impl Events {
    pub(crate) fn new() -> io::Result<Self> {
        let (bell, ear) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        Ok(Self {
            queue: Mutex::new(VecDeque::new()),
            signalled: AtomicBool::new(false),
            bell,
            ear,
        })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.ear.as_raw_fd()
    }

    pub(crate) fn push(&self, wire: &Arc<Wire>, kind: EventKind) {
        let event = Event { id: wire.id, kind };
        self.lock().push_back((Arc::clone(wire), event));
    }

    /// Makes the file descriptor readable, once until it is next heard.
    pub(crate) fn ring_bell(&self) {
        if !self.signalled.swap(true, Ordering::AcqRel) {
            // A full socket is readable anyway.
            let _ = (&self.bell).write(&[1]);
        }
    }

    /// Returns what happened since the last call.
    pub(crate) fn take(&self) -> Vec<Event> {
        let mut bytes = [0; 16];
        while matches!((&self.ear).read(&mut bytes), Ok(n) if n == bytes.len()) {}
        self.signalled.store(false, Ordering::Release);
        let taken = std::mem::take(&mut *self.lock());
        taken
            .into_iter()
            .map(|(wire, event)| {
                if let EventKind::Frame(body) = &event.kind {
                    wire.handed(body.len());
                }
                event
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Arc<Wire>, Event)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
