//! What an order would say, without running anything.

use serde_json::{Value, json};

use super::order::Order;
use super::render;
use crate::model::{Execution, Status, Timestamp};
use crate::text::Post;

/// The answers of an order that was not run.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The alias's own acknowledgement, or the bot's usual one; `None` where there is none.
    pub acknowledgement: Option<Post>,
    /// The answer to a result; `None` where the alias wants none.
    pub result: Option<Post>,
}

/// Renders what would be said of `order` if it ended well with `result`.
pub fn rehearse(order: &Order, result: &Value, now: Timestamp) -> Rehearsed {
    let execution = order.execution(0, now);
    let speaks = order.alias.as_ref().is_none_or(|alias| alias.ack.enabled);
    let own = render::acknowledgement(order, &execution);
    let acknowledgement = own.or_else(|| speaks.then(|| render::running(order, 0)));
    let ended = Execution { status: Status::Succeeded, started: Some(now), ended: Some(now), ..execution };
    Rehearsed { acknowledgement, result: render::result(order, &ended, result) }
}

/// A result such as the runner of an order gives, for a rehearsal.
pub fn sample(order: &Order) -> Value {
    let one = json!({
        "failed": false, "succeeded": true, "return_code": 0, "stdout": "example output", "stderr": "",
    });
    let runner = order.prepared.runner.as_str();
    match runner {
        "echo" | "noop" => {
            let message = order.prepared.shown.get("message").cloned().unwrap_or_default();
            json!({"stdout": message, "message": message})
        }
        "http-request" => json!({"status_code": 200, "body": "example body", "headers": {}}),
        _ if runner.starts_with("remote-") => {
            let hosts = order.prepared.shown.get("hosts").and_then(Value::as_str).unwrap_or("web1");
            hosts.split(',').map(|host| (host.trim().to_owned(), one.clone())).collect()
        }
        _ => one,
    }
}
