//! Who listens to a topic.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::patch;
use super::problem::{Path, Problem, Raw};
use crate::bot::home::{OWN_KINDS, shown_handler};
use crate::model::HandlerSpec;
use crate::notifier::CATALOGUE;

/// The handlers in force and those that cannot be used.
async fn specs(site: &Site, topic: &str) -> Vec<HandlerSpec> {
    let live = site.bot.homes().turn().await.live().clone();
    live.handlers.iter().filter(|it| it.topic == topic).cloned().collect()
}

async fn spec(site: &Site, topic: &str, id: &str) -> Result<HandlerSpec, Problem> {
    let found = specs(site, topic).await.into_iter().find(|it| it.id == id);
    found.ok_or_else(|| Problem::missing(format!("the topic `{topic}` has no handler `{id}`")))
}

/// A handler as it may be shown: a secret is whether it is set.
fn whole(spec: &HandlerSpec) -> Handler {
    let (options, redacted) = shown_handler(spec);
    Handler {
        id: spec.id.clone(),
        topic: spec.topic.clone(),
        kind: spec.kind.clone(),
        options,
        redacted,
        matching: spec.matching.clone(),
    }
}

/// Who listens to a topic.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Handler {
    /// What it is called, unique in its topic.
    id: String,
    /// The topic.
    topic: String,
    /// A kind of notifier, `publish` or `aggregate`.
    kind: String,
    /// What the kind needs to know; a secret is whether it is set.
    options: Map<String, Value>,
    /// The options that are secrets.
    redacted: Vec<String>,
    /// An expression: only events for which it holds are handled.
    #[serde(rename = "match")]
    matching: Option<String>,
}

/// A handler that is to be made.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it says what is accepted; `wanted` reads it")]
pub(super) struct Made {
    /// What it is called, unique in its topic.
    id: String,
    /// A kind of notifier, or what the bot does itself.
    #[schemars(schema_with = "kinds")]
    kind: String,
    /// What the kind needs to know: options of a notifier, as `schema` of `GET /config/{kind}` describes them, and
    /// `notifier`, the name of one whose options are taken; of `publish` the `topics`; of `aggregate` the `topic` and the
    /// `interval`.
    #[serde(default)]
    options: Map<String, Value>,
    /// An expression: only events for which it holds are handled; all without it.
    #[serde(default, rename = "match")]
    matching: Option<String>,
    /// The topic of the address.
    #[serde(default)]
    topic: String,
    /// Passed over: what was shown can be sent back.
    #[serde(default)]
    redacted: Vec<String>,
}

/// A handler under the name that the address says.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it says what is accepted; `wanted` reads it")]
pub(super) struct Replaced {
    /// The name of the address.
    #[serde(default)]
    id: String,
    /// A kind of notifier, or what the bot does itself.
    #[schemars(schema_with = "kinds")]
    kind: String,
    /// What the kind needs to know, as where one is made.
    #[serde(default)]
    options: Map<String, Value>,
    /// An expression: only events for which it holds are handled; all without it.
    #[serde(default, rename = "match")]
    matching: Option<String>,
    /// The topic of the address.
    #[serde(default)]
    topic: String,
    /// Passed over: what was shown can be sent back.
    #[serde(default)]
    redacted: Vec<String>,
}

/// What changes of a handler.
#[derive(Debug, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it says what is accepted; `patch` reads it")]
pub(super) struct Changed {
    /// Another name: it is another handler then, and the first is gone.
    #[serde(default)]
    id: String,
    /// Another kind.
    #[serde(default)]
    #[schemars(schema_with = "kinds")]
    kind: String,
    /// Options with their new values; null takes one away.
    #[serde(default)]
    options: Map<String, Value>,
    /// Another expression; null for none.
    #[serde(default, rename = "match")]
    matching: Option<String>,
}

/// The kinds of handlers.
fn kinds(_: &mut SchemaGenerator) -> Schema {
    let all: Vec<&str> = CATALOGUE.iter().map(|row| row.kind).chain(OWN_KINDS).collect();
    json_schema!({"type": "string", "enum": all})
}

/// All who listen to a topic.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Handlers {
    /// The topic.
    topic: String,
    /// Each of them.
    handlers: Vec<Handler>,
}

