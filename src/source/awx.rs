//! AWX and Ansible Tower webhook notifications: the default bodies of their job templates, workflows and approvals.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Reading, Source, Unreadable};
use crate::model::{Event, EventStatus, Level};

/// AWX.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Awx {}

/// Hosts that a message names; the others are counted.
const NAMED: usize = 10;
/// What a host's numbers are called; `dark` is unreachable.
const COUNTS: [&str; 7] = ["ok", "changed", "failures", "dark", "skipped", "rescued", "ignored"];

impl Source for Awx {
    const SUMMARY: &'static str = "AWX and Ansible Tower: jobs, workflows, approvals";
    const PAGE: &'static str = include_str!("../../docs/sources/awx.md");
    const SCHEME: Scheme = Scheme::Plain;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        if sent.as_object().is_some_and(serde_json::Map::is_empty) {
            return Err(Unreadable::new(
                "the body is `{}`: AWX sends that when its own template is no JSON object",
            ));
        }
        let event = if text(&sent, "/status").is_empty() { worded(&sent) } else { job(&sent) };
        Ok(Event { payload: sent, ..event }.into())
    }

    fn tell(event: &Event) -> String {
        lines(event)
    }
}

fn standing(status: &str) -> (EventStatus, Level) {
    match status {
        "new" | "pending" | "waiting" | "running" => (EventStatus::Started, Level::Info),
        "successful" => (EventStatus::Ok, Level::Ok),
        "failed" => (EventStatus::Failed, Level::Error),
        "error" => (EventStatus::Error, Level::Critical),
        "canceled" => (EventStatus::Canceled, Level::Warning),
        _ => (EventStatus::Info, Level::Info),
    }
}

fn job(sent: &Value) -> Event {
    let state = text(sent, "/status").to_lowercase();
    let (status, level) = standing(&state);
    let (name, id) = (text(sent, "/name"), pick::shown(sent, "/id").unwrap_or_default());
    let name = if name.is_empty() { "job" } else { name };
    let title = if id.is_empty() { name.to_owned() } else { format!("{name} #{id}") };
    let mut event = blank(&format!("job.{state}"), status, &title);
    event.level = level;
    event.url = pick::url(sent, "/url");
    event.labels = labels(sent);
    event.actor = pick::shown(sent, "/created_by");
    // One without an id is told by its name and start.
    let own = if id.is_empty() { format!("{name}/{}", text(sent, "/started")) } else { id };
    event.fingerprint = format!("job:{own}");
    event.dedup_key = Some(format!("{own}/{state}"));
    event.started = pick::time_at(sent, "/started");
    event.at = pick::time_at(sent, "/finished");
    event.duration = pick::between(event.started, event.at);
    let traceback = text(sent, "/traceback").lines().rev().map(str::trim).find(|line| !line.is_empty());
    event.text = traceback.or_else(|| text(sent, "/body").lines().next()).unwrap_or_default().to_owned();
    event
}

/// An approval, or a text of somebody's own: all that is there is a sentence.
fn worded(sent: &Value) -> Event {
    let whole = pick::first(sent, &["/body", "/message", "/text", "/name"]);
    let line = whole.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("a message of AWX");
    let says = |words: &str| line.contains(words);
    let (word, status, level) = match () {
        () if says("needs review") => ("pending", EventStatus::Pending, Level::Warning),
        () if says("was approved") => ("approved", EventStatus::Ok, Level::Ok),
        () if says("was denied") => ("denied", EventStatus::Failed, Level::Warning),
        () if says("has timed out") => ("timed_out", EventStatus::Failed, Level::Warning),
        () => return plain(sent, line, whole),
    };
    let mut event = blank(&format!("approval.{word}"), status, line);
    event.level = level;
    event.url = line.split_whitespace().rev().find(|part| pick::is_url(part)).map(str::to_owned);
    event.text = rest(whole, line);
    event.labels = labels(sent);
    // The same approval in all of its states: its node in its workflow.
    let node = line.split('"').nth(1).unwrap_or_default();
    event.fingerprint = format!("approval:{}/{node}", event.url.as_deref().unwrap_or(line));
    event.dedup_key = Some(format!("{}/{word}", event.fingerprint));
    event
}

fn plain(sent: &Value, line: &str, whole: &str) -> Event {
    let mut event = blank("message", EventStatus::Info, line);
    event.text = rest(whole, line);
    event.url = pick::url(sent, "/url");
    event.labels = labels(sent);
    event.fingerprint = format!("message:{}", pick::short_hash(line.as_bytes()));
    event
}

/// What stands below the first line.
fn rest(whole: &str, line: &str) -> String {
    whole.split_once(line).map_or("", |(_, rest)| rest).trim().to_owned()
}

