//! One session's loop: hears the WebSocket, sends by REST, and judges for itself whether the server is alive.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;

use super::opening::{self, Core};
use super::sending::{self, After};
use super::{Mattermost, hearing, missed};
use crate::adapter::{Boxed, Ended, Link};
use crate::model::Timestamp;
use crate::net::ws::{Frame as Wire, Socket};
use crate::wire::mattermost::{Event, Frame, Spoken};

/// Silence after which the server is asked for a sign of life.
const QUIET: Duration = Duration::from_secs(20);
/// Silence after which it counts as gone.
const DEAD: Duration = Duration::from_secs(45);
/// How often time is looked at.
const TICK: Duration = Duration::from_secs(1);
/// The server has this long to say its first word.
const WELCOME: Duration = Duration::from_secs(15);
/// Letters on the way at once, over all channels.
const SENDS: usize = 16;
/// Writing takes no longer, or nobody reads.
const WRITE: Duration = Duration::from_secs(10);
/// What is on the way when the bot stops has this long to arrive.
const FAREWELL: Duration = Duration::from_secs(3);
/// Posts that wait while earlier ones are looked up.
const HELD: usize = 10_000;

/// Runs a session to its end.
pub(super) async fn run(mattermost: &Mattermost, link: &Link) -> Ended {
    let opened = tokio::select! {
        biased;
        () = link.stop.cancelled() => return Ended::Stopped,
        opened = open(mattermost, link) => opened,
    };
    match opened {
        Ok((core, socket)) => Session::new(&core, socket).run().await,
        Err(ended) => ended,
    }
}

async fn open<'a>(mattermost: &'a Mattermost, link: &'a Link) -> Result<(Core<'a>, Socket), Ended> {
    let core = opening::core(mattermost, link).await?;
    let socket = opening::socket(&core).await?;
    Ok((core, socket))
}

type Timer<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

struct Session<'a> {
    core: &'a Core<'a>,
    socket: Socket,
    began: Timestamp,
    up: bool,
    /// The token was sent in a frame of its own: something on the way cuts headers.
    challenged: bool,
    heard_at: Timestamp,
    asked_at: Timestamp,
    /// The number of our last request.
    number: u64,
    sends: FuturesUnordered<Boxed<'a, After>>,
    paused: Option<Timestamp>,
    /// Reads what was missed; new posts wait for it in `held`.
    catching: Option<Boxed<'a, Vec<Spoken>>>,
    held: VecDeque<Spoken>,
    /// Something more was missed meanwhile.
    again: bool,
    /// For how long nobody listened before this session; counts for its first event.
    deaf: Duration,
    /// What is to be said on the socket.
    out: VecDeque<Wire>,
    ended: Option<Ended>,
}

impl<'a> Session<'a> {
    fn new(core: &'a Core<'a>, socket: Socket) -> Self {
        let now = core.link.world.now();
        let alive = core.mattermost.memory().alive;
        let deaf = if alive == Timestamp::default() { Duration::ZERO } else { now.since(alive) };
        Self {
            core,
            socket,
            began: now,
            up: false,
            challenged: false,
            heard_at: now,
            asked_at: now,
            number: 0,
            sends: FuturesUnordered::new(),
            paused: None,
            catching: None,
            held: VecDeque::new(),
            again: false,
            deaf,
            out: VecDeque::new(),
            ended: None,
        }
    }

    async fn run(mut self) -> Ended {
        // A resumed connection begins without a word: the answer to this is the first one.
        self.ask();
        let ended = self.serve().await;
        if ended == Ended::Stopped {
            let link = self.core.link;
            let _ = link.world.timeout(FAREWELL, self.leave()).await;
        }
        ended
    }

    async fn leave(&mut self) {
        while self.sends.next().await.is_some() {}
        let _ = self.socket.close(None).await;
    }

    async fn serve(&mut self) -> Ended {
        let link = self.core.link;
        let mut stopped = Box::pin(link.stop.cancelled());
        let mut tick: Timer<'_> = Box::pin(link.world.sleep(TICK));
        loop {
            if let Err(why) = self.write().await {
                return self.ended.take().unwrap_or(Ended::Lost(why));
            }
            if let Some(ended) = self.ended.take() {
                return ended;
            }
            let pause = self.paused.map(|until| until.since(link.world.now()));
            let takes = self.up && pause.is_none() && self.sends.len() < SENDS;
            tokio::select! {
                biased;
                () = &mut stopped => return Ended::Stopped,
                Some(after) = self.sends.next(), if !self.sends.is_empty() => self.sent(after),
                frame = self.socket.next() => match frame {
                    Some(Ok(frame)) => self.take(&frame),
                    Some(Err(error)) => return Ended::Lost(format!("the WebSocket broke: {error}")),
                    None => return Ended::Lost("the server closed the connection".to_owned()),
                },
                found = caught(&mut self.catching) => self.found(&found),
                ticket = link.next(), if takes => self.sends.push(Box::pin(sending::deliver(self.core, ticket))),
                () = link.world.sleep(pause.unwrap_or_default()), if pause.is_some() => self.paused = None,
                () = &mut tick => {
                    self.tick(link.world.now());
                    tick = Box::pin(link.world.sleep(TICK));
                }
            }
        }
    }

