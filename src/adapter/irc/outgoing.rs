//! From parcels to lines: where they go, what is left out, what is kept for `more`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::more::{self, More};
use super::recent::Recent;
use super::sending::{Done, Sending};
use crate::adapter::{Parcel, Ticket, plain};
use crate::model::{Receipt, SendError, Timestamp};
use crate::text::Tone;
use crate::text::marks::IRC_PLAIN;
use crate::wire::irc::{Client, Said, Standing, Target, sentence};

/// IRC cannot edit: further progress of a slot is a new line, at most this often.
const PROGRESS: Duration = Duration::from_secs(10);
/// Messages whose asker is remembered for whispered answers; people who spoke in private.
const REMEMBERED: usize = 1024;
/// A kicked bot is back in a few seconds.
const SOON: Duration = Duration::from_secs(3);
const LATER: Duration = Duration::from_secs(60);

/// What the session remembers in order to answer.
pub(super) struct Outgoing {
    most_lines: usize,
    more: Arc<Mutex<More>>,
    /// Message id → folded nick.
    askers: Recent,
    /// Folded nick → mask, of who spoke in private.
    private: Recent,
    /// Folded nick → the nick that person has now.
    renamed: Recent,
    /// Services account → the folded nick that was last seen to be logged in to it.
    accounts: Recent,
    progress: HashMap<String, Timestamp>,
}

impl Outgoing {
    pub(super) fn new(most_lines: usize, more: Arc<Mutex<More>>) -> Self {
        let memory = || Recent::new(REMEMBERED);
        let (askers, private, renamed, accounts) = (memory(), memory(), memory(), memory());
        Self {
            most_lines: most_lines.max(1),
            more,
            askers,
            private,
            renamed,
            accounts,
            progress: HashMap::new(),
        }
    }

    /// Somebody said something: remembers how to answer.
    pub(super) fn heard(&mut self, said: &Said, id: &Arc<str>) {
        let nick: Arc<str> = said.folded_nick.as_str().into();
        let known = said.account.as_deref().and_then(|account| self.accounts.get(account));
        if known != Some(&*nick) {
            self.accounts.remove_value(&nick);
            said.account.iter().for_each(|account| self.accounts.put(&account.as_str().into(), &nick));
        }
        match said.target {
            Target::Direct => {
                self.renamed.remove(&nick);
                self.private.put(&nick, &said.mask);
            }
            Target::Channel { .. } => self.askers.put(id, &said.folded_nick),
        }
    }

