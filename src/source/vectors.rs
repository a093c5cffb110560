//! The recorded requests in `tests/data/events`, each with what it must become, literally, in `expected.json`.
//! `UPDATE_EVENTS=1` writes that file anew, to be read before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::proof::{Credentials, Hmac};
use super::{Body, Configured};
use crate::model::{Event, Secret, Timestamp};

/// When the signed requests were signed: 2026-11-20T19:40:00Z.
const SIGNED: i64 = 1_795_203_600;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events")
}

/// One recorded request.
struct Recorded {
    name: String,
    kind: &'static str,
    method: String,
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
    secret: Option<String>,
}

impl Recorded {
    fn body(&self) -> Body<'_> {
        Body { method: &self.method, headers: &self.headers, query: &[], bytes: &self.bytes }
    }
}

/// Who sends what is in a folder.
fn kind(folder: &str) -> &'static str {
    let name = match folder {
        "django-uwsgi-taskmanager" => "taskmanager",
        "generic-json" => "apprise",
        other => other,
    };
    super::Row::of(name).unwrap().kind
}

fn recorded() -> Vec<Recorded> {
    let mut all = Vec::new();
    for sender in fs::read_dir(folder()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(sender.path()).unwrap().flatten() {
            let (file, path) = (file.file_name().into_string().unwrap(), file.path());
            let Some(name) = file.strip_suffix(".req.json") else { continue };
            let request: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let headers = request["headers"].as_object().unwrap().iter();
            let body = request["body_file"].as_str();
            let sender = sender.file_name().into_string().unwrap();
            all.push(Recorded {
                name: format!("{sender}/{name}"),
                kind: kind(&sender),
                method: request["method"].as_str().unwrap().to_owned(),
                headers: headers
                    .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()))
                    .collect(),
                bytes: body.map(|body| fs::read(path.with_file_name(body)).unwrap()).unwrap_or_default(),
                secret: request["secret"].as_str().map(str::to_owned),
            });
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn shown(event: &Event) -> Value {
    let mut all = json!({"kind": event.kind, "status": event.status, "level": event.level, "title": event.title,
        "text": event.text, "url": event.url, "labels": event.labels, "fingerprint": event.fingerprint,
        "dedup_key": event.dedup_key});
    let more = [
        ("at", event.at.map(|at| json!(at.to_string()))),
        ("started", event.started.map(|at| json!(at.to_string()))),
        ("seconds", event.duration.map(|span| json!(span.as_secs_f64()))),
        ("actor", event.actor.as_ref().map(|actor| json!(actor))),
        ("group", event.group.as_ref().map(|group| json!(group))),
        ("links", (!event.links.is_empty()).then(|| json!(event.links))),
        ("parts", (!event.parts.is_empty()).then(|| event.parts.iter().map(shown).collect())),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            all[name] = value;
        }
    }
    all
}

#[test]
fn every_recorded_request_becomes_what_is_expected() {
    let file = folder().join("expected.json");
    let found: BTreeMap<String, Value> = recorded()
        .iter()
        .map(|request| {
            let source = Configured::of_kind(request.kind).unwrap();
            let items =
                source.read(&request.body()).unwrap_or_else(|why| panic!("{}: {why}", request.name)).0;
            (request.name.clone(), items.iter().map(|item| shown(&item.event)).collect())
        })
        .collect();
    if std::env::var_os("UPDATE_EVENTS").is_some() {
        fs::write(&file, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
        return;
    }
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, found) in found {
        assert_eq!(found, expected[&name], "{name}");
    }
}

#[test]
fn every_recorded_signature_is_right_and_one_changed_byte_is_not() {
    let mut count = 0;
    for request in recorded() {
        let Some(secret) = &request.secret else { continue };
        let scheme = super::Row::of(request.kind).unwrap().scheme;
        let hmac = |secret: &str| Hmac {
            scheme,
            secrets: vec![Secret::new(secret)],
            header: None,
            time_header: None,
            window: Duration::from_secs(300),
        };
        let verify = |secret: &str, raw: &[u8], seconds: i64| {
            let credentials = Credentials { hmac: Some(hmac(secret)), ..Credentials::default() };
            credentials.signed(&request.body(), raw, Timestamp::from_micros(seconds * 1_000_000))
        };
        assert_eq!(verify(secret, &request.bytes, SIGNED), Ok(()), "{}", request.name);
        assert!(verify("b3RoZXI=", &request.bytes, SIGNED).is_err(), "{}", request.name);
        let mut changed = request.bytes.clone();
        changed[10] ^= 1;
        let is_token = request.kind == "gitlab";
        assert_eq!(verify(secret, &changed, SIGNED).is_ok(), is_token, "{}", request.name);
        let is_timed = matches!(request.kind, "grafana" | "standard-webhooks");
        assert_eq!(verify(secret, &request.bytes, SIGNED + 301).is_err(), is_timed, "{}", request.name);
        count += 1;
    }
    assert_eq!(count, 8);
}

/// Start and end of a thing share its fingerprint.
#[test]
fn what_belongs_together_is_one_subject() {
    let print = |name: &str| {
        let all = recorded();
        let request = all.iter().find(|request| request.name == name).unwrap();
        let mut items = Configured::of_kind(request.kind).unwrap().read(&request.body()).unwrap().0;
        (items[0].event.fingerprint.clone(), items.remove(0).again)
    };
    assert_eq!(print("chaostoolkit/run-started").0, print("chaostoolkit/run-completed").0);
    assert_eq!(print("chaostoolkit/run-completed.deviated"), print("chaostoolkit/run-deviated"));
    assert_ne!(print("chaostoolkit/run-completed").0, print("chaostoolkit/run-deviated").0);
    assert_ne!(print("chaostoolkit/validate-started").0, print("chaostoolkit/run-started").0);
    assert_eq!(print("alertmanager/one-firing").0, print("alertmanager/one-resolved").0);
    assert_eq!(print("awx/job-failed").0, print("awx/job-successful").0);
    assert_eq!(print("github/workflow_run-requested").0, print("github/workflow_run-completed-failure").0);
    assert_eq!(print("kapacitor/post-warning").0, print("kapacitor/post-critical").0);
}
