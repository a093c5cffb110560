//! What gives its items one by one: YAQL walks over it once, and it is no list yet.
//!
//! Values here are lists at once; only the text of the expression still shows which they were. `list(x)` takes
//! its items, and it has no index: StackStorm refuses `rows.where($.up)[0]`, and a workflow that works here is
//! to work there.

use super::evaluate::Evaluator;
use super::frame::Frame;
use super::tree::Node;
use super::value::Cause;

/// Functions and methods that give items one by one.
const STEPS: [&str; 29] = [
    "range",
    "select",
    "map",
    "where",
    "filter",
    "skip",
    "limit",
    "take",
    "append",
    "distinct",
    "enumerate",
    "concat",
    "zipLongest",
    "selectMany",
    "takeWhile",
    "skipWhile",
    "reverse",
    "flatten",
    "groupBy",
    "slice",
    "sliceWhere",
    "splitWhere",
    "insertMany",
    "replaceMany",
    "repeat",
    "accumulate",
    "generate",
    "keys",
    "items",
];

/// More that have no index, but are one item of `list(x)`.
const NO_INDEX: [&str; 9] =
    ["orderBy", "orderByDescending", "values", "set", "toSet", "union", "intersect", "difference", "examine"];

/// How a value is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `list(x)`.
    Listed,
    /// `x[0]`.
    Indexed,
}

/// Whether what a node gave, a list, is one that is walked over.
pub(super) fn one_by_one<'a>(
    evaluator: &Evaluator<'a>,
    frame: &Frame<'_, 'a>,
    node: &'a Node,
    used: Use,
) -> Result<bool, Cause> {
    let named = |name: &str| STEPS.contains(&name) || (used == Use::Indexed && NO_INDEX.contains(&name));
    Ok(match node {
        Node::Call { name, .. } => named(name),
        // The method walks, the function of the same name makes a list.
        Node::Method { name, .. } if name == "zip" => true,
        // Of a text and a mapping these give something else, which is not asked about.
        Node::Method { name, .. } if matches!(name.as_str(), "replace" | "delete") => true,
        Node::Method { name, .. } => named(name),
        Node::Infix { sign: "+", left, right } => {
            one_by_one(evaluator, frame, left, used)? || one_by_one(evaluator, frame, right, used)?
        }
        // `rows.name` is taken from each row; `ctx().rows` is a list as it stands.
        Node::Attribute { of, .. } if is_context(of) => false,
        Node::Attribute { of, .. } => evaluator.value(of, frame)?.is_array(),
        _ => false,
    })
}

fn is_context(node: &Node) -> bool {
    matches!(node, Node::Call { name, args } if name == "ctx" && args.is_empty())
}
