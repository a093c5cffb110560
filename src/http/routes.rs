//! Routes: which there are, and what each makes of an event.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::paging::{Listed, Nothing, Page};
use super::problem::{Body, Problem};
use super::{Site, when};
use crate::model::{Event, EventStatus};
use crate::route::{Inherit, Route, Verdict};
use crate::topic;

/// A rule that sends events to notifiers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Rule {
    /// Its line in `notifiers.yaml`; none of what was attached here.
    line: Option<u64>,
    /// Where it stands: file, or api for what was attached.
    source: &'static str,
    /// The path that it, and everything below, is about.
    scope: Option<String>,
    /// Which events, in words; all without it.
    #[serde(rename = "match")]
    matching: Option<String>,
    /// At which moments; all if empty.
    on: Vec<String>,
    /// What becomes of the routes above: append, replace, none, or `except` with names.
    inherit: String,
    /// To whom; the options that it replaces by their names.
    send: Vec<Value>,
}

fn view(route: &Route) -> Rule {
    let send = route.send.iter().map(|send| {
        let options = send.options.as_ref().and_then(Value::as_object).into_iter().flat_map(Map::keys);
        json!({"notifier": send.notifier, "options": options.collect::<Vec<_>>()})
    });
    let matching = &route.matching;
    Rule {
        line: route.attached.is_none().then_some(route.line),
        source: if route.attached.is_some() { "api" } else { "file" },
        scope: route.scope.clone(),
        matching: (!matching.is_empty()).then(|| matching.to_string()),
        on: route.on.iter().map(ToString::to_string).collect(),
        inherit: match &route.inherit {
            Inherit::Append => "append".to_owned(),
            Inherit::Replace => "replace".to_owned(),
            Inherit::None => "none".to_owned(),
            Inherit::Except(names) => format!("except {}", names.join(", ")),
        },
        send: send.collect(),
    }
}

/// The routes of the file in its order, then what was attached.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let home = site.bot.homes().current();
    paging.cut(home.notifying.rules.routes.iter().map(view).collect()).map(Json)
}

/// An event to be explained.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The event, as it would be told.
    event: Map<String, Value>,
    /// What became of its subject before; without it the event is the next about what is known of it.
    #[serde(default)]
    subject_status: Option<String>,
    /// When it comes; without it now.
    #[serde(default)]
    at: Option<String>,
}

/// What every route means for an event.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Explained {
    /// What the event is about.
    subject: String,
    /// How many notifications would go out.
    sends: usize,
    /// Each route, and each notifier of those that apply: `{"line", "attached", "notifier", "sends", "why"}`.
    routes: Vec<Value>,
    /// Who is told later if nobody takes care of it: `{"line", "escalates_to", "after_seconds", "at", "why"}`.
    escalations: Vec<Value>,
    /// The handlers of the event's topics.
    topics: Vec<Value>,
}

/// Says which route sends an event where, and why not elsewhere. Nothing is sent.
pub(super) async fn explained(
    State(site): State<Site>,
    Body(question): Body<Question>,
) -> Result<Json<Explained>, Problem> {
    let event = Event::from_json(&Value::Object(question.event)).map_err(|error| {
        let field = format!("event.{}", error.field);
        Problem::wrong(format!("{field}: {}", error.message)).field(field)
    })?;
    let now = when::optional(question.at.as_ref(), "at", site.world.now())?;
    let status = question.subject_status.map(|word| word.parse::<EventStatus>());
    let status = status
        .transpose()
        .map_err(|error| Problem::wrong(format!("subject_status: {error}")).field("subject_status"))?;
    let explained = site.bot.notify().explain(event, status, now).await?;
    let sent = |verdict: &&Verdict| verdict.sends.as_ref().is_some_and(crate::route::Decision::is_sent);
    Ok(Json(Explained {
        subject: explained.subject,
        sends: explained.routes.iter().filter(sent).count(),
        routes: explained.routes.iter().map(|verdict| json!(verdict)).collect(),
        escalations: explained.escalations.iter().map(|one| json!(one)).collect(),
        topics: explained.topics.iter().map(|verdict: &topic::Verdict| json!(verdict)).collect(),
    }))
}
