//! What waits for somebody's word, what is to happen later, what is kept under names.

use crate::http::caller::Scope::{Admin, Read, Run};
use crate::http::catalogue::{Call, delete, get, post, put};
use crate::http::{approvals, keys, schedules};

/// Approvals and questions.
pub(super) fn awaited() -> Vec<Call> {
    vec![
        get(Read, "/approvals", approvals::list, "What waits for approval, a code or an answer")
            .lists::<approvals::Awaited>(),
        get(Read, "/approvals/{id}", approvals::show, "One thing that waits, with every parameter and vote")
            .gives::<approvals::Awaited>(200),
        post(Run, "/approvals/{id}/approve", approvals::approve, "Approves, as the person of the token")
            .may_have::<approvals::Word>()
            .gives::<approvals::Verdict>(200)
            .fails(&[409]),
        post(Run, "/approvals/{id}/deny", approvals::deny, "Denies, as the person of the token")
            .may_have::<approvals::Word>()
            .gives::<approvals::Verdict>(200)
            .fails(&[409]),
        post(Run, "/approvals/{id}/withdraw", approvals::withdraw, "Takes back what the caller asked for")
            .may_have::<approvals::Word>()
            .gives::<approvals::Verdict>(200)
            .fails(&[409]),
        post(Run, "/approvals/{id}/answer", approvals::answer, "Answers a question")
            .body::<approvals::Answer>()
            .gives::<approvals::Verdict>(200)
            .fails(&[409]),
    ]
}

/// The key-value datastore.
pub(super) fn pairs() -> Vec<Call> {
    vec![
        get(Read, "/keys", keys::list, "Pairs of the datastore whose names begin like this")
            .query::<keys::Asked>()
            .lists::<keys::Kept>(),
        get(Read, "/keys/{name}", keys::show, "One pair; a secret is shown with `decrypt=true`, to admins")
            .query::<keys::Asked>()
            .gives::<keys::Kept>(200),
        put(Admin, "/keys/{name}", keys::put, "Keeps a value under a name")
            .query::<keys::Asked>()
            .body::<keys::Wanted>()
            .gives::<keys::Kept>(200),
        delete(Admin, "/keys/{name}", keys::remove, "Removes a pair")
            .query::<keys::Asked>()
            .gives::<keys::Deleted>(200),
    ]
}

/// Schedules.
pub(super) fn scheduled() -> Vec<Call> {
    vec![
        get(Read, "/schedules", schedules::list, "What is to happen later").lists::<schedules::Planned>(),
        post(Run, "/schedules", schedules::create, "Makes a schedule of a line such as `at 17:00 run ...`")
            .body::<schedules::Wanted>()
            .gives::<schedules::Planned>(201),
        get(Read, "/schedules/{id}", schedules::show, "One schedule").gives::<schedules::Planned>(200),
        delete(Run, "/schedules/{id}", schedules::remove, "Removes a schedule")
            .gives::<schedules::Planned>(200),
        post(Run, "/schedules/{id}/pause", schedules::pause, "Lets a schedule rest")
            .gives::<schedules::Planned>(200),
        post(Run, "/schedules/{id}/resume", schedules::resume, "Lets a schedule go on")
            .gives::<schedules::Planned>(200),
    ]
}
