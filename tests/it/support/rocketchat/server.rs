//! Connections: HTTP/1.1 by hand, so that every byte can be stopped, cut and lost; upgrades go to DDP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::world::World;
use super::{ddp, rest};

/// How connections end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Abort,
    Close,
}

/// What all connections see.
pub(super) struct Shared {
    pub(super) world: Mutex<World>,
    pub(super) cuts: broadcast::Sender<Cut>,
    pub(super) frozen: watch::Sender<bool>,
    pub(super) listening: watch::Sender<bool>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while nothing passes.
    pub(super) async fn thawed(&self) {
        becomes(&self.frozen, false).await;
    }

    /// Waits until nothing passes.
    pub(super) async fn froze(&self) {
        becomes(&self.frozen, true).await;
    }
}

/// Waits until a switch stands so.
async fn becomes(switch: &watch::Sender<bool>, wanted: bool) {
    let mut switch = switch.subscribe();
    // The sender lives as long as the one who asks.
    drop(switch.wait_for(|now| *now == wanted).await);
}

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: HashMap<String, String>,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// The connection is cut instead.
    pub(super) lost: bool,
}

/// Listens while it is told to.
pub(super) async fn run(shared: Arc<Shared>, port: u16) {
    loop {
        becomes(&shared.listening, true).await;
        let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { break };
                    let shared = shared.clone();
                    tokio::spawn(async move {
                        let mut cuts = shared.cuts.subscribe();
                        tokio::select! {
                            () = connection(shared.clone(), stream) => {}
                            () = aborted(&mut cuts) => {}
                        }
                    });
                }
                () = becomes(&shared.listening, false) => break,
            }
        }
    }
}

async fn aborted(cuts: &mut broadcast::Receiver<Cut>) {
    while !matches!(cuts.recv().await, Ok(Cut::Abort) | Err(_)) {}
}

async fn connection(shared: Arc<Shared>, mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut input = Vec::new();
    while let Some(request) = read(&mut stream, &mut input).await {
        shared.thawed().await;
        let broken = shared.lock().html503;
        if broken {
            let page = "<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>";
            let reply = Reply { status: 503, kind: "text/html", body: page.into(), ..Reply::default() };
            if write(&mut stream, &reply).await.is_err() {
                return;
            }
            continue;
        }
        if request.headers.get("upgrade").is_some_and(|what| what.eq_ignore_ascii_case("websocket")) {
            return upgrade(&shared, stream, &request).await;
        }
        let reply = rest::answer(&mut shared.lock(), &request);
        shared.thawed().await;
        if reply.lost || write(&mut stream, &reply).await.is_err() {
            return;
        }
    }
}

async fn upgrade(shared: &Shared, mut stream: TcpStream, request: &Request) {
    let key = request.headers.get("sec-websocket-key").cloned().unwrap_or_default();
    if request.path != "/chat/websocket" || key.is_empty() {
        shared.lock().breach(format!("an upgrade at `{}`", request.path));
        let _ = write(&mut stream, &Reply { status: 404, kind: "text/plain", ..Reply::default() }).await;
        return;
    }
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    if stream.write_all(head.as_bytes()).await.is_ok() {
        ddp::serve(shared, WebSocketStream::from_raw_socket(stream, Role::Server, None).await).await;
    }
}

/// The next request, or `None` at the end of the connection.
async fn read(stream: &mut TcpStream, input: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(at) = input.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&input[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while input.len() < end + 4 + length {
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    }
    let body = input[end + 4..end + 4 + length].to_vec();
    input.drain(..end + 4 + length);
    let url = reqwest::Url::parse(&format!("http://host{target}")).ok()?;
    let query = url.query_pairs().into_owned().collect();
    Some(Request { method, path: url.path().to_owned(), query, headers, body })
}

async fn write(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
    let more: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} Said\r\nDate: {date}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{more}\r\n",
        reply.status,
        reply.kind,
        reply.body.len()
    );
    stream.write_all(&[head.as_bytes(), &reply.body].concat()).await
}
