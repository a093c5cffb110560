//! The custom messages of a notification template, as `messages:` and, for a webhook, as `body`.

use serde_json::{Map, Value, json};

use super::convert::Convert;
use crate::cli::import::notifiers::literal;
use crate::template::Templates;

/// Where AWX keeps the text of a moment, and what that moment is called here.
const MOMENTS: [(&[&str], &str); 7] = [
    (&["started"], "started"),
    (&["success"], "success"),
    (&["error"], "error"),
    (&["workflow_approval", "running"], "pending"),
    (&["workflow_approval", "approved"], "approved"),
    (&["workflow_approval", "denied"], "denied"),
    (&["workflow_approval", "timed_out"], "timed_out"),
];

/// What AWX sends where nothing else is said: the event as it came.
const WHOLE: &str = "{{ job_metadata }}";

/// The texts; those of a webhook's body go into its options. Both are templates over the same names as in AWX.
pub(super) fn messages(it: &mut Convert<'_>) -> Map<String, Value> {
    let kind = it.template.kind;
    if kind == "webhook" {
        body(it);
        return Map::new();
    }
    let has_body = matches!(kind, "email" | "pagerduty");
    let mut all = Map::new();
    let mut dropped = false;
    for (path, moment) in MOMENTS {
        let mut text = Map::new();
        if let Some(message) = good(it, path, "message") {
            text.insert("message".to_owned(), json!(message));
        }
        match good(it, path, "body") {
            Some(body) if has_body => drop(text.insert("body".to_owned(), json!(body))),
            body => dropped |= body.is_some(),
        }
        if !text.is_empty() {
            all.insert(moment.to_owned(), Value::Object(text));
        }
    }
    if dropped {
        it.remark("the bodies of `messages` are left out: AWX sends this type only the one line");
    }
    all
}

/// A text that was written, and that our templates can read.
fn good(it: &mut Convert<'_>, path: &[&str], part: &str) -> Option<String> {
    let pointer = format!("/{}/{part}", path.join("/"));
    let text = it.template.messages.pointer(&pointer)?.as_str()?;
    if text.trim().is_empty() {
        return None;
    }
    match Templates::default().check("messages", text) {
        Ok(_) => Some(text.to_owned()),
        Err(error) => {
            it.remark(format!("the {part} for {} is left out: {error}", path.join(".")));
            None
        }
    }
}

/// AWX's webhook has a JSON text for each moment, ours has one.
fn body(it: &mut Convert<'_>) {
    let found = MOMENTS.iter().filter_map(|(path, moment)| Some((*moment, good(it, path, "body")?)));
    let found: Vec<(&str, String)> = found.collect();
    let own: Vec<&(&str, String)> = found.iter().filter(|(_, text)| !is_whole(text)).collect();
    if own.is_empty() {
        it.put("send", "payload");
        it.remark("what AWX sent is passed on as it was; without `send: payload` the receiver gets the event in our words");
        return;
    }
    // One at a time too: the sample that checks the whole shows only one of its branches.
    let refused = found.iter().find_map(|(_, text)| refusal(it, text));
    match refused.or_else(|| refusal(it, &joined(&found))) {
        None => it.put("body", joined(&found)),
        Some(why) => {
            it.put("send", "payload");
            it.remark(format!("the bodies of `messages` are left out: {why}. They were:"));
            own.iter().for_each(|(moment, text)| it.remark(format!("{moment}: {text}")));
        }
    }
}

/// Why the webhook would be refused with this body.
fn refusal(it: &Convert<'_>, body: &str) -> Option<String> {
    let mut options = it.options.clone();
    options.insert("body".to_owned(), literal(&json!(body)));
    it.draft.refusal("webhook", &options)
}

fn is_whole(text: &str) -> bool {
    text.split_whitespace().collect::<String>() == WHOLE.split_whitespace().collect::<String>()
}

/// One template out of those of the moments. Cancellations are errors to AWX.
fn joined(found: &[(&str, String)]) -> String {
    let (first, rest) = (&found[0].1, &found[1..]);
    if rest.iter().all(|(_, text)| text == first) {
        return first.clone();
    }
    let mut out = String::new();
    for (index, (moment, text)) in found.iter().enumerate() {
        let word = if index == 0 { "if" } else { "elif" };
        let moments = match *moment {
            "success" => "['success', 'recovered']".to_owned(),
            "error" => "['error', 'canceled']".to_owned(),
            other => format!("['{other}']"),
        };
        out.push_str(&format!("{{% {word} event.status in {moments} %}}{text}"));
    }
    out.push_str("{% else %}{{ payload | tojson }}{% endif %}");
    out
}
