//! What is offered to somebody whose command cannot run as it was typed: the nearest command, the one of several that
//! was meant, the value that is missing, the command again. Where there are no buttons, the text says what to type.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::errand::{found, own_first};
use super::heard::{By, Heard, secrets};
use super::{Chat, Sure};
use crate::action::ParameterError;
use crate::alias::{Alias, Candidate, Found, Hit, Suggestion};
use crate::bot::choices::{After, Terms};
use crate::bot::engine::Refusal;
use crate::bot::home::{Home, runner_parameters};
use crate::bot::reply::{self, CanChoose};
use crate::model::{Ends, Way};
use crate::store::What;
use crate::text::Post;

/// For how long somebody may choose: after that the conversation has moved on.
const LASTS: Duration = Duration::from_secs(3600);

/// A command that was said longer ago is not run by itself: it was replayed after an outage.
const STALE: Duration = Duration::from_secs(300);

/// Commands to choose from.
const MOST_COMMANDS: usize = 5;

/// Values to choose from: with more of them a list of what to type is easier to read.
const MOST_VALUES: usize = 10;

impl Heard {
    /// Choices for whoever said this.
    fn terms(&self, ways: Vec<Way>) -> Option<Terms> {
        let may = Some(self.asker.person.clone());
        (!ways.is_empty()).then_some(Terms { may, lasts: LASTS, ways, after: After::Tells })
    }

    /// How long ago it was said, if that is too long.
    pub(super) fn stale(&self, now: crate::model::Timestamp) -> Option<Duration> {
        let ago = now.since(self.message.at);
        (ago > STALE && matches!(self.by, By::Typing | By::Overhearing)).then_some(ago)
    }
}

impl Chat {
    /// Nothing fits: the nearest command, complete where what was typed completes it.
    pub(super) fn unknown(&self, heard: &Heard, suggestion: Option<Suggestion>) {
        let mended = suggestion.as_ref().and_then(|near| mended(heard, near));
        let shown = mended.as_deref().map(reply::shorten);
        let shown = shown.or_else(|| suggestion.map(|suggestion| suggestion.display));
        let post = reply::unknown(&heard.text, shown.as_deref());
        let ways = mended.into_iter().map(|typed| Way::new(reply::shorten(&typed), typed, Ends::All));
        let terms = heard.terms(ways.collect());
        self.refuse_with(heard, post, What::Unmatched, "no command fits", terms);
    }

    /// Several fit equally well.
    pub(super) fn tie(&self, heard: &Heard, candidates: &[Candidate]) {
        let visible = candidates.iter().filter(|it| heard.home.may_see(&heard.asker.who(), &it.alias));
        let visible: Vec<&Candidate> = visible.collect();
        let shown: Vec<_> = visible.iter().map(|it| (it.alias.reference(), it.display.clone())).collect();
        let open = visible.iter().filter(|it| !takes_secrets(&heard.home, &it.alias));
        let way = |it: &&Candidate| {
            let reference = it.alias.reference();
            let typed = format!("{reference} {}", heard.text);
            Way::new(reference, typed, Ends::All)
        };
        let terms = heard.terms(open.take(MOST_COMMANDS).map(way).collect());
        let post = reply::tie(&heard.text, &shown);
        self.refuse_with(heard, post, What::Unmatched, "several commands fit", terms);
    }

    /// What is said of a refusal, and what may be chosen: the values of the one parameter that is missing. `heard` has
    /// no secrets in it; `whole` says whether it never had any.
    pub(super) fn mend(&self, heard: &Heard, alias: &Alias, refusal: &Refusal) -> (Post, Option<Terms>) {
        let Refusal::Parameters(ParameterError::Missing { parameters }) = refusal else {
            return (refusal.post(), None);
        };
        let names = parameters.iter().map(|(name, _)| name.as_str());
        let more: String = names.map(|name| format!(" {name}=…")).collect();
        let post = reply::missing(&refusal.to_string(), &format!("{}{more}", reply::shorten(&heard.text)));
        let [(name, _)] = parameters.as_slice() else { return (post, None) };
        let values = values(&heard.home, alias, name);
        let ways = values.iter().filter_map(|value| {
            let typed = with_value(heard, alias, name, value)?;
            Some(Way::new(value.clone(), typed, Ends::All))
        });
        (post, heard.terms(ways.collect()))
    }

