//! The connections to chat services: how they stand, and beginning one anew.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::health::words;
use super::paging::{Listed, Nothing, Page};
use super::problem::{Path, Problem};
use crate::model::AdapterName;
use crate::store::Change;

/// How a connection stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Adapter {
    /// Its name.
    name: String,
    /// Its kind.
    kind: Option<&'static str>,
    /// Where it stands: up, connecting, refused, stopped.
    state: &'static str,
    /// Since when.
    since: Option<String>,
    /// Why it is not up.
    why: Option<String>,
}

impl Adapter {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub(super) fn kind(&self) -> &'static str {
        self.kind.unwrap_or_default()
    }

    /// Where it stands.
    pub(super) const fn state(&self) -> &'static str {
        self.state
    }
}

/// Every connection.
pub(super) fn all(site: &Site) -> Vec<Adapter> {
    let home = site.bot.homes().current();
    let kind = |name: &AdapterName| home.services.iter().find(|wired| wired.instance.name == *name);
    let states = site.bot.adapters().into_iter().map(|(name, state)| {
        let (word, why, since) = words(state);
        let since = since.map(|since| since.to_string());
        let kind = kind(&name).map(|wired| wired.service.kind());
        Adapter { name: name.to_string(), kind, state: word, since, why }
    });
    states.collect()
}

/// The connections, by name.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    paging.cut(all(&site)).map(Json)
}

fn named(site: &Site, name: &str) -> Result<Adapter, Problem> {
    let found = all(site).into_iter().find(|one| one.name == name);
    found.ok_or_else(|| Problem::missing(format!("there is no adapter `{name}`")))
}

/// One connection.
pub(super) async fn show(
    State(site): State<Site>,
    Path(name): Path<String>,
) -> Result<Json<Adapter>, Problem> {
    named(&site, &name).map(Json)
}

/// Ends a connection and begins it anew: 202 with how it stands then.
pub(super) async fn reconnect(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Adapter>), Problem> {
    let known = named(&site, &name)?;
    let wired = |name: &AdapterName| {
        site.bot.homes().current().services.iter().any(|wired| wired.instance.name == *name)
    };
    if !AdapterName::new(&known.name).is_ok_and(|name| wired(&name)) {
        let why = format!("`{name}` is a part of the bot: it has no connection that could be begun anew");
        return Err(Problem::new(StatusCode::CONFLICT, why));
    }
    let body = Map::from_iter([("change".to_owned(), json!("reconnect"))]);
    let audit = caller.changed(site.world.now(), format!("adapter/{name}"), body);
    site.bot.store().write(Change::Audit(audit)).await?;
    let parsed = AdapterName::new(&known.name).ok();
    if !parsed.is_some_and(|name| site.bot.reconnect(&name)) {
        return Err(Problem::missing(format!("there is no adapter `{name}`")));
    }
    Ok((StatusCode::ACCEPTED, Json(named(&site, &name)?)))
}
