//! Pipes and redirects between commands: `show disk on web* | filter "9[0-9]%" > #ops`.
//!
//! Formats win. A line is a pipe only if its first step is a command by itself, every further step is a filter or a
//! command, and the target is a place. And even then the line keeps its meaning where
//! * the format that fits all of it is another than the one that fits the first step: it needs what stands behind;
//! * what stands behind would be shell text of the command, as in `run ls | wc -l`;
//! * the alias says `extra: { pipes: false }`.

#![allow(clippy::result_large_err, reason = "a refusal is a post, made once for a command")]

mod filter;
mod kept;
mod run;
mod send;
mod split;

use std::sync::Arc;

use super::aside::named;
use super::commands;
use super::errand::found;
use crate::action::shell;
use crate::alias::{Alias, Found, Hit};
use crate::bot::engine::{Asker, Given, prepare};
use crate::bot::home::Home;
use crate::bot::reply;
use crate::model::Place;
use crate::text::Post;
use filter::Filter;

pub use kept::left_in_pipes;

/// Steps of one pipe.
const MOST_STEPS: usize = 5;

/// Bytes that one step may hand to the next.
const MOST_BYTES: usize = 1 << 20;

/// Stands for the result of the step before while a step is matched; a letter that nobody types.
const PREVIOUS: &str = "\u{f8ff}";

/// Commands one after another, and where the end of it goes.
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    steps: Vec<Step>,
    /// The word behind `>`.
    target: Option<String>,
}

#[derive(Debug, Clone)]
enum Step {
    Filter(Filter),
    Command {
        hit: Box<Hit>,
        /// As it was typed.
        text: String,
    },
}

impl Step {
    /// Whether a parameter of it is the result of the step before.
    fn takes_previous(&self) -> bool {
        let Self::Command { hit, .. } = self else { return false };
        hit.params.iter().any(|(_, value)| value.as_ref().is_some_and(|value| value.contains(PREVIOUS)))
    }
}

/// The first command of a line that has the form of a pipe.
pub(super) fn first_step(text: &str) -> Option<&str> {
    split::split(text)?.steps.first().copied()
}

impl Pipe {
    /// The pipe that a line is, if it is one; an error if it can be nothing else.
    pub(super) fn of(home: &Home, asker: &Asker, text: &str) -> Option<Result<Self, String>> {
        let split = split::split(text)?;
        let (first, rest) = split.steps.split_first()?;
        let Found::One(head) = found(home, asker, first) else { return None };
        // What is to happen later is a pipe then.
        if commands::find(&head.alias).is_some_and(commands::makes_schedules) {
            return None;
        }
        let whole = match found(home, asker, text) {
            Found::One(hit) if keeps(home, &head, &hit) => return None,
            Found::One(_) => true,
            Found::None { .. } | Found::Error(_) => false,
            Found::Tie(_) | Found::Many(_) => return None,
        };
        if head.alias.extra.get("pipes").and_then(serde_json::Value::as_bool) == Some(false) {
            return None;
        }
        match Self::read(home, asker, head, first, rest, split.target) {
            // It is text of the command after all.
            Err(_) if whole => None,
            read => Some(read),
        }
    }

    fn read(
        home: &Home,
        asker: &Asker,
        head: Hit,
        first: &str,
        rest: &[&str],
        target: Option<&str>,
    ) -> Result<Self, String> {
        let mut steps = vec![Step::Command { hit: Box::new(head), text: first.to_owned() }];
        for text in rest {
            steps.push(step(home, asker, text)?);
        }
        if steps.len() > MOST_STEPS {
            return Err(format!("a pipe has at most {MOST_STEPS} steps"));
        }
        if let Some(word) = target.filter(|word| named(asker, word).is_none()) {
            return Err(format!(
                "`{word}` is no place: write `me`, `#room`, or adapter and room such as `slack:#ops`"
            ));
        }
        Ok(Self { steps, target: target.map(str::to_owned) })
    }

    /// The commands in it.
    pub(super) fn hits(&self) -> Vec<Hit> {
        let hit = |step: &Step| match step {
            Step::Command { hit, .. } => Some((**hit).clone()),
            Step::Filter(_) => None,
        };
        self.steps.iter().filter_map(hit).collect()
    }

