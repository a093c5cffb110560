//! Events, deliveries, silences, notifiers, routes.

use crate::http::caller::Scope::{Admin, Deliver, Events, Read};
use crate::http::catalogue::schema::Anything;
use crate::http::catalogue::{Call, delete, get, patch, post, put};
use crate::http::{
    copies, deliveries, events, notifications, notifiers, routes, scopes, silences, subjects, told, trial,
    wanted,
};

/// Events.
pub(super) fn told() -> Vec<Call> {
    vec![
        post(
            Events,
            "/events",
            events::take,
            "Takes one event, or a list of 1 to 1,000; on the disk when the answer comes",
        )
        .body::<told::Telling>()
        .gives::<told::Taken>(202),
        get(
            Read,
            "/events",
            events::list_all,
            "Events, the newest first; with `limit` or `before` as `{\"events\", \"next\": ID}`",
        )
        .query::<events::Asked>()
        .lists_by_id::<told::Seen>(),
        get(
            Read,
            "/events/{id}",
            events::show,
            "One event with its deliveries, and how it stands at each notifier",
        )
        .gives::<told::Whole>(200),
        get(
            Read,
            "/events/{id}/notifications",
            notifications::of_event,
            "What became of one event, at each notifier",
        )
        .lists::<notifications::Notification>(),
    ]
}

/// Deliveries.
pub(super) fn delivered() -> Vec<Call> {
    vec![
        get(
            Read,
            "/deliveries",
            deliveries::list,
            "Deliveries, the newest first; with `limit` or `before` as `{\"deliveries\", \"next\": ID}`",
        )
        .query::<deliveries::Asked>()
        .lists_by_id::<deliveries::Delivery>(),
        get(
            Read,
            "/deliveries/{id}",
            deliveries::show,
            "One delivery with its attempts and the events that it tells of",
        )
        .gives::<deliveries::Whole>(200),
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
            .gives::<deliveries::Dropped>(200)
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
        .gives::<subjects::Known>(200)
        .fails(&[404]),
    ]
}

/// Notifiers.
pub(super) fn notified() -> Vec<Call> {
    let one = "/notifiers/{notifier}";
    vec![
        get(
            Read,
            "/notifiers",
            notifiers::list,
            "The notifiers and how they stand; those from files are marked",
        )
        .lists::<notifiers::Notifier>(),
        post(
            Admin,
            "/notifiers",
            notifiers::create,
            "Makes a notifier that no file has; it works at once, and routes can name it",
        )
        .body::<wanted::Wanted>()
        .gives::<notifiers::Whole>(201)
        .fails(&[409]),
        get(Read, one, notifiers::show, "One notifier, by its number or its name")
            .gives::<notifiers::Whole>(200),
        put(Admin, one, notifiers::replace, "Replaces a notifier that was made here")
            .body::<wanted::Wanted>()
            .gives::<notifiers::Whole>(200)
            .fails(&[409]),
        patch(Admin, one, notifiers::patch, "Changes some of a notifier that was made here")
            .body::<wanted::Changes>()
            .gives::<notifiers::Whole>(200)
            .fails(&[409]),
        delete(Admin, one, notifiers::remove, "Removes a notifier that was made here")
            .gives::<Anything>(204)
            .fails(&[409]),
        post(
            Admin,
            "/notifiers/{notifier}/copy",
            copies::copy,
            "Makes another notifier like it, secrets among its options",
        )
        .body::<copies::Copied>()
        .gives::<notifiers::Whole>(201)
        .fails(&[409]),
        post(
            Deliver,
            "/notifiers/{notifier}/test",
            trial::test,
            "Sends a test, of the event in the body if there is one, to every target",
        )
        .query::<trial::Asked>()
        .may_have::<told::Told>()
        .gives::<trial::Outcome>(200),
        get(
            Read,
            "/notifiers/{notifier}/notifications",
            notifications::of_notifier,
            "The history of one notifier, the newest first",
        )
        .lists::<notifications::Notification>(),
        get(Read, "/notifications", notifications::list, "The history of notifications, the newest first")
            .query::<notifications::Asked>()
            .lists::<notifications::Notification>(),
        get(Read, "/notifications/{id}", notifications::show, "One notification with its deliveries")
            .gives::<notifications::Notification>(200),
    ]
}

/// Routes.
pub(super) fn routed() -> Vec<Call> {
    vec![
        get(Read, "/routes", routes::list, "The routes of the file, then what was attached").lists::<routes::Rule>(),
        post(Read, "/routes/explain", routes::explained, "Says which route sends an event where, and why not elsewhere; nothing is sent")
            .body::<routes::Question>()
            .gives::<routes::Explained>(200),
        get(Read, "/scopes", scopes::list_all, "Every notifier that was attached to a scope").lists::<scopes::Attachment>(),
        get(Read, "/scopes/{path}/{list}", scopes::list, "The notifiers attached to a scope; `list` is `notifiers_any`, `_started`, `_success`, `_error` or `_approvals`, `path` percent-encoded")
            .lists::<scopes::Attachment>(),
        post(Admin, "/scopes/{path}/{list}", scopes::change, "Attaches a notifier to a scope, or detaches it")
            .body::<scopes::Wanted>()
            .gives::<Anything>(204),
    ]
}
