//! What every kind must do, tried on each row of the list against a recorder on a loopback port that refuses
//! what the vendor's published API refuses.

mod recorder;
mod vendors;

use std::time::Duration;

use serde_json::{Value, json};

use super::{CATALOGUE, Doors, Handle, Mode, Notice, Post, Receipt, Room, Row, SendError, Service, Texts};
use crate::model::Timestamp;
use crate::net::World;
use crate::notifier::Boxed;
use crate::template::Templates;

pub(super) use recorder::{Answer, Recorder, Seen};
use vendors::{Vendor, vendor};

/// What the kinds are given in tests.
pub(super) struct Rig {
    world: World,
    templates: Templates,
    pub(super) mode: Mode,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self { world: World::real(), templates: Templates::default(), mode: Mode::Send }
    }

    pub(super) fn doors(&self) -> Doors<'_> {
        Doors { world: &self.world, templates: &self.templates, chat: &Nobody, mode: self.mode }
    }
}

struct Nobody;

impl Room for Nobody {
    fn post<'a>(
        &'a self,
        _: &'a str,
        _: Post,
        _: Option<&'a Handle>,
    ) -> Boxed<'a, Result<Receipt, SendError>> {
        Box::pin(async { Err(super::refused("no adapter is connected")) })
    }
}

/// The options of the example on a kind's page, with `${NAME}` standing for `hunter2`.
fn example(row: &Row) -> Value {
    let mut file: Value = serde_yaml::from_str(&fetched(row.example())).unwrap();
    file["notifiers"][0]["to"][row.kind].take()
}

/// `${ANYTHING}` replaced by a secret.
fn fetched(text: &str) -> String {
    let mut pieces = text.split("${");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str("hunter2");
        out.push_str(piece.split_once('}').unwrap().1);
    }
    out
}

/// The example's service with its address at the recorder.
fn service(row: &Row, vendor: &Vendor, recorder: &Recorder, http: Value) -> Service {
    let mut options = example(row);
    options[vendor.address] = json!(format!("{}{}", recorder.base(), vendor.path));
    options["http"] = http;
    let service: Service = serde_json::from_value(json!({row.kind: options})).unwrap();
    service.check().unwrap();
    service
}

fn notice(service: &Service) -> Notice {
    let sample = Notice { target: service.targets().remove(0), ..Notice::sample(Timestamp::from_micros(1)) };
    Texts::of(sample, &super::Messages::default(), &Templates::default()).notice
}

/// The kinds that speak HTTP, with what their vendors accept.
fn over_http() -> impl Iterator<Item = (&'static Row, Vendor)> {
    CATALOGUE.iter().filter_map(|row| Some((row, vendor(row.kind)?)))
}

#[test]
fn every_kind_is_tried() {
    for row in CATALOGUE {
        // Mail and IRC are tried against real servers: tests/it/notify_mail.rs, notify_irc.rs.
        let elsewhere = ["exec", "log", "email", "irc", "chat"].contains(&row.kind);
        assert!(elsewhere || vendor(row.kind).is_some(), "add `{}` to conformance/vendors.rs", row.kind);
    }
}

#[tokio::test]
async fn no_kind_shows_a_secret_before_it_sends_anything() {
    let rehearsal = Rig { mode: Mode::Rehearse, ..Rig::new() };
    for row in CATALOGUE {
        let service: Service = serde_json::from_value(json!({row.kind: example(row)})).unwrap();
        service.check().unwrap_or_else(|why| panic!("{}: {why}", row.kind));
        let shown = format!("{service:?} {:?} {:?}", service.targets(), service.warnings());
        assert!(!shown.contains("hunter2"), "{}: {shown}", row.kind);
        for target in service.targets() {
            let notice = Notice { target, ..notice(&service) };
            let shown = service.send(&rehearsal.doors(), &notice, None).await.unwrap().answer;
            assert!(!shown.is_empty() && !shown.contains("hunter2"), "{}: {shown}", row.kind);
        }
    }
}

#[tokio::test]
async fn a_notice_that_the_vendor_accepts_is_sent() {
    let rig = Rig::new();
    for (row, vendor) in over_http() {
        let recorder = Recorder::start(vendor.good.clone()).await;
        let service = service(row, &vendor, &recorder, json!({}));
        for target in service.targets() {
            let notice = Notice { target, ..notice(&service) };
            let receipt = service.send(&rig.doors(), &notice, None).await;
            assert!(receipt.is_ok(), "{}: {receipt:?}", row.kind);
        }
        let seen = recorder.requests();
        assert_eq!(seen.len(), service.targets().len(), "{}: one request for each target", row.kind);
        seen.iter().for_each(|request| vendor.judge(row.kind, request));
    }
}

