//! `y` and `n` are text, as PyYAML and StackStorm's files have it; the YAML reader takes them for booleans. They
//! are put in quotes before it sees them.

use std::borrow::Cow;

use serde_saphyr::Spanned;

use super::outline::{Node, outline};

/// A text with its lone letters quoted.
pub(super) struct Quoted<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where quotes were added: bytes in the original text, ascending.
    at: Vec<usize>,
}

impl Quoted<'_> {
    /// The column in the original text of a place in the quoted one.
    pub(super) fn column(&self, original: &str, line: u64, column: u64) -> u64 {
        let Some(start) = line_start(original, line) else { return column };
        let mut result = column;
        for at in self.at.iter().filter(|at| **at >= start && !original[start..**at].contains('\n')) {
            let own = original[start..*at].chars().count() as u64 + 1;
            if own < result {
                result -= 2.min(result - own);
            }
        }
        result
    }
}

fn line_start(text: &str, line: u64) -> Option<usize> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    match before {
        0 => Some(0),
        _ => text.match_indices('\n').nth(before - 1).map(|(at, _)| at + 1),
    }
}

/// Puts the scalars `y`, `Y`, `n`, `N` in double quotes.
pub(super) fn quote(text: &str) -> Quoted<'_> {
    let unchanged = Quoted { text: Cow::Borrowed(text), at: Vec::new() };
    if !has_lone_letter(text.as_bytes()) {
        return unchanged;
    }
    let Some(root) = outline(text) else { return unchanged };
    let mut at = Vec::new();
    collect(text, &root, &mut at);
    at.sort_unstable();
    at.dedup();
    let mut quoted = String::with_capacity(text.len() + 2 * at.len());
    let mut done = 0;
    for &start in &at {
        quoted.push_str(&text[done..start]);
        quoted.push_str(&format!("\"{}\"", &text[start..=start]));
        done = start + 1;
    }
    quoted.push_str(&text[done..]);
    Quoted { text: Cow::Owned(quoted), at }
}

fn is_letter(byte: u8) -> bool {
    matches!(byte, b'y' | b'Y' | b'n' | b'N')
}

fn has_lone_letter(bytes: &[u8]) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace() || b"[]{},:#".contains(byte));
    let mut letters = bytes.iter().enumerate().filter(|(_, byte)| is_letter(**byte));
    letters.any(|(at, _)| {
        edge(at.checked_sub(1).and_then(|before| bytes.get(before))) && edge(bytes.get(at + 1))
    })
}

fn collect(text: &str, node: &Spanned<Node>, at: &mut Vec<usize>) {
    match &node.value {
        Node::Bool => at.extend(place_of_letter(text, node)),
        Node::Seq(items) => items.iter().for_each(|item| collect(text, item, at)),
        Node::Map(entries) => entries.iter().for_each(|(key, value)| {
            collect(text, key, at);
            collect(text, value, at);
        }),
        Node::Text(_) | Node::Other => {}
    }
}

/// The byte where the letter of a boolean stands, if that is how it was written.
fn place_of_letter(text: &str, node: &Spanned<Node>) -> Option<usize> {
    let start = usize::try_from(node.defined.span().byte_offset()?).ok()?;
    let length = node.defined.span().byte_len()?;
    let letter = text.as_bytes().get(start).copied().filter(|byte| is_letter(*byte));
    letter.filter(|_| length == 1).map(|_| start)
}
