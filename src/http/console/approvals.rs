//! What waits for somebody's word: who asked for what, exactly; approving, denying, taking back, answering.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::feed::{Topic, follow};
use super::fields::{Asked, Fields};
use super::overview::newest;
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, post, shown, stream, to};
use crate::action::{Field, Part};
use crate::bot::approvals::{Kind, Open, Question, Say, Undecided, standing};
use crate::bot::engine::Decided;
use crate::bot::home::Home;
use crate::config::Reason;
use crate::http::approvals::undecided;
use crate::http::caller::Scope;
use crate::model::Timestamp;
use crate::store::Vote;
use crate::text::Post;

/// Before the name of each value of an answer.
const VALUE: &str = "value.";

/// What somebody said that did not count.
struct Wrong {
    id: i64,
    status: StatusCode,
    why: String,
}

/// All that waits, the oldest first.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    show(&console, &viewer, &asked, None)
}

/// The same while it changes.
pub(super) async fn live(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
) -> Result<Response, Trouble> {
    let (maker, seer) = (console.clone(), viewer.clone());
    let cards = newest(follow(&console, Topic::Approvals)).filter_map(move |_| {
        // What cannot be made is in the log; the page keeps what it shows.
        let made = cards(&maker, &seer).ok();
        async move { made.map(Arc::from) }
    });
    stream::live(&console, viewer, cards)
}

/// How everything that waits stands: when this changes, pages do.
pub(super) fn standings(console: &Console) -> String {
    let now = console.site.world.now();
    let one = |open: &Open| {
        let votes = open.votes.iter().map(|vote| shown::when(vote.at, now)["ago"].clone());
        let times = [open.asked, open.until].map(|at| shown::when(at, now)["ago"].clone());
        json!([open.execution.id, open.kind.word(), has(open), times, votes.collect::<Vec<_>>()])
    };
    Value::from(console.site.bot.engine().awaiting().iter().map(one).collect::<Vec<_>>()).to_string()
}

/// What the script puts into the page of a viewer: each thing that waits, what it looks like, and a mark of that.
fn cards(console: &Console, viewer: &Viewer) -> Result<String, Trouble> {
    let (home, now) = (console.site.bot.homes().current(), console.site.world.now());
    let all = console.site.bot.engine().awaiting();
    let may = json!({"run": viewer.may(Scope::Run)});
    let card = |open: &Open| {
        let it = one(viewer, &home, open, now);
        let (id, v) = (format!("a{}", it["id"]), it["v"].clone());
        let values = json!({"it": it, "may": may, "csrf": viewer.session.csrf.expose(), "wrong": null});
        Ok(json!({"id": id, "v": v, "html": console.pages.render("part_wait.html", &values)?}))
    };
    let cards = all.iter().map(card).collect::<Result<Vec<_>, Trouble>>()?;
    Ok(json!({"cards": cards}).to_string())
}

fn show(
    console: &Console,
    viewer: &Viewer,
    fields: &Fields,
    wrong: Option<Wrong>,
) -> Result<Response, Trouble> {
    let (home, now) = (console.site.bot.homes().current(), console.site.world.now());
    let all = console.site.bot.engine().awaiting();
    let open: Vec<Value> = all.iter().map(|open| one(viewer, &home, open, now)).collect();
    let (why, at) = wrong.as_ref().map_or((None, None), |wrong| (Some(&wrong.why), Some(wrong.id)));
    let values = json!({"open": open, "wrong": why, "wrong_at": at, "asked": fields.all()});
    let frame =
        Frame { entry: "/approvals", here: "/approvals", title: "Approvals", done: fields.raw("done") };
    let status = wrong.map_or(StatusCode::OK, |wrong| wrong.status);
    console.page_as(status, viewer, &frame, "approvals.html", values)
}

fn one(viewer: &Viewer, home: &Home, open: &Open, now: Timestamp) -> Value {
    let execution = &open.execution;
    let access = &home.access;
    let mine = access.identity(&execution.person) == access.identity(&viewer.person);
    let (may, why) = may(viewer, home, open);
    // Its first line says who asks for what, as the head of the card does.
    let asked = &open.needs.post;
    let request = Post {
        body: asked.body.iter().skip(1).cloned().collect(),
        facts: asked.facts.clone(),
        ..Post::default()
    };
    let vote = |vote: &Vote| {
        json!({
            "name": vote.name, "person": vote.person, "good": vote.verdict == Say::Approve.word(),
            "reason": vote.reason, "at": shown::when(vote.at, now),
        })
    };
    let questions = open.needs.question.iter().flat_map(Question::fields);
    let required = open.needs.demands.iter().any(|demand| demand.reason == Reason::Required);
    let mut it = json!({
        "id": execution.id, "kind": open.kind.word(), "has": has(open), "command": execution.command,
        "person": execution.person, "name": execution.person_name,
        "place": execution.place.as_ref().map(ToString::to_string), "request_html": post::post(&request),
        "mine": mine, "may": may, "why": why, "required": required,
        "fields": questions.map(|it| field(&it)).collect::<Vec<_>>(),
    });
    // A card whose times alone are others is the same card.
    it["v"] = json!(&crate::http::tokens::hash(format!("{it}{}", open.votes.len()))[..12]);
    it["asked"] = shown::when(open.asked, now);
    it["until"] = shown::when(open.until, now);
    it["votes"] = open.votes.iter().map(vote).collect();
    it
}

