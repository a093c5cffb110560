//! The fields of an event, as options of the command line.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::config::units;
use crate::model::{EventStatus, Level};

/// What an event says beside its text.
#[derive(Debug, Args)]
pub(super) struct Fields {
    /// One line [default: the first line of the text; with `--job` the job's name].
    #[arg(long)]
    pub(super) title: Option<String>,
    /// What became of it: started, ok, warning, failed, error, canceled, pending, resolved, info [default: info].
    #[arg(long, conflicts_with = "job")]
    status: Option<EventStatus>,
    /// How bad it is: ok, info, warning, error, critical [default: that of the status].
    #[arg(long)]
    pub(super) level: Option<Level>,
    /// Who tells it.
    #[arg(long, default_value = "shell")]
    source: String,
    /// What kind of thing happened [default: message; with `--job` job].
    #[arg(long)]
    kind: Option<String>,
    /// A name and a value to match by, may be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// What it belongs to, a path such as acme/web/deploy, may be repeated.
    #[arg(long = "scope", value_name = "PATH")]
    scopes: Vec<String>,
    /// What the thing is: what has the same is one subject [default: the title; with `--job` its name and this host].
    #[arg(long)]
    pub(super) fingerprint: Option<String>,
    /// Where to read on.
    #[arg(long)]
    url: Option<String>,
    /// Of what has started: tell it when nothing is heard of its end for so long, where no rule says so.
    #[arg(long, value_name = "SPAN", value_parser = units::duration)]
    still_running: Option<Duration>,
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

impl Fields {
    /// The event with what was given.
    pub(super) fn event(&self, title: &str) -> Value {
        let kind = self.kind.as_deref().unwrap_or("message");
        let mut event = json!({"source": self.source, "kind": kind, "title": title});
        let labels: Map<String, Value> =
            self.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let given = [
            ("status", self.status.map(|status| json!(status))),
            ("level", self.level.map(|level| json!(level))),
            ("fingerprint", self.fingerprint.as_ref().map(|print| json!(print))),
            ("url", self.url.as_ref().map(|url| json!(url))),
            ("still_running", self.still_running.map(|span| json!(span.as_secs_f64()))),
            ("labels", (!labels.is_empty()).then(|| json!(labels))),
            ("scopes", (!self.scopes.is_empty()).then(|| json!(self.scopes))),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                event[key] = value;
            }
        }
        event
    }

    /// The event of a job, before it is known how it goes.
    pub(super) fn job(&self, name: &str, host: &str) -> Value {
        let mut event = self.event(self.title.as_deref().unwrap_or(name));
        event["kind"] = json!(self.kind.as_deref().unwrap_or("job"));
        if self.fingerprint.is_none() {
            event["fingerprint"] = json!(format!("job:{name}@{host}"));
        }
        for (label, value) in [("job", name), ("host", host)] {
            if event["labels"][label].is_null() {
                event["labels"][label] = json!(value);
            }
        }
        event
    }
}
