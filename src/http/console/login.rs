//! In and out: a token becomes a session.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, response::Html};
use serde_json::{Map, json};
use tracing::{info, warn};

use super::Console;
use super::fields::{Asked, Fields};
use super::guard::{SESSION, THEME, cookie, form, is_ours, theme as look};
use super::session::Holder;
use super::trouble::Trouble;
use super::viewer::{Theme, Viewer};
use crate::http::caller::{Caller, Scope};
use crate::http::tokens::{Bad, hash};
use crate::model::hex;
use crate::net::same;
use crate::store::Change;

/// The cookie that ties the login form to the browser that got it.
const FORM: &str = "chatops_login";

/// The form.
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    Asked(asked): Asked,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    show(&console, &headers, &next(asked.raw("next")), None)
}

/// The form, perhaps once more.
fn show(
    console: &Console,
    headers: &HeaderMap,
    next: &str,
    wrong: Option<(StatusCode, &str)>,
) -> Result<Response, Trouble> {
    let nonce = hex::encode(&console.site.world.random::<16>());
    let home = console.site.bot.homes().current();
    let page = console.pages.render(
        "login.html",
        &json!({
            "bot": home.settings.name.as_str(), "theme": look(headers).word(), "nonce": nonce, "next": next,
            "wrong": wrong.map(|(_, words)| words),
        }),
    )?;
    let mut response = Html(page).into_response();
    *response.status_mut() = wrong.map_or(StatusCode::OK, |(status, _)| status);
    bake(console, &mut response, FORM, &nonce, "/login", Some(3600));
    Ok(response)
}

/// Where to go after the login: a page of ours, whatever the address says.
fn next(wanted: &str) -> String {
    let is_path =
        wanted.starts_with('/') && !wanted.starts_with("//") && !wanted.contains(['\\', '\r', '\n']);
    let is_page = is_path && !wanted.starts_with("/live/") && !wanted.starts_with("/login");
    if is_page { wanted.to_owned() } else { "/".to_owned() }
}

/// Takes a token; 303 to the page that was wanted, with the session in a cookie.
pub(super) async fn log_in(
    State(console): State<Arc<Console>>,
    request: Request,
) -> Result<Response, Trouble> {
    let headers = request.headers().clone();
    if !is_ours(&console, &headers) {
        return Err(Trouble::forbidden("this did not come from a page of this console"));
    }
    let (request, fields) = form(&console, request).await?;
    let next = next(fields.raw("next"));
    let nonce = cookie(&headers, FORM).unwrap_or_default();
    if nonce.is_empty() || !same(fields.raw("nonce"), nonce) {
        let words = "the form was too old: please try once more";
        return show(&console, &headers, &next, Some((StatusCode::FORBIDDEN, words)));
    }
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let holder = match holder(&console, fields.raw("token").trim(), address) {
        Ok(holder) => holder,
        Err((status, words)) => return show(&console, &headers, &next, Some((status, words))),
    };
    let id = console.sessions.begin(holder, &console.site.world);
    let session = console.sessions.find(id.expose(), console.site.world.now());
    if let Some(viewer) = session.and_then(|session| Viewer::of(&console, session, Theme::Auto)) {
        info!(person = %viewer.person, ?address, "logged in to the console");
        note(&console, &viewer, "login", address);
    }
    let mut response = Redirect::to(&next).into_response();
    bake(&console, &mut response, SESSION, id.expose(), "/", None);
    bake(&console, &mut response, FORM, "", "/login", Some(0));
    Ok(response)
}

/// Whose token it is; counts those that are wrong.
fn holder(
    console: &Console,
    token: &str,
    address: Option<SocketAddr>,
) -> Result<Holder, (StatusCode, &'static str)> {
    let site = &console.site;
    let now = site.world.now();
    if site.token.is(token) {
        return Ok(Holder::Owner);
    }
    match site.tokens.caller(token, site.bot.store(), now) {
        Ok(caller) if can_look(&caller) => Ok(Holder::Token(hash(token))),
        Ok(_) => Err((StatusCode::FORBIDDEN, "this token has neither the scope `read` nor `run`")),
        Err(bad) => {
            warn!(?address, "somebody failed to log in to the console");
            let many = address.and_then(|address| site.failures.count(address.ip(), now));
            Err(match (many, bad) {
                (Some(_), _) => (StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens: wait a minute"),
                (None, Bad::Expired(_)) => (StatusCode::UNAUTHORIZED, "this token has expired"),
                (None, Bad::Unknown) => {
                    (StatusCode::UNAUTHORIZED, "nobody knows this token, or it was revoked")
                }
            })
        }
    }
}

fn can_look(caller: &Caller) -> bool {
    caller.may(Scope::Read) || caller.may(Scope::Run)
}

fn note(console: &Console, viewer: &Viewer, change: &str, address: Option<SocketAddr>) {
    let address = address.map(|address| address.ip().to_string());
    let body = Map::from_iter([("change".to_owned(), json!(change)), ("address".to_owned(), json!(address))]);
    let audit = viewer.changed(console.site.world.now(), "session".to_owned(), body);
    console.site.bot.store().record(Change::Audit(audit));
}

/// Ends the session.
pub(super) async fn log_out(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    console.sessions.end(&viewer.session);
    note(&console, &viewer, "logout", None);
    let mut response = Redirect::to("/login").into_response();
    bake(&console, &mut response, SESSION, "", "/", Some(0));
    response
}

/// Light, dark, or as the system has it; back to the page.
pub(super) async fn theme(
    State(console): State<Arc<Console>>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let mut response = Redirect::to(&next(fields.raw("back"))).into_response();
    let theme = Theme::of(fields.raw("theme"));
    bake(&console, &mut response, THEME, theme.word(), "/", Some(31_536_000));
    response
}

/// Adds a cookie. Without `seconds` it lasts as long as the browser.
fn bake(
    console: &Console,
    response: &mut Response,
    name: &str,
    value: &str,
    path: &str,
    seconds: Option<u32>,
) {
    let secure = if console.secure { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{secure}{age}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_leads_to_our_own_pages_only() {
        assert_eq!(next("/executions?status=failed"), "/executions?status=failed");
        for elsewhere in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/live/chat", "/login"]
        {
            assert_eq!(next(elsewhere), "/", "{elsewhere}");
        }
    }
}
