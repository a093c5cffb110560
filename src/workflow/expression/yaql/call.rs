//! A call: arguments bound to parameters, evaluated when they are asked for.

use serde_json::Value;

use super::evaluate::Evaluator;
use super::frame::Frame;
use super::steps;
use super::table::{Form, Row};
use super::tree::{Arg, Node};
use super::value::{Cause, Datum, Num, kind};

/// An argument that may not have been evaluated yet.
pub(super) enum Slot<'a> {
    /// Evaluated when asked for; with `$` set, if it is a lambda.
    Node(&'a Node),
    /// Known.
    Value(Datum<'a>),
}

/// One call of a function or method.
pub(super) struct Call<'c, 'a> {
    /// The evaluation that it belongs to.
    pub(super) evaluator: &'c Evaluator<'a>,
    /// The function's name.
    pub(super) name: &'c str,
    frame: &'c Frame<'c, 'a>,
    of: Option<Datum<'a>>,
    slots: Vec<Option<Slot<'a>>>,
    rest: Vec<Slot<'a>>,
    pairs: Vec<(&'a Node, &'a Node)>,
    named: Vec<(String, Slot<'a>)>,
}

/// What the parameters of a row allow.
struct Shape {
    names: Vec<(&'static str, bool)>,
    rest: bool,
    pairs: bool,
    named: bool,
}

impl Shape {
    fn of(params: &'static str) -> Self {
        let mut shape = Self { names: Vec::new(), rest: false, pairs: false, named: false };
        for word in params.split_whitespace() {
            match word {
                "*" => shape.rest = true,
                "=>" => shape.pairs = true,
                "**" => shape.named = true,
                word => match word.strip_suffix('?') {
                    Some(name) => shape.names.push((name, false)),
                    None => shape.names.push((word, true)),
                },
            }
        }
        shape
    }

    /// Which parameter a named argument is for.
    fn named(&self, name: &str, function: &str) -> Result<Option<usize>, Cause> {
        let found = self.names.iter().position(|(known, _)| *known == name);
        if found.is_none() && !self.named {
            let known: Vec<_> = self.names.iter().map(|(name, _)| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!("`{function}` has no argument `{name}`: its names are {known}"));
        }
        Ok(found)
    }

    /// Says what is wrong with arguments, without evaluating any. `given` counts those by place.
    fn check(&self, function: &str, given: usize, taken: &[bool]) -> Result<(), Cause> {
        if given > self.names.len() && !self.rest {
            return Err(format!("`{function}` takes {} arguments, {given} were given", self.names.len()));
        }
        let missing = self.names.iter().zip(taken).find(|((_, needed), taken)| *needed && !**taken);
        missing.map_or(Ok(()), |((name, _), _)| Err(format!("`{function}` needs its argument `{name}`")))
    }
}

/// Whether `args` fit a row, as far as the text alone says.
pub(super) fn fits(row: &Row, form: Form, args: &[Arg]) -> Result<(), Cause> {
    let shape = Shape::of(row.params);
    let plain = args.iter().filter(|arg| matches!(arg, Arg::Plain(_))).count();
    let of = usize::from(form == Form::Function && row.form == Form::Both);
    if plain < of {
        return Err(format!("`{}` needs a value to work on", row.name));
    }
    let mut taken: Vec<bool> = (0..shape.names.len()).map(|index| index < plain - of).collect();
    for arg in args {
        if let Arg::Pair(key, _) = arg
            && !shape.pairs
            && let Some(index) = shape.named(word(key)?, row.name)?
        {
            taken[index] = true;
        }
    }
    shape.check(row.name, plain - of, &taken)
}

/// The name of a named argument.
fn word(key: &Node) -> Result<&str, Cause> {
    match key {
        Node::Word(Value::String(name)) => Ok(name),
        _ => Err("a named argument begins with a bare word".to_owned()),
    }
}

/// Binds the arguments and runs the function.
pub(super) fn run<'a>(
    call: Call<'_, 'a>,
    row: &Row,
    of: Option<Datum<'a>>,
    args: &'a [Arg],
) -> Result<Datum<'a>, Cause> {
    let mut plain = Vec::new();
    let mut named = Vec::new();
    let mut pairs = Vec::new();
    for arg in args {
        match arg {
            Arg::Plain(node) => plain.push(Slot::Node(node)),
            Arg::Pair(key, value) if Shape::of(row.params).pairs => pairs.push((key, value)),
            Arg::Pair(key, value) => named.push((word(key)?.to_owned(), Slot::Node(value))),
        }
    }
    bind(Call { of, pairs, ..call }, row, plain, named)
}

/// Runs the function with arguments that are sorted already.
pub(super) fn bind<'a>(
    mut call: Call<'_, 'a>,
    row: &Row,
    plain: Vec<Slot<'a>>,
    named: Vec<(String, Slot<'a>)>,
) -> Result<Datum<'a>, Cause> {
    let shape = Shape::of(row.params);
    let mut plain = plain.into_iter();
    if call.of.is_none() && row.form == Form::Both {
        let first = plain.next().ok_or_else(|| format!("`{}` needs a value to work on", row.name))?;
        call.of = Some(call.known(&first)?);
    }
    let given = plain.len();
    call.slots = shape.names.iter().map(|_| plain.next()).collect();
    call.rest = plain.collect();
    for (name, slot) in named {
        match shape.named(&name, row.name)? {
            Some(index) => call.slots[index] = Some(slot),
            None => call.named.push((name, slot)),
        }
    }
    let taken: Vec<bool> = call.slots.iter().map(Option::is_some).collect();
    shape.check(row.name, given, &taken)?;
    let name = row.name;
    (row.run)(call).map_err(|why| if why.starts_with('`') { why } else { format!("`{name}`: {why}") })
}

