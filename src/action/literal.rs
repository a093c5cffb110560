//! Python literals, which StackStorm accepts where an object is asked for: `{'a': [True, None]}`.

use serde_json::{Map, Number, Value};

/// Values nested deeper than this are refused.
const DEEPEST: usize = 64;

/// Reads the whole of `text` as one literal: `None`, `True`, `False`, numbers, quoted text, lists,
/// tuples (as lists) and dictionaries whose keys are text or scalars.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.blanks();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, sign: char) -> bool {
        self.blanks();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        self.blanks();
        match self.rest.chars().next()? {
            '[' => self.list(depth, '[', ']'),
            '(' => self.list(depth, '(', ')'),
            '{' => self.dictionary(depth),
            quote @ ('\'' | '"') => self.text(quote).map(Value::String),
            _ => self.word(),
        }
    }

    fn list(&mut self, depth: usize, open: char, close: char) -> Option<Value> {
        self.takes(open);
        let mut items = Vec::new();
        while !self.takes(close) {
            items.push(self.value(depth + 1)?);
            if !self.takes(',') {
                return self.takes(close).then_some(Value::Array(items));
            }
        }
        Some(Value::Array(items))
    }

    fn dictionary(&mut self, depth: usize) -> Option<Value> {
        self.takes('{');
        let mut entries = Map::new();
        while !self.takes('}') {
            let key = match self.value(depth + 1)? {
                Value::String(key) => key,
                key @ (Value::Number(_) | Value::Bool(_) | Value::Null) => key.to_string(),
                _ => return None,
            };
            if !self.takes(':') {
                return None;
            }
            entries.insert(key, self.value(depth + 1)?);
            if !self.takes(',') {
                return self.takes('}').then_some(Value::Object(entries));
            }
        }
        Some(Value::Object(entries))
    }

    fn text(&mut self, quote: char) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '\n' => {}
                    c @ ('\\' | '\'' | '"') => out.push(c),
                    c => out.extend(['\\', c]),
                },
                c if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Some(out);
                }
                '\n' => return None,
                c => out.push(c),
            }
        }
        None
    }

    fn word(&mut self) -> Option<Value> {
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let end = self.rest.find(|c| !inside(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "None" => Some(Value::Null),
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            _ => number(word),
        }
    }
}

fn number(word: &str) -> Option<Value> {
    if let Ok(integer) = word.parse::<i64>() {
        return Some(integer.into());
    }
    let digits = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let number = word.parse::<f64>().ok().filter(|_| digits && !word.contains(['n', 'N', 'f', 'F']))?;
    Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn python_values_read_as_python_prints_them() {
        assert_eq!(
            read("{'a': [1, -2.5, True, None], 1: ('x',)}"),
            Some(json!({"a": [1, -2.5, true, null], "1": ["x"]}))
        );
        assert_eq!(read(r#"{"it's": 'a\'b\\\n'}"#), Some(json!({"it's": "a'b\\\n"})));
        assert_eq!(read(" [ ] "), Some(json!([])));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "abc", "{'a'}", "[1", "{'a': x}", "__import__('os')", "[1] 2", "{[1]: 2}", "nan", "-inf"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&"[".repeat(100_000)), None);
    }
}
