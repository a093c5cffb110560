//! What it takes before something may run: `approval:` of an alias (under `extra`), an action or a rule of access.yaml.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nearest::nearest;
use super::units;

/// How long an approval is waited for, unless something else is said.
const WITHIN: Duration = Duration::from_secs(30 * 60);

/// The longest that an approval may be waited for.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// The most approvals that can be asked for.
const MOST: u64 = 20;

const KEYS: [&str; 6] = ["by", "count", "within", "in", "reason", "requester"];

/// One demand for approval. `{by: sre, count: 2, within: 30m, in: ["slack:#ops"], reason: required}`; `true` stands for
/// all defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Roles, groups and people, one of which an approver is of; empty for whoever a rule lets `approve` it.
    pub by: Vec<String>,
    /// How many people must approve, at least 1.
    pub count: usize,
    /// For how long they may.
    pub within: Duration,
    /// Where alone they may, as places of access.yaml; empty for everywhere.
    pub places: Vec<String>,
    /// Whether who approves must say why.
    pub reason: Reason,
}

/// Whether a reason is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// One may give a reason.
    Optional,
    /// One must.
    Required,
}

impl Default for Demand {
    fn default() -> Self {
        Self { by: Vec::new(), count: 1, within: WITHIN, places: Vec::new(), reason: Reason::Optional }
    }
}

impl Demand {
    /// Reads a demand; `None` for `false` and null.
    ///
    /// # Errors
    /// One sentence that begins with the key it is about.
    pub fn read(value: &Value) -> Result<Option<Self>, String> {
        match value {
            Value::Null | Value::Bool(false) => Ok(None),
            Value::Bool(true) => Ok(Some(Self::default())),
            Value::Object(map) => Self::from_map(map).map(Some),
            _ => Err("`true` or a mapping such as `{by: sre, count: 2, within: 30m}` is expected".to_owned()),
        }
    }

    fn from_map(map: &Map<String, Value>) -> Result<Self, String> {
        let mut demand = Self::default();
        for (key, value) in map {
            match key.as_str() {
                "by" => demand.by = words(key, value)?,
                "in" => demand.places = words(key, value)?,
                "count" => demand.count = count(value)?,
                "within" => demand.within = within(value)?,
                "reason" => demand.reason = reason(value)?,
                "requester" => requester(value)?,
                _ => return Err(unknown(key)),
            }
        }
        Ok(demand)
    }
}

fn unknown(key: &str) -> String {
    let near = nearest(key, KEYS).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    format!("unknown key `{key}`{near}")
}

/// One word or a list of them; an empty list would allow everybody or nobody, so it is a mistake.
fn words(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("{key}: a name or a list of names is expected");
    let one = |value: &Value| {
        value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(wrong)
    };
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().map(one).collect(),
        Value::Array(_) => Err(wrong()),
        single => Ok(vec![one(single)?]),
    }
}

fn count(value: &Value) -> Result<usize, String> {
    let found = value.as_u64().filter(|count| (1..=MOST).contains(count));
    let found = found.and_then(|count| usize::try_from(count).ok());
    found.ok_or_else(|| format!("count: a number from 1 to {MOST} is expected, `{value}` was found"))
}

fn within(value: &Value) -> Result<Duration, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let span = units::duration(&text).map_err(|why| format!("within: {why}"))?;
    let good = span >= Duration::from_secs(1) && span <= LONGEST;
    good.then_some(span)
        .ok_or_else(|| format!("within: a span from 1s to 30d is expected, `{text}` was found"))
}

fn reason(value: &Value) -> Result<Reason, String> {
    match value {
        Value::Bool(true) => Ok(Reason::Required),
        Value::Bool(false) => Ok(Reason::Optional),
        Value::String(word) if word == "required" => Ok(Reason::Required),
        Value::String(word) if word == "optional" => Ok(Reason::Optional),
        other => Err(format!("reason: `required` or `optional` is expected, `{other}` was found")),
    }
}

/// There is nothing to choose: who asks never approves.
fn requester(value: &Value) -> Result<(), String> {
    let never = value.as_str() == Some("never") || value == &Value::Bool(false);
    never
        .then_some(())
        .ok_or_else(|| "requester: only `never` is accepted: nobody approves what they ask for".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_demand_reads_as_people_write_it() {
        let whole = json!({"by": "sre", "count": 2, "within": "1h", "in": ["slack:#ops"], "reason": "required", "requester": "never"});
        let demand = Demand::read(&whole).unwrap().unwrap();
        assert_eq!((demand.by, demand.count, demand.within.as_secs()), (vec!["sre".to_owned()], 2, 3600));
        assert_eq!((demand.places, demand.reason), (vec!["slack:#ops".to_owned()], Reason::Required));
        assert_eq!(Demand::read(&json!(true)), Ok(Some(Demand::default())));
        assert_eq!(Demand::read(&json!(false)), Ok(None));
    }

    #[test]
    fn what_is_misspelt_is_never_a_weaker_demand() {
        let cases = [
            (json!({"bye": "sre"}), "unknown key `bye`, did you mean `by`?"),
            (json!({"by": []}), "by: a name or a list of names is expected"),
            (json!({"count": 0}), "count: a number from 1 to 20 is expected, `0` was found"),
            (json!({"count": "two"}), "count: a number"),
            (json!({"within": "soon"}), "within: `soon` is no span of time"),
            (json!({"within": "0s"}), "within: a span from 1s to 30d"),
            (json!({"requester": "may"}), "requester: only `never` is accepted"),
            (json!({"reason": 3}), "reason: `required` or `optional`"),
            (json!("sre"), "`true` or a mapping"),
        ];
        for (value, message) in cases {
            let error = Demand::read(&value).unwrap_err();
            assert!(error.starts_with(message), "{value}: {error}");
        }
    }
}
