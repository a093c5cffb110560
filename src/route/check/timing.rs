//! Checks times: spans, hours, zones, how often.

use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::{Check, apart, below};
use crate::config::units;
use crate::config::yaml::Spanned;
use crate::model::{Level, RECENT};
use crate::route::file::{self, Text};
use crate::route::gather::{By, Digest, Every, Group};
use crate::route::{After, Flapping, Limits, Quiet, Then};

const THEN: [(&str, Then); 3] = [("digest", Then::Digest), ("drop", Then::Drop), ("hold", Then::Hold)];

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// So many outcomes of a subject are counted; those before them are not sure to be remembered.
const MOST_COUNTED: usize = RECENT / 2;
/// The longest span, so that no sum of times overflows.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

impl Check<'_> {
    pub(super) fn limits(&mut self, raw: file::Limits) -> Limits {
        self.strays(&raw.strays, "limits", file::Limits::KEYS);
        let still_running = self.span(raw.still_running.as_ref(), "limits.still_running");
        let flapping = raw.flapping.and_then(|raw| {
            let (place, raw) = apart(raw);
            let key = "limits.flapping";
            self.strays(&raw.strays, key, file::Flapping::KEYS);
            let changes = self.needed(raw.changes, (&place, key), "changes");
            let within = self.needed(raw.within, (&place, key), "within");
            let changes = changes.and_then(|count| self.count(&count, below(key, "changes")));
            let within = self.span(within.as_ref(), &below(key, "within"));
            Some(Flapping { changes: changes?, within: within? })
        });
        Limits { still_running, flapping }
    }

    pub(super) fn after(&mut self, raw: Spanned<file::After>, key: &str) -> Option<After> {
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, key, file::After::KEYS);
        let count = self.needed(raw.count, (&place, key), "count");
        let within = self.needed(raw.within, (&place, key), "within");
        let count = count.and_then(|count| self.count(&count, below(key, "count")));
        let within = self.span(within.as_ref(), &below(key, "within"));
        Some(After { count: count?, within: within? })
    }

    fn count(&mut self, count: &Spanned<usize>, key: String) -> Option<usize> {
        let good = (2..=MOST_COUNTED).contains(&count.value);
        if !good {
            let message = format!("expected a number from 2 to {MOST_COUNTED}, found `{}`", count.value);
            self.wrong(count, key, message, None);
        }
        good.then_some(count.value)
    }

    pub(super) fn group(&mut self, raw: Spanned<file::Group>, key: &str) -> Option<Group> {
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, key, file::Group::KEYS);
        if raw.by.is_empty() {
            let help = "write for instance `by: [env]`, or `by: [source]`".to_owned();
            self.wrong(&place, below(key, "by"), "it must say what belongs together".to_owned(), Some(help));
        }
        let wait = self.needed(raw.wait, (&place, key), "wait");
        let wait = self.span(wait.as_ref(), &below(key, "wait"))?;
        Some(Group { by: raw.by.iter().map(|word| By::parse(&word.value)).collect(), wait })
    }

    pub(super) fn digest(&mut self, raw: Spanned<file::Digest>, key: &str) -> Option<Digest> {
        let (place, raw) = apart(raw);
        let keys = match raw {
            file::Digest::Span(span) => {
                let span = Spanned { value: span, referenced: place.referenced, defined: place.defined };
                let every = Every::Span(self.span(Some(&span), key)?);
                return Some(Digest { every, below: Some(Level::Critical) });
            }
            file::Digest::Keys(keys) => keys,
        };
        self.strays(&keys.strays, key, file::DigestKeys::KEYS);
        let limit = keys.below.as_ref().map(|word| self.limit(word, below(key, "below")));
        let every = match (&keys.every, &keys.at) {
            (Some(span), None) => self.span(Some(span), &below(key, "every")).map(Every::Span),
            (None, Some(time)) => {
                let time = self.time(time, below(key, "at"));
                let zone = self.needed(keys.zone.as_ref(), (&place, key), "zone");
                let zone = zone.and_then(|zone| self.zone(zone, below(key, "zone")));
                time.zip(zone).map(|(time, zone)| Every::At(time, zone))
            }
            _ => {
                let message = "it needs either `every` or `at`".to_owned();
                self.wrong(&place, key.to_owned(), message, None);
                None
            }
        };
        if let (Some(zone), Some(_)) = (&keys.zone, &keys.every) {
            let message = "only `at` needs a time zone".to_owned();
            self.wrong(zone, below(key, "zone"), message, None);
        }
        Some(Digest { every: every?, below: limit.unwrap_or(Some(Some(Level::Critical)))? })
    }

    pub(super) fn quiet(&mut self, raw: Spanned<file::Quiet>, at: usize) -> Option<Quiet> {
        let key = format!("quiet[{at}]");
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, &key, file::Quiet::KEYS);
        let days: Vec<Weekday> =
            raw.days.iter().filter_map(|day| self.word(day, below(&key, "days"), &DAYS)).collect();
        let needed = |check: &mut Self, found, name| check.needed(found, (&place, key.as_str()), name);
        let name = needed(self, raw.name, "name");
        let from = needed(self, raw.from, "from").and_then(|from| self.time(&from, below(&key, "from")));
        let to = needed(self, raw.to, "to").and_then(|to| self.time(&to, below(&key, "to")));
        let zone = needed(self, raw.zone, "zone").and_then(|zone| self.zone(&zone, below(&key, "zone")));
        let limit = needed(self, raw.below, "below").and_then(|word| self.limit(&word, below(&key, "below")));
        let then =
            needed(self, raw.then, "then").and_then(|then| self.word(&then, below(&key, "then"), &THEN));
        if from.is_some() && from == to && days.is_empty() {
            let message = "they never end: `from` and `to` are the same, each day".to_owned();
            self.wrong(&place, key.clone(), message, Some("say on which `days`".to_owned()));
        }
        let name = name?.value;
        Some(Quiet { name, days, from: from?, to: to?, zone: zone?, below: limit?, then: then? })
    }

    /// A span of time, at least a second and at most a year.
    pub(super) fn span(&mut self, raw: Option<&Text>, key: &str) -> Option<Duration> {
        let raw = raw?;
        let span = units::duration(&raw.value).and_then(|span| {
            let good = (Duration::from_secs(1)..=LONGEST).contains(&span);
            if good { Ok(span) } else { Err(format!("`{}` is not between a second and a year", raw.value)) }
        });
        span.map_err(|message| self.wrong(raw, key.to_owned(), message, None)).ok()
    }

    fn zone(&mut self, raw: &Text, key: String) -> Option<TimeZone> {
        let zone = TimeZone::get(&raw.value).ok();
        if zone.is_none() {
            let message = format!("there is no time zone `{}`", raw.value);
            let help = "write for instance `Europe/Amsterdam` or `UTC`".to_owned();
            self.wrong(raw, key, message, Some(help));
        }
        zone
    }

    fn time(&mut self, raw: &Text, key: String) -> Option<Time> {
        let time = Time::strptime("%H:%M", &raw.value).ok();
        if time.is_none() {
            let help = Some("write for instance `\"22:00\"`".to_owned());
            self.wrong(raw, key, format!("`{}` is no time of day", raw.value), help);
        }
        time
    }
}
