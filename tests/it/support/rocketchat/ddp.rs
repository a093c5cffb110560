//! DDP, the server's side: connect, login, sub, in that order, with these keys and no others.

use futures_util::{SinkExt, StreamExt};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::server::{Cut, Shared};
use super::world::{BOT, PASSWORD};

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    Connected,
    LoggedIn,
    Subscribed,
}

/// One connection to its end.
pub(super) async fn serve(shared: &Shared, mut socket: WebSocketStream<TcpStream>) {
    let (sender, mut outgoing) = unbounded_channel();
    let mut cuts = shared.cuts.subscribe();
    let mut stage = Stage::Open;
    let _ = sender.send(json!({"server_id": "0"}).to_string());
    loop {
        shared.thawed().await;
        tokio::select! {
            () = shared.froze() => {}
            cut = cuts.recv() => {
                if cut == Ok(Cut::Close) {
                    let _ = socket.close(None).await;
                }
                return;
            }
            Some(text) = outgoing.recv() => {
                if socket.send(Frame::text(text)).await.is_err() {
                    return;
                }
            }
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(text))) => {
                    shared.thawed().await;
                    stage = heard(shared, stage, &text, &sender);
                }
                Some(Ok(Frame::Binary(_))) => shared.lock().breach("a binary frame"),
                Some(Ok(_)) => {}
                _ => return,
            },
        }
    }
}

fn heard(shared: &Shared, stage: Stage, text: &str, out: &UnboundedSender<String>) -> Stage {
    let mut world = shared.lock();
    let Ok(frame) = serde_json::from_str::<Value>(text) else {
        world.breach("a frame that is not JSON");
        return stage;
    };
    let say = |value: Value| drop(out.send(value.to_string()));
    let keys = |keys: &[&str]| {
        frame.as_object().is_some_and(|map| map.keys().all(|key| keys.contains(&key.as_str())))
    };
    match (frame["msg"].as_str().unwrap_or_default(), stage) {
        ("connect", Stage::Open)
            if keys(&["msg", "version", "support"])
                && frame["version"] == "1"
                && frame["support"].as_array().is_some_and(|all| all.contains(&json!("1"))) =>
        {
            say(json!({"msg": "connected", "session": "session"}));
            Stage::Connected
        }
        ("method", Stage::Connected)
            if keys(&["msg", "method", "id", "params"]) && frame["method"] == "login" =>
        {
            world.logins += 1;
            if let Some(wait) = world.slow_login.take() {
                let details = json!({"timeToReset": wait.as_millis() as u64});
                let error = json!({"isClientSafe": true, "error": "too-many-requests", "reason": "Error, too many requests.", "details": details, "errorType": "Meteor.Error"});
                say(json!({"msg": "result", "id": frame["id"], "error": error}));
                return stage;
            }
            match token(&mut world, &frame["params"]) {
                Some(token) => {
                    say(
                        json!({"msg": "added", "collection": "users", "id": BOT, "fields": {"username": "chatbot"}}),
                    );
                    let result = json!({"id": BOT, "token": token, "tokenExpires": {"$date": super::world::now()}, "type": "resume"});
                    say(json!({"msg": "result", "id": frame["id"], "result": result}));
                    say(json!({"msg": "updated", "methods": [frame["id"]]}));
                    Stage::LoggedIn
                }
                None => {
                    let reason = "You've been logged out by the server. Please log in again.";
                    let error = json!({"isClientSafe": true, "error": 403, "reason": reason, "message": format!("{reason} [403]"), "errorType": "Meteor.Error"});
                    say(json!({"msg": "result", "id": frame["id"], "error": error}));
                    stage
                }
            }
        }
        ("sub", Stage::LoggedIn)
            if keys(&["msg", "id", "name", "params"])
                && frame["name"] == "stream-room-messages"
                && is_subscription(&frame["params"]) =>
        {
            world.subscribe(out.clone());
            say(json!({"msg": "ready", "subs": [frame["id"]]}));
            say(json!({"msg": "ping", "id": "p1"}));
            Stage::Subscribed
        }
        ("ping", _) if stage > Stage::Open && keys(&["msg", "id"]) => {
            say(json!({"msg": "pong"}));
            stage
        }
        ("pong", Stage::Subscribed) if keys(&["msg", "id"]) && frame["id"] == "p1" => {
            world.pongs += 1;
            stage
        }
        _ => {
            world.breach(format!("at {stage:?}: `{text}`"));
            stage
        }
    }
}

/// The second parameter is the old `useCollection`, or options that hold it.
fn is_subscription(params: &Value) -> bool {
    params[0] == "__my_messages__" && (params[1] == false || params[1]["useCollection"] == false)
}

/// The token of a good login.
fn token(world: &mut super::World, params: &Value) -> Option<String> {
    let [login] = params.as_array()?.as_slice() else {
        world.breach("login takes one parameter");
        return None;
    };
    if let Some(token) = login["resume"].as_str() {
        return world.tokens.get(token).cloned();
    }
    let hash = digest(&SHA256, PASSWORD.as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let wanted =
        json!({"user": {"username": "chatbot"}, "password": {"digest": hex, "algorithm": "sha-256"}});
    if login["password"]["algorithm"] != "sha-256" || !login["user"].is_object() {
        world.breach(format!("a login with `{login}`"));
    }
    (*login == wanted).then(|| {
        let token = world.id("token");
        world.tokens.insert(token.clone());
        token
    })
}
