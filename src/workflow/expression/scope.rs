//! What an expression may ask about the workflow it stands in.

use serde_json::{Map, Value};

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
