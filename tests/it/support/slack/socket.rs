//! The server's side of Socket Mode.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::Shared;
use super::state::Order;

/// Slack keeps sockets alive by pings.
const PING: Duration = Duration::from_secs(5);

/// Up to this many sockets an app.
const MOST: usize = 10;

/// Serves one socket to its end.
pub(super) async fn run(shared: &Shared, mut socket: WebSocketStream<TcpStream>) {
    let (sender, mut orders) = unbounded_channel();
    let (id, count) = {
        let mut state = shared.state();
        if state.sockets.len() >= MOST {
            state.breach("more than ten sockets");
        }
        let (id, count) = (usize::try_from(state.number()).unwrap(), state.sockets.len() + 1);
        // From here on what is said waits for this socket: whoever was greeted misses nothing.
        state.sockets.insert(id, sender);
        (id, count)
    };
    let hello = json!({
        "type": "hello", "num_connections": count, "connection_info": {"app_id": "A0APP"},
        "debug_info": {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060},
    });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        shared.state().sockets.remove(&id);
        return;
    }
    shared.state().sessions += 1;
    let mut ping = tokio::time::interval(PING);
    ping.tick().await;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Text(text)) => if socket.send(Message::text(text)).await.is_err() { break },
                Some(Order::Close) => {
                    shared.state().sockets.remove(&id);
                    let _ = socket.close(None).await;
                    break;
                }
                Some(Order::Freeze) => {
                    // Open for ever, deaf and mute; whatever was for it is not acknowledged.
                    std::future::pending::<()>().await;
                }
                Some(Order::Abort) | None => break,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => acknowledged(shared, &text),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            _ = ping.tick() => if socket.send(Message::Ping(Vec::new().into())).await.is_err() { break },
        }
    }
    shared.state().sockets.remove(&id);
}

fn acknowledged(shared: &Shared, text: &str) {
    let mut state = shared.state();
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    let Some(id) = frame["envelope_id"].as_str() else {
        return state.breach(format!("a frame that is no acknowledgement: {text}"));
    };
    let strange =
        frame.as_object().is_some_and(|map| map.keys().any(|key| key != "envelope_id" && key != "payload"));
    if strange {
        state.breach(format!("an acknowledgement with more than it may have: {text}"));
    }
    match state.envelopes.remove(id) {
        Some(envelope) if envelope.due < Instant::now() => {
            state.breach("an acknowledgement came later than three seconds");
        }
        _ => {}
    }
}
