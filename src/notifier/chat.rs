//! Rooms of the bot's own connected adapters: what chat reads, without a token of its own.

use serde::Deserialize;

use super::{Doors, Edits, Mode, Notice, Notifier};
use crate::model::{Handle, Receipt, SendError};
use crate::text::{marks, render};

/// The options.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    places: Vec<String>,
}

impl Notifier for Chat {
    const SUMMARY: &'static str = "posts to rooms of the bot's own chat connections";
    const PAGE: &'static str = include_str!("../../docs/notifiers/chat.md");
    const EDITS: Edits = Edits::InPlace;

    fn check(&self) -> Result<(), String> {
        if self.places.is_empty() {
            return Err("`places` is empty: nobody would hear of anything".to_owned());
        }
        match self.places.iter().find(|place| !is_place(place)) {
            Some(place) => Err(format!("`{place}` is no place: write adapter and room, such as `irc:#ops`")),
            None => Ok(()),
        }
    }

    fn targets(&self) -> Vec<String> {
        self.places.clone()
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        earlier: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        if doors.mode == Mode::Rehearse {
            return Ok(Receipt { handle: None, answer: render(&notice.post(), &marks::PLAIN) });
        }
        doors.chat.post(&notice.target, notice.post(), earlier).await
    }
}

/// Whether a text is an adapter's name and a room: `irc:#ops`.
fn is_place(text: &str) -> bool {
    let parts = text.split_once(':');
    parts.is_some_and(|(adapter, room)| {
        !adapter.is_empty() && !room.is_empty() && !room.contains(['\r', '\n', ' '])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::Rig;

    #[test]
    fn a_place_is_an_adapter_and_a_room() {
        let check = |place: &str| Chat { places: vec![place.to_owned()] }.check();
        assert_eq!(check("irc:#ops"), Ok(()));
        for bad in ["#ops", "irc:", ":#ops", "irc:#a\r\nQUIT"] {
            assert!(check(bad).unwrap_err().contains("is no place"), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_place_without_a_connection_is_refused_in_its_own_words() {
        let chat = Chat { places: vec!["irc:#ops".to_owned()] };
        let notice = Notice { target: "irc:#ops".into(), ..Notice::default() };
        let error = chat.send(&Rig::new().doors(), &notice, None).await.unwrap_err();
        assert_eq!(error.to_string(), "no adapter is connected");
    }

    #[tokio::test]
    async fn a_rehearsal_shows_the_post() {
        let chat = Chat { places: vec!["irc:#ops".to_owned()] };
        let mut rig = Rig::new();
        rig.mode = Mode::Rehearse;
        let notice = Notice { message: "deploy failed".into(), ..Notice::default() };
        assert_eq!(chat.send(&rig.doors(), &notice, None).await.unwrap().answer, "deploy failed");
    }
}
