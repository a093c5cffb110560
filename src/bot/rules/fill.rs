//! Values out of an event. They are only ever values of parameters: no command is put together from them.

use serde_json::{Map, Value, json};

use crate::bot::home::Home;
use crate::model::Event;
use crate::template::Undefined;

/// So many placeholders may stand in one command.
const MOST: usize = 64;

/// The first of the letters that stand for placeholders while a command is matched; nobody types them.
const FIRST: u32 = 0xe000;

/// What is filled in.
pub(super) struct Filling<'a> {
    home: &'a Home,
    context: Value,
}

/// The values of a command's placeholders, in the order of its letters.
#[derive(Debug)]
pub(super) struct Values(Vec<String>);

impl<'a> Filling<'a> {
    /// What templates see of an event: `event`, its `labels`, its `payload`.
    pub(super) fn of(home: &'a Home, event: &Event) -> Self {
        let context = json!({"event": event, "labels": event.labels, "payload": event.payload});
        Self { home, context }
    }

    fn render(&self, text: &str) -> Result<String, String> {
        let rendered = self.home.templates.render("rule", text, &self.context, Undefined::Strict);
        rendered.map_err(|error| error.headline())
    }

    /// Parameters of an action: texts are templates, all else is as it stands.
    pub(super) fn parameters(
        &self,
        with: &Map<String, Value>,
    ) -> Result<Vec<(String, Option<String>)>, String> {
        let one = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::String(text) => self.render(text).map_err(|why| format!("`{name}`: {why}"))?,
                other => other.to_string(),
            };
            Ok((name.clone(), Some(text)))
        };
        with.iter().map(one).collect()
    }

    /// A command with a letter in place of each placeholder, and what these stand for.
    pub(super) fn marked(&self, line: &str) -> Result<(String, Values), String> {
        let (mut out, mut values, mut rest) = (String::new(), Vec::new(), line);
        while let Some((before, behind)) = rest.split_once("{{") {
            let (inside, after) = behind.split_once("}}").ok_or("a `{{` is not closed")?;
            let letter = u32::try_from(values.len()).ok().and_then(|at| char::from_u32(FIRST + at));
            let letter = letter.filter(|_| values.len() < MOST).ok_or("there are too many placeholders")?;
            values.push(self.render(&format!("{{{{{inside}}}}}"))?);
            out.push_str(before);
            out.push(letter);
            rest = after;
        }
        Ok((out + rest, Values(values)))
    }
}

impl Values {
    /// Puts the values where their letters stand in parameters.
    pub(super) fn put(&self, params: Vec<(String, Option<String>)>) -> Vec<(String, Option<String>)> {
        let put = |text: String| {
            let mut out = String::new();
            for letter in text.chars() {
                let place = u32::from(letter).checked_sub(FIRST).and_then(|at| usize::try_from(at).ok());
                match place.and_then(|at| self.0.get(at)) {
                    Some(value) => out.push_str(value),
                    None => out.push(letter),
                }
            }
            out
        };
        params.into_iter().map(|(name, value)| (name, value.map(put))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_their_values_once() {
        let values = Values(vec!["a\u{e001}".to_owned(), "b".to_owned()]);
        let given = vec![("x".to_owned(), Some("\u{e000}-\u{e001}".to_owned())), ("y".to_owned(), None)];
        let put = values.put(given);
        assert_eq!(put, [("x".to_owned(), Some("a\u{e001}-b".to_owned())), ("y".to_owned(), None)]);
    }
}
