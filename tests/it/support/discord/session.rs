//! One session of the Discord adapter with ears and an outlet that a test holds: for what the whole bot does not show.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatops::adapter::discord::Discord;
use chatops::adapter::{Abilities, Adapter, Boxed, Ears, Ended, Link, Outlet, Parcel, Press};
use chatops::model::{AdapterName, Message, Place, Receipt, SendError, Slot};
use chatops::net::World;
use chatops::text::Post;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::DiscordServer;
use super::world::TOKEN;

/// How long to wait for anything.
const LIMIT: Duration = Duration::from_secs(20);

/// An adapter from options, on the stand-in.
pub(crate) fn discord(server: &DiscordServer, options: &[(&str, &str)]) -> Discord {
    let url = server.url();
    let mut lookup = |name: &str| {
        let set = options.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        match name {
            "TOKEN" => set.or(Some(TOKEN.to_owned())),
            "API_URL" => set.or(Some(url.clone())),
            _ => set,
        }
    };
    Discord::from_options(&mut lookup).unwrap()
}

/// What a test sees of a session.
pub(crate) struct Held {
    /// What was heard.
    pub(crate) heard: Receiver<Message>,
    /// What was pressed.
    pub(crate) pressed: Receiver<Press>,
    up: Receiver<Vec<String>>,
    settled: Receiver<Result<Receipt, SendError>>,
    ended: Receiver<Ended>,
    outlet: Arc<Queue>,
    stop: CancellationToken,
    runtime: Option<tokio::runtime::Runtime>,
    number: std::sync::atomic::AtomicU64,
}

struct Listener {
    heard: Sender<Message>,
    pressed: Sender<Press>,
    up: Sender<Vec<String>>,
}

impl Ears for Listener {
    fn heard(&self, message: Message) {
        let _ = self.heard.send(message);
    }

    fn pressed(&self, press: Press) {
        let _ = self.pressed.send(press);
    }

    fn up(&self, _abilities: Abilities, me: Vec<String>) {
        let _ = self.up.send(me);
    }
}

struct Queue {
    waiting: Mutex<VecDeque<Parcel>>,
    bell: Notify,
    settled: Sender<Result<Receipt, SendError>>,
}

impl Outlet for Queue {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(async {
            loop {
                let bell = self.bell.notified();
                let first = self.waiting.lock().unwrap().pop_front();
                match first {
                    Some(parcel) => return parcel,
                    None => bell.await,
                }
            }
        })
    }

    fn settle(&self, _parcel: Parcel, outcome: Result<Receipt, SendError>) {
        let _ = self.settled.send(outcome);
    }

    fn give_back(&self, parcel: Parcel) {
        self.waiting.lock().unwrap().push_front(parcel);
        self.bell.notify_one();
    }
}

impl Held {
    /// Starts one session of an adapter.
    pub(crate) fn start(adapter: Arc<Discord>) -> Self {
        let (heard_in, heard) = channel();
        let (pressed_in, pressed) = channel();
        let (up_in, up) = channel();
        let (settled_in, settled) = channel();
        let (ended_in, ended) = channel();
        let outlet = Arc::new(Queue { waiting: Mutex::default(), bell: Notify::new(), settled: settled_in });
        let stop = CancellationToken::new();
        let link = Link {
            name: AdapterName::new("discord").unwrap(),
            bot: "chatops".into(),
            world: World::real(),
            stop: stop.clone(),
            ears: Arc::new(Listener { heard: heard_in, pressed: pressed_in, up: up_in }),
            outlet: outlet.clone(),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let _ = ended_in.send(adapter.session(&link).await);
        });
        let number = std::sync::atomic::AtomicU64::new(1);
        Self { heard, pressed, up, settled, ended, outlet, stop, runtime: Some(runtime), number }
    }

    /// The same, once it is up.
    pub(crate) fn start_up(adapter: Arc<Discord>) -> Self {
        let held = Self::start(adapter);
        held.up.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("not up: {:?}", held.ended.try_recv()));
        held
    }

    /// The next message.
    pub(crate) fn hears(&self) -> Message {
        self.heard.recv_timeout(LIMIT).expect("something is heard")
    }

    /// The next press.
    pub(crate) fn presses(&self) -> Press {
        self.pressed.recv_timeout(LIMIT).expect("something is pressed")
    }

    /// A parcel with a post for a place, in a slot of its own.
    pub(crate) fn parcel(&self, place: &Place, post: Post) -> Parcel {
        let number = self.number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let slot = Slot {
            notifier: "adapter/discord".into(),
            target: place.to_string(),
            lane: format!("message/{number}"),
        };
        let post = Arc::new(post);
        Parcel { slot, place: place.clone(), post, sign: None, earlier: None, answer: None, delivery: None }
    }

    /// Sends a parcel and gives what became of it.
    pub(crate) fn sends(&self, parcel: Parcel) -> Result<Receipt, SendError> {
        self.outlet.waiting.lock().unwrap().push_back(parcel);
        self.outlet.bell.notify_one();
        self.settles()
    }

    /// What became of the next parcel.
    pub(crate) fn settles(&self) -> Result<Receipt, SendError> {
        self.settled.recv_timeout(LIMIT).expect("a parcel is settled")
    }

    /// How the session ended.
    pub(crate) fn end(&self) -> Ended {
        self.ended.recv_timeout(LIMIT * 3).expect("the session ends")
    }

    /// Stops it as the bot does.
    pub(crate) fn stop(&self) -> Ended {
        self.stop.cancel();
        self.end()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}
