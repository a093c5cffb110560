//! The console in the browser: pages made here, one style sheet and one script, all in the binary. Whoever has a
//! token logs in with it and sees and does what its scopes allow, no more. Works without script, but for what is live.

mod aliases;
mod approvals;
mod assets;
mod audit;
mod chart;
mod chat;
mod deliveries;
mod events;
mod executions;
mod feed;
mod fields;
mod flow;
mod guard;
mod login;
mod notifiers;
mod overview;
mod pages;
mod post;
mod schedules;
mod session;
mod shown;
mod silences;
mod stream;
mod trouble;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post as posting};
use tokio_util::sync::CancellationToken;

use super::Site;
use super::caller::Scope;
use crate::adapter::Service;
use crate::adapter::web::{self, Desk, Web};
use crate::model::AdapterName;
use feed::Feed;
use pages::Pages;
use session::Sessions;
use trouble::Trouble;

/// What every page sees.
pub(super) struct Console {
    site: Site,
    desk: Arc<Desk>,
    sessions: Sessions,
    pages: Pages,
    feed: Feed,
    counted: overview::Counted,
    /// Whether cookies go over TLS alone.
    secure: bool,
    /// Ends what is live when the bot stops.
    stop: CancellationToken,
}

/// One entry of the navigation.
struct Entry {
    path: &'static str,
    label: &'static str,
    icon: &'static str,
    group: &'static str,
    scope: Scope,
}

const fn entry(
    path: &'static str,
    label: &'static str,
    icon: &'static str,
    group: &'static str,
    scope: Scope,
) -> Entry {
    Entry { path, label, icon, group, scope }
}

/// The navigation, in order. A page that is not here is reached from one that is.
const NAVIGATION: &[Entry] = &[
    entry("/", "Overview", "overview", "", Scope::Read),
    entry("/chat", "Chat", "chat", "", Scope::Run),
    entry("/executions", "Executions", "executions", "Commands", Scope::Read),
    entry("/approvals", "Approvals", "approvals", "Commands", Scope::Read),
    entry("/schedules", "Schedules", "schedules", "Commands", Scope::Read),
    entry("/aliases", "Aliases", "aliases", "Commands", Scope::Read),
    entry("/events", "Events", "events", "Notifications", Scope::Read),
    entry("/deliveries", "Deliveries", "deliveries", "Notifications", Scope::Read),
    entry("/notifiers", "Notifiers", "notifiers", "Notifications", Scope::Read),
    entry("/silences", "Silences", "silences", "Notifications", Scope::Read),
    entry("/dead", "Dead letters", "dead", "Notifications", Scope::Read),
    entry("/audit", "Audit", "audit", "Record", Scope::Audit),
];

/// Every page behind the login, and the scope that it needs.
fn routes() -> Vec<(Scope, &'static str, MethodRouter<Arc<Console>>)> {
    use Scope::{Audit, Deliver, Read, Run};
    vec![
        (Read, "/", get(overview::page)),
        (Read, "/live/overview", get(overview::live)),
        (Read, "/live/waits", get(stream::waits)),
        (Run, "/chat", get(chat::page)),
        (Run, "/chat/say", posting(chat::say)),
        (Run, "/chat/press", posting(chat::press)),
        (Run, "/complete", get(chat::complete)),
        (Run, "/live/chat", get(chat::live)),
        (Run, "/files/{line}/{number}", get(chat::file)),
        (Read, "/executions", get(executions::list)),
        (Read, "/executions/{id}", get(executions::show)),
        (Read, "/live/executions/{id}", get(executions::live)),
        (Run, "/executions/{id}/rerun", posting(executions::rerun)),
        (Run, "/executions/{id}/cancel", posting(executions::cancel)),
        (Run, "/executions/{id}/pause", posting(flow::pause)),
        (Run, "/executions/{id}/resume", posting(flow::resume)),
        (Read, "/approvals", get(approvals::list)),
        (Read, "/live/approvals", get(approvals::live)),
        (Run, "/approvals/{id}/approve", posting(approvals::approve)),
        (Run, "/approvals/{id}/deny", posting(approvals::deny)),
        (Run, "/approvals/{id}/withdraw", posting(approvals::withdraw)),
        (Run, "/approvals/{id}/answer", posting(approvals::answer)),
        (Read, "/schedules", get(schedules::list)),
        (Run, "/schedules/new", posting(schedules::begin)),
        (Run, "/schedules/{id}/pause", posting(schedules::pause)),
        (Run, "/schedules/{id}/resume", posting(schedules::resume)),
        (Run, "/schedules/{id}/remove", posting(schedules::remove)),
        (Read, "/aliases", get(aliases::page)),
        (Read, "/events", get(events::list)),
        (Read, "/events/{id}", get(events::show)),
        (Read, "/deliveries", get(deliveries::list)),
        (Read, "/dead", get(deliveries::dead)),
        (Deliver, "/deliveries/sort", posting(deliveries::sort)),
        (Read, "/deliveries/{id}", get(deliveries::show)),
        (Read, "/notifiers", get(notifiers::list)),
        (
            Deliver,
            "/notifiers/{name}/test",
            posting(notifiers::test).get(|| async { Redirect::to("/notifiers") }),
        ),
        (Read, "/silences", get(silences::list)),
        (Deliver, "/silences", posting(silences::begin)),
        (Deliver, "/silences/{id}/end", posting(silences::end)),
        (Audit, "/audit", get(audit::page)),
        (Audit, "/audit/verify", posting(audit::verify_chain).get(|| async { Redirect::to("/audit") })),
        (Audit, "/audit/export", get(audit::export_all)),
    ]
}

