//! What an expression may ask about the workflow it stands in.

use serde_json::{Map, Value, json};

use crate::workflow::{Datastore, NoData};

/// The workflow as an expression sees it. Causes of errors are lower case, without a full stop.
pub trait Scope {
    /// The variables: `ctx()`. Names with two leading underscores are hidden from expressions.
    fn context(&self) -> &Map<String, Value>;

    /// Whether the expression belongs to a task: not in `vars` and `output`.
    fn in_task(&self) -> bool;

    /// The result of the task that ended: `result()`; none elsewhere, which expressions see as null.
    fn result(&self) -> Option<&Value>;

    /// The status of the task that ended, for `succeeded()`, `failed()` and `completed()`; none elsewhere.
    fn status(&self) -> Option<&str>;

    /// The current item, or the one called `name`: `item()`, `item(host)`. An error where there is none.
    fn item(&self, name: Option<&str>) -> Result<Value, String>;

    /// The status of a task, or the text `null` if it has not run: `task_status(a)`.
    fn task_status(&self, task: &str) -> Value;

    /// What is known of a task, or of the current one: `task(a)`. An error if it has not run.
    fn task(&self, task: Option<&str>) -> Result<Value, String>;

    /// A value of the datastore: `st2kv("system.a.b", decrypt => true, default => v)`. A missing key without
    /// a default is an error.
    fn kv(&self, key: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String>;
}

/// An expression outside of any workflow, with these variables and an empty datastore.
pub struct Alone(pub Map<String, Value>);

impl Scope for Alone {
    fn context(&self) -> &Map<String, Value> {
        &self.0
    }

    fn in_task(&self) -> bool {
        false
    }

    fn result(&self) -> Option<&Value> {
        None
    }

    fn status(&self) -> Option<&str> {
        None
    }

    fn item(&self, name: Option<&str>) -> Result<Value, String> {
        name.map_or(Ok(Value::Null), |_| Err("there is no item here".to_owned()))
    }

    fn task_status(&self, _: &str) -> Value {
        json!("null")
    }

    fn task(&self, task: Option<&str>) -> Result<Value, String> {
        Err(format!("the task `{}` has not run", task.unwrap_or_default()))
    }

    fn kv(&self, key: &str, _: bool, default: Option<Value>) -> Result<Value, String> {
        NoData.get(key, false, default)
    }
}
