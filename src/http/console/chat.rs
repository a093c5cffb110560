//! A room in the browser with the bot.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, post, stream as live_stream};
use crate::adapter::web::{Line, SHARED, Unsaid, direct};
use crate::model::hex;
use crate::net::file_bytes;

/// A text that an address puts into the box, in characters.
const LONGEST: usize = 1_000;
/// Completions offered.
const OFFERED: usize = 8;
/// A page without script waits so long for the first answer before it is shown again.
const ANSWER: Duration = Duration::from_millis(800);

/// The room that a page or form names: the shared one, or the own.
fn room(viewer: &Viewer, fields: &Fields) -> String {
    match fields.raw("room") {
        "console" => SHARED.to_owned(),
        _ => direct(viewer.person.id()),
    }
}

fn address(fields: &Fields) -> &'static str {
    if fields.raw("room") == "console" { "/chat?room=console" } else { "/chat" }
}

impl From<Unsaid> for Trouble {
    fn from(unsaid: Unsaid) -> Self {
        let status = match unsaid {
            Unsaid::Away => StatusCode::SERVICE_UNAVAILABLE,
            Unsaid::Again => StatusCode::CONFLICT,
            Unsaid::NoRoom => StatusCode::NOT_FOUND,
            Unsaid::Malformed => StatusCode::BAD_REQUEST,
        };
        Self::new(status, unsaid.to_string())
    }
}

/// The page.
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let room = room(&viewer, &asked);
    let (lines, _) = console.desk.watch(&viewer.speaker(), &room)?;
    let html = |line: &Arc<Line>| {
        let shown: Value = serde_json::from_str(&line.shown(post::line)).unwrap_or_default();
        shown["html"].clone()
    };
    let lines: Vec<Value> = lines.iter().map(html).collect();
    let shared = room == SHARED;
    let values = json!({
        "lines_html": lines, "room": if shared { "console" } else { "direct" }, "shared": shared,
        "key": hex::encode(&console.site.world.random::<16>()), "suggestions": suggestions(&console, &viewer, shared),
        "text": asked.raw("text").chars().take(LONGEST).collect::<String>(),
    });
    let frame = Frame { entry: "/chat", here: address(&asked), title: "Chat", done: "" };
    console.page(&viewer, &frame, "chat.html", values)
}

/// A few commands for somebody who has said nothing yet.
fn suggestions(console: &Console, viewer: &Viewer, shared: bool) -> Vec<Value> {
    let home = console.site.bot.homes().current();
    let start = if shared { home.settings.prefix.as_str() } else { "" };
    let own = displays(console, viewer).into_iter().map(|(display, _)| display).take(4);
    let all = ["help".to_owned(), "whoami".to_owned()].into_iter().chain(own);
    let one = |display: String| {
        let insert = format!("{start}{}", literal(&display));
        json!({"display": format!("{start}{display}"), "insert": insert})
    };
    all.map(one).collect()
}

/// What this person may type, of files first, with what help says.
fn displays(console: &Console, viewer: &Viewer) -> Vec<(String, String)> {
    let (home, asker) = (console.site.bot.homes().current(), viewer.asker_in_chat());
    let who = asker.who();
    let seen = home.listed.iter().filter(|alias| alias.enabled && home.may_see(&who, alias));
    seen.flat_map(|alias| {
        let about = alias.description.clone().unwrap_or_default();
        let displays = alias.formats.iter().filter_map(|format| format.display.clone());
        displays.map(move |display| (display, about.clone())).collect::<Vec<_>>()
    })
    .collect()
}

