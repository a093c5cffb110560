//! Walks a tree and gives its value.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::Scope;
use super::call::{self, Call};
use super::frame::Frame;
use super::meter::Meter;
use super::operators;
use super::steps;
use super::table::{Form, find};
use super::tree::{Arg, Node, Reach};
use super::value::{Cause, Datum, NULL, entry, item, items, key, kind, truth};

/// One evaluation.
pub(super) struct Evaluator<'a> {
    /// The workflow.
    pub(super) scope: &'a dyn Scope,
    /// What the evaluation may still cost.
    pub(super) meter: Meter,
}

impl<'a> Evaluator<'a> {
    /// The value of a node.
    pub(super) fn value(&self, node: &'a Node, frame: &Frame<'_, 'a>) -> Result<Datum<'a>, Cause> {
        self.meter.charge(1)?;
        match node {
            Node::Constant(value) | Node::Word(value) => Ok(Cow::Borrowed(value)),
            Node::Variable(name) => frame.find(name).map_or(Ok(NULL), |value| self.meter.again(value)),
            Node::List(nodes) => {
                let values = nodes.iter().map(|node| self.value(node, frame));
                self.meter.list(values.collect::<Result<_, _>>()?)
            }
            Node::Map(pairs) => self.map(pairs, frame),
            Node::Prefix { sign, of } => operators::prefix(sign, &*self.value(of, frame)?),
            Node::Infix { sign, left, right } => self.infix(sign, left, right, frame),
            Node::Attribute { of, reach, name } => self.attribute(of, *reach, name, frame),
            Node::Index { of, args } => self.index(of, args, frame),
            Node::Call { name, args } => {
                let row = find(name, Form::Function)?;
                call::run(Call::new(self, frame, name), row, None, args)
            }
            Node::Method { of, reach, name, args } => {
                let of = self.value(of, frame)?;
                if of.is_null() && *reach == Reach::Safe {
                    return Ok(NULL);
                }
                let row = find(name, Form::Method)?;
                call::run(Call::new(self, frame, name), row, Some(of), args)
            }
        }
    }

    /// A mapping of pairs.
    pub(super) fn map(&self, pairs: &'a [(Node, Node)], frame: &Frame<'_, 'a>) -> Result<Datum<'a>, Cause> {
        let mut map = Map::new();
        for (name, value) in pairs {
            let name = key(&*self.value(name, frame)?)?.into_owned();
            map.insert(name, self.meter.own(self.value(value, frame)?)?);
        }
        self.meter.make(map.len() as u64)?;
        Ok(Cow::Owned(Value::Object(map)))
    }

    fn infix(
        &self,
        sign: &str,
        left: &'a Node,
        right: &'a Node,
        frame: &Frame<'_, 'a>,
    ) -> Result<Datum<'a>, Cause> {
        if sign == "->" {
            let vars = self.variables(left, frame)?;
            return self.value(right, &vars);
        }
        let left = self.value(left, frame)?;
        match sign {
            "and" if !truth(&left) => Ok(left),
            "or" if truth(&left) => Ok(left),
            "and" | "or" => self.value(right, frame),
            _ => operators::infix(self, sign, left, self.value(right, frame)?),
        }
    }

    /// What `let(...)` or `with(...)` sets for the expression behind `->`.
    fn variables<'f>(&self, left: &'a Node, frame: &'f Frame<'_, 'a>) -> Result<Frame<'f, 'a>, Cause>
    where
        'a: 'f,
    {
        let Node::Call { name, args } = left else {
            return Err("`let(...)` is needed before `->`".to_owned());
        };
        if !matches!(name.as_str(), "let" | "with") {
            return Err("`let(...)` is needed before `->`".to_owned());
        }
        let (mut numbered, mut named) = (Vec::new(), Vec::new());
        for arg in args {
            match arg {
                Arg::Plain(node) => numbered.push(self.value(node, frame)?),
                Arg::Pair(Node::Word(Value::String(name)), value) => {
                    named.push((name.clone(), self.value(value, frame)?));
                }
                Arg::Pair(..) => return Err("`let` takes names: `let(a => 1)`".to_owned()),
            }
        }
        Ok(Frame::numbered(frame, numbered).and(named))
    }

    fn attribute(
        &self,
        of: &'a Node,
        reach: Reach,
        name: &str,
        frame: &Frame<'_, 'a>,
    ) -> Result<Datum<'a>, Cause> {
        // The whole context is not copied for one of its variables.
        if let Node::Call { name: function, args } = of
            && function == "ctx"
            && args.is_empty()
        {
            return super::asked::variable(self.scope, name);
        }
        let of = self.value(of, frame)?;
        if of.is_null() && reach == Reach::Safe {
            return Ok(NULL);
        }
        self.member(of, name)
    }

    /// `of.name`; of a list, that of each item.
    fn member(&self, of: Datum<'a>, name: &str) -> Result<Datum<'a>, Cause> {
        self.meter.charge(1)?;
        match &*of {
            Value::Object(_) => entry(of, name).ok_or_else(|| format!("there is no key `{name}`")),
            Value::Array(_) => {
                let found = items(of)?.into_iter().map(|item| self.member(item, name));
                let found = found.collect::<Result<_, _>>()?;
                self.meter.list(found)
            }
            other => Err(format!("{} has no `{name}`", kind(other))),
        }
    }

    fn index(&self, node: &'a Node, args: &'a [Arg], frame: &Frame<'_, 'a>) -> Result<Datum<'a>, Cause> {
        let of = self.value(node, frame)?;
        let mut plain = Vec::new();
        for arg in args {
            match arg {
                Arg::Plain(node) => plain.push(self.value(node, frame)?),
                Arg::Pair(..) => return Err("an index has no named arguments".to_owned()),
            }
        }
        let mut plain = plain.into_iter();
        let (Some(at), default, None) = (plain.next(), plain.next(), plain.next()) else {
            return Err("an index is one value".to_owned());
        };
        match &*of {
            Value::Object(_) => {
                let name = key(&at)?;
                entry(of, &name).or(default).ok_or_else(|| format!("there is no key `{name}`"))
            }
            Value::Array(_) if steps::one_by_one(self, frame, node, steps::Use::Indexed)? => {
                Err("what is made item by item has no index: write `x.toList()[0]`, or `x.first()`"
                    .to_owned())
            }
            Value::Array(list) if default.is_none() => {
                let length = list.len();
                let place = place(&at, length)?;
                let place = place.ok_or_else(|| format!("there is no item {at}: the list has {length}"))?;
                item(of, place).ok_or_else(|| format!("there is no item {at}"))
            }
            other => Err(format!("{} has no index `{at}`", kind(other))),
        }
    }
}

/// The place that an index means; negative ones count from the end.
fn place(at: &Value, length: usize) -> Result<Option<usize>, Cause> {
    let at = at.as_i64().ok_or_else(|| format!("{} is no index of a list", kind(at)))?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if at < 0 { length + at } else { at };
    Ok(usize::try_from(at).ok().filter(|_| at < length))
}
