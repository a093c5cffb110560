//! What is wrong with a template, and where.

use std::fmt;

use minijinja::{Error, ErrorKind};

/// An excerpt cuts lines at this many characters.
const WIDEST: usize = 160;

/// Why a template was not rendered. Displayed as one line, then the line of the template with a caret:
///
/// ```text
/// ack.format:2: `execution.nope` is undefined
///   |
/// 2 | started {{ execution.nope }}
///   |            ^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The template, as its caller called it, or the file it includes.
    pub name: String,
    /// The line, from 1, where known.
    pub line: Option<usize>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The line of the template with a caret, where it is at hand.
    pub excerpt: Option<String>,
}

impl TemplateError {
    /// An error about a template as a whole.
    pub(crate) fn whole(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), line: None, message: message.into(), excerpt: None }
    }

    /// An error at a byte of an expression.
    pub(crate) fn at(name: &str, source: &str, at: usize, message: impl Into<String>) -> Self {
        let line = source.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let text = source.lines().nth(line - 1).unwrap_or_default();
        let excerpt = excerpt(line, column(source, line, at), text);
        Self { name: name.to_owned(), line: Some(line), message: message.into(), excerpt: Some(excerpt) }
    }

    /// The first line alone: place and message.
    pub fn headline(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}: {}", self.name, self.message),
            None => format!("{}: {}", self.name, self.message),
        }
    }

    /// Reads an engine's error. `original` gives a template's text as written and turns an offset in
    /// the prepared text into one in it.
    pub(crate) fn of(
        error: &Error,
        name: &str,
        original: impl Fn(&str, usize) -> Option<(String, usize)>,
    ) -> Self {
        let inner = innermost(error);
        let place = if inner.line().is_some() { inner } else { error };
        let name = place.name().unwrap_or(name).to_owned();
        let offset = place.range().map(|range| range.start);
        let excerpt = place.line().and_then(|line| {
            let (text, offset) = original(&name, offset.unwrap_or(0))?;
            Some(excerpt(line, column(&text, line, offset), text.lines().nth(line - 1)?))
        });
        Self { name, line: place.line(), message: message(inner), excerpt }
    }
}

/// The cause that says the most: the last one in the chain that is the engine's own.
fn innermost(error: &Error) -> &Error {
    let mut found = error;
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(inner) = source.downcast_ref::<Error>() {
            found = inner;
        }
        next = source.source();
    }
    found
}

fn message(error: &Error) -> String {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::OutOfFuel => "the template does too much work".to_owned(),
        ErrorKind::WriteFailure => source_text(error).unwrap_or_else(|| "cannot write the output".to_owned()),
        ErrorKind::UndefinedError if detail.is_empty() => "a value is undefined".to_owned(),
        ErrorKind::UndefinedError | ErrorKind::InvalidOperation if !detail.is_empty() => detail.to_owned(),
        ErrorKind::UnknownFilter => unknown(detail),
        kind if detail.is_empty() => kind.to_string(),
        kind => format!("{kind}: {detail}"),
    }
}

/// `filter uper is unknown`, with what may have been meant.
fn unknown(detail: &str) -> String {
    let name = detail.strip_prefix("filter ").and_then(|rest| rest.strip_suffix(" is unknown"));
    let Some(name) = name else { return format!("unknown filter: {detail}") };
    match super::filters::nearest(name) {
        Some(near) => format!("unknown filter `{name}`: did you mean `{near}`?"),
        None => format!("unknown filter `{name}`"),
    }
}

fn source_text(error: &Error) -> Option<String> {
    std::error::Error::source(error).map(ToString::to_string)
}

/// The column, from 1, of a byte offset in a line; 1 when the offset is elsewhere.
fn column(text: &str, line: usize, offset: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    text.get(start..offset).map_or(1, |before| before.chars().count() + 1)
}

fn excerpt(line: usize, column: usize, text: &str) -> String {
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let shown: String = text.chars().take(WIDEST).collect();
    let caret = (column - 1).min(WIDEST);
    format!("{margin} |\n{number} | {shown}\n{margin} | {}^", " ".repeat(caret))
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        match &self.excerpt {
            Some(excerpt) => write!(f, "\n{excerpt}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateError {}
