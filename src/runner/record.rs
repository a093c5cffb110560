//! What a finished shell command leaves, in StackStorm's shape: `{stdout, stderr, return_code,
//! succeeded, failed[, timeout, error]}`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Outcome;
use super::output::{Pipe, Text};
use crate::model::Status;
use crate::net::process::{Ending, Reason};

/// The code of a command that its time limit ended.
const TIMED_OUT: i32 = -9;
/// The code of a command that was never started: what shells say of a program that cannot be run.
const NOT_STARTED: i32 = 126;
/// A command that somebody else ended with TERM is abandoned, as StackStorm has it.
const TERMINATED: i32 = -15;

/// One finished command, on one machine.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) status: Status,
    pub(super) code: i32,
    pub(super) stdout: Value,
    pub(super) stderr: Value,
    pub(super) error: Option<String>,
}

impl Record {
    /// From how its process ended.
    pub(super) fn ended(ending: Ending, limit: Duration, stdout: &Pipe, stderr: &Pipe) -> Self {
        let (status, code, error) = match (ending.reason, ending.code) {
            (Reason::Itself, 0) => (Status::Succeeded, 0, None),
            (Reason::Itself, TERMINATED) => (Status::Abandoned, TERMINATED, None),
            (Reason::Itself, code) => (Status::Failed, code, None),
            (Reason::TimedOut, _) => (Status::Timeout, TIMED_OUT, Some(too_long(limit))),
            (Reason::Stopped, code) => (Status::Canceled, code, Some("canceled".to_owned())),
        };
        Self { status, code, stdout: data(&stdout.text()), stderr: data(&stderr.text()), error }
    }

    /// A command that never ran.
    pub(super) fn not_started(error: String) -> Self {
        Self::broken(NOT_STARTED, error)
    }

    /// A command that failed for a reason of its own, without output.
    pub(super) fn broken(code: i32, error: String) -> Self {
        let (stdout, stderr) = (json!(""), json!(""));
        Self { status: Status::Failed, code, stdout, stderr, error: Some(error) }
    }

    /// The record as an object.
    pub(super) fn object(self) -> Map<String, Value> {
        let good = self.status == Status::Succeeded;
        let mut object = Map::new();
        object.insert("stdout".to_owned(), self.stdout);
        object.insert("stderr".to_owned(), self.stderr);
        object.insert("return_code".to_owned(), json!(self.code));
        object.insert("succeeded".to_owned(), json!(good));
        object.insert("failed".to_owned(), json!(!good));
        if let Some(error) = self.error {
            object.insert("error".to_owned(), json!(error));
        }
        object
    }

    /// Why it ended as it did, where the status does not say it all.
    pub(super) fn why(&self) -> Option<String> {
        match (self.status, &self.error) {
            (Status::Succeeded | Status::Canceled, _) => None,
            (_, Some(error)) => Some(error.clone()),
            (_, None) if self.code < 0 => Some(format!("killed by signal {}", -self.code)),
            (_, None) => Some(format!("exit code {}", self.code)),
        }
    }

    /// The record as the result of a run.
    pub(super) fn outcome(self) -> Outcome {
        let (status, why) = (self.status, self.why());
        Outcome { status, why, result: Value::Object(self.object()), effects: Vec::new() }
    }
}

/// StackStorm's words for a time limit.
pub(super) fn too_long(limit: Duration) -> String {
    format!("Action failed to complete in {} seconds", limit.as_secs_f64())
}

/// A stream as data: one final line break is cut; what is JSON becomes what it says. A bare word or
/// number only does where nothing is lost by it: `1.50` and `007` stay text.
fn data(text: &Text) -> Value {
    let cut = text.text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let line = cut.unwrap_or(&text.text);
    match serde_json::from_str::<Value>(line) {
        Ok(value) if text.whole && (value.is_object() || value.is_array()) => value,
        Ok(value) if text.whole && value.to_string().as_str() == line.trim() => value,
        _ => Value::String(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        data(&Text { text: text.to_owned(), whole: true })
    }

    #[test]
    fn one_final_line_break_is_cut() {
        assert_eq!(read("a\n\n"), json!("a\n"));
        assert_eq!(read("a\r\n"), json!("a"));
        assert_eq!(read("a"), json!("a"));
        assert_eq!(read(""), json!(""));
    }

    #[test]
    fn output_that_is_json_becomes_data() {
        assert_eq!(read("{\"a\": [1, 2]}\n"), json!({"a": [1, 2]}));
        assert_eq!(read("[1.50]\n"), json!([1.5]));
        assert_eq!(read("5\n"), json!(5));
        assert_eq!(read("true"), json!(true));
    }

    #[test]
    fn a_number_that_would_lose_digits_stays_text() {
        for text in ["1.50", "007", "123456789012345678901234567890", "1e3"] {
            assert_eq!(read(text), json!(text));
        }
    }

    #[test]
    fn cut_output_is_never_data() {
        let text = Text { text: "[1]".to_owned(), whole: false };
        assert_eq!(data(&text), json!("[1]"));
    }
}
