//! The HTTP side of a running bot: health, events in (as they are under `/in`, ready made under `/api/v1`), and the
//! calls by which people and programs look at it and change it.
//!
//! What is under `/chat/<adapter>` is judged by that adapter. Every call under `/api/v1` needs a bearer token: one from
//! `chatops token create` with the scope that stands beside the route in the table `routes`, or the one in `var/token`,
//! which only the bot's own user can read.

mod actions;
mod approvals;
mod auth;
mod caller;
mod calls;
mod chat;
mod config;
mod deliveries;
mod events;
mod executions;
mod failures;
mod handlers;
mod health;
mod intake;
mod listen;
mod notifiers;
mod patch;
mod problem;
mod service_tests;
mod silences;
mod slow;
mod subjects;
mod token_api;
mod tokens;
mod topics;
mod when;

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_request;
use axum::routing::{MethodRouter, any, delete, get, post, put};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use auth::{Token, USER};
pub use caller::{Scope, changed};
pub use deliveries::{STATES, brief as delivery, slot_name, whole as delivery_whole};
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

/// Every call under `/api/v1`, and the scope that it needs.
fn routes() -> Vec<(Scope, &'static str, MethodRouter<Site>)> {
    use Scope::{Admin, Deliver, Events, Read, Run};
    vec![
        (Events, "/events", post(events::take)),
        (Read, "/events", get(events::list_all)),
        (Read, "/events/{id}", get(events::show)),
        (Read, "/deliveries", get(deliveries::list)),
        (Read, "/deliveries/{id}", get(deliveries::show)),
        (Deliver, "/deliveries/replay", post(deliveries::replay)),
        (Deliver, "/deliveries/purge", post(deliveries::purge)),
        (Deliver, "/deliveries/{id}/cancel", post(deliveries::cancel)),
        (Read, "/silences", get(silences::list)),
        (Deliver, "/silences", post(silences::begin)),
        (Deliver, "/silences/{id}", delete(silences::end)),
        (Deliver, "/subjects/ack", post(subjects::acknowledge)),
        (Read, "/notifiers", get(notifiers::list)),
        (Deliver, "/notifiers/{name}/test", post(notifiers::test)),
        (Read, "/service-tests", get(service_tests::list)),
        (Read, "/service-tests/{kind}", get(service_tests::show)),
        (Admin, "/service-tests/{kind}", post(service_tests::run)),
        (Read, "/config", get(config::all)),
        (Read, "/config/{section}", get(config::section)),
        (Admin, "/config/{section}", post(config::change_section)),
        (Read, "/config/{section}/{element}", get(config::element)),
        (Admin, "/config/{section}/{element}", post(config::change_element)),
        (Read, "/topics", get(topics::list)),
        (Read, "/topics/{topic}", get(topics::show)),
        (Admin, "/topics/{topic}", delete(topics::remove)),
        (Read, "/topics/{topic}/events", get(topics::events)),
        (Read, "/topics/{topic}/events/{id}", get(topics::event)),
        (Read, "/topics/{topic}/handlers", get(handlers::list)),
        (Admin, "/topics/{topic}/handlers", post(handlers::create)),
        (Read, "/topics/{topic}/handlers/{id}", get(handlers::show)),
        (
            Admin,
            "/topics/{topic}/handlers/{id}",
            put(handlers::replace).patch(handlers::patch).delete(handlers::remove),
        ),
        (Admin, "/tokens", get(token_api::list)),
        (Admin, "/tokens", post(token_api::create)),
        (Admin, "/tokens/{which}", delete(token_api::revoke)),
        (Read, "/status", get(health::status)),
        (Read, "/executions", get(executions::list)),
        (Run, "/executions/{id}/cancel", post(executions::cancel)),
        (Run, "/actions/run", post(actions::run)),
        (Read, "/approvals", get(approvals::list)),
        (Run, "/approvals/{id}/approve", post(approvals::approve)),
        (Run, "/approvals/{id}/deny", post(approvals::deny)),
        (Run, "/approvals/{id}/withdraw", post(approvals::withdraw)),
        (Run, "/approvals/{id}/answer", post(approvals::answer)),
        (Admin, "/chat", post(chat::say)),
        (Admin, "/reload", post(executions::reload)),
    ]
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
    let guarded = |router: Router<Site>, (scope, path, methods): (Scope, &str, MethodRouter<Site>)| {
        let guard = axum::middleware::from_fn_with_state((site.clone(), scope), auth::require);
        router.route(path, methods.route_layer(guard))
    };
    let api = routes().into_iter().fold(Router::new(), guarded);
    let app = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/chat/{adapter}/{*path}", post(calls::take))
        .route("/in/{source}", any(intake::take))
        .nest("/api/v1", api)
        .fallback(problem::nowhere)
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .layer(map_request(slow::limit))
        .with_state(site);
    listen::serve(listener, app, tls, stop).await
}
