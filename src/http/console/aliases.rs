//! The commands there are, and a box to try a line without running it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, post, shown};
use crate::alias::{Alias, Found, Hit};
use crate::bot::engine::{Given, Order, prepare, rehearse, sample};
use crate::bot::home::Home;
use crate::config::Problem;

/// Aliases on a page.
const PAGE: usize = 100;
/// Broken files on a page.
const PROBLEMS: usize = 200;

/// The page: what is wrong, the box with what came of it, the list.
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let home = console.site.bot.homes().current();
    let skip = usize::try_from(asked.number("skip")?.unwrap_or(0)).unwrap_or(0);
    let wanted = asked.text("q").map(|text| text.to_lowercase());
    let fit = |alias: &&Arc<Alias>| wanted.as_deref().is_none_or(|wanted| holds(alias, wanted));
    let found: Vec<&Arc<Alias>> = home.listed.iter().filter(fit).collect();
    let (count, next) = (found.len(), skip.saturating_add(PAGE));
    let problems: Vec<Value> = home.problems.iter().take(PROBLEMS).map(|it| problem(it, &home)).collect();
    let tried = asked.text("line").map(|line| tried(&console, &viewer, &home, &line, &asked));
    let values = json!({
        "aliases": found.into_iter().skip(skip).take(PAGE).map(|it| listed(it, &home)).collect::<Vec<_>>(),
        "count": count, "asked": asked.all(), "problems": problems, "problem_count": home.problems.len(), "tried": tried,
        "next": (next < count).then(|| asked.with("/aliases", "skip", Some(&next.to_string()))),
        "first": (skip > 0).then(|| asked.with("/aliases", "skip", None)),
    });
    let here = uri.to_string();
    let frame = Frame { entry: "/aliases", here: &here, title: "Aliases", done: "" };
    console.page(&viewer, &frame, "aliases.html", values)
}

fn holds(alias: &Alias, wanted: &str) -> bool {
    let texts = [alias.reference(), alias.action_ref.clone(), alias.description.clone().unwrap_or_default()];
    let displays = alias.formats.iter().filter_map(|format| format.display.clone());
    texts.into_iter().chain(displays).any(|text| text.to_lowercase().contains(wanted))
}

fn listed(alias: &Alias, home: &Home) -> Value {
    let formats: Vec<&str> = alias.formats.iter().filter_map(|format| format.display.as_deref()).collect();
    let file = alias.file.strip_prefix(&home.root).unwrap_or(&alias.file);
    json!({
        "reference": alias.reference(), "pack": alias.pack, "name": alias.name, "action": alias.action_ref,
        "description": alias.description, "enabled": alias.enabled, "formats": formats, "file": file,
        "known": home.actions.contains_key(&alias.action_ref) || alias.pack == crate::bot::chat::commands::PACK,
    })
}

/// A file that is wrong, as an editor shows it.
fn problem(problem: &Problem, home: &Home) -> Value {
    let error = problem.error();
    let file = error.file.strip_prefix(&home.root).unwrap_or(&error.file);
    json!({
        "fatal": problem.is_fatal(), "file": file, "line": error.at.map(|(line, _)| line),
        "column": error.at.map(|(_, column)| column), "key": error.key, "message": error.message,
        "excerpt": error.excerpt, "help": error.help,
    })
}

/// What a line would do, typed in the direct chat.
fn tried(console: &Console, viewer: &Viewer, home: &Arc<Home>, line: &str, asked: &Fields) -> Value {
    let asker = viewer.asker_in_chat();
    let who = asker.who();
    let visible = |alias: &Alias| home.may_see(&who, alias);
    match home.aliases.find(line, &visible) {
        Found::One(hit) => one(console, viewer, home, &hit, asked),
        Found::Many(hits) => {
            let all: Vec<Value> = hits.iter().map(|hit| one(console, viewer, home, hit, asked)).collect();
            json!({"kind": "many", "all": all})
        }
        Found::Tie(candidates) => {
            let all: Vec<Value> = candidates
                .iter()
                .map(|it| json!({"reference": it.alias.reference(), "display": it.display}))
                .collect();
            json!({"kind": "tie", "candidates": all})
        }
        Found::None { suggestion } => {
            json!({"kind": "none", "suggestion": suggestion.map(|it| it.display)})
        }
        Found::Error(why) => json!({"kind": "error", "why": why}),
    }
}

fn one(console: &Console, viewer: &Viewer, home: &Arc<Home>, hit: &Hit, asked: &Fields) -> Value {
    let mut values = json!({
        "kind": "one", "reference": hit.alias.reference(), "format": hit.representation, "display": hit.display,
        "action": hit.alias.action_ref, "description": hit.alias.description,
    });
    if crate::bot::chat::commands::find(&hit.alias).is_some() {
        values["built_in"] = json!(true);
        values["parameters"] = hit.params.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        return values;
    }
    let given = Given::Typed(hit.params.clone());
    match prepare(home, &viewer.asker_in_chat(), Some(&hit.alias), &hit.alias.action_ref, given) {
        Ok(order) => dry(console, &order, asked, &mut values),
        Err(refusal) => {
            values["refused"] = json!(refusal.to_string());
            values["post_html"] = json!(post::post(&refusal.post()));
        }
    }
    values
}

/// What would be answered: the result is an example, or what is in the box.
fn dry(console: &Console, order: &Order, asked: &Fields, values: &mut Value) {
    values["parameters"] = Value::Object(order.prepared.shown.clone());
    values["runner"] = json!(order.prepared.runner);
    values["lock"] = json!(order.lock);
    let given = asked.text("result").map(|text| serde_json::from_str::<Value>(&text));
    let result = match given {
        Some(Ok(given)) => given,
        Some(Err(error)) => {
            values["result_error"] = json!(format!("the example result is no JSON: {error}"));
            Value::Object(Map::new())
        }
        None => sample(order),
    };
    let said = rehearse(order, &result, console.site.world.now());
    values["result_json"] = json!(shown::pretty(&result));
    values["acknowledgement_html"] = json!(said.acknowledgement.as_ref().map(post::post));
    values["answer_html"] = json!(said.result.as_ref().map(post::post));
}
