//! A notifier with other options: those of a route, of a test, of an admin while the bot runs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Configured, Hidden, Origin, Row, Service, is_name, options, texts};
use crate::model::{About, Moment};
use crate::notifier::pace::{self, Rate};
use crate::notifier::schema;
use crate::notifier::texts::Text;

impl Configured {
    /// The same destination with some options replaced, as a route's `send:` may ask: `{"channels": ["#web"]}`.
    ///
    /// # Errors
    /// An option is unknown, of the wrong kind or not accepted; one sentence without values.
    pub fn with(&self, overrides: &Map<String, Value>) -> Result<Service, String> {
        self.laid(overrides).map(|(service, _)| service)
    }

    /// The same notifier with some options replaced, for good.
    ///
    /// # Errors
    /// As [`Configured::with`].
    pub fn overridden(&self, overrides: &Map<String, Value>) -> Result<Self, String> {
        let (service, options) = self.laid(overrides)?;
        let mut written = self.written.0.clone();
        options::own(&mut written).into_iter().for_each(|own| options::lay_over(own, overrides));
        Ok(Self {
            name: self.name.clone(),
            description: self.description.clone(),
            enabled: self.enabled,
            messages: self.messages.clone(),
            in_flight: self.in_flight,
            rate: self.rate.clone(),
            service,
            options: Hidden(options),
            written: Hidden(written),
            origin: self.origin.clone(),
        })
    }

    fn laid(&self, overrides: &Map<String, Value>) -> Result<(Service, Map<String, Value>), String> {
        laid(self.options.0.clone(), overrides, &self.origin)
    }

    /// A notifier of a kind that no file has.
    ///
    /// # Errors
    /// The kind or the name is none, or as [`Configured::with`].
    pub fn added(
        kind: &str,
        name: &str,
        given: &Map<String, Value>,
        origin: &Origin,
    ) -> Result<Self, String> {
        let row = Row::of(kind)?;
        if !is_name(name) {
            return Err(format!("`{name}` is no name: letters, digits, `-`, `_` and `.` are accepted"));
        }
        let empty = Map::from_iter([(row.kind.to_owned(), Value::Object(Map::new()))]);
        let (service, options) = laid(empty, given, origin)?;
        Ok(Self {
            name: name.to_owned(),
            description: String::new(),
            enabled: true,
            messages: BTreeMap::new(),
            in_flight: None,
            rate: None,
            service,
            options: Hidden(options),
            written: Hidden(Map::from_iter([(row.kind.to_owned(), Value::Object(given.clone()))])),
            origin: origin.clone(),
        })
    }

    /// The same with what else an added one has.
    ///
    /// # Errors
    /// A text is no template, or names what no event has; a number or a rate is none: one sentence that begins with the
    /// part, such as `rate: `.
    pub fn about(mut self, about: &About) -> Result<Self, String> {
        self.description.clone_from(&about.description);
        self.enabled = about.enabled;
        self.messages = texts::of(&about.messages)?;
        self.in_flight =
            about.in_flight.map(pace::in_flight).transpose().map_err(|why| format!("in_flight: {why}"))?;
        self.rate =
            about.rate.as_deref().map(Rate::parse).transpose().map_err(|why| format!("rate: {why}"))?;
        Ok(self)
    }

    /// What another one needs to be the same: its options as they were written, secrets among them, its texts and how
    /// fast it may be asked. Which events it hears of is for the routes to say.
    pub fn blueprint(&self) -> (Map<String, Value>, About) {
        let own = self.written.0.values().next().and_then(Value::as_object);
        let text = |(moment, text): (&Moment, &Text)| {
            let parts = [("message", &text.message), ("body", &text.body), ("html", &text.html)];
            let given =
                parts.into_iter().filter_map(|(name, it)| Some((name.to_owned(), json!(it.as_ref()?))));
            (moment.word().to_owned(), Value::Object(given.collect()))
        };
        let about = About {
            description: self.description.clone(),
            enabled: self.enabled,
            messages: self.messages.iter().map(text).collect(),
            in_flight: self.in_flight.and_then(|most| i64::try_from(most).ok()),
            rate: self.rate.as_ref().map(|rate| rate.text().to_owned()),
            ..About::default()
        };
        (own.cloned().unwrap_or_default(), about)
    }

    /// Its options as they may be shown, and what was cut; see [`schema::redact`]. What stands elsewhere is shown by its
    /// name, `${NAME}`.
    pub fn shown(&self) -> (Map<String, Value>, Vec<String>) {
        let schema = Row::of(self.service.kind()).map(|row| (row.schema)()).unwrap_or_default();
        let own = self.written.0.values().next().and_then(Value::as_object);
        schema::redact(&schema, own.unwrap_or(&Map::new()))
    }
}

/// Options under their kind, with others laid over them, and what they make.
fn laid(
    mut all: Map<String, Value>,
    overrides: &Map<String, Value>,
    origin: &Origin,
) -> Result<(Service, Map<String, Value>), String> {
    let given = options::expanded(overrides.clone(), &origin.env, &origin.base)?;
    let own = options::own(&mut all).ok_or("the notifier has no options")?;
    options::lay_over(own, &given);
    options::at_home(own, &origin.base);
    if given != *overrides {
        return Ok((super::build(&all)?, all));
    }
    let service: Service =
        serde_json::from_value(Value::Object(all.clone())).map_err(|error| options::told(&error))?;
    service.check()?;
    Ok((service, all))
}
