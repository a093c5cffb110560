//! Taking care of what events are about.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::Site;
use super::caller::Caller;
use super::problem::{Body, Problem};
use crate::model::Acknowledged;
use crate::store::{Change, Setting};

/// Whom or what it is about, and whether it is taken back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The subject's key, as events have it.
    #[serde(default)]
    subject: Option<String>,
    /// Or an event about it.
    #[serde(default)]
    event: Option<i64>,
    /// Nobody takes care any more.
    #[serde(default)]
    undo: bool,
}

/// Who takes care of what.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Known {
    /// The subject's key.
    subject: String,
    /// What is shown of it.
    title: String,
    /// Who takes care of it.
    acknowledged: Option<String>,
}

/// The caller takes care of a subject, until its outcome changes: it is not told again meanwhile.
pub(super) async fn acknowledge(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Known>, Problem> {
    let Wanted { subject, event, undo } = wanted;
    if subject.is_some() == event.is_some() {
        return Err(Problem::wrong("give `subject`, or `event`"));
    }
    let read = site.bot.store().read(move |reader| {
        let key = match event {
            Some(id) => reader.event(id)?.map(|stored| stored.event.subject()),
            None => subject,
        };
        key.map(|key| reader.subject(&key)).transpose().map(Option::flatten)
    });
    let known = read.await?.ok_or_else(|| Problem::missing("nothing is known of this subject"))?;
    let now = site.world.now();
    let who = (!undo).then(|| Acknowledged { who: caller.person().to_string(), at: now });
    let body = Map::from_iter([("change".to_owned(), json!(if undo { "unack" } else { "ack" }))]);
    let audit = caller.changed(now, format!("subject/{}", known.key), body);
    let acknowledged = who.as_ref().map(|who| who.who.clone());
    let answer = Known { subject: known.key.clone(), title: known.title, acknowledged };
    let setting = Box::new(Setting::Acknowledge { subject: known.key, who });
    site.bot.store().write(Change::Set { setting, audit }).await?;
    Ok(Json(answer))
}
