//! The client's own nick: what to take while it is in use, and how to get it back.

use std::time::Duration;

use super::isupport::Isupport;
use crate::model::{Secret, Timestamp};

/// RFC 2812's longest nick, for before the server tells.
const SAFE_LENGTH: usize = 9;
/// Other nicks to try before giving up.
const TRIES: usize = 12;

/// The nick that is wanted and the one that is had.
#[derive(Debug)]
pub(super) struct Nick {
    wanted: String,
    current: String,
    tries: usize,
    next_look: Option<Timestamp>,
}

impl Nick {
    pub(super) fn new(wanted: &str) -> Self {
        Self { wanted: wanted.to_owned(), current: wanted.to_owned(), tries: 0, next_look: None }
    }

    /// The nick as the server knows it by now.
    pub(super) fn current(&self) -> &str {
        &self.current
    }

    /// The configured nick.
    pub(super) fn wanted(&self) -> &str {
        &self.wanted
    }

    /// The server says what the nick is.
    pub(super) fn is_now(&mut self, nick: &str) {
        nick.clone_into(&mut self.current);
    }

    /// Another nick to register with, after the last one was in use; `None` when enough were tried.
    pub(super) fn another(&mut self) -> Option<String> {
        self.tries += 1;
        let suffix = match self.tries {
            1 => "_".to_owned(),
            2 => "__".to_owned(),
            tries => format!("-{tries}"),
        };
        if self.tries > TRIES {
            return None;
        }
        let longest = self.wanted.len().max(SAFE_LENGTH);
        let cut = self.wanted.floor_char_boundary(longest.saturating_sub(suffix.len()).max(1));
        self.current = format!("{}{suffix}", &self.wanted[..cut]);
        Some(self.current.clone())
    }

    /// Whether the nick is another than the wanted one.
    pub(super) fn is_alternate(&self, isupport: &Isupport) -> bool {
        !isupport.same(&self.current, isupport.cut_nick(&self.wanted))
    }

    /// Whether somebody's nick is the wanted one, so that their going frees it.
    pub(super) fn is_freed_by(&self, nick: &str, isupport: &Isupport) -> bool {
        isupport.same(nick, &self.wanted) && self.is_alternate(isupport)
    }

    /// The lines that try to get the nick back, when it is time to look again.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        every: Duration,
        password: Option<&Secret>,
        isupport: &Isupport,
    ) -> Vec<String> {
        if !self.is_alternate(isupport) {
            self.next_look = None;
            return Vec::new();
        }
        if self.next_look.is_some_and(|due| now < due) {
            return Vec::new();
        }
        self.next_look = Some(now.plus(every));
        let mut lines = Vec::new();
        if let Some(password) = password {
            // Newer services take the nick over with REGAIN; others only end its holder with GHOST.
            let both = ["REGAIN", "GHOST"];
            lines.extend(
                both.map(|command| {
                    format!("PRIVMSG NickServ :{command} {} {}", self.wanted, password.expose())
                }),
            );
        }
        lines.push(format!("ISON {}", self.wanted));
        lines
    }

    /// The answer to ISON: whether to take the nick.
    pub(super) fn is_free(&self, online: &str, isupport: &Isupport) -> bool {
        self.is_alternate(isupport) && !online.split(' ').any(|nick| isupport.same(nick, &self.wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternates_stay_within_the_safe_length() {
        let mut short = Nick::new("bot");
        assert_eq!(short.another().as_deref(), Some("bot_"));
        assert_eq!(short.another().as_deref(), Some("bot__"));
        assert_eq!(short.another().as_deref(), Some("bot-3"));
        assert_eq!(Nick::new("chatopsbo").another().as_deref(), Some("chatopsb_"));
        let tried = std::iter::from_fn(|| short.another()).count();
        assert_eq!(tried, TRIES - 3);
    }

    #[test]
    fn the_nick_is_taken_back_when_it_is_free() {
        let (mut nick, isupport) = (Nick::new("bot"), Isupport::default());
        let now = Timestamp::from_micros(0);
        assert!(nick.look(now, Duration::from_secs(1), None, &isupport).is_empty());
        nick.is_now("bot_");
        assert_eq!(nick.look(now, Duration::from_secs(1), None, &isupport), ["ISON bot"]);
        assert!(nick.look(now, Duration::from_secs(1), None, &isupport).is_empty());
        assert!(!nick.is_free("Bot alice", &isupport));
        assert!(nick.is_free("", &isupport));
        assert!(nick.is_freed_by("BOT", &isupport));
    }
}
