//! The gateway's half of the stand-in (docs.discord.com/developers/events/gateway): hello first, then one identify or
//! resume, heartbeats that carry the last number, replay of what a resumed session missed, and the close codes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::world::{GUILD, ME, MYSELF, Out, Session, TOKEN, World};

/// How often a heartbeat is due. Discord says 41250; a shorter one is looked after just as well.
const INTERVAL: Duration = Duration::from_secs(5);
/// Discord closes a connection that says more than this in a minute.
const MOST_FRAMES: usize = 120;
/// Messages and rooms; without these the bot hears nothing: GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT.
const NEEDED: u64 = 1 | 1 << 9 | 1 << 12 | 1 << 15;
/// All bits that mean something.
const KNOWN: u64 = 0x1ff_ffff | 1 << 28 | 1 << 29;

type Socket = WebSocketStream<TcpStream>;

/// One connection to its end.
pub(crate) async fn serve(stream: TcpStream, world: Arc<Mutex<World>>) {
    let mut path = String::new();
    let look = |request: &Request, answer: Response| {
        path = request.uri().to_string();
        Ok(answer)
    };
    #[allow(clippy::result_large_err, reason = "the handshake's own type")]
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, look).await else { return };
    let (line, mut told) = mpsc::unbounded_channel();
    let number = {
        let mut world = world.lock().unwrap();
        if !path.contains("v=10") || !path.contains("encoding=json") {
            world.breach(format!("the gateway is asked for as `{path}`"));
        }
        world.connected += 1;
        let number = world.connected;
        world.connections.insert(number, line.clone());
        number
    };
    let mut connection =
        Connection { world, line, number, session: None, frames: 0, on_resume_url: path.contains("/resume") };
    let hello =
        json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": INTERVAL.as_millis() as u64}});
    let _ = socket.send(Frame::text(hello.to_string())).await;
    connection.run(&mut socket, &mut told).await;
    connection.gone();
}

struct Connection {
    world: Arc<Mutex<World>>,
    line: mpsc::UnboundedSender<Out>,
    number: u64,
    session: Option<String>,
    frames: usize,
    on_resume_url: bool,
}

impl Connection {
    async fn run(&mut self, socket: &mut Socket, told: &mut mpsc::UnboundedReceiver<Out>) {
        let mut last_beat = Instant::now();
        loop {
            tokio::select! {
                frame = socket.next() => {
                    let Some(Ok(frame)) = frame else { return };
                    match frame {
                        Frame::Text(text) => {
                            if text.contains("\"op\":1,") || text.ends_with("\"op\":1}") {
                                last_beat = Instant::now();
                            }
                            self.heard(&text);
                        }
                        Frame::Close(frame) => {
                            self.closed(frame.map(|frame| u16::from(frame.code)));
                            return;
                        }
                        _ => {}
                    }
                }
                Some(out) = told.recv() => match out {
                    Out::Say(text) => {
                        let _ = socket.send(Frame::text(text)).await;
                    }
                    Out::Close(code) => {
                        let _ = socket.close(Some(CloseFrame { code: code.into(), reason: "as told".into() })).await;
                        // The other side answers with a close frame, or leaves.
                        let _ = tokio::time::timeout(Duration::from_secs(1), socket.next()).await;
                        return;
                    }
                    Out::Cut => return,
                    Out::Freeze => return std::future::pending().await,
                },
                () = tokio::time::sleep(Duration::from_millis(500)) => {
                    if last_beat.elapsed() > INTERVAL * 3 {
                        self.world.lock().unwrap().breach("no heartbeat for three intervals");
                        return;
                    }
                }
            }
        }
    }

    fn gone(&self) {
        let mut world = self.world.lock().unwrap();
        world.connections.remove(&self.number);
        for session in world.sessions.values_mut().filter(|session| session.connection == self.number) {
            session.line = None;
        }
    }

    /// The client closed: with 1000 or 1001 its session is over.
    fn closed(&self, code: Option<u16>) {
        let mut world = self.world.lock().unwrap();
        if let (Some(1000 | 1001), Some(session)) = (code, &self.session) {
            world.sessions.remove(session);
        }
    }

    fn tell(&self, out: Out) {
        let _ = self.line.send(out);
    }

