//! What an action tells others when it ends: its `notify:` block as events. The answer in chat stays what it is.

use serde_json::{Map, Value, json};
use tracing::warn;

use super::order::Order;
use crate::action::{Announcement, cut_secrets_in};
use crate::model::{Event, EventStatus, Execution, Status};
use crate::runner::Effect;
use crate::template::Undefined;

/// The labels of what an execution tells that a rule runs: the rule, and how many rules in a row.
pub const RULE: [&str; 2] = ["rule", "rule_depth"];

/// Who tells.
const SOURCE: &str = "action";

/// The longest title, in characters.
const LONGEST_TITLE: usize = 500;

/// A result larger than this, in bytes of JSON, is left out of the event; the execution has it.
const LARGEST_RESULT: usize = 65_536;

/// An event, and the routes that the action names for it.
pub(super) type Told = (Event, Vec<String>);

/// What is told of an execution that ended; StackStorm tells each block that applies.
pub(super) fn events(order: &Order, execution: &Execution, result: &Value) -> Vec<Told> {
    let Some(notify) = &order.action.notify else { return Vec::new() };
    let good = execution.status == Status::Succeeded;
    let bad = matches!(execution.status, Status::Failed | Status::Timeout | Status::Abandoned);
    let blocks = [
        (notify.on_complete.as_ref(), "completed"),
        (notify.on_success.as_ref().filter(|_| good), "succeeded"),
        (notify.on_failure.as_ref().filter(|_| bad), "failed"),
    ];
    let one = |(block, word): (Option<&Announcement>, &str)| {
        block.map(|block| (event(order, execution, result, block, word), block.routes.clone()))
    };
    blocks.into_iter().filter_map(one).collect()
}

/// An announcement that the runner made: its route is a notifier's name, or a label to route by.
pub(super) fn said(order: &Order, execution: &Execution, effect: &Effect) -> Option<Told> {
    let Effect::Announce { route, body } = effect else { return None };
    let body = cut_secrets_in(body, &order.prepared.secrets);
    let words = ["message", "text", "title"].iter().find_map(|key| body[*key].as_str());
    let words = words.map_or_else(|| format!("Announcement of {}", execution.action), str::to_owned);
    let mut lines = words.trim().splitn(2, '\n');
    let title = lines.next().unwrap_or_default().chars().take(LONGEST_TITLE).collect();
    let labels = [("action", execution.action.as_str()), ("route", route)];
    let event = Event {
        title,
        text: lines.next().unwrap_or_default().to_owned(),
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        actor: Some(execution.person_name.clone()),
        fingerprint: format!("announcement/{}", execution.id),
        at: execution.ended,
        payload: body,
        ..Event::blank(SOURCE, "announcement", EventStatus::Info)
    };
    Some((event, vec![route.clone()]))
}

/// The same event, saying that a rule is behind it: so that rules do not run each other for ever.
pub(super) fn by_rule(order: &Order, mut event: Event) -> Event {
    if let Some((name, depth)) = &order.rule {
        let values = [name.clone(), depth.to_string()];
        event.labels.extend(RULE.into_iter().map(str::to_owned).zip(values));
    }
    event
}

fn event(order: &Order, execution: &Execution, result: &Value, block: &Announcement, word: &str) -> Event {
    let context = context(order, execution, result);
    let render = |name: &str, text: &str| {
        let rendered = order.home.templates.render(name, text, &context, Undefined::Strict);
        rendered.unwrap_or_else(|error| {
            warn!(action = execution.action, %error, "a notification cannot be rendered, its text is sent as it is");
            text.to_owned()
        })
    };
    let default = format!("Action {} {word}.", execution.action);
    let message = block.message.as_deref().map_or(default, |text| render("notify.message", text));
    let mut data = Map::new();
    for (name, value) in &block.data {
        let text = value.as_str().map(|text| Value::from(render("notify.data", text)));
        data.insert(name.clone(), text.unwrap_or_else(|| value.clone()));
    }
    let result = result.to_string();
    if result.len() <= LARGEST_RESULT {
        data.insert("result".to_owned(), Value::from(result));
    }
    let status = status(execution.status);
    let mut lines = message.trim().splitn(2, '\n');
    let title: String = lines.next().unwrap_or_default().chars().take(LONGEST_TITLE).collect();
    let text = lines.next().unwrap_or_default().to_owned();
    let routes = block.routes.join(",");
    let labels =
        [("action", execution.action.as_str()), ("person", &execution.person_name), ("routes", &routes)];
    Event {
        title: if title.is_empty() { format!("Action {} {word}.", execution.action) } else { title },
        text,
        url: order.home.web_url(execution.id),
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect(),
        actor: Some(execution.person_name.clone()),
        fingerprint: format!("action/{}", execution.action),
        dedup_key: Some(format!("{}/{word}", execution.id)),
        at: execution.ended,
        started: execution.started.or(Some(execution.asked)),
        duration: execution.ended.map(|ended| ended.since(execution.started.unwrap_or(execution.asked))),
        payload: json!({
            "message": message, "data": data, "execution_id": execution.id.to_string(),
            "status": execution.status, "start_timestamp": execution.asked.to_string(),
            "end_timestamp": execution.ended.map(|ended| ended.to_string()), "action_ref": execution.action,
            "runner_ref": execution.runner, "route": routes, "channel": routes,
        }),
        ..Event::blank(SOURCE, &format!("action.{word}"), status)
    }
}

fn context(order: &Order, execution: &Execution, result: &Value) -> Value {
    json!({
        "action_parameters": execution.parameters, "action_results": result,
        "action_context": {
            "api_user": execution.person_name, "user": execution.person.to_string(),
            "action_alias_ref": {"ref": order.alias_reference()},
            "source_channel": execution.place.as_ref().map(|place| place.room.to_string()),
        },
        "st2kv": {"system": {}},
    })
}

const fn status(status: Status) -> EventStatus {
    match status {
        Status::Succeeded => EventStatus::Ok,
        Status::Failed => EventStatus::Failed,
        Status::Timeout | Status::Abandoned => EventStatus::Error,
        Status::Canceled => EventStatus::Canceled,
        _ => EventStatus::Info,
    }
}
