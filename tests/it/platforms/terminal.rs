//! The terminal: alice types into `chatops chat`, through a pipe, attached to the serving bot; anybody else is
//! another user of the machine, who is one call to the API that such a terminal makes.

use std::collections::VecDeque;
use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

use super::stage::Running;
use super::{Fault, Platform, Shown, Where, Who};
use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::lines::Lines;

super::list::passes!("terminal");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    let out = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(out.stdout).unwrap().trim().to_owned();
    Some(Box::new(Terminal { user, home: OnceLock::new(), state: Mutex::default() }))
}

struct Terminal {
    /// Who runs the tests: alice.
    user: String,
    home: OnceLock<Arc<Home>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    chats: VecDeque<Chat>,
    /// What is answered to others than alice: each line a piece of JSON.
    others: Vec<Lines>,
}

/// One `chatops chat`; killed when dropped.
struct Chat {
    child: Child,
    input: ChildStdin,
    output: Lines,
}

impl Chat {
    fn open(home: &Home) -> Self {
        let mut command = home.command(&["chat"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = Lines::follow(child.stdout.take().unwrap(), |_| {});
        Self { input: child.stdin.take().unwrap(), child, output }
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn message(number: usize, room: &str, text: String) -> Shown {
    Shown {
        id: number.to_string(),
        room: room.to_owned(),
        thread: None,
        text,
        edits: 0,
        buttons: Vec::new(),
        files: Vec::new(),
        whispered: false,
        reaction_to: None,
    }
}

/// All text in a post.
fn words(post: &Value) -> String {
    match post {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(words).collect(),
        Value::Object(fields) => fields.values().map(words).collect(),
        _ => String::new(),
    }
}

impl Terminal {
    fn home(&self) -> &Home {
        self.home.get().expect("the bot was started")
    }
}

impl Platform for Terminal {
    fn kind(&self) -> &'static str {
        "terminal"
    }

    fn settings(&self) -> Vec<(String, String)> {
        vec![("CHATOPS_ADMINS".to_owned(), format!("terminal:{}", self.user))]
    }

    fn id_of(&self, who: Who) -> String {
        match who {
            Who::Alice => self.user.clone(),
            Who::Bob => "bob".to_owned(),
            Who::Mallory => "mallory".to_owned(),
            Who::OtherBot | Who::Myself => "nobody".to_owned(),
        }
    }

    fn say(&self, who: Who, _place: Where, text: &str) -> String {
        let mut state = self.state.lock().unwrap();
        if who == Who::Alice {
            if state.chats.is_empty() {
                state.chats.push_back(Chat::open(self.home()));
            }
            let chat = state.chats.back_mut().unwrap();
            chat.input.write_all(format!("{text}\n").as_bytes()).unwrap();
        } else if !text.trim().is_empty() {
            let body = json!({"text": text, "user": self.id_of(who)});
            let body = body.to_string();
            let answer = Api::of(self.home()).begin("POST", "chat", "", body.as_bytes());
            state.others.push(Lines::follow(answer, |_| {}));
        }
        text.to_owned()
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("@chatops {text}"))
    }

    fn again(&self, _id: &str) -> bool {
        false
    }

    fn edit(&self, _id: &str, _text: &str) -> bool {
        false
    }

    fn press(&self, _who: Who, _message: &str, _value: &str) -> bool {
        false
    }

    /// The program in front of the person dies; the next line starts another.
    fn fault(&self, fault: Fault) -> bool {
        if fault != Fault::Abort {
            return false;
        }
        let mut state = self.state.lock().unwrap();
        if let Some(chat) = state.chats.back_mut() {
            chat.child.kill().unwrap();
            chat.child.wait().unwrap();
        }
        state.chats.push_back(Chat::open(self.home()));
        true
    }

    /// Who sat at a terminal opens it again.
    fn restarted(&self) {
        self.state.lock().unwrap().chats.push_back(Chat::open(self.home()));
    }

    fn mend(&self) {}

    fn shown(&self) -> Vec<Shown> {
        let state = self.state.lock().unwrap();
        let lines = state.chats.iter().flat_map(|chat| chat.output.since(0));
        let alice = lines.enumerate().map(|(number, line)| message(number, &self.user, line));
        let others = state.others.iter().flat_map(|answer| answer.since(0));
        let others = others.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        let others = others.filter(Value::is_object);
        let others = others.enumerate().map(|(number, line)| message(number, "bob", words(&line["post"])));
        alice.chain(others).collect()
    }

    fn sessions(&self) -> usize {
        self.state.lock().unwrap().chats.len()
    }

    fn breaches(&self) -> Vec<String> {
        Vec::new()
    }

    fn begun(&self, bot: &Running) {
        let Running::Program(_, home) = bot else { panic!("a terminal attaches to a program") };
        // Without a serving bot the terminal would be one itself.
        drop(Api::of(home));
        assert!(self.home.set(home.clone()).is_ok(), "a platform has one bot");
    }

    fn has(&self, place: Where) -> bool {
        place == Where::Direct
    }

    fn knows(&self, who: Who) -> bool {
        matches!(who, Who::Alice | Who::Bob)
    }

    fn keeps(&self) -> bool {
        false
    }
}
