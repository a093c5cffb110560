//! Opens the WebSocket, logs in and subscribes, in that order.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};

use super::known::{Me, lock};
use super::{Credentials, Rocketchat};
use crate::adapter::Ended;
use crate::model::{Secret, Timestamp};
use crate::net::World;
use crate::net::dial::DialError;
use crate::net::ws::{self, Frame, Socket, WsError};
use crate::wire::rocketchat::ddp::{self, Fault, Incoming, Proof};
use crate::wire::rocketchat::{Failure, Rest, Room, Said};

/// The longest wait that a server may ask for before a login.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// What the server said this long before its last sign of life was received: its `Date` has whole seconds, and a
/// message's time is older than its delivery.
const OVERLAP: Duration = Duration::from_secs(10);

/// A session that is logged in and hears.
pub(super) struct Open {
    pub(super) socket: Socket,
    pub(super) rest: Rest,
    pub(super) me: Me,
    /// From when on something may have been missed; `None` in the first session of a process.
    pub(super) since: Option<Timestamp>,
    /// What was said before the subscription was confirmed.
    pub(super) early: Vec<(Said, Room)>,
}

/// Who is logged in, by which token.
struct Login {
    id: String,
    token: Secret,
}

/// Connects, logs in, asks who the bot is, subscribes.
pub(super) async fn open(rocketchat: &Rocketchat, world: &World) -> Result<Open, Ended> {
    let url = socket_url(&rocketchat.base);
    let connected = ws::connect(&url, &[], &rocketchat.reach.via, world, rocketchat.patience.connect).await;
    let socket = match connected {
        Ok(socket) => socket,
        Err(error) => return Err(no_socket(rocketchat, error, world).await),
    };
    let mut talk = Talk { socket, world, limit: rocketchat.patience.connect, early: Vec::new() };
    talk.send(ddp::connect()).await?;
    talk.until("the greeting", |incoming| match incoming {
        Incoming::Connected => Some(Ok(())),
        Incoming::Unsupported(version) => {
            Some(Err(Ended::Refused(format!("the server speaks DDP `{version}` only, the bot speaks `1`"))))
        }
        _ => None,
    })
    .await?;
    let login = log_in(rocketchat, &mut talk).await?;
    let rest = rest(rocketchat, &login, world)?;
    let me = me(rocketchat, &rest, &login.id).await?;
    let since = gap(rocketchat, world);
    talk.subscribe().await?;
    Ok(Open { socket: talk.socket, rest, me, since, early: talk.early })
}

/// `https://host/path` is `wss://host/path/websocket`.
fn socket_url(base: &str) -> String {
    format!("ws{}/websocket", base.strip_prefix("http").unwrap_or(base))
}

async fn no_socket(rocketchat: &Rocketchat, error: WsError, world: &World) -> Ended {
    let why = error.to_string();
    let was_there = lock(&rocketchat.known).me.is_some();
    match error {
        WsError::Status { status: 429, after } => {
            world.sleep(after.unwrap_or(Duration::from_secs(1)).min(LONGEST_WAIT)).await;
            Ended::Lost(why)
        }
        WsError::Status { status: 401 | 403, .. } | WsError::Dial(DialError::Refused(_)) => {
            Ended::Refused(why)
        }
        // What stands in front of a server that restarts may say so, too.
        WsError::Status { status: 404, .. } if !was_there => {
            Ended::Refused(format!("{why}: `URL` may lack the server's path"))
        }
        WsError::Status { .. } | WsError::Dial(_) | WsError::Handshake(_) => Ended::Lost(why),
    }
}

