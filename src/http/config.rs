//! The options of notifiers, by kind and name, and changing them while the bot runs.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::patch as body;
use super::problem::{Path, Problem, Raw};
use super::shapes::SetBy;
use crate::bot::home::{Home, Variable};
use crate::bot::notify::Patch;
use crate::model::Override;
use crate::notifier::{CATALOGUE, Configured, Row, schema};
use crate::store::Live;

/// What is configured.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Whole {
    /// The bot's own settings, and what was set of its adapters.
    settings: Vec<Variable>,
    /// The kinds of notifiers.
    sections: BTreeMap<&'static str, Elements>,
}

/// The notifiers of a kind.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Elements {
    /// Those in force, then what was set and is not.
    elements: Vec<Element>,
}

/// The notifiers of a kind, and what they can be told.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Section {
    /// The kind.
    section: &'static str,
    /// Those in force, then what was set and is not.
    elements: Vec<Element>,
    /// The JSON schema of its options.
    #[schemars(with = "Map<String, Value>")]
    schema: Value,
}

/// The options of one notifier.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Element {
    /// Its name.
    name: String,
    /// Its options, as `schema` of its kind describes them; a secret is whether it is set.
    options: Map<String, Value>,
    /// The options that are secrets, such as `token`, `http.proxy`.
    redacted: Vec<String>,
    /// Whether it takes part.
    enabled: bool,
    /// Whether it was added here and stands in no file.
    added: bool,
    /// Whether what was set is not in force: a file has a notifier of the name.
    shadowed: bool,
    /// The options that were set here.
    overridden: Vec<String>,
    /// Who set them last, and when.
    set: Option<SetBy>,
}

/// The bot's own settings, and every kind with its notifiers: `{"settings", "sections": {"slack": {"elements": [...]}}}`.
pub(super) async fn all(State(site): State<Site>) -> Json<Whole> {
    let (home, live) = now(&site).await;
    let one = |row: &Row| (row.kind, Elements { elements: elements(&home, &live, row) });
    Json(Whole { settings: home.variables(), sections: CATALOGUE.iter().map(one).collect() })
}

/// One kind: its notifiers, and the schema of its options.
pub(super) async fn section(
    State(site): State<Site>,
    Path(section): Path<String>,
) -> Result<Json<Section>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    let (home, live) = now(&site).await;
    let elements = elements(&home, &live, row);
    Ok(Json(Section { section: row.kind, elements, schema: (row.schema)() }))
}

/// One notifier.
pub(super) async fn element(
    State(site): State<Site>,
    Path((section, element)): Path<(String, String)>,
) -> Result<Json<Element>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    found(&site, row, &element).await.map(Json)
}

async fn now(site: &Site) -> (std::sync::Arc<Home>, std::sync::Arc<Live>) {
    let turn = site.bot.homes().turn().await;
    (site.bot.homes().current(), turn.live().clone())
}

async fn found(site: &Site, row: &Row, name: &str) -> Result<Element, Problem> {
    let (home, live) = now(site).await;
    let all = elements(&home, &live, row);
    // The one in force, before one that it shadows.
    let one = all.into_iter().find(|one| one.name == name);
    one.ok_or_else(|| Problem::missing(format!("there is no notifier `{name}` of kind `{}`", row.kind)))
}

/// The notifiers of a kind that are in force, then what was set and is not.
fn elements(home: &Home, live: &Live, row: &Row) -> Vec<Element> {
    let set = |name: &str, added: bool| {
        live.overrides.iter().find(|it| it.kind == row.kind && it.name == name && it.added == added)
    };
    let mut all = Vec::new();
    for (name, it) in home.notifying.notifiers().iter().filter(|(_, it)| it.service.kind() == row.kind) {
        all.push(in_force(it, set(name, !home.notifying.is_filed(name))));
    }
    for one in live.overrides.iter().filter(|it| it.kind == row.kind) {
        let is_shown = home.notifying.notifiers().get(&one.name).is_some_and(|it| {
            it.service.kind() == row.kind && one.added != home.notifying.is_filed(&one.name)
        });
        if !is_shown {
            all.push(idle(home, one, row));
        }
    }
    all
}