#[tokio::test]
async fn busy_and_broken_services_are_asked_again_and_their_wishes_kept() {
    let rig = Rig::new();
    for (row, vendor) in over_http() {
        let recorder = Recorder::start(Answer::silence()).await;
        let service = service(row, &vendor, &recorder, json!({}));
        for status in [408, 425, 429, 500, 503] {
            recorder.answers(Answer::status(status).header("retry-after", "7"));
            let error = service.send(&rig.doors(), &notice(&service), None).await.unwrap_err();
            let SendError::Retry { after, .. } = error else { panic!("{} {status}: {error:?}", row.kind) };
            assert_eq!(after, Some(Duration::from_secs(7)), "{} {status}", row.kind);
        }
    }
}

#[tokio::test]
async fn other_refusals_are_final_and_tell_what_the_service_said() {
    let rig = Rig::new();
    for (row, vendor) in over_http() {
        let recorder = Recorder::start(Answer::silence()).await;
        let service = service(row, &vendor, &recorder, json!({}));
        for status in [302, 400, 401, 403, 404, 410, 422] {
            recorder.answers(Answer::status(status).body("no such thing"));
            let error = service.send(&rig.doors(), &notice(&service), None).await.unwrap_err();
            let SendError::Refused { why } = error else { panic!("{} {status}: {error:?}", row.kind) };
            assert!(why.contains("no such thing"), "{} {status}: {why}", row.kind);
        }
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up() {
    let rig = Rig::new();
    for (row, vendor) in over_http() {
        let recorder = Recorder::start(Answer::silence()).await;
        let service = service(row, &vendor, &recorder, json!({"timeout": "100ms"}));
        let error = service.send(&rig.doors(), &notice(&service), None).await.unwrap_err();
        assert!(matches!(error, SendError::Retry { .. }), "{}: {error:?}", row.kind);
    }
}

#[tokio::test]
async fn no_secret_is_shown_by_debug_errors_answers_or_a_rehearsal() {
    let rig = Rig::new();
    let rehearsal = Rig { mode: Mode::Rehearse, ..Rig::new() };
    for (row, vendor) in over_http() {
        let recorder = Recorder::start(Answer::status(400).body("hunter2 is wrong")).await;
        let service = service(row, &vendor, &recorder, json!({}));
        let error = service.send(&rig.doors(), &notice(&service), None).await.unwrap_err();
        let shown = service.send(&rehearsal.doors(), &notice(&service), None).await.unwrap();
        assert_eq!(recorder.requests().len(), 1, "{}: a rehearsal sends nothing", row.kind);
        for text in
            [format!("{service:?}"), format!("{error} {error:?}"), shown.answer, service.targets().join(" ")]
        {
            assert!(!text.contains("hunter2"), "{}: {text}", row.kind);
        }
    }
}

#[tokio::test]
async fn a_notice_of_any_length_fits_what_the_vendor_accepts() {
    let rig = Rig::new();
    for (row, vendor) in over_http() {
        let recorder = Recorder::start(vendor.good.clone()).await;
        let service = service(row, &vendor, &recorder, json!({}));
        let long = "wörd \u{1f600} <&> \"quoted\"\n".repeat(4000);
        let notice = Notice {
            title: long.clone(),
            message: long.replace('\n', " "),
            body: long.clone(),
            facts: (0..200).map(|number| (format!("{number}"), long.clone())).collect(),
            fingerprint: long.clone(),
            source: long.clone(),
            labels: [("l".to_owned(), long)].into(),
            ..notice(&service)
        };
        let outcome = service.send(&rig.doors(), &notice, None).await;
        if row.kind == "webhook" {
            // The endpoint is anybody's: nothing is known of its limit.
            continue;
        }
        assert!(outcome.is_ok(), "{}: {outcome:?}", row.kind);
        recorder.requests().iter().for_each(|request| vendor.judge(row.kind, request));
    }
}

#[test]
fn the_example_on_each_page_is_a_notifier_that_loads() {
    use crate::config::env::Env;
    for row in CATALOGUE {
        assert!(row.page.starts_with(&format!("# {}\n", row.kind)), "{}", row.kind);
        let text = fetched(row.example());
        let env = Env::parse(std::path::Path::new("chatops.env"), "", []).unwrap();
        let read =
            super::read(std::path::Path::new("notifiers.yaml"), &text, &env, std::path::Path::new("/"));
        assert!(
            !read.problems.iter().any(crate::config::Problem::is_fatal),
            "{}: {:?}",
            row.kind,
            read.problems
        );
        assert_eq!(read.notifiers[0].service.kind(), row.kind);
        assert!(!read.notifiers[0].service.targets().is_empty(), "{}", row.kind);
    }
}
