//! What a template can use without being given it: `six`, `next`, `joiner`, `cycler`, `lipsum`, and
//! the datastore that is both looked up and called.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Rest, Serde};
use minijinja::{Environment, Error, State, Value};

use super::limits::failed;

/// Adds the globals.
pub(super) fn add(env: &mut Environment<'static>) {
    env.remove_global("debug");
    env.add_global("six", Value::from_object(Six));
    env.add_function("next", next);
    env.add_function("joiner", |text: Option<String>| {
        let text = text.unwrap_or_else(|| ", ".to_owned());
        Value::from_object(Joiner { text, calls: AtomicUsize::new(0) })
    });
    env.add_function("cycler", |items: Rest<Value>| {
        Value::from_object(Cycler { items: items.0, at: AtomicUsize::new(0) })
    });
    env.add_function("lipsum", lipsum);
}

/// The first item, or the default: Python 2's `d.values().next()` idiom.
pub(super) fn next(values: &Value, default: Option<Value>) -> Result<Value, Error> {
    let first = values.try_iter()?.checked().next().transpose()?;
    first.or(default).ok_or_else(|| failed("there is no next item"))
}

/// Jinja's filler text, always the same here: `n` paragraphs.
fn lipsum(n: Option<usize>, _options: Kwargs) -> String {
    const TEXT: &str = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.";
    vec![TEXT; n.unwrap_or(5).min(100)].join("\n\n")
}

/// The Python 2 and 3 bridge that packs use: `six.iteritems(d)`.
#[derive(Debug)]
struct Six;

impl Object for Six {
    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let name = match method {
            "iteritems" | "viewitems" => "items",
            "iterkeys" | "viewkeys" => "keys",
            "itervalues" | "viewvalues" => "values",
            "next" | "advance_iterator" => {
                return next(args.first().unwrap_or(&Value::UNDEFINED), None);
            }
            "text_type" | "u" | "ensure_str" | "ensure_text" => {
                return state.apply_filter("string", args);
            }
            _ => return Err(minijinja::ErrorKind::UnknownMethod.into()),
        };
        match args {
            [map] => map.call_method(state, name, &[]),
            _ => Err(failed(format!("`six.{method}` takes one mapping"))),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<module 'six'>")
    }
}

/// Prints nothing the first time, then its text.
#[derive(Debug)]
struct Joiner {
    text: String,
    calls: AtomicUsize,
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        let first = self.calls.fetch_add(1, Ordering::Relaxed) == 0;
        Ok(Value::from(if first { "" } else { &self.text }))
    }
}

/// Goes round its items.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

impl Cycler {
    fn item(&self, at: usize) -> Value {
        match self.items.len() {
            0 => Value::UNDEFINED,
            count => self.items[at % count].clone(),
        }
    }
}

impl Object for Cycler {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.item(self.at.load(Ordering::Relaxed)))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "next" => Ok(self.item(self.at.fetch_add(1, Ordering::Relaxed))),
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(minijinja::ErrorKind::UnknownMethod.into()),
        }
    }
}

/// The datastore: `st2kv.system.key`, and `st2kv('system.key')` as the documentation writes it.
#[derive(Debug)]
pub(super) struct Datastore {
    values: Value,
}

impl Datastore {
    /// Makes a mapping callable.
    pub(super) fn wrap(values: &serde_json::Value) -> Value {
        Value::from_object(Self { values: Value::from(Serde(values)) })
    }

    /// Follows `system.a.b`: each step is a key, or the rest as a whole is one.
    fn find(&self, path: &str) -> Option<Value> {
        let mut at = self.values.clone();
        let mut rest = path;
        loop {
            let whole = at.get_attr(rest).ok()?;
            if !whole.is_undefined() {
                return Some(whole);
            }
            let (first, after) = rest.split_once('.')?;
            at = at.get_attr(first).ok()?;
            rest = after;
        }
    }
}

impl Object for Datastore {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.values.get_item(key).ok().filter(|value| !value.is_undefined())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.values.try_iter() {
            Ok(keys) => Enumerator::Values(keys.collect()),
            Err(_) => Enumerator::Empty,
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (path, options): (&str, Kwargs) = minijinja::value::from_args(args)?;
        let decrypt: Option<bool> = options.get("decrypt")?;
        let default: Option<Value> = options.get("default")?;
        options.assert_all_used()?;
        let found = self.find(path).or_else(|| self.find(&format!("user.{path}")));
        match (found, default) {
            (Some(value), _) if decrypt == Some(true) => state.apply_filter("decrypt_kv", &[value]),
            (Some(value), _) => Ok(value),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(failed(format!("the datastore has no key `{path}`"))),
        }
    }
}
