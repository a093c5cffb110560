//! Test-sends of notifiers.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::{Caller, changed};
use super::notifiers::named;
use super::problem::{Path, Problem, Query, Raw};
use super::shapes::TestedAt;
use crate::bot::notify::Tested;
use crate::model::{Event, Person};
use crate::store::{Change, StoreError};

/// Whether it is meant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Nothing leaves; the answer is what would be sent, secrets masked.
    dry_run: bool,
}

/// What every target said to a test.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Outcome {
    /// Whether every target took it.
    good: bool,
    /// What each target said.
    results: Vec<TestedAt>,
    /// The notification in the history; none of a dry run.
    notification: Option<i64>,
}

/// Sends a test, of the event in the body if there is one, to every target and waits for what they say. With
/// `?dry_run=true` nothing leaves.
pub(super) async fn test(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
    Query(asked): Query<Asked>,
    Raw(bytes): Raw,
) -> Result<Json<Outcome>, Problem> {
    let name = named(&site.bot.homes().current(), &which)?;
    let event = if is_nothing(&bytes) { None } else { Some(event(&bytes)?) };
    if !asked.dry_run {
        note_test(&site, &caller.person(), &name).await?;
    }
    let tested = site.bot.notify().test(&name, event, asked.dry_run).await.map_err(Problem::wrong)?;
    let (good, results) = outcomes(&tested);
    let notification = tested.iter().filter_map(|one| one.delivery).min();
    Ok(Json(Outcome { good, results, notification }))
}

/// Records that somebody sends a test.
pub(super) async fn note_test(site: &Site, person: &Person, name: &str) -> Result<(), StoreError> {
    let body = Map::from_iter([("change".to_owned(), json!("test")), ("name".to_owned(), json!(name))]);
    let audit = changed(person, site.world.now(), format!("notifier/{name}"), body);
    site.bot.store().write(Change::Audit(audit)).await.map(drop)
}

/// Clients of Tower send `{}` where they have nothing to say.
fn is_nothing(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii(), b"" | b"{}")
}

/// Whether every target took a test, and what each said.
pub(super) fn outcomes(tested: &[Tested]) -> (bool, Vec<TestedAt>) {
    let good = !tested.is_empty() && tested.iter().all(|one| one.outcome.is_ok());
    (good, tested.iter().map(TestedAt::from).collect())
}

pub(super) fn event(bytes: &[u8]) -> Result<Event, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::wrong(format!("the body is no JSON: {error}")).field("event"))?;
    Event::from_json(&value).map_err(|error| Problem::wrong(error.to_string()).field(error.field))
}
