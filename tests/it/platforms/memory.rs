//! The chat inside the process: the bot runs in the test itself, over a real database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock, RwLockReadGuard};
use std::thread;
use std::time::Duration;

use chatops::adapter::Ended;
use chatops::adapter::memory::{Mood, Posted};
use chatops::model::SendError;

use super::stage::Running;
use super::{Fault, Platform, Shown, Where, Who};
use crate::support::bot::Home;
use crate::support::memory_bot::MemoryBot;

super::list::passes!("memory");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    Some(Box::new(Memory::default()))
}

/// Somebody's message.
struct Said {
    person: &'static str,
    room: String,
    thread: Option<String>,
    text: String,
}

#[derive(Default)]
struct Memory {
    bot: OnceLock<Arc<RwLock<MemoryBot>>>,
    next: AtomicUsize,
    said: Mutex<HashMap<String, Said>>,
    shown: Mutex<Vec<Shown>>,
    /// What was posted, by its id: buttons are pressed on it.
    posted: Mutex<HashMap<String, Posted>>,
}

impl Memory {
    fn bot(&self) -> RwLockReadGuard<'_, MemoryBot> {
        self.bot.get().expect("the bot was started").read().unwrap()
    }

    fn speak(&self, id: &str, said: &Said) {
        match &said.thread {
            Some(thread) => self.bot().room().say_in(id, said.person, &said.room, thread, &said.text),
            None => self.bot().room().say_as(id, said.person, &said.room, &said.text),
        }
    }

    fn fails(&self, why: &str, after: Option<Duration>) {
        self.bot().room().mood(Mood::Fails(SendError::Retry { why: why.to_owned(), after }));
    }

    fn drop_link(&self, ended: Ended) {
        self.bot().room().drop_link(ended);
    }
}

fn person(who: Who) -> &'static str {
    match who {
        Who::Alice => "alice",
        Who::Bob => "bob",
        Who::Mallory => "~alice",
        Who::OtherBot => "otherbot",
        Who::Myself => "bot",
    }
}

fn shown(posted: &Posted) -> Shown {
    let choices = posted.post.choices.iter().map(|choice| (choice.label.clone(), choice.nonce.clone()));
    Shown {
        id: posted.handle.0.clone(),
        room: posted.place.room.to_string(),
        thread: posted.place.thread.as_ref().map(ToString::to_string),
        text: posted.text.clone(),
        edits: 0,
        buttons: choices.collect(),
        files: Vec::new(),
        whispered: false,
        reaction_to: None,
    }
}

impl Platform for Memory {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn settings(&self) -> Vec<(String, String)> {
        vec![("CHATOPS_ADMINS".to_owned(), "memory:alice".to_owned())]
    }

    fn id_of(&self, who: Who) -> String {
        person(who).to_owned()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        let id = format!("s{}", self.next.fetch_add(1, Ordering::Relaxed));
        let (room, thread) = match place {
            Where::Ops => ("#ops".to_owned(), None),
            Where::Thread => ("#ops".to_owned(), Some("t1".to_owned())),
            Where::Direct => (format!("@{}", person(who)), None),
        };
        let said = Said { person: person(who), room, thread, text: text.to_owned() };
        self.speak(&id, &said);
        self.said.lock().unwrap().insert(id.clone(), said);
        id
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("@chatops {text}"))
    }

    fn again(&self, id: &str) -> bool {
        self.speak(id, &self.said.lock().unwrap()[id]);
        true
    }

    fn edit(&self, _id: &str, _text: &str) -> bool {
        false
    }

    fn press(&self, who: Who, message: &str, value: &str) -> bool {
        self.bot().room().press_on(&self.posted.lock().unwrap()[message], person(who), value);
        true
    }

    fn fault(&self, fault: Fault) -> bool {
        match fault {
            Fault::Abort => self.drop_link(Ended::Lost("cut by the suite".to_owned())),
            Fault::Close => self.drop_link(Ended::Lost("closed by the suite".to_owned())),
            Fault::Revoked => self.drop_link(Ended::Refused("the suite took the right away".to_owned())),
            Fault::Limited(_, after) => {
                self.fails("too many requests", Some(after));
                let room = self.bot().room().clone();
                thread::spawn(move || {
                    thread::sleep(after / 2);
                    room.mood(Mood::Takes);
                });
            }
            Fault::Html503 => self.fails("503 with a page of HTML", None),
            Fault::Removed | Fault::Archived => self.bot().room().close("#ops"),
            Fault::Refresh | Fault::Freeze | Fault::Down | Fault::Renamed => return false,
        }
        true
    }

    fn mend(&self) {
        self.bot().room().mood(Mood::Takes);
        self.bot().room().open("#ops");
    }

    fn shown(&self) -> Vec<Shown> {
        let mut all = self.shown.lock().unwrap();
        while let Some(posted) = self.bot().room().try_next() {
            let new = shown(&posted);
            self.posted.lock().unwrap().insert(new.id.clone(), posted.clone());
            match all.iter_mut().find(|shown| posted.edited && shown.id == new.id) {
                Some(earlier) => *earlier = Shown { edits: earlier.edits + 1, ..new },
                None => all.push(new),
            }
        }
        all.clone()
    }

    fn sessions(&self) -> usize {
        usize::try_from(self.bot().room().sessions()).unwrap()
    }

    fn breaches(&self) -> Vec<String> {
        Vec::new()
    }

    fn begin(&self, home: Home) -> Running {
        let home = self.settings().into_iter().fold(home, |home, (name, value)| home.set(&name, &value));
        let folder = home.path().to_owned();
        let bot = Arc::new(RwLock::new(MemoryBot::start(home)));
        assert!(self.bot.set(bot.clone()).is_ok(), "a platform has one bot");
        Running::Inside(bot, folder)
    }

    fn knows(&self, who: Who) -> bool {
        matches!(who, Who::Alice | Who::Bob | Who::Mallory)
    }
}
