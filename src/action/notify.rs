//! The `notify` block of an action: whom to tell when it ends.

use serde_json::{Map, Value};

use super::node::{Node, Reader, to_object};
use crate::config::yaml::line_of;

/// What an action's file says about telling others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Notify {
    /// However it ends, also when it is canceled.
    pub on_complete: Option<Announcement>,
    /// When it succeeds.
    pub on_success: Option<Announcement>,
    /// When it fails, runs out of time or is abandoned.
    pub on_failure: Option<Announcement>,
}

/// One announcement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Announcement {
    /// The text, Jinja; StackStorm's own sentence where it is missing.
    pub message: Option<String>,
    /// More values, each of them Jinja.
    pub data: Map<String, Value>,
    /// The names of the routes (`channels` is the old name of the key).
    pub routes: Vec<String>,
}

const WHEN: &[&str] = &["on-complete", "on-success", "on-failure"];
const WHAT: &[&str] = &["message", "data", "routes", "channels"];

/// The value of a `notify:` key; unknown keys are errors.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Notify> {
    let mut notify = Notify::default();
    let entries = reader.map(node, "notify");
    for (key, value) in entries {
        let path = format!("notify.{}", key.value);
        match key.value.as_str() {
            "on-complete" => notify.on_complete = announcement(reader, value, &path),
            "on-success" => notify.on_success = announcement(reader, value, &path),
            "on-failure" => notify.on_failure = announcement(reader, value, &path),
            _ => reader.unknown(key, &path, WHEN),
        }
    }
    (!entries.is_empty()).then_some(notify)
}

fn announcement(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<Announcement> {
    let mut announcement = Announcement::default();
    for (key, value) in reader.map(node, path) {
        let path = format!("{path}.{}", key.value);
        match key.value.as_str() {
            "message" => announcement.message = reader.text(value, &path),
            "data" => announcement.data = to_object(reader.map(value, &path)),
            "routes" | "channels" => announcement.routes.extend(routes(reader, value, &path)),
            _ => reader.unknown(key, &path, WHAT),
        }
    }
    Some(announcement)
}

fn routes(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<String> {
    let mut routes = Vec::new();
    for item in reader.list(node, path) {
        match reader.text(item, path) {
            Some(route) => routes.push(route),
            None => reader.refuse(line_of(item), path, "the name of a route is expected"),
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn notify(text: &str) -> (Option<Notify>, Vec<String>) {
        let mut reader = Reader::new(Path::new("x.yaml"), text);
        let node = reader.read().unwrap();
        let notify = read(&mut reader, &node);
        (notify, reader.errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn all_three_moments_are_kept() {
        let (notify, errors) = notify(
            "on-success:\n  message: done\n  routes: [ops]\non-failure: {channels: [pager], data: {a: 1}}\n",
        );
        let notify = notify.unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(notify.on_success.unwrap().message.as_deref(), Some("done"));
        assert_eq!(notify.on_failure.unwrap().routes, ["pager"]);
        assert_eq!(notify.on_complete, None);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let (_, errors) = notify("on_success: {}\non-failure: {rout: [a]}\n");
        assert!(errors[0].contains("did you mean `on-success`?"), "{errors:?}");
        assert!(errors[1].contains("unknown key `rout`"), "{errors:?}");
    }
}
