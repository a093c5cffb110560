//! One entry of `notifiers:`: all that is wrong with it, or the notifier.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Configured, Entry, Hidden, Origin, Written, form as service_of, is_name, options};
use crate::config::env::Env;
use crate::config::yaml::{self, Spanned, line_of};
use crate::config::{ConfigError, Problem};
use crate::model::Moment;
use crate::notifier::pace::{self, Rate};
use crate::notifier::proof::{self, Form};
use crate::notifier::{Messages, Service, Text, place};

/// One entry's surroundings.
pub(super) struct Reader<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
    pub(super) key: String,
    pub(super) env: &'a Arc<Env>,
    pub(super) base: &'a Path,
}

impl Reader<'_> {
    fn error<T>(&self, at: &Spanned<T>, part: &str, message: String) -> ConfigError {
        let (line, column) = line_of(at);
        ConfigError::new(self.file, message).at(line, column).key(format!("{}.{part}", self.key))
    }

    /// The same with its line, unless a secret is written there.
    fn quoted(&self, error: ConfigError) -> ConfigError {
        let hidden = error.at.is_none_or(|(line, _)| yaml::holds_secret(self.text, line));
        if hidden { error } else { error.excerpt_of(self.text) }
    }

    /// An error about an option, at its own place where that can be told.
    fn option_error(
        &self,
        to: &Spanned<Service>,
        options: &Map<String, Value>,
        message: String,
    ) -> ConfigError {
        match place::of(self.text, line_of(to).0, options, &message) {
            Some(found) => ConfigError::new(self.file, message)
                .at(found.at.0, found.at.1)
                .key(format!("{}.to.{}", self.key, found.key)),
            None => self.error(to, "to", message),
        }
    }

    /// The same at the option `key`.
    fn named_error(
        &self,
        to: &Spanned<Service>,
        options: &Map<String, Value>,
        key: &str,
        message: String,
    ) -> ConfigError {
        let named = self.option_error(to, options, format!("`{key}`"));
        ConfigError { message, ..named }
    }

    /// What `read` makes of a value, if there is one.
    fn checked<T, R>(
        &self,
        value: Option<&Spanned<T>>,
        part: &str,
        read: impl FnOnce(&T) -> Result<R, String>,
    ) -> Result<Option<R>, ConfigError> {
        let Some(spanned) = value else { return Ok(None) };
        let wrong = |why| self.quoted(self.error(spanned, part, why));
        read(&spanned.value).map(Some).map_err(wrong)
    }

    /// The notifier; its warnings go to `problems`.
    ///
    /// # Errors
    /// All of its mistakes, in the order of their lines.
    pub(super) fn configured(
        &self,
        entry: Entry,
        options: Map<String, Value>,
        twice: bool,
        problems: &mut Vec<Problem>,
    ) -> Result<Configured, Vec<ConfigError>> {
        let mut wrong = self.misnamed(&entry.name, twice);
        let in_flight = self.checked(entry.in_flight.as_ref(), "in_flight", |given| pace::in_flight(*given));
        let in_flight = in_flight.unwrap_or_else(|error| noted(&mut wrong, error));
        let rate = self.checked(entry.rate.as_ref(), "rate", |text| Rate::parse(text));
        let rate = rate.unwrap_or_else(|error| noted(&mut wrong, error));
        let messages = self.messages(&entry.messages, &mut wrong);
        let served = self.service(&entry.to, &options, &mut wrong);
        let Some((service, expanded)) = served.filter(|_| wrong.is_empty()) else {
            wrong.sort_by_key(|error| error.at);
            return Err(wrong);
        };
        let warning = |text| Problem::Warning(self.option_error(&entry.to, &options, text));
        problems.extend(service.warnings().into_iter().map(warning));
        Ok(Configured {
            name: entry.name.value,
            description: entry.description,
            enabled: entry.enabled,
            messages,
            in_flight,
            rate,
            service,
            origin: Origin { env: self.env.clone(), base: self.base.to_owned() },
            options: Hidden(expanded),
            written: Hidden(options),
        })
    }

    /// What is wrong with its name.
    fn misnamed(&self, name: &Spanned<String>, twice: bool) -> Vec<ConfigError> {
        if !is_name(&name.value) {
            let message =
                format!("`{}` is no name: letters, digits, `-`, `_` and `.` are accepted", name.value);
            return vec![self.quoted(self.error(name, "name", message))];
        }
        if twice {
            let error = self.error(name, "name", format!("two notifiers are called `{}`", name.value));
            return vec![self.quoted(error).help("rename one of them")];
        }
        Vec::new()
    }

    /// The service with its expanded options. A check stops at the first mistake: what is wrong is left out and the rest
    /// checked again; what then is only wrong because of that names what was left out.
    fn service(
        &self,
        to: &Spanned<Service>,
        written: &Map<String, Value>,
        wrong: &mut Vec<ConfigError>,
    ) -> Option<(Service, Map<String, Value>)> {
        let mut options = written.clone();
        let mut gone = Vec::new();
        let own = options::own(&mut options)?;
        for (key, value) in std::mem::take(own) {
            match options::expanded(Map::from_iter([(key.clone(), value.clone())]), self.env, self.base) {
                Ok(one) => own.extend(one),
                Err(why) => {
                    wrong.push(self.named_error(to, written, &key, why));
                    // It was meant to be there.
                    own.insert(key.clone(), value);
                    gone.push(key);
                }
            }
        }
        options::at_home(own, self.base);
        loop {
            let why = match service_of(&options).and_then(|service| service.check().map(|()| service)) {
                Ok(service) => return gone.is_empty().then_some((service, options)),
                Err(why) => why,
            };
            let words: Vec<&str> = why.split('`').skip(1).step_by(2).collect();
            let follows = !gone.is_empty()
                && (words.iter().any(|word| gone.iter().any(|key| key == word))
                    || service_of(&options).is_err());
            if follows {
                return None;
            }
            wrong.push(self.option_error(to, written, why.clone()));
            let first = words.first().map(|word| (*word).to_owned())?;
            if !options::take_out(&mut options, &first) {
                return None;
            }
            gone.push(first);
        }
    }

    /// The texts, each tried on sample events.
    fn messages(&self, written: &BTreeMap<Moment, Written>, wrong: &mut Vec<ConfigError>) -> Messages {
        let mut all = Messages::new();
        for (moment, Written { message, body, html }) in written {
            let mut text = |part: &str, form: Form, text: &Option<Spanned<String>>| {
                let text = text.as_ref()?;
                let part = format!("messages.{}.{part}", moment.word());
                if let Err(why) = proof::check(*moment, form, &text.value) {
                    wrong.push(self.quoted(self.error(text, &part, why)));
                }
                Some(text.value.clone())
            };
            let message = text("message", Form::Text, message);
            let (body, html) = (text("body", Form::Text, body), text("html", Form::Html, html));
            all.insert(*moment, Text { message, body, html });
        }
        all
    }
}

/// Keeps an error; there is no value then.
fn noted<T>(wrong: &mut Vec<ConfigError>, error: ConfigError) -> Option<T> {
    wrong.push(error);
    None
}
