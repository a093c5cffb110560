//! Classes and escapes of a format: Python's, written as Rust's engines read them.

use super::node::Node;
use super::tree::Reader;

impl Reader<'_> {
    pub(super) fn class(&mut self) -> Result<String, String> {
        let missing = || "there is a `[` without its `]`; write `\\[` for a literal one".to_owned();
        let mut out = String::from("[");
        self.take(1);
        if self.eat("^") {
            out.push('^');
        }
        if self.eat("]") {
            out.push_str("\\]");
        }
        loop {
            let letter = self.rest.chars().next().ok_or_else(missing)?;
            match letter {
                ']' => {
                    self.take(1);
                    out.push(']');
                    return Ok(out);
                }
                '\\' => out.push_str(&self.class_escape().ok_or_else(missing)?),
                // Python has no nested classes and no set operations.
                '[' | '&' | '~' | '-' if letter != '-' || self.rest.starts_with("--") => {
                    self.take(1);
                    out.push('\\');
                    out.push(letter);
                }
                _ => out.push_str(self.take(letter.len_utf8())),
            }
        }
    }

    fn class_escape(&mut self) -> Option<String> {
        let letter = self.rest.chars().nth(1)?;
        let text = self.take(1 + letter.len_utf8());
        Some(match letter {
            'b' => "\\x08".to_owned(),
            _ => engine_escape(letter, text),
        })
    }

    pub(super) fn escape(&mut self) -> Result<Node, String> {
        let letter = self.rest.chars().nth(1);
        let letter = letter.ok_or_else(|| "the format ends in a lone backslash; write `\\\\`".to_owned())?;
        if letter.is_ascii_digit() && letter != '0' {
            let digits = self.rest[1..].chars().take(2).take_while(char::is_ascii_digit).count();
            return Ok(Node::BackReference(self.take(1 + digits).to_owned()));
        }
        let text = self.take(1 + letter.len_utf8());
        Ok(match letter {
            'A' => Node::Start,
            'Z' | 'z' => Node::End,
            'b' | 'B' => Node::Edge(text.to_owned()),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Node::Class(text.to_owned()),
            '0' => Node::Class("\\x00".to_owned()),
            'n' | 't' | 'r' | 'f' | 'v' | 'a' => Node::Class(text.to_owned()),
            'x' | 'u' | 'U' | 'p' | 'P' => Node::Class(self.long_escape(text)),
            letter if letter.is_ascii_alphabetic() => return Err(format!("`\\{letter}` means nothing here")),
            blank if blank.is_whitespace() => Node::Class(format!("\\x{{{:x}}}", u32::from(blank))),
            letter => Node::Char(letter),
        })
    }

    /// `\x41`, `\u00e9`, `\p{Greek}`: the escape with what belongs to it; the engine judges it.
    fn long_escape(&mut self, text: &str) -> String {
        let length = match (self.rest.strip_prefix('{'), text) {
            (Some(inner), _) => inner.find('}').map_or(0, |end| end + 2),
            (None, "\\x") => 2,
            (None, "\\u") => 4,
            (None, "\\U") => 8,
            (None, _) => 1,
        };
        let length =
            self.rest.char_indices().map(|(at, _)| at).chain([self.rest.len()]).find(|at| *at >= length);
        format!("{text}{}", self.take(length.unwrap_or(0)))
    }
}

/// An escape inside a class, as Rust's engine writes it.
fn engine_escape(letter: char, text: &str) -> String {
    match letter {
        '<' | '>' => letter.to_string(),
        'Z' => "Z".to_owned(),
        letter if letter.is_ascii() => text.to_owned(),
        letter => letter.to_string(),
    }
}
