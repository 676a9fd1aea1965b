//! An open connection: reads into the ring, writes what it is told, answers and sends pings.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};

use crate::dial::Socket;
use crate::event::{EventKind, Events};
use crate::ring::{Ring, Stamp};
use crate::wire::{Order, Wire};

/// Frames read before other connections get a turn, and before the bell is rung for them.
const BURST: usize = 256;
/// How long the last frames may take to go out.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);
const NO_STATUS: u16 = 1005;
const FAR: Duration = Duration::from_hours(24);

pub(crate) struct Talk {
    pub(crate) socket: Socket,
    pub(crate) stamp: Stamp,
    pub(crate) wire: Arc<Wire>,
    pub(crate) ring: Arc<Ring>,
    pub(crate) events: Arc<Events>,
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
}

/// Why it is over.
enum End {
    /// The caller wants it.
    Asked,
    /// Something happened; the other side is told the code, if there is one.
    Event(EventKind, Option<CloseCode>),
}

/// When the next ping is due, or its answer.
struct Pings {
    due: Pin<Box<Sleep>>,
    asked: Option<Instant>,
}

impl Talk {
    /// Talks until something ends it, tells what, and leaves.
    pub(crate) async fn run(mut self) {
        let first = self.wire.options.ping_interval.unwrap_or(FAR);
        let mut pings = Pings {
            due: Box::pin(sleep_until(Instant::now() + first)),
            asked: None,
        };
        let mut unflushed = false;
        let end = poll_fn(|cx| self.poll(cx, &mut pings, &mut unflushed)).await;
        let End::Event(kind, code) = end else { return };
        self.events.push(&self.wire, kind);
        self.events.ring_bell();
        if let Some(code) = code {
            let frame = CloseFrame {
                code,
                reason: Utf8Bytes::from_static(""),
            };
            let _ = Pin::new(&mut self.socket).start_send(Message::Close(Some(frame)));
        }
        let _ = timeout(CLOSE_TIMEOUT, self.socket.flush()).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, pings: &mut Pings, unflushed: &mut bool) -> Poll<End> {
        match self.turn(cx, pings, unflushed) {
            Ok(()) => Poll::Pending,
            Err(end) => Poll::Ready(end),
        }
    }

    fn turn(
        &mut self,
        cx: &mut Context<'_>,
        pings: &mut Pings,
        unflushed: &mut bool,
    ) -> Result<(), End> {
        if self.wire.is_over(cx) {
            return Err(End::Asked);
        }
        self.obey(cx, unflushed)?;
        self.ping(cx, pings, unflushed)?;
        let read = self.read(cx, pings, unflushed);
        if !matches!(read, Ok(0)) {
            self.events.ring_bell();
        }
        let read = read?;
        if *unflushed && let Poll::Ready(done) = Pin::new(&mut self.socket).poll_flush(cx) {
            done.map_err(|error| broken(&error))?;
            *unflushed = false;
        }
        if read == BURST {
            cx.waker().wake_by_ref();
        }
        Ok(())
    }

