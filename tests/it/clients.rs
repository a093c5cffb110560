//! The stand-ins, served for the vendors' own clients: `scripts/clients/run` starts these and speaks to them by lines.

use std::io::{BufRead, Write, stdin, stdout};

use serde_json::json;

use crate::platforms::slack::Slack;
use crate::platforms::{Fault, Platform, Where, Who};

/// Tells the script one thing.
fn tell(line: &serde_json::Value) {
    let mut out = stdout().lock();
    writeln!(out, "\n@{line}").unwrap();
    out.flush().unwrap();
}

/// Does what each line says until the input ends: `say TEXT`, `mention TEXT`, `refresh`, `close`, `abort`, `limit`, `shown`.
fn serve(platform: &dyn Platform) {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let done = match word {
            "say" => json!({"id": platform.say(Who::Bob, Where::Ops, rest)}),
            "mention" => json!({"id": platform.mention(Who::Bob, Where::Ops, rest)}),
            "refresh" => json!(platform.fault(Fault::Refresh)),
            "close" => json!(platform.fault(Fault::Close)),
            "abort" => json!(platform.fault(Fault::Abort)),
            "limit" => json!(platform.fault(Fault::Limited(1, std::time::Duration::from_secs(1)))),
            "shown" => {
                let texts: Vec<_> = platform
                    .shown()
                    .into_iter()
                    .map(
                        |shown| json!({"text": shown.text, "edits": shown.edits, "files": shown.files.len()}),
                    )
                    .collect();
                json!({"shown": texts, "breaches": platform.breaches(), "sessions": platform.sessions()})
            }
            other => json!({"unknown": other}),
        };
        tell(&done);
    }
}

#[test]
#[ignore = "serves until its input ends, for scripts/clients/run"]
fn stand_in_slack_serves() {
    let slack = Slack::start();
    tell(&json!({"settings": slack.settings()}));
    serve(&slack);
}
