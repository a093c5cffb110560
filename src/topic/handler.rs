//! Handlers, checked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::aggregate::Aggregate;
use super::facts::sample;
use super::name::check_name;
use crate::config::units;
use crate::model::HandlerSpec;
use crate::template::Conditions;

/// The most topics that one handler publishes to.
const MOST_TOPICS: usize = 32;

/// Shorter is no gathering, longer is forgotten.
const INTERVALS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(7 * 86_400)];

/// What a handler does with an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Does {
    /// Tells a notifier.
    Notify {
        /// Its name.
        notifier: String,
        /// Options that the handler replaces.
        options: Option<Value>,
    },
    /// Hands it on to other topics.
    Publish(Vec<String>),
    /// Gathers for a while, then tells another topic of all in one event.
    Aggregate(Aggregate),
}

/// One listener of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    /// The topic.
    pub topic: String,
    /// What it is called there.
    pub id: String,
    /// What it does.
    pub does: Does,
    /// When; `None` for always.
    pub matching: Option<String>,
}

/// Who listens, by topic.
#[derive(Default)]
pub struct Topics {
    /// The handlers of each topic, in the order of their names.
    pub handlers: BTreeMap<String, Vec<Handler>>,
    /// Asks their conditions.
    pub(super) conditions: Conditions,
}

impl std::fmt::Debug for Topics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.handlers.fmt(f)
    }
}

impl Topics {
    /// These handlers.
    pub fn new(handlers: impl IntoIterator<Item = Handler>) -> Self {
        let mut topics = Self::default();
        for handler in handlers {
            topics.handlers.entry(handler.topic.clone()).or_default().push(handler);
        }
        topics
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    topics: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gather {
    interval: String,
    topic: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// Reads a handler. What tells a notifier is for `notify` to read: it gets the options and gives the notifier's name and
/// the options that are replaced.
///
/// # Errors
/// What is wrong, and with which part of the handler: `("match", "match:1: ...")`.
pub fn read(
    spec: &HandlerSpec,
    notify: impl FnOnce(&Map<String, Value>) -> Result<Does, String>,
) -> Result<Handler, (&'static str, String)> {
    check_name("topic", &spec.topic).map_err(|why| ("topic", why))?;
    check_name("id", &spec.id).map_err(|why| ("id", why))?;
    let does = match spec.kind.as_str() {
        "publish" => publish(spec),
        "aggregate" => aggregate(spec),
        _ => notify(&spec.options),
    };
    let does = does.map_err(|why| ("options", why))?;
    if let Some(source) = &spec.matching {
        let checked = Conditions::default().check("match", source, &sample());
        checked.map_err(|error| ("match", error.to_string()))?;
    }
    Ok(Handler { topic: spec.topic.clone(), id: spec.id.clone(), does, matching: spec.matching.clone() })
}

fn options<T: DeserializeOwned>(spec: &HandlerSpec) -> Result<T, String> {
    serde_json::from_value(Value::Object(spec.options.clone())).map_err(|error| format!("options: {error}"))
}

fn publish(spec: &HandlerSpec) -> Result<Does, String> {
    let Publish { topics } = options(spec)?;
    if topics.is_empty() || topics.len() > MOST_TOPICS {
        return Err(format!("options.topics: 1 to {MOST_TOPICS} topics are accepted"));
    }
    topics.iter().try_for_each(|topic| check_name("options.topics", topic))?;
    if topics.contains(&spec.topic) {
        return Err(format!("options.topics: `{}` is the handler's own topic", spec.topic));
    }
    Ok(Does::Publish(topics))
}

fn aggregate(spec: &HandlerSpec) -> Result<Does, String> {
    let Gather { interval, topic, id, message } = options(spec)?;
    let span = units::duration(&interval).map_err(|why| format!("options.interval: {why}"))?;
    if span < INTERVALS[0] || span > INTERVALS[1] {
        return Err("options.interval: 1 s to 7 days are accepted".to_owned());
    }
    check_name("options.topic", &topic)?;
    if topic == spec.topic {
        return Err(format!("options.topic: `{topic}` is the handler's own topic"));
    }
    let id = id.unwrap_or_else(|| format!("{}/{}", spec.topic, spec.id));
    check_name("options.id", &id)?;
    Ok(Does::Aggregate(Aggregate { interval: span, id, topic, message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong(spec: &Value) -> (&'static str, String) {
        let spec: HandlerSpec = serde_json::from_value(spec.clone()).unwrap();
        read(&spec, |_| Err("no notifiers".to_owned())).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_named() {
        let publish =
            |options: Value| wrong(&json!({"topic": "t", "id": "h", "kind": "publish", "options": options}));
        assert!(publish(json!({})).1.contains("`topics`"));
        assert!(publish(json!({"topic": ["a"]})).1.contains("expected `topics`"));
        assert!(publish(json!({"topics": ["t"]})).1.contains("own topic"));
        assert!(publish(json!({"topics": []})).1.contains("1 to 32"));
        let gather = |options: Value| {
            wrong(&json!({"topic": "t", "id": "h", "kind": "aggregate", "options": options}))
        };
        assert!(gather(json!({"interval": "10s", "topic": "t"})).1.contains("own topic"));
        assert!(gather(json!({"interval": "soon", "topic": "u"})).1.contains("options.interval"));
        assert!(gather(json!({"interval": "8d", "topic": "u"})).1.contains("7 days"));
        assert_eq!(
            wrong(&json!({"topic": "t", "id": "h", "kind": "slack"})),
            ("options", "no notifiers".into())
        );
        let spec = json!({"topic": "t", "id": "h", "kind": "publish", "options": {"topics": ["u"]}, "match": "level >"});
        let (part, why) = wrong(&spec);
        assert_eq!(part, "match");
        assert!(why.contains("match:1") && why.contains('^'), "{why}");
    }
}
