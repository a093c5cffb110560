//! An IRC server that says what a test tells it to: message ids, replays, broken bytes. It lets one bot in at
//! a time and never refuses; real servers are in `ircd`.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::SOON;
use super::lines::Lines;

/// The server; its thread ends with the test's process.
pub(crate) struct Scripted {
    address: String,
    bot: Arc<Mutex<Option<TcpStream>>>,
    lines: Lines,
    next: usize,
}

impl Scripted {
    /// Listens on a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = Self { address, bot: Arc::default(), lines: Lines::default(), next: 0 };
        let (bot, lines) = (server.bot.clone(), server.lines.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                *bot.lock().unwrap() = Some(stream.try_clone().unwrap());
                let mut session =
                    Session { stream: stream.try_clone().unwrap(), nick: String::new(), held: false };
                lines.read(stream, |line| session.answer(line));
            }
        });
        server
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Sends a line to the bot.
    pub(crate) fn sends(&self, line: &[u8]) {
        let mut bot = self.bot.lock().unwrap();
        let stream = bot.as_mut().expect("the bot is connected");
        stream.write_all(&[line, b"\r\n"].concat()).unwrap();
    }

    /// Waits for the next line of the bot that contains `part`.
    pub(crate) fn receives(&mut self, part: &str) -> String {
        let found = self.lines.wait(self.next, SOON, |line| line.contains(part).then(|| line.to_owned()));
        let (line, next) = found.unwrap_or_else(|why| panic!("the bot was to send `{part}`: {why}"));
        self.next = next;
        line
    }

    /// Whether the bot sends a line that contains `part` within `limit`, from the last one received on.
    pub(crate) fn receives_within(&self, limit: Duration, part: &str) -> bool {
        self.lines.wait(self.next, limit, |line| line.contains(part).then_some(())).is_ok()
    }

    /// How many lines of the bot so far contain `part`.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.lines.since(0).iter().filter(|line| line.contains(part)).count()
    }
}

/// What is said by itself: the login, joins, pongs.
struct Session {
    stream: TcpStream,
    nick: String,
    /// Capabilities are being spoken about: the welcome waits for their end.
    held: bool,
}

impl Session {
    fn answer(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "CAP" => self.capabilities(rest),
            "NICK" => self.nick = rest.trim_start_matches(':').to_owned(),
            "USER" if !self.held => self.welcome(),
            "JOIN" => self.join(rest),
            "PING" => self.say(&format!(":irc.example.org PONG irc.example.org {rest}")),
            _ => {}
        }
    }

    fn capabilities(&mut self, rest: &str) {
        match rest.split_once(' ').unwrap_or((rest, "")) {
            ("LS", _) => {
                self.held = true;
                self.say(":irc.example.org CAP * LS :message-tags");
            }
            ("REQ", wanted) => self.say(&format!(":irc.example.org CAP * ACK {wanted}")),
            ("END", _) => self.welcome(),
            _ => {}
        }
    }

    fn welcome(&mut self) {
        let nick = self.nick.clone();
        self.say(&format!(":irc.example.org 001 {nick} :Welcome"));
        self.say(&format!(":irc.example.org 005 {nick} CHANTYPES=# :are supported by this server"));
        self.say(&format!(":irc.example.org 422 {nick} :no message of the day"));
    }

    fn join(&mut self, rest: &str) {
        let channel = rest.split(' ').next().unwrap_or(rest);
        let nick = self.nick.clone();
        self.say(&format!(":{nick}!bot@host.example.org JOIN {channel}"));
        self.say(&format!(":irc.example.org 353 {nick} = {channel} :{nick}"));
        self.say(&format!(":irc.example.org 366 {nick} {channel} :end of names"));
    }

    fn say(&mut self, line: &str) {
        // A bot that was killed does not listen any more; the test that cares sees it by its own waiting.
        let _ = write!(self.stream, "{line}\r\n");
    }
}
