//! One adapter session with ears and an outlet that a test holds.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatops::adapter::{
    Abilities, Adapter, Answer, Boxed, Ears, Ended, Link, Outlet, Parcel, Press, Service, Sign,
};
use chatops::model::{AdapterName, Message, Place, Receipt, SendError, Slot};
use chatops::net::World;
use chatops::text::{Block, Post};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long to wait for anything.
const LIMIT: Duration = Duration::from_secs(20);

/// What a test sees of a session.
pub(crate) struct Session {
    /// What was heard.
    pub(crate) heard: Receiver<Message>,
    /// What was pressed.
    pub(crate) pressed: Receiver<Press>,
    /// The names at each `up`.
    pub(crate) up: Receiver<Vec<String>>,
    /// The parcels that were settled.
    pub(crate) settled: Receiver<(Parcel, Result<Receipt, SendError>)>,
    ended: Receiver<Ended>,
    outlet: Arc<Queue>,
    stop: CancellationToken,
    runtime: Option<tokio::runtime::Runtime>,
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
    settled: Sender<(Parcel, Result<Receipt, SendError>)>,
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

    fn settle(&self, parcel: Parcel, outcome: Result<Receipt, SendError>) {
        let _ = self.settled.send((parcel, outcome));
    }

    fn give_back(&self, parcel: Parcel) {
        self.waiting.lock().unwrap().push_front(parcel);
        self.bell.notify_one();
    }
}

impl Session {
    /// Starts a session in its own runtime.
    pub(crate) fn start(adapter: impl Adapter) -> Self {
        Self::start_shared(Arc::new(adapter))
    }

    /// The same for an adapter that several sessions share, one after the other.
    pub(crate) fn start_shared(adapter: Arc<impl Adapter>) -> Self {
        Self::run("irc", |link| Box::pin(async move { adapter.session(&link).await }))
    }

    /// The same for an adapter of any kind, whose word is its name.
    pub(crate) fn start_service(service: Arc<Service>) -> Self {
        Self::run(service.kind(), |link| Box::pin(async move { service.session(&link).await }))
    }

    fn run(kind: &str, session: impl FnOnce(Link) -> Boxed<'static, Ended>) -> Self {
        let (heard_in, heard) = channel();
        let (pressed_in, pressed) = channel();
        let (up_in, up) = channel();
        let (settled_in, settled) = channel();
        let (ended_in, ended) = channel();
        let outlet = Arc::new(Queue { waiting: Mutex::default(), bell: Notify::new(), settled: settled_in });
        let stop = CancellationToken::new();
        let link = Link {
            name: AdapterName::new(kind).unwrap(),
            bot: "chatops".into(),
            world: World::real(),
            stop: stop.clone(),
            ears: Arc::new(Listener { heard: heard_in, pressed: pressed_in, up: up_in }),
            outlet: outlet.clone(),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let session = session(link);
        runtime.spawn(async move {
            let _ = ended_in.send(session.await);
        });
        Self { heard, pressed, up, settled, ended, outlet, stop, runtime: Some(runtime) }
    }

    /// The same, once it is up; gives its nick.
    pub(crate) fn start_up(adapter: impl Adapter) -> (Self, String) {
        let session = Self::start(adapter);
        let names = session.next_up();
        (session, names[0].clone())
    }

    /// The names at the next `up`.
    pub(crate) fn next_up(&self) -> Vec<String> {
        self.up.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("not up: {:?}", self.ended.try_recv()))
    }

    /// The next message.
    pub(crate) fn hears(&self) -> Message {
        self.heard.recv_timeout(LIMIT).expect("something is heard")
    }

    /// Queues a post of lines for a place.
    pub(crate) fn says(&self, place: &Place, text: &str) -> Parcel {
        let block = Block::Code { lang: String::new(), text: text.to_owned() };
        self.posts(place, Post { body: vec![block], ..Post::default() })
    }

    /// Queues a post for a place, as a stored delivery.
    pub(crate) fn posts(&self, place: &Place, post: Post) -> Parcel {
        self.puts(place, post, None, None)
    }

    /// The same as the answer to a message, where that was said.
    pub(crate) fn answers(&self, message: &Message, post: Post) -> Parcel {
        self.puts(&message.place, post, Some(answer(message)), None)
    }

    /// Queues a reaction to a message.
    pub(crate) fn signs(&self, message: &Message, sign: Sign) -> Parcel {
        self.puts(&message.place, Post::default(), Some(answer(message)), Some(sign))
    }

    fn puts(&self, place: &Place, post: Post, answer: Option<Answer>, sign: Option<Sign>) -> Parcel {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let slot = Slot {
            notifier: format!("adapter/{}", place.adapter),
            target: place.to_string(),
            lane: format!("execution/{number}"),
        };
        let parcel = Parcel {
            slot,
            place: place.clone(),
            post: Arc::new(post),
            sign,
            earlier: None,
            answer,
            delivery: Some(i64::try_from(number).unwrap()),
        };
        self.queues(parcel.clone());
        parcel
    }

    /// Queues a parcel.
    pub(crate) fn queues(&self, parcel: Parcel) {
        self.outlet.waiting.lock().unwrap().push_back(parcel);
        self.outlet.bell.notify_one();
    }

    /// The next settled parcel's outcome.
    pub(crate) fn settles(&self) -> Result<Receipt, SendError> {
        self.settled.recv_timeout(LIMIT).expect("a parcel is settled").1
    }

    /// How many parcels wait in the queue.
    pub(crate) fn waiting(&self) -> usize {
        self.outlet.waiting.lock().unwrap().len()
    }

    /// How the session ended.
    pub(crate) fn end(&self) -> Ended {
        self.ended.recv_timeout(LIMIT).expect("the session ends")
    }

    /// Stops it as the bot does.
    pub(crate) fn stop(&self) -> Ended {
        self.stop.cancel();
        self.end()
    }
}

fn answer(message: &Message) -> Answer {
    Answer { key: message.key.clone(), last: true, good: true }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}
