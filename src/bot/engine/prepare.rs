//! From what was asked to an [`Order`]: the action found, access checked, parameters resolved.
//!
//! Access is asked twice: first whether the asker may run this at all, before a word about its
//! parameters is said; then with the final values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::lend;
use super::order::{Asker, Order, Proof};
use crate::access::{self, Asked, By, Decision, Why};
use crate::action::{self, Action, Parameter, ParameterError, Prepared, Render, own};
use crate::alias::Alias;
use crate::bot::home::{Home, runner_parameters};
use crate::bot::reply;
use crate::config::Demand;
use crate::model::Cause;
use crate::template::{Templates, Undefined};
use crate::text::Post;

/// Where the values come from.
#[derive(Debug, Clone)]
pub enum Given {
    /// Typed: text, or nothing where a format's group took no part.
    Typed(Vec<(String, Option<String>)>),
    /// From the API or the command line.
    Values(Map<String, Value>),
    /// From an earlier execution: all of its parameters; what the alias or action fixes is fixed anew.
    Recorded(Map<String, Value>),
}

/// Why something does not run.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Refusal {
    /// The asker may not.
    #[error("{0}")]
    Access(Why),
    /// The action is not there.
    #[error("action `{0}` does not exist")]
    NoAction(String),
    /// What the alias fixes was given.
    #[error("Immutable arguments cannot be overriden: {}", .0.join(","))]
    Immutable(Vec<String>),
    /// The values cannot be used.
    #[error("{0}")]
    Parameters(ParameterError),
    /// It needs approval, and nobody can say who asks.
    #[error(
        "this needs the approval of a second person, and the service does not vouch for who you are: log in to its accounts first"
    )]
    Unknown,
    /// The bot takes nothing new.
    #[error("the bot finishes what runs and takes nothing new; try again later")]
    Draining,
    /// It cannot be granted, or not by that person.
    #[error("{0}")]
    Grant(String),
    /// The alias's own lock cannot be rendered.
    #[error("the lock of the alias cannot be rendered: {0}")]
    Lock(String),
}

impl Refusal {
    /// What the asker is told.
    pub fn post(&self) -> Post {
        match self {
            Self::Access(why) => reply::refused(&why.to_string()),
            Self::NoAction(reference) => reply::no_action(reference),
            Self::Immutable(_)
            | Self::Parameters(_)
            | Self::Lock(_)
            | Self::Unknown
            | Self::Draining
            | Self::Grant(_) => reply::problem(&self.to_string()),
        }
    }
}

/// Checks everything that can be checked before it is recorded.
pub fn prepare(
    home: &Arc<Home>,
    asker: &Asker,
    alias: Option<&Arc<Alias>>,
    action: &str,
    given: Given,
) -> Result<Order, Refusal> {
    prepare_as(home, asker, alias, action, given, Trust::Person)
}

/// On whose rights something runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Those of whoever asks.
    Person,
    /// Those of the workflow whose file names it: whoever may run that may run this. What the action itself demands
    /// is demanded.
    Workflow,
}

/// The same on somebody's rights.
pub(super) fn prepare_as(
    home: &Arc<Home>,
    asker: &Asker,
    alias: Option<&Arc<Alias>>,
    action: &str,
    given: Given,
    trust: Trust,
) -> Result<Order, Refusal> {
    let who = asker.who();
    let reference = alias.map(|alias| alias.reference());
    let nothing = Map::new();
    if trust == Trust::Person && action != own::GRANT && !home.may_ever(&who, action, reference.as_deref()) {
        let asked = Asked { action, alias: reference.as_deref(), parameters: &nothing };
        drop(allowed(home, &who, &asked)?);
    }
    let action = home.actions.get(action).ok_or_else(|| Refusal::NoAction(action.to_owned()))?;
    let prepared = resolve(home, asker, alias.map(AsRef::as_ref), action, given)?;
    let asked = Asked { action: &action.reference(), alias: reference.as_deref(), parameters: &prepared.all };
    let by = match lend::check(home, asker, asked.action, &prepared.all) {
        None if trust == Trust::Workflow => By::Open,
        None => allowed(home, &who, &asked)?,
        Some(checked) => checked.map(|()| allowed(home, &who, &asked).unwrap_or(By::Open))?,
    };
    let demands = demands(alias.map(AsRef::as_ref), action, &by);
    if !demands.is_empty() && !asker.person.is_proven() {
        return Err(Refusal::Unknown);
    }
    let lock = lock(home, alias.map(AsRef::as_ref), &prepared)?;
    Ok(Order {
        home: home.clone(),
        alias: alias.cloned(),
        action: action.clone(),
        command: action.reference(),
        prepared,
        asker: asker.clone(),
        cause: Cause::Api,
        rerun_of: None,
        message: None,
        replies: None,
        pressed: None,
        position: None,
        filled: Vec::new(),
        rule: None,
        quiet: false,
        lock,
        step: None,
        goes_on: None,
        demands,
        proof: alias.filter(|alias| alias.needs_code()).map_or(Proof::None, |_| Proof::Code),
    })
}

/// Who must approve it: what command, action and rule ask for, each once.
fn demands(alias: Option<&Alias>, action: &Action, by: &By) -> Vec<Demand> {
    let mut all: Vec<Demand> = Vec::new();
    let asked = [alias.and_then(Alias::approval), action.approval.clone(), by.demand().cloned()];
    for demand in asked.into_iter().flatten() {
        if !all.contains(&demand) {
            all.push(demand);
        }
    }
    all
}