fn labels(sent: &Value) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for name in ["inventory", "project", "playbook", "limit"] {
        pick::label(&mut labels, name, pick::shown(sent, &format!("/{name}")));
    }
    let Some(hosts) = hosts(sent) else { return labels };
    labels.insert("count_hosts".to_owned(), hosts.len().to_string());
    labels.insert(
        "count_failed".to_owned(),
        hosts.iter().filter(|(_, host)| is_failed(host)).count().to_string(),
    );
    for count in COUNTS {
        let sum: u64 = hosts.iter().filter_map(|(_, host)| host.get(count)?.as_u64()).sum();
        labels.insert(format!("count_{count}"), sum.to_string());
    }
    labels
}

fn hosts(sent: &Value) -> Option<Vec<(&String, &Value)>> {
    let hosts = sent.get("hosts")?.as_object()?;
    (!hosts.is_empty()).then(|| hosts.iter().collect())
}

fn is_failed(host: &Value) -> bool {
    let counted = |name: &str| host.get(name).and_then(Value::as_u64).unwrap_or(0) > 0;
    host.get("failed") == Some(&Value::Bool(true)) || counted("failures") || counted("dark")
}

fn lines(event: &Event) -> String {
    let sent = &event.payload;
    let mut lines: Vec<String> = Vec::new();
    let traceback = text(sent, "/traceback").trim();
    if !traceback.is_empty() {
        let all: Vec<&str> = traceback.lines().collect();
        lines.extend(all[all.len().saturating_sub(NAMED)..].iter().map(|line| (*line).to_owned()));
    } else if !event.text.is_empty() {
        lines.push(event.text.clone());
    }
    if let Some(hosts) = hosts(sent) {
        let failed: Vec<&(&String, &Value)> = hosts.iter().filter(|(_, host)| is_failed(host)).collect();
        lines.push(format!("{} of {} hosts failed", failed.len(), hosts.len()));
        lines.extend(failed.iter().take(NAMED).map(|(name, host)| format!("{name}: {}", recap(host))));
        let more = failed.len().saturating_sub(NAMED);
        lines.extend((more > 0).then(|| format!("and {more} more")));
    }
    lines.join("\n")
}

/// `ok 7, changed 2, failed 1`, as Ansible's own recap.
fn recap(host: &Value) -> String {
    let count = |name: &str| host.get(name).and_then(Value::as_u64).filter(|count| *count > 0);
    let shown = COUNTS.iter().filter_map(|name| {
        let word = match *name {
            "failures" => "failed",
            "dark" => "unreachable",
            other => other,
        };
        Some(format!("{word} {}", count(name)?))
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Event {
        let body = Body { method: "POST", headers: &[], query: &[], bytes: body.as_bytes() };
        Awx {}.read(&body).unwrap().0.remove(0).event
    }

    #[test]
    fn approvals_are_told_by_their_sentence() {
        let says = |words: &str| {
            let event = read(&format!(
                r#"{{"body": "The approval node \"Ship it?\" {words}. https://awx.example.org/#/jobs/workflow/77"}}"#
            ));
            (event.kind, event.status, event.level, event.fingerprint)
        };
        let print = "approval:https://awx.example.org/#/jobs/workflow/77/Ship it?".to_owned();
        assert_eq!(
            says("needs review"),
            ("approval.pending".into(), EventStatus::Pending, Level::Warning, print.clone())
        );
        assert_eq!(
            says("was approved"),
            ("approval.approved".into(), EventStatus::Ok, Level::Ok, print.clone())
        );
        assert_eq!(
            says("was denied"),
            ("approval.denied".into(), EventStatus::Failed, Level::Warning, print.clone())
        );
        assert_eq!(
            says("has timed out"),
            ("approval.timed_out".into(), EventStatus::Failed, Level::Warning, print)
        );
        assert_eq!(says("is strange").1, EventStatus::Info);
    }

    #[test]
    fn every_state_of_a_job_is_known() {
        for (state, status, level) in [
            ("pending", EventStatus::Started, Level::Info),
            ("running", EventStatus::Started, Level::Info),
            ("successful", EventStatus::Ok, Level::Ok),
            ("failed", EventStatus::Failed, Level::Error),
            ("error", EventStatus::Error, Level::Critical),
            ("canceled", EventStatus::Canceled, Level::Warning),
        ] {
            let event = read(&format!(r#"{{"id": 7, "name": "a", "status": "{state}"}}"#));
            assert_eq!((event.status, event.level, event.fingerprint.as_str()), (status, level, "job:7"));
        }
    }
}
