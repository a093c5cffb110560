//! Chaos Toolkit's http notification channel: chaostoolkit.org/reference/usage/notify.
//!
//! The name of an event is not the outcome: `run-completed` also comes when the method never ran. The journal in the
//! payload tells. Nothing carries the id of a run, so start and end are known by the experiment that both hold.

mod journal;
mod tell;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::written::{Text, Wrong};
use super::{Again, Body, Item, Reading, Source, Unreadable};
use crate::config::nearest::hint;
use crate::config::units;
use crate::model::{Event, EventStatus, Level};

/// The names that its code has; the documentation spells some `discover-`.
const NAMES: [&str; 13] = [
    "discovery-started",
    "discovery-completed",
    "discovery-failed",
    "init-started",
    "init-completed",
    "init-failed",
    "run-started",
    "run-completed",
    "run-failed",
    "run-deviated",
    "validate-started",
    "validate-completed",
    "validate-failed",
];

/// The longest span.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// How long after its start a run without an end is told. A run of a file that cannot be loaded never ends.
const STILL_RUNNING: Duration = Duration::from_secs(15 * 60);

/// Chaos Toolkit.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chaostoolkit {
    /// Another span; zero for none.
    still_running: Option<Text>,
}

impl Chaostoolkit {
    /// After how long a start without an end is told, unless rules say so.
    fn patience(&self) -> Result<Option<Duration>, String> {
        let span =
            self.still_running.as_ref().map_or(Ok(STILL_RUNNING), |text| units::duration(&text.value))?;
        match span <= LONGEST {
            true => Ok((!span.is_zero()).then(|| span.max(Duration::from_secs(1)))),
            false => Err("expected a year at most".to_owned()),
        }
    }
}

/// What became of it.
type Standing = (EventStatus, Level);

impl Source for Chaostoolkit {
    const SUMMARY: &'static str = "Chaos Toolkit's http notification channel";
    const PAGE: &'static str = include_str!("../../../docs/sources/chaostoolkit.md");
    const SCHEME: Scheme = Scheme::Plain;
    const GET: bool = true;

    fn check(&self) -> Vec<Wrong> {
        let wrong = |text, why| Wrong::new(text, "still_running", why);
        let found = self.still_running.as_ref().zip(self.patience().err());
        found.map(|(text, why)| wrong(text, why)).into_iter().collect()
    }

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let mut item = item(body)?;
        if item.event.status == EventStatus::Started {
            item.event.still_running = self.patience().unwrap_or_default();
        }
        Ok(item.into())
    }

    const QUIET: &'static [&'static str] = &["phase"];

    fn headline(event: &Event) -> Option<String> {
        tell::headline(event)
    }

    fn tell(event: &Event) -> String {
        tell::lines(event)
    }
}

fn item(body: &Body<'_>) -> Result<Item, Unreadable> {
    if body.bytes.is_empty() {
        return Ok(bodiless(body));
    }
    let sent = body.object()?;
    let named = sent.get("name").and_then(Value::as_str).or_else(|| body.query("event")).map(str::to_owned);
    let written =
        named.ok_or_else(|| Unreadable::new("`name` is missing: the channel sends the event's name"))?;
    let name = spelled(&written);
    Ok(match NAMES.contains(&name.as_str()) {
        true => known(&name, sent),
        false => unknown(&written, sent),
    })
}

/// The documentation's spelling is read too.
fn spelled(name: &str) -> String {
    let name = name.trim().to_lowercase();
    name.strip_prefix("discover-").map_or(name.clone(), |rest| format!("discovery-{rest}"))
}

/// `forward_event_payload: false` gives a GET without a body; its address may say which event it is.
fn bodiless(body: &Body<'_>) -> Item {
    let Some(written) = body.query("event") else {
        let why = "the request names no event: add `?event=NAME` to the channel's url";
        return Item::ignored("ping", "Chaos Toolkit called without an event", why, Value::Null);
    };
    let name = spelled(written);
    if !NAMES.contains(&name.as_str()) {
        return unknown(written, Value::Null);
    }
    let phase = name.split('-').next().unwrap_or_default();
    let payload = body.query("title").map_or(Value::Null, |title| json!({ "title": title }));
    let mut item = known(&name, json!({ "name": name, "phase": phase, "payload": payload }));
    // Nothing tells two such requests apart.
    item.event.dedup_key = None;
    if name == "run-completed" {
        item.event.text =
            "the journal was not sent, so it is not known whether the hypothesis held".to_owned();
    }
    item
}

