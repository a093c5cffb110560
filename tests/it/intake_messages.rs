//! What people in a room read of every recorded request: `tests/data/events/messages.txt`. `UPDATE_EVENTS=1` writes it
//! anew, to be read before it is committed.

use std::fs;
use std::path::PathBuf;

use chatops::bot::notify::{Incoming, Once};
use chatops::model::Event;
use chatops::source::{Again, Body, CATALOGUE};
use serde_json::Value;

use crate::support::memory_bot::MemoryBot;
use crate::support::{homes, source};

fn folder() -> PathBuf {
    source::root().join("tests/data/events")
}

/// Every kind under its own name; all of it goes to one room.
fn hearing() -> MemoryBot {
    let sources: String =
        CATALOGUE.iter().map(|row| format!("  {}: {{ bearer: unused-here }}\n", row.kind)).collect();
    let yaml = format!(
        "notifiers:\n  - name: room\n    to: {{ chat: {{ places: ['memory:#ops'] }} }}\nroutes:\n  - match: {{ source: \"*\" }}\n    send: [room]\nsources:\n{sources}"
    );
    MemoryBot::start(homes::small().file("notifiers.yaml", &yaml))
}

/// The recorded requests in the order in which they would come.
fn recorded() -> Vec<(String, &'static str, Value, Vec<u8>)> {
    let mut all = Vec::new();
    for sender in fs::read_dir(folder()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let name = sender.file_name().into_string().unwrap();
        let kind = match name.as_str() {
            "django-uwsgi-taskmanager" => "taskmanager",
            "generic-json" => "apprise",
            other => CATALOGUE.iter().find(|row| row.kind == other).unwrap().kind,
        };
        for file in fs::read_dir(sender.path()).unwrap().flatten() {
            let Some(event) =
                file.file_name().into_string().unwrap().strip_suffix(".req.json").map(str::to_owned)
            else {
                continue;
            };
            let request: Value = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
            let body =
                request["body_file"].as_str().map(|body| fs::read(file.path().with_file_name(body)).unwrap());
            all.push((format!("{name}/{event}"), kind, request, body.unwrap_or_default()));
        }
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// Takes a request as the listener does, and gives what the room then reads.
fn tell(bot: &MemoryBot, kind: &str, request: &Value, bytes: &[u8]) -> Vec<String> {
    let home = bot.bot().homes().current();
    let source = home.notifying.sources()[kind].clone();
    let headers = request["headers"].as_object().unwrap().iter();
    let headers: Vec<_> =
        headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    let method = request["method"].as_str().unwrap();
    let body = Body { method, headers: &headers, query: &[], bytes };
    let mut posts = Vec::new();
    for item in source.read(&body).unwrap().0 {
        let key = match item.again {
            Again::SameAs(key) => Some(key),
            _ => None,
        };
        let raw_hash = String::new();
        // They were recorded long ago: what began then would be told at once as running still.
        let event = Event { still_running: None, ..item.event };
        let incoming = Incoming { event, key, raw_size: 1, raw_hash, once: Once::InADay };
        if let Some(why) = item.ignored {
            posts.push(format!("(kept, told to nobody: {why})"));
            continue;
        }
        let accepted = bot.wait(bot.bot().notify().accept(incoming)).unwrap();
        match accepted.repeated {
            true => posts.push("(told before)".to_owned()),
            false => posts.push(bot.posts().text),
        }
    }
    posts
}

#[test]
fn every_recorded_request_reads_well_in_a_room() {
    let bot = hearing();
    let mut all = String::new();
    for (name, kind, request, bytes) in recorded() {
        for post in tell(&bot, kind, &request, &bytes) {
            all.push_str(&format!("== {name}\n{}\n\n", post.trim_end()));
        }
    }
    let file = folder().join("messages.txt");
    if std::env::var_os("UPDATE_EVENTS").is_some() {
        fs::write(&file, &all).unwrap();
        return;
    }
    let expected = fs::read_to_string(&file).unwrap();
    for (found, expected) in all.split("\n== ").zip(expected.split("\n== ")) {
        assert_eq!(found, expected);
    }
    assert_eq!(all, expected);
}