    /// It was said long ago: whoever said it may run it now.
    pub(super) fn away(&self, heard: &Heard, hits: &[Hit], ago: Duration) {
        let hidden = hits.iter().any(|hit| !secrets(&heard.home, hit).is_empty());
        let can = !hidden && self.choices.have_buttons(&heard.message.place);
        let can = if can { CanChoose::Yes } else { CanChoose::No };
        let way = || Way::new("run it now", heard.text.clone(), Ends::All);
        let terms = heard.terms((can == CanChoose::Yes).then(way).into_iter().collect());
        let shown = hits.first().map_or_else(|| heard.text.clone(), |hit| heard.without_secrets(hit));
        let heard = Heard { text: shown, ..heard.clone() };
        let post = reply::away(&heard.text, ago, can);
        self.refuse_with(&heard, post, What::Refused, "it was said while the bot was away", terms);
    }

    /// What `text` means for whoever said `heard`.
    pub(super) fn find(heard: &Heard, text: &str, sure: Sure) -> Found {
        match sure {
            Sure::Yes => found(&heard.home, &heard.asker, text),
            Sure::Perhaps => {
                let visible = |alias: &Alias| heard.home.may_see(&heard.asker.who(), alias);
                own_first(&heard.home, text, heard.home.aliases.overhear(text, &visible), &visible)
            }
        }
    }
}

/// What was typed with the words of the nearest command in place of its first ones, if that is a complete command.
fn mended(heard: &Heard, near: &Suggestion) -> Option<String> {
    let head = near.display.split("{{").next()?.trim();
    let words = head.split_whitespace().count();
    let mut rest = heard.text.trim();
    if head.len() < near.display.trim().len() {
        for _ in 0..words {
            rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
    } else {
        rest = "";
    }
    let typed = format!("{head} {rest}").trim().to_owned();
    match Chat::find(heard, &typed, Sure::Perhaps) {
        Found::One(hit) if hit.alias.reference() == near.alias && secrets(&heard.home, &hit).is_empty() => {
            Some(typed)
        }
        _ => None,
    }
}

/// Whether the action of an alias takes anything secret.
fn takes_secrets(home: &Home, alias: &Alias) -> bool {
    let action = home.actions.get(&alias.action_ref);
    let parameters = action.map(|action| action.parameters_with(runner_parameters(action)));
    parameters.is_some_and(|all| all.iter().any(|parameter| parameter.is_secret()))
}

/// The values that a parameter accepts, if they are few.
fn values(home: &Arc<Home>, alias: &Alias, name: &str) -> Vec<String> {
    let action = home.actions.get(&alias.action_ref);
    let parameters = action.map(|action| action.parameters_with(runner_parameters(action)));
    let parameter = parameters.into_iter().flatten().find(|it| it.name == name && !it.is_secret());
    let choices: Vec<Value> = parameter.and_then(|it| it.choices.clone()).unwrap_or_default();
    if choices.len() > MOST_VALUES {
        return Vec::new();
    }
    choices.iter().map(reply::value).collect()
}

/// What was typed, with a value for `name` behind it, if that is understood so.
fn with_value(heard: &Heard, alias: &Alias, name: &str, value: &str) -> Option<String> {
    let quote = if value.is_empty() || value.contains(char::is_whitespace) { "\"" } else { "" };
    let typed = format!("{} {name}={quote}{value}{quote}", heard.text);
    match Chat::find(heard, &typed, Sure::Perhaps) {
        Found::One(hit) if hit.alias.reference() == alias.reference() => {
            let given =
                |(typed, given): &(String, Option<String>)| typed == name && given.as_deref() == Some(value);
            hit.params.iter().any(given).then_some(typed)
        }
        _ => None,
    }
}
