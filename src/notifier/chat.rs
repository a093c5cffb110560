//! Rooms of the bot's own connected adapters: what chat reads, without a token of its own.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Doors, Edits, Mode, Notice, Notifier};
use crate::model::{Handle, Moment, Receipt, SendError};
use crate::template::{Templates, Undefined};
use crate::text::clean::one_line;
use crate::text::{Choice, Post, marks, render};

/// The most buttons of a message: what every service with buttons shows.
const MOST_BUTTONS: usize = 5;

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// Rooms of connected adapters: `irc:#ops`.
    places: Vec<String>,
    /// Commands that a reader may run from the message.
    #[serde(default)]
    buttons: Vec<Button>,
    /// Whether a reader may say that they take care of it.
    #[serde(default)]
    acknowledge: bool,
    /// For how long a reader may want to hear nothing more of it.
    #[serde(default)]
    snooze: Vec<String>,
}

/// A command offered with a message that is bad news.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Button {
    /// What the button says.
    label: String,
    /// The command, as it would be typed; a template over `event`.
    run: String,
}

impl Chat {
    /// What readers may do about a notice: only what is not well has anything to be done about.
    fn choices(&self, notice: &Notice, templates: &Templates) -> Vec<Choice> {
        let bad = matches!(
            notice.moment,
            Moment::Error | Moment::Warning | Moment::StillRunning | Moment::Flapping
        );
        if !bad {
            return Vec::new();
        }
        let context = json!({"event": notice.event(), "payload": notice.payload});
        let choice =
            |label: &str, typed: String| Choice { nonce: String::new(), label: label.to_owned(), typed };
        let run = |button: &Button| {
            let rendered = templates.render("buttons.run", &button.run, &context, Undefined::Strict);
            // A command with a hole where a label was missing is no help to anybody.
            rendered.ok().map(|typed| choice(&button.label, one_line(typed.trim())))
        };
        let mut choices: Vec<Choice> = self.buttons.iter().filter_map(run).collect();
        if self.acknowledge {
            choices.push(choice("I take care of it", format!("ack #{}", notice.delivery)));
        }
        let snooze = |span: &String| {
            choice(&format!("quiet for {span}"), format!("snooze #{} {span}", notice.delivery))
        };
        choices.extend(self.snooze.iter().map(snooze));
        choices
    }

    fn post(&self, notice: &Notice, templates: &Templates) -> Post {
        Post { choices: self.choices(notice, templates), ..notice.post() }
    }
}

/// Whether a text is a time such as `30m` or `2h`.
fn is_span(text: &str) -> bool {
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    text.len() == digits.len() + 1 && digits.parse::<u32>().is_ok_and(|count| count > 0)
}

impl Notifier for Chat {
    const SUMMARY: &'static str = "posts to rooms of the bot's own chat connections";
    const PAGE: &'static str = include_str!("../../docs/notifiers/chat.md");
    const EDITS: Edits = Edits::InPlace;

    fn check(&self) -> Result<(), String> {
        if self.places.is_empty() {
            return Err("`places` is empty: nobody would hear of anything".to_owned());
        }
        let many = self.buttons.len() + usize::from(self.acknowledge) + self.snooze.len();
        if many > MOST_BUTTONS {
            return Err(format!("{many} buttons are too many for one message: at most {MOST_BUTTONS}"));
        }
        if let Some(span) = self.snooze.iter().find(|span| !is_span(span)) {
            return Err(format!("`{span}` in `snooze` is no time such as `30m`, `2h` or `1d`"));
        }
        for button in &self.buttons {
            if button.label.trim().is_empty() || button.run.trim().is_empty() {
                return Err("a button needs a `label` and a command to `run`".to_owned());
            }
            let checked = Templates::default().check("buttons.run", &button.run);
            checked.map_err(|error| error.to_string())?;
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
            return Ok(Receipt {
                handle: None,
                answer: render(&self.post(notice, doors.templates), &marks::PLAIN),
            });
        }
        doors.chat.post(&notice.target, self.post(notice, doors.templates), earlier).await
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

    fn chat(options: serde_json::Value) -> Chat {
        serde_json::from_value(options).unwrap()
    }

    #[test]
    fn a_place_is_an_adapter_and_a_room() {
        let check = |place: &str| chat(json!({"places": [place]})).check();
        assert_eq!(check("irc:#ops"), Ok(()));
        for bad in ["#ops", "irc:", ":#ops", "irc:#a\r\nQUIT"] {
            assert!(check(bad).unwrap_err().contains("is no place"), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_place_without_a_connection_is_refused_in_its_own_words() {
        let chat = chat(json!({"places": ["irc:#ops"]}));
        let notice = Notice { target: "irc:#ops".into(), ..Notice::default() };
        let error = chat.send(&Rig::new().doors(), &notice, None).await.unwrap_err();
        assert_eq!(error.to_string(), "no adapter is connected");
    }

    #[tokio::test]
    async fn a_rehearsal_shows_the_post() {
        let chat = chat(json!({"places": ["irc:#ops"]}));
        let mut rig = Rig::new();
        rig.mode = Mode::Rehearse;
        let notice = Notice { message: "deploy failed".into(), ..Notice::default() };
        assert_eq!(chat.send(&rig.doors(), &notice, None).await.unwrap().answer, "deploy failed");
    }

    #[tokio::test]
    async fn bad_news_offers_commands_and_good_news_none() {
        let chat = chat(json!({
            "places": ["irc:#ops"], "acknowledge": true, "snooze": ["1h"],
            "buttons": [
                {"label": "restart", "run": "restart {{ event.labels.host }}"},
                {"label": "drain", "run": "drain {{ event.labels.rack }}"},
            ],
        }));
        assert_eq!(chat.check(), Ok(()));
        let labels = [("host".to_owned(), "web-1\nkill 1".to_owned())].into();
        let bad = Notice { moment: Moment::Error, delivery: "12".into(), labels, ..Notice::default() };
        let typed = |notice: &Notice| -> Vec<String> {
            chat.choices(notice, &Templates::default()).into_iter().map(|choice| choice.typed).collect()
        };
        assert_eq!(typed(&bad), ["restart web-1 kill 1", "ack #12", "snooze #12 1h"]);
        assert!(typed(&Notice { moment: Moment::Success, ..bad }).is_empty());
    }

    #[test]
    fn buttons_that_cannot_work_are_refused_at_load() {
        let check = |more: serde_json::Value| {
            let mut options = json!({"places": ["irc:#ops"]});
            options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            chat(options).check()
        };
        assert!(check(json!({"snooze": ["tomorrow"]})).is_err());
        assert!(check(json!({"buttons": [{"label": "x", "run": "{{ event."}]})).is_err());
        assert!(check(json!({"snooze": ["1h", "2h", "3h", "4h", "5h", "6h"]})).is_err());
    }
}
