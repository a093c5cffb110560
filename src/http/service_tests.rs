//! Tests of kinds of services: what they take, and a test-send with it.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Site;
use super::patch;
use super::problem::{Path, Problem, Query, Raw};
use super::shapes::TestedAt;
use super::trial::outcomes;
use crate::bot::notify::ServiceTest;
use crate::notifier::Row;
use crate::route::Pattern;

/// Which kinds.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Their name, `*` for any characters.
    pattern: Option<String>,
}

/// What each kind is tested with: `{"services": [{"name", "options", "redacted"}]}`.
pub(super) async fn list(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let pattern = pattern(asked.pattern.as_deref())?;
    let mut all = site.bot.notify().service_tests();
    all.retain(|one| pattern.fits(one.name));
    Ok(Json(json!({"services": all})))
}

/// A pattern of names; without one all fit.
pub(super) fn pattern(text: Option<&str>) -> Result<Pattern, Problem> {
    Pattern::parse(text.unwrap_or("*"))
        .map_err(|why| Problem::wrong(format!("pattern: {why}")).field("pattern"))
}

/// One kind, with the schema of its options.
pub(super) async fn show(State(site): State<Site>, Path(kind): Path<String>) -> Result<Json<Value>, Problem> {
    let row = Row::of(&kind).map_err(Problem::missing)?;
    let all: Vec<ServiceTest> = site.bot.notify().service_tests();
    let one = all.into_iter().find(|one| one.name == row.kind);
    let mut answer = json!(one);
    answer["summary"] = json!(row.summary);
    answer["schema"] = (row.schema)();
    Ok(Json(answer))
}

/// How a test with made-up options went.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Served {
    /// Whether every target took it.
    success: bool,
    /// What was said, in a line.
    message: String,
    /// What each target said.
    results: Vec<TestedAt>,
}

/// Sends a test with the options in the body: `{"success", "message", "results"}`, also when it fails.
pub(super) async fn run(
    State(site): State<Site>,
    Path(kind): Path<String>,
    Raw(body): Raw,
) -> Result<Json<Served>, Problem> {
    let given: Map<String, Value> = if body.is_empty() { Map::new() } else { patch::read(&body)? };
    let (success, message, results) = match site.bot.notify().test_service(&kind, given).await? {
        Ok(tested) => {
            let (good, results) = outcomes(&tested);
            let said = |one: &TestedAt| format!("{}: {}", one.target, one.answer);
            (good, results.iter().map(said).collect::<Vec<_>>().join("; "), results)
        }
        Err(why) => (false, why, Vec::new()),
    };
    Ok(Json(Served { success, message, results }))
}
