//! Topics: which there are, and what they remember.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::caller::Caller;
use super::problem::{Path, Problem, Query};
use super::service_tests::pattern;
use super::{Site, when};
use crate::model::{Level, TopicEvent};
use crate::store::{Reader, TopicLine};

/// Which topics, or which of a topic's events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Asked {
    /// A topic's name, `*` for any characters.
    pattern: Option<String>,
    /// At least so bad.
    min_level: Option<String>,
    /// At most so many events.
    limit: Option<usize>,
}

impl Asked {
    fn least(&self) -> Result<Level, Problem> {
        let Some(word) = &self.min_level else { return Ok(Level::Ok) };
        word.to_lowercase()
            .parse()
            .map_err(|error| Problem::wrong(format!("min-level: {error}")).field("min-level"))
    }
}

/// Every topic, also those that only have handlers.
async fn lines(site: &Site) -> Result<Vec<TopicLine>, Problem> {
    let mut lines = site.bot.store().read(Reader::topics).await?;
    for name in handlers_of(site).keys() {
        if !lines.iter().any(|line| line.name == *name) {
            lines.push(TopicLine { name: name.clone(), level: Level::Ok, events: 0 });
        }
    }
    lines.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(lines)
}

fn handlers_of(site: &Site) -> std::collections::BTreeMap<String, usize> {
    let home = site.bot.homes().current();
    home.notifying.topics.handlers.iter().map(|(topic, all)| (topic.clone(), all.len())).collect()
}

/// A topic.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Topic {
    /// Its name.
    id: String,
    /// How bad the worst thing in it is.
    #[schemars(with = "String")]
    level: Level,
    /// How many things it remembers.
    events: u64,
    /// How many listen.
    handlers: usize,
}

/// The topics.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Topics {
    /// By name.
    topics: Vec<Topic>,
}

fn whole(site: &Site, line: &TopicLine) -> Topic {
    let handlers = handlers_of(site).get(&line.name).copied().unwrap_or_default();
    Topic { id: line.name.clone(), level: line.level, events: line.events, handlers }
}

/// The topics, by name.
pub(super) async fn list(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
) -> Result<Json<Topics>, Problem> {
    let (pattern, least) = (pattern(asked.pattern.as_deref())?, asked.least()?);
    let all = lines(&site).await?;
    let fit = all.iter().filter(|line| line.level >= least && pattern.fits(&line.name));
    Ok(Json(Topics { topics: fit.map(|line| whole(&site, line)).collect() }))
}

/// One topic.
pub(super) async fn show(
    State(site): State<Site>,
    Path(topic): Path<String>,
) -> Result<Json<Topic>, Problem> {
    let all = lines(&site).await?;
    let line = all.iter().find(|line| line.name == topic).ok_or_else(|| missing(&topic))?;
    Ok(Json(whole(&site, line)))
}

fn missing(topic: &str) -> Problem {
    Problem::missing(format!("there is no topic `{topic}`: nothing was told to it and nobody listens"))
}

/// Removes a topic: what it remembers, its handlers, and what they gather.
pub(super) async fn remove(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
) -> Result<Json<Topic>, Problem> {
    let all = lines(&site).await?;
    let line = all.iter().find(|line| line.name == topic).ok_or_else(|| missing(&topic))?;
    let answer = whole(&site, line);
    let mut body = Map::from_iter([("change".to_owned(), json!("topic removed"))]);
    body.insert("was".to_owned(), json!(answer));
    let audit = caller.changed(site.world.now(), format!("topic/{topic}"), body);
    site.bot.notify().remove_handler(&topic, None, audit).await?;
    Ok(Json(answer))
}

/// What a topic remembers of one thing.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Remembered {
    /// The thing: the subject's key of its events.
    id: String,
    /// How bad it is.
    #[schemars(with = "String")]
    level: Level,
    /// What it is called.
    title: String,
    /// Since when it is not ok; none while it is.
    since: Option<String>,
    /// When the last event about it came.
    at: String,
    /// That event.
    event: i64,
}

/// What a topic remembers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Memory {
    /// The topic.
    topic: String,
    /// Each thing, the worst first.
    events: Vec<Remembered>,
}

/// What a topic remembers, the worst first.
pub(super) async fn events(
    State(site): State<Site>,
    Path(topic): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Memory>, Problem> {
    let (least, limit) = (asked.least()?, when::limit(asked.limit.or(Some(usize::MAX))));
    let name = topic.clone();
    let found = site.bot.store().read(move |reader| reader.topic_events(&name, least, limit)).await?;
    if found.is_empty() && !lines(&site).await?.iter().any(|line| line.name == topic) {
        return Err(missing(&topic));
    }
    Ok(Json(Memory { topic, events: found.iter().map(shown).collect() }))
}

/// What a topic remembers of one thing.
pub(super) async fn event(
    State(site): State<Site>,
    Path((topic, id)): Path<(String, String)>,
) -> Result<Json<Remembered>, Problem> {
    let (name, key) = (topic.clone(), id.clone());
    let found = site.bot.store().read(move |reader| reader.topic_event(&name, &key)).await?;
    let found = found.ok_or_else(|| Problem::missing(format!("the topic `{topic}` remembers no `{id}`")))?;
    Ok(Json(shown(&found)))
}

fn shown(event: &TopicEvent) -> Remembered {
    Remembered {
        id: event.id.clone(),
        level: event.level,
        title: event.title.clone(),
        since: event.since.map(|time| time.to_string()),
        at: event.at.to_string(),
        event: event.event,
    }
}
