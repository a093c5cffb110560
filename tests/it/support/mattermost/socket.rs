//! The WebSocket as the server's source has it: a token on the upgrade or a challenge within 5 s; hello with a
//! connection id; a resume for upgrades that are logged in already; numbered events; replies to actions.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::http::Request;
use super::serving::Shared;
use super::state::Connection;
use super::strict::keys;

/// The server pings so often.
const PING: Duration = Duration::from_secs(60);
/// A socket without a session is closed after this.
const CHALLENGE: Duration = Duration::from_secs(5);

/// Says so on the wire, to a connection whose socket is told to close.
pub(crate) const CLOSE: &str = "\u{0}close";

/// Upgrades the connection and serves it to its end.
pub(crate) async fn serve(shared: &Shared, mut stream: BufReader<TcpStream>, request: &Request) {
    let accept = derive_accept_key(request.header("sec-websocket-key").as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    let socket = WebSocketStream::from_raw_socket(stream.into_inner(), Role::Server, None).await;
    let mut socket = Socket { shared, socket, user: None, id: String::new(), number: 0 };
    let user = shared.state().tokens.get(request.token()).cloned();
    let mut events = None;
    if let Some(user) = user {
        events = Some(socket.attach(&user, request).await);
    }
    socket.talk(events).await;
}

struct Socket<'a> {
    shared: &'a Shared,
    socket: WebSocketStream<TcpStream>,
    user: Option<String>,
    id: String,
    /// The number of the client's last request.
    number: i64,
}

type Events = UnboundedReceiver<String>;

impl Socket<'_> {
    /// Resumes or begins a connection.
    async fn attach(&mut self, user: &str, request: &Request) -> Events {
        let asked = |key: &str| request.query.get(key).cloned().unwrap_or_default();
        let (id, next) = (asked("connection_id"), asked("sequence_number").parse().unwrap_or(0));
        let (sender, events) = unbounded_channel();
        let mut state = self.shared.state();
        state.sessions += 1;
        self.user = Some(user.to_owned());
        let known = state.connections.get_mut(&id).filter(|known| known.user == user && next > 0);
        if let Some(known) = known
            && (known.next == next || known.sent.iter().any(|(number, _)| *number == next))
        {
            for (_, frame) in known.sent.iter().filter(|(number, _)| *number >= next) {
                let _ = sender.send(frame.clone());
            }
            known.live = Some(sender);
            self.id = id;
            state.resumed += 1;
            return events;
        }
        self.id = state.id("connection");
        let live = Some(sender);
        let connection = Connection { user: user.to_owned(), live, ..Connection::default() };
        state.connections.insert(self.id.clone(), connection);
        let hello = json!({"server_version": "10.5.0.1.abc.true", "connection_id": self.id});
        let id = self.id.clone();
        state.event(&id, "hello", &hello, "");
        events
    }

    async fn talk(&mut self, mut events: Option<Events>) {
        let mut ping = tokio::time::interval(PING);
        ping.tick().await;
        let mut challenge = Box::pin(tokio::time::sleep(CHALLENGE));
        loop {
            tokio::select! {
                frame = self.socket.next() => {
                    let Some(Ok(frame)) = frame else { break };
                    if let Message::Text(text) = frame {
                        let Some(reply) = self.reply(&text, &mut events).await else { continue };
                        if self.socket.send(Message::text(reply.to_string())).await.is_err() {
                            break;
                        }
                    }
                }
                Some(event) = next(&mut events) => {
                    if event == CLOSE {
                        let frame = CloseFrame { code: 1001.into(), reason: "going away".into() };
                        let _ = self.socket.close(Some(frame)).await;
                        break;
                    }
                    if self.socket.send(Message::text(event)).await.is_err() {
                        break;
                    }
                }
                _ = ping.tick() => {
                    if self.socket.send(Message::Ping(Vec::new().into())).await.is_err() {
                        break;
                    }
                }
                () = &mut challenge, if self.user.is_none() => break,
            }
        }
        drop(events);
        // A client that came back meanwhile has another end of its own.
        if let Some(connection) = self.shared.state().connections.get_mut(&self.id)
            && connection.live.as_ref().is_some_and(UnboundedSender::is_closed)
        {
            connection.live = None;
        }
    }

    /// The reply to a request of the client; none to a challenge of a socket that is logged in.
    async fn reply(&mut self, text: &str, events: &mut Option<Events>) -> Option<Value> {
        let request: Value = serde_json::from_str(text).unwrap_or_default();
        let (number, action) = (request["seq"].as_i64(), request["action"].as_str().unwrap_or_default());
        let found = keys(&request, &["seq", "action", "data"]);
        if let Err(why) = found {
            self.shared.state().breach(format!("websocket: {why}"));
        }
        if number != Some(self.number + 1) {
            self.shared.state().breach(format!("websocket: request {number:?} after {}", self.number));
        }
        self.number = number.unwrap_or(self.number);
        let fail = |status: u16, id: &str| {
            json!({"status": "FAIL", "error": {"id": id, "message": id, "status_code": status},
                "seq_reply": number})
        };
        let reply = match action {
            "authentication_challenge" if self.user.is_some() => return None,
            "authentication_challenge" => {
                let token = request["data"]["token"].as_str().unwrap_or_default();
                let user = self.shared.state().tokens.get(token).cloned();
                match user {
                    // Without a session at the upgrade nothing is resumed.
                    Some(user) => {
                        *events = Some(self.attach(&user, &Request::default()).await);
                        json!({"status": "OK", "seq_reply": number})
                    }
                    None => fail(401, "api.web_socket_router.not_authenticated.app_error"),
                }
            }
            _ if self.user.is_none() => fail(401, "api.web_socket_router.not_authenticated.app_error"),
            "ping" => json!({"status": "OK", "data": {"text": "pong", "version": "10.5.0", "node_id": ""},
                "seq_reply": number}),
            "user_typing" | "presence" => json!({"status": "OK", "seq_reply": number}),
            other => {
                self.shared.state().breach(format!("websocket: the action `{other}`"));
                fail(500, "api.web_socket_router.bad_action.app_error")
            }
        };
        Some(reply)
    }
}

async fn next(events: &mut Option<Events>) -> Option<String> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}
