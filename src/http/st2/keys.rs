//! The datastore, in StackStorm's words; what may be seen and changed is decided where `/api/v1/keys` is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Caller;
use super::fault::{Body, Fault, Path, Query};
use super::page::Page;
use crate::http::problem::{self, Body as ProblemBody, Query as ProblemQuery};
use crate::http::{Site, keys};

/// Which keys.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    scope: Option<String>,
    user: Option<String>,
    prefix: Option<String>,
    decrypt: Option<String>,
}

impl Which {
    /// The same as `/api/v1/keys` is asked.
    fn asked(&self) -> Result<ProblemQuery<keys::Asked>, Fault> {
        let decrypt = self.decrypt.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("true"));
        let prefix = self.prefix.clone().unwrap_or_default();
        let whole = json!({"scope": self.scope(), "user": self.user(), "prefix": prefix, "decrypt": decrypt});
        read(whole).map(ProblemQuery)
    }

    /// `st2kv.user` and `user` are the same, and so is everything else.
    fn scope(&self) -> &str {
        match self.scope.as_deref() {
            Some("user" | "st2kv.user") => "user",
            _ => "system",
        }
    }

    fn user(&self) -> Option<&String> {
        self.user.as_ref().filter(|user| user.contains(':'))
    }
}

fn read<T: DeserializeOwned>(whole: Value) -> Result<T, Fault> {
    serde_json::from_value(whole).map_err(|error| Fault::wrong(error.to_string()))
}

/// A pair as StackStorm shows it.
fn shown(pair: &Value) -> Value {
    let (scope, name) =
        (pair["scope"].as_str().unwrap_or("system"), pair["name"].as_str().unwrap_or_default());
    json!({
        "id": format!("st2kv.{scope}:{name}"), "uid": format!("key_value_pair:st2kv.{scope}:{name}"), "name": name,
        "scope": format!("st2kv.{scope}"), "user": pair["user"], "value": pair["value"], "secret": pair["secret"],
        "encrypted": pair["secret"], "expire_timestamp": pair["expires"],
    })
}

/// Those of one scope.
pub(super) async fn list(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
    Query(page): Query<Page>,
) -> Result<Response, Fault> {
    let asked = which.asked()?;
    let all = keys::all(&site, &caller, &asked.0).await?;
    page.of(all.iter().map(|pair| shown(&json!(pair))).collect())
}

/// One.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Fault> {
    let asked = which.asked()?;
    let Json(pair) = keys::show(State(site), Extension(caller), problem::Path(name), asked).await?;
    Ok(Json(shown(&json!(pair))))
}

/// What to keep.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    value: Value,
    #[serde(default)]
    secret: Option<bool>,
    /// In seconds.
    #[serde(default)]
    ttl: Option<u32>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

/// Keeps a value.
pub(super) async fn put(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, Fault> {
    let which = Which { scope: wanted.scope, user: wanted.user, ..Which::default() };
    let asked = which.asked()?;
    let text = wanted.value.as_str().map_or_else(|| wanted.value.to_string(), str::to_owned);
    let body = json!({"value": text, "secret": wanted.secret.unwrap_or(false), "ttl": wanted.ttl});
    let body = ProblemBody(read(body)?);
    let path = problem::Path(name);
    let Json(pair) = keys::put(State(site), Extension(caller), path, asked, body).await?;
    Ok(Json(shown(&json!(pair))))
}

/// Removes one.
pub(super) async fn remove(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<StatusCode, Fault> {
    let asked = which.asked()?;
    let _ = keys::remove(State(site), Extension(caller), problem::Path(name), asked).await?;
    Ok(StatusCode::NO_CONTENT)
}
