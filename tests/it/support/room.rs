//! A room of a real IRC server where people read what real programs report to the bot.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::api::Api;
use super::bot::{Bot, Home};
use super::chat::IrcUser;
use super::ircd::{Ircd, Kind, free_port};
use super::memory::Watch;
use super::{homes, skip, source, within};

/// How long a program and the way to the room may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What an event is in the history: title, status, level.
pub(crate) type Known = (String, String, String);

/// The bot in `#ops`, somebody who reads there, and sources that all tell this room.
pub(crate) struct Room {
    pub(crate) reader: IrcUser,
    pub(crate) home: Home,
    bot: Option<Bot>,
    address: String,
    _ircd: Ircd,
}

impl Room {
    /// Opens it for sources as in notifiers.yaml, each a line; `None`, and a word, where no IRC server is installed.
    pub(crate) fn open(sources: &str) -> Option<Self> {
        let ircd = Ircd::start(Kind::Ngircd)?;
        let address = format!("127.0.0.1:{}", free_port());
        let notifiers = format!(
            "sources:\n{sources}\nnotifiers:\n  - {{ name: room, to: {{ chat: {{ places: ['irc:#ops'] }} }} }}\n\
             routes:\n  - {{ match: {{ source: '*' }}, send: [room] }}\n"
        );
        let home =
            homes::on_irc(&ircd.address()).set("CHATOPS_LISTEN", &address).file("notifiers.yaml", &notifiers);
        let reader = IrcUser::join(&ircd.address(), "alice", "#ops");
        let mut room = Self { reader, home, bot: None, address, _ircd: ircd };
        room.wake();
        Some(room)
    }

    /// Starts the bot, once more if it was killed, and waits until it is in the room.
    pub(crate) fn wake(&mut self) {
        let bot = self.home.serve();
        bot.logs("ready");
        self.reader.meets("bot");
        self.bot = Some(bot);
    }

    /// The bot ends as by a power cut, and everybody sees it go.
    pub(crate) fn cut_off(&mut self) {
        self.bot.take().unwrap().kill9();
        self.reader.until(|line| line.starts_with(":bot!") && line.contains(" QUIT "));
    }

    /// Waits for a line of the bot's log.
    pub(crate) fn logs(&self, part: &str) -> String {
        self.bot.as_ref().unwrap().logs(part)
    }

    /// Looks at what the bot holds in memory from now on.
    pub(crate) fn watch(&self) -> Watch {
        Watch::of(self.bot.as_ref().unwrap().pid())
    }

    /// Where the bot listens, with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until the room was told of so many events, and gives what the history knows of them.
    pub(crate) fn history(&self, count: usize) -> BTreeSet<Known> {
        let arguments =
            ["delivery", "list", "--state", "sent", "--notifier", "room", "--limit", "100", "--json"];
        let listed = || -> Vec<i64> {
            let ran = self.home.run(&arguments);
            let rows: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
            rows.as_array().unwrap().iter().map(|row| row["event"].as_i64().unwrap()).collect()
        };
        let ids = within(PATIENCE, || Some(listed()).filter(|ids| ids.len() >= count));
        let ids = ids.unwrap_or_else(|| panic!("{} of {count} were sent", listed().len()));
        let api = Api::of(&self.home);
        ids.iter().map(|id| known(&api.get(&format!("events/{id}")).json)).collect()
    }

    /// How often somebody said exactly this in the room.
    pub(crate) fn times(&self, text: &str) -> usize {
        self.reader.heard(text).iter().filter(|said| said.text == text && said.to == "#ops").count()
    }

    /// Waits for a line of the bot in the room; lines may come in any order.
    #[track_caller]
    pub(crate) fn reads(&self, part: &str) -> String {
        let line = within(PATIENCE, || self.reader.heard(part).into_iter().find(|said| said.nick == "bot"));
        let Some(said) = line else {
            let all: Vec<_> = self.reader.heard("").into_iter().map(|said| said.text).collect();
            panic!("`{part}` is not among {all:#?}")
        };
        assert_eq!(said.to, "#ops");
        said.text
    }

    /// The bot is asked to stop, and does.
    pub(crate) fn close(mut self) {
        assert!(self.bot.take().unwrap().stop().success());
    }
}

fn known(event: &Value) -> Known {
    let text = |key: &str| event[key].as_str().unwrap_or_else(|| panic!("{key}: {event}")).to_owned();
    (text("title"), text("status"), text("level"))
}

/// As in [`Room::history`], for literal expectations.
pub(crate) fn expected(events: &[(&str, &str, &str)]) -> BTreeSet<Known> {
    events.iter().map(|(title, status, level)| ((*title).into(), (*status).into(), (*level).into())).collect()
}

/// The code block of a page of docs/sources that contains `part`.
pub(crate) fn block(page: &str, part: &str) -> String {
    let text = fs::read_to_string(source::root().join("docs/sources").join(page)).unwrap();
    let blocks = text.split("```").skip(1).step_by(2);
    let found: Vec<&str> = blocks.filter(|block| block.contains(part)).collect();
    assert_eq!(found.len(), 1, "`{part}` in {page}");
    found[0].split_once('\n').unwrap().1.to_owned()
}

/// `text` with `old` replaced, which must be there.
pub(crate) fn swap(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "`{old}` is not in:\n{text}");
    text.replace(old, new)
}

/// A program of a virtual environment that `scripts/test servers` makes; `None`, and a word, where it is not there.
pub(crate) fn program(venv: &str, name: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| source::root().join("target"));
    let path = target.join(venv).join("bin").join(name);
    if !path.is_file() {
        skip(&format!("{venv} is not installed: run `scripts/test servers`"));
        return None;
    }
    Some(path)
}
