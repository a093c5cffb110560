//! Markers stand in shell text where outputs of the template were: two characters that no text ever
//! holds (Unicode's noncharacters) around a number.

use serde_json::Value;

pub(super) const OPEN: char = '\u{fdd0}';
pub(super) const CLOSE: char = '\u{fdd1}';

/// The marker of the output `number`, from 1.
pub(super) fn marker(number: usize) -> String {
    format!("{OPEN}{number}{CLOSE}")
}

/// The environment variable that carries the output `number`.
pub(super) fn variable(number: usize) -> String {
    format!("{PREFIX}{number}")
}

/// What the variables of typed values begin with.
pub(super) const PREFIX: &str = "CHATOPS_V";

/// Whether no text in the value holds a NUL or a marker's character.
pub fn is_clean(value: &Value) -> bool {
    let clean = |text: &str| !text.contains(['\0', OPEN, CLOSE]);
    match value {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().all(is_clean),
        Value::Object(entries) => entries.iter().all(|(key, item)| clean(key) && is_clean(item)),
        _ => true,
    }
}

/// The outputs of one rendering, in order.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// What each output printed.
    pub(super) values: Vec<String>,
    /// A filter took a marker apart.
    pub(super) torn: bool,
}

impl Outputs {
    /// Keeps an output and gives its marker. A captured block (`{% set %}`, `{% filter %}`) comes with
    /// the markers of what was printed inside it: those become what they stand for again.
    pub(super) fn keep(&mut self, printed: &str) -> String {
        let value = if printed.contains([OPEN, CLOSE]) { self.expand(printed) } else { printed.to_owned() };
        self.values.push(value);
        marker(self.values.len())
    }

    fn expand(&mut self, printed: &str) -> String {
        let mut out = String::new();
        let mut rest = printed;
        while let Some((before, after)) = rest.split_once(OPEN) {
            out.push_str(before);
            let inner = after.split_once(CLOSE).and_then(|(number, after)| {
                let value = self.values.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
                Some((value, after))
            });
            let Some((value, after)) = inner else {
                self.torn = true;
                return out;
            };
            out.push_str(value);
            rest = after;
        }
        self.torn |= rest.contains(CLOSE);
        out.push_str(rest);
        out
    }
}
