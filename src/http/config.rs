//! The options of notifiers, by kind and name, and changing them while the bot runs.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::patch as body;
use super::problem::{Path, Problem, Raw};
use crate::bot::home::Home;
use crate::bot::notify::Patch;
use crate::model::Override;
use crate::notifier::{CATALOGUE, Configured, Row, schema};
use crate::store::Live;

/// The bot's own settings, and every kind with its notifiers: `{"settings", "sections": {"slack": {"elements": [...]}}}`.
pub(super) async fn all(State(site): State<Site>) -> Json<Value> {
    let (home, live) = now(&site).await;
    let one = |row: &Row| (row.kind.to_owned(), json!({"elements": elements(&home, &live, row)}));
    Json(json!({"settings": home.variables(), "sections": CATALOGUE.iter().map(one).collect::<Map<_, _>>()}))
}

/// One kind: its notifiers, and the schema of its options.
pub(super) async fn section(
    State(site): State<Site>,
    Path(section): Path<String>,
) -> Result<Json<Value>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    let (home, live) = now(&site).await;
    Ok(Json(json!({"section": row.kind, "elements": elements(&home, &live, row), "schema": (row.schema)()})))
}

/// One notifier.
pub(super) async fn element(
    State(site): State<Site>,
    Path((section, element)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    found(&site, row, &element).await.map(Json)
}

async fn now(site: &Site) -> (std::sync::Arc<Home>, std::sync::Arc<Live>) {
    let turn = site.bot.homes().turn().await;
    (site.bot.homes().current(), turn.live().clone())
}

async fn found(site: &Site, row: &Row, name: &str) -> Result<Value, Problem> {
    let (home, live) = now(site).await;
    let all = elements(&home, &live, row);
    // The one in force, before one that it shadows.
    let one = all.into_iter().find(|one| one["name"] == name);
    one.ok_or_else(|| Problem::missing(format!("there is no notifier `{name}` of kind `{}`", row.kind)))
}

/// The notifiers of a kind that are in force, then what was set and is not.
fn elements(home: &Home, live: &Live, row: &Row) -> Vec<Value> {
    let set = |name: &str, added: bool| {
        live.overrides.iter().find(|it| it.kind == row.kind && it.name == name && it.added == added)
    };
    let mut all: Vec<Value> = Vec::new();
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

fn in_force(it: &Configured, set: Option<&Override>) -> Value {
    let (options, redacted) = it.shown();
    json!({
        "name": it.name, "options": options, "redacted": redacted, "enabled": it.enabled,
        "added": set.is_some_and(|set| set.added), "shadowed": false,
        "overridden": set.filter(|set| !set.added).map(keys).unwrap_or_default(), "set": set.map(told),
    })
}

/// What was set and is not in force: a file has a notifier of the name, or has none any more.
fn idle(home: &Home, one: &Override, row: &Row) -> Value {
    let (options, redacted) = schema::redact(&(row.schema)(), &one.options);
    json!({
        "name": one.name, "options": options, "redacted": redacted, "enabled": false, "added": one.added,
        "shadowed": home.notifying.shadows(one), "overridden": keys(one), "set": told(one),
    })
}

fn keys(one: &Override) -> Vec<String> {
    one.options.keys().cloned().collect()
}

fn told(one: &Override) -> Value {
    json!({"by": one.who, "at": one.at.to_string()})
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

/// What is wanted of a kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    /// One that no file has: its `name`, and its options.
    #[serde(default)]
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
) -> Result<Json<Value>, Problem> {
    let row = Row::of(&section).map_err(Problem::missing)?;
    let Members { add, remove } = body::read(&bytes)?;
    match (add, remove.is_empty()) {
        (Some(mut options), true) => {
            let Some(Value::String(name)) = options.shift_remove("name") else {
                return Err(Problem::wrong("add: `name` is the name of the new notifier").field("name"));
            };
            let said = json!({"change": "config added", "options": options.keys().collect::<Vec<_>>()});
            change(&site, &caller, (row, &name), Patch::Add(options), said).await?;
            found(&site, row, &name).await.map(Json)
        }
        (None, false) => {
            for name in &remove {
                change(&site, &caller, (row, name), Patch::Remove, json!({"change": "config removed"}))
                    .await?;
            }
            Ok(Json(json!({"removed": remove})))
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
) -> Result<Json<Value>, Problem> {
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
