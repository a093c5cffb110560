//! Where notifications go, how each destination stands, and a test.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, shown};
use crate::bot::notify::{NotifierHealth, Tested, notifier_name};
use crate::http::trial::note_test;
use crate::store::{Backlog, Reader};

/// All of them.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let backlog = console.site.bot.store().read(Reader::backlog).await?;
    let health = console.site.bot.notify().health();
    let known = |name: &str| health.iter().any(|one| one.name == name);
    let left = backlog.iter().filter(|left| left.waiting + left.held > 0);
    let stranded = left
        .filter_map(|left| left.notifier.strip_prefix("notifier/"))
        .filter(|name| !known(name))
        .map(NotifierHealth::stranded);
    let all: Vec<NotifierHealth> = health.iter().cloned().chain(stranded).collect();
    let one = |it: &NotifierHealth| {
        let name = notifier_name(&it.name);
        let backlog = backlog.iter().find(|one| one.notifier == name);
        let count = |of: fn(&Backlog) -> u64| backlog.map_or(0, of);
        let mood = match it.state {
            "up" => "good",
            "off" => "calm",
            "failing" => "warn",
            _ => "bad",
        };
        json!({
            "name": it.name, "kind": it.kind, "description": it.description, "enabled": it.enabled, "state": it.state,
            "mood": mood, "targets": it.targets, "waiting": count(|one| one.waiting), "held": count(|one| one.held),
            "dead": count(|one| one.dead), "oldest": shown::when_any(backlog.and_then(|one| one.oldest), now),
            "since": shown::when_any(it.failing_since, now), "error": it.last_error,
        })
    };
    let values = json!({"notifiers": all.iter().map(one).collect::<Vec<_>>()});
    let frame =
        Frame { entry: "/notifiers", here: "/notifiers", title: "Notifiers", done: asked.raw("done") };
    console.page(&viewer, &frame, "notifiers.html", values)
}

/// Sends a test, or shows what would be sent; the page tells what each target said.
pub(super) async fn test(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let notify = console.site.bot.notify();
    if !notify.health().iter().any(|one| one.name == name) {
        return Err(Trouble::missing(format!("there is no notifier `{name}`")));
    }
    let dry = fields.raw("dry") == "yes";
    if !dry {
        note_test(&console.site, &viewer.person, &name).await?;
    }
    let outcome = notify.test(&name, None, dry).await;
    let one = |tested: &Tested| {
        let (good, answer) = match &tested.outcome {
            Ok(answer) => (true, answer),
            Err(why) => (false, why),
        };
        json!({"target": tested.target, "good": good, "answer": answer, "ms": tested.millis, "delivery": tested.delivery})
    };
    let (tested, why) = match &outcome {
        Ok(tested) => (tested.iter().map(one).collect::<Vec<_>>(), None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let title = format!("Test of {name}");
    let values = json!({"name": name, "dry": dry, "tested": tested, "why": why});
    let frame = Frame { entry: "/notifiers", here: "/notifiers", title: &title, done: "" };
    console.page(&viewer, &frame, "tested.html", values)
}
