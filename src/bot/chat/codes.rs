//! Codes of a second factor, heard before anything else looks at a message: so that none is matched, kept or shown.

use std::sync::Arc;

use serde_json::json;

use super::heard::{By, Heard};
use super::{Chat, Sure, address};
use crate::access::is_code;
use crate::bot::factors::Owner;
use crate::bot::home::Home;
use crate::bot::reply;
use crate::model::Message;
use crate::store::What;
use crate::text::{Block, Post, Span, Tone};

/// What stands for a code wherever something of the message is kept.
const HIDDEN: &str = "***";

/// A code, and what is to be done with it.
struct Said {
    code: String,
    wants: Wants,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// To let go on what waits for it.
    Prove,
    /// To begin with the second factor.
    Confirm,
}

/// The code in what somebody said to the bot, if it is one.
fn said(text: &str) -> Option<Said> {
    let text = text.trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is = |index: usize, word: &str| words.get(index).is_some_and(|it| it.eq_ignore_ascii_case(word));
    let (rest, wants) = match () {
        () if is(0, "2fa") && is(1, "confirm") => (words[2..].join(" "), Wants::Confirm),
        () if (is(0, "code") || is(0, "2fa")) && words.len() > 1 => (words[1..].join(" "), Wants::Prove),
        () => (text.to_owned(), Wants::Prove),
    };
    is_code(&rest).then_some(Said { code: rest, wants })
}

impl Chat {
    /// Takes a message that holds a code. Whether it was one: then nobody else hears it.
    pub(super) fn code_heard(
        self: &Arc<Self>,
        home: &Arc<Home>,
        message: &Message,
        text: &str,
        way: super::Way,
        names: &[&str],
    ) -> bool {
        let prefix = home.settings.prefix.as_str();
        let addressed = address(text, way, prefix, names.iter().copied());
        let spoken = addressed.filter(|it| it.sure == Sure::Yes).map_or(text, |it| it.command);
        let Some(found) = said(spoken) else { return false };
        let access = &home.access;
        let waits = self.engine.awaits_code(access, &message.person);
        let direct = message.place.is_direct();
        // Six digits in a room are most often no code: those of people of whom none is awaited are left alone, unless
        // they say so.
        let meant = spoken.trim() != found.code || waits;
        if !meant {
            return false;
        }
        if !self.first_time(&message.key) {
            return true;
        }
        let mut hidden = message.clone();
        (hidden.text, hidden.raw) = (HIDDEN.to_owned(), HIDDEN.to_owned());
        let heard = Heard::new(home, hidden, HIDDEN, By::Typing);
        let (chat, code) = (self.clone(), found.code);
        match (direct, found.wants) {
            (false, _) => drop(tokio::spawn(async move { chat.said_aloud(&heard, &code).await })),
            (true, Wants::Confirm) => drop(tokio::spawn(async move { chat.confirm(&heard, &code).await })),
            (true, Wants::Prove) => drop(tokio::spawn(async move { chat.prove(&heard, &code).await })),
        }
        true
    }

    /// A code in a room: it counts no more, and whoever said it is warned.
    async fn said_aloud(self: Arc<Self>, heard: &Heard, code: &str) {
        let who = heard.home.access.identity(&heard.asker.person);
        let owner = Owner { who: &who, person: &heard.asker.person, place: heard.asker.place.as_ref() };
        self.engine.factors().burn(owner, code).await;
        self.refuse(heard, reply::code_in_a_room(), What::Refused, "a code was said where others read it");
    }

    async fn prove(self: Arc<Self>, heard: &Heard, code: &str) {
        match self.engine.prove(&heard.home, &heard.asker, code).await {
            Ok(proved) => {
                let then = if proved.waits { "now it waits for approval" } else { "it runs" };
                let left =
                    proved.left.map(|left| format!("; {left} recovery codes are left")).unwrap_or_default();
                let post = Post::plain(format!("{} is you: {then}{left}", proved.id)).tone(Tone::Good);
                self.store.record(self.record(heard, What::Answered, json!({"command": "code"})));
                self.say(heard, post, true, None);
            }
            Err(why) => {
                let why = why.to_string();
                self.refuse(heard, reply::problem(&why), What::Refused, &why);
            }
        }
    }

    async fn confirm(self: Arc<Self>, heard: &Heard, code: &str) {
        let who = heard.home.access.identity(&heard.asker.person);
        let owner = Owner { who: &who, person: &heard.asker.person, place: heard.asker.place.as_ref() };
        match self.engine.factors().confirm(owner, code).await {
            Ok(codes) => {
                self.store.record(self.record(heard, What::Answered, json!({"command": "2fa confirm"})));
                let head = "your second factor counts from now on. Keep these recovery codes where only you find them; each works once, and they are shown this once:";
                let body = vec![
                    Block::Para(vec![Span::Text(head.to_owned())]),
                    Block::Code { lang: String::new(), text: codes.join("\n") },
                ];
                self.say(heard, Post { tone: Tone::Good, body, ..Post::default() }, true, None);
            }
            Err(why) => {
                let why = why.to_string();
                self.refuse(heard, reply::problem(&why), What::Refused, &why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_however_they_are_said() {
        let found = |text: &str| said(text).map(|said| (said.code, said.wants == Wants::Confirm));
        assert_eq!(found("123456"), Some(("123456".to_owned(), false)));
        assert_eq!(found(" 123 456 "), Some(("123 456".to_owned(), false)));
        assert_eq!(found("Code 123456"), Some(("123456".to_owned(), false)));
        assert_eq!(found("2fa confirm 123456"), Some(("123456".to_owned(), true)));
        assert_eq!(found("2FA 123456"), Some(("123456".to_owned(), false)));
        assert!(found("code review").is_none() && found("2fa enroll").is_none() && found("12345").is_none());
    }
}
