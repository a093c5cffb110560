//! HTTP/1.1 as far as a client needs it, one request a connection; an upgrade becomes a socket.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{Shared, methods, socket};

/// A request.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A header by its lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// An answer: status, more headers, body.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(body: &Value) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { status: 200, headers, body: body.to_string() }
    }

    pub(super) fn error(word: &str) -> Self {
        Self::json(&json!({"ok": false, "error": word}))
    }
}

/// Serves until the owner is gone; while it is down, nothing listens and nothing is open.
pub(super) async fn serve(shared: Arc<Shared>, first: std::net::TcpListener, mut up: watch::Receiver<bool>) {
    let mut listener = Some(TcpListener::from_std(first).unwrap());
    let port = shared.state().port;
    let mut connections = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        if shared.state().ended {
            return;
        }
        let is_up = *up.borrow();
        if is_up && listener.is_none() {
            listener = TcpListener::bind(("127.0.0.1", port)).await.ok();
        } else if !is_up && listener.is_some() {
            listener = None;
            connections.shutdown().await;
            shared.state().sockets.clear();
        }
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok((stream, _)) = accept => { connections.spawn(connection(shared.clone(), stream)); }
            _ = up.changed() => {}
            _ = tick.tick() => shared.state().repeat(),
        }
    }
}

async fn connection(shared: Arc<Shared>, mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let Some(request) = read(&mut stream).await else { return };
    if shared.state().html {
        let reply = Reply {
            status: 503,
            headers: vec![("content-type", "text/html".to_owned())],
            body: "<html><body>Slack is being upgraded</body></html>".to_owned(),
        };
        return write(&mut stream, &reply).await;
    }
    if let Some(key) = request.header("sec-websocket-key") {
        let ticket =
            request.path.split_once("ticket=").map(|(_, ticket)| ticket.to_owned()).unwrap_or_default();
        if !shared.state().tickets.remove(&ticket) {
            shared.state().breach("a socket was opened with an address that was used before");
            return write(&mut stream, &Reply { status: 401, headers: Vec::new(), body: String::new() })
                .await;
        }
        let accept = derive_accept_key(key.as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
        );
        if stream.write_all(head.as_bytes()).await.is_ok() {
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            socket::run(&shared, socket).await;
        }
        return;
    }
    let reply = methods::answer(&mut shared.state(), &request);
    write(&mut stream, &reply).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let path = head.split(' ').nth(1)?.to_owned();
    let mut request = Request { path, head, body: bytes.split_off(end + 4) };
    let length: usize = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(request)
}

async fn write(stream: &mut TcpStream, reply: &Reply) {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&jiff::Timestamp::now())
        .unwrap();
    let more: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} Said\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
        reply.status,
        reply.body.len()
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(format!("{head}{}", reply.body).as_bytes()).await;
    let _ = stream.shutdown().await;
}
