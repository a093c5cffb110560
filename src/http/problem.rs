//! Errors as RFC 9457 problem documents, those of requests that cannot be read among them.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
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

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Names the part of the request that it is about.
    pub(super) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Its status, its sentence and its headers, for another form of the same.
    pub(super) fn into_parts(self) -> (StatusCode, String, Vec<(HeaderName, HeaderValue)>) {
        (self.status, self.detail, self.headers)
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

/// A route that leads there, by another method.
pub(super) async fn otherwise(method: Method, uri: Uri) -> Problem {
    let detail = format!("{method} is not accepted at `{}`: the header Allow says what is", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

/// A JSON body; one that does not fit is a [`Problem`].
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match tokio::time::timeout(BODY_WITHIN, Json::from_request(request, state)).await {
            Ok(Ok(Json(value))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(unread(rejection.status(), rejection.body_text())),
            Err(_) => {
                let detail = format!("the body did not come within {} s", BODY_WITHIN.as_secs());
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail))
            }
        }
    }
}

/// The bytes of a body, of any kind; those that do not come whole are a [`Problem`].
pub(super) struct Raw(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, state)).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(rejection)) => Err(Problem::new(rejection.status(), rejection.body_text())),
            Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        }
    }
}

/// The part of an address behind `?`; one that does not fit is a [`Problem`].
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query_of(&parts.uri).map(Self)
    }
}

/// What stands behind `?`.
pub(super) fn query_of<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let read = axum::extract::Query::try_from_uri(uri);
    read.map(|axum::extract::Query(value)| value)
        .map_err(|error| unread(StatusCode::BAD_REQUEST, error.body_text()))
}

/// The parts of a path in braces; those that do not fit are a [`Problem`].
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let why = text.strip_prefix("Invalid URL: ").unwrap_or(&text).to_owned();
            let field = why.split('`').nth(1).filter(|word| is_key(word)).unwrap_or("id").to_owned();
            Problem::wrong(why).field(field)
        })
    }
}

/// What could not be read, with the part of it that the reader names.
fn unread(status: StatusCode, text: String) -> Problem {
    let why = text
        .split_once(": ")
        .filter(|(start, _)| start.starts_with("Failed to"))
        .map(|(_, why)| why.to_owned());
    let why = why.unwrap_or(text);
    let named = ["unknown field `", "missing field `"].iter().find_map(|start| {
        let rest = &why[why.find(start)? + start.len()..];
        rest.split('`').next()
    });
    // Else the path to it stands first: `scopes[0]: invalid type`.
    let first = || why.split(": ").next();
    let field = named.or_else(first).filter(|word| is_key(word)).map(str::to_owned);
    let problem = Problem::new(status, why);
    match field {
        Some(field) => problem.field(field),
        None => problem,
    }
}

fn is_key(word: &str) -> bool {
    let accepted = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    !word.is_empty() && word.len() <= 100 && word.chars().all(accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_names_its_part() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            #[serde(rename = "limit")]
            _limit: Option<u8>,
        }
        let field = |query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            query_of::<Asked>(&uri).err().and_then(|problem| problem.field)
        };
        assert_eq!(field("limit=9"), None);
        assert_eq!(field("limit=many").as_deref(), Some("limit"));
        assert_eq!(field("limits=9").as_deref(), Some("limits"));
    }
}
