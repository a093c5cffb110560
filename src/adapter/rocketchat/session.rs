//! One session's loop: hears, answers pings, sends, looks after what was missed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};

use super::courier::Courier;
use super::known::{Me, lock};
use super::login::{self, Open};
use super::{Credentials, Rocketchat, missed};
use crate::adapter::{Abilities, Adapter, Ended, Limit, Link};
use crate::model::{Message, MessageKey, Person, Place, Timestamp};
use crate::net::ws::{Frame, Socket};
use crate::wire::rocketchat::ddp::{self, Incoming};
use crate::wire::rocketchat::{Failure, Rest, Room, Said, typed};

/// Parcels on the way at once, over all rooms.
const IN_FLIGHT: usize = 16;
/// How often the silence is measured.
const TICK: Duration = Duration::from_millis(500);
/// A frame has this long to be written.
const WRITE: Duration = Duration::from_secs(10);
/// What is on the way has this long to arrive when the bot stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// New messages wait this long for those that were missed, so that both come in order.
const HOLD: Duration = Duration::from_secs(5);
/// That many of them.
const HELD: usize = 10_000;
/// A message this old is a re-emitted one (a reaction, a link's preview), not a new one.
const STALE: Duration = Duration::from_secs(300);
/// How long the settings may take; without them the usual limit counts.
const SETTINGS: Duration = Duration::from_secs(5);

type Missed<'a> = Pin<Box<dyn Future<Output = Result<Vec<(Said, Room)>, Failure>> + Send + 'a>>;

/// Runs a session to its end.
pub(super) async fn run(rocketchat: &Rocketchat, link: &Link) -> Ended {
    let opened = async {
        let open = login::open(rocketchat, &link.world).await?;
        let limit = limit(rocketchat, &open.rest, link).await;
        Ok((open, limit))
    };
    let opened = tokio::select! {
        () = link.stop.cancelled() => return Ended::Stopped,
        opened = opened => opened,
    };
    let (Open { socket, rest, me, since, early }, limit) = match opened {
        Ok(opened) => opened,
        Err(ended) => return ended,
    };
    let mut session = Session::new(rocketchat, link, socket, &me);
    session.held = since.map(|_| Vec::new());
    session.tell_up(limit);
    early.into_iter().for_each(|(said, room)| session.hear(said, room));
    let missed: Option<Missed<'_>> =
        since.map(|since| Box::pin(missed::read(&rest, &link.world, since)) as Missed<'_>);
    let courier = Courier {
        rest: &rest,
        known: &rocketchat.known,
        manner: rocketchat.manner,
        me: &me,
        world: &link.world,
        limit,
        out: Mutex::default(),
    };
    session.serve(&courier, missed).await
}

/// The longest text that the server takes, asked once.
async fn limit(rocketchat: &Rocketchat, rest: &Rest, link: &Link) -> Limit {
    const SETTING: &str = "Message_MaxAllowedSize";
    let usual = Rocketchat::ABILITIES.longest;
    let kept = lock(&rocketchat.known).longest;
    if let Some(most) = kept {
        return Limit { most, ..usual };
    }
    let asked = link.world.timeout(SETTINGS, rest.get("settings.public", &[("_id", SETTING)])).await;
    let Ok(Ok(told)) = asked else { return usual };
    let settings = told["settings"].as_array().into_iter().flatten();
    let most = settings.filter(|one| one["_id"] == SETTING).find_map(|one| one["value"].as_u64());
    // Less than this is no room for a fence and a line.
    let most =
        most.and_then(|most| usize::try_from(most).ok()).map_or(usual.most, |most| most.clamp(200, 100_000));
    lock(&rocketchat.known).longest = Some(most);
    Limit { most, ..usual }
}

struct Session<'a> {
    rocketchat: &'a Rocketchat,
    link: &'a Link,
    me: &'a Me,
    socket: Socket,
    alive: Timestamp,
    asked: bool,
    /// New messages that wait for those that were missed.
    held: Option<Vec<(Said, Room)>>,
}

