//! Hubots that relay between a chat of their own and this bot: what is said to their people is announced on the
//! streams that they read, as StackStorm does. Each Hubot is one adapter, whose session is its stream.

mod origins;
mod stream;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

pub use stream::{Full, Line, Listening, Wants};
pub use words::message;

use crate::adapter::{Abilities, Limit, Link, Parcel, Unit};
use crate::model::{AdapterName, Receipt, SendError};
use crate::net::World;
use crate::runner::Effect;
use origins::{Origins, Turn};
use stream::Stream;

/// What can be said through a Hubot: it splits texts itself, and edits nothing.
pub const ABILITIES: Abilities = Abilities {
    longest: Limit { most: 1 << 20, unit: Unit::Bytes },
    edits: false,
    threads: false,
    buttons: false,
    files: false,
    reactions: false,
    in_flight: 16,
};

/// The route whose announcements a Hubot posts, and before the names of all.
const CHATOPS: &str = "chatops";
const ANNOUNCEMENT: &str = "st2.announcement__";

/// The route that a Hubot names unless told otherwise.
const USUAL_ROUTE: &str = "hubot";

/// Somebody read the stream when the answer was taken and is gone: another comes soon.
const SOON: Duration = Duration::from_secs(1);

/// Every Hubot that was here in this life.
pub struct Hubots {
    world: World,
    life: i64,
    all: Mutex<BTreeMap<AdapterName, Arc<Hubot>>>,
}

impl Hubots {
    /// None yet.
    pub fn new(world: &World) -> Arc<Self> {
        let life = world.now().as_micros();
        Arc::new(Self { world: world.clone(), life, all: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AdapterName, Arc<Hubot>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Hubot of that name, and whether it is the first time.
    pub(super) fn open(&self, name: &AdapterName) -> (Arc<Hubot>, bool) {
        let mut all = self.lock();
        let known = all.get(name).cloned();
        let is_new = known.is_none();
        let hubot = known.unwrap_or_else(|| Arc::new(Hubot::new(&self.world, self.life)));
        all.insert(name.clone(), hubot.clone());
        (hubot, is_new)
    }

    /// Tells all of them what actions announce.
    pub(super) async fn spread(self: Arc<Self>, mut announcements: broadcast::Receiver<Arc<Effect>>) {
        loop {
            let announced = match announcements.recv().await {
                Ok(announced) => announced,
                Err(RecvError::Lagged(lost)) => {
                    warn!(lost, "announcements came too fast for the streams");
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            let Effect::Announce { route, body } = announced.as_ref() else { continue };
            let data = envelope(body);
            let all: Vec<Arc<Hubot>> = self.lock().values().cloned().collect();
            for hubot in all {
                hubot.stream.tell(&format!("{ANNOUNCEMENT}{route}"), &data);
            }
        }
    }
}

/// One Hubot: its streams, and where the commands came from whose answers are not said yet.
pub struct Hubot {
    stream: Stream,
    origins: Origins,
}

impl Hubot {
    fn new(world: &World, life: i64) -> Self {
        Self { stream: Stream::new(life), origins: Origins::new(world.clone()) }
    }

    /// Reads what is announced from here on, and what was missed since `after`, the id of a [`Line`].
    ///
    /// # Errors
    /// So many read already.
    pub fn listen(self: &Arc<Self>, wants: Wants, after: Option<&str>) -> Result<Listening, Full> {
        self.stream.listen(wants, after)
    }

    /// A command comes in by a request, with what StackStorm calls its `source_context`: its result is not said
    /// before the request has its answer.
    pub fn asked(self: &Arc<Self>, command: Arc<str>, context: Value) -> Asked {
        self.origins.begin(command.clone(), context);
        Asked { hubot: self.clone(), command }
    }

    /// Says what is to be said while somebody listens; until then it waits in the outbox.
    pub(super) async fn serve(self: Arc<Self>, link: Link) {
        let stop: CancellationToken = link.stop.clone();
        let all = async {
            loop {
                self.stream.somebody().await;
                let ticket = link.next().await;
                // Nobody is there any more: dropped, it goes back to the head of the queue.
                if self.stream.is_read() {
                    let outcome = self.say(ticket.parcel());
                    ticket.settle(outcome);
                }
            }
        };
        stop.run_until_cancelled(all).await;
        self.stream.close();
    }

    fn say(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        // Acknowledgements went out with the answer to the request.
        let is_step = parcel.answer.as_ref().is_some_and(|answer| !answer.last);
        if is_step || parcel.post.is_empty() {
            return Ok(Receipt::default());
        }
        let context = match parcel.answer.as_ref().map(|answer| self.origins.turn(&answer.key.id)) {
            Some(Turn::Wait(span)) => {
                let why = "its request has no answer yet".to_owned();
                return Err(SendError::Retry { why, after: Some(span) });
            }
            Some(Turn::Now(context)) => context,
            None => None,
        };
        let route = parcel.place.thread.as_deref().unwrap_or(USUAL_ROUTE);
        let data = envelope(&words::payload(&parcel.place, &parcel.post, route, context.as_ref()));
        let own = (![USUAL_ROUTE, CHATOPS].contains(&route)).then_some(route);
        let mut heard = false;
        for route in [CHATOPS].into_iter().chain(own) {
            heard |= self.stream.tell(&format!("{ANNOUNCEMENT}{route}"), &data);
        }
        debug!(place = %parcel.place, heard, "announced");
        match heard {
            true => Ok(Receipt::default()),
            false => Err(SendError::Retry { why: "no Hubot listens".to_owned(), after: Some(SOON) }),
        }
    }
}

/// A request that is open: dropped when it has its answer.
pub struct Asked {
    hubot: Arc<Hubot>,
    command: Arc<str>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.hubot.origins.answered(&self.command);
    }
}

/// Whether a route is one that has no name of its own in a place.
pub fn is_usual(route: &str) -> bool {
    [USUAL_ROUTE, CHATOPS].contains(&route)
}

/// What stands in `data:`; clients read `payload`.
fn envelope(payload: &Value) -> Arc<str> {
    json!({"payload": payload, "trace_context": {}}).to_string().into()
}

#[cfg(test)]
mod tests;
