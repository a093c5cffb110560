//! What a format is made of, once read: a tree of alternatives, sequences and nodes.

use super::placeholder::Placeholder;

/// Alternatives, first one preferred.
pub(super) type Branches = Vec<Sequence>;
/// Pieces one after the other.
pub(super) type Sequence = Vec<Piece>;

/// One node and how often it may occur.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) node: Node,
    pub(super) repeat: Option<Repeat>,
}

/// A quantifier: as the regex engines read it, and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) text: String,
    pub(super) least: u32,
    pub(super) most: Option<u32>,
}

/// What a format is made of.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A literal character, not a blank.
    Char(char),
    /// A run of blanks; a line break is kept as it is.
    Blank(String),
    /// A character class or its short form, in Rust's syntax: `\d`, `[a-z]`, `.`.
    Class(String),
    /// `^` or `\A`.
    Start,
    /// `$`, `\Z` or `\z`.
    End,
    /// `\b` or `\B`.
    Edge(String),
    /// `(...)` of any kind; `open` is all up to the first branch, in Rust's syntax.
    Group {
        open: String,
        name: Option<String>,
        kind: Kind,
        branches: Branches,
    },
    /// `(?i)`: for the rest of the group.
    Flags(String),
    /// `\1`, `(?P=name)`.
    BackReference(String),
    Slot(Placeholder),
}

/// Kinds of group that differ for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Matches what it holds.
    Plain,
    /// Looks ahead or behind: takes no text.
    Look,
    /// Atomic or conditional: only the bounded engine knows it.
    Special,
}

impl Piece {
    /// A literal character that occurs exactly once.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self.node, Node::Char(_)) && self.repeat.is_none()
    }
}
