//! Notifiers as an admin configures them, sending for real.

use std::path::Path;

use chatops::config::env::Env;
use chatops::model::{Handle, Moment, Receipt, SendError, Timestamp};
use chatops::net::World;
use chatops::notifier::{Boxed, Configured, Doors, Messages, Mode, Notice, Room, Texts, read};
use chatops::template::Templates;
use chatops::text::Post;
use serde_json::{Value, json};

/// What became of one delivery.
pub(crate) type Outcome = Result<Receipt, SendError>;

/// Reads `to:` as in notifiers.yaml; JSON is YAML.
pub(crate) fn notifier(to: &Value) -> Configured {
    let text = json!({"notifiers": [{"name": "n", "to": to}]}).to_string();
    let env = Env::parse(Path::new("chatops.env"), "", []).unwrap();
    let mut read = read(Path::new("notifiers.yaml"), &text, &env, Path::new("/"));
    assert!(!read.problems.iter().any(chatops::config::Problem::is_fatal), "{:?}", read.problems);
    read.notifiers.remove(0)
}

/// A failed job.
pub(crate) fn failed() -> Notice {
    Notice {
        delivery: "d-1".into(),
        source: "awx".into(),
        title: "deploy web".into(),
        body: "no space left on web1".into(),
        moment: Moment::Error,
        fingerprint: "awx:deploy-web".into(),
        link: Some("https://awx.example.org/#/jobs/7".into()),
        facts: vec![("hosts".into(), "web1".into())],
        at: Timestamp::from_micros(1_795_250_400_000_000),
        ..Notice::default()
    }
}

/// Words a notice by its default and sends it to each target of a notifier.
pub(crate) fn tell(notifier: &Configured, notice: Notice) -> Vec<(String, Outcome)> {
    let texts = Texts::of(notice, &Messages::default(), &Templates::default());
    tell_as_it_is(notifier, &texts.notice)
}

/// Sends a notice as it is to each target.
pub(crate) fn tell_as_it_is(notifier: &Configured, notice: &Notice) -> Vec<(String, Outcome)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (world, templates) = (World::real(), Templates::default());
    let doors = Doors { world: &world, templates: &templates, chat: &Nobody, mode: Mode::Send };
    let mut all = Vec::new();
    for target in notifier.service.targets() {
        let notice = Notice { target: target.clone(), ..notice.clone() };
        all.push((target, runtime.block_on(notifier.service.send(&doors, &notice, None))));
    }
    all
}

/// The single outcome of a notifier with one target.
pub(crate) fn only(mut told: Vec<(String, Outcome)>) -> Outcome {
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0).1
}

/// Why it was refused for good.
#[track_caller]
pub(crate) fn refused(outcome: Outcome) -> String {
    match outcome {
        Err(SendError::Refused { why }) => why,
        other => panic!("not refused: {other:?}"),
    }
}

/// Why it will be tried again.
#[track_caller]
pub(crate) fn later(outcome: Outcome) -> String {
    match outcome {
        Err(SendError::Retry { why, .. }) => why,
        other => panic!("not for later: {other:?}"),
    }
}

struct Nobody;

impl Room for Nobody {
    fn post<'a>(&'a self, _: &'a str, _: Post, _: Option<&'a Handle>) -> Boxed<'a, Outcome> {
        Box::pin(async { Err(SendError::Refused { why: "no adapter is connected".into() }) })
    }
}
