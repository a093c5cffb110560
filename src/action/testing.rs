//! A template engine for the tests of this room.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value;

use super::render::Render;

/// MiniJinja as it comes, strict.
#[derive(Debug)]
pub(super) struct Engine;

impl Render for Engine {
    fn render(&self, name: &str, source: &str, context: &Value) -> Result<String, String> {
        self.render_with(name, source, context, &mut str::to_owned)
    }

    fn render_with(
        &self,
        name: &str,
        source: &str,
        context: &Value,
        out: &mut dyn FnMut(&str) -> String,
    ) -> Result<String, String> {
        let printing = Arc::new(AtomicBool::new(false));
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let flag = printing.clone();
        environment.set_formatter(move |out, _, value| {
            flag.store(true, Ordering::Relaxed);
            let done = out.write_str(&value.to_string());
            flag.store(false, Ordering::Relaxed);
            Ok(done?)
        });
        let mut hand = Hand { printing, out, text: String::new() };
        let template =
            environment.template_from_named_str(name, source).map_err(|error| error.to_string())?;
        template.render_captured_to(Serde(context), &mut hand).map_err(|error| error.to_string())?;
        Ok(hand.text)
    }
}

/// What is written while the flag is up is an output on its way out.
struct Hand<'a> {
    printing: Arc<AtomicBool>,
    out: &'a mut dyn FnMut(&str) -> String,
    text: String,
}

impl Write for Hand<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        match self.printing.load(Ordering::Relaxed) {
            true => self.text += &(self.out)(&text),
            false => self.text += &text,
        }
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
