//! Checks one route.

use super::{Check, apart, below, path};
use crate::config::nearest::hint;
use crate::config::yaml::{Spanned, line_of};
use crate::model::Moment;
use crate::route::{Inherit, Others, Route, Send, Stranger, file};

const INHERIT: [(&str, Word); 3] =
    [("append", Word::Append), ("replace", Word::Replace), ("none", Word::None)];

#[derive(Debug, Clone, Copy)]
enum Word {
    Append,
    Replace,
    None,
}

impl Check<'_> {
    pub(super) fn route(&mut self, raw: Spanned<file::Route>, at: usize) -> Route {
        let key = format!("routes[{at}]");
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, &key, file::Route::KEYS);
        let on = self.moments(&raw.on, &below(&key, "on"));
        let inherit = self.inherit(&raw, &place, &key);
        let matching = self.matching(&raw.matching, &below(&key, "match"));
        let still_running = self.span(raw.still_running.as_ref(), &below(&key, "still_running"));
        self.limited(&raw, &key);
        if raw.send.is_empty() && !matches!(inherit, Inherit::None | Inherit::Except(_)) {
            self.wrong(&place, key.clone(), "the route sends nothing: it needs `send`".to_owned(), None);
        }
        if let (Some(digest), Some(_)) = (&raw.digest, &raw.group) {
            let message = "a digest gathers already: `group` has no place beside it".to_owned();
            self.wrong(digest, below(&key, "digest"), message, Some("keep one of them".to_owned()));
        }
        Route {
            line: line_of(&place).0,
            scope: raw.scope.as_ref().map(|scope| path(&scope.value)),
            matching,
            on,
            inherit,
            group: raw.group.and_then(|group| self.group(group, &below(&key, "group"))),
            digest: raw.digest.and_then(|digest| self.digest(digest, &below(&key, "digest"))),
            after: raw.after.and_then(|after| self.after(after, &below(&key, "after"))),
            repeat: self.span(raw.repeat.as_ref(), &below(&key, "repeat")),
            still_running,
            escalate: self.escalations(raw.escalate.0, &below(&key, "escalate")),
            send: raw
                .send
                .into_iter()
                .enumerate()
                .map(|(at, one)| self.send(one, format!("{key}.send[{at}]")))
                .collect(),
            attached: None,
        }
    }

    /// A route that wants to hear of what never comes. A limit for what still runs may be brought by events.
    fn limited(&mut self, raw: &file::Route, key: &str) {
        let flapping = Moment::Flapping.word();
        let word = raw.on.iter().find(|word| word.value == flapping);
        if let Some(word) = word.filter(|_| self.limits.flapping.is_none()) {
            let message = format!("`{flapping}` never comes: it has no limit");
            let help = "write for instance `limits: { flapping: { changes: 5, within: 10m } }`".to_owned();
            self.wrong(word, below(key, "on"), message, Some(help));
        }
    }

    fn inherit(&mut self, raw: &file::Route, place: &Spanned<()>, key: &str) -> Inherit {
        let word = raw.inherit.as_ref().and_then(|word| self.word(word, below(key, "inherit"), &INHERIT));
        let inherits = raw.inherit.is_some() || !raw.except.is_empty();
        if inherits && raw.scope.is_none() {
            let message = "only a route with a `scope` has routes above it".to_owned();
            self.wrong(place, key.to_owned(), message, None);
        }
        if raw.except.is_empty() {
            return match word {
                Some(Word::Replace) => Inherit::Replace,
                Some(Word::None) => Inherit::None,
                Some(Word::Append) | None => Inherit::Append,
            };
        }
        if matches!(word, Some(Word::None | Word::Replace)) {
            let message = "`except` means nothing where nothing is inherited".to_owned();
            self.wrong(&raw.except[0], below(key, "except"), message, None);
        }
        for name in &raw.except {
            self.known(name, &name.value, below(key, "except"));
        }
        Inherit::Except(raw.except.iter().map(|name| name.value.clone()).collect())
    }

    fn send(&mut self, raw: Spanned<file::Send>, key: String) -> Send {
        let (place, raw) = apart(raw);
        let digest = raw.digest.and_then(|digest| self.digest(digest, &below(&key, "digest")));
        self.known(&place, &raw.name, key);
        Send { line: line_of(&place).0, notifier: raw.name, options: raw.options, digest }
    }

    pub(super) fn known<T>(&mut self, at: &Spanned<T>, name: &str, key: String) {
        if self.names.iter().any(|known| known == name) {
            return;
        }
        let others = match self.others {
            Others::Known(others) => others,
            Others::Unheard => &[],
        };
        if others.iter().any(|known| known == name) {
            return;
        }
        let help = hint(name, self.names.iter().chain(others).map(String::as_str));
        let error = self.error(at, key, format!("there is no notifier `{name}`"), help);
        match self.others {
            Others::Known(_) => self.errors.push(error),
            Others::Unheard => self.strangers.push(Stranger { name: name.to_owned(), error }),
        }
    }
}
