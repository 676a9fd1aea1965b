//! From a URL to an open WebSocket: name, socket, TLS, handshake. No redirect is followed, nothing is compressed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{RETRY_AFTER, USER_AGENT};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Error};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use crate::event::EventKind;
use crate::wire::Options;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Head start of one address of a host over the next.
const EYEBALLS: Duration = Duration::from_millis(250);
/// Most that one read takes. The reader zeroes as much before each read: with its default of 128 KiB, twice for each frame
/// that comes alone.
const READ_BYTES: usize = 16 << 10;
/// What may wait to be written.
const WRITE_BYTES: usize = 16 << 20;

/// The system's trusted certificates, read at the first need.
pub(crate) type Trust = OnceCell<Arc<ClientConfig>>;

/// Returns an open WebSocket, or why there is none.
pub(crate) async fn open(url: &str, options: &Options, trust: &Trust) -> Result<Socket, EventKind> {
    match timeout(options.open_timeout, connect(url, options, trust)).await {
        Ok(done) => done,
        Err(_) => Err(failed("timeout", 0, String::new())),
    }
}

async fn connect(url: &str, options: &Options, trust: &Trust) -> Result<Socket, EventKind> {
    let mut request = url.into_client_request().map_err(|e| refused(&e))?;
    let agent = HeaderValue::from_static("cambist");
    request.headers_mut().insert(USER_AGENT, agent);
    let secure = request.uri().scheme_str() == Some("wss");
    let host = request.uri().host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = request.uri().port_u16();
    let port = port.unwrap_or(if secure { 443 } else { 80 });
    let found = lookup_host((host, port)).await;
    let addresses: Vec<_> = found
        .map_err(|error| failed("name", 0, error.to_string()))?
        .collect();
    let stream = race(addresses).await.map_err(|error| system(&error))?;
    // Small requests go out at once; what comes in isn't affected.
    let _ = stream.set_nodelay(true);
    let connector = if secure {
        Connector::Rustls(trusted(trust).await?)
    } else {
        Connector::Plain
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_message_size(Some(options.max_size))
        .max_frame_size(Some(options.max_size))
        .max_write_buffer_size(WRITE_BYTES);
    client_async_tls_with_config(request, stream, Some(config), Some(connector))
        .await
        .map(|(socket, _)| socket)
        .map_err(|error| refused(&error))
}

/// Returns the first connection that comes about; each address has a head start over the next.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut tries = FuturesUnordered::new();
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    loop {
        let next = waiting.next();
        let more = next.is_some();
        if let Some(address) = next {
            tries.push(TcpStream::connect(address));
        }
        let wait = if more { EYEBALLS } else { Duration::MAX };
        match timeout(wait, tries.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => last = error,
            Ok(None) if !more => return Err(last),
            Ok(None) | Err(_) => {}
        }
    }
}

async fn trusted(trust: &Trust) -> Result<Arc<ClientConfig>, EventKind> {
    let config = trust
        .get_or_try_init(|| async {
            let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
            let read = read.map_err(|error| error.to_string())?;
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(read.certs);
            if roots.is_empty() {
                return Err("no trusted certificates on this system".to_owned());
            }
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| error.to_string())?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Ok(Arc::new(config))
        })
        .await;
    config.cloned().map_err(|why| failed("tls", 0, why))
}

fn failed(what: &'static str, code: i32, text: String) -> EventKind {
    EventKind::Failed { what, code, text }
}

/// Returns why an attempt failed. What may quote the URL is left out: it may hold a key.
fn refused(error: &tungstenite::Error) -> EventKind {
    match error {
        Error::Io(error) => system(error),
        Error::Tls(error) => failed("tls", 0, error.to_string()),
        Error::Http(response) => failed(
            "http",
            i32::from(response.status().as_u16()),
            asked(response),
        ),
        Error::Url(_) | Error::HttpFormat(_) => failed("socket", 0, "URL".to_owned()),
        other => failed("socket", 0, other.to_string()),
    }
}

/// Returns the seconds for which a server wants to be left alone, as it says them.
fn asked(response: &Response) -> String {
    let value = response.headers().get(RETRY_AFTER);
    let text = value.and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

fn system(error: &io::Error) -> EventKind {
    if let Some(tls) = error
        .get_ref()
        .and_then(|e| e.downcast_ref::<rustls::Error>())
    {
        return failed("tls", 0, tls.to_string());
    }
    match error.raw_os_error() {
        Some(code) => failed("os", code, String::new()),
        None => failed("socket", 0, error.to_string()),
    }
}
