//! Lists as Python has them: shared, and changed in place by their methods.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Serde, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::limits::{charge, failed, measure};
use super::python;

/// A list that templates can append to.
#[derive(Debug)]
pub(super) struct List {
    items: Mutex<Vec<Value>>,
}

/// A value of a context: its lists can be changed by the template, for this rendering only.
pub(super) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Array(items) => List::of(items.iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::from_pairs(map.iter().map(|(key, value)| (key.as_str(), from_json(value))))
        }
        scalar => Value::from(Serde(scalar)),
    }
}

impl List {
    /// Makes a list.
    pub(super) fn of(items: Vec<Value>) -> Value {
        Value::from_object(Self { items: Mutex::new(items) })
    }

    fn items(&self) -> MutexGuard<'_, Vec<Value>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `added` at `at`; a list that would hold itself, or too much, is refused.
    fn add(&self, state: &mut State<'_, '_>, at: usize, added: &[Value]) -> Result<Value, Error> {
        let count = added.len();
        let start = {
            let mut items = self.items();
            let start = at.min(items.len());
            items.splice(start..start, added.iter().cloned());
            start
        };
        // A list inside itself measures as nested without end, but only after it was put there.
        let size: Result<usize, Error> = added.iter().map(measure).sum();
        let fits = size.and_then(|size| charge(state, size));
        if let Err(error) = fits {
            self.items().drain(start..start + count);
            return Err(error);
        }
        Ok(Value::from(()))
    }

    fn position(&self, what: &Value) -> Result<usize, Error> {
        let found = self.items().iter().position(|item| item == what);
        found.ok_or_else(|| {
            failed(format!("{} is not in the list", python::repr(what, 200).unwrap_or_default()))
        })
    }

    fn pop(&self, at: Option<i64>) -> Result<Value, Error> {
        let mut items = self.items();
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = at.unwrap_or(-1);
        let at = usize::try_from(if at < 0 { length + at } else { at }).ok();
        match at.filter(|at| *at < items.len()) {
            Some(at) => Ok(items.remove(at)),
            None => Err(failed("the list has no such item to pop")),
        }
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items().get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items().len())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let length = self.items().len();
        // Appending alone does not touch the items that are there.
        charge(state, if method == "append" { 1 } else { 1 + length / 8 })?;
        match method {
            "append" => self.add(state, usize::MAX, &[from_args::<(Value,)>(args)?.0]),
            "extend" => {
                let (more,): (Value,) = from_args(args)?;
                self.add(state, usize::MAX, &more.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?)
            }
            "insert" => {
                let (at, item): (usize, Value) = from_args(args)?;
                self.add(state, at, &[item])
            }
            "pop" => self.pop(from_args::<(Option<i64>,)>(args)?.0),
            "remove" => {
                let at = self.position(&from_args::<(Value,)>(args)?.0)?;
                self.items().remove(at);
                Ok(Value::from(()))
            }
            "index" => self.position(&from_args::<(Value,)>(args)?.0).map(Value::from),
            "clear" => {
                self.items().clear();
                Ok(Value::from(()))
            }
            "reverse" => {
                self.items().reverse();
                Ok(Value::from(()))
            }
            "sort" => {
                let (options,): (Kwargs,) = from_args(args)?;
                let sorted =
                    state.apply_filter("sort", &[Value::from_dyn_object(self.clone()), options.into()])?;
                *self.items() = sorted.try_iter()?.collect();
                Ok(Value::from(()))
            }
            "copy" => Ok(Self::of(self.items().clone())),
            _ => Err(ErrorKind::UnknownMethod.into()),
        }
    }
}
