//! The rows: every call under `/api/v1`, what it needs, takes and gives.

use serde_json::Value;

use super::schema::{Anything, Text};
use super::{Call, delete, get, patch, post, put};
use crate::http::caller::Scope::{Admin, Audit, Deliver, Events, Read, Run};
use crate::http::{
    actions, adapters, aliases, audit, chat, config, deliveries, events, executions, handlers, health, keys,
    notifiers, output, schedules, service_tests, silences, subjects, token_api, topics, users,
};

/// Every call, in the order of the reference page.
pub(in crate::http) fn calls() -> Vec<Call> {
    [told(), delivered(), notified(), topical(), run(), kept(), itself()].into_iter().flatten().collect()
}

/// Events.
fn told() -> Vec<Call> {
    vec![
        post(
            Events,
            "/events",
            events::take,
            "Takes one event, or a list of 1 to 1,000; on the disk when the answer comes",
        )
        .body::<events::Telling>()
        .gives::<Anything>(202),
        get(
            Read,
            "/events",
            events::list_all,
            "Events, the newest first; with `limit` or `before` as `{\"events\", \"next\": ID}`",
        )
        .query::<events::Asked>()
        .lists::<events::Seen>(),
        get(
            Read,
            "/events/{id}",
            events::show,
            "One event with its deliveries, and how it stands at each notifier",
        )
        .gives::<events::Seen>(200),
    ]
}

/// Deliveries.
fn delivered() -> Vec<Call> {
    vec![
        get(
            Read,
            "/deliveries",
            deliveries::list,
            "Deliveries, the newest first; with `limit` or `before` as `{\"deliveries\", \"next\": ID}`",
        )
        .query::<deliveries::Asked>()
        .lists::<deliveries::Delivery>(),
        get(
            Read,
            "/deliveries/{id}",
            deliveries::show,
            "One delivery with its attempts and the events that it tells of",
        )
        .gives::<deliveries::Delivery>(200),
        post(
            Deliver,
            "/deliveries/replay",
            deliveries::replay,
            "Sends dead and dropped ones again, under the same ids",
        )
        .body::<deliveries::Which>()
        .gives::<deliveries::Sorted>(200),
        post(
            Deliver,
            "/deliveries/purge",
            deliveries::purge,
            "Removes dead and dropped ones with their attempts",
        )
        .body::<deliveries::Which>()
        .gives::<deliveries::Sorted>(200),
        post(Deliver, "/deliveries/{id}/cancel", deliveries::cancel, "Lets go of one that waits")
            .gives::<Anything>(200)
            .fails(&[409]),
        get(Read, "/silences", silences::list, "The silences in force")
            .query::<silences::Asked>()
            .lists::<silences::Silenced>(),
        post(Deliver, "/silences", silences::begin, "Begins a silence")
            .body::<silences::Wanted>()
            .gives::<silences::Silenced>(201),
        delete(Deliver, "/silences/{id}", silences::end, "Ends a silence now")
            .gives::<silences::Silenced>(200),
        post(
            Deliver,
            "/subjects/ack",
            subjects::acknowledge,
            "Takes care of a subject until its outcome changes",
        )
        .body::<subjects::Wanted>()
        .gives::<Anything>(200)
        .fails(&[404]),
    ]
}

/// Notifiers and their options.
fn notified() -> Vec<Call> {
    vec![
        get(Read, "/notifiers", notifiers::list, "How every notifier stands").lists::<Anything>(),
        post(
            Deliver,
            "/notifiers/{name}/test",
            notifiers::test,
            "Sends a test, of the event in the body if there is one, to every target",
        )
        .query::<notifiers::Asked>()
        .may_have::<events::Told>()
        .gives::<Anything>(200),
        get(Read, "/service-tests", service_tests::list, "What each kind of notifier is tested with")
            .query::<service_tests::Asked>()
            .gives::<Anything>(200),
        get(Read, "/service-tests/{kind}", service_tests::show, "One kind, with the schema of its options")
            .gives::<Anything>(200),
        post(Admin, "/service-tests/{kind}", service_tests::run, "Sends a test with the options in the body")
            .may_have::<serde_json::Map<String, Value>>()
            .gives::<Anything>(200)
            .fails(&[409]),
        get(
            Read,
            "/config",
            config::all,
            "The settings of the bot, and every kind of notifier with its notifiers; secrets cut",
        )
        .gives::<Anything>(200),
        get(
            Read,
            "/config/{section}",
            config::section,
            "One kind: its notifiers, and the schema of its options",
        )
        .gives::<Anything>(200),
        post(
            Admin,
            "/config/{section}",
            config::change_section,
            "Adds a notifier of a kind, or removes added ones",
        )
        .body::<config::Members>()
        .gives::<Anything>(200)
        .fails(&[409]),
        get(Read, "/config/{section}/{element}", config::element, "The options of one notifier")
            .gives::<Anything>(200),
        post(
            Admin,
            "/config/{section}/{element}",
            config::change_element,
            "Sets options of a notifier, if it takes them",
        )
        .body::<config::Change>()
        .gives::<Anything>(200)
        .fails(&[409]),
    ]
}

