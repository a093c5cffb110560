//! The `key=value` pairs at the end of a command: quote- and bracket-aware, in time linear in the text.
//!
//! A pair is a word KEY, optional blanks, `=`, and a VALUE that begins right after it. KEY holds no quote, slash,
//! backslash, `?` or `=`, so that URLs and paths stay text. VALUE is `"..."`, `'...'` (a backslash keeps a quote
//! inside), balanced `{...}` or `[...]`, or a run of non-blanks. Only an unbroken run of pairs at the end counts.

use std::borrow::Cow;

/// One `key=value` at the end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair<'t> {
    /// Where its key begins, in bytes.
    pub(super) start: usize,
    pub(super) key: &'t str,
    pub(super) value: Cow<'t, str>,
}

/// After so many unbalanced brackets in one text, brackets are plain letters: keeps the scan linear.
const PATIENCE: usize = 16;

/// The pairs at the end of `text`, in the order of the text.
pub(super) fn pairs(text: &str) -> Vec<Pair<'_>> {
    if !text.contains('=') {
        return Vec::new();
    }
    let mut scan = Scan { text, unbalanced: 0, unclosed: [false; 2] };
    let mut run = Vec::new();
    let mut at = scan.blanks(0);
    while at < text.len() {
        match scan.pair(at) {
            Some((pair, end)) => {
                run.push(pair);
                at = end;
            }
            None => {
                run.clear();
                at = scan.word(at);
            }
        }
        at = scan.blanks(at);
    }
    run
}

/// The length of the balanced `{...}` or `[...]` at the start of `text`; quotes inside are opaque.
pub(super) fn balanced(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut open: Vec<u8> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            close @ (b'}' | b']') => {
                if open.pop() != Some(close) {
                    return None;
                }
                if open.is_empty() {
                    return Some(at + 1);
                }
            }
            b'"' => at = closing(bytes, at)?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The position of the quote that closes the one at `at`.
fn closing(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes[at];
    let mut here = at + 1;
    while here < bytes.len() {
        match bytes[here] {
            b'\\' => here += 1,
            byte if byte == quote => return Some(here),
            _ => {}
        }
        here += 1;
    }
    None
}

struct Scan<'t> {
    text: &'t str,
    unbalanced: usize,
    /// Whether no `"`, no `'` is closed from here on; found once, true for all that follows.
    unclosed: [bool; 2],
}

impl<'t> Scan<'t> {
    fn blanks(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + (rest.len() - rest.trim_start().len())
    }

    /// The end of the run of non-blanks at `at`.
    fn run(&self, at: usize) -> usize {
        self.text[at..].find(char::is_whitespace).map_or(self.text.len(), |length| at + length)
    }

    /// The end of the word at `at`; quotes that open at its start or after punctuation hide their blanks.
    fn word(&mut self, start: usize) -> usize {
        let mut opens = true;
        let mut at = start;
        while let Some(letter) = self.text[at..].chars().next() {
            if letter.is_whitespace() {
                return at;
            }
            if opens && let Some(end) = self.quoted(at) {
                at = end;
                opens = false;
                continue;
            }
            opens = matches!(letter, '=' | ':' | '(' | '[' | '{' | ',');
            at += letter.len_utf8();
        }
        at
    }

    /// The end of the quoted text at `at`, past its closing quote.
    fn quoted(&mut self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let kind = match bytes.get(at)? {
            b'"' => 0,
            b'\'' => 1,
            _ => return None,
        };
        if self.unclosed[kind] {
            return None;
        }
        let end = closing(bytes, at);
        self.unclosed[kind] = end.is_none();
        end.map(|end| end + 1)
    }

    fn pair(&mut self, at: usize) -> Option<(Pair<'t>, usize)> {
        let rest = &self.text[at..];
        let stop =
            |letter: char| letter.is_whitespace() || matches!(letter, '=' | '"' | '\'' | '/' | '\\' | '?');
        let length = rest.find(stop)?;
        let equals = self.blanks(at + length);
        if length == 0 || !self.text[equals..].starts_with('=') {
            return None;
        }
        let (value, end) = self.value(equals + 1)?;
        Some((Pair { start: at, key: &rest[..length], value }, end))
    }

    fn value(&mut self, at: usize) -> Option<(Cow<'t, str>, usize)> {
        if let Some(end) = self.quoted(at).filter(|end| self.ends_word(*end)) {
            return Some((unescape(&self.text[at..end]), end));
        }
        if let Some(end) = self.bracketed(at).filter(|end| self.ends_word(*end)) {
            return Some((Cow::Borrowed(&self.text[at..end]), end));
        }
        let end = self.run(at);
        (end > at).then(|| (Cow::Borrowed(&self.text[at..end]), end))
    }

    fn bracketed(&mut self, at: usize) -> Option<usize> {
        if self.unbalanced >= PATIENCE || !matches!(self.text.as_bytes().get(at), Some(b'{' | b'[')) {
            return None;
        }
        let length = balanced(&self.text[at..]);
        self.unbalanced += usize::from(length.is_none());
        length.map(|length| at + length)
    }

    fn ends_word(&self, at: usize) -> bool {
        self.text[at..].chars().next().is_none_or(char::is_whitespace)
    }
}

/// Drops the quotes around a value and the backslashes before quotes of that kind in it.
fn unescape(quoted: &str) -> Cow<'_, str> {
    let quote = &quoted[..1];
    let inner = &quoted[1..quoted.len() - 1];
    let escaped = format!("\\{quote}");
    if inner.contains(&escaped) { Cow::Owned(inner.replace(&escaped, quote)) } else { Cow::Borrowed(inner) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).into_iter().map(|pair| (pair.key.to_owned(), pair.value.into_owned())).collect()
    }

    fn one(text: &str) -> (String, String) {
        let mut all = read(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        all.remove(0)
    }

    #[test]
    fn values_are_words_quotes_or_balanced_brackets() {
        assert_eq!(one("x k=a==b"), ("k".into(), "a==b".into()));
        assert_eq!(one("x k =3"), ("k".into(), "3".into()));
        assert_eq!(one("x k='it\\'s'"), ("k".into(), "it's".into()));
        assert_eq!(one("x k=[1, [2, 3]]"), ("k".into(), "[1, [2, 3]]".into()));
        assert_eq!(one("x k={\"a\": {\"b\": \"}\"}}"), ("k".into(), "{\"a\": {\"b\": \"}\"}}".into()));
        assert_eq!(one("x k=\"v"), ("k".into(), "\"v".into()));
        assert_eq!(one("x k=\"v\"x"), ("k".into(), "\"v\"x".into()));
        assert_eq!(read("x a=1  b=\"\"").len(), 2);
    }

    #[test]
    fn text_that_only_looks_like_a_pair_is_left_alone() {
        for text in
            ["x k=", "x k = 3", "http://h/?q=1", "x \"a b=1\"", "x 'k=v'", "x k=v y", "a?b=c", "=v", ""]
        {
            assert_eq!(read(text), [], "{text}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        let pieces = ["a=b ", "a={ ", "a=[ ", "\"a 'b ", "a=\"b ", "'", "a =", " ", "{", "a=\"\\"];
        for piece in pieces {
            let text = piece.repeat(65_536 / piece.len());
            let started = Instant::now();
            pairs(&text);
            assert!(started.elapsed() < Duration::from_millis(500), "{piece}: {:?}", started.elapsed());
        }
    }
}
