//! The filter `outline`: data as indented `key : value` lines, as results are shown.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, State, Value};

use super::metered;
use super::text::too_large;
use crate::template::limits::{charge, measure, room};
use crate::template::python;

/// Adds the filter.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "outline", |state: &mut State<'_, '_>, value: &Value| {
        measure(value)?;
        let mut outline = Outline { out: String::new(), most: room(state) };
        outline.value(value, 0)?;
        charge(state, outline.out.len())?;
        outline.out.truncate(outline.out.trim_end_matches('\n').len());
        Ok::<_, Error>(outline.out)
    });
}

struct Outline {
    out: String,
    most: usize,
}

impl Outline {
    fn value(&mut self, value: &Value, column: usize) -> Result<(), Error> {
        match value.kind() {
            ValueKind::Map => value.try_iter()?.try_for_each(|key| {
                let inner = value.get_item(&key)?;
                self.entry(&key, &inner, column)
            }),
            _ => self.lines(&python::text(value, self.most)?, column),
        }
    }

    fn entry(&mut self, key: &Value, value: &Value, column: usize) -> Result<(), Error> {
        let name = python::text(key, self.most)?;
        if value.kind() == ValueKind::Map && value.is_true() {
            self.lines(&format!("{name} :"), column)?;
            return self.value(value, column + 2);
        }
        let text = python::text(value, self.most)?;
        let text = text.trim_matches('\n');
        if text.contains('\n') {
            self.lines(&format!("{name} :"), column)?;
            return self.lines(text, column + 2);
        }
        self.lines(&format!("{name} : {text}"), column)
    }

    fn lines(&mut self, text: &str, column: usize) -> Result<(), Error> {
        for line in text.split('\n') {
            if self.out.len() + column + line.len() >= self.most {
                return Err(too_large());
            }
            self.out.push_str(&" ".repeat(column));
            self.out.push_str(line);
            self.out.push('\n');
        }
        Ok(())
    }
}
