//! Errors as RFC 9457 problem documents, those of requests that cannot be read among them.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::bot::notify::Unfit;
use crate::store::StoreError;

/// A body that is not there by then is not waited for any longer.
pub(super) const BODY_WITHIN: Duration = Duration::from_secs(5);

/// An error of the API: a status and one sentence.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// The part of the request that it is about.
    field: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with its sentence.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), field: None, headers: Vec::new() }
    }

    /// 400: the request is not as it should be.
    pub(super) fn wrong(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 403: the caller may not.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404: there is no such thing.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Names the part of the request that it is about.
    pub(super) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says when to come again.
    pub(super) fn again(mut self, after: Duration) -> Self {
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1))));
        self
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("error");
        let mut body = json!({"title": title, "status": self.status.as_u16(), "detail": self.detail});
        if let Some(field) = self.field {
            body["field"] = json!(field);
        }
        let mut response = (self.status, Json(body)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(why) => Self::new(StatusCode::CONFLICT, why),
            StoreError::Full | StoreError::DiskFull | StoreError::Closed | StoreError::ReadOnly => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).again(Duration::from_secs(1))
            }
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, other.to_string()),
        }
    }
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        let why = unfit.to_string();
        match unfit {
            Unfit::Missing(_) => Self::missing(why),
            Unfit::Conflict(_) => Self::new(StatusCode::CONFLICT, why),
            Unfit::Wrong(part, _) => Self::wrong(why).field(part),
            Unfit::Store(error) => error.into(),
        }
    }
}

/// What no route leads to.
pub(super) async fn nowhere(uri: Uri) -> Problem {
    Problem::missing(format!("there is nothing at `{}`", uri.path()))
}

/// A JSON body; one that does not fit is a [`Problem`].
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match tokio::time::timeout(BODY_WITHIN, Json::from_request(request, state)).await {
            Ok(Ok(Json(value))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(Problem::new(rejection.status(), rejection.body_text())),
            Err(_) => {
                let detail = format!("the body did not come within {} s", BODY_WITHIN.as_secs());
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail))
            }
        }
    }
}

/// The part of an address behind `?`; one that does not fit is a [`Problem`].
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(value)| Self(value)).map_err(|error| Problem::wrong(error.body_text()))
    }
}