impl<'a> Session<'a> {
    fn new(rocketchat: &'a Rocketchat, link: &'a Link, socket: Socket, me: &'a Me) -> Self {
        Self { rocketchat, link, me, socket, alive: link.world.now(), asked: false, held: None }
    }

    fn tell_up(&self, longest: Limit) {
        let reactions = self.rocketchat.manner.react;
        let abilities = Abilities { longest, reactions, ..Rocketchat::ABILITIES };
        self.link.ears.up(abilities, vec![self.me.username.clone()]);
    }

    async fn serve(mut self, courier: &Courier<'_>, mut missed: Option<Missed<'_>>) -> Ended {
        let link = self.link;
        let mut sending = FuturesUnordered::new();
        let mut stopped = Box::pin(link.stop.cancelled());
        let mut tick = Box::pin(link.world.sleep(TICK));
        let mut hold = Box::pin(link.world.sleep(HOLD));
        loop {
            let ended = tokio::select! {
                biased;
                () = &mut stopped => {
                    let arrive = async { while sending.next().await.is_some() {} };
                    let _ = link.world.timeout(FAREWELL, arrive).await;
                    let _ = link.world.timeout(FAREWELL, self.socket.close(None)).await;
                    Some(Ended::Stopped)
                }
                frame = self.socket.next() => self.take(frame).await.err(),
                Some(()) = sending.next(), if !sending.is_empty() => courier.logged_out().map(|why| self.logged_out(&why)),
                found = look(&mut missed), if missed.is_some() => {
                    missed = None;
                    self.found(found)
                }
                () = &mut hold, if self.held.is_some() => {
                    self.release();
                    None
                }
                ticket = link.next(), if sending.len() < IN_FLIGHT => {
                    sending.push(courier.carry(ticket));
                    None
                }
                () = &mut tick => {
                    tick = Box::pin(link.world.sleep(TICK));
                    self.tick().await.err()
                }
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// A call was answered with 401: a new login may do, or somebody has to do something.
    fn logged_out(&self, why: &str) -> Ended {
        lock(&self.rocketchat.known).token = None;
        match self.rocketchat.credentials {
            Credentials::Token { .. } => {
                Ended::Refused(format!("the server refuses `TOKEN`: {why}; it may have been revoked"))
            }
            Credentials::Password { .. } => Ended::Lost(format!("the server logged the bot out: {why}")),
        }
    }

    async fn take(&mut self, frame: Option<Result<Frame, impl std::fmt::Display>>) -> Result<(), Ended> {
        let text = match frame {
            Some(Ok(Frame::Text(text))) => text,
            Some(Ok(Frame::Close(_))) | None => {
                return Err(Ended::Lost("the server closed the connection".to_owned()));
            }
            Some(Ok(_)) => return Ok(self.is_alive()),
            Some(Err(error)) => return Err(Ended::Lost(format!("cannot read from the server: {error}"))),
        };
        self.is_alive();
        match ddp::read(&text) {
            Incoming::Ping(id) => self.write(ddp::pong(id.as_deref())).await?,
            Incoming::NoSub { fault, .. } => {
                let why = fault.map(|fault| fault.reason).unwrap_or_default();
                return Err(Ended::Lost(format!("the server ended the subscription to messages: {why}")));
            }
            Incoming::Said(said, room) => self.hear(*said, room),
            _ => {}
        }
        Ok(())
    }

    fn is_alive(&mut self) {
        self.alive = self.link.world.now();
        self.asked = false;
        lock(&self.rocketchat.known).alive = Some(self.rocketchat.waits.server_time(self.alive));
    }

    async fn tick(&mut self) -> Result<(), Ended> {
        let silence = self.link.world.now().since(self.alive);
        let patience = self.rocketchat.patience;
        if silence >= patience.death {
            return Err(Ended::Lost(format!("no sign of life for {} s", silence.as_secs())));
        }
        if silence >= patience.silence && !self.asked {
            self.asked = true;
            self.write(ddp::ping()).await?;
        }
        Ok(())
    }

    async fn write(&mut self, text: String) -> Result<(), Ended> {
        match self.link.world.timeout(WRITE, self.socket.send(Frame::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Ended::Lost(format!("cannot write to the server: {error}"))),
            Err(elapsed) => Err(Ended::Lost(format!("cannot write to the server: {elapsed}"))),
        }
    }

    fn found(&mut self, found: Result<Vec<(Said, Room)>, Failure>) -> Option<Ended> {
        match found {
            Ok(missed) => {
                lock(&self.rocketchat.known).gap = None;
                let held = self.held.take().unwrap_or_default();
                missed.into_iter().for_each(|(said, room)| self.listen(&said, &room));
                self.held = Some(held);
                self.release();
                None
            }
            Err(failure) => {
                tracing::warn!(adapter = %self.link.name, %failure, "what was said while the connection was down cannot be read");
                self.release();
                matches!(failure, Failure::LoggedOut(_)).then(|| self.logged_out(&failure.to_string()))
            }
        }
    }

    fn release(&mut self) {
        let held = self.held.take().unwrap_or_default();
        held.into_iter().for_each(|(said, room)| self.listen(&said, &room));
    }

    /// Hears a message that comes over the socket, or lets it wait.
    fn hear(&mut self, said: Said, room: Room) {
        let waits = &self.rocketchat.waits;
        let now = waits.server_time(self.link.world.now());
        let stale = |at: Timestamp| now.since(at) > STALE && waits.ahead().is_some();
        if said.at.is_some_and(stale) || !room.is_ours() || !said.is_speech(&self.me.id) {
            return;
        }
        match &mut self.held {
            Some(held) if held.len() < HELD => held.push((said, room)),
            _ => self.listen(&said, &room),
        }
    }

    /// Hears a message, once.
    fn listen(&self, said: &Said, room: &Room) {
        if !room.is_ours() || !said.is_speech(&self.me.id) {
            return;
        }
        let mut known = lock(&self.rocketchat.known);
        if !known.heard.put(&format!("{}/{}", said.room, said.id), ()) {
            return;
        }
        known.askers.put(&said.id, said.by.id.clone());
        known.people.put(&said.by.id, said.by.username.clone());
        if room.is_direct() {
            known.directs.put(&said.by.id, said.room.clone());
        } else if let Some(name) = &room.name {
            known.rooms.put(name, said.room.clone());
        }
        drop(known);
        if let Some(message) = self.message(said, room) {
            self.link.ears.heard(message);
        }
    }

    fn message(&self, said: &Said, room: &Room) -> Option<Message> {
        let adapter = self.link.name.clone();
        let mentions_me = said.mentions.iter().any(|one| one.id == self.me.id);
        let typed = typed(&said.text, mentions_me.then_some(self.me.username.as_str()));
        if typed.text.is_empty() && !typed.mentioned {
            return None;
        }
        let mut place = match room.is_direct() {
            true => Place::direct(adapter.clone(), &said.room),
            false => Place::room(adapter.clone(), &said.room),
        };
        let own = (self.rocketchat.manner.thread && !room.is_direct()).then_some(&said.id);
        place.thread = said.thread.as_ref().or(own).map(|thread| thread.as_str().into());
        let room_name = match room.is_direct() {
            true => Some(format!("@{}", said.by.username)),
            false => room.name.as_ref().map(|name| format!("#{name}")),
        };
        Some(Message {
            key: MessageKey {
                adapter: adapter.clone(),
                room: place.room.clone(),
                id: said.id.as_str().into(),
            },
            person: Person::proven(adapter, &said.by.id),
            name: said.by.username.clone(),
            place,
            room_name,
            text: typed.text,
            raw: said.text.clone(),
            mentioned: typed.mentioned,
            at: said.at.unwrap_or(self.alive),
            position: None,
        })
    }
}

/// What was missed, once it is known.
async fn look(missed: &mut Option<Missed<'_>>) -> Result<Vec<(Said, Room)>, Failure> {
    match missed {
        Some(missed) => missed.await,
        None => std::future::pending().await,
    }
}