/// Topics.
fn topical() -> Vec<Call> {
    let handler = "/topics/{topic}/handlers/{handler}";
    vec![
        get(Read, "/topics", topics::list, "The topics").query::<topics::Asked>().gives::<Anything>(200),
        get(Read, "/topics/{topic}", topics::show, "One topic").gives::<Anything>(200),
        delete(
            Admin,
            "/topics/{topic}",
            topics::remove,
            "Removes a topic: what it remembers, its handlers, what they gather",
        )
        .gives::<Anything>(200),
        get(Read, "/topics/{topic}/events", topics::events, "What a topic remembers, the worst first")
            .query::<topics::Asked>()
            .gives::<Anything>(200),
        get(Read, "/topics/{topic}/events/{event}", topics::event, "What a topic remembers of one thing")
            .gives::<Anything>(200),
        get(Read, "/topics/{topic}/handlers", handlers::list, "Who listens to a topic")
            .gives::<Anything>(200),
        post(Admin, "/topics/{topic}/handlers", handlers::create, "Makes a handler")
            .body::<Anything>()
            .gives::<Anything>(201)
            .fails(&[409]),
        get(Read, handler, handlers::show, "One handler").gives::<Anything>(200),
        put(Admin, handler, handlers::replace, "Makes a handler or replaces it")
            .body::<Anything>()
            .gives::<Anything>(200)
            .fails(&[409]),
        patch(Admin, handler, handlers::patch, "Changes a handler by a JSON Merge Patch or a JSON Patch")
            .body::<Value>()
            .gives::<Anything>(200)
            .fails(&[409]),
        delete(Admin, handler, handlers::remove, "Removes a handler").gives::<Anything>(200),
    ]
}

/// What runs, and what can.
fn run() -> Vec<Call> {
    vec![
        get(Read, "/executions", executions::list, "Executions, the newest first")
            .query::<executions::Asked>()
            .lists::<executions::Execution>(),
        get(Read, "/executions/{id}", executions::show, "One execution with its result")
            .gives::<executions::Whole>(200),
        get(
            Read,
            "/executions/{id}/output",
            output::stream,
            "What an execution wrote, and writes until its end; as server-sent events for who accepts them",
        )
        .gives_as::<Text>(200, output::PLAIN)
        .gives_as::<Text>(200, output::EVENTS),
        post(Run, "/executions/{id}/cancel", executions::cancel, "Ends an execution that waits or runs")
            .gives::<executions::Changed>(200),
        post(
            Run,
            "/executions/{id}/rerun",
            executions::rerun,
            "Runs an execution again, with the rights of the caller",
        )
        .gives::<executions::Begun>(202)
        .fails(&[422]),
        get(Read, "/aliases", aliases::list, "The commands").lists::<aliases::Brief>(),
        post(
            Read,
            "/aliases/match",
            aliases::matches,
            "What a text means: which command, with which parameters",
        )
        .body::<aliases::Question>()
        .gives::<crate::alias::answer::Answer>(200),
        get(Read, "/aliases/help", aliases::helped, "What help prints")
            .query::<aliases::Asked>()
            .gives::<crate::alias::help::Page>(200),
        post(Admin, "/aliases/reload", executions::reload, "Loads the configuration again")
            .gives::<executions::Loaded>(200),
        get(Read, "/aliases/{alias}", aliases::show, "One command").gives::<aliases::Brief>(200),
        get(Read, "/actions", actions::list, "What can be run").lists::<actions::Brief>(),
        post(
            Run,
            "/actions/run",
            actions::run,
            "Runs an action, to its end or (`\"wait\": false`) to its beginning",
        )
        .body::<actions::Run>()
        .gives::<actions::Ran>(200)
        .gives::<actions::Ran>(202)
        .fails(&[404, 422]),
        get(Read, "/actions/{action}", actions::show, "One action with its parameters")
            .gives::<actions::Full>(200),
    ]
}

