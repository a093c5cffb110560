//! Executions begun, ended and run again.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fault::{Body, Fault, Path};
use super::{Caller, executions, model, relays};
use crate::bot::engine::{Asker, Refusal, Submitted, repeat};
use crate::http::Site;
use crate::model::Execution;

/// An execution that is not written by then is told as lost.
const WRITTEN: Duration = Duration::from_secs(5);
/// What needs no process is written with the next commit, some milliseconds later.
const LOOK: Duration = Duration::from_millis(5);

/// What to run.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    action: Option<String>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(default)]
    user: Option<String>,
}

/// Begins an action: 201 with its execution, which goes on.
pub(super) async fn begin(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let action = wanted.action.ok_or_else(|| Fault::wrong("an \"action\" is required"))?;
    let (person, _) = relays::asker(&caller, &relays::adapter(&caller), wanted.user.as_deref())?;
    let order = site.bot.order_action(person, &action, wanted.parameters.unwrap_or_default());
    let order = order.map_err(|refusal| match refusal {
        Refusal::NoAction(_) => Fault::wrong(format!("Action \"{action}\" does not exist")),
        refusal => refusal.into(),
    })?;
    begun(&site, site.bot.engine().submit(order)).await
}

async fn begun(site: &Site, submitted: Submitted) -> Result<(StatusCode, Json<Value>), Fault> {
    let (execution, result) = recorded(site, submitted).await?;
    let home = site.bot.homes().current();
    Ok((StatusCode::CREATED, Json(model::execution(&home, &execution, &result))))
}

/// An execution once it is written, so that whoever asks for it next finds it.
pub(super) async fn recorded(site: &Site, submitted: Submitted) -> Result<(Execution, Value), Fault> {
    let id = submitted.id;
    let written = async {
        loop {
            match executions::read(site, id).await {
                Ok(None) => site.world.sleep(LOOK).await,
                Ok(Some(found)) => return Ok(found),
                Err(fault) => return Err(fault),
            }
        }
    };
    match site.world.timeout(WRITTEN, written).await {
        Ok(found) => found,
        Err(_) => {
            let mut done = submitted.done;
            let why = done.try_recv().ok().and_then(|ended| ended.why);
            let why = why.unwrap_or_else(|| "the command was not recorded in time".to_owned());
            Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, why))
        }
    }
}

/// Ends one; one that has ended stays as it is.
pub(super) async fn cancel(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Fault> {
    let (execution, result) = executions::found(&site, &id).await?;
    let home = site.bot.homes().current();
    let mut shown = model::execution(&home, &execution, &result);
    if !execution.status.is_final() {
        let person = caller.person();
        let name = person.id().to_owned();
        let asker = Asker { person, name, place: None, room_name: None };
        // It may have ended just now.
        if site.bot.engine().kill_for(execution.id, &asker).is_ok() {
            shown["status"] = json!("canceling");
        }
    }
    Ok(Json(shown))
}

/// What to change when it runs again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Changed {
    parameters: Option<Map<String, Value>>,
    tasks: Option<Vec<String>>,
    user: Option<String>,
}

/// Runs one again: 201 with the new execution.
pub(super) async fn again(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(changed): Body<Changed>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    if changed.tasks.is_some_and(|tasks| !tasks.is_empty()) {
        return Err(Fault::wrong("single tasks of a workflow cannot be run again here"));
    }
    let (first, _) = executions::found(&site, &id).await?;
    let (person, name) = relays::asker(&caller, &relays::adapter(&caller), changed.user.as_deref())?;
    let asker = Asker { person, name, place: None, room_name: None };
    let home = site.bot.homes().current();
    let changed = changed.parameters.unwrap_or_default();
    let order = repeat(site.bot.store(), &home, &asker, first, changed).await?;
    begun(&site, site.bot.engine().submit(order)).await
}
