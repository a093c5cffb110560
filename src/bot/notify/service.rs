//! A test of a kind of service with options that need not be configured: sent for real, and kept in the history where a
//! notifier of the kind is.

use std::sync::{Arc, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::configure::unknown;
use super::trial::{order, sample};
use super::{Notify, Tested, Unfit};
use crate::bot::home::{Home, Way};
use crate::config::nearest::hint;
use crate::model::{Event, EventStatus, Level, Noun};
use crate::notifier::{CATALOGUE, Configured, Mode, Row, schema};

/// The options of a test beside those of the kind.
pub const TEST_OPTIONS: [&str; 5] = ["notifier", "title", "text", "status", "level"];

/// How the marks of options begin that are only tried.
const TRIAL: &str = "test-";

/// Whether options were only tried, and are not to be found later.
pub(super) fn is_trial(mark: &str) -> bool {
    mark.starts_with(TRIAL)
}

/// What a kind is tested with.
#[derive(Debug, Clone, PartialEq, serde::Serialize, JsonSchema)]
pub struct ServiceTest {
    /// The kind.
    pub name: &'static str,
    /// The test options, filled in from a configured notifier where there is one; secrets are whether they are set.
    pub options: Map<String, Value>,
    /// The options that are secrets.
    pub redacted: Vec<String>,
}

impl Notify {
    /// What every kind is tested with.
    pub fn service_tests(&self) -> Vec<ServiceTest> {
        let home = self.homes.current();
        CATALOGUE.iter().map(|row| service_test(&home, row)).collect()
    }

    /// What one kind is tested with.
    pub fn service_test(&self, row: &'static Row) -> ServiceTest {
        service_test(&self.homes.current(), row)
    }

    /// Sends a test with `given` options; what is not given comes from the notifier that they name, or the first of the
    /// kind.
    ///
    /// # Errors
    /// There is no such kind or notifier, or an option is unknown. Options that cannot work, and what the service says,
    /// are outcomes of the test: the inner result.
    pub async fn test_service(
        &self,
        kind: &str,
        mut given: Map<String, Value>,
    ) -> Result<Result<Vec<Tested>, String>, Unfit> {
        let row = Row::of(kind).map_err(Unfit::Missing)?;
        let home = self.homes.current();
        let schema = (row.schema)();
        let event = event(&mut given)?;
        let base = base(&home, kind, given.shift_remove("notifier"))?;
        let known = schema::keys(&schema);
        if let Some(key) = given.keys().find(|key| !known.contains(&key.as_str())) {
            let all: Vec<&str> = known.iter().copied().chain(TEST_OPTIONS).collect();
            return Err(Unfit::Wrong(key.clone(), unknown(kind, key, &all)));
        }
        // What was shown can be sent back: there null is what has no value.
        given.retain(|_, value| !value.is_null());
        schema::unmask(&schema, &mut given);
        Ok(match base {
            Some(base) if base.enabled => self.test_like(base, &given, event).await,
            Some(base) => match base.with(&given) {
                Ok(service) => Ok(self.test_alone(&home, Way::trial(base, service), event).await),
                Err(why) => Err(why),
            },
            None => match home.notifying.made(kind, &given).and_then(|it| Ok((it.with(&Map::new())?, it))) {
                Ok((service, made)) => {
                    Ok(self.test_alone(&home, Way::trial(Arc::new(made), service), event).await)
                }
                Err(why) => Err(why),
            },
        })
    }

    async fn test_alone(&self, home: &Home, way: Way, event: Event) -> Vec<Tested> {
        let order = order(&event, None);
        self.hand_over((home, &way), event, &order, Mode::Send).await
    }

    /// The way of every delivery, by options that are known as long as the test runs.
    async fn test_like(
        &self,
        base: Arc<Configured>,
        options: &Map<String, Value>,
        event: Event,
    ) -> Result<Vec<Tested>, String> {
        if options.is_empty() {
            return self.test(&base.name, Some(event), false).await;
        }
        let service = base.with(options)?;
        let mark = format!("{TRIAL}{}", self.store.id(Noun::Delivery));
        let key = (base.name.clone(), mark.clone());
        let way = Way::trial(base, service);
        self.trials().insert(key.clone(), way.clone());
        let order = order(&event, Some(mark));
        let outcome = self.tell_all(&way, event, &order).await;
        self.trials().remove(&key);
        outcome
    }

    fn trials(&self) -> MutexGuard<'_, std::collections::BTreeMap<(String, String), Way>> {
        self.trials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Options that are only tried.
    pub(super) fn tried(&self, notifier: &str, mark: &str) -> Option<Way> {
        self.trials().get(&(notifier.to_owned(), mark.to_owned())).cloned()
    }
}

fn service_test(home: &Home, row: &'static Row) -> ServiceTest {
    let sample = sample();
    let base = of_kind(home, row.kind).next();
    let (own, redacted) = match base {
        Some(base) => base.shown(),
        None => {
            let schema = (row.schema)();
            let (mut own, redacted) = schema::redact(&schema, &Map::new());
            for (key, option) in schema["properties"].as_object().into_iter().flatten() {
                own.entry(key.clone())
                    .or_insert_with(|| option.get("default").cloned().unwrap_or(Value::Null));
            }
            (own, redacted)
        }
    };
    let name = base.map(|base| base.name.clone());
    let mut options = Map::from_iter([
        ("notifier".to_owned(), json!(name)),
        ("title".to_owned(), json!(sample.title)),
        ("text".to_owned(), json!(sample.text)),
        ("status".to_owned(), json!(sample.status)),
        ("level".to_owned(), json!(sample.level)),
    ]);
    options.extend(own);
    ServiceTest { name: row.kind, options, redacted }
}

/// The notifiers of a kind, those that are on first.
fn of_kind<'h>(home: &'h Home, kind: &'h str) -> impl Iterator<Item = &'h Arc<Configured>> {
    let all = || home.notifying.notifiers().values().filter(move |it| it.service.kind() == kind);
    all().filter(|it| it.enabled).chain(all().filter(|it| !it.enabled))
}

fn base(home: &Home, kind: &str, named: Option<Value>) -> Result<Option<Arc<Configured>>, Unfit> {
    let name = match named {
        None | Some(Value::Null) => return Ok(of_kind(home, kind).next().cloned()),
        Some(Value::String(name)) => name,
        Some(_) => {
            return Err(Unfit::Wrong(
                "notifier".to_owned(),
                "`notifier`: the name of a notifier is expected".to_owned(),
            ));
        }
    };
    let found = of_kind(home, kind).find(|it| it.name == name).cloned();
    found.map(Some).ok_or_else(|| {
        let names: Vec<&str> = of_kind(home, kind).map(|it| it.name.as_str()).collect();
        let near = hint(&name, names.iter().copied()).map(|near| format!(": {near}")).unwrap_or_default();
        let why = format!("there is no notifier `{name}` of kind `{kind}`{near}");
        Unfit::Wrong("notifier".to_owned(), why)
    })
}

/// The event of a test; takes its parts out of the options.
fn event(given: &mut Map<String, Value>) -> Result<Event, Unfit> {
    let mut event = sample();
    for (key, place) in [("title", &mut event.title), ("text", &mut event.text)] {
        match given.shift_remove(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => *place = text,
            Some(_) => return Err(Unfit::Wrong(key.to_owned(), format!("`{key}`: a text is expected"))),
        }
    }
    let status = word::<EventStatus>(given, "status")?;
    event.status = status.unwrap_or(event.status);
    let usual = status.map(EventStatus::usual_level);
    event.level = word::<Level>(given, "level")?.or(usual).unwrap_or(event.level);
    Ok(event)
}

fn word<T: serde::de::DeserializeOwned>(
    given: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<T>, Unfit> {
    match given.shift_remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|error| Unfit::Wrong(key.to_owned(), format!("`{key}`: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_has_an_option_that_means_something_else_in_a_test() {
        for row in CATALOGUE {
            let schema = (row.schema)();
            assert!(schema::keys(&schema).iter().all(|key| !TEST_OPTIONS.contains(key)), "{}", row.kind);
        }
    }
}
