//! What an expression is after parsing.

use serde_json::Value;

/// A part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    /// A literal.
    Constant(Value),
    /// A bare word, which is a text.
    Word(Value),
    /// `$`, `$1`, `$name`, without the sign.
    Variable(String),
    /// `f(...)`.
    Call { name: String, args: Vec<Arg> },
    /// `x.f(...)`, `x?.f(...)`.
    Method { of: Box<Node>, reach: Reach, name: String, args: Vec<Arg> },
    /// `x.name`, `x?.name`.
    Attribute { of: Box<Node>, reach: Reach, name: String },
    /// `x[...]`.
    Index { of: Box<Node>, args: Vec<Arg> },
    /// `[...]`.
    List(Vec<Node>),
    /// `{k => v}`.
    Map(Vec<(Node, Node)>),
    /// `-x`, `+x`, `not x`.
    Prefix { sign: &'static str, of: Box<Node> },
    /// `a + b` and the like.
    Infix { sign: &'static str, left: Box<Node>, right: Box<Node> },
}

/// How what is on the left of a point is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// `.`
    Plain,
    /// `?.`: null gives null.
    Safe,
}

/// An argument.
#[derive(Debug)]
pub(super) enum Arg {
    /// `x`.
    Plain(Node),
    /// `k => v`: a named argument, or a pair where the function takes pairs.
    Pair(Node, Node),
}

impl Node {
    /// Calls `see` with this node and every one inside.
    pub(super) fn walk<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        let args = |args: &'a [Arg], see: &mut _| {
            for arg in args {
                match arg {
                    Arg::Plain(node) => node.walk(see),
                    Arg::Pair(key, value) => {
                        key.walk(see);
                        value.walk(see);
                    }
                }
            }
        };
        match self {
            Self::Constant(_) | Self::Word(_) | Self::Variable(_) => {}
            Self::Call { args: all, .. } => args(all, see),
            Self::Method { of, args: all, .. } | Self::Index { of, args: all } => {
                of.walk(see);
                args(all, see);
            }
            Self::Attribute { of, .. } | Self::Prefix { of, .. } => of.walk(see),
            Self::List(items) => items.iter().for_each(|item| item.walk(see)),
            Self::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                key.walk(see);
                value.walk(see);
            }),
            Self::Infix { left, right, .. } => {
                left.walk(see);
                right.walk(see);
            }
        }
    }
}
