//! Cuts a template into raw text and tags, and tags into tokens, just far enough to find operators.

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text between tags, as a range of bytes.
    Raw(usize, usize),
    /// The tokens of an expression or a statement.
    Tag(Vec<Token>),
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    Text,
    Sign,
}

/// A token: its kind and its range of bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Signs of two characters.
const PAIRS: [&str; 6] = ["**", "//", "==", "!=", "<=", ">="];

/// Cuts `source`; none where a tag does not end, which the engine then reports.
pub(super) fn cut(source: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find('{').map(|found| at + found) {
        let end = match source.as_bytes().get(found + 1) {
            Some(b'#') => found + 2 + source[found + 2..].find("#}")? + 2,
            Some(b'{' | b'%') => {
                pieces.push(Piece::Raw(at, found));
                let close = if source.as_bytes()[found + 1] == b'{' { "}}" } else { "%}" };
                let (tokens, end) = tokens(source, found + 2, close)?;
                let raw = is_raw(source, &tokens);
                pieces.push(Piece::Tag(tokens));
                at = if raw { end_of_raw(source, end)? } else { end };
                continue;
            }
            _ => found + 1,
        };
        pieces.push(Piece::Raw(at, found));
        at = end;
    }
    pieces.push(Piece::Raw(at, source.len()));
    Some(pieces)
}

fn is_raw(source: &str, tokens: &[Token]) -> bool {
    matches!(tokens, [only] if &source[only.start..only.end] == "raw")
}

/// Behind the `endraw` tag.
fn end_of_raw(source: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let open = at + source[at..].find("{%")? + 2;
        let inner = source[open..].trim_start_matches(['-', '+']).trim_start();
        if let Some(rest) = inner.strip_prefix("endraw") {
            return Some(source.len() - rest.len() + rest.find("%}")? + 2);
        }
        at = open;
    }
}

/// The tokens from `at` to the closing mark, and the place behind it.
fn tokens(source: &str, at: usize, close: &str) -> Option<(Vec<Token>, usize)> {
    let mut tokens = Vec::new();
    let mut depth = 0usize;
    let mut at = at;
    if source[at..].starts_with(['-', '+']) {
        at += 1;
    }
    loop {
        let rest = &source[at..];
        let c = rest.chars().next()?;
        if depth == 0 {
            let trimmed = rest.strip_prefix(['-', '+']).unwrap_or(rest);
            if trimmed.starts_with(close) {
                return Some((tokens, source.len() - trimmed.len() + close.len()));
            }
        }
        let (kind, length) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' | '\'' => (Kind::Text, text_length(rest, c)?),
            c if c.is_ascii_digit() => (Kind::Number, number_length(rest)),
            c if c == '_' || c.is_alphabetic() => {
                let name = |c: char| c != '_' && !c.is_alphanumeric();
                (Kind::Name, rest.find(name).unwrap_or(rest.len()))
            }
            c => (Kind::Sign, if PAIRS.iter().any(|pair| rest.starts_with(pair)) { 2 } else { c.len_utf8() }),
        };
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        tokens.push(Token { kind, start: at, end: at + length });
        at += length;
    }
}

fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Digits, with a point only if a digit follows: `1.5`, but `x.1.y` and `1.real` stay apart.
fn number_length(rest: &str) -> usize {
    let word = |text: &str| text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let whole = word(rest);
    match rest[whole..].strip_prefix('.') {
        Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => whole + 1 + word(after),
        _ => whole,
    }
}