/// A token of an earlier login spares the password, and the limit on logins.
async fn log_in(rocketchat: &Rocketchat, talk: &mut Talk<'_>) -> Result<Login, Ended> {
    let (user, password) = match &rocketchat.credentials {
        Credentials::Token { user_id, token } => {
            let login = talk.log_in("1", &Proof::Resume(token.clone())).await?;
            let login = login.map_err(|fault| refused(&fault, "`TOKEN`"))?;
            if login.id != *user_id {
                let why = format!("`TOKEN` is not of `USER_ID` `{user_id}` but of `{}`", login.id);
                return Err(Ended::Refused(why));
            }
            return Ok(login);
        }
        Credentials::Password { user, password } => (user, password),
    };
    let kept = lock(&rocketchat.known).token.take();
    if let Some(token) = kept
        && let Ok(login) = talk.log_in("1", &Proof::Resume(token)).await?
    {
        lock(&rocketchat.known).token = Some(login.token.clone());
        return Ok(login);
    }
    let proof = Proof::Password { user: user.clone(), password: password.clone() };
    let login = talk.log_in("2", &proof).await?.map_err(|fault| refused(&fault, "`PASSWORD`"))?;
    lock(&rocketchat.known).token = Some(login.token.clone());
    Ok(login)
}

fn refused(fault: &Fault, option: &str) -> Ended {
    let reason = fault.reason.trim_end_matches('.');
    Ended::Refused(match fault.kind.as_str() {
        "totp-required" => {
            "the bot's user has a second factor: use `USER_ID` and `TOKEN` with a personal access token made with `ignore two factor authentication`".to_owned()
        }
        "403" => format!("the server refuses {option}: {reason}; it may have been revoked or changed"),
        kind => format!("the server refuses the login: {reason} ({kind})"),
    })
}

fn rest(rocketchat: &Rocketchat, login: &Login, world: &World) -> Result<Rest, Ended> {
    let client = rocketchat
        .reach
        .http
        .builder(world)
        .and_then(|builder| builder.build().map_err(|error| crate::net::http::cause(&error)));
    let client = client.map_err(Ended::Refused)?;
    let waits = Arc::clone(&rocketchat.waits);
    Ok(Rest::new(&rocketchat.base, client, &login.id, &login.token, world, waits))
}

/// Asked once: an id never changes its user.
async fn me(rocketchat: &Rocketchat, rest: &Rest, id: &str) -> Result<Me, Ended> {
    let kept = lock(&rocketchat.known).me.clone().filter(|me| me.id == id);
    if let Some(me) = kept {
        return Ok(me);
    }
    let told = rest.get("me", &[]).await.map_err(|failure| ended(&failure))?;
    let roles = told["roles"].as_array().into_iter().flatten();
    let me = Me {
        id: id.to_owned(),
        username: told["username"].as_str().unwrap_or(id).to_owned(),
        roles: roles.filter_map(|role| role.as_str().map(str::to_owned)).collect(),
    };
    lock(&rocketchat.known).me = Some(me.clone());
    Ok(me)
}

/// From when on something may have been missed. The first session begins to listen now, and misses nothing.
fn gap(rocketchat: &Rocketchat, world: &World) -> Option<Timestamp> {
    let now = rocketchat.waits.server_time(world.now());
    let mut known = lock(&rocketchat.known);
    let Some(began) = known.began else {
        (known.began, known.alive) = (Some(now), Some(now));
        return None;
    };
    let alive = known.gap.or(known.alive)?;
    known.gap = Some(alive);
    let overlap = i64::try_from(OVERLAP.as_micros()).unwrap_or(0);
    Some(Timestamp::from_micros(alive.as_micros() - overlap).max(began))
}

/// What a failed call means for the session.
fn ended(failure: &Failure) -> Ended {
    match failure {
        Failure::LoggedOut(why) | Failure::Refused { why, .. } => Ended::Refused(why.clone()),
        Failure::Unreachable(why) | Failure::Down(why) | Failure::Busy { why, .. } => {
            Ended::Lost(why.clone())
        }
    }
}

/// The steps before the session's own loop.
struct Talk<'a> {
    socket: Socket,
    world: &'a World,
    limit: Duration,
    early: Vec<(Said, Room)>,
}