    fn heard(&mut self, text: &str) {
        self.frames += 1;
        let world = self.world.clone();
        let mut world = world.lock().unwrap();
        if self.frames > MOST_FRAMES {
            world.breach("more than 120 frames on one connection of a test");
            return self.tell(Out::Close(4008));
        }
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            world.breach("a frame that is not JSON");
            return self.tell(Out::Close(4002));
        };
        match (frame["op"].as_u64(), &self.session) {
            (Some(1), _) => self.beat(&mut world, &frame["d"]),
            (Some(2), None) => self.identify(&mut world, &frame["d"]),
            (Some(6), None) => self.resume(&mut world, &frame["d"]),
            (Some(3), Some(_)) => {}
            (Some(2 | 6), Some(_)) => {
                world.breach("identified twice on one connection");
                self.tell(Out::Close(4005));
            }
            (op, _) => {
                world.breach(format!("an op that may not be said here: {op:?}"));
                self.tell(Out::Close(4001));
            }
        }
    }

    fn beat(&self, world: &mut World, number: &Value) {
        let last = self
            .session
            .as_ref()
            .and_then(|id| world.sessions.get(id))
            .and_then(|session| session.events.last());
        let last = last.map_or(0, |(seq, _)| *seq);
        if number.as_u64().is_some_and(|number| number > last) {
            world.breach(format!("a heartbeat with {number}, the last event was {last}"));
        }
        self.tell(Out::Say(json!({"op": 11}).to_string()));
    }

    fn token_is_good(&self, world: &mut World, data: &Value) -> bool {
        let good = data["token"] == TOKEN && !world.switches.revoked;
        if !good {
            self.tell(Out::Close(4004));
        }
        good
    }

    fn identify(&mut self, world: &mut World, data: &Value) {
        let allowed = [
            "token",
            "intents",
            "properties",
            "compress",
            "large_threshold",
            "shard",
            "presence",
            "capabilities",
        ];
        for key in data.as_object().into_iter().flat_map(|data| data.keys()) {
            if !allowed.contains(&key.as_str()) {
                world.breach(format!("an identify has no field `{key}`"));
            }
        }
        if self.on_resume_url {
            world.breach("an identify at the address for resuming");
        }
        let spaced = world.identified.last().is_none_or(|last| last.elapsed() >= Duration::from_secs(5));
        world.identified.push(Instant::now());
        if !spaced {
            world.breach("two identifies within 5 s");
        }
        if !self.token_is_good(world, data) {
            return;
        }
        let intents = data["intents"].as_u64().unwrap_or(0);
        if intents & !KNOWN != 0 {
            return self.tell(Out::Close(4013));
        }
        if world.switches.no_content && intents & (1 << 15) != 0 {
            return self.tell(Out::Close(4014));
        }
        if intents & NEEDED != NEEDED {
            world.breach(format!("the intents {intents} leave out what a bot has to hear"));
        }
        self.welcome(world);
    }

    fn welcome(&mut self, world: &mut World) {
        let id = format!("session{}", world.id());
        let session = Session { events: Vec::new(), line: Some(self.line.clone()), connection: self.number };
        world.sessions.insert(id.clone(), session);
        self.session = Some(id.clone());
        let ready = json!({
            "v": 10, "user": MYSELF.json(), "guilds": [{"id": GUILD.to_string(), "unavailable": true}],
            "session_id": id, "resume_gateway_url": format!("ws://127.0.0.1:{}/gateway/resume", world.port),
            "application": {"id": ME.to_string(), "flags": 1 << 19}, "shard": [0, 1], "private_channels": [],
            "session_type": "normal", "relationships": [], "presences": [], "guild_join_requests": [],
            "geo_ordered_rtc_regions": [], "user_settings": {}, "user_settings_proto": "", "_trace": [], "auth": {},
            "game_relationships": [],
        });
        let guild = world.guild_json();
        let silent = world.switches.silent_about_rooms;
        if let Some(session) = world.sessions.get_mut(&id) {
            session.say("READY", &ready);
            if !silent {
                session.say("GUILD_CREATE", &guild);
            }
        }
    }

    fn resume(&mut self, world: &mut World, data: &Value) {
        let keys: Vec<_> = data.as_object().into_iter().flat_map(|data| data.keys()).collect();
        if keys.len() != 3 || !keys.iter().all(|key| ["token", "session_id", "seq"].contains(&key.as_str())) {
            world.breach(format!("a resume with the fields {keys:?}"));
        }
        if !self.token_is_good(world, data) {
            return;
        }
        let id = data["session_id"].as_str().unwrap_or_default().to_owned();
        let (seq, line, number) = (data["seq"].as_u64().unwrap_or(0), self.line.clone(), self.number);
        let Some(session) = world.sessions.get_mut(&id) else {
            return self.tell(Out::Say(json!({"op": 9, "d": false}).to_string()));
        };
        session.connection = number;
        session.line = Some(line);
        for (_, missed) in session.events.iter().filter(|(number, _)| *number > seq) {
            self.tell(Out::Say(missed.to_string()));
        }
        session.say("RESUMED", &json!({"_trace": []}));
        self.session = Some(id);
        world.resumed += 1;
    }
}
