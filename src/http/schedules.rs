//! Schedules: what is to happen later.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Site;
use super::caller::{Caller, Scope};
use super::problem::{Body, Path, Problem};
use crate::bot::engine::Asker;
use crate::bot::notify;
use crate::model::Schedule;
use crate::text::marks::PLAIN;
use crate::text::render;

/// All of them, the next due one first: `{"schedules"}`.
pub(super) async fn list(State(site): State<Site>) -> Result<Json<Value>, Problem> {
    let found = site.bot.store().read(|reader| reader.schedules(None)).await?;
    Ok(Json(json!({"schedules": found.iter().map(whole).collect::<Vec<_>>()})))
}

/// A schedule, as the API answers. Times are RFC 3339.
pub fn whole(schedule: &Schedule) -> Value {
    let time = |at: Option<crate::model::Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": schedule.id, "owner": schedule.owner, "owner_name": schedule.owner_name,
        "place": schedule.place.to_string(), "when": schedule.when, "zone": schedule.zone,
        "does": schedule.errand, "line": schedule.line, "missed": schedule.missed,
        "paused": schedule.due.is_none(), "due": time(schedule.due), "last": time(schedule.last),
        "made": schedule.made.to_string(),
    })
}

async fn find(site: &Site, id: i64) -> Result<Schedule, Problem> {
    let found = site.bot.store().read(move |reader| reader.schedule(id)).await?;
    found.ok_or_else(|| Problem::missing(format!("there is no schedule {id}")))
}

/// One of them.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<i64>) -> Result<Json<Value>, Problem> {
    Ok(Json(whole(&find(&site, id).await?)))
}

/// A schedule that somebody wants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// When and what, as in chat: `every weekday at 9:00 run deploy web`.
    line: String,
    /// Where it runs and answers: `slack:#ops`.
    place: String,
}

/// Makes one for the caller: 201 with it.
pub(super) async fn create(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let place = notify::place(&wanted.place);
    let place = place.map_err(|why| Problem::wrong(format!("place: {why}")).field("place"))?;
    let asker = Asker { place: Some(place), ..Asker::alone(caller.person()) };
    let home = site.bot.homes().current();
    let made = site.bot.chat().schedule(&home, &asker, &wanted.line).await;
    let made = made.map_err(|post| Problem::wrong(render(&post, &PLAIN)).field("line"))?;
    Ok((StatusCode::CREATED, Json(whole(&made))))
}

/// Lets one rest.
pub(super) async fn pause(site: State<Site>, caller: Extension<Caller>, id: Path<i64>) -> Answer {
    change(site, caller, id, "pause").await
}

/// Lets one go on.
pub(super) async fn resume(site: State<Site>, caller: Extension<Caller>, id: Path<i64>) -> Answer {
    change(site, caller, id, "resume").await
}

/// Removes one.
pub(super) async fn remove(site: State<Site>, caller: Extension<Caller>, id: Path<i64>) -> Answer {
    change(site, caller, id, "remove").await
}

type Answer = Result<Json<Value>, Problem>;

/// The caller's own, or anybody's for an admin.
async fn change(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    verb: &str,
) -> Answer {
    let schedule = find(&site, id).await?;
    if schedule.owner != caller.person() && !caller.may(Scope::Admin) {
        return Err(Problem::missing(format!(
            "no schedule {id} is yours, and others need the scope `admin`"
        )));
    }
    let after = site.bot.chat().reschedule(&Asker::alone(caller.person()), schedule, verb).await;
    Ok(Json(whole(&after.map_err(Problem::wrong)?)))
}