impl<'c, 'a> Call<'c, 'a> {
    /// A call whose arguments are not bound yet.
    pub(super) fn new(evaluator: &'c Evaluator<'a>, frame: &'c Frame<'c, 'a>, name: &'c str) -> Self {
        Self {
            evaluator,
            name,
            frame,
            of: None,
            slots: Vec::new(),
            rest: Vec::new(),
            pairs: Vec::new(),
            named: Vec::new(),
        }
    }

    /// A call of another function from the same place.
    pub(super) fn other<'n>(&self, name: &'n str, of: Option<Datum<'a>>) -> Call<'n, 'a>
    where
        'c: 'n,
    {
        Call { of, ..Call::new(self.evaluator, self.frame, name) }
    }

    /// What a method is called on.
    pub(super) fn of(&mut self) -> Datum<'a> {
        self.of.take().unwrap_or(super::value::NULL)
    }

    /// The text that a method is called on.
    pub(super) fn text_of(&mut self) -> Result<String, Cause> {
        text(&self.of())
    }

    /// The items of the list that a method is called on.
    pub(super) fn items_of(&mut self) -> Result<Vec<Datum<'a>>, Cause> {
        super::value::items(self.of())
    }

    fn known(&self, slot: &Slot<'a>) -> Result<Datum<'a>, Cause> {
        match slot {
            Slot::Node(node) => self.evaluator.value(node, self.frame),
            Slot::Value(value) => self.evaluator.meter.again(value),
        }
    }

    /// Whether an argument was given.
    pub(super) fn has(&self, index: usize) -> bool {
        self.slots.get(index).is_some_and(Option::is_some)
    }

    /// An argument that may be left out.
    pub(super) fn optional(&self, index: usize) -> Result<Option<Datum<'a>>, Cause> {
        let slot = self.slots.get(index).and_then(Option::as_ref);
        slot.map(|slot| self.known(slot)).transpose()
    }

    /// An argument; null where it was left out.
    pub(super) fn value(&self, index: usize) -> Result<Datum<'a>, Cause> {
        Ok(self.optional(index)?.unwrap_or(super::value::NULL))
    }

    /// An argument that is a text.
    pub(super) fn text(&self, index: usize) -> Result<String, Cause> {
        text(&*self.value(index)?)
    }

    /// An argument that is a text, or null, or left out.
    pub(super) fn optional_text(&self, index: usize) -> Result<Option<String>, Cause> {
        let value = self.value(index)?;
        if value.is_null() { Ok(None) } else { text(&value).map(Some) }
    }

    /// An argument that is a whole number, or `default` where it was left out; true counts as 1, as in Python.
    pub(super) fn whole(&self, index: usize, default: i64) -> Result<i64, Cause> {
        let Some(value) = self.optional(index)? else { return Ok(default) };
        let whole = match Num::counting(&value) {
            Some(Num::Int(int)) => i64::try_from(int).ok(),
            _ => None,
        };
        whole.ok_or_else(|| format!("a whole number is needed, not {}", kind(&value)))
    }

    /// An argument that counts.
    pub(super) fn size(&self, index: usize, default: usize) -> Result<usize, Cause> {
        let default = i64::try_from(default).unwrap_or(i64::MAX);
        usize::try_from(self.whole(index, default)?)
            .map_err(|_| "a number below zero counts nothing".to_owned())
    }

    /// The value of an argument with `$`, `$1`, `$2`, ... set.
    pub(super) fn apply(&self, index: usize, values: Vec<Datum<'a>>) -> Result<Datum<'a>, Cause> {
        match self.slots.get(index).and_then(Option::as_ref) {
            Some(Slot::Node(node)) => {
                let frame = Frame::numbered(self.frame, values);
                self.evaluator.value(node, &frame)
            }
            Some(Slot::Value(value)) => self.evaluator.meter.again(value),
            None => Ok(super::value::NULL),
        }
    }

    /// The same for one value.
    pub(super) fn each(&self, index: usize, value: &Datum<'a>) -> Result<Datum<'a>, Cause> {
        self.apply(index, vec![self.evaluator.meter.again(value)?])
    }

    /// How many arguments stand behind the named parameters.
    pub(super) fn more(&self) -> usize {
        self.rest.len()
    }

    /// One of those.
    pub(super) fn nth(&self, index: usize) -> Result<Datum<'a>, Cause> {
        self.rest.get(index).map_or(Ok(super::value::NULL), |slot| self.known(slot))
    }

    /// All of those.
    pub(super) fn rest(&self) -> Result<Vec<Datum<'a>>, Cause> {
        self.rest.iter().map(|slot| self.known(slot)).collect()
    }

    /// Those as written, where they are.
    pub(super) fn rest_nodes(&self) -> impl Iterator<Item = Option<&'a Node>> {
        self.rest.iter().map(|slot| match slot {
            Slot::Node(node) => Some(*node),
            Slot::Value(_) => None,
        })
    }

    /// Whether what a node gave is walked over, item by item.
    pub(super) fn walks(&self, node: &'a Node, used: steps::Use) -> Result<bool, Cause> {
        steps::one_by_one(self.evaluator, self.frame, node, used)
    }

    /// The named arguments of a function that takes any.
    pub(super) fn named(&self) -> Result<Vec<(String, Datum<'a>)>, Cause> {
        self.named.iter().map(|(name, slot)| Ok((name.clone(), self.known(slot)?))).collect()
    }

    /// The pairs `k => v` of a function that takes them.
    pub(super) fn pairs(&self) -> &[(&'a Node, &'a Node)] {
        &self.pairs
    }

    /// The value of a node at the place of the call.
    pub(super) fn here(&self, node: &'a Node) -> Result<Datum<'a>, Cause> {
        self.evaluator.value(node, self.frame)
    }
}

/// The text in a value.
fn text(value: &Value) -> Result<String, Cause> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("a text is needed, not {}", kind(value)))
}
