//! Tokens: made, listed, revoked.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::caller::{Caller, Scope};
use super::paging::{Listed, Nothing};
use super::problem::{Body, Path, Problem};
use super::tokens::{Issued, issue};
use super::{Site, when};
use crate::store::{Change, Done, Reader, Setting, Token};

/// The tokens, also those that were revoked. The tokens themselves nobody knows.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Value>, Problem> {
    let all = site.bot.store().read(Reader::tokens).await?;
    let page = paging.cut(all.iter().map(whole).collect())?;
    Ok(Json(page.also("tokens", &paging)))
}

/// A token without its hash.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Known {
    /// Its id.
    id: i64,
    /// What it is called.
    name: String,
    /// What it may do.
    scopes: Vec<String>,
    /// When it was made.
    created: String,
    /// Until when it is good.
    expires: Option<String>,
    /// When it was used last, to the minute.
    used: Option<String>,
    /// When it was revoked.
    revoked: Option<String>,
}

/// A token without its hash, as the API answers.
pub fn whole(token: &Token) -> Value {
    json!(view(token))
}

fn view(token: &Token) -> Known {
    let shown = |time: Option<crate::model::Timestamp>| time.map(|time| time.to_string());
    Known {
        id: token.id,
        name: token.name.clone(),
        scopes: token.scopes.clone(),
        created: token.created.to_string(),
        expires: shown(token.expires),
        used: shown(token.used),
        revoked: shown(token.revoked),
    }
}

/// A token that was just made.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Made {
    #[serde(flatten)]
    known: Known,
    /// The token, shown this once.
    token: String,
}

/// A token that somebody wants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// What it is called: letters, digits, `-`, `_` and `.`, not digits alone.
    name: String,
    /// What it may do: events, read, deliver, run, audit, admin.
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
) -> Result<(StatusCode, Json<Made>), Problem> {
    let scopes: Result<Vec<Scope>, String> = wanted.scopes.iter().map(|word| word.parse()).collect();
    let scopes = scopes.map_err(|why| Problem::wrong(format!("scopes: {why}")).field("scopes"))?;
    let now = site.world.now();
    let span = wanted.expires.as_deref().map(|text| when::span(text, "expires")).transpose()?;
    let store = site.bot.store();
    let issued = issue(store, &site.world, &wanted.name, &scopes, span.map(|span| now.plus(span)));
    let Issued { secret, token } = issued.map_err(Problem::wrong)?;
    let known = view(&token);
    let body = Map::from_iter([
        ("change".to_owned(), json!("create")),
        ("name".to_owned(), json!(token.name)),
        ("scopes".to_owned(), json!(token.scopes)),
    ]);
    let audit = caller.changed(now, format!("token/{}", token.id), body);
    store.write(Change::Set { setting: Box::new(Setting::Token(token)), audit }).await?;
    site.tokens.refresh(store).await?;
    Ok((StatusCode::CREATED, Json(Made { known, token: secret.expose().to_owned() })))
}

/// What was revoked.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Revoked {
    /// Its id.
    id: i64,
    /// What it was called.
    name: String,
    /// Whether it was good until now.
    revoked: bool,
}

/// Revokes one, named by its id or its name: it is good for nothing from here on.
pub(super) async fn revoke(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
) -> Result<Json<Revoked>, Problem> {
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
    Ok(Json(Revoked { id: found.id, name: found.name.clone(), revoked: done != Done::Stale }))
}
