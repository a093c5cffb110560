//! Before every page: a session whose token may see it. Before every change: from our own pages, with their token.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Console;
use super::fields::Fields;
use super::trouble::Trouble;
use super::viewer::{Theme, Viewer};
use crate::http::caller::Scope;
use crate::net::same;

/// The cookie that holds the session.
pub(super) const SESSION: &str = "chatops_session";
/// The cookie that holds how pages look.
pub(super) const THEME: &str = "chatops_theme";
/// The field of every form that shows that it is one of ours.
pub(super) const CSRF: &str = "csrf";
/// The largest form, in bytes.
const LARGEST: usize = 128 << 10;
/// A form that is not there by then is not waited for.
const WITHIN: Duration = Duration::from_secs(5);

/// What goes with every page. Nothing is loaded from elsewhere, nothing stands in the page that runs, nobody frames it.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Adds what goes with every page; what is not an asset is not kept anywhere.
pub(super) async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets a request pass whose session may do what needs `scope`.
pub(super) async fn require(
    State((console, scope)): State<(Arc<Console>, Option<Scope>)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(viewer) = viewer(&console, request.headers()) else { return to_login(&request) };
    if let Some(scope) = scope.filter(|scope| !viewer.may(*scope)) {
        return lacks(&viewer, scope, &request);
    }
    match checked(&console, &viewer, request).await {
        Ok(mut request) => {
            request.extensions_mut().insert(viewer);
            next.run(request).await
        }
        Err(trouble) => trouble.into_response(),
    }
}

/// Whose session the cookie is.
fn viewer(console: &Console, headers: &HeaderMap) -> Option<Viewer> {
    let session = console.sessions.find(cookie(headers, SESSION)?, console.site.world.now())?;
    let viewer = Viewer::of(console, session.clone(), theme(headers));
    if viewer.is_none() {
        console.sessions.end(&session);
    }
    viewer
}

/// How pages look for this browser.
pub(super) fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME).map(Theme::of).unwrap_or_default()
}

/// A cookie by its name.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A page sends to the login and comes back from there; what is not a page is told plainly.
fn to_login(request: &Request) -> Response {
    let is_page = request.method() == Method::GET && wants_page(request.headers());
    if !is_page && request.method() == Method::GET {
        return Trouble::new(StatusCode::UNAUTHORIZED, "log in first").into_response();
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if !is_page || path == "/" {
        return Redirect::to("/login").into_response();
    }
    let next: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
    Redirect::to(&format!("/login?{next}")).into_response()
}

/// Whether the head names HTML: every browser does, for pages.
pub(super) fn names_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_none_or(|accept| accept.contains("text/html") || accept == "*/*")
}

/// Who may not see this page sees the first one that the token allows.
fn lacks(viewer: &Viewer, scope: Scope, request: &Request) -> Response {
    let other = super::NAVIGATION.iter().find(|entry| viewer.may(entry.scope));
    match other.filter(|_| request.uri().path() == "/") {
        Some(entry) => Redirect::to(entry.path).into_response(),
        None => Trouble::forbidden(format!("the token `{}` lacks the scope `{scope}`", viewer.person.id()))
            .into_response(),
    }
}

/// A change has to come from one of our pages, with the session's token in its form.
async fn checked(console: &Console, viewer: &Viewer, request: Request) -> Result<Request, Trouble> {
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return Ok(request);
    }
    if !is_ours(console, request.headers()) {
        return Err(Trouble::forbidden("this did not come from a page of this console"));
    }
    let (request, fields) = form(console, request).await?;
    if !same(fields.raw(CSRF), viewer.session.csrf.expose()) {
        return Err(Trouble::forbidden("this form is not of your session: go back, load the page again"));
    }
    let mut request = request;
    request.extensions_mut().insert(fields);
    Ok(request)
}

/// The fields of a form, within the limits of size and time.
pub(super) async fn form(console: &Console, request: Request) -> Result<(Request, Fields), Trouble> {
    let (parts, body) = request.into_parts();
    let bytes = match console.site.world.timeout(WITHIN, to_bytes(body, LARGEST)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let words = format!("a form may have {LARGEST} bytes");
            return Err(Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, words));
        }
        Err(_) => return Err(Trouble::new(StatusCode::REQUEST_TIMEOUT, "the form did not come in time")),
    };
    Ok((Request::from_parts(parts, Body::empty()), Fields::read(&bytes)))
}

/// Whether a request says that one of our own pages sends it. Every browser says where a form comes from.
pub(super) fn is_ours(console: &Console, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let home = console.site.bot.homes().current();
    let public = home.settings.public_url.as_ref().map(crate::config::settings::Url::as_str);
    if public.is_some_and(|public| is_origin_of(origin, public)) {
        return true;
    }
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(header::HOST)
}

/// Whether an address begins with this origin.
fn is_origin_of(origin: &str, url: &str) -> bool {
    url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; chatops_session=abc; b=2"));
        assert_eq!(cookie(&headers, SESSION), Some("abc"));
        assert_eq!(cookie(&headers, "session"), None);
    }

    #[test]
    fn an_origin_is_the_beginning_of_its_own_addresses_only() {
        assert!(is_origin_of("https://bot.example.org", "https://bot.example.org/chat"));
        assert!(!is_origin_of("https://bot.example.org", "https://bot.example.org.evil.example"));
        assert!(!is_origin_of("http://bot.example.org", "https://bot.example.org"));
    }
}
