//! A notifier as somebody sends it, to be made or changed.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::problem::Problem;
use super::{patch as body, tower};
use crate::model::About;
use crate::notifier::{Row, schema};

/// A notifier that somebody wants. What only the bot says (`id`, `state` and so on) may stand there too: what was shown
/// can be sent back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Its name: letters, digits, `-`, `_` and `.`, not digits alone.
    pub(super) name: String,
    /// Its kind, as `GET /config` lists them.
    #[serde(alias = "kind")]
    pub(super) notification_type: String,
    /// Its options, as `GET /config/{kind}` describes them, or as Tower has them.
    #[serde(default, alias = "options")]
    pub(super) notification_configuration: Map<String, Value>,
    /// What it is for.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Whether it takes part.
    #[serde(default)]
    pub(super) enabled: Option<bool>,
    /// Its own texts, as in `notifiers.yaml`: `{"error": {"message": "..."}}`.
    #[serde(default)]
    pub(super) messages: Option<Map<String, Value>>,
    /// Tower's organization; kept, and nothing depends on it.
    #[serde(default)]
    pub(super) organization: Value,
    /// How many of its deliveries may be on their way at once, 1 to 64; 8 without it.
    #[serde(default)]
    pub(super) in_flight: Option<i64>,
    /// How many at most in a time: `10/s`, `30/m`, `100/h`.
    #[serde(default)]
    pub(super) rate: Option<String>,
    /// Events below are not for it: ok, info, warning, error, critical.
    #[serde(default)]
    pub(super) level: Option<String>,
    /// The moments it hears of, as in `notifiers.yaml`; all if empty.
    #[serde(default)]
    pub(super) on: Vec<String>,
    /// Kinds of events that it takes, exact, with `*`, or `/regex/`; all if empty.
    #[serde(default)]
    pub(super) events: Vec<String>,
}

/// What the bot says and nobody sets.
const OURS: [&str; 14] = [
    "id",
    "type",
    "url",
    "related",
    "summary_fields",
    "source",
    "set",
    "targets",
    "state",
    "waiting",
    "held",
    "dead",
    "failing_since",
    "last_error",
];

/// The same where only some of it changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Changes {
    /// Its name; it cannot be changed.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Its kind; it cannot be changed.
    #[serde(default, alias = "kind")]
    pub(super) notification_type: Option<String>,
    /// Options with their new values; null takes one away.
    #[serde(default, alias = "options")]
    pub(super) notification_configuration: Map<String, Value>,
    /// What it is for.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Whether it takes part.
    #[serde(default)]
    pub(super) enabled: Option<bool>,
    /// Its own texts.
    #[serde(default)]
    pub(super) messages: Option<Map<String, Value>>,
    /// Tower's organization.
    #[serde(default)]
    pub(super) organization: Option<Value>,
    /// How many of its deliveries may be on their way at once; null for the usual number.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<i64>")]
    pub(super) in_flight: Option<Option<i64>>,
    /// How many at most in a time; null for as many as there are.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub(super) rate: Option<Option<String>>,
    /// Events below are not for it; null for all.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub(super) level: Option<Option<String>>,
    /// The moments it hears of.
    #[serde(default)]
    pub(super) on: Option<Vec<String>>,
    /// Kinds of events that it takes.
    #[serde(default)]
    pub(super) events: Option<Vec<String>>,
}

/// What is there, even if it is null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A body without what the bot says itself.
pub(super) fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut map: Map<String, Value> = body::read(bytes)?;
    OURS.iter().chain(&["created", "modified", "oldest"]).for_each(|key| drop(map.shift_remove(*key)));
    // It is the same as `notification_type`; both are shown.
    if map.contains_key("notification_type") {
        map.shift_remove("kind");
    }
    body::fit(Value::Object(map))
}

/// The kind of a notifier.
pub(super) fn row(kind: &str) -> Result<&'static Row, Problem> {
    Row::of(kind)
        .map_err(|why| Problem::wrong(format!("notification_type: {why}")).field("notification_type"))
}

/// Its options under our names, and all the rest.
pub(super) fn parts(row: &Row, wanted: Wanted) -> (Map<String, Value>, About) {
    let schema = (row.schema)();
    let options = tower::options(row.kind, &schema::keys(&schema), wanted.notification_configuration);
    let about = About {
        description: wanted.description.unwrap_or_default(),
        enabled: wanted.enabled.unwrap_or(true),
        messages: wanted.messages.unwrap_or_default(),
        organization: wanted.organization,
        in_flight: wanted.in_flight,
        rate: wanted.rate,
        level: wanted.level,
        on: wanted.on,
        events: wanted.events,
    };
    (options, about)
}
