//! Real sockets on loopback: what servers do, and what comes of it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use cambist_transport::{
    Clock, Event, EventKind, Limits, Options, Pattern, Transport, TransportError,
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept};

const CONN: u32 = 5;

fn transport(max_records: usize) -> Transport {
    let limits = Limits {
        max_records,
        max_bytes: 1 << 20,
    };
    Transport::new(Clock::from_now(0), limits).unwrap()
}

fn options() -> Options {
    Options {
        channel: 2,
        open_timeout: Duration::from_secs(5),
        ping_interval: None,
        ping_timeout: Duration::from_millis(100),
        max_size: 4_096,
        queue_frames: 64,
        queue_bytes: 1 << 20,
        data: vec![Pattern {
            prefix: b"{\"data\"".to_vec(),
            needles: vec![b"@".to_vec()],
        }],
    }
}

/// Returns the URL of a server that runs `talk` once.
fn server(talk: impl FnOnce(WebSocket<TcpStream>) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/x", listener.local_addr().unwrap());
    let thread = spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        talk(accept(stream).unwrap());
    });
    (url, thread)
}

/// Returns the next events, once there are `count`.
fn events(transport: &Transport, count: usize) -> Vec<Event> {
    let mut found = Vec::new();
    for _ in 0..5_000 {
        found.extend(transport.events());
        if found.len() >= count {
            return found;
        }
        sleep(Duration::from_millis(2));
    }
    panic!("{count} events expected, was {found:?}");
}

fn next_kind(transport: &Transport) -> EventKind {
    events(transport, 1).remove(0).kind
}

/// Connects and starts.
fn opened(transport: &Transport, url: String, options: Options) {
    transport.connect(1, url, options).unwrap();
    assert_eq!(next_kind(transport), EventKind::Opened);
    transport.start(1, CONN, b"{}").unwrap();
}

/// Returns (kind, direction, body) of all records, once there are `count`.
fn records(transport: &Transport, count: usize) -> Vec<(u8, u8, Vec<u8>)> {
    let ring = transport.ring();
    for _ in 0..5_000 {
        if ring.len() >= count {
            break;
        }
        sleep(Duration::from_millis(2));
    }
    let (block, _) = ring
        .drain(1, i64::MAX, usize::MAX, false, |size, fill| {
            let mut block = vec![0; size];
            fill(&mut block);
            Ok::<_, ()>(block)
        })
        .unwrap();
    let mut rest: &[u8] = &block;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let size = 32 + u32::from_le_bytes(rest[28..32].try_into().unwrap()) as usize;
        found.push((rest[16], rest[17], rest[32..size].to_vec()));
        rest = &rest[size..];
    }
    found
}

fn closed(what: &'static str, code: u16, text: &str) -> EventKind {
    EventKind::Closed {
        what,
        code,
        text: text.to_owned(),
    }
}

#[test]
fn a_conversation_is_recorded_from_hello_to_farewell() {
    let (url, server) = server(|mut socket| {
        let asked = socket.read().unwrap();
        assert_eq!(asked, Message::text("subscribe"));
        socket.send(Message::text("ack")).unwrap();
        for part in [("frag", false), ("mented", true)] {
            let code = if part.1 { Data::Continue } else { Data::Text };
            let frame = Frame::message(part.0, OpCode::Data(code), part.1);
            socket.send(Message::Frame(frame)).unwrap();
        }
        socket.send(Message::binary(b"\x00\xff".to_vec())).unwrap();
        let frame = CloseFrame {
            code: 1012.into(),
            reason: "restart".into(),
        };
        socket.close(Some(frame)).unwrap();
        while socket.read().is_ok() {}
    });
    let transport = transport(64);
    opened(&transport, url, options());
    transport.send(1, b"subscribe".to_vec()).unwrap();
    let found = events(&transport, 4);
    let frames: Vec<_> = found.iter().map(|event| event.kind.clone()).collect();
    assert_eq!(
        frames,
        [
            EventKind::Frame(b"ack".to_vec()),
            EventKind::Frame(b"fragmented".to_vec()),
            EventKind::Frame(b"\x00\xff".to_vec()),
            closed("closed", 1012, "restart")
        ]
    );
    transport.end(1, Some((CONN, b"bye")));
    assert_eq!(
        records(&transport, 6),
        [
            (5, 0, b"{}".to_vec()),
            (1, 1, b"subscribe".to_vec()),
            (1, 0, b"ack".to_vec()),
            (1, 0, b"fragmented".to_vec()),
            (1, 0, b"\x00\xff".to_vec()),
            (6, 0, b"bye".to_vec()),
        ]
    );
    server.join().unwrap();
}

