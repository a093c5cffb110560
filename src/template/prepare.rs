//! What is done to a template's text before the engine sees it. No line break is added, so line
//! numbers stay; [`Prepared::original`] turns offsets back.
//!
//! MiniJinja's operators cannot be replaced, so those that lack a meaning of Jinja or a limit become
//! filters: `a % b` (which formats text), `a * b` (which repeats), `a ~ b` and `a + b` (which could
//! double a value again and again), lists (which Python can append to). Long raw text is charged for.

use super::lexer::{Kind, Piece, Token, cut};

/// Raw text of at least so many bytes is charged for each time it is written.
const LONG: usize = 64;

/// Words that stand between operands.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "if", "else", "elif"];

/// A prepared text.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What the engine reads.
    pub(super) text: String,
    edits: Vec<Edit>,
}

/// `insert` takes the place of `remove` bytes at `at` of the original.
#[derive(Debug)]
struct Edit {
    at: usize,
    remove: usize,
    insert: String,
}

impl Prepared {
    /// Prepares `source`. What cannot be read is left as it is: the engine says why.
    pub(super) fn new(source: &str) -> Self {
        let mut edits = Vec::new();
        for piece in cut(source).unwrap_or_default() {
            match piece {
                Piece::Raw(start, end) => charge_raw(source, start, end, &mut edits),
                Piece::Tag(tokens) => {
                    let mut tag = Tag { source, tokens: &tokens, at: 0, edits: Vec::new() };
                    if tag.sequence(None).is_some() {
                        edits.append(&mut tag.edits);
                    }
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
        let mut added = 0;
        for edit in &self.edits {
            let start = edit.at + added;
            if offset < start {
                break;
            }
            if offset < start + edit.insert.len() {
                return edit.at;
            }
            added = added + edit.insert.len() - edit.remove;
        }
        offset - added.min(offset)
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

/// The tokens of one tag.
struct Tag<'a> {
    source: &'a str,
    tokens: &'a [Token],
    at: usize,
    edits: Vec<Edit>,
}

/// An operand, as a range of tokens.
#[derive(Clone, Copy)]
struct Operand {
    first: usize,
    last: usize,
    /// Whether a filter may be put behind it: a name, a call, a subscript; not a sum or a literal.
    open: bool,
}

impl Tag<'_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &self.source[token.start..token.end])
    }

    fn next_is(&self, words: &[&str]) -> bool {
        words.contains(&self.word(self.at))
            && self.tokens.get(self.at).is_some_and(|token| token.kind != Kind::Text)
    }

    fn keyword(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Name) && self.next_is(&KEYWORDS)
    }

    fn insert(&mut self, at: usize, insert: &str) {
        self.edits.push(Edit { at, remove: 0, insert: insert.to_owned() });
    }

    /// Puts a filter behind an operand, if it is one that can be large.
    fn filter(&mut self, operand: Operand, name: &str) {
        if operand.open {
            self.insert(self.tokens[operand.last].end, &format!("|{name}"));
        }
    }

    /// Reads up to the closing bracket, or the end: operands and whatever is between them. Gives
    /// whether there was a comma; none where the brackets do not match.
    fn sequence(&mut self, close: Option<&str>) -> Option<bool> {
        let mut comma = false;
        while self.at < self.tokens.len() {
            if self.next_is(&[")", "]", "}"]) {
                return (Some(self.word(self.at)) == close).then_some(comma);
            }
            if self.next_is(&["is"]) {
                self.test()?;
            } else if self.next_is(&["in"]) {
                self.at += 1;
                self.right_side("_length")?;
            } else if self.next_is(&["==", "!=", "<", "<=", ">", ">="]) {
                self.at += 1;
                self.right_side("_bounded")?;
            } else if self.operand_starts() {
                self.sum()?;
            } else {
                comma |= self.next_is(&[","]);
                self.at += 1;
            }
        }
        close.is_none().then_some(comma)
    }

    fn right_side(&mut self, filter: &str) -> Option<()> {
        if !self.operand_starts() {
            return Some(());
        }
        let first = self.at;
        let operand = self.sum()?;
        if operand.first == first {
            self.filter(operand, filter);
        }
        Some(())
    }

    /// `is`, `not`, the test's name and its argument: nothing is put into it.
    fn test(&mut self) -> Option<()> {
        self.at += 1;
        if self.next_is(&["not"]) {
            self.at += 1;
        }
        self.at += 1;
        if self.operand_starts() && !self.next_is(&["-", "+"]) {
            self.postfix()?;
        }
        Some(())
    }

    fn operand_starts(&self) -> bool {
        let Some(token) = self.tokens.get(self.at) else { return false };
        match token.kind {
            Kind::Name => !self.keyword(),
            Kind::Number | Kind::Text => true,
            Kind::Sign => self.next_is(&["(", "[", "{", "-", "+"]),
        }
    }

    /// Products joined by `+`, `-` and `~`.
    fn sum(&mut self) -> Option<Operand> {
        let first = self.at;
        let mut left = self.product()?;
        while self.next_is(&["+", "-", "~"]) {
            let grows = !self.next_is(&["-"]);
            self.at += 1;
            if !self.operand_starts() {
                break;
            }
            let right = self.product()?;
            if grows {
                self.filter(left, "_bounded");
                self.filter(right, "_bounded");
            }
            left = Operand { open: false, ..right };
        }
        Some(Operand { first, ..left })
    }

    /// Operands joined by `*`, `/`, `//` and `%`.
    fn product(&mut self) -> Option<Operand> {
        let first = self.at;
        let mut left = self.power()?;
        while self.next_is(&["*", "/", "//", "%"]) {
            let operator = self.at;
            let name = match self.word(operator) {
                "*" => Some("_times"),
                "%" => Some("_modulo"),
                _ => None,
            };
            self.at += 1;
            let right = self.power()?;
            if let Some(name) = name {
                let sign = self.tokens[operator];
                let start = self.tokens[first].start;
                self.insert(start, "((");
                self.insert(self.tokens[left.last].end, ")");
                let insert = format!("|{name}(");
                self.edits.push(Edit { at: sign.start, remove: sign.end - sign.start, insert });
                self.insert(self.tokens[right.last].end, "))");
            }
            left = Operand { first, last: right.last, open: false };
        }
        Some(left)
    }

    fn power(&mut self) -> Option<Operand> {
        let first = self.at;
        let mut open = true;
        while self.next_is(&["-", "+"]) {
            self.at += 1;
            open = false;
        }
        let mut operand = self.postfix()?;
        while self.next_is(&["**"]) {
            self.at += 1;
            operand.last = self.power()?.last;
            open = false;
        }
        Some(Operand { first, last: operand.last, open: open && operand.open })
    }

    /// A literal, name or bracket with all attributes, subscripts, calls and filters behind it.
    fn postfix(&mut self) -> Option<Operand> {
        let first = self.at;
        let token = *self.tokens.get(first)?;
        let mut open = token.kind == Kind::Name || token.kind == Kind::Sign;
        let bracket = self.word(first).to_owned();
        self.at += 1;
        if token.kind == Kind::Sign {
            let close = closing(&bracket)?;
            let comma = self.sequence(Some(close))?;
            let end = self.tokens.get(self.at)?.end;
            self.at += 1;
            let filter = match bracket.as_str() {
                "[" => Some("|_list)"),
                "{" => Some("|_bounded)"),
                _ => comma.then_some("|_bounded)"),
            };
            if let Some(filter) = filter {
                self.insert(token.start, "(");
                self.insert(end, filter);
            }
        }
        loop {
            if self.next_is(&[".", "|"]) {
                self.at += 2;
                open = true;
            } else if self.next_is(&["(", "["]) {
                let close = closing(self.word(self.at))?;
                self.at += 1;
                self.sequence(Some(close))?;
                self.at += 1;
                open = true;
            } else {
                break;
            }
        }
        if self.at > self.tokens.len() {
            return None;
        }
        Some(Operand { first, last: self.at - 1, open })
    }
}

fn closing(bracket: &str) -> Option<&'static str> {
    match bracket {
        "(" => Some(")"),
        "[" => Some("]"),
        "{" => Some("}"),
        _ => None,
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
