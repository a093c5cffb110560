//! Answers on stdout, remarks on stderr. A reader of either that went away is no error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;
use serde::Serialize;

use crate::config::Problem;

/// One line of the answer.
pub(super) fn line(text: impl Display) -> anyhow::Result<()> {
    written(writeln!(io::stdout().lock(), "{text}"))
}

/// The answer as it is, no line end added.
pub(super) fn exactly(text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_ref()).and_then(|()| out.flush()))
}

/// The answer in JSON, on one line.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string(value).context("cannot write the answer as JSON")?)
}

/// The answer in JSON for people's eyes too, over several lines.
pub(super) fn pretty(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value).context("cannot write the answer as JSON")?)
}

/// One remark on stderr.
pub(super) fn remark(text: impl Display) {
    // There is nowhere else to say that stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What is wrong with files, one remark each.
pub(super) fn problems<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    for problem in problems {
        let word = if problem.is_fatal() { "error" } else { "warning" };
        remark(format_args!("{word}: {}", problem.error()));
    }
}

/// An error and its causes on stderr; what an error says to do stands in its words.
pub(super) fn error(error: &anyhow::Error) {
    remark(format_args!("chatops: {error:#}"));
}

/// The text with control characters escaped: what was typed in a chat must not drive this terminal.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// `1 alias`, `2 aliases`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let end = if count == 1 {
        ""
    } else if noun.ends_with('s') {
        "es"
    } else {
        "s"
    };
    format!("{count} {noun}{end}")
}

fn written(outcome: io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write to stdout"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(printable("ls \u{1b}[2J\nä"), "ls \\u{1b}[2J\\nä");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert!(written(Err(ErrorKind::BrokenPipe.into())).is_ok());
        assert!(written(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