    /// Does what it was told.
    fn obey(&mut self, cx: &mut Context<'_>, unflushed: &mut bool) -> Result<(), End> {
        while let Poll::Ready(ready) = Pin::new(&mut self.socket).poll_ready(cx) {
            ready.map_err(|error| broken(&error))?;
            match self.orders.poll_recv(cx) {
                Poll::Ready(Some(Order::Send(body))) => {
                    self.wire.unqueued();
                    self.ring.sent(self.stamp, &body, || self.wire.is_open());
                    let message = String::from_utf8(body).map_or_else(
                        |no| Message::Binary(Bytes::from(no.into_bytes())),
                        |text| Message::Text(text.into()),
                    );
                    self.send(message)?;
                    *unflushed = true;
                    self.events.ring_bell();
                }
                Poll::Ready(Some(Order::Start(_))) => {}
                Poll::Ready(None) => return Err(End::Asked),
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    fn ping(
        &mut self,
        cx: &mut Context<'_>,
        pings: &mut Pings,
        unflushed: &mut bool,
    ) -> Result<(), End> {
        while pings.due.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if self.wire.options.ping_interval.is_none() {
                pings.due.as_mut().reset(now + FAR);
                continue;
            }
            if pings.asked.is_some() {
                let kind = closed("closed", 1011, "keepalive ping timeout");
                return Err(End::Event(kind, Some(CloseCode::Error)));
            }
            self.send(Message::Ping(Bytes::new()))?;
            *unflushed = true;
            pings.asked = Some(now);
            pings
                .due
                .as_mut()
                .reset(now + self.wire.options.ping_timeout);
        }
        Ok(())
    }

    /// Reads what is there, at most a burst; returns how many messages.
    fn read(
        &mut self,
        cx: &mut Context<'_>,
        pings: &mut Pings,
        unflushed: &mut bool,
    ) -> Result<usize, End> {
        for count in 0..BURST {
            match self.socket.poll_next_unpin(cx) {
                Poll::Pending => return Ok(count),
                Poll::Ready(Some(Ok(Message::Text(text)))) => self.take(text.as_bytes())?,
                Poll::Ready(Some(Ok(Message::Binary(body)))) => self.take(&body)?,
                Poll::Ready(Some(Ok(Message::Ping(_)))) => *unflushed = true,
                Poll::Ready(Some(Ok(Message::Pong(_)))) => self.answered(pings),
                Poll::Ready(Some(Ok(Message::Close(frame)))) => return Err(farewell(frame)),
                Poll::Ready(Some(Ok(Message::Frame(_)))) => {}
                Poll::Ready(Some(Err(error))) => return Err(broken(&error)),
                Poll::Ready(None) => return Err(End::Event(closed("lost", 0, ""), None)),
            }
        }
        Ok(BURST)
    }

    fn take(&self, body: &[u8]) -> Result<(), End> {
        let taken = self.ring.received(self.stamp, body, || self.wire.is_open());
        let now_ns = taken.ok_or(End::Asked)?;
        if self.wire.wants(body, now_ns) {
            self.events
                .push(&self.wire, EventKind::Frame(body.to_vec()));
        }
        Ok(())
    }

    fn answered(&self, pings: &mut Pings) {
        if let (Some(asked), Some(interval)) = (pings.asked, self.wire.options.ping_interval) {
            pings.asked = None;
            pings.due.as_mut().reset(asked + interval);
        }
    }

    fn send(&mut self, message: Message) -> Result<(), End> {
        let sent = Pin::new(&mut self.socket).start_send(message);
        sent.map_err(|error| broken(&error))
    }
}

/// Returns what an error means. Its text is ours; the other side's words come in close frames only.
fn broken(error: &Error) -> End {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) | Error::Tls(_) => {
            End::Event(closed("lost", 0, ""), None)
        }
        Error::Protocol(why) if why.to_string().contains("without closing handshake") => {
            End::Event(closed("lost", 0, ""), None)
        }
        Error::Capacity(_) => End::Event(closed("size", 1009, ""), Some(CloseCode::Size)),
        Error::Utf8(_) => {
            let kind = closed("error", 1007, "text that is no UTF-8");
            End::Event(kind, Some(CloseCode::Invalid))
        }
        other => {
            let kind = closed("error", 1002, &other.to_string());
            End::Event(kind, Some(CloseCode::Protocol))
        }
    }
}

fn farewell(frame: Option<CloseFrame>) -> End {
    let (code, text) = frame.map_or((NO_STATUS, String::new()), |frame| {
        (frame.code.into(), frame.reason.to_string())
    });
    End::Event(closed("closed", code, &text), None)
}

fn closed(what: &'static str, code: u16, text: &str) -> EventKind {
    EventKind::Closed {
        what,
        code,
        text: text.to_owned(),
    }
}