impl Talk<'_> {
    async fn send(&mut self, text: String) -> Result<(), Ended> {
        match self.world.timeout(self.limit, self.socket.send(Frame::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Ended::Lost(format!("cannot write to the server: {error}"))),
            Err(elapsed) => Err(Ended::Lost(format!("cannot write to the server: {elapsed}"))),
        }
    }

    /// Reads frames until one decides; pings are answered.
    async fn until<T>(
        &mut self,
        what: &str,
        mut decide: impl FnMut(Incoming) -> Option<Result<T, Ended>>,
    ) -> Result<T, Ended> {
        let (world, limit) = (self.world, self.limit);
        let waiting = async {
            loop {
                match self.next().await? {
                    Incoming::Ping(id) => self.send(ddp::pong(id.as_deref())).await?,
                    Incoming::Said(said, room) => self.early.push((*said, room)),
                    other => {
                        if let Some(decided) = decide(other) {
                            return decided;
                        }
                    }
                }
            }
        };
        let waited = world.timeout(limit, waiting).await;
        waited.unwrap_or_else(|_| {
            Err(Ended::Lost(format!("the server gave no {what} within {} s", limit.as_secs())))
        })
    }

    async fn next(&mut self) -> Result<Incoming, Ended> {
        loop {
            match self.socket.next().await {
                Some(Ok(Frame::Text(text))) => return Ok(ddp::read(&text)),
                Some(Ok(Frame::Close(_))) | None => {
                    return Err(Ended::Lost("the server closed the connection before the login".to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Ended::Lost(format!("cannot read from the server: {error}"))),
            }
        }
    }

    async fn log_in(&mut self, id: &str, proof: &Proof) -> Result<Result<Login, Fault>, Ended> {
        self.send(ddp::login(id, proof)).await?;
        let outcome = self
            .until("answer to the login", |incoming| match incoming {
                Incoming::Outcome { id: of, outcome } if of == id => Some(Ok(outcome)),
                _ => None,
            })
            .await?;
        match outcome {
            Ok(result) => {
                let word = |key: &str| result[key].as_str().filter(|text| !text.is_empty());
                let (Some(id), Some(token)) = (word("id"), word("token")) else {
                    return Err(Ended::Lost(
                        "the server's answer to the login has no id and token".to_owned(),
                    ));
                };
                Ok(Ok(Login { id: id.to_owned(), token: Secret::new(token) }))
            }
            Err(fault) if fault.kind == "too-many-requests" => {
                let wait = fault.wait.unwrap_or(Duration::from_secs(10)).min(LONGEST_WAIT);
                tracing::warn!(?wait, "the server limits logins; waiting as long as it asks");
                self.world.sleep(wait).await;
                Err(Ended::Lost("the server limited the logins".to_owned()))
            }
            // Anything that is not about this user may pass.
            Err(fault) if matches!(fault.kind.as_str(), "500" | "" | "503") => {
                Err(Ended::Lost(format!("the login failed: {}", fault.reason)))
            }
            Err(fault) => Ok(Err(fault)),
        }
    }

    async fn subscribe(&mut self) -> Result<(), Ended> {
        const ID: &str = "messages";
        self.send(ddp::subscribe(ID)).await?;
        self.until("subscription", |incoming| match incoming {
            Incoming::Ready(ids) if ids.iter().any(|id| id == ID) => Some(Ok(())),
            Incoming::NoSub { id, fault } if id == ID => {
                let why = fault.map(|fault| fault.reason).unwrap_or_default();
                Some(Err(Ended::Refused(format!("the server refuses the subscription to messages: {why}"))))
            }
            _ => None,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_below_the_servers_path() {
        assert_eq!(socket_url("https://chat.example.org"), "wss://chat.example.org/websocket");
        assert_eq!(socket_url("http://localhost:3000/sub/path"), "ws://localhost:3000/sub/path/websocket");
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let fault = |kind: &str| Fault { kind: kind.into(), reason: "No.".into(), wait: None };
        let Ended::Refused(why) = refused(&fault("totp-required"), "`PASSWORD`") else { panic!() };
        assert!(why.contains("`TOKEN`"), "{why}");
        let Ended::Refused(why) = refused(&fault("403"), "`TOKEN`") else { panic!() };
        assert_eq!(why, "the server refuses `TOKEN`: No; it may have been revoked or changed");
    }
}