fn allowed(home: &Home, who: &access::Asker<'_>, asked: &Asked<'_>) -> Result<By, Refusal> {
    match home.access.decide(who, asked) {
        Decision::Allowed { by } => Ok(by),
        Decision::Refused { why } => Err(Refusal::Access(why)),
    }
}

fn resolve(
    home: &Home,
    asker: &Asker,
    alias: Option<&Alias>,
    action: &Action,
    given: Given,
) -> Result<Prepared, Refusal> {
    let runner = runner_parameters(action);
    let fixed = alias.map(|alias| &alias.immutable_parameters);
    let is_fixed = |name: &str| fixed.is_some_and(|fixed| fixed.contains_key(name));
    let mut all: Vec<(String, action::Given)> = match given {
        Given::Typed(typed) => {
            typed.into_iter().map(|(name, text)| (name, action::Given::Text(text))).collect()
        }
        Given::Values(values) => {
            values.into_iter().map(|(name, value)| (name, action::Given::Value(value))).collect()
        }
        Given::Recorded(values) => {
            let declared: BTreeMap<_, _> = action
                .parameters_with(runner)
                .into_iter()
                .map(|parameter| (parameter.name.clone(), parameter.is_immutable()))
                .collect();
            let free = |name: &String| !is_fixed(name) && declared.get(name) == Some(&false);
            let values = values.into_iter().filter(|(name, _)| free(name));
            values.map(|(name, value)| (name, action::Given::Value(value))).collect()
        }
    };
    let overridden: Vec<_> = all
        .iter()
        .filter(|(name, given)| is_fixed(name) && *given != action::Given::Text(None))
        .map(|(name, _)| name.clone())
        .collect();
    if !overridden.is_empty() {
        return Err(Refusal::Immutable(overridden));
    }
    all.retain(|(name, _)| !is_fixed(name));
    let immutable = fixed.into_iter().flatten();
    all.extend(immutable.map(|(name, value)| (name.clone(), action::Given::Fixed(value.clone()))));
    let mut declared = action.parameters.iter().chain(runner);
    // Where nothing is rendered, and that is most commands, nothing is prepared for it.
    let context = match fixed.is_some_and(|fixed| !fixed.is_empty()) || declared.any(Parameter::is_rendered) {
        true => context(asker, alias, action),
        false => Value::Null,
    };
    let shelf = home.shelf_of(&asker.person);
    let templates = home.templates_with(shelf.as_ref());
    let (config, hidden) = configured(home, action, &Renders(&templates), &context)?;
    let context = match context {
        Value::Object(mut context) => {
            context.insert("config_context".to_owned(), Value::Object(config.clone()));
            Value::Object(context)
        }
        nothing => nothing,
    };
    let resolved = action::resolve(action, runner, &all, &context, &Renders(&templates));
    let mut prepared = resolved.map_err(Refusal::Parameters)?;
    prepared.hide(shelf.iter().flat_map(|shelf| shelf.revealed()).chain(hidden));
    prepared.config = config;
    Ok(prepared)
}

/// The configuration of the action's pack for the asker, and what of it is secret.
fn configured(
    home: &Home,
    action: &Action,
    by: &Renders<'_>,
    context: &Value,
) -> Result<(Map<String, Value>, Vec<String>), Refusal> {
    let wrong =
        |why| Refusal::Parameters(ParameterError::Template { name: "config_context".to_owned(), why });
    home.config(&action.pack, by, context).map_err(wrong)
}

/// What templates of defaults and immutable parameters see.
fn context(asker: &Asker, alias: Option<&Alias>, action: &Action) -> Value {
    let channel = asker.place.as_ref().map(|place| place.room.to_string());
    let alias = alias.map_or(
        Value::Null,
        |alias| json!({"name": alias.name, "pack": alias.pack, "ref": alias.reference()}),
    );
    let (user, person) = (&asker.name, asker.person.to_string());
    json!({
        "user": person,
        "api_user": user,
        "source_channel": channel,
        "action_alias_ref": alias,
        "action_context": {
            "api_user": user, "user": person, "source_channel": channel, "pack": action.pack, "parent": null,
        },
        "config_context": {},
        "st2kv": {"system": {}, "user": {}},
    })
}

/// The name in `extra.lock` of an alias, rendered with the final parameters.
fn lock(home: &Home, alias: Option<&Alias>, prepared: &Prepared) -> Result<Option<String>, Refusal> {
    let Some(lock) = alias.and_then(|alias| alias.extra.get("lock")).and_then(Value::as_str) else {
        return Ok(None);
    };
    let parameters = Value::Object(prepared.all.clone());
    let rendered = home.templates.render("extra.lock", lock, &parameters, Undefined::Strict);
    rendered.map(|name| Some(name.trim().to_owned())).map_err(|error| Refusal::Lock(error.headline()))
}

/// The template room, as the action room needs it.
struct Renders<'a>(&'a Templates);

impl Render for Renders<'_> {
    fn render(&self, name: &str, source: &str, context: &Value) -> Result<String, String> {
        self.0.render(name, source, context, Undefined::Strict).map_err(|error| error.headline())
    }

    fn render_with(
        &self,
        name: &str,
        source: &str,
        context: &Value,
        out: &mut dyn FnMut(&str) -> String,
    ) -> Result<String, String> {
        self.0.render_with(name, source, context, Undefined::Strict, out).map_err(|error| error.headline())
    }
}
