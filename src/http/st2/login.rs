//! `/auth/v1/tokens`: a token that ends by itself, for a name and a password. The name is that of an API token, the
//! password the token; who has a token already may send that.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestExt};
use serde::Deserialize;
use serde_json::json;

use super::fault::{Body, Fault};
use super::session::Session;
use super::{Caller, guard, session};
use crate::http::{Site, auth};
use crate::net::unbase64;

/// How long a token lasts, and the longest that may be asked for, in seconds.
const DAY: u64 = 24 * 3600;

/// What may be asked for.
#[derive(Deserialize)]
struct Wanted {
    /// In seconds.
    ttl: Option<u64>,
}

/// 201 with `token` and `expiry`.
pub(super) async fn create(State(site): State<Site>, request: Request) -> Result<Response, Fault> {
    let (given, caller) = who(&site, &request)?;
    let Body(Wanted { ttl }) = request.extract_with_state(&site).await?;
    let seconds = ttl.unwrap_or(DAY);
    if seconds == 0 || seconds > DAY {
        return Err(Fault::wrong(format!("TTL specified {seconds} is not between 1 and {DAY}.")));
    }
    let issued = session::issue(&site, &given, caller, Duration::from_secs(seconds));
    let Session { token, end, caller } =
        issued.map_err(|_| Fault::unauthorized("the token is good for nothing any more"))?;
    let answer = json!({
        "id": token.rsplit('.').next(), "user": caller.person().id(), "token": token,
        "expiry": end.to_string(), "metadata": {},
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Name and password, or a token.
fn who(site: &Site, request: &Request) -> Result<(String, Caller), Fault> {
    let basic = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let Some(basic) = basic.and_then(|value| value.strip_prefix("Basic ")) else {
        let given = guard::token(request)
            .ok_or_else(|| Fault::unauthorized("send the name of a token, and the token as its password."))?;
        let caller = guard::known(site, &given, request)?;
        return Ok((given, caller));
    };
    let pair = unbase64(basic.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let (name, password) = pair.ok_or_else(|| Fault::unauthorized("name and password cannot be read."))?;
    let caller = auth::known(site, password, request)?;
    if matches!(&caller, Caller::Token { name: own, .. } if own != name) {
        return Err(Fault::unauthorized("the password is the token of another name."));
    }
    Ok((password.to_owned(), caller))
}

/// A token to be looked at.
#[derive(Deserialize)]
struct Asked {
    token: String,
}

/// `{"valid"}`; wrong ones count like wrong logins.
pub(super) async fn validate(State(site): State<Site>, request: Request) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let Body(Asked { token }) = Request::from_parts(parts, body).extract_with_state(&site).await?;
    let known = guard::known(&site, &token, &head);
    match known.map_err(IntoResponse::into_response) {
        Err(refused) if refused.status() == StatusCode::TOO_MANY_REQUESTS => Ok(refused),
        known => Ok(Json(json!({"valid": known.is_ok()})).into_response()),
    }
}
