//! The thread that serves all connections, and how to speak with it.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::{Builder, JoinHandle};
use std::{fmt, io};

use futures_util::future::{Either, select};
use tokio::runtime;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::dial::{Trust, open};
use crate::event::{Event, EventKind, Events};
use crate::ring::{Limits, Ring, Stamp};
use crate::talk::Talk;
use crate::wire::{Options, Order, Wire};

/// Messages of one connection that may wait to be sent.
const MAX_UNSENT: usize = 20_000;

/// What a transport refuses.
#[derive(Debug)]
pub enum TransportError {
    /// A connection of this number is there already.
    Taken(u32),
    /// There is no connection of this number.
    Unknown(u32),
    /// Too many messages wait to be sent.
    Stuck(usize),
    /// It was closed, or its thread is gone.
    Over,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(id) => write!(f, "connection {id} is there already"),
            Self::Unknown(id) => write!(f, "there is no connection {id}"),
            Self::Stuck(count) => write!(f, "more than {count} messages wait to be sent"),
            Self::Over => f.write_str("the transport is closed"),
        }
    }
}

impl std::error::Error for TransportError {}

struct Task {
    url: String,
    wire: Arc<Wire>,
    orders: mpsc::UnboundedReceiver<Order>,
}

/// WebSocket connections on one thread, and the ring that they fill. Dropping it ends them all.
#[derive(Debug)]
pub struct Transport {
    ring: Arc<Ring>,
    events: Arc<Events>,
    wires: Mutex<BTreeMap<u32, Arc<Wire>>>,
    tasks: Mutex<Option<mpsc::UnboundedSender<Task>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Transport {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system refuses: a thread, a file descriptor.
    pub fn new(clock: Clock, limits: Limits) -> io::Result<Self> {
        let ring = Arc::new(Ring::new(clock, limits));
        let events = Arc::new(Events::new()?);
        let (tasks, queue) = mpsc::unbounded_channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let served = (Arc::clone(&ring), Arc::clone(&events));
        let thread = Builder::new().name("sockets".to_owned()).spawn(move || {
            runtime.block_on(serve(queue, served.0, served.1));
            // A name that is being looked up must not keep anyone waiting.
            runtime.shutdown_background();
        })?;
        Ok(Self {
            ring,
            events,
            wires: Mutex::new(BTreeMap::new()),
            tasks: Mutex::new(Some(tasks)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Returns the ring.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Returns the file descriptor that can be read when there are events or new records; `events` makes it quiet.
    pub fn fd(&self) -> RawFd {
        self.events.fd()
    }

    /// Returns what happened since the last call.
    pub fn events(&self) -> Vec<Event> {
        self.events.take()
    }

    /// Begins to connect. `Opened` or `Failed` follows.
    ///
    /// # Errors
    /// `Taken`, `Over`.
    pub fn connect(&self, id: u32, url: String, options: Options) -> Result<(), TransportError> {
        let (sender, orders) = mpsc::unbounded_channel();
        let wire = Arc::new(Wire::new(id, options, sender));
        let mut wires = lock(&self.wires);
        if wires.contains_key(&id) {
            return Err(TransportError::Taken(id));
        }
        let task = Task {
            url,
            wire: Arc::clone(&wire),
            orders,
        };
        let tasks = lock(&self.tasks);
        let sender = tasks.as_ref().ok_or(TransportError::Over)?;
        sender.send(task).map_err(|_| TransportError::Over)?;
        wires.insert(id, wire);
        Ok(())
    }

    /// Records that an opened connection has its numbers, and lets it read. `body` is the record's.
    ///
    /// # Errors
    /// `Unknown`, `Over`.
    pub fn start(&self, id: u32, conn: u32, body: &[u8]) -> Result<(), TransportError> {
        let wire = self.wire(id)?;
        let stamp = stamp_of(&wire, conn);
        self.ring.connected(stamp, body);
        self.events.ring_bell();
        let sent = wire.orders.send(Order::Start(stamp));
        sent.map_err(|_| TransportError::Over)
    }

    /// Queues a message; it is recorded as it is sent. What a connection that has ended is told is forgotten.
    ///
    /// # Errors
    /// `Unknown`, `Stuck`.
    pub fn send(&self, id: u32, body: Vec<u8>) -> Result<(), TransportError> {
        let wire = self.wire(id)?;
        if wire.queued() >= MAX_UNSENT {
            wire.unqueued();
            return Err(TransportError::Stuck(MAX_UNSENT));
        }
        let _ = wire.orders.send(Order::Send(body));
        Ok(())
    }

    /// Sets whether the feed is spared plain data.
    ///
    /// # Errors
    /// `Unknown`.
    pub fn mute(&self, id: u32, muted: bool) -> Result<(), TransportError> {
        self.wire(id)?.mute(muted);
        Ok(())
    }

    /// Returns when plain data last came on a connection, `None` if never.
    ///
    /// # Errors
    /// `Unknown`.
    pub fn data_ns(&self, id: u32) -> Result<Option<i64>, TransportError> {
        let found = self.wire(id)?.data_ns();
        Ok((found != i64::MIN).then_some(found))
    }

    /// Ends a connection and forgets it. If it was started as `conn`, that is recorded with `body`; nothing of it follows.
    pub fn end(&self, id: u32, started: Option<(u32, &[u8])>) {
        let Some(wire) = lock(&self.wires).remove(&id) else {
            return;
        };
        if let Some((conn, body)) = started {
            self.ring.end(stamp_of(&wire, conn), body, || wire.close());
            self.events.ring_bell();
        } else {
            wire.close();
        }
    }

    /// Ends the thread and all connections; the ring can still be drained.
    pub fn close(&self) {
        lock(&self.tasks).take();
        if let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
    }

    fn wire(&self, id: u32) -> Result<Arc<Wire>, TransportError> {
        let wires = lock(&self.wires);
        wires.get(&id).cloned().ok_or(TransportError::Unknown(id))
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.close();
    }
}

fn stamp_of(wire: &Wire, conn: u32) -> Stamp {
    Stamp {
        channel: wire.options.channel,
        conn,
        generation: conn,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut queue: mpsc::UnboundedReceiver<Task>, ring: Arc<Ring>, events: Arc<Events>) {
    let trust = Arc::new(Trust::new());
    while let Some(task) = queue.recv().await {
        let (ring, events) = (Arc::clone(&ring), Arc::clone(&events));
        let (trust, wire) = (Arc::clone(&trust), Arc::clone(&task.wire));
        tokio::spawn(async move {
            let kept = Arc::clone(&events);
            let work = tokio::spawn(converse(task, ring, events, trust));
            if work.await.is_err() {
                let kind = EventKind::Closed {
                    what: "error",
                    code: 0,
                    text: "a fault of cambist".to_owned(),
                };
                kept.push(&wire, kind);
                kept.ring_bell();
            }
        });
    }
}

/// Opens a connection, waits to be started, and talks.
async fn converse(task: Task, ring: Arc<Ring>, events: Arc<Events>, trust: Arc<Trust>) {
    let (wire, mut orders) = (task.wire, task.orders);
    let opening = Box::pin(open(&task.url, &wire.options, &trust));
    let opened = match select(opening, over(&wire)).await {
        Either::Left((opened, _)) => opened,
        Either::Right(_) => return,
    };
    let socket = match opened {
        Ok(socket) => socket,
        Err(why) => {
            events.push(&wire, why);
            events.ring_bell();
            return;
        }
    };
    events.push(&wire, EventKind::Opened);
    events.ring_bell();
    let starting = Box::pin(started(&mut orders, &wire));
    let Either::Left((Some(stamp), _)) = select(starting, over(&wire)).await else {
        return;
    };
    let talk = Talk {
        socket,
        stamp,
        wire,
        ring,
        events,
        orders,
    };
    talk.run().await;
}

/// Waits until a connection is closed by its caller.
fn over(wire: &Wire) -> impl Future<Output = ()> + Unpin {
    poll_fn(|cx| {
        if wire.is_over(cx) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

async fn started(orders: &mut mpsc::UnboundedReceiver<Order>, wire: &Wire) -> Option<Stamp> {
    loop {
        match orders.recv().await? {
            Order::Start(stamp) => return Some(stamp),
            Order::Send(_) => wire.unqueued(),
        }
    }
}
