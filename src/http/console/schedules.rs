//! What is to happen later: the list, a new one, letting one rest or go on, removing it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, shown, to};
use crate::bot::engine::Asker;
use crate::http::caller::Scope;
use crate::http::problem::Problem;
use crate::http::schedules::{Reach, change, make};
use crate::model::{Errand, Schedule, Timestamp};
use crate::schedule::written_time;

/// Schedules on a page.
const PAGE: usize = 100;

/// All of them, the next due one first.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    show(&console, &viewer, &asked, None).await
}

async fn show(
    console: &Console,
    viewer: &Viewer,
    fields: &Fields,
    wrong: Option<&Problem>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let found = console.site.bot.store().read(|reader| reader.schedules(None, usize::MAX)).await?;
    let skip = usize::try_from(fields.number("skip")?.unwrap_or(0)).unwrap_or(0);
    let (count, next) = (found.len(), skip.saturating_add(PAGE));
    let page = found.iter().skip(skip).take(PAGE);
    let values = json!({
        "schedules": page.map(|it| one(viewer, it, now)).collect::<Vec<_>>(), "count": count,
        "asked": fields.all(), "wrong": wrong.map(Problem::detail),
        "next": (next < count).then(|| fields.with("/schedules", "skip", Some(&next.to_string()))),
        "first": (skip > 0).then(|| fields.with("/schedules", "skip", None)),
    });
    let frame =
        Frame { entry: "/schedules", here: "/schedules", title: "Schedules", done: fields.raw("done") };
    let status = wrong.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    console.page_as(status, viewer, &frame, "schedules.html", values)
}

fn one(viewer: &Viewer, it: &Schedule, now: Timestamp) -> Value {
    let yours = it.owner == viewer.person || viewer.may(Scope::Admin);
    json!({
        "id": it.id, "line": it.line, "reminds": it.errand == Errand::Remind, "when": it.when, "zone": it.zone,
        "once": it.when == "once", "owner": it.owner, "owner_name": it.owner_name, "place": it.place.to_string(),
        "paused": it.due.is_none(), "why": it.rests, "due": shown::when_any(it.due, now),
        "due_there": it.due.map(|due| written_time(due, &it.zone)), "last": shown::when_any(it.last, now),
        "made": shown::when(it.made, now), "yours": yours,
    })
}

/// Makes one: it answers where its maker says, or in the own chat.
pub(super) async fn begin(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
) -> Result<Response, Trouble> {
    let asker = match fields.text("place") {
        Some(place) => Asker { place: Some(place_of(&place)?), ..viewer.asker() },
        None => viewer.asker_in_chat(),
    };
    match make(&console.site, &asker, fields.raw("line").trim()).await {
        Ok(made) => to(&format!("/schedules?done=scheduled#s{}", made.id)),
        Err(problem) => show(&console, &viewer, &fields, Some(&problem)).await,
    }
}

fn place_of(text: &str) -> Result<crate::model::Place, Trouble> {
    crate::bot::notify::place(text).map_err(|why| Trouble::wrong(format!("place: {why}")))
}

/// Lets one rest.
pub(super) async fn pause(
    console: State<Arc<Console>>,
    viewer: Extension<Viewer>,
    fields: Extension<Fields>,
    id: Path<i64>,
) -> Result<Response, Trouble> {
    turn(console, viewer, fields, id, "pause").await
}

/// Lets one go on.
pub(super) async fn resume(
    console: State<Arc<Console>>,
    viewer: Extension<Viewer>,
    fields: Extension<Fields>,
    id: Path<i64>,
) -> Result<Response, Trouble> {
    turn(console, viewer, fields, id, "resume").await
}

/// Removes one.
pub(super) async fn remove(
    console: State<Arc<Console>>,
    viewer: Extension<Viewer>,
    fields: Extension<Fields>,
    id: Path<i64>,
) -> Result<Response, Trouble> {
    turn(console, viewer, fields, id, "remove").await
}

async fn turn(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(id): Path<i64>,
    verb: &str,
) -> Result<Response, Trouble> {
    let reach = if viewer.may(Scope::Admin) { Reach::All } else { Reach::Own };
    match change(&console.site, &viewer.asker(), reach, id, verb).await {
        Ok(_) => to(&format!("/schedules?done=schedule-{verb}")),
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => {
            show(&console, &viewer, &fields, Some(&problem)).await
        }
        Err(problem) => Err(Trouble::from(&problem)),
    }
}