fn unknown(name: &str, sent: Value) -> Item {
    let shown: String = name.chars().take(100).collect();
    let near = hint(name, NAMES).unwrap_or_default();
    let title = format!("unknown Chaos Toolkit event `{shown}`");
    Item::ignored(&shown, &title, format!("the event `{shown}` is not known: {near}"), sent)
}

fn known(name: &str, sent: Value) -> Item {
    let phase = Some(text(&sent, "/phase")).filter(|phase| !phase.is_empty());
    let phase = phase.unwrap_or_else(|| name.split('-').next().unwrap_or_default()).to_owned();
    let payload = sent.get("payload").unwrap_or(&Value::Null);
    let experiment = payload.get("experiment").unwrap_or(payload);
    let (status, level) = standing(name, &sent);
    let title = title(payload);
    let fingerprint = fingerprint(&phase, payload, experiment, &title);
    let mut event = blank(name, status, if title.is_empty() { "Chaos Toolkit" } else { &title });
    event.level = level;
    event.text = short_text(&sent, payload, experiment);
    event.labels = pick::labels(experiment.get("contributions"));
    for tag in experiment.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(pick::scalar)
    {
        event.labels.insert(format!("tag_{tag}"), "true".to_owned());
    }
    pick::label(&mut event.labels, "node", pick::shown(payload, "/node"));
    event.at = pick::time_at(&sent, "/ts");
    event.started = pick::time_at(payload, "/start");
    event.duration = pick::seconds(payload, "/duration");
    let told = format!("{name}\n{}\n{fingerprint}", sent.get("ts").unwrap_or(&Value::Null));
    event.dedup_key = Some(pick::short_hash(told.as_bytes()));
    event.labels.insert("phase".to_owned(), phase);
    let again = again(name, payload, &fingerprint, status);
    event.fingerprint = fingerprint;
    event.payload = sent;
    Item { again, ..Item::from(event) }
}

/// A deviated run is told twice, some milliseconds apart: `run-completed` (or `run-failed`), then `run-deviated`. Both
/// hold the same journal, so both give the same outcome, and the first one tells it.
fn again(name: &str, journal: &Value, fingerprint: &str, status: EventStatus) -> Again {
    let (start, node) = (text(journal, "/start"), text(journal, "/node"));
    if !name.starts_with("run-") || name == "run-started" || start.is_empty() {
        return Again::ByKey;
    }
    Again::SameAs(format!("{fingerprint}/{node}/{start}/{status}"))
}

fn standing(name: &str, sent: &Value) -> Standing {
    use EventStatus::{Error, Ok, Started};
    let is_run = name.starts_with("run-");
    let has_error = sent.get("error").is_some_and(|error| !error.is_null());
    if name.ends_with("-started") {
        return (Started, Level::Info);
    }
    if is_run {
        let payload = sent.get("payload").unwrap_or(&Value::Null);
        return journal::standing(name, payload, has_error);
    }
    if has_error || name.ends_with("-failed") { (Error, Level::Error) } else { (Ok, Level::Ok) }
}

fn title(payload: &Value) -> String {
    let found = pick::first(payload, &["/title", "/experiment/title", "/extension/name"]);
    if found.is_empty() { payload.as_str().unwrap_or_default().to_owned() } else { found.to_owned() }
}

/// Runs and validations are known by the experiment; `dry` is in the journal's copy alone.
fn fingerprint(phase: &str, payload: &Value, experiment: &Value, title: &str) -> String {
    let whole = experiment.get("method").is_some() || experiment.get("steady-state-hypothesis").is_some();
    if !matches!(phase, "run" | "validate") || !whole {
        let package = text(payload, "/extension/name");
        return format!("{phase}:{}", if package.is_empty() { title } else { package });
    }
    let mut bare = experiment.clone();
    if let Some(fields) = bare.as_object_mut() {
        fields.remove("dry");
    }
    format!("{phase}:{}", pick::short_hash(pick::canonical(&bare).as_bytes()))
}

/// The error, else how the failed activity ended, else what it is about.
fn short_text(sent: &Value, payload: &Value, experiment: &Value) -> String {
    let error = sent.get("error").and_then(pick::scalar);
    let failed = || journal::failures(payload).into_iter().find_map(journal::last_line);
    let about = || pick::first(payload, &["/description", "/experiment/description", "/message"]).to_owned();
    let about = || if about().is_empty() { text(experiment, "/description").to_owned() } else { about() };
    error.or_else(failed).unwrap_or_else(about)
}