/// The pages, and the chat that they have with the bot. `tls` says whether the listener speaks it.
pub(super) fn router(site: &Site, tls: bool, stop: &CancellationToken) -> Router {
    let chat = Web::new();
    let desk = chat.desk();
    let name = AdapterName::new(web::NAME).expect("a good name");
    site.bot.host(&name, Service::from(chat));
    let public = site.bot.homes().current().settings.public_url.clone();
    let console = Arc::new(Console {
        site: site.clone(),
        desk,
        sessions: Sessions::default(),
        pages: Pages::new(),
        feed: Feed::default(),
        counted: overview::Counted::default(),
        secure: tls || public.is_some_and(|url| url.as_str().starts_with("https://")),
        stop: stop.clone(),
    });
    let guarded = |router: Router<Arc<Console>>, (scope, path, methods): (Scope, &str, MethodRouter<_>)| {
        let guard = from_fn_with_state((console.clone(), Some(scope)), guard::require);
        router.route(path, methods.route_layer(guard))
    };
    let open = Router::new()
        .route("/login", get(login::page).post(login::log_in))
        .route("/assets/{name}", get(assets::asset));
    let anyone = from_fn_with_state((console.clone(), None), guard::require);
    let open = open
        .route("/logout", posting(login::log_out).route_layer(anyone.clone()))
        .route("/theme", posting(login::theme).route_layer(anyone));
    routes().into_iter().fold(open, guarded).layer(map_response(guard::headers)).with_state(console)
}

/// Leads to another page.
fn to(address: &str) -> Result<Response, Trouble> {
    Ok(Redirect::to(address).into_response())
}

/// Whether a browser asks for a page, and not a program for something else.
pub(super) fn is_page(request: &Request) -> bool {
    let elsewhere = ["/api", "/st2", "/in/", "/chat/", "/metrics"];
    let path = request.uri().path();
    request.method() == Method::GET
        && guard::names_html(request.headers())
        && !elsewhere.iter().any(|one| path.starts_with(one))
}

/// What a browser sees where there is no page.
pub(super) async fn nowhere(uri: Uri) -> Response {
    let words = format!("there is no page `{}`", uri.path());
    guard::headers(Trouble::missing(words).into_response()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_needs_more_than_to_read() {
        for (scope, path, _) in routes() {
            let looks = ["/live/", "/files/", "/audit/", "/complete"];
            let below = |one: &str| NAVIGATION.iter().any(|entry| entry.path == one) || one.ends_with('}');
            if !below(path) && !looks.iter().any(|one| path.starts_with(one)) {
                assert!(matches!(scope, Scope::Run | Scope::Deliver), "{path}");
            }
        }
    }

    #[test]
    fn every_entry_of_the_navigation_is_a_page_with_its_scope() {
        for entry in NAVIGATION {
            let found =
                routes().into_iter().any(|(scope, path, _)| (scope, path) == (entry.scope, entry.path));
            assert!(found, "{}", entry.path);
        }
    }
}
