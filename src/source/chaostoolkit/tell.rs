//! A run in lines that people read: hypothesis, method, rollbacks, and what failed in them.

use std::time::Duration;

use serde_json::Value;

use super::journal::{gate_unmet, is_failed, last_line, met, probes, steps};
use crate::model::{Event, EventStatus};
use crate::source::clean::cut;
use crate::source::pick::{self, text};
use crate::text::human;

/// A value in a line is cut at this many characters.
const LONGEST_VALUE: usize = 120;
/// Activities that are named; the others are counted.
const NAMED: usize = 10;

/// `Shop survives a stock-out deviated after 11 ms`.
pub(super) fn headline(event: &Event) -> Option<String> {
    let journal = event.payload.get("payload").unwrap_or(&Value::Null);
    let (phase, end) = event.kind.split_once('-')?;
    if phase == "run" && gate_unmet(journal) && event.status == EventStatus::Failed {
        return Some(format!("{} was not begun", event.title));
    }
    let noun = match phase {
        "run" => String::new(),
        "validate" => "validation of ".to_owned(),
        other => format!("{other} of "),
    };
    let verb = match (text(journal, "/status"), event.status) {
        ("interrupted", _) => "was interrupted",
        ("aborted", _) => "was aborted",
        (_, EventStatus::Failed) => "deviated",
        (_, EventStatus::Started) => "started",
        (_, EventStatus::Ok) if phase == "run" => "succeeded",
        (_, EventStatus::Warning) => "ended with failed steps",
        (_, EventStatus::Error) => "failed",
        _ => end,
    };
    let after = event.duration.filter(|span| span.as_millis() > 0);
    let after = after.map(|span| format!(" after {}", human::duration(span))).unwrap_or_default();
    Some(format!("{noun}{} {verb}{after}", event.title))
}

/// The lines of an event; its own text where it has no journal.
pub(super) fn lines(event: &Event) -> String {
    let journal = event.payload.get("payload").unwrap_or(&Value::Null);
    if journal.get("steady_states").is_none() {
        // The wizard writes this where nobody described anything.
        return if event.text == "N/A" { String::new() } else { event.text.clone() };
    }
    let mut lines = Vec::new();
    lines.extend(event.payload.get("error").and_then(pick::scalar));
    lines.extend(outcome(journal));
    lines.extend(hypothesis(journal));
    lines.extend(list("method", journal, "run"));
    lines.extend(list("rollbacks", journal, "rollbacks"));
    lines.join("\n")
}

/// What the name of the event does not say.
fn outcome(journal: &Value) -> Option<String> {
    let status = text(journal, "/status");
    if matches!(status, "interrupted" | "aborted") {
        let cut_off = steps(journal, &["run"]).find(|step| step.get("status").is_none());
        let during = cut_off.map(|step| format!(" during `{}`", name(step))).unwrap_or_default();
        return Some(format!("{status}{during}"));
    }
    if journal.get("deviated") == Some(&Value::Bool(true)) {
        return Some("deviated: the hypothesis did not hold afterwards".to_owned());
    }
    gate_unmet(journal)
        .then(|| "the hypothesis did not hold before the experiment, so the method did not run".to_owned())
}

fn hypothesis(journal: &Value) -> Vec<String> {
    let title = text(journal, "/experiment/steady-state-hypothesis/title");
    let state = |when: &str| {
        let word = if met(journal, when)? { "met" } else { "not met" };
        Some(format!("{word} {when}"))
    };
    let states: Vec<String> = ["before", "after"].into_iter().filter_map(state).collect();
    if states.is_empty() {
        return Vec::new();
    }
    let title = if title.is_empty() { "steady state" } else { title };
    let mut lines = vec![format!("hypothesis: {title}: {}", states.join(", "))];
    for when in ["before", "after"] {
        let unmet =
            probes(journal, when).filter(|probe| probe.get("tolerance_met") == Some(&Value::Bool(false)));
        lines.extend(unmet.take(NAMED).map(|probe| format!("  {}", missed(probe, when))));
    }
    lines
}

/// A probe whose value was not the expected one.
fn missed(probe: &Value, when: &str) -> String {
    if let Some(line) = last_line(probe) {
        return format!("{} ({when}) failed: {}", name(probe), cut(&line, LONGEST_VALUE * 2));
    }
    let tolerance = probe.pointer("/activity/tolerance").unwrap_or(&Value::Null);
    let given = given(probe.get("output").unwrap_or(&Value::Null));
    format!("{} ({when}) gave {given}, expected {}", name(probe), cut(&tolerance.to_string(), LONGEST_VALUE))
}

/// What a probe found: of a process its exit code and last line, of a request its status.
fn given(output: &Value) -> String {
    let (Some(status), Some(fields)) = (output.get("status").and_then(Value::as_i64), output.as_object())
    else {
        return cut(&output.to_string(), LONGEST_VALUE);
    };
    let last = |key: &str| text(output, key).lines().rev().map(str::trim).find(|line| !line.is_empty());
    let said = last("/stderr").or_else(|| last("/stdout"));
    let said = said.map(|line| format!(" ({})", cut(line, LONGEST_VALUE))).unwrap_or_default();
    let noun = if fields.contains_key("stdout") { "exit code" } else { "status" };
    format!("{noun} {status}{said}")
}

fn list(title: &str, journal: &Value, key: &'static str) -> Option<String> {
    let all: Vec<&Value> = steps(journal, &[key]).collect();
    if all.is_empty() {
        return None;
    }
    let named: Vec<String> = all.iter().take(NAMED).map(|item| step(item)).collect();
    let more = all.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    Some(format!("{title}: {}{rest}", named.join(", ")))
}

fn step(step: &Value) -> String {
    let took =
        step.get("duration").and_then(Value::as_f64).and_then(|took| Duration::try_from_secs_f64(took).ok());
    let took = took.filter(|took| took.as_millis() > 0).map(|took| format!(" ({})", human::duration(took)));
    let took = took.unwrap_or_default();
    let name = name(step);
    if is_failed(step) {
        let why =
            last_line(step).map(|line| format!(": {}", cut(&line, LONGEST_VALUE * 2))).unwrap_or_default();
        return format!("{name} failed{took}{why}");
    }
    match text(step, "/status") {
        "succeeded" => format!("{name} ok{took}"),
        "" => format!("{name} was cut off{took}"),
        other => format!("{name} {other}{took}"),
    }
}

fn name(step: &Value) -> &str {
    let name = text(step, "/activity/name");
    if name.is_empty() { "an activity" } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_probe_found_is_short() {
        assert_eq!(
            given(&json!({"status": 1, "stdout": "", "stderr": "a\nno such file\n"})),
            "exit code 1 (no such file)"
        );
        assert_eq!(given(&json!({"status": 503, "headers": {}, "body": "x"})), "status 503");
        assert_eq!(
            (given(&json!(12)), given(&json!("x".repeat(500))).chars().count()),
            ("12".to_owned(), LONGEST_VALUE)
        );
    }
}
