//! What the bot is, who calls, which packs and keys there are.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Caller;
use super::fault::{Fault, Path, Query};
use super::page::Page;
use crate::http::Site;
use crate::http::caller::Scope;
use crate::store::{Reader, Token};

/// The version, and where the words are.
pub(super) async fn index() -> Json<Value> {
    Json(json!({"version": env!("CARGO_PKG_VERSION"), "docs_url": "https://docs.stackstorm.com/"}))
}

/// Who calls, and what they may do.
pub(super) async fn user(Extension(caller): Extension<Caller>) -> Json<Value> {
    let person = caller.person();
    let roles: Vec<_> =
        Scope::ALL.iter().filter(|(_, scope)| caller.may(*scope)).map(|(word, _)| word).collect();
    Json(json!({
        "username": person.id(), "person": person, "authentication": {"method": "token", "location": "header"},
        "rbac": {"enabled": true, "roles": roles, "is_admin": caller.may(Scope::Admin)},
    }))
}

fn packs_of(site: &Site) -> Vec<Value> {
    let home = site.bot.homes().current();
    let actions = home.actions.values().map(|action| action.pack.clone());
    let names: BTreeSet<String> = actions.chain(home.listed.iter().map(|alias| alias.pack.clone())).collect();
    let whole = |name: String| {
        json!({
            "id": name, "uid": format!("pack:{name}"), "ref": name, "name": name, "description": "",
            "version": env!("CARGO_PKG_VERSION"), "author": "", "keywords": [], "files": [],
        })
    };
    names.into_iter().map(whole).collect()
}

/// The packs in force.
pub(super) async fn packs(State(site): State<Site>, Query(page): Query<Page>) -> Result<Response, Fault> {
    page.of(packs_of(&site))
}

/// One of them.
pub(super) async fn pack(State(site): State<Site>, Path(name): Path<String>) -> Result<Json<Value>, Fault> {
    let found = packs_of(&site).into_iter().find(|pack| pack["ref"] == name.as_str());
    found.map(Json).ok_or_else(|| Fault::missing(&name))
}

/// A token as an API key is shown: never the key.
fn key_of(token: &Token) -> Value {
    json!({
        "id": token.id.to_string(), "uid": format!("api_key:{}", token.id), "user": token.name, "key_hash": "********",
        "metadata": {"name": token.name, "scopes": token.scopes}, "created_at": token.created.to_string(),
        "enabled": token.revoked.is_none(),
    })
}

async fn keys_of(site: &Site) -> Result<Vec<Value>, Fault> {
    Ok(site.bot.store().read(Reader::tokens).await?.iter().map(key_of).collect())
}

/// The tokens.
pub(super) async fn keys(State(site): State<Site>, Query(page): Query<Page>) -> Result<Response, Fault> {
    page.of(keys_of(&site).await?)
}

/// One of them.
pub(super) async fn key(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<Value>, Fault> {
    let found = keys_of(&site).await?.into_iter().find(|key| key["id"] == id.as_str());
    found.map(Json).ok_or_else(|| Fault::missing(&id))
}
