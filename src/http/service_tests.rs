//! Tests of kinds of services: what they take, and a test-send with it.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// What kinds are tested with.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Services {
    /// Each kind.
    services: Vec<ServiceTest>,
}

/// What each kind is tested with: `{"services": [{"name", "options", "redacted"}]}`.
pub(super) async fn list(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
) -> Result<Json<Services>, Problem> {
    let pattern = pattern(asked.pattern.as_deref())?;
    let mut services = site.bot.notify().service_tests();
    services.retain(|one| pattern.fits(one.name));
    Ok(Json(Services { services }))
}

/// A pattern of names; without one all fit.
pub(super) fn pattern(text: Option<&str>) -> Result<Pattern, Problem> {
    Pattern::parse(text.unwrap_or("*"))
        .map_err(|why| Problem::wrong(format!("pattern: {why}")).field("pattern"))
}

/// What one kind is tested with.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Described {
    #[serde(flatten)]
    test: ServiceTest,
    /// The kind in one line.
    summary: &'static str,
    /// The JSON schema of its options.
    #[schemars(with = "Map<String, Value>")]
    schema: Value,
}

/// One kind, with the schema of its options.
pub(super) async fn show(
    State(site): State<Site>,
    Path(kind): Path<String>,
) -> Result<Json<Described>, Problem> {
    let row = Row::of(&kind).map_err(Problem::missing)?;
    let test = site.bot.notify().service_test(row);
    Ok(Json(Described { test, summary: row.summary, schema: (row.schema)() }))
}

/// What a test may be given: what [`TEST_OPTIONS`](crate::bot::notify::TEST_OPTIONS) names, beside the kind's own options.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "it says what is accepted; `Notify::test_service` reads it")]
pub(super) struct Given {
    /// A configured notifier, whose options are taken where none are given.
    notifier: Option<String>,
    /// The first line of what is sent.
    title: Option<String>,
    /// More lines.
    text: Option<String>,
    /// What became of what it tells of: started, ok, warning, failed, error, canceled, pending, resolved, info, unknown.
    status: Option<String>,
    /// How bad that is: ok, info, warning, error, critical.
    level: Option<String>,
    /// Options of the kind, as `schema` of `GET /service-tests/{kind}` describes them.
    #[serde(flatten)]
    options: Map<String, Value>,
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
