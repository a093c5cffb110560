//! Something that is meant for the bot: typed, or asked for by a button.

use std::sync::Arc;

use super::commands;
use crate::action::cut_secrets;
use crate::adapter::Press;
use crate::alias::Hit;
use crate::bot::choices::Taken;
use crate::bot::engine::{Asker, Replies};
use crate::bot::home::{Home, runner_parameters};
use crate::model::{Cause, Message, MessageKey, Timestamp};

/// Something that is meant for the bot.
#[derive(Clone)]
pub(super) struct Heard {
    pub(super) home: Arc<Home>,
    pub(super) asker: Asker,
    pub(super) text: String,
    pub(super) message: Message,
    pub(super) replies: Arc<Replies>,
    /// Which of the things that the message asks for, from 0.
    pub(super) part: usize,
    pub(super) by: By,
}

/// How somebody said it.
#[derive(Clone)]
pub(super) enum By {
    /// By typing it.
    Typing,
    /// By talking to others: an alias listens.
    Overhearing,
    /// By pressing a button, which stands for this; for nothing if it was pressed in vain.
    Pressing(Option<Arc<Taken>>),
    /// By nobody now: a schedule or a rule runs it in that person's name.
    Itself(Arc<Itself>),
}

/// What runs a line in somebody's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Itself {
    pub(super) cause: Cause,
    /// What people call it: `schedule 3`.
    pub(super) what: String,
}

impl Heard {
    /// What `message` says, less its address.
    pub(super) fn new(home: &Arc<Home>, message: Message, text: &str, by: By) -> Self {
        Self {
            home: home.clone(),
            asker: asker(&message),
            text: text.to_owned(),
            replies: Arc::new(Replies::new(message.key.clone(), 1)),
            part: 0,
            message,
            by,
        }
    }

    /// One of several things that it asks for, which is answered for itself.
    pub(super) fn part(&self, part: usize) -> Self {
        let mut own = Self { part, ..self.clone() };
        let key = MessageKey { id: own.part_id().into(), ..self.message.key.clone() };
        own.replies = Arc::new(Replies::new(key, 1));
        own
    }

    /// The message's id; of further parts with their number.
    pub(super) fn part_id(&self) -> String {
        match self.part {
            0 => self.message.key.id.to_string(),
            part => format!("{}#{part}", self.message.key.id),
        }
    }

    /// The label of the button that was pressed for it; empty where it stands for nothing.
    pub(super) fn pressed(&self) -> Option<String> {
        match &self.by {
            By::Typing | By::Overhearing | By::Itself(_) => None,
            By::Pressing(taken) => {
                Some(taken.as_ref().map(|taken| taken.way().label.clone()).unwrap_or_default())
            }
        }
    }

    /// What runs it, where nobody asks for it now.
    pub(super) fn itself(&self) -> Option<&Itself> {
        match &self.by {
            By::Itself(itself) => Some(itself),
            By::Typing | By::Overhearing | By::Pressing(_) => None,
        }
    }

    /// Its answers, where somebody waits for them.
    pub(super) fn awaited(&self) -> Option<Arc<Replies>> {
        self.itself().is_none().then(|| self.replies.clone())
    }

    /// It is carried out: the button that asked for it is used up.
    pub(super) fn done(&self) {
        if let By::Pressing(Some(taken)) = &self.by {
            taken.done(&self.asker.person, &self.asker.name);
        }
    }

    /// The text, less what was typed for parameters that are secret.
    pub(super) fn without_secrets(&self, hit: &Hit) -> String {
        cut_secrets(&self.text, &secrets(&self.home, hit))
    }
}

/// What was typed for parameters that are secret.
pub(super) fn secrets(home: &Home, hit: &Hit) -> Vec<String> {
    if commands::hides(&hit.alias) {
        return hit.params.iter().filter_map(|(_, typed)| typed.clone()).collect();
    }
    let Some(action) = home.actions.get(&hit.alias.action_ref) else { return Vec::new() };
    let parameters = action.parameters_with(runner_parameters(action));
    let hidden = parameters.iter().filter(|parameter| parameter.is_secret());
    let typed = |name: &str| hit.params.iter().find(|(typed, _)| typed == name)?.1.clone();
    hidden.filter_map(|parameter| typed(&parameter.name)).collect()
}

fn asker(message: &Message) -> Asker {
    Asker {
        person: message.person.clone(),
        name: message.name.clone(),
        place: Some(message.place.clone()),
        room_name: message.room_name.clone(),
    }
}

/// The message that a press stands for: whoever pressed said `typed` to the bot there.
pub(super) fn as_typed(press: Press, typed: &str, at: Timestamp) -> Message {
    Message {
        key: press.key,
        person: press.person,
        name: press.name,
        place: press.place,
        room_name: press.room_name,
        text: typed.to_owned(),
        raw: typed.to_owned(),
        mentioned: true,
        at,
        position: None,
    }
}
