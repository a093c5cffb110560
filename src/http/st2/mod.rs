//! StackStorm's chat API, for programs that know it: a Hubot with hubot-stackstorm, err-stackstorm, the clients for
//! Python and Node. Addresses, bodies and statuses are those of StackStorm's own API, version 1
//! (docs.stackstorm.com/reference and api.stackstorm.com); what is found, allowed, run and recorded is ours.
//!
//! Each row of `routes` has the scope that the caller's token needs. Errors are `{"faultstring"}`.

mod about;
mod actions;
mod aliases;
mod executions;
mod fault;
mod guard;
mod keys;
mod login;
mod model;
mod page;
mod relays;
mod runs;
mod session;
mod stream;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use super::Site;
use super::caller::{Caller, Scope};

/// Every call under `/st2/api/v1`, and the scope that it needs.
fn routes() -> Vec<(Scope, &'static str, MethodRouter<Site>)> {
    use Scope::{Admin, Read, Run};
    vec![
        (Read, "/", get(about::index)),
        (Read, "/user", get(about::user)),
        (Read, "/packs", get(about::packs)),
        (Read, "/packs/{pack}", get(about::pack)),
        (Admin, "/apikeys", get(about::keys)),
        (Admin, "/apikeys/{id}", get(about::key)),
        (Read, "/runnertypes", get(actions::runners)),
        (Read, "/runnertypes/{name}", get(actions::runner)),
        (Read, "/actions", get(actions::list)),
        (Read, "/actions/views/overview", get(actions::list)),
        (Read, "/actions/views/overview/{name}", get(actions::show)),
        (Read, "/actions/views/parameters/{name}", get(actions::parameters)),
        (Read, "/actions/{name}", get(actions::show)),
        (Read, "/actionalias", get(aliases::list)),
        (Read, "/actionalias/help", get(aliases::help)),
        (Read, "/actionalias/match", post(aliases::fit)),
        (Read, "/actionalias/{name}", get(aliases::show)),
        (Run, "/aliasexecution", post(relays::one)),
        (Run, "/aliasexecution/match_and_execute", post(relays::whichever)),
        (Read, "/executions", get(executions::list)),
        (Run, "/executions", post(runs::begin)),
        (Read, "/executions/{id}", get(executions::show)),
        (Run, "/executions/{id}", axum::routing::delete(runs::cancel)),
        (Run, "/executions/{id}/re_run", post(runs::again)),
        (Read, "/executions/{id}/attribute/{attribute}", get(executions::attribute)),
        (Read, "/executions/{id}/children", get(executions::children)),
        (Read, "/executions/{id}/result", get(executions::result)),
        (Read, "/executions/{id}/output", get(executions::output)),
        (Read, "/keys", get(keys::list)),
        (Read, "/keys/{name}", get(keys::show)),
        (Admin, "/keys/{name}", axum::routing::put(keys::put).delete(keys::remove)),
        // A Hubot that is told of no address for streams looks here.
        (Read, "/stream", get(stream::read)),
    ]
}

/// All of it, to be nested under `/st2`.
pub(super) fn router(site: &Site) -> Router<Site> {
    let api = guarded(site, routes());
    let stream = guarded(site, vec![(Scope::Read, "/stream", get(stream::read))]);
    // Some clients name the version, some do not.
    let auth =
        Router::new().route("/tokens", post(login::create)).route("/tokens/validate", post(login::validate));
    Router::new()
        .nest("/api/v1", api)
        .nest("/stream/v1", stream)
        .nest("/auth/v1", auth.clone())
        .nest("/auth", auth)
        .method_not_allowed_fallback(fault::no_method)
        .fallback(fault::nowhere)
}

/// Some clients end an address with a slash.
fn guarded(site: &Site, routes: Vec<(Scope, &'static str, MethodRouter<Site>)>) -> Router<Site> {
    routes.into_iter().fold(Router::new(), |router, (scope, path, methods)| {
        let methods = methods.route_layer(from_fn_with_state((site.clone(), scope), guard::require));
        match path {
            "/" => router.route(path, methods),
            _ => router.route(path, methods.clone()).route(&format!("{path}/"), methods),
        }
    })
}
