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
