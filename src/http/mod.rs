//! The HTTP side of a running bot: health, events in (as they are under `/in`, ready made under `/api/v1`), and the
//! calls by which people and programs look at it and change it.
//!
//! What is under `/chat/<adapter>` is judged by that adapter. Every call under `/api/v1` needs a bearer token: one from
//! `chatops token create` with the scope that stands beside the call in the `catalogue`, or the one in `var/token`,
//! which only the bot's own user can read.

mod actions;
mod adapters;
mod again;
mod aliases;
mod approvals;
mod audit;
mod auth;
mod caller;
mod calls;
mod catalogue;
mod chat;
mod config;
mod console;
mod copies;
mod deliveries;
mod drain;
mod events;
mod executions;
mod failures;
mod handlers;
mod headers;
mod health;
mod intake;
mod keys;
mod listen;
mod metrics;
mod notifications;
mod notifiers;
mod output;
mod paging;
mod patch;
mod problem;
mod routes;
mod schedules;
mod scopes;
mod service_tests;
mod shapes;
mod silences;
mod slow;
mod st2;
mod stalled;
mod subjects;
mod token_api;
mod tokens;
mod told;
mod topics;
mod tower;
mod traced;
mod trial;
mod users;
mod wanted;
mod when;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use auth::{Token, USER};
pub use caller::{Scope, changed};
pub use deliveries::{STATES, brief as delivery, slot_name, whole as delivery_whole};
pub use keys::whole as key;
pub use schedules::whole as schedule;
pub use silences::whole as silence;
pub use token_api::whole as token;
pub use tokens::{Issued, issue};

use crate::bot::Bot;
use crate::model::Timestamp;
use crate::net::World;
use crate::net::certificates::Certificates;
use calls::Rates;
use failures::Failures;
use intake::Intake;
use tokens::Tokens;

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// What every handler sees.
#[derive(Clone)]
pub struct Site {
    bot: Arc<Bot>,
    token: Arc<Token>,
    tokens: Arc<Tokens>,
    failures: Arc<Failures>,
    rates: Arc<Rates>,
    intake: Arc<Intake>,
    world: World,
    started: Timestamp,
}

/// Serves on `listener` until `stop`, then lets open requests end. With `tls` it speaks TLS, and plain HTTP with
/// clients on this machine alone.
pub async fn serve(
    listener: TcpListener,
    bot: Arc<Bot>,
    token: Token,
    world: World,
    tls: Option<Arc<Certificates>>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let started = world.now();
    let tokens = Arc::new(tokens::load(bot.store()).await);
    let (token, failures) = (Arc::new(token), Arc::default());
    let (rates, intake) = (Arc::default(), Arc::default());
    let site = Site { bot, token, tokens, failures, rates, intake, world, started };
    let console = console::router(&site, tls.is_some(), &stop);
    let app = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api", get(reference))
        .route("/api/", get(reference))
        .route("/api/style.css", get(catalogue::style))
        .route("/api/openapi.json", get(openapi))
        .route("/chat/{adapter}/{*path}", post(calls::take))
        .route("/in/{source}", any(intake::take))
        // It names notifiers and adapters, which are nobody's business.
        .route(
            "/metrics",
            get(metrics::all).route_layer(from_fn_with_state((site.clone(), Scope::Read), auth::require)),
        )
        .nest(catalogue::ROOT, catalogue::router(&site))
        .nest("/st2", st2::router(&site))
        .fallback(nowhere)
        .method_not_allowed_fallback(problem::otherwise)
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .layer(map_request(slow::limit))
        .layer(map_response(headers::secure))
        .layer(from_fn(traced::traced))
        .with_state(site)
        .merge(console);
    listen::serve(listener, app, tls, stop).await
}

/// The reference page, which has a style sheet.
async fn reference() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, headers::PAGE)], catalogue::reference().await)
}

/// What is nowhere, told to browsers as a page.
async fn nowhere(request: Request) -> Response {
    match console::is_page(&request) {
        true => console::nowhere(request.uri().clone()).await,
        false => problem::nowhere(request.uri().clone()).await.into_response(),
    }
}

/// The OpenAPI document.
async fn openapi() -> axum::Json<serde_json::Value> {
    axum::Json(catalogue::document())
}