/// Whether the word of whoever looks counts, and if not, why.
fn may(viewer: &Viewer, home: &Home, open: &Open) -> (bool, Option<String>) {
    match open.kind {
        Kind::Approval => match open.counts(&home.access, &viewer.asker().who()) {
            Ok(_) => (true, None),
            Err(why) => (false, Some(why.to_string())),
        },
        Kind::Question => {
            let asked = open.needs.question.as_ref();
            (asked.is_some_and(|it| it.may_answer(&home.access, &viewer.person)), None)
        }
        Kind::Code => (false, Some("who asked says a code to the bot in a direct message".to_owned())),
    }
}

/// How far it is: `1 of 2`.
fn has(open: &Open) -> String {
    match open.kind {
        Kind::Code => "waits for a code".to_owned(),
        Kind::Question => "asks a question".to_owned(),
        Kind::Approval => {
            let standing = standing(&open.needs.demands, &open.votes);
            let parts: Vec<String> =
                standing.iter().map(|(have, need)| format!("{have} of {need}")).collect();
            format!("{} approved", parts.join(", "))
        }
    }
}

fn field(field: &Field) -> Value {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    json!({
        "name": format!("{VALUE}{}", field.name), "label": field.name, "kind": field.kind.to_string(),
        "about": field.about, "choices": field.choices.iter().map(word).collect::<Vec<_>>(),
        "required": field.required,
    })
}

/// Approves.
pub(super) async fn approve(
    console: State<Arc<Console>>,
    viewer: Extension<Viewer>,
    fields: Extension<Fields>,
    id: Path<i64>,
) -> Result<Response, Trouble> {
    decide(console, viewer, fields, id, Say::Approve).await
}

/// Denies.
pub(super) async fn deny(
    console: State<Arc<Console>>,
    viewer: Extension<Viewer>,
    fields: Extension<Fields>,
    id: Path<i64>,
) -> Result<Response, Trouble> {
    decide(console, viewer, fields, id, Say::Deny).await
}

async fn decide(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(id): Path<i64>,
    say: Say,
) -> Result<Response, Trouble> {
    let home = console.site.bot.homes().current();
    let reason = fields.text("reason");
    let decided = console.site.bot.engine().decide(&home, id, &viewer.asker(), say, reason).await;
    match decided {
        // The page of it is the next thing one wants to see.
        Ok(Decided::Approved) if viewer.may(Scope::Read) => to(&format!("/executions/{id}?done=approved")),
        Ok(Decided::Approved) => to("/approvals?done=approved"),
        Ok(Decided::Denied) => to("/approvals?done=denied"),
        Ok(Decided::Counted(_)) => to(&format!("/approvals?done=counted#a{id}")),
        Err(why) => said(&console, &viewer, &fields, id, &why),
    }
}

/// Takes back what the viewer asked for.
pub(super) async fn withdraw(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let home = console.site.bot.homes().current();
    match console.site.bot.engine().withdraw(&home, id, &viewer.asker()).await {
        Ok(()) => to("/approvals?done=withdrawn"),
        Err(why) => said(&console, &viewer, &fields, id, &why),
    }
}

/// Answers a question.
pub(super) async fn answer(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let home = console.site.bot.homes().current();
    let given = fields.all().iter().filter(|(_, value)| !value.trim().is_empty());
    let given = given.filter_map(|(name, value)| {
        let name = name.strip_prefix(VALUE)?;
        Some((name.to_owned(), Part::Typed(value.clone())))
    });
    match console.site.bot.engine().answer(&home, id, &viewer.asker(), given.collect()).await {
        Ok(_) => to("/approvals?done=answered"),
        Err(why) => said(&console, &viewer, &fields, id, &why),
    }
}

/// The page with what did not count above it.
fn said(
    console: &Console,
    viewer: &Viewer,
    fields: &Fields,
    id: i64,
    why: &Undecided,
) -> Result<Response, Trouble> {
    let status = undecided(why).status();
    let why = match why {
        Undecided::Reason(..) => "say why: a reason is needed".to_owned(),
        other => other.to_string(),
    };
    show(console, viewer, fields, Some(Wrong { id, status, why }))
}
