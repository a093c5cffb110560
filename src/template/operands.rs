//! Finds the operands of an expression by Jinja's precedence, so that operators can become filters.

use super::lexer::{Kind, Token};
use super::prepare::Edit;

/// Words that stand between operands.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "if", "else", "elif"];

/// What makes filters of a tag's operators; nothing where its brackets do not match.
pub(super) fn operators(source: &str, tokens: &[Token]) -> Vec<Edit> {
    let mut tag = Tag { source, tokens, at: 0, edits: Vec::new() };
    if tag.sequence(None).is_some() { tag.edits } else { Vec::new() }
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
            // MiniJinja knows no unary plus.
            if self.next_is(&["+"]) {
                let at = self.tokens[self.at].start;
                self.edits.push(Edit { at, remove: 1, insert: String::new() });
            }
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
                let bracket = self.at;
                let close = closing(self.word(bracket))?;
                self.at += 1;
                self.sequence(Some(close))?;
                self.at += 1;
                if close == "]" {
                    self.slice(first, bracket, self.at - 1);
                }
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

    /// `x[a:b:c]` becomes `(x|_slice(a, b, c))`: MiniJinja panics at `''[::-1]`. A slice without a step stays.
    fn slice(&mut self, first: usize, open: usize, close: usize) {
        let (mut depth, mut colons) = (0_usize, Vec::new());
        for at in open + 1..close {
            match self.word(at) {
                _ if self.tokens[at].kind != Kind::Sign => {}
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                ":" if depth == 0 => colons.push(at),
                _ => {}
            }
        }
        let [start, step] = colons[..] else { return };
        if self.tokens.get(close).is_none() {
            return;
        }
        let empty = |from: usize, to: usize| if from + 1 == to { "none" } else { "" };
        let pieces = [
            (open, format!("|_slice({}", empty(open, start))),
            (start, format!(",{}", empty(start, step))),
            (step, format!(",{}", empty(step, close))),
            (close, "))".to_owned()),
        ];
        self.insert(self.tokens[first].start, "(");
        for (token, insert) in pieces {
            let Token { start, end, .. } = self.tokens[token];
            self.edits.push(Edit { at: start, remove: end - start, insert });
        }
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
