//! Schedules: what is to happen later.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Site;
use super::caller::{Caller, Scope};
use super::paging::{Listed, Nothing};
use super::problem::{Body, Path, Problem};
use crate::bot::engine::Asker;
use crate::bot::notify;
use crate::model::{Errand, Missed, Schedule};
use crate::text::marks::PLAIN;
use crate::text::render;

/// What is to happen later. Times are RFC 3339.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Planned {
    /// Its id.
    id: i64,
    /// Whose it is, as `adapter:id`: it runs with that person's rights.
    owner: String,
    /// How that person was shown.
    owner_name: String,
    /// Where it runs and answers, as `adapter:room`.
    place: String,
    /// When it comes round, in words.
    when: String,
    /// The time zone, by its IANA name.
    zone: String,
    /// What is done: run, remind.
    #[schemars(with = "String")]
    does: Errand,
    /// The command, secrets cut, or what is said.
    line: String,
    /// What becomes of it if the bot is away then: skip, once.
    #[schemars(with = "String")]
    missed: Missed,
    /// Whether it rests.
    paused: bool,
    /// Why it paused itself, if it did.
    why: Option<String>,
    /// When it comes next; none while it rests.
    due: Option<String>,
    /// When it was due last.
    last: Option<String>,
    /// When it was made.
    made: String,
}

fn view(schedule: &Schedule) -> Planned {
    let time = |at: Option<crate::model::Timestamp>| at.map(|at| at.to_string());
    Planned {
        id: schedule.id,
        owner: schedule.owner.to_string(),
        owner_name: schedule.owner_name.clone(),
        place: schedule.place.to_string(),
        when: schedule.when.clone(),
        zone: schedule.zone.clone(),
        does: schedule.errand,
        line: schedule.line.clone(),
        missed: schedule.missed,
        paused: schedule.due.is_none(),
        why: schedule.rests.clone(),
        due: time(schedule.due),
        last: time(schedule.last),
        made: schedule.made.to_string(),
    }
}

/// A schedule, as the API answers.
pub fn whole(schedule: &Schedule) -> Value {
    json!(view(schedule))
}

/// All of them, the next due one first.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Value>, Problem> {
    let found = site.bot.store().read(|reader| reader.schedules(None, usize::MAX)).await?;
    let page = paging.cut(found.iter().map(view).collect())?;
    Ok(Json(page.also("schedules", &paging)))
}

async fn find(site: &Site, id: i64) -> Result<Schedule, Problem> {
    let found = site.bot.store().read(move |reader| reader.schedule(id)).await?;
    found.ok_or_else(|| Problem::missing(format!("there is no schedule {id}")))
}

/// One of them.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<i64>) -> Result<Json<Planned>, Problem> {
    Ok(Json(view(&find(&site, id).await?)))
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
) -> Result<(StatusCode, Json<Planned>), Problem> {
    let place = notify::place(&wanted.place);
    let place = place.map_err(|why| Problem::wrong(format!("place: {why}")).field("place"))?;
    let asker = Asker { place: Some(place), ..caller.asker() };
    let made = make(&site, &asker, &wanted.line).await?;
    Ok((StatusCode::CREATED, Json(view(&made))))
}

/// Makes one for whoever asks, at the place where they are.
///
/// # Errors
/// The line is none that can be kept, with what is wrong with it.
pub(super) async fn make(site: &Site, asker: &Asker, line: &str) -> Result<Schedule, Problem> {
    let home = site.bot.homes().current();
    let made = site.bot.chat().schedule(&home, asker, line).await;
    made.map_err(|post| Problem::wrong(render(&post, &PLAIN)).field("line"))
}

/// Lets one rest.
pub(super) async fn pause(site: State<Site>, caller: Extension<Caller>, id: Path<i64>) -> Answer {
    changed(site, caller, id, "pause").await
}

/// Lets one go on.
pub(super) async fn resume(site: State<Site>, caller: Extension<Caller>, id: Path<i64>) -> Answer {
    changed(site, caller, id, "resume").await
}

/// Removes one.
pub(super) async fn remove(site: State<Site>, caller: Extension<Caller>, id: Path<i64>) -> Answer {
    changed(site, caller, id, "remove").await
}

type Answer = Result<Json<Planned>, Problem>;

async fn changed(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    verb: &str,
) -> Answer {
    let reach = if caller.may(Scope::Admin) { Reach::All } else { Reach::Own };
    let after = change(&site, &caller.asker(), reach, id, verb).await?;
    Ok(Json(view(&after)))
}

/// Whose schedules somebody looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The own ones.
    Own,
    /// Everybody's.
    All,
}

/// Pauses, resumes or removes one; gives it as it is then.
///
/// # Errors
/// There is none of that id within reach (404), or it cannot be done (400).
pub(super) async fn change(
    site: &Site,
    asker: &Asker,
    reach: Reach,
    id: i64,
    verb: &str,
) -> Result<Schedule, Problem> {
    let schedule = find(site, id).await?;
    if schedule.owner != asker.person && reach == Reach::Own {
        return Err(Problem::missing(format!(
            "no schedule {id} is yours, and others need the scope `admin`"
        )));
    }
    let after = site.bot.chat().reschedule(asker, schedule, verb).await;
    after.map_err(Problem::wrong)
}
