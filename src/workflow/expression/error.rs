//! Why an expression has no value.

/// The language of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// `<% ... %>`.
    Yaql,
    /// `{{ ... }}` and `{% ... %}`.
    Jinja,
}

impl Language {
    /// `yaql` or `jinja`, as results of inspections name them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaql => "yaql",
            Self::Jinja => "jinja",
        }
    }
}

/// An expression that could not be evaluated, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot evaluate `{expression}`: {cause}")]
pub struct ExpressionError {
    /// The language it is written in.
    pub language: Language,
    /// The expression as written, with its marks.
    pub expression: String,
    /// What went wrong: lower case, no full stop.
    pub cause: String,
}