/// Who did what, and who may.
fn kept() -> Vec<Call> {
    vec![
        get(Audit, "/audit", audit::list, "Audit records, the newest first")
            .query::<audit::Asked>()
            .lists::<audit::Line>(),
        get(Audit, "/audit/export", audit::exported, "The whole audit log, the oldest first")
            .query::<audit::Wanted>()
            .gives_as::<Text>(200, "application/x-ndjson")
            .gives_as::<Text>(200, "text/csv"),
        get(
            Audit,
            "/audit/verify",
            audit::verified,
            "Tells whether any record was changed, removed, moved or added",
        )
        .query::<audit::Against>()
        .gives::<audit::Verified>(200),
        get(Read, "/schedules", schedules::list, "What is to happen later").gives::<Anything>(200),
        post(Run, "/schedules", schedules::create, "Makes a schedule out of a line such as `at 17:00 run ...`")
            .body::<schedules::Wanted>()
            .gives::<Anything>(201),
        get(Read, "/schedules/{id}", schedules::show, "One schedule").gives::<Anything>(200),
        delete(Run, "/schedules/{id}", schedules::remove, "Removes a schedule").gives::<Anything>(200),
        post(Run, "/schedules/{id}/pause", schedules::pause, "Lets a schedule rest").gives::<Anything>(200),
        post(Run, "/schedules/{id}/resume", schedules::resume, "Lets it go on").gives::<Anything>(200),
        get(Read, "/keys", keys::list, "Pairs of the key-value datastore whose names begin like this")
            .query::<keys::Asked>()
            .gives::<Anything>(200),
        get(Read, "/keys/{name}", keys::show, "One pair; a secret is shown with `decrypt=true`, to admins")
            .query::<keys::Asked>()
            .gives::<Anything>(200),
        put(Admin, "/keys/{name}", keys::put, "Keeps a value under a name")
            .query::<keys::Asked>()
            .body::<keys::Wanted>()
            .gives::<Anything>(200),
        delete(Admin, "/keys/{name}", keys::remove, "Removes a pair")
            .query::<keys::Asked>()
            .gives::<Anything>(200),
        get(Read, "/users", users::list, "Everybody whom a rule names").lists::<users::User>(),
        get(Read, "/users/{person}", users::show, "Who the bot takes a person for").gives::<users::User>(200),
        get(Read, "/roles", users::roles, "The roles: who has them, what they allow")
            .lists::<crate::access::Role>(),
        get(Read, "/access", users::who_can, "Who may run something, and by which rule")
            .query::<users::Asked>()
            .gives::<users::Holders>(200),
        get(Admin, "/tokens", token_api::list, "The tokens, those that were revoked too")
            .lists::<token_api::Known>(),
        post(Admin, "/tokens", token_api::create, "Makes a token, which is shown this once")
            .body::<token_api::Wanted>()
            .gives::<token_api::Made>(201)
            .fails(&[409]),
        delete(Admin, "/tokens/{token}", token_api::revoke, "Revokes a token, named by its id or its name")
            .gives::<Anything>(200),
    ]
}

/// The bot itself.
fn itself() -> Vec<Call> {
    vec![
        get(Read, "/status", health::status, "How the bot stands").gives::<health::Status>(200),
        get(Read, "/adapters", adapters::list, "The connections to chat services")
            .lists::<adapters::Adapter>(),
        get(Read, "/adapters/{adapter}", adapters::show, "One connection").gives::<adapters::Adapter>(200),
        post(
            Admin,
            "/adapters/{adapter}/reconnect",
            adapters::reconnect,
            "Ends a connection and begins it anew",
        )
        .gives::<adapters::Adapter>(202),
        post(Admin, "/reload", executions::reload, "Loads the configuration again")
            .gives::<executions::Loaded>(200),
        post(Admin, "/chat", chat::say, "One command of a terminal, its answers as lines of JSON")
            .body::<chat::Say>()
            .gives_as::<Text>(200, "application/x-ndjson"),
    ]
}
