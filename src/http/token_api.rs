//! Tokens: made, listed, revoked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller::{Caller, Scope};
use super::problem::{Body, Problem};
use super::tokens::{Issued, issue};
use super::{Site, when};
use crate::store::{Change, Done, Reader, Setting, Token};

/// The tokens, also those that were revoked: `{"tokens"}`. The tokens themselves nobody knows.
pub(super) async fn list(State(site): State<Site>) -> Result<Json<Value>, Problem> {
    let all = site.bot.store().read(Reader::tokens).await?;
    Ok(Json(json!({"tokens": all.iter().map(whole).collect::<Vec<_>>()})))
}

/// A token without its hash, as the API answers.
pub fn whole(token: &Token) -> Value {
    json!({
        "id": token.id, "name": token.name, "scopes": token.scopes, "created": token.created.to_string(),
        "expires": when::shown(token.expires), "used": when::shown(token.used), "revoked": when::shown(token.revoked),
    })
}

/// A token that somebody wants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    name: String,
    scopes: Vec<String>,
    /// After a span, `90d`.
    #[serde(default)]
    expires: Option<String>,
}

/// Makes one: 201 with `token`, which is never shown again.
pub(super) async fn create(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let scopes: Result<Vec<Scope>, String> = wanted.scopes.iter().map(|word| word.parse()).collect();
    let scopes = scopes.map_err(|why| Problem::wrong(format!("scopes: {why}")).field("scopes"))?;
    let now = site.world.now();
    let span = wanted.expires.as_deref().map(|text| when::span(text, "expires")).transpose()?;
    let store = site.bot.store();
    let issued = issue(store, &site.world, &wanted.name, &scopes, span.map(|span| now.plus(span)));
    let Issued { secret, token } = issued.map_err(Problem::wrong)?;
    let mut answer = whole(&token);
    let body = Map::from_iter([
        ("change".to_owned(), json!("create")),
        ("name".to_owned(), json!(token.name)),
        ("scopes".to_owned(), json!(token.scopes)),
    ]);
    let audit = caller.changed(now, format!("token/{}", token.id), body);
    store.write(Change::Set { setting: Box::new(Setting::Token(token)), audit }).await?;
    site.tokens.refresh(store).await?;
    answer["token"] = json!(secret.expose());
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Revokes one, named by its id or its name: it is good for nothing from here on.
pub(super) async fn revoke(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
) -> Result<Json<Value>, Problem> {
    let store = site.bot.store();
    let all = store.read(Reader::tokens).await?;
    let is = |token: &&Token| token.name == which || token.id.to_string() == which;
    let found = all.iter().filter(|token| token.revoked.is_none()).find(is);
    let found = found.ok_or_else(|| Problem::missing(format!("there is no token `{which}` that is good")))?;
    let now = site.world.now();
    let body =
        Map::from_iter([("change".to_owned(), json!("revoke")), ("name".to_owned(), json!(found.name))]);
    let audit = caller.changed(now, format!("token/{}", found.id), body);
    let setting = Box::new(Setting::Revoke { token: found.id, at: now });
    let done = store.write(Change::Set { setting, audit }).await?;
    site.tokens.refresh(store).await?;
    Ok(Json(json!({"id": found.id, "name": found.name, "revoked": done != Done::Stale})))
}
