//! Expressions of workflows: values instead of text, and functions whose answers come from outside.
//!
//! The engine wants functions that live for ever; a workflow is only borrowed. So a function that is not
//! answered yet stops the evaluation, the answer is fetched, and the evaluation begins anew. A function
//! asked twice with the same arguments is answered once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Kwargs, Object, ObjectRepr, Rest, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json};

use super::error::TemplateError;
use super::lexer::{Kind, Piece, Token, cut};
use super::limits::{Bounded, LARGEST, Limits, charge, failed, measure};
use super::prepare::Prepared;
use super::{env, list, python};

/// How many different questions one expression may ask.
const QUESTIONS: usize = 256;

/// What one evaluation may cost.
const LIMITS: Limits = Limits { fuel: 500_000, output: 1024 * 1024 };

/// Stands around an expression so that it is prepared as in a template.
const OPEN: &str = "{{ ";
const CLOSE: &str = " }}";

/// Filters under the names that workflows know them by too.
const ALSO: [(&str, &str); 4] = [
    ("json_parse", "from_json_string"),
    ("json_dump", "to_json_string"),
    ("yaml_parse", "from_yaml_string"),
    ("yaml_dump", "to_yaml_string"),
];

/// A call of a function that is answered from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The function.
    pub function: &'static str,
    /// Its arguments by place.
    pub args: Vec<Json>,
    /// Its arguments by name.
    pub named: Map<String, Json>,
}

/// Whoever answers; an error is the cause of the expression's error.
pub type Answer<'a> = &'a dyn Fn(&Question) -> Result<Json, String>;

/// Evaluates expressions. Strict, sandboxed and bounded as [`Templates`](super::Templates) are.
pub struct Expressions {
    env: Environment<'static>,
    functions: &'static [&'static str],
}

impl Expressions {
    /// `functions` are answered from outside; `filters` are callable as functions too. A function is a filter too.
    pub fn new(functions: &'static [&'static str], filters: &'static [&'static str]) -> Self {
        let mut env = env::make(&Arc::new(BTreeMap::new()), LIMITS, None, UndefinedBehavior::Strict);
        for (also, name) in ALSO {
            env.add_filter(also, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
                state.apply_filter(name, &args.into_values())
            });
        }
        for name in filters {
            env.add_function(*name, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
                state.apply_filter(name, &args.into_values())
            });
        }
        for name in functions {
            env.add_filter(*name, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
                let function =
                    state.lookup(name).ok_or_else(|| failed(format!("`{name}` is not known here")))?;
                function.call(state, &args.into_values())
            });
        }
        Self { env, functions }
    }

    /// The value of one expression, without its marks.
    pub fn evaluate(&self, source: &str, answer: Answer<'_>) -> Result<Json, String> {
        let prepared = Prepared::new(&format!("{OPEN}{source}{CLOSE}"));
        let compiled = self.env.compile_expression(inner(&prepared, source)).map_err(cause)?;
        self.ask(answer, |root| json(&compiled.eval(root)?))
    }

    /// A text with expressions and blocks, rendered.
    pub fn render(&self, source: &str, answer: Answer<'_>) -> Result<String, String> {
        let prepared = Prepared::new(source);
        let template = self.env.template_from_str(&prepared.text).map_err(cause)?;
        self.ask(answer, |root| {
            let mut out = Bounded { text: Vec::new(), most: LIMITS.output };
            template.render_captured_to(root, &mut out)?;
            String::from_utf8(out.text).map_err(|_| failed("the output is not UTF-8"))
        })
    }

    /// What a filter makes of its arguments; the first is the value.
    pub fn filter(&self, name: &str, args: &[&Json]) -> Result<Json, String> {
        let args: Vec<Value> = args.iter().map(|arg| list::from_json(arg)).collect();
        let made = self.env.empty_state().apply_filter(name, &args).map_err(cause)?;
        json(&made).map_err(cause)
    }

    /// Why one expression, without its marks, does not parse.
    pub fn check(&self, source: &str) -> Result<(), String> {
        let prepared = Prepared::new(&format!("{OPEN}{source}{CLOSE}"));
        self.env.compile_expression(inner(&prepared, source)).map(drop).map_err(cause)
    }

    /// Why a text with blocks does not parse.
    pub fn check_text(&self, source: &str) -> Result<(), String> {
        self.env.template_from_str(&Prepared::new(source).text).map(drop).map_err(cause)
    }

    /// Names in a text that parses which are neither functions nor filters: `(name, what it is used as)`.
    pub fn unknown(&self, source: &str) -> Vec<(String, &'static str)> {
        let mut unknown = Vec::new();
        if let Ok(template) = self.env.template_from_str(source) {
            let known: Vec<&str> = self.env.globals().map(|(name, _)| name).collect();
            let mut names: Vec<String> = template.undeclared_variables(false).into_iter().collect();
            names.retain(|name| !known.contains(&name.as_str()) && !self.functions.contains(&name.as_str()));
            names.sort();
            unknown.extend(names.into_iter().map(|name| (name, "name")));
        }
        for name in filters_in(source) {
            if self.lacks(&name) {
                unknown.push((name, "filter"));
            }
        }
        unknown
    }

    /// The names that may be called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.env.globals().map(|(name, _)| name).chain(self.functions.iter().copied())
    }

    fn lacks(&self, filter: &str) -> bool {
        let tried = self.env.empty_state().apply_filter(filter, &[]);
        tried.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter)
    }

    /// Tries again with every answer that was missing.
    fn ask<T>(&self, answer: Answer<'_>, try_with: impl Fn(Value) -> Result<T, Error>) -> Result<T, String> {
        let desk = Arc::new(Desk::default());
        let functions = self.functions.iter();
        let root = Value::from_pairs(
            functions.map(|name| (*name, Value::from_object(Function { name, desk: desk.clone() }))),
        );
        for _ in 0..=QUESTIONS {
            let tried = try_with(root.clone());
            let wanted = desk.open().wanted.take();
            match wanted {
                None => return tried.map_err(cause),
                // What is asked of a missing answer may have been caught on the way: it does not count.
                Some(question) => {
                    let told = list::from_json(&answer(&question)?);
                    desk.open().told.push((question, told));
                }
            }
        }
        Err(format!("the expression asks more than {QUESTIONS} questions"))
    }
}