/// Completes what is typed so far: `[{"insert", "display", "about"}]`.
pub(super) async fn complete(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Json<Value> {
    let home = console.site.bot.homes().current();
    let typed = asked.raw("text").trim_start();
    let prefix = home.settings.prefix.as_str();
    let (start, words) = match typed.strip_prefix(prefix).filter(|_| !prefix.is_empty()) {
        Some(rest) => (prefix, rest.trim_start()),
        None => ("", typed),
    };
    let words = words.to_lowercase();
    if words.is_empty() {
        return Json(json!([]));
    }
    let mut found: Vec<(usize, Value)> = displays(&console, &viewer)
        .into_iter()
        .filter_map(|(display, about)| {
            let (rank, literal) = fits(&display, &words)?;
            let insert = format!("{start}{literal}");
            Some((rank, json!({"insert": insert, "display": display, "about": about})))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    Json(found.into_iter().take(OFFERED).map(|(_, offer)| offer).collect())
}

/// A command up to its first parameter or optional part.
fn literal(display: &str) -> &str {
    let end = ["{{", "["].iter().filter_map(|open| display.find(open)).min();
    &display[..end.unwrap_or(display.len())]
}

/// The literal beginning of a command that goes on from what is typed, or that holds it somewhere.
fn fits<'d>(display: &'d str, typed: &str) -> Option<(usize, &'d str)> {
    let literal = literal(display);
    let lower = literal.to_lowercase();
    if lower.trim().is_empty() {
        return None;
    }
    if lower.starts_with(typed) || typed.starts_with(lower.trim_end()) {
        return Some((0, literal));
    }
    lower.contains(typed).then_some((1, literal))
}

/// Somebody says something. The script gets 204, a form the page again.
pub(super) async fn say(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (room, speaker, text) = (room(&viewer, &fields), viewer.speaker(), fields.raw("text").trim());
    if text.is_empty() {
        return Ok(done(&headers, address(&fields)));
    }
    let (_, news) = console.desk.watch(&speaker, &room)?;
    match console.desk.say(&speaker, &room, fields.raw("key"), text) {
        // A form that is sent again, by going back, shows the page.
        Ok(()) | Err(Unsaid::Again) => {}
        Err(unsaid) => return Err(unsaid.into()),
    }
    if !is_script(&headers) {
        let _ = console.site.world.timeout(ANSWER, answered(news)).await;
    }
    Ok(done(&headers, address(&fields)))
}

/// Waits until the bot says something.
async fn answered(mut news: Receiver<Arc<Line>>) {
    while news.recv().await.is_ok_and(|line| line.who.is_some()) {}
}

/// Somebody presses a button; the field holds the line and the nonce.
pub(super) async fn press(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (room, speaker) = (room(&viewer, &fields), viewer.speaker());
    let pressed = fields.raw("press").split_once(' ');
    let pressed = pressed.and_then(|(line, nonce)| Some((line.parse::<i64>().ok()?, nonce)));
    let (line, nonce) = pressed.ok_or_else(|| Trouble::wrong("press: a line and its button are expected"))?;
    let key = hex::encode(&console.site.world.random::<16>());
    let (_, news) = console.desk.watch(&speaker, &room)?;
    console.desk.press(&speaker, &room, &key, line, nonce)?;
    if !is_script(&headers) {
        let _ = console.site.world.timeout(ANSWER, answered(news)).await;
    }
    Ok(done(&headers, address(&fields)))
}

fn is_script(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json")
}

fn done(headers: &HeaderMap, address: &str) -> Response {
    if is_script(headers) {
        return StatusCode::NO_CONTENT.into_response();
    }
    Redirect::to(&format!("{address}#end")).into_response()
}

/// The lines of a room and all that follow. A browser that falls behind is dropped; it comes again by itself.
pub(super) async fn live(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let (speaker, room) = (viewer.speaker(), room(&viewer, &asked));
    let (lines, news) = console.desk.watch(&speaker, &room)?;
    let state = (VecDeque::from(lines), news, speaker);
    let lines = stream::unfold(state, |(mut lines, mut news, speaker)| async move {
        let line = match lines.pop_front() {
            Some(line) => line,
            None => loop {
                let line = news.recv().await.ok()?;
                if line.is_for(&speaker.id) {
                    break line;
                }
            },
        };
        Some((line.shown(post::line), (lines, news, speaker)))
    });
    live_stream::live(&console, viewer, lines)
}

/// A file of a line, to be kept, never shown in the page.
pub(super) async fn file(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path((line, number)): Path<(i64, usize)>,
) -> Result<Response, Trouble> {
    let speaker = viewer.speaker();
    let in_room = |room: &str| console.desk.file(&speaker, room, line, number);
    let found = in_room(&direct(viewer.person.id())).or_else(|| in_room(SHARED));
    let file = found.ok_or_else(|| Trouble::missing("this file is not remembered any more"))?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = file.name.chars().map(|c| if good(c) { c } else { '_' }).take(100).collect();
    let kind = if file.data.is_empty() { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, file_bytes(&file)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_completed_by_its_beginning_and_found_by_a_word() {
        assert_eq!(fits("deploy to {{target}}", "dep"), Some((0, "deploy to ")));
        assert_eq!(fits("deploy to {{target}}", "deploy to prod"), Some((0, "deploy to ")));
        assert_eq!(fits("restart service {{name}}", "service"), Some((1, "restart service ")));
        assert_eq!(fits("whoami", "help"), None);
        assert_eq!(fits("{{anything}}", "x"), None);
    }
}
