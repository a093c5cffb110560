//! Rendering with a hand between values and text: what an expression prints is given to a callback,
//! and only what that returns is written.
//!
//! What counts as one expression: each `{{ ... }}` at the place where its output reaches the text,
//! also inside included and imported templates, blocks and loops. A string literal (`{{ "x" }}`)
//! is an expression like any other. What is captured first — `{% set x %}...{% endset %}`, macros,
//! `{% call %}`, `{% filter %}` — is collected plain and is one value, its own literal text
//! included, when it is printed at last; so a callback that quotes values for a shell quotes the
//! captured whole. Nothing that came from a value can reach the text by another way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::{Environment, Error, Value};

use super::env::print;
use super::limits::Bounded;

/// Renders `source` with `place` between values and the output, of at most `most` bytes.
pub(super) fn render(
    env: &Environment<'static>,
    name: &str,
    source: &str,
    root: Value,
    place: &mut dyn FnMut(&str) -> String,
    most: usize,
) -> Result<String, Error> {
    let value = Arc::new(AtomicBool::new(false));
    let mut env = env.clone();
    let flag = value.clone();
    env.set_formatter(move |out, state, printed| {
        flag.store(true, Ordering::Relaxed);
        let done = print(out, state, printed);
        flag.store(false, Ordering::Relaxed);
        done
    });
    let mut hand = Hand { value, place, out: Bounded { text: Vec::new(), most } };
    env.template_from_named_str(name, source)?.render_captured_to(root, &mut hand)?;
    Ok(String::from_utf8_lossy(&hand.out.text).into_owned())
}

/// The end of the output. What a capture collects never comes here, so a write while the flag is
/// up is an expression's whole text on its way out.
struct Hand<'a> {
    value: Arc<AtomicBool>,
    place: &'a mut dyn FnMut(&str) -> String,
    out: Bounded,
}

impl io::Write for Hand<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.value.load(Ordering::Relaxed) {
            return self.out.write_all(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let placed = (self.place)(text);
        self.out.write_all(placed.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use crate::template::{Options, Templates, Undefined};

    /// Renders with every value in angle brackets, on top of one included template.
    fn placed(source: &str) -> String {
        let named = BTreeMap::from([
            ("part.j2".to_owned(), "part {{ v }}{% macro m(x) %}m {{ x }}{% endmacro %}".to_owned()),
            ("base.j2".to_owned(), "base {% block b %}{{ v }}{% endblock %}".to_owned()),
        ]);
        let templates = Templates::new(Options { templates: named, ..Options::default() });
        let context = json!({"v": "$(x)", "l": ["a", "b"], "empty": ""});
        let mut place = |value: &str| format!("<{value}>");
        templates.render_with("cmd", source, &context, Undefined::Strict, &mut place).unwrap()
    }

    #[test]
    fn every_value_goes_through_the_callback() {
        assert_eq!(placed("echo {{ v }} {{ empty }}{{ 1 }}"), "echo <$(x)> <><1>");
        assert_eq!(placed("{% for x in l %}{{ x }} {% endfor %}"), "<a> <b> ");
        assert_eq!(placed("{{ 'literal' }} {{ v ~ '!' }} {{ v | upper }}"), "<literal> <$(x)!> <$(X)>");
        assert_eq!(placed("{% include 'part.j2' %}"), "part <$(x)>");
        assert_eq!(
            placed("{% extends 'base.j2' %}{% block b %}own {{ v }} {{ super() }}{% endblock %}"),
            "base own <$(x)> <$(x)>"
        );
    }

    #[test]
    fn what_is_captured_is_one_value_when_it_is_printed() {
        assert_eq!(placed("{% set x %}a {{ v }}{% endset %}[{{ x }}]"), "[<a $(x)>]");
        assert_eq!(placed("{% filter upper %}a {{ v }}{% endfilter %}"), "<A $(X)>");
        assert_eq!(placed("{% macro m(x) %}a {{ x }}{% endmacro %}{{ m(v) }}"), "<a $(x)>");
        assert_eq!(placed("{% from 'part.j2' import m %}{{ m(v) }}"), "<m $(x)>");
        assert_eq!(
            placed("{% macro m() %}a {{ caller() }}{% endmacro %}{% call m() %}{{ v }}{% endcall %}"),
            "<a $(x)>"
        );
    }
}