/// The handlers of a topic.
pub(super) async fn list(State(site): State<Site>, Path(topic): Path<String>) -> Json<Handlers> {
    let all = specs(&site, &topic).await;
    Json(Handlers { topic, handlers: all.iter().map(whole).collect() })
}

/// One handler.
pub(super) async fn show(
    State(site): State<Site>,
    Path((topic, id)): Path<(String, String)>,
) -> Result<Json<Handler>, Problem> {
    Ok(Json(whole(&spec(&site, &topic, &id).await?)))
}

/// Makes one: 201 with it; 409 if there is one of its name.
pub(super) async fn create(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
    Raw(body): Raw,
) -> Result<(StatusCode, Json<Handler>), Problem> {
    let wanted = wanted(patch::read(&body)?, &topic, None)?;
    let kept = keep(&site, &caller, wanted, true).await?;
    Ok((StatusCode::CREATED, Json(whole(&kept))))
}

/// Makes one or replaces it.
pub(super) async fn replace(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path((topic, id)): Path<(String, String)>,
    Raw(body): Raw,
) -> Result<Json<Handler>, Problem> {
    let wanted = wanted(patch::read(&body)?, &topic, Some(&id))?;
    Ok(Json(whole(&keep(&site, &caller, wanted, false).await?)))
}

/// Changes one: the body is a JSON Merge Patch or a JSON Patch. Under another `id` it is another one, and the first is gone.
pub(super) async fn patch(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path((topic, id)): Path<(String, String)>,
    Raw(body): Raw,
) -> Result<Json<Handler>, Problem> {
    let before = spec(&site, &topic, &id).await?;
    let mut document = json!(before);
    patch::apply(&mut document, patch::read(&body)?)?;
    let Value::Object(document) = document else {
        return Err(Problem::wrong("a handler is an object"));
    };
    let wanted = wanted(document, &topic, None)?;
    let renamed = wanted.id != id;
    let kept = keep(&site, &caller, wanted, renamed).await?;
    if renamed {
        gone(&site, &caller, &topic, &id).await?;
    }
    Ok(Json(whole(&kept)))
}

/// Removes one.
pub(super) async fn remove(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path((topic, id)): Path<(String, String)>,
) -> Result<Json<Handler>, Problem> {
    let before = spec(&site, &topic, &id).await?;
    gone(&site, &caller, &topic, &id).await?;
    Ok(Json(whole(&before)))
}

async fn gone(site: &Site, caller: &Caller, topic: &str, id: &str) -> Result<(), Problem> {
    let body = Map::from_iter([("change".to_owned(), json!("handler removed"))]);
    let audit = caller.changed(site.world.now(), format!("topic/{topic}/{id}"), body);
    Ok(site.bot.notify().remove_handler(topic, Some(id), audit).await?)
}

/// A handler out of a body; the topic and the name are those of the address, where the body has none.
fn wanted(mut body: Map<String, Value>, topic: &str, id: Option<&str>) -> Result<HandlerSpec, Problem> {
    // What was shown can be sent back.
    body.shift_remove("redacted");
    if body.get("match").is_some_and(Value::is_null) {
        body.shift_remove("match");
    }
    for (key, own) in [("topic", Some(topic)), ("id", id)] {
        let Some(own) = own else { continue };
        match body.get(key).map(|given| given.as_str()) {
            None => drop(body.insert(key.to_owned(), json!(own))),
            Some(given) if given == Some(own) => {}
            Some(_) => {
                let why = format!("{key}: the address says `{own}`, the body something else");
                return Err(Problem::wrong(why).field(key));
            }
        }
    }
    serde_json::from_value(Value::Object(body))
        .map_err(|error| Problem::wrong(format!("this is no handler: {error}")))
}

async fn keep(site: &Site, caller: &Caller, wanted: HandlerSpec, new: bool) -> Result<HandlerSpec, Problem> {
    let mut body = Map::from_iter([("change".to_owned(), json!("handler"))]);
    if let Value::Object(whole) = json!(whole(&wanted)) {
        body.extend(whole);
    }
    let subject = format!("topic/{}/{}", wanted.topic, wanted.id);
    let audit = caller.changed(site.world.now(), subject, body);
    Ok(site.bot.notify().set_handler(wanted, new, audit).await?)
}
