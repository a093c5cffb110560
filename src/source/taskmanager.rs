//! django-uwsgi-taskmanager, through the handler class that the page brings: one report for each task that ended.

use serde::Deserialize;
use serde_json::Value;

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Reading, Source, Unreadable};
use crate::model::{Event, EventStatus, Level, Timestamp};
use crate::text::human;

/// django-uwsgi-taskmanager.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taskmanager {}

/// Its results by their words and numbers.
const RESULTS: [(&str, u64, EventStatus, Level); 4] = [
    ("ok", 0, EventStatus::Ok, Level::Ok),
    ("warnings", 10, EventStatus::Warning, Level::Warning),
    ("errors", 20, EventStatus::Error, Level::Error),
    ("failed", 30, EventStatus::Failed, Level::Critical),
];

impl Source for Taskmanager {
    const SUMMARY: &'static str = "django-uwsgi-taskmanager, by a handler class of a few lines";
    const PAGE: &'static str = include_str!("../../docs/sources/taskmanager.md");
    const SCHEME: Scheme = Scheme::Plain;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        let word = pick::first(&sent, &["/result", "/report/invocation_result"]).to_lowercase();
        let number = sent.get("level").and_then(Value::as_u64);
        let found =
            RESULTS.iter().find(|(known, at, ..)| *known == word || (word.is_empty() && Some(*at) == number));
        let Some((word, _, status, level)) = found else {
            let shown: String = word.chars().take(60).collect();
            return Err(Unreadable(format!(
                "the result `{shown}` is not known: ok, warnings, errors and failed are"
            )));
        };
        let event = report(&sent, word, *status, *level);
        Ok(Event { payload: sent, ..event }.into())
    }

    fn headline(event: &Event) -> Option<String> {
        let counts = counts(event);
        let verb = match event.status {
            EventStatus::Failed => "failed".to_owned(),
            EventStatus::Ok => "ended well".to_owned(),
            _ if counts.is_empty() => format!("ended with {}", event.kind.trim_start_matches("task.")),
            _ => format!("ended with {}", counts.join(" and ")),
        };
        let after = event.duration.filter(|span| span.as_millis() > 0);
        let after = after.map(|span| format!(" after {}", human::duration(span))).unwrap_or_default();
        Some(format!("{} {verb}{after}", event.title))
    }

    fn tell(event: &Event) -> String {
        lines(event)
    }
}

fn report(sent: &Value, word: &str, status: EventStatus, level: Level) -> Event {
    let name = pick::first(sent, &["/task/name", "/task/command"]);
    let mut event = blank(&format!("task.{word}"), status, if name.is_empty() { "task" } else { name });
    event.level = level;
    event.text = text(sent, "/report/log_tail").trim().to_owned();
    event.url = pick::url(sent, "/report/log_url");
    pick::label(&mut event.labels, "command", pick::shown(sent, "/task/command"));
    let category = pick::shown(sent, "/task/category").or_else(|| pick::shown(sent, "/task/category/name"));
    pick::label(&mut event.labels, "category", category);
    for (label, at) in [("lines", "n_log_lines"), ("errors", "n_log_errors"), ("warnings", "n_log_warnings")]
    {
        let count = pick::shown(sent, &format!("/report/{at}"));
        pick::label(&mut event.labels, &format!("count_{label}"), count);
    }
    let id = pick::shown(sent, "/task/id").unwrap_or_else(|| name.to_owned());
    event.fingerprint = format!("task:{id}");
    event.dedup_key = pick::shown(sent, "/report/id").map(|report| format!("report:{report}"));
    event.started = pick::time_at(sent, "/report/invocation_datetime");
    event.at = finished(&event.text);
    event.duration = pick::between(event.started, event.at);
    event
}

/// The time in the log's last line, `Finished: command @ 2026-11-20 19:43:43.071166`.
fn finished(log: &str) -> Option<Timestamp> {
    let last = log.lines().rev().find(|line| line.starts_with("Finished: "))?;
    pick::time(&Value::from(last.rsplit_once(" @ ")?.1))
}

/// `2 errors`, `1 warning`.
fn counts(event: &Event) -> Vec<String> {
    let count = |name: &str, noun: &str| {
        let count = event.labels.get(&format!("count_{name}"))?;
        let end = if count == "1" { "" } else { "s" };
        (count != "0").then(|| format!("{count} {noun}{end}"))
    };
    [count("errors", "error"), count("warnings", "warning")].into_iter().flatten().collect()
}

/// The end of the log, without what frames it.
fn lines(event: &Event) -> String {
    let framing = |line: &&str| !line.trim().is_empty() && !line.starts_with("Finished: ");
    event.text.lines().filter(framing).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ok_task_is_told_too() {
        let bytes = br#"{"result": "ok", "task": {"id": 1, "name": "nightly"}, "report": {"id": 9}}"#;
        let body = Body { method: "POST", headers: &[], query: &[], bytes };
        let event = Taskmanager {}.read(&body).unwrap().0.remove(0).event;
        assert_eq!((event.status, event.level, event.kind.as_str()), (EventStatus::Ok, Level::Ok, "task.ok"));
        assert_eq!((event.fingerprint.as_str(), event.dedup_key.as_deref()), ("task:1", Some("report:9")));
    }
}