fn in_force(it: &Configured, set: Option<&Override>) -> Element {
    let (options, redacted) = it.shown();
    Element {
        name: it.name.clone(),
        options,
        redacted,
        enabled: it.enabled,
        added: set.is_some_and(|set| set.added),
        shadowed: false,
        overridden: set.filter(|set| !set.added).map(keys).unwrap_or_default(),
        set: set.map(SetBy::from),
    }
}

/// What was set and is not in force: a file has a notifier of the name, or has none any more.
fn idle(home: &Home, one: &Override, row: &Row) -> Element {
    let (options, redacted) = schema::redact(&(row.schema)(), &one.options);
    Element {
        name: one.name.clone(),
        options,
        redacted,
        enabled: false,
        added: one.added,
        shadowed: home.notifying.shadows(one),
        overridden: keys(one),
        set: Some(SetBy::from(one)),
    }
}

fn keys(one: &Override) -> Vec<String> {
    one.options.keys().cloned().collect()
}

/// What is wanted of a notifier.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// Options with their new values.
    #[serde(default)]
    set: Map<String, Value>,
    /// Options that go back to what the file says.
    #[serde(default)]
    delete: Vec<String>,
}

/// A notifier that no file has.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "it says what is accepted; `change_section` reads it")]
struct Added {
    /// Its name: letters, digits, `-`, `_` and `.`.
    name: String,
    /// Its options, as `schema` of its kind describes them.
    #[serde(flatten)]
    options: Map<String, Value>,
}

/// What a kind is after a change.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Changed {
    /// The notifier that was added.
    Added(Box<Element>),
    /// Added ones are gone.
    Removed {
        /// Their names.
        removed: Vec<String>,
    },
}

/// What is wanted of a kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    /// One that no file has: its `name`, and its options.
    #[serde(default)]
    #[schemars(with = "Option<Added>")]
    add: Option<Map<String, Value>>,
    /// The names of added ones that go.
    #[serde(default)]
    remove: Vec<String>,
}

/// Adds a notifier (`{"add": {"name", and its options}}`) or removes added ones (`{"remove": [names]}`).
pub(super) async fn change_section(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(section): Path<String>,
    Raw(bytes): Raw,
) -> Result<Json<Changed>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    let Members { add, remove } = body::read(&bytes)?;
    match (add, remove.is_empty()) {
        (Some(mut options), true) => {
            let Some(Value::String(name)) = options.shift_remove("name") else {
                return Err(Problem::wrong("add: `name` is the name of the new notifier").field("name"));
            };
            let said = json!({"change": "config added", "options": options.keys().collect::<Vec<_>>()});
            change(&site, &caller, (row, &name), Patch::Add(options), said).await?;
            let added = Box::new(found(&site, row, &name).await?);
            Ok(Json(Changed::Added(added)))
        }
        (None, false) => {
            for name in &remove {
                change(&site, &caller, (row, name), Patch::Remove, json!({"change": "config removed"}))
                    .await?;
            }
            Ok(Json(Changed::Removed { removed: remove }))
        }
        _ => Err(Problem::wrong("write `add` with one notifier, or `remove` with names")),
    }
}

/// Sets options (`{"set": {...}, "delete": [...]}`), if the service takes them: the notifier as it is from now on.
pub(super) async fn change_element(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path((section, element)): Path<(String, String)>,
    Raw(bytes): Raw,
) -> Result<Json<Element>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    let Change { set, delete } = body::read(&bytes)?;
    if set.is_empty() && delete.is_empty() {
        return Err(Problem::wrong("write `set` with options, or `delete` with the names of some"));
    }
    let said = json!({"change": "config", "set": set.keys().collect::<Vec<_>>(), "delete": delete});
    change(&site, &caller, (row, &element), Patch::Set { set, delete }, said).await?;
    found(&site, row, &element).await.map(Json)
}

/// Changes the options of one. The audit record says `said`: the names of options, never their values.
pub(super) async fn change(
    site: &Site,
    caller: &Caller,
    (row, name): (&Row, &str),
    patch: Patch,
    said: Value,
) -> Result<(), Problem> {
    let body = said.as_object().cloned().unwrap_or_default();
    let audit = caller.changed(site.world.now(), format!("config/{}/{name}", row.kind), body);
    let who = caller.person().to_string();
    Ok(site.bot.notify().configure((row.kind, name), patch, (who, audit)).await?)
}
