//! What is done to a template's text before the engine sees it. No line break is added, so line
//! numbers stay; [`Prepared::original`] turns offsets back.
//!
//! MiniJinja's operators cannot be replaced, so those that lack a meaning of Jinja or a limit become
//! filters: `a % b` (which formats text), `a * b` (which repeats), `a ~ b` and `a + b` (which could
//! double a value again and again), lists (which Python can append to). Long raw text is charged for.

use super::lexer::{Piece, cut};
use super::operands::operators;

/// Raw text of at least so many bytes is charged for each time it is written.
const LONG: usize = 64;

/// A prepared text.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What the engine reads.
    pub(super) text: String,
    edits: Vec<Edit>,
}

/// `insert` takes the place of `remove` bytes at `at` of the original.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) at: usize,
    pub(super) remove: usize,
    pub(super) insert: String,
}

impl Prepared {
    /// Prepares `source`. What cannot be read is left as it is: the engine says why.
    pub(super) fn new(source: &str) -> Self {
        let mut edits = Vec::new();
        for piece in cut(source).unwrap_or_default() {
            match piece {
                Piece::Raw(start, end) => charge_raw(source, start, end, &mut edits),
                Piece::Tag(tokens) => {
                    edits.extend(operators(source, &tokens));
                }
            }
        }
        edits.sort_by_key(|edit| edit.at);
        let mut text = String::with_capacity(source.len() + edits.len() * 8);
        let mut at = 0;
        for edit in &edits {
            text.push_str(&source[at..edit.at]);
            text.push_str(&edit.insert);
            at = edit.at + edit.remove;
        }
        text.push_str(&source[at..]);
        Self { text, edits }
    }

    /// The offset in the original of an offset in the prepared text.
    pub(super) fn original(&self, offset: usize) -> usize {
        let (mut added, mut removed) = (0, 0);
        for edit in &self.edits {
            let start = (edit.at + added).saturating_sub(removed);
            if offset < start {
                break;
            }
            if offset < start + edit.insert.len() {
                return edit.at;
            }
            added += edit.insert.len();
            removed += edit.remove;
        }
        (offset + removed).saturating_sub(added)
    }
}

/// Puts a charge inside a long raw text, between two characters that are not blank: there it
/// changes nothing about the blanks that tags take with them.
fn charge_raw(source: &str, start: usize, end: usize, edits: &mut Vec<Edit>) {
    if end - start < LONG {
        return;
    }
    let mut before = ' ';
    for (at, c) in source[start..end].char_indices() {
        let solid = |c: char| !c.is_whitespace() && !"{}%#".contains(c);
        if solid(before) && solid(c) {
            let insert = format!("{{%+ do _charge({}) +%}}", end - start);
            return edits.push(Edit { at: start + at, remove: 0, insert });
        }
        before = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(source: &str) -> String {
        Prepared::new(source).text
    }

    #[test]
    fn operators_become_filters() {
        let cases = [
            ("{{ '%s' % (a, b) }}", "{{ (('%s') |_modulo( ((a, b)|_bounded))) }}"),
            ("{{ a*b%c }}", "{{ ((((a)|_times(b)))|_modulo(c)) }}"),
            ("{{ a ~ 'x' ~ b.c(1)|upper }}", "{{ a|_bounded ~ 'x' ~ b.c(1)|upper|_bounded }}"),
            ("{{ -a % 3 }}", "{{ ((-a) |_modulo( 3)) }}"),
            (
                "{{ a[::-1].b + c['x'][1:f(2):d] }}",
                "{{ (a|_slice(none,none,-1)).b|_bounded + (c['x']|_slice(1,f(2),d))|_bounded }}",
            ),
            ("{{ a[1:2] }}", "{{ a[1:2] }}"),
            ("{% set l = [] %}", "{% set l = ([]|_list) %}"),
            ("{% if x in y and z == w %}", "{% if x in y|_length and z == w|_bounded %}"),
        ];
        for (source, expected) in cases {
            assert_eq!(prepared(source), expected);
        }
    }

    #[test]
    fn what_is_no_operator_stays() {
        for source in [
            "{% raw %}{{ a ~ b }}{% endraw %} 100 % {# a ~ b #} { a * b }",
            "{{ 'a ~ b' }}{% for k, v in {}.items() -%}",
            "{% if a is divisibleby 3 %}",
            "{{ a if b else c }}",
            "{{ broken ~ ",
            "{% for (k, v) in x|_y %}",
        ] {
            let expected =
                source.replace("{}.items()", "({}|_bounded).items()|_length").replace("x|_y", "x|_y|_length");
            assert_eq!(prepared(source), expected);
        }
    }

    #[test]
    fn offsets_lead_back_to_the_original() {
        let source = "{{ a * b }} {{ missing }}";
        let prepared = Prepared::new(source);
        let at = prepared.text.find("missing").unwrap();
        assert_eq!(prepared.original(at), source.find("missing").unwrap());
        assert_eq!(prepared.original(0), 0);
    }
}
