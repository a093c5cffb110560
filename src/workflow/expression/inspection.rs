//! What is known of a text without evaluating it.

use super::parts::{Part, cut, has_block};
use super::yaql::Expression;
use super::{Language, jinja, reads};

/// How wrong an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It can never be evaluated: it does not parse, or has two languages.
    Error,
    /// It parses, but calls what is not there, or with arguments that do not fit. StackStorm finds this only
    /// when it runs.
    Unknown,
}

/// Something that is wrong with one expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How wrong it is.
    pub severity: Severity,
    /// The language; none for two languages in one text.
    pub language: Option<Language>,
    /// The expression as written, with its marks.
    pub expression: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
}

/// A variable of the context that an expression reads by a plain name: `ctx().x`, `ctx(x)`, `ctx("x")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The variable.
    pub name: String,
    /// The language of the expression that reads it.
    pub language: Language,
    /// The expression as written, with its marks.
    pub expression: String,
}

/// What an inspection of a text finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What is wrong, in the order found.
    pub problems: Vec<Problem>,
    /// The languages found, each once; empty for a text without expressions.
    pub languages: Vec<Language>,
    /// The variables read, in the order found; the same one may occur twice.
    pub reads: Vec<Read>,
}

/// Looks at one text.
pub(super) fn inspect(text: &str) -> Inspection {
    let mut found = Inspection::default();
    let blocks = has_block(text);
    for part in cut(text) {
        let Part::Expression { language, written, inner } = part else { continue };
        found.speaks(language);
        match language {
            Language::Yaql => found.yaql(written, inner.trim()),
            Language::Jinja if blocks => {}
            Language::Jinja => {
                let checked = jinja::check(inner.trim());
                found.jinja(written, checked);
            }
        }
    }
    if blocks {
        found.speaks(Language::Jinja);
        let checked = jinja::check_text(text);
        found.jinja(text, checked);
    }
    if found.languages.len() > 1 {
        let message = super::TWO_LANGUAGES.to_owned();
        let expression = text.to_owned();
        found.problems.push(Problem { severity: Severity::Error, language: None, expression, message });
    }
    found
}

impl Inspection {
    fn speaks(&mut self, language: Language) {
        if !self.languages.contains(&language) {
            self.languages.push(language);
        }
    }

    fn yaql(&mut self, written: &str, inner: &str) {
        let (names, problems) = match Expression::parse(inner) {
            Ok(expression) => {
                let doubts = expression.doubts().into_iter().map(|doubt| (Severity::Unknown, doubt));
                (expression.variables(), doubts.collect::<Vec<_>>())
            }
            Err(wrong) => {
                let names = reads::textual(inner).into_iter().map(|read| read.name).collect();
                let place = inner.get(..wrong.at).map_or(0, |before| before.chars().count()) + 1;
                let message = format!("{} (character {place} of the expression)", wrong.message);
                (names, vec![(Severity::Error, message)])
            }
        };
        self.note(Language::Yaql, written, names, problems);
    }

    fn jinja(&mut self, written: &str, checked: Result<(), String>) {
        let problems = match checked {
            Ok(()) => jinja::doubts(written).into_iter().map(|doubt| (Severity::Unknown, doubt)).collect(),
            Err(message) => vec![(Severity::Error, message)],
        };
        let names = reads::textual(written).into_iter().map(|read| read.name).collect();
        self.note(Language::Jinja, written, names, problems);
    }

    fn note(
        &mut self,
        language: Language,
        written: &str,
        names: Vec<String>,
        problems: Vec<(Severity, String)>,
    ) {
        let expression = || written.to_owned();
        let reads = names.into_iter().map(|name| Read { name, language, expression: expression() });
        self.reads.extend(reads);
        let problems = problems.into_iter().map(|(severity, message)| Problem {
            severity,
            language: Some(language),
            expression: expression(),
            message,
        });
        self.problems.extend(problems);
    }
}
