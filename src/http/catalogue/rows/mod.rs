//! The rows: every call under `/api/v1`, what it needs, takes and gives.

mod later;
mod notify;
mod options;

use super::schema::Text;
use super::{Call, delete, get, post};
use crate::http::caller::Scope::{Admin, Audit, Read, Run};
use crate::http::{
    actions, adapters, again, aliases, audit, chat, drain, executions, health, notifications, output,
    token_api, users,
};

/// Every call, in the order of the reference page.
pub(in crate::http) fn calls() -> Vec<Call> {
    [
        notify::told(),
        notify::delivered(),
        notify::notified(),
        notify::routed(),
        options::optional(),
        options::topical(),
        run(),
        later::awaited(),
        later::scheduled(),
        later::pairs(),
        kept(),
        itself(),
    ]
    .into_iter()
    .flatten()
    .collect()
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
        get(
            Read,
            "/executions/{id}/notifications",
            notifications::of_execution,
            "What was told of one execution",
        )
        .lists::<notifications::Notification>(),
        post(Run, "/executions/{id}/cancel", again::cancel, "Ends an execution that waits or runs")
            .gives::<again::Changed>(200),
        post(
            Run,
            "/executions/{id}/rerun",
            again::rerun,
            "Runs an execution again, with the rights of the caller; a workflow also from some of its tasks",
        )
        .may_have::<again::Again>()
        .gives::<again::Begun>(202)
        .fails(&[409, 422]),
        post(Run, "/executions/{id}/pause", again::pause, "Lets a workflow start nothing more")
            .gives::<again::Changed>(200)
            .fails(&[409]),
        post(Run, "/executions/{id}/resume", again::resume, "Lets a paused workflow go on")
            .may_have::<again::Resumed>()
            .gives::<again::Changed>(200)
            .fails(&[409]),
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
            .gives::<token_api::Revoked>(200),
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
        .gives::<adapters::Adapter>(202)
        .fails(&[409]),
        post(Admin, "/reload", executions::reload, "Loads the configuration again")
            .gives::<executions::Loaded>(200),
        get(Read, "/drain", drain::show, "Whether the bot drains, and how much it has to finish")
            .gives::<drain::Drain>(200),
        post(Admin, "/drain", drain::begin, "Finishes what runs and takes nothing new, also after a restart")
            .gives::<drain::Drain>(200),
        delete(Admin, "/drain", drain::end, "Takes commands again").gives::<drain::Drain>(200),
        post(Admin, "/chat", chat::say, "One command of a terminal, its answers as lines of JSON")
            .body::<chat::Say>()
            .gives_as::<Text>(200, "application/x-ndjson"),
        post(
            Admin,
            "/chat/listen",
            chat::listen,
            "What comes for a terminal beside answers, as lines of JSON without end",
        )
        .body::<chat::Listener>()
        .gives_as::<Text>(200, "application/x-ndjson"),
    ]
}
