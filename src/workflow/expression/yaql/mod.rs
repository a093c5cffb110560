//! YAQL's core, as workflows use it: a lexer, a parser by precedence and an evaluator with limits.
//!
//! Semantics of <https://yaql.readthedocs.io>; what is covered is listed in `docs/workflows.md`.

#![allow(clippy::needless_pass_by_value, reason = "the functions of one table share a form")]

mod asked;
mod call;
mod choices;
mod edits;
mod evaluate;
mod frame;
mod helpers;
#[cfg(test)]
mod hostile;
mod lexer;
mod lists;
mod maps;
#[cfg(test)]
mod measured;
mod meter;
mod numbers;
mod operators;
mod parser;
mod queries;
mod steps;
mod table;
mod texts;
mod tree;
mod value;

use serde_json::Value;

use self::call::fits;
use self::evaluate::Evaluator;
use self::frame::Frame;
use self::meter::Meter;
use self::table::{Form, find};
use self::tree::{Arg, Node};
use super::Scope;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// The byte where it goes wrong.
    pub(super) at: usize,
    /// What is wrong there.
    pub(super) message: String,
}

/// A parsed expression.
#[derive(Debug)]
pub(super) struct Expression(Node);

impl Expression {
    /// Parses the text between the marks.
    pub(super) fn parse(source: &str) -> Result<Self, SyntaxError> {
        parser::parse(source).map(Self)
    }

    /// Its value. Nothing that comes from the scope is ever parsed.
    pub(super) fn evaluate(&self, scope: &dyn Scope) -> Result<Value, String> {
        let evaluator = Evaluator { scope, meter: Meter::default() };
        let value = evaluator.value(&self.0, &Frame::default())?;
        evaluator.meter.own(value)
    }

    /// Calls that cannot work: unknown functions, arguments that do not fit.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        self.0.walk(&mut |node| {
            let (name, form, args) = match node {
                Node::Call { name, args } => (name, Form::Function, args),
                Node::Method { name, args, .. } => (name, Form::Method, args),
                _ => return,
            };
            if let Err(why) = find(name, form).and_then(|row| fits(row, form, args)) {
                doubts.push(why);
            }
        });
        doubts
    }

    /// The variables of the context that it names: `ctx().x`, `ctx(x)`, `ctx("x")`.
    pub(super) fn variables(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.0.walk(&mut |node| match node {
            Node::Call { name, args } if name == "ctx" => {
                if let [Arg::Plain(Node::Word(Value::String(name)) | Node::Constant(Value::String(name)))] = &args[..] {
                    found.push(name.clone());
                }
            }
            Node::Attribute { of, name, .. } if matches!(&**of, Node::Call { name, args } if name == "ctx" && args.is_empty()) => {
                found.push(name.clone());
            }
            _ => {}
        });
        found
    }
}
