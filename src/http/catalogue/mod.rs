//! The calls of the API as data: one row a call. The router, the OpenAPI document and the reference page are made of
//! these rows, so none of them can forget one.

mod openapi;
mod page;
mod rows;
mod schema;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::JsonSchema;
use serde_json::Value;

pub(super) use openapi::document;
pub(super) use page::{reference, style};
pub(super) use rows::calls;

use super::caller::Scope;
use super::{Site, auth};

/// Where the calls begin.
pub(super) const ROOT: &str = "/api/v1";

/// One call.
pub(super) struct Call {
    /// What a token needs to make it.
    pub(super) scope: Scope,
    method: Method,
    /// Below [`ROOT`]; `{id}` is a number, other names in braces are texts.
    pub(super) path: &'static str,
    summary: &'static str,
    handler: MethodRouter<Site>,
    query: Vec<fn() -> Value>,
    body: Option<Body>,
    answers: Vec<Answer>,
    /// Whether a page may be asked for that is not there.
    paged: bool,
    /// Refusals beside those that follow from the call's form.
    fails: &'static [u16],
}

/// What a call takes.
struct Body {
    schema: fn() -> Value,
    /// Without it the call means something too.
    optional: bool,
}

/// What a call gives when all is well.
struct Answer {
    status: u16,
    kind: &'static str,
    schema: fn() -> Value,
}

/// How JSON is called in a head.
const JSON: &str = "application/json";

fn call<H, T>(
    (method, filter): (Method, MethodFilter),
    (scope, path): (Scope, &'static str),
    handler: H,
    summary: &'static str,
) -> Call
where
    H: Handler<T, Site>,
    T: 'static,
{
    let handler = on(filter, handler);
    let (query, answers) = (Vec::new(), Vec::new());
    Call { scope, method, path, summary, handler, query, body: None, answers, paged: false, fails: &[] }
}

macro_rules! methods {
    ($($name:ident = $method:ident),*) => {
        $(
            #[doc = concat!("A call by ", stringify!($method), ".")]
            pub(super) fn $name<H, T>(scope: Scope, path: &'static str, handler: H, summary: &'static str) -> Call
            where
                H: Handler<T, Site>,
                T: 'static,
            {
                call((Method::$method, MethodFilter::$method), (scope, path), handler, summary)
            }
        )*
    };
}
methods! { get = GET, post = POST, put = PUT, patch = PATCH, delete = DELETE }

impl Call {
    /// What may stand behind `?`.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query.push(schema::taken::<T>);
        self
    }

    /// The body it needs.
    pub(super) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Body { schema: schema::taken::<T>, optional: false });
        self
    }

    /// The body it can have.
    pub(super) fn may_have<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Body { schema: schema::taken::<T>, optional: true });
        self
    }

    /// What it gives, in JSON.
    pub(super) fn gives<T: JsonSchema>(self, status: u16) -> Self {
        self.gives_as::<T>(status, JSON)
    }

    /// What it gives, in another form.
    pub(super) fn gives_as<T: JsonSchema>(mut self, status: u16, kind: &'static str) -> Self {
        self.answers.push(Answer { status, kind, schema: schema::given::<T> });
        self
    }

    /// A list, by pages.
    pub(super) fn lists<T: JsonSchema>(mut self) -> Self {
        self.paged = true;
        self.query::<super::paging::Asked>().gives::<super::paging::Page<T>>(200)
    }

    /// The same, which can be read on by ids too.
    pub(super) fn lists_by_id<T: JsonSchema>(mut self) -> Self {
        self.paged = true;
        self.query::<super::paging::Asked>().gives::<super::paging::Either<T>>(200)
    }

    /// Refusals beside those that follow from its form: 400, 401, 403, 404, 408, 413, 415, 422, 429, 503.
    pub(super) const fn fails(mut self, statuses: &'static [u16]) -> Self {
        self.fails = statuses;
        self
    }

    /// The names in braces.
    fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// What it is about: the first word of its path.
    fn tag(&self) -> &'static str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// Every status that says no.
    fn refusals(&self) -> Vec<u16> {
        let mut all = vec![401, 403, 429, 503];
        let has_parameters = self.parameters().next().is_some();
        if has_parameters || self.paged {
            all.push(404);
        }
        if has_parameters || !self.query.is_empty() || self.body.is_some() {
            all.push(400);
        }
        if self.body.is_some() {
            all.extend([408, 413, 415, 422]);
        }
        all.extend(self.fails);
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The calls behind their guards. A slash at the end of an address is passed over: clients of Tower write one.
pub(super) fn router(site: &Site) -> Router<Site> {
    calls().into_iter().fold(Router::new(), |router, call| {
        let guard = from_fn_with_state((site.clone(), call.scope), auth::require);
        let guarded = call.handler.route_layer(guard);
        router.route(&format!("{}/", call.path), guarded.clone()).route(call.path, guarded)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_described_and_stands_once() {
        let mut seen = std::collections::BTreeSet::new();
        for call in calls() {
            let shown = format!("{} {}", call.method, call.path);
            assert!(!call.summary.is_empty() && !call.answers.is_empty(), "{shown}");
            assert!(!call.summary.ends_with('.') && call.path.starts_with('/'), "{shown}");
            assert!(seen.insert(shown.clone()), "{shown} stands twice");
        }
        assert!(seen.len() > 40);
    }
}