/// What has been asked and answered in one evaluation.
#[derive(Debug, Default)]
struct Desk(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    told: Vec<(Question, Value)>,
    wanted: Option<Question>,
}

impl Desk {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A function of the workflow, as the engine calls it.
#[derive(Debug)]
struct Function {
    name: &'static str,
    desk: Arc<Desk>,
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (args, named): (Rest<Value>, Kwargs) = from_args(args)?;
        let names: Vec<String> = named.args().map(str::to_owned).collect();
        let named = names.into_iter().map(|name| Ok((name.clone(), json(&named.get::<Value>(&name)?)?)));
        let question = Question {
            function: self.name,
            args: args.iter().map(json).collect::<Result<_, Error>>()?,
            named: named.collect::<Result<_, Error>>()?,
        };
        let mut open = self.desk.open();
        charge(state, 1 + open.told.len())?;
        match open.told.iter().find(|(asked, _)| *asked == question) {
            Some((_, told)) => Ok(told.clone()),
            None => {
                open.wanted.get_or_insert(question);
                Err(failed("an answer is fetched"))
            }
        }
    }
}

/// The value as JSON; refused when it is not there, too large, or a function.
fn json(value: &Value) -> Result<Json, Error> {
    match value.kind() {
        ValueKind::Undefined => return Err(failed("the value is undefined")),
        ValueKind::Plain => return Err(failed("a function is no value: it is called with `()`")),
        _ => {}
    }
    measure(value)?;
    serde_json::to_value(value).map_err(|error| failed(format!("cannot be written as JSON: {error}")))
}

fn inner<'p>(prepared: &'p Prepared, source: &'p str) -> &'p str {
    prepared.text.strip_prefix(OPEN).and_then(|text| text.strip_suffix(CLOSE)).unwrap_or(source)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn cause(error: Error) -> String {
    TemplateError::of(&error, "", |_, _| None).message
}

/// The names behind `|` in the tags of a text.
fn filters_in(source: &str) -> Vec<String> {
    let word = |token: &Token| &source[token.start..token.end];
    let mut found = Vec::new();
    for piece in cut(source).unwrap_or_default() {
        let Piece::Tag(tokens) = piece else { continue };
        let pairs = tokens.windows(2).filter(|pair| word(&pair[0]) == "|" && pair[1].kind == Kind::Name);
        found.extend(pairs.map(|pair| word(&pair[1]).to_owned()));
    }
    found
}

/// A value as Python's `str` prints it: `True`, `None`, `[1, 'a']`; refused when it is too large.
pub fn printed(value: &Json) -> Result<String, String> {
    python::text(&list::from_json(value), LARGEST).map_err(cause)
}
