//! Writes the tree of a format as a regular expression: values trimmed, anchors added, literal text of either case.
//!
//! The text it is matched against has one blank on each side, as in StackStorm: a format may begin or end in one.

use super::node::{Branches, Kind, Node, Piece};
use super::placeholder::{Gap, Placeholder};

/// How a format is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'a> {
    /// Literal letters match either case.
    pub(super) fold: Fold,
    pub(super) hits: Hits,
    /// Slots that may stay empty, because `key=value` fills them.
    pub(super) supplied: &'a [&'a str],
}

/// What literal letters match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fold {
    EitherCase,
    AsWritten,
}

/// How often a format matches in one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hits {
    /// The whole text, once.
    Whole,
    /// Anywhere, many times; values are kept as they stand.
    Every,
}

/// A run of blanks: one in the format stands for any number of them on a line.
const BLANKS: &str = r"[^\S\r\n]+";
const BLANK: &str = r"[^\S\r\n]";
/// A trimmed value: quoted, braced, or the shortest text that lets the rest match.
const VALUE: &str = r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{.+?\}|\S(?:.*?\S)??"#;
/// A value inside a sentence, not trimmed.
const RAW_VALUE: &str = r#""[^"]*"|'[^']*'|\{.+?\}|.+?"#;

/// The regular expression of a format.
pub(super) fn regex(branches: &Branches, style: Style<'_>) -> String {
    let fold = if mentions_case(branches) { Fold::AsWritten } else { style.fold };
    let mut writer = Writer { out: String::from("(?s)"), style: Style { fold, ..style } };
    let several = branches.len() > 1;
    if several {
        writer.out.push_str("(?:");
    }
    for (index, branch) in branches.iter().enumerate() {
        if index > 0 {
            writer.out.push('|');
        }
        writer.top(branch);
    }
    if several {
        writer.out.push(')');
    }
    writer.out
}

/// Whether the author switches case folding off somewhere: then literals are as written.
fn mentions_case(branches: &Branches) -> bool {
    let off = |text: &str| text.split_once('-').is_some_and(|(_, off)| off.contains('i'));
    branches.iter().flatten().any(|piece| match &piece.node {
        Node::Flags(text) => off(text),
        Node::Group { open, branches, .. } => {
            (open.starts_with("(?") && !open.contains('<') && off(open)) || mentions_case(branches)
        }
        _ => false,
    })
}

/// The two ends of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    End,
}

/// Whether the author placed an anchor for this side: in every branch, or as a bare choice such as `(?:^|\b)`.
pub(super) fn anchored(branch: &[Piece], side: Side) -> bool {
    branch.iter().any(|piece| match &piece.node {
        Node::Start => side == Side::Start,
        Node::End => side == Side::End,
        Node::Group { kind: Kind::Plain, branches, .. } => match branches.as_slice() {
            [only] => anchored(only, side),
            several => {
                several.iter().all(|branch| anchored(branch, side))
                    || several.iter().any(|branch| branch.len() == 1 && anchored(branch, side))
            }
        },
        _ => false,
    })
}

/// Whether an anchor is added at this side of a branch: always for a whole text, and in a sentence
/// where a value stands at the edge, which would else be one letter.
pub(super) fn closed(branch: &[Piece], side: Side, hits: Hits) -> bool {
    let edge = match side {
        Side::Start => branch.first(),
        Side::End => branch.last(),
    };
    let slot = edge.is_some_and(|piece| matches!(piece.node, Node::Slot(_)));
    !anchored(branch, side) && (hits == Hits::Whole || slot)
}

struct Writer<'a> {
    out: String,
    style: Style<'a>,
}

impl Writer<'_> {
    fn top(&mut self, branch: &[Piece]) {
        if closed(branch, Side::Start, self.style.hits) {
            let first = branch.iter().find(|piece| !matches!(piece.node, Node::Flags(_)));
            let looks = first.is_some_and(|piece| matches!(piece.node, Node::Group { kind: Kind::Look, .. }));
            // A look-ahead must see the first word, not a blank given back to it.
            self.out.push_str(if looks { r"^(?>\s*)" } else { r"^\s*?" });
        }
        self.branch(branch, false);
        if closed(branch, Side::End, self.style.hits) {
            self.out.push_str(r"\s*$");
        }
    }

    fn branch(&mut self, pieces: &[Piece], after_slot: bool) {
        let mut after_slot = after_slot;
        for piece in pieces {
            self.node(&piece.node, after_slot, piece.repeat.is_some());
            if let Some(repeat) = &piece.repeat {
                self.out.push_str(&repeat.text);
            }
            after_slot = matches!(piece.node, Node::Slot(_));
        }
    }

    fn node(&mut self, node: &Node, after_slot: bool, repeated: bool) {
        match node {
            Node::Char(letter) => self.letter(*letter),
            Node::Blank(_) if repeated => self.out.push_str(BLANK),
            Node::Blank(run) => self.blanks(run),
            Node::Class(text) | Node::Edge(text) | Node::Flags(text) | Node::BackReference(text) => {
                self.out.push_str(text);
            }
            Node::Start => self.out.push_str(r"(?:^\s*)"),
            Node::End if self.style.hits == Hits::Every && after_slot => self.out.push('$'),
            Node::End => self.out.push_str(r"(?:\s*$)"),
            Node::Group { open, branches, .. } => {
                self.out.push_str(open);
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        self.out.push('|');
                    }
                    self.branch(branch, after_slot);
                }
                self.out.push(')');
            }
            Node::Slot(slot) => self.slot(slot),
        }
    }

    fn letter(&mut self, letter: char) {
        let other = other_case(letter).filter(|_| self.style.fold == Fold::EitherCase);
        match other {
            Some(other) => self.out.extend(['[', letter, other, ']']),
            None => {
                if matches!(
                    letter,
                    '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
                ) {
                    self.out.push('\\');
                }
                self.out.push(letter);
            }
        }
    }

    fn blanks(&mut self, run: &str) {
        let mut pending = false;
        for letter in run.chars() {
            match letter {
                '\n' => {
                    self.out.push_str(r"[^\S\r\n]*\r?\n");
                    pending = false;
                }
                '\r' => {}
                _ if pending => {}
                _ => {
                    pending = true;
                    self.out.push_str(BLANKS);
                }
            }
        }
    }

    fn slot(&mut self, slot: &Placeholder) {
        let optional = slot.default.is_some() || self.style.supplied.contains(&slot.name.as_str());
        if optional {
            self.out.push_str("(?:");
        }
        self.out.push_str(match slot.gap {
            Gap::Touching => "",
            Gap::Blank => BLANKS,
            Gap::Space => r"\s+",
        });
        // Lazy behind the value: the next slot's blank is not taken from it.
        let (before, value, behind) = match self.style.hits {
            Hits::Whole => (r"\s*", VALUE, r"\s*?"),
            Hits::Every => ("", RAW_VALUE, ""),
        };
        self.out.push_str(&format!("{before}(?P<{}>{value}){behind}", slot.name));
        if optional {
            self.out.push_str(")?");
        }
    }
}

/// The same letter in the other case, where there is exactly one.
pub(super) fn other_case(letter: char) -> Option<char> {
    let other = |cases: &mut dyn Iterator<Item = char>| match (cases.next(), cases.next()) {
        (Some(only), None) if only != letter => Some(only),
        _ => None,
    };
    other(&mut letter.to_lowercase()).or_else(|| other(&mut letter.to_uppercase()))
}
