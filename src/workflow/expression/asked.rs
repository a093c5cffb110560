//! What both languages ask a workflow, in one place.

use serde_json::{Map, Value};

use super::Scope;

/// What no expression sees: names with two leading underscores.
pub(super) fn is_private(name: &str) -> bool {
    name.starts_with("__")
}

/// One variable of the context.
pub(super) fn variable<'a>(scope: &'a dyn Scope, name: &str) -> Result<&'a Value, String> {
    let known = scope.context().get(name).filter(|_| !is_private(name));
    known.ok_or_else(|| format!("the variable `{name}` is undefined"))
}

/// The whole context.
pub(super) fn context(scope: &dyn Scope) -> Map<String, Value> {
    let all = scope.context().iter().filter(|(name, _)| !is_private(name));
    all.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An error where an expression belongs to no task: in `vars` and `output`.
pub(super) fn in_task(scope: &dyn Scope) -> Result<(), String> {
    if scope.in_task() { Ok(()) } else { Err("there is no task here: write `task(name).result`".to_owned()) }
}

/// Whether the task that ended is `succeeded`, `failed` or `completed`.
pub(super) fn is(scope: &dyn Scope, what: &str) -> bool {
    let failed = ["failed", "timeout", "abandoned"];
    let Some(status) = scope.status() else { return false };
    match what {
        "succeeded" => status == "succeeded",
        "failed" => failed.contains(&status),
        _ => failed.contains(&status) || matches!(status, "succeeded" | "canceled"),
    }
}
