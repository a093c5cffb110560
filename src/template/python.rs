//! Values as Python prints them: `True`, `None`, `['a', 'b']`, `{'k': 1.0}`.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::limits::failed;

/// How deep lists and mappings may nest when printed.
const DEEPEST: usize = 64;

/// Python's `str(value)`; at most `most` bytes, else an error.
pub(crate) fn text(value: &Value, most: usize) -> Result<String, Error> {
    match value.as_str() {
        Some(text) if text.len() <= most => Ok(text.to_owned()),
        Some(_) => Err(too_long()),
        None if value.is_undefined() => Ok(String::new()),
        None => repr(value, most),
    }
}

/// Python's `repr(value)`; at most `most` bytes, else an error.
pub(crate) fn repr(value: &Value, most: usize) -> Result<String, Error> {
    let mut printer = Printer { out: String::new(), most, sorted: false };
    printer.value(value, 0)?;
    Ok(printer.out)
}

/// The same with the keys of mappings sorted, as `pprint` does.
pub(crate) fn sorted_repr(value: &Value, most: usize) -> Result<String, Error> {
    let mut printer = Printer { out: String::new(), most, sorted: true };
    printer.value(value, 0)?;
    Ok(printer.out)
}

struct Printer {
    out: String,
    most: usize,
    sorted: bool,
}

impl Printer {
    fn put(&mut self, text: &str) -> Result<(), Error> {
        if self.out.len() + text.len() > self.most {
            return Err(too_long());
        }
        self.out.push_str(text);
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(failed("a value is nested too deep"));
        }
        match value.kind() {
            ValueKind::Undefined => self.put("Undefined"),
            ValueKind::String => self.put(&quoted(value.as_str().unwrap_or_default())),
            ValueKind::Number if !value.is_integer() => match f64::try_from(value.clone()) {
                Ok(number) => self.put(&float(number)),
                Err(_) => self.put(&value.to_string()),
            },
            ValueKind::Map => self.map(value, depth),
            ValueKind::Seq => self.list(value, depth),
            ValueKind::Iterable if value.len().is_some() => self.list(value, depth),
            ValueKind::Iterable => self.put("<generator>"),
            _ => self.put(&value.to_string()),
        }
    }

    fn list(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let tuple = value.is_tuple();
        self.put(if tuple { "(" } else { "[" })?;
        let mut count = 0;
        for item in value.try_iter()?.checked() {
            if count > 0 {
                self.put(", ")?;
            }
            self.value(&item?, depth + 1)?;
            count += 1;
        }
        match (tuple, count) {
            (true, 1) => self.put(",)"),
            (true, _) => self.put(")"),
            (false, _) => self.put("]"),
        }
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let mut keys: Vec<Value> = value.try_iter()?.checked().collect::<Result<_, _>>()?;
        if self.sorted {
            keys.sort();
        }
        self.put("{")?;
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                self.put(", ")?;
            }
            self.value(key, depth + 1)?;
            self.put(": ")?;
            self.value(&value.get_item(key)?, depth + 1)?;
        }
        self.put("}")
    }
}

fn too_long() -> Error {
    failed("a printed value is too large")
}

/// A string as Python writes it: single quotes, unless it holds one and no double quote.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_control() || ('\u{80}'..='\u{a0}').contains(&c) => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A float as Python writes it: `1.0`, `0.1`, `1e+20`, `1e-05`, `nan`, `-inf`.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
        return format!("{digits}e{sign}{power:0>2}");
    }
    let text = number.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.00001, "1e-05"),
            (123456789.125, "123456789.125"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (number, expected) in cases {
            assert_eq!(float(number), expected);
        }
    }

    #[test]
    fn strings_choose_their_quotes_as_in_python() {
        assert_eq!(quoted("x\"y"), "'x\"y'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("a\n'\"\\\u{7}ü"), "'a\\n\\'\"\\\\\\x07ü'");
    }
}
