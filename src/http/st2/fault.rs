//! Errors as StackStorm's API tells them: `{"faultstring": "..."}`. Bodies that cannot be read are among them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::bot::chat::Denied;
use crate::bot::engine::NotAgain;
use crate::bot::engine::Refusal;
use crate::http::Site;
use crate::http::problem::{BODY_WITHIN, Problem};
use crate::store::StoreError;

/// An error: a status and what is said of it.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    text: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), headers: Vec::new() }
    }

    /// 400: the request is not as it should be.
    pub(super) fn wrong(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// 401; clients look for the word.
    pub(super) fn unauthorized(text: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, format!("Unauthorized - {text}"))
    }

    /// 404: nothing is called so.
    pub(super) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Resource with a reference or id \"{what}\" not found"))
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"faultstring": self.text}))).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let (status, text, headers) = problem.into_parts();
        match status {
            StatusCode::UNAUTHORIZED => Self { headers, ..Self::unauthorized(&text) },
            _ => Self { status, text, headers },
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::Access(_) | Refusal::Unknown => StatusCode::FORBIDDEN,
            Refusal::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::NoAction(name) => {
                return Self::new(StatusCode::NOT_FOUND, format!("Action with ref \"{name}\" not found"));
            }
            Refusal::Immutable(_) | Refusal::Parameters(_) | Refusal::Lock(_) | Refusal::Grant(_) => {
                StatusCode::BAD_REQUEST
            }
        };
        Self::new(status, refusal.to_string())
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        let status = match denied {
            Denied::Refused(refusal) => return refusal.into(),
            Denied::NoAlias(_) => StatusCode::NOT_FOUND,
            Denied::NotGranted(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, denied.to_string())
    }
}

impl From<NotAgain> for Fault {
    fn from(not: NotAgain) -> Self {
        match not {
            NotAgain::Unreadable(error) => error.into(),
            NotAgain::Foreign => Self::new(StatusCode::FORBIDDEN, not.to_string()),
            NotAgain::Refused(refusal) => refusal.into(),
        }
    }
}

/// What no route leads to.
pub(super) async fn nowhere(uri: Uri) -> Fault {
    Fault::new(StatusCode::NOT_FOUND, format!("The resource at `/st2{}` could not be found.", uri.path()))
}

/// A route that does something else.
pub(super) async fn no_method(method: Method, uri: Uri) -> Fault {
    let text = format!("The method {method} is not allowed for `/st2{}`.", uri.path());
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, text)
}

/// A JSON body, whatever its type is called; none counts as `{}`.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Site> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Fault> {
        let bytes = match site.world.timeout(BODY_WITHIN, Bytes::from_request(request, site)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) => return Err(Fault::new(rejection.status(), rejection.body_text())),
            Err(_) => return Err(Fault::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        };
        let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| Fault::wrong(format!("the body: {error}")))
    }
}

/// The part of an address behind `?`.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Site> for Query<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Fault> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(value)| Self(value))
            .map_err(|error: QueryRejection| Fault::wrong(error.body_text()))
    }
}

/// Parts of the path.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for Path<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Fault> {
        let read = axum::extract::Path::from_request_parts(parts, site).await;
        read.map(|axum::extract::Path(value)| Self(value))
            .map_err(|error: PathRejection| Fault::new(error.status(), error.body_text()))
    }
}
