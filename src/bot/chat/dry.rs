//! `--dry-run` behind a command: what it would do is told, and nothing runs.

use std::sync::Arc;

use serde_json::json;

use super::heard::Heard;
use super::{Chat, Sure, commands};
use crate::action::cut_secrets;
use crate::alias::{Found, Hit};
use crate::bot::engine::{Given, prepare};
use crate::bot::reply;
use crate::store::What;

/// What makes a command tell instead of run, as its last word.
const WORD: &str = "--dry-run";

impl Chat {
    /// The command without its last word, where that asks for a dry run. A format that has the word itself keeps it.
    pub(super) fn dry(heard: &Heard, sure: Sure) -> Option<Heard> {
        let rest = heard.text.trim_end().strip_suffix(WORD)?;
        let bare = rest.trim_end();
        if bare.is_empty() || bare.len() == rest.len() {
            return None;
        }
        if let Found::One(hit) = Self::find(heard, &heard.text, sure)
            && hit.representation.contains(WORD)
        {
            return None;
        }
        Some(Heard { text: bare.to_owned(), ..heard.clone() })
    }

    /// Tells what one command would do.
    pub(super) fn tell_dry(self: &Arc<Self>, heard: &Heard, hit: Hit) {
        if commands::find(&hit.alias).is_some() {
            let why = format!("`{}` is the bot's own command: it has no dry run", hit.alias.name);
            return self.refuse(heard, reply::problem(&why), What::Refused, &why);
        }
        let typed = Heard { text: heard.without_secrets(&hit), ..heard.clone() };
        let given = Given::Typed(hit.params);
        let order = prepare(&heard.home, &heard.asker, Some(&hit.alias), &hit.alias.action_ref, given);
        match order {
            Ok(mut order) => {
                order.command = cut_secrets(&typed.text, &order.prepared.secrets);
                self.store.record(self.record(&typed, What::Answered, json!({"command": "dry run"})));
                let post = self.engine.preview(&order);
                heard.done();
                self.say(&typed, post, true, None);
            }
            Err(refusal) => self.turn_down(&typed, heard, &hit.alias, &refusal),
        }
    }
}
