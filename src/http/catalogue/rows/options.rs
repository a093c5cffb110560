//! Options of notifiers, and topics.

use crate::http::caller::Scope::{Admin, Read};
use crate::http::catalogue::{Call, delete, get, patch, post, put};
use crate::http::{config, handlers, patch as patches, service_tests, topics};

/// Options of notifiers.
pub(super) fn optional() -> Vec<Call> {
    vec![
        get(Read, "/service-tests", service_tests::list, "What each kind of notifier is tested with")
            .query::<service_tests::Asked>()
            .gives::<service_tests::Services>(200),
        get(Read, "/service-tests/{kind}", service_tests::show, "One kind, with the schema of its options")
            .gives::<service_tests::Described>(200),
        post(Admin, "/service-tests/{kind}", service_tests::run, "Sends a test with the options in the body")
            .may_have::<service_tests::Given>()
            .gives::<service_tests::Served>(200)
            .fails(&[409]),
        get(
            Read,
            "/config",
            config::all,
            "The settings of the bot, and every kind of notifier with its notifiers; secrets cut",
        )
        .gives::<config::Whole>(200),
        get(
            Read,
            "/config/{section}",
            config::section,
            "One kind: its notifiers, and the schema of its options",
        )
        .gives::<config::Section>(200),
        post(
            Admin,
            "/config/{section}",
            config::change_section,
            "Adds a notifier of a kind, or removes added ones",
        )
        .body::<config::Members>()
        .gives::<config::Changed>(200)
        .fails(&[409]),
        get(Read, "/config/{section}/{element}", config::element, "The options of one notifier")
            .gives::<config::Element>(200),
        post(
            Admin,
            "/config/{section}/{element}",
            config::change_element,
            "Sets options of a notifier, if it takes them",
        )
        .body::<config::Change>()
        .gives::<config::Element>(200)
        .fails(&[409]),
    ]
}

/// Topics.
pub(super) fn topical() -> Vec<Call> {
    let handler = "/topics/{topic}/handlers/{handler}";
    vec![
        get(Read, "/topics", topics::list, "The topics")
            .query::<topics::Asked>()
            .gives::<topics::Topics>(200),
        get(Read, "/topics/{topic}", topics::show, "One topic").gives::<topics::Topic>(200),
        delete(
            Admin,
            "/topics/{topic}",
            topics::remove,
            "Removes a topic: what it remembers, its handlers, what they gather",
        )
        .gives::<topics::Topic>(200),
        get(Read, "/topics/{topic}/events", topics::events, "What a topic remembers, the worst first")
            .query::<topics::Asked>()
            .gives::<topics::Memory>(200),
        get(Read, "/topics/{topic}/events/{event}", topics::event, "What a topic remembers of one thing")
            .gives::<topics::Remembered>(200),
        get(Read, "/topics/{topic}/handlers", handlers::list, "Who listens to a topic")
            .gives::<handlers::Handlers>(200),
        post(Admin, "/topics/{topic}/handlers", handlers::create, "Makes a handler")
            .body::<handlers::Made>()
            .gives::<handlers::Handler>(201)
            .fails(&[409]),
        get(Read, handler, handlers::show, "One handler").gives::<handlers::Handler>(200),
        put(Admin, handler, handlers::replace, "Makes a handler or replaces it")
            .body::<handlers::Replaced>()
            .gives::<handlers::Handler>(200)
            .fails(&[409]),
        patch(Admin, handler, handlers::patch, "Changes a handler by a JSON Merge Patch or a JSON Patch")
            .body::<patches::Patch<handlers::Changed>>()
            .gives::<handlers::Handler>(200)
            .fails(&[409]),
        delete(Admin, handler, handlers::remove, "Removes a handler").gives::<handlers::Handler>(200),
    ]
}
