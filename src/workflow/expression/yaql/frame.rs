//! Variables: `$`, `$1` and those of `let`. Inner ones hide outer ones.

use super::value::Datum;

/// A set of variables around an expression.
#[derive(Default)]
pub(super) struct Frame<'f, 'a> {
    vars: Vec<(String, Datum<'a>)>,
    outer: Option<&'f Self>,
}

impl<'f, 'a> Frame<'f, 'a> {
    /// Variables inside `outer`.
    pub(super) fn inside(outer: &'f Self, vars: Vec<(String, Datum<'a>)>) -> Self {
        Self { vars, outer: Some(outer) }
    }

    /// `$` and `$1`, `$2`, ... inside `outer`.
    pub(super) fn numbered(outer: &'f Self, mut values: Vec<Datum<'a>>) -> Self {
        let Some(first) = values.first().cloned() else { return Self::inside(outer, Vec::new()) };
        let mut vars = vec![(String::new(), first)];
        if values.len() == 1 {
            // `$1` is looked up as `$`, which saves a copy for each item.
            values.clear();
        }
        vars.extend(values.into_iter().enumerate().map(|(index, value)| ((index + 1).to_string(), value)));
        Self::inside(outer, vars)
    }

    /// The same with more variables.
    pub(super) fn and(mut self, named: Vec<(String, Datum<'a>)>) -> Self {
        self.vars.extend(named);
        self
    }

    /// The value of a variable.
    pub(super) fn find(&self, name: &str) -> Option<&Datum<'a>> {
        let own = |wanted: &str| self.vars.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let alone = || if name == "1" { own("") } else { None };
        own(name).or_else(alone).or_else(|| self.outer?.find(name))
    }
}