#[test]
fn a_muted_feed_sees_only_what_is_no_plain_data() {
    let (url, server) = server(|mut socket| {
        for text in [
            "{\"data\":1,\"s\":\"a@b\"}",
            "{\"data\":\"no mark\"}",
            "notice",
        ] {
            socket.send(Message::text(text)).unwrap();
        }
        let _ = socket.read();
    });
    let transport = transport(64);
    transport.connect(1, url, options()).unwrap();
    assert_eq!(next_kind(&transport), EventKind::Opened);
    assert_eq!(transport.data_ns(1).unwrap(), None);
    transport.mute(1, true).unwrap();
    transport.start(1, CONN, b"{}").unwrap();
    let seen: Vec<_> = events(&transport, 2).into_iter().map(|e| e.kind).collect();
    assert_eq!(
        seen,
        [
            EventKind::Frame(b"{\"data\":\"no mark\"}".to_vec()),
            EventKind::Frame(b"notice".to_vec())
        ]
    );
    assert_eq!(records(&transport, 4).len(), 4);
    assert!(transport.data_ns(1).unwrap().is_some());
    transport.end(1, None);
    server.join().unwrap();
}

#[test]
fn a_message_over_the_cap_ends_the_connection() {
    let (url, server) = server(|mut socket| {
        socket.send(Message::text("x".repeat(4_097))).unwrap();
        let Message::Close(Some(frame)) = socket.read().unwrap() else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(frame.code), 1009);
    });
    let transport = transport(64);
    opened(&transport, url, options());
    assert_eq!(next_kind(&transport), closed("size", 1009, ""));
    server.join().unwrap();
}

#[test]
fn pings_are_answered_and_a_silent_peer_is_given_up() {
    let (url, server) = server(|mut socket| {
        socket.send(Message::Ping("here?".into())).unwrap();
        let mut frames = Vec::new();
        while frames.len() < 2 {
            frames.push(socket.read().unwrap());
        }
        assert!(frames.contains(&Message::Pong("here?".into())));
        assert!(frames.iter().any(Message::is_ping));
        let _ = socket.get_mut().read(&mut [0; 1]);
        sleep(Duration::from_millis(400));
    });
    let transport = transport(64);
    let pinging = Options {
        ping_interval: Some(Duration::from_millis(50)),
        ..options()
    };
    opened(&transport, url, pinging);
    let gone = closed("closed", 1011, "keepalive ping timeout");
    assert_eq!(next_kind(&transport), gone);
    server.join().unwrap();
}

#[test]
fn a_lost_connection_is_said_to_be_lost() {
    let (url, server) = server(drop);
    let transport = transport(64);
    opened(&transport, url, options());
    assert_eq!(next_kind(&transport), closed("lost", 0, ""));
    server.join().unwrap();
}

#[test]
fn what_is_no_utf8_or_no_websocket_ends_it() {
    for (bytes, code) in [(&b"\x81\x02\xff\xfe"[..], 1007), (&b"\xf1\x00"[..], 1002)] {
        let (url, server) = server(|mut socket| {
            socket.get_mut().write_all(bytes).unwrap();
            let _ = socket.read();
        });
        let transport = transport(64);
        opened(&transport, url, options());
        let found = next_kind(&transport);
        assert!(
            matches!(found, EventKind::Closed { what: "error", code: was, .. } if was == code),
            "{found:?}"
        );
        server.join().unwrap();
    }
}

#[test]
fn what_answers_with_http_is_refused_with_its_status() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1_024]).unwrap();
        let answer = "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let transport = transport(64);
    transport.connect(1, url, options()).unwrap();
    let failed = EventKind::Failed {
        what: "http",
        code: 429,
        text: "7".to_owned(),
    };
    assert_eq!(next_kind(&transport), failed);
    server.join().unwrap();
}

#[test]
fn nobody_there_and_no_answer_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let transport = transport(64);
    let hasty = Options {
        open_timeout: Duration::from_millis(50),
        ..options()
    };
    transport
        .connect(1, format!("ws://{address}"), hasty)
        .unwrap();
    assert!(matches!(
        next_kind(&transport),
        EventKind::Failed {
            what: "timeout",
            ..
        }
    ));
    drop(listener);
    transport
        .connect(2, format!("ws://{address}"), options())
        .unwrap();
    let refused = next_kind(&transport);
    assert!(
        matches!(refused, EventKind::Failed { what: "os", code, .. } if code > 0),
        "{refused:?}"
    );
}

#[test]
fn numbers_are_unique_and_must_be_known() {
    let (url, server) = server(|mut socket| while socket.read().is_ok() {});
    let transport = transport(64);
    opened(&transport, url.clone(), options());
    let again = transport.connect(1, url, options());
    assert!(matches!(again, Err(TransportError::Taken(1))));
    assert!(matches!(
        transport.send(9, vec![]),
        Err(TransportError::Unknown(9))
    ));
    transport.end(1, Some((CONN, b"bye")));
    transport.end(1, Some((CONN, b"bye")));
    assert_eq!(records(&transport, 2).len(), 2);
    server.join().unwrap();
    transport.close();
    let late = transport.connect(3, "ws://127.0.0.1:1".to_owned(), options());
    assert!(matches!(late, Err(TransportError::Over)));
}
