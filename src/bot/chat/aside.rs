//! Other places than the one where somebody speaks: who may have something said there.

use serde_json::{Map, json};

use super::Chat;
use crate::access::{self, Asked};
use crate::bot::engine::Asker;
use crate::bot::home::Home;
use crate::bot::notify;
use crate::model::Place;

/// The adapter of terminals.
const TERMINAL: &str = "terminal";

/// The permission to post where one may not run anything.
const POST: &str = "chatops.post";

impl Chat {
    /// The place that a word means to `asker`: `me`, `here`, `#room` on the same service, `slack:#room` on another.
    ///
    /// # Errors
    /// A sentence: it is no place, no service of that name is connected, or the asker may not post there.
    pub(super) fn aside(&self, home: &Home, asker: &Asker, word: &str) -> Result<Place, String> {
        let place = named(asker, word).ok_or_else(|| {
            format!("`{word}` is no place: write `me`, `#room`, or adapter and room such as `slack:#ops`")
        })?;
        if place.adapter.as_str() == TERMINAL && !place.is_direct() {
            return Err(format!(
                "a terminal has no rooms: `{word}` needs the service too, such as `irc:#ops`"
            ));
        }
        if self.outbox.abilities(&place).is_none() {
            return Err(format!("no adapter `{}` is connected", place.adapter));
        }
        match may_post(home, asker, &place) {
            true => Ok(place),
            false => Err(format!(
                "you may not post in `{word}`: no rule lets you run anything there, or grants you `{POST}`"
            )),
        }
    }
}

/// The place that will be there later: each line of an attached terminal is a conversation of its own, its person's
/// terminals are not.
pub(super) fn lasting(place: &Place) -> Place {
    match place.room.split_once('/') {
        Some((person, _)) if place.is_direct() && place.adapter.as_str() == TERMINAL => {
            Place::direct(place.adapter.clone(), person)
        }
        _ => place.clone(),
    }
}

/// The place that a word means; none if it means none.
pub(super) fn named(asker: &Asker, word: &str) -> Option<Place> {
    let here = asker.place.as_ref();
    match word {
        "here" => here.cloned(),
        "me" => match here.filter(|here| here.is_direct()) {
            Some(here) => Some(here.clone()),
            None => Some(Place::direct(asker.person.adapter().clone(), asker.person.id())),
        },
        _ if word.starts_with('#') && word.len() > 1 => {
            let called = |place: &&Place| *place.room == *word || asker.room_name.as_deref() == Some(word);
            let same = here.filter(called).map(|place| Place { thread: None, ..place.clone() });
            same.or_else(|| Some(Place::room(here?.adapter.clone(), word)))
        }
        _ => notify::place(word).ok().filter(|place| !place.room.is_empty()),
    }
}

fn may_post(home: &Home, asker: &Asker, place: &Place) -> bool {
    let own =
        asker.place.as_ref().is_some_and(|here| here.adapter == place.adapter && here.room == place.room);
    let mine =
        place.is_direct() && place.adapter == *asker.person.adapter() && *place.room == *asker.person.id();
    let there = access::Asker { person: &asker.person, place: Some(place), room_name: None };
    let room = Map::from_iter([("room".to_owned(), json!(place.to_string()))]);
    let asked = Asked { action: POST, alias: None, parameters: &room };
    let used = !place.is_direct() && home.access.may_use(&there);
    own || mine || used || home.access.decide(&asker.who(), &asked).is_allowed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AdapterName;

    fn asker() -> Asker {
        let slack = AdapterName::new("slack").unwrap();
        Asker {
            person: "slack:U0A1".parse().unwrap(),
            name: "alice".to_owned(),
            place: Some(Place { thread: Some("7".into()), ..Place::room(slack, "C0OPS") }),
            room_name: Some("#ops".to_owned()),
        }
    }

    #[test]
    fn a_terminal_lasts_longer_than_one_line_of_it() {
        let terminal = AdapterName::new("terminal").unwrap();
        let line = Place::direct(terminal.clone(), "ann/17-3");
        assert_eq!(lasting(&line), Place::direct(terminal.clone(), "ann"));
        for other in [Place::direct(terminal, "ann"), Place::room(AdapterName::new("irc").unwrap(), "#a/b")] {
            assert_eq!(lasting(&other), other);
        }
    }

    #[test]
    fn a_word_means_oneself_this_room_or_another() {
        let named = |word: &str| named(&asker(), word).map(|place| (place.to_string(), place.is_direct()));
        let place = |text: &str, direct: bool| Some((text.to_owned(), direct));
        assert_eq!(named("me"), place("slack:U0A1", true));
        assert_eq!(named("#ops"), place("slack:C0OPS", false), "by its name, without the thread");
        assert_eq!(named("#dev"), place("slack:#dev", false));
        assert_eq!(named("irc:#ops"), place("irc:#ops", false));
        for wrong in ["", "#", "ops", "3", "irc:", "No:x"] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
