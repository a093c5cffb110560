//! Who may call. StackStorm's clients send a token or an API key as a header, or in the address where they read streams;
//! any of our tokens will do for either.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::fault::Fault;
use super::{Caller, Scope, session};
use crate::http::{Site, auth};

/// Headers, and names behind `?`, that hold a token.
const NAMES: [&str; 2] = ["x-auth-token", "st2-api-key"];

/// Lets a request pass whose token may do what needs `scope`.
pub(super) async fn require(
    State((site, scope)): State<(Site, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&site, scope, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(fault) => fault.into_response(),
    }
}

fn caller(site: &Site, scope: Scope, request: &Request) -> Result<Caller, Fault> {
    let given = token(request).ok_or_else(|| Fault::unauthorized("One of Token or API key required."))?;
    let caller = known(site, &given, request)?;
    if !caller.may(scope) {
        let name = caller.person();
        let text = format!("the token `{}` lacks the scope `{scope}`", name.id());
        return Err(Fault::new(StatusCode::FORBIDDEN, text));
    }
    Ok(caller)
}

/// Whose token it is.
pub(super) fn known(site: &Site, given: &str, request: &Request) -> Result<Caller, Fault> {
    if session::is_session(given) {
        let caller = session::caller(site, given);
        return caller.map_err(|bad| auth::failed(site, &bad, request).into());
    }
    Ok(auth::known(site, given, request)?)
}

/// The token that a request brings.
pub(super) fn token(request: &Request) -> Option<String> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let sent = NAMES.iter().find_map(|name| header(name));
    let bearer = || header("authorization")?.strip_prefix("Bearer ");
    let in_address = || {
        let mut pairs = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        pairs.find(|(name, _)| NAMES.contains(&&**name)).map(|(_, value)| value.into_owned())
    };
    let sent = sent.or_else(bearer).map(|text| text.trim().to_owned());
    sent.or_else(in_address).filter(|text| !text.is_empty())
}
