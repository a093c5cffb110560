//! A person on IRC, with a client of our own, so that tests read as a chat:
//!
//! ```ignore
//! let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
//! alice.says("!run date on localhost");
//! alice.sees("2026");
//! ```

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::SOON;
use super::lines::Lines;

/// One connection with one nick, in one channel.
pub(crate) struct IrcUser {
    nick: String,
    channel: String,
    stream: TcpStream,
    lines: Lines,
    /// The first line that no [`IrcUser::sees`] has passed yet.
    next: usize,
}

/// What somebody said: the nick, where, and the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Who.
    pub(crate) nick: String,
    /// A channel, or the nick of the one it was said to.
    pub(crate) to: String,
    /// What, formatting codes and all.
    pub(crate) text: String,
}

impl IrcUser {
    /// Connects without TLS and joins `channel`.
    pub(crate) fn join(server: &str, nick: &str, channel: &str) -> Self {
        let mut user = Self::connect(server, nick);
        user.channel = channel.to_owned();
        user.sends(&format!("JOIN {channel}"));
        user.receives(" 366 ");
        user
    }

    /// Connects without TLS and registers.
    pub(crate) fn connect(server: &str, nick: &str) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut pong = stream.try_clone().unwrap();
        let lines = Lines::follow(stream.try_clone().unwrap(), move |line| {
            if let Some(token) = line.strip_prefix("PING ") {
                // The server may be gone already: the test that cares sees it by its own waiting.
                let _ = write!(pong, "PONG {token}\r\n");
            }
        });
        let mut user = Self { nick: nick.into(), channel: String::new(), stream, lines, next: 0 };
        user.sends(&format!("NICK {nick}"));
        user.sends(&format!("USER {nick} 0 * :{nick}"));
        user.until(|line| line.contains(" 376 ") || line.contains(" 422 "));
        user
    }

    /// Sends one raw line.
    pub(crate) fn sends(&mut self, line: &str) {
        self.sends_bytes(line.as_bytes());
    }

    /// Sends one raw line that need not be UTF-8.
    pub(crate) fn sends_bytes(&mut self, line: &[u8]) {
        self.stream.write_all(&[line, b"\r\n"].concat()).unwrap();
    }

    /// Says something in the channel.
    pub(crate) fn says(&mut self, text: &str) {
        self.sends(&format!("PRIVMSG {} :{text}", self.channel));
    }

    /// Says something to one nick alone, or in any channel.
    pub(crate) fn tells(&mut self, target: &str, text: &str) {
        self.sends(&format!("PRIVMSG {target} :{text}"));
    }

    /// Waits for the next raw line that contains `part`.
    pub(crate) fn receives(&mut self, part: &str) -> String {
        self.until(|line| line.contains(part))
    }

    /// Waits for the next raw line that fits.
    pub(crate) fn until(&mut self, fits: impl Fn(&str) -> bool) -> String {
        let found = self.lines.wait(self.next, SOON, |line| fits(line).then(|| line.to_owned()));
        let (line, next) = found.unwrap_or_else(|why| panic!("{} waited: {why}", self.nick));
        self.next = next;
        line
    }

    /// Waits for the text of the next message of `nick`, in the channel or in private.
    pub(crate) fn hears(&mut self, nick: &str) -> String {
        let wanted = |line: &str| said(line).filter(|said| said.nick == nick);
        let found = self.lines.wait(self.next, SOON, wanted);
        let (said, next) = found.unwrap_or_else(|why| panic!("{} waited for {nick}: {why}", self.nick));
        self.next = next;
        said.text
    }

    /// Waits for the next message that contains `part`, in the channel or in private.
    pub(crate) fn sees(&mut self, part: &str) -> Said {
        self.sees_within(SOON, part)
    }

    /// The same with another limit.
    pub(crate) fn sees_within(&mut self, limit: Duration, part: &str) -> Said {
        let wanted = |line: &str| said(line).filter(|said| said.text.contains(part));
        let found = self.lines.wait(self.next, limit, wanted);
        let (said, next) = found.unwrap_or_else(|why| panic!("{} waited for `{part}`: {why}", self.nick));
        self.next = next;
        said
    }

    /// The next message that contains `part`, if it comes within `limit`; unlike `sees` it passes over nothing.
    pub(crate) fn peeks(&self, limit: Duration, part: &str) -> Option<Said> {
        let wanted = |line: &str| said(line).filter(|said| said.text.contains(part));
        self.lines.wait(self.next, limit, wanted).ok().map(|(said, _)| said)
    }

    /// Every message heard so far that contains `part`, also those that were seen.
    pub(crate) fn heard(&self, part: &str) -> Vec<Said> {
        let all = self.lines.since(0);
        all.iter().filter_map(|line| said(line)).filter(|said| said.text.contains(part)).collect()
    }

    /// What was said since the last call with this `next`, which moves on.
    pub(crate) fn since(&self, next: &mut usize) -> Vec<Said> {
        let lines = self.lines.since(*next);
        *next += lines.len();
        lines.iter().filter_map(|line| said(line)).collect()
    }

    /// Waits until `nick` is in the channel, now or from the next JOIN on.
    pub(crate) fn meets(&mut self, nick: &str) {
        self.meets_within(SOON, nick);
    }

    /// The same with another limit.
    pub(crate) fn meets_within(&mut self, limit: Duration, nick: &str) {
        self.sends(&format!("NAMES {}", self.channel));
        let arrival = format!(":{nick}!");
        let found = self.lines.wait(self.next, limit, |line| {
            let joins = line.starts_with(&arrival) && line.contains(" JOIN ");
            let listed = line.contains(" 353 ") && names(line).any(|name| name == nick);
            (joins || listed).then_some(())
        });
        let ((), next) = found.unwrap_or_else(|why| panic!("{nick} did not come: {why}"));
        self.next = next;
    }
}

impl Drop for IrcUser {
    fn drop(&mut self) {
        // Ends the reading thread; the server may have ended it before.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// The message in a line such as `:alice!a@host PRIVMSG #ops :hello`; notices count, tags are passed over.
fn said(line: &str) -> Option<Said> {
    let line = if line.starts_with('@') { line.split_once(' ')?.1 } else { line };
    let (source, rest) = line.strip_prefix(':')?.split_once(' ')?;
    let (verb, rest) = rest.split_once(' ')?;
    let (to, text) = rest.split_once(" :")?;
    let nick = source.split('!').next()?.to_owned();
    matches!(verb, "PRIVMSG" | "NOTICE").then(|| Said { nick, to: to.to_owned(), text: text.to_owned() })
}

/// The nicks in a reply to NAMES, without their signs.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let list = line.rsplit_once(" :").map_or("", |(_, list)| list);
    list.split_whitespace().map(|name| name.trim_start_matches(['@', '+', '%', '&', '~']))
}
