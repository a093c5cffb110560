//! Draining: the bot finishes what runs and takes nothing new, also after a restart.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;

use super::Site;
use super::caller::Caller;
use super::problem::Problem;

/// Whether the bot drains.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Drain {
    /// Whether it takes nothing new.
    draining: bool,
    /// Whether this call changed that.
    changed: bool,
    /// Executions that wait or run.
    open_executions: usize,
}

/// Whether it drains, and how much is to be finished.
pub(super) async fn show(State(site): State<Site>) -> Json<Drain> {
    Json(stands(&site, false))
}

/// Takes nothing new from now on.
pub(super) async fn begin(site: State<Site>, caller: Extension<Caller>) -> Result<Json<Drain>, Problem> {
    turn(site, caller, true).await
}

/// Takes commands again.
pub(super) async fn end(site: State<Site>, caller: Extension<Caller>) -> Result<Json<Drain>, Problem> {
    turn(site, caller, false).await
}

async fn turn(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    on: bool,
) -> Result<Json<Drain>, Problem> {
    let changed = site.bot.chat().drain(&caller.asker(), on).await?;
    Ok(Json(stands(&site, changed)))
}

fn stands(site: &Site, changed: bool) -> Drain {
    let engine = site.bot.engine();
    Drain { draining: engine.is_draining(), changed, open_executions: engine.list().len() }
}