    /// Whether somebody may run each of its steps, and post where it goes: asked before the first one runs. What takes
    /// the result of another is asked again with it. Gives where it goes, and what is secret in it.
    pub(super) fn allowed(
        &self,
        chat: &super::Chat,
        home: &Arc<Home>,
        asker: &Asker,
    ) -> Result<(Option<Place>, Vec<String>), Post> {
        let aside = |word: &String| chat.aside(home, asker, word).map_err(|why| reply::problem(&why));
        let place = self.target.as_ref().map(aside).transpose()?;
        let mut hidden = Vec::new();
        for step in &self.steps {
            hidden.extend(step.allowed(chat, home, asker)?);
        }
        Ok((place, hidden))
    }
}

/// Whether a line that fits a format as a whole keeps that meaning; `head` is what its first step alone means.
fn keeps(home: &Home, head: &Hit, whole: &Hit) -> bool {
    let other =
        whole.alias.reference() != head.alias.reference() || whole.representation != head.representation;
    let before = |name: &str| head.params.iter().find(|(own, _)| own == name).map(|(_, value)| value);
    let longer = whole.params.iter().filter(|(name, value)| before(name) != Some(value));
    other || longer.into_iter().any(|(name, _)| is_shell_text(home, &whole.alias, name))
}

fn is_shell_text(home: &Home, alias: &Alias, parameter: &str) -> bool {
    home.actions.get(&alias.action_ref).is_some_and(|action| shell::is_command(&action.runner, parameter))
}

/// A step behind the first: a filter, a command with `{{ previous }}` in it, a command as it stands, or one whose last
/// words are the result of the step before.
fn step(home: &Home, asker: &Asker, text: &str) -> Result<Step, String> {
    if let Some(filter) = Filter::parse(text) {
        return filter.map(Step::Filter);
    }
    let marked = marked(text);
    let tries = [marked.clone(), format!("{text} {PREVIOUS}")];
    let tries = if marked.contains(PREVIOUS) { &tries[..1] } else { &tries[..] };
    for line in tries {
        if let Found::One(hit) = found(home, asker, line) {
            return Ok(Step::Command { hit: Box::new(hit), text: text.to_owned() });
        }
    }
    Err(format!("`{}` is no filter and no command", reply::shorten(text)))
}

/// The text with the sign for the result of the step before in place of `{{ previous }}`.
fn marked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        match after.split_once("}}") {
            Some((name, behind)) if name.trim() == "previous" => {
                out.push_str(before);
                out.push_str(PREVIOUS);
                rest = behind;
            }
            _ => {
                out.push_str(before);
                out.push_str("{{");
                rest = after;
            }
        }
    }
    out + rest
}

impl Step {
    fn allowed(&self, chat: &super::Chat, home: &Arc<Home>, asker: &Asker) -> Result<Vec<String>, Post> {
        let Self::Command { hit, .. } = self else { return Ok(Vec::new()) };
        let (hit, _) = chat.filled(home, asker, (**hit).clone());
        let alias = &hit.alias;
        if let Some(row) = commands::find(alias) {
            if !commands::may_use(home, asker, row) {
                return Err(reply::refused(&format!("nobody granted you `{}`", row.permit)));
            }
            return match commands::answers_elsewhere(row) {
                true => Err(reply::problem(&format!("`{}` has no place in a pipe", row.display))),
                false => Ok(Vec::new()),
            };
        }
        let order = prepare(home, asker, Some(alias), &alias.action_ref, Given::Typed(hit.params));
        let ever = || home.may_ever(&asker.who(), &alias.action_ref, Some(&alias.reference()));
        match order {
            Ok(order) => {
                Ok(order.prepared.secrets.iter().filter(|it| !it.contains(PREVIOUS)).cloned().collect())
            }
            // Its values are not known yet, only that it may be run with some.
            Err(_) if self.takes_previous() && ever() => Ok(Vec::new()),
            Err(refusal) => Err(refusal.post()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_stands_for_previous_and_nothing_else() {
        assert_eq!(
            marked("deploy {{ previous }} to {{previous}}"),
            format!("deploy {PREVIOUS} to {PREVIOUS}")
        );
        assert_eq!(marked("say {{ other }} {{"), "say {{ other }} {{");
    }
}