    /// Says what is to be said. A server that does not read is as good as gone.
    async fn write(&mut self) -> Result<(), String> {
        while let Some(frame) = self.out.pop_front() {
            let written = self.core.link.world.timeout(WRITE, self.socket.send(frame)).await;
            match written {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(format!("the WebSocket broke: {error}")),
                Err(_) => return Err("the server reads nothing any more".to_owned()),
            }
        }
        Ok(())
    }

    fn request(&mut self, action: &str, data: &serde_json::Value) {
        self.number += 1;
        let request = json!({"seq": self.number, "action": action, "data": data});
        self.out.push_back(Wire::text(request.to_string()));
    }

    /// Asks for a sign of life, the server and whatever stands before it.
    fn ask(&mut self) {
        self.asked_at = self.core.link.world.now();
        self.request("ping", &json!({}));
        self.out.push_back(Wire::Ping(Vec::new().into()));
    }

    fn tick(&mut self, now: Timestamp) {
        let silence = now.since(self.heard_at);
        if silence >= DEAD {
            self.end(Ended::Lost(format!("no sign of life for {} s", silence.as_secs())));
        } else if !self.up && now.since(self.began) >= WELCOME {
            self.end(Ended::Lost("the server says nothing on its WebSocket".to_owned()));
        } else if silence >= QUIET && now.since(self.asked_at) >= QUIET / 2 {
            self.ask();
        }
    }

    /// The first reason counts.
    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
    }

    fn sent(&mut self, after: After) {
        match after {
            After::Nothing => {}
            After::Pause(span) => {
                let until = self.core.link.world.now().plus(span);
                self.paused = Some(self.paused.map_or(until, |earlier| earlier.max(until)));
            }
            After::Unauthorized(why) => self.end(opening::refused(&why)),
        }
    }

    fn take(&mut self, frame: &Wire) {
        self.heard_at = self.core.link.world.now();
        self.core.mattermost.memory().alive = self.heard_at;
        match frame {
            Wire::Text(text) => match Frame::read(text) {
                Frame::Event(number, event) => self.event(number, event),
                Frame::Reply(None) => self.is_up(),
                Frame::Reply(Some(401)) => self.unauthorized(),
                Frame::Reply(Some(_)) => {}
                Frame::Unreadable => {
                    tracing::debug!(adapter = %self.core.link.name, "a frame that is no event is passed over");
                }
            },
            Wire::Close(reason) => {
                let why =
                    reason.as_ref().map(|it| format!(": {} {}", it.code, it.reason)).unwrap_or_default();
                self.end(Ended::Lost(format!("the server closed the connection{}", why.trim_end())));
            }
            _ => {}
        }
    }

    /// The socket is not, or no longer, logged in.
    fn unauthorized(&mut self) {
        if self.up || self.challenged {
            // Whether the token is at fault is asked by REST next.
            return self.end(Ended::Lost("the session on the server has ended".to_owned()));
        }
        self.challenged = true;
        let token = self.core.mattermost.token.expose();
        self.request("authentication_challenge", &json!({"token": token}));
    }

    fn is_up(&mut self) {
        if !std::mem::replace(&mut self.up, true) {
            let abilities = self.core.mattermost.abilities(self.core.longest);
            self.core.link.ears.up(abilities, vec![self.core.me.name.clone()]);
        }
    }

    fn event(&mut self, number: i64, event: Event) {
        let mut memory = self.core.mattermost.memory();
        let known = memory.resume.take();
        let mut gap = false;
        let resume = match (&event, known) {
            (Event::Hello { connection }, known) => {
                // Another connection than the one that was asked for: what it held is gone.
                gap = known.is_some_and(|(old, next)| old != *connection || next != number);
                (connection.clone(), number + 1)
            }
            (_, Some((connection, next))) => {
                gap = number > next;
                (connection, next.max(number + 1))
            }
            (_, None) => (String::new(), number + 1),
        };
        memory.resume = (!resume.0.is_empty()).then_some(resume);
        drop(memory);
        self.is_up();
        let deaf = std::mem::take(&mut self.deaf);
        if gap {
            self.catch_up(deaf);
        }
        if let Event::Posted(spoken) = event {
            self.heard(*spoken);
        }
    }

    /// Reads what was missed; whatever comes meanwhile is heard after it.
    fn catch_up(&mut self, deaf: Duration) {
        if self.catching.is_some() {
            self.again = true;
            return;
        }
        let core = self.core;
        let newest = core.mattermost.memory().newest;
        tracing::info!(adapter = %core.link.name, "reading what was said meanwhile");
        self.catching = Some(Box::pin(missed::posts(core, newest, deaf)));
    }

    fn heard(&mut self, spoken: Spoken) {
        if self.catching.is_some() && self.held.len() < HELD {
            self.held.push_back(spoken);
        } else {
            hearing::hear(self.core, &spoken);
        }
    }

    fn found(&mut self, found: &[Spoken]) {
        self.catching = None;
        found.iter().for_each(|spoken| hearing::hear(self.core, spoken));
        if std::mem::take(&mut self.again) {
            return self.catch_up(Duration::ZERO);
        }
        for spoken in std::mem::take(&mut self.held) {
            hearing::hear(self.core, &spoken);
        }
    }
}

/// The posts that were missed, once they are read; never, where nothing is being read.
async fn caught(catching: &mut Option<Boxed<'_, Vec<Spoken>>>) -> Vec<Spoken> {
    match catching {
        Some(catching) => catching.await,
        None => std::future::pending().await,
    }
}