    /// Somebody has another nick: private answers follow.
    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        if let Some(mask) = self.private.get(from).map(str::to_owned) {
            self.private.remove(from);
            self.private.put(&to.into(), &mask);
            self.renamed.put(&from.into(), to);
        }
        self.accounts.replace_value(from, to);
    }

    /// Somebody left, or is logged in as somebody else: the nick proves nothing until it speaks again.
    pub(super) fn forget(&mut self, nick: &str) {
        self.accounts.remove_value(nick);
    }

    /// Turns a parcel into lines, or settles it at once where it cannot or need not be sent.
    pub(super) fn accept(&mut self, ticket: Ticket, client: &Client, now: Timestamp, sending: &mut Sending) {
        if let Err(error) = can_reach(ticket.parcel(), client) {
            return ticket.settle(Err(error));
        }
        if self.is_needless(ticket.parcel(), now) {
            return ticket
                .settle(Ok(Receipt { handle: None, answer: "left out: no edits on irc".to_owned() }));
        }
        let target = match self.target(ticket.parcel()) {
            Ok(target) => target,
            Err(error) => return ticket.settle(Err(error)),
        };
        // Bold would be a control character: channels with mode `+c` refuse the line.
        let lines = plain::lines(&ticket.parcel().post, &IRC_PLAIN);
        let lines = self.first_lines(&target, lines, client);
        sending.push(lines, Done::Parcel(Box::new(ticket)));
    }

    /// The next part of what is left at a place, if somebody asks for it and there is any.
    pub(super) fn read_on(
        &mut self,
        said: &Said,
        names: &[&str],
        client: &Client,
        sending: &mut Sending,
    ) -> bool {
        if !more::is_request(&said.text, names) {
            return false;
        }
        let target = match &said.target {
            Target::Channel { folded, .. } => folded.clone(),
            Target::Direct => said.folded_nick.clone(),
        };
        let place = self.kept_under(&target, client);
        let Some((lines, left)) = self.more().take(&place, self.most_lines) else { return false };
        let mut out = on_the_wire(&target, &lines, client);
        if left > 0 {
            out.push(line(&target, &more::footer(left)));
        }
        sending.push(out, Done::More { place, lines });
        true
    }

    fn more(&self) -> MutexGuard<'_, More> {
        self.more.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A nick is no proof of who reads on: a private rest is kept for the nick with its mask.
    fn kept_under(&self, target: &str, client: &Client) -> String {
        if client.standing(target) != Standing::Unknown {
            return target.to_owned();
        }
        format!("{target}!{}", self.private.get(target).unwrap_or_default())
    }

    fn target(&self, parcel: &Parcel) -> Result<String, SendError> {
        let room = &*parcel.place.room;
        if let Some(person) = room.strip_prefix('@').filter(|_| parcel.place.is_direct()) {
            return self.person(person);
        }
        if parcel.place.is_direct() && parcel.answer.is_none() && parcel.delivery.is_none() {
            return self.nick_of(room);
        }
        if parcel.place.is_direct() {
            return Ok(self.renamed.get(room).unwrap_or(room).to_owned());
        }
        let asker = || self.askers.get(&parcel.answer.as_ref()?.key.id);
        Ok(parcel.post.private.then(asker).flatten().unwrap_or(room).to_owned())
    }

    /// The nick of whom an answer goes to that could not be said in its channel: an account's, or the one who asked.
    fn person(&self, id: &str) -> Result<String, SendError> {
        match id.strip_prefix('~') {
            Some(nick) => Ok(self.renamed.get(nick).unwrap_or(nick).to_owned()),
            None => self.nick_of(id),
        }
    }

    /// What answers nobody, such as a word to the admins, is for an account: a nick of that name may be anybody's.
    fn nick_of(&self, account: &str) -> Result<String, SendError> {
        let nick = self.accounts.get(&account.to_ascii_lowercase()).map(str::to_owned);
        nick.ok_or_else(|| SendError::Refused {
            why: format!("nobody who is logged in as `{account}` has spoken since the bot is connected"),
        })
    }

    fn first_lines(&mut self, target: &str, lines: Vec<String>, client: &Client) -> Vec<String> {
        let splitter = client.splitter();
        let mut pieces: Vec<String> = Vec::with_capacity(lines.len());
        for text in lines {
            pieces.extend(splitter.pieces(target, &sentence(&text)).into_iter().map(str::to_owned));
        }
        // One line more is shorter than saying that there is one.
        if pieces.len() <= self.most_lines + 1 {
            return pieces.iter().map(|text| line(target, text)).collect();
        }
        let rest = pieces.split_off(self.most_lines);
        let mut out: Vec<_> = pieces.iter().map(|text| line(target, text)).collect();
        let place = self.kept_under(target, client);
        let count = rest.len();
        self.more().keep(&place, rest);
        out.push(line(target, &more::footer(count)));
        out
    }

    /// Progress between the first word and the answer, sooner than is polite.
    fn is_needless(&mut self, parcel: &Parcel, now: Timestamp) -> bool {
        let slot = parcel.slot.to_string();
        let is_progress =
            parcel.post.tone == Tone::Working && parcel.answer.as_ref().is_none_or(|answer| !answer.last);
        if !is_progress {
            self.progress.remove(&slot);
            return false;
        }
        self.progress.retain(|_, shown| now.since(*shown) < PROGRESS);
        if self.progress.contains_key(&slot) {
            return true;
        }
        self.progress.insert(slot, now);
        false
    }
}

fn can_reach(parcel: &Parcel, client: &Client) -> Result<(), SendError> {
    let place = &parcel.place;
    if place.is_direct() {
        return Ok(());
    }
    let answers = parcel.answer.is_some() || parcel.delivery.is_some();
    let retry = |why: String, after| Err(SendError::Retry { why, after: Some(after) });
    match client.standing(&place.room) {
        Standing::In => Ok(()),
        Standing::Pending => retry(format!("not in `{}` at the moment", place.room), SOON),
        // An answer goes to its person instead; news wait until an operator lets the bot in.
        Standing::Refused(why) if answers => Err(SendError::NoRoom { why }),
        Standing::Refused(why) => retry(format!("`{}` does not let the bot in: {why}", place.room), LATER),
        Standing::Unknown => {
            Err(SendError::Refused { why: format!("not in `{}`: add it to `CHANNELS`", place.room) })
        }
    }
}

fn on_the_wire(target: &str, lines: &[String], client: &Client) -> Vec<String> {
    let splitter = client.splitter();
    lines.iter().flat_map(|text| splitter.pieces(target, text)).map(|text| line(target, text)).collect()
}

fn line(target: &str, text: &str) -> String {
    format!("PRIVMSG {target} :{text}")
}

#[cfg(test)]
#[path = "outgoing_tests.rs"]
mod tests;
