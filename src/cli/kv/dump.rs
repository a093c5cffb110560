//! What `st2 key list -j` writes: a JSON list of keys, taken over one by one.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Whose;
use super::place::{Place, Wanted};
use crate::cli::print::counted;
use crate::config::read_file;
use crate::model::{Secret, Timestamp};
use crate::net::World;
use crate::template::decrypt_stackstorm;

/// A key as StackStorm writes it; more of it means nothing here.
#[derive(Deserialize)]
struct Dumped {
    name: String,
    value: Value,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    secret: Flag,
    #[serde(default)]
    encrypted: Flag,
    #[serde(default)]
    expire_timestamp: Option<String>,
    #[serde(default)]
    ttl: Option<f64>,
}

/// A boolean, perhaps as text.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Flag {
    #[default]
    Absent,
    Is(bool),
    Word(String),
}

impl Flag {
    fn is_set(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Is(is) => *is,
            Self::Word(word) => word.eq_ignore_ascii_case("true"),
        }
    }
}

/// What became of each key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Report {
    kept: Vec<String>,
    left_out: Vec<(String, String)>,
}

impl Report {
    pub(super) fn json(&self) -> Value {
        let left_out = self.left_out.iter().map(|(name, why)| json!({"name": name, "why": why}));
        json!({"kept": self.kept, "left_out": left_out.collect::<Vec<_>>()})
    }

    pub(super) fn text(&self, dry_run: bool) -> String {
        let done = if dry_run { "would keep" } else { "kept" };
        let mut lines = vec![format!("{done} {}", counted(self.kept.len(), "key"))];
        lines.extend(self.left_out.iter().map(|(name, why)| format!("left out {name}: {why}")));
        lines.join("\n")
    }
}

/// Takes over what `file` lists.
pub(super) async fn import(
    place: &Place,
    file: &Path,
    key_file: Option<&Path>,
    dry_run: bool,
) -> anyhow::Result<Report> {
    let dumped: Vec<Dumped> = serde_json::from_str(&read_file(file)?).with_context(|| {
        format!("`{}` is not a list of keys as `st2 key list -j` writes it", file.display())
    })?;
    let key = key_file.map(read_file).transpose()?.map(Secret::new);
    let now = World::real().now();
    let mut report = Report::default();
    for dumped in dumped {
        let done = match ready(&dumped, key.as_ref(), now) {
            Ok(_) if dry_run => Ok(()),
            Ok(pair) => pair.keep(place).await.map_err(|error| format!("{error:#}")),
            Err(why) => Err(why),
        };
        match done {
            Ok(()) => report.kept.push(dumped.name),
            Err(why) => report.left_out.push((dumped.name, why)),
        }
    }
    Ok(report)
}

/// A key as it is kept here.
struct Ready {
    whose: Whose,
    name: String,
    value: String,
    secret: bool,
    ttl: Option<Duration>,
}

impl Ready {
    async fn keep(&self, place: &Place) -> anyhow::Result<()> {
        let Self { whose, name, value, secret, ttl } = self;
        place.set(whose, &Wanted { name, value, secret: *secret, ttl: *ttl }).await.map(drop)
    }
}

fn ready(dumped: &Dumped, key: Option<&Secret>, now: Timestamp) -> Result<Ready, String> {
    let text = match &dumped.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let value = match (dumped.encrypted.is_set(), key) {
        (false, _) => text,
        (true, Some(key)) => decrypt_stackstorm(key, &text)?,
        (true, None) => {
            return Err("it is encrypted: name StackStorm's key file with `--key-file`".to_owned());
        }
    };
    let scope = dumped.scope.as_deref().unwrap_or("system").trim_start_matches("st2kv.").to_owned();
    let (user, name) = match scope.as_str() {
        "system" => (None, dumped.name.as_str()),
        "user" => owned(dumped)?,
        other => return Err(format!("the scope `{other}` is not known")),
    };
    let secret = dumped.secret.is_set() || dumped.encrypted.is_set();
    let whose = Whose { scope, user };
    Ok(Ready { whose, name: name.to_owned(), value, secret, ttl: left(dumped, now)? })
}

/// Whose key of the scope `user`: its own field, or what stands before the first colon of the name.
fn owned(dumped: &Dumped) -> Result<(Option<String>, &str), String> {
    let user = dumped.user.as_deref().filter(|user| !user.is_empty());
    let split = dumped.name.split_once(':');
    match (user, split) {
        (Some(user), Some((first, name))) if first == user => Ok((Some(user.to_owned()), name)),
        (Some(user), _) => Ok((Some(user.to_owned()), &dumped.name)),
        (None, Some((user, name))) => Ok((Some(user.to_owned()), name)),
        (None, None) => Err("it does not say whose it is".to_owned()),
    }
}

/// How long it is still kept.
fn left(dumped: &Dumped, now: Timestamp) -> Result<Option<Duration>, String> {
    let over = || "it has expired".to_owned();
    if let Some(at) = dumped.expire_timestamp.as_deref().filter(|at| !at.is_empty()) {
        let at: jiff::Timestamp = at.parse().map_err(|_| format!("`{at}` is no time"))?;
        let left = at.as_microsecond() - now.as_micros();
        return u64::try_from(left)
            .ok()
            .filter(|left| *left > 0)
            .map(Duration::from_micros)
            .map(Some)
            .ok_or_else(over);
    }
    match dumped.ttl {
        Some(ttl) if ttl > 0.0 => {
            Duration::try_from_secs_f64(ttl).map(Some).map_err(|error| error.to_string())
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn one(value: Value, key: Option<&Secret>) -> Result<Ready, String> {
        ready(&serde_json::from_value(value).unwrap(), key, NOW)
    }

    #[test]
    fn keys_are_read_as_stackstorm_lists_them() {
        let plain = one(
            json!({"name": "a.b", "value": {"n": 1}, "scope": "st2kv.system", "uid": "x", "secret": "False"}),
            None,
        );
        let plain = plain.unwrap();
        assert_eq!((plain.name.as_str(), plain.value.as_str(), plain.secret), ("a.b", "{\"n\":1}", false));
        let own = one(json!({"name": "ann:x", "value": "1", "scope": "st2kv.user"}), None).unwrap();
        assert_eq!((own.whose.user.as_deref(), own.name.as_str()), (Some("ann"), "x"));
        let own =
            one(json!({"name": "x", "value": "1", "scope": "user", "user": "ann", "ttl": 60}), None).unwrap();
        assert_eq!((own.whose.user.as_deref(), own.ttl), (Some("ann"), Some(Duration::from_secs(60))));
    }

    #[test]
    fn what_expired_or_cannot_be_decrypted_is_left_out_with_the_reason() {
        let gone = one(json!({"name": "a", "value": "x", "expire_timestamp": "2020-01-01T00:00:00Z"}), None);
        assert_eq!(gone.err().unwrap(), "it has expired");
        let sealed = json!({"name": "a", "value": "3030", "secret": true, "encrypted": true});
        assert!(one(sealed.clone(), None).err().unwrap().contains("--key-file"));
        let rows: Value =
            serde_json::from_str(include_str!("../../../tests/data/workflows/vectors.json")).unwrap();
        let row = &rows["secrets"][2];
        let key = Secret::new(row["key"].to_string());
        assert!(one(sealed, Some(&key)).err().unwrap().contains("too short"));
        let good = json!({"name": "a", "value": row["ciphertext"], "secret": true, "encrypted": true});
        let good = one(good, Some(&key)).unwrap();
        assert_eq!((good.value.as_str(), good.secret), ("s3cret", true));
    }
}
