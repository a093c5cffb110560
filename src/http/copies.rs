//! Another notifier like one that is there.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::Site;
use super::caller::Caller;
use super::config::change;
use super::notifiers::{Whole, is_name, missing, named, now};
use super::problem::{Body, Path, Problem};
use super::wanted::row;
use crate::bot::notify::Patch;

/// What a copy is called.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Copied {
    /// Its name: letters, digits, `-`, `_` and `.`, not digits alone.
    name: String,
}

/// Makes another one like it under a new name, secrets among its options: 201 with it.
pub(super) async fn copy(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
    Body(wanted): Body<Copied>,
) -> Result<(StatusCode, Json<Whole>), Problem> {
    is_name(&wanted.name)?;
    let home = site.bot.homes().current();
    let from = named(&home, &which)?;
    let like = home.notifying.notifiers().get(&from).ok_or_else(|| missing(&which))?;
    let (options, about) = home.notifying.blueprint(like);
    let row = row(like.service.kind())?;
    let said = json!({"change": "notifier copied", "from": from});
    change(&site, &caller, (row, &wanted.name), Patch::Make { options, about }, said).await?;
    Ok((StatusCode::CREATED, now(&site, &wanted.name).await?))
}
