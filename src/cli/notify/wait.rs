//! `--wait`: until each delivery of an event has ended.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::api::Api;
use crate::cli::{Global, print};

/// Between two looks, at first; then longer and longer.
const SHORTEST: Duration = Duration::from_millis(50);
/// At most.
const LONGEST: Duration = Duration::from_secs(2);

/// Prints what became of each delivery; exit code 1 if one failed, or waits still at the end of `limit`;
/// what is held for its time (a group, a digest, quiet hours) is not waited for.
pub(super) async fn until_ended(
    api: &Api,
    id: i64,
    limit: Duration,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let end = Instant::now() + limit;
    let mut pause = SHORTEST;
    let event = loop {
        let event = api.get(&format!("events/{id}")).await?;
        if !deliveries(&event).iter().any(|one| one["state"] == "due") || Instant::now() >= end {
            break event;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    };
    let all = deliveries(&event);
    if global.json {
        print::json(&json!({"id": id, "deliveries": all}))?;
    } else if all.is_empty() {
        print::line(format_args!("event {id}: nobody is told of it"))?;
    } else {
        all.iter().try_for_each(|one| print::line(line(one)))?;
    }
    let failed = all.iter().any(|one| matches!(one["state"].as_str(), Some("dead" | "due")));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn deliveries(event: &Value) -> &[Value] {
    event["deliveries"].as_array().map_or(&[], Vec::as_slice)
}

/// `ops-room #ops: sent: ok, ts 1.2`.
fn line(delivery: &Value) -> String {
    let text = |key: &str| delivery[key].as_str().unwrap_or_default();
    let word = match text("state") {
        "due" => "not sent yet".to_owned(),
        "held" => format!("held until {}", text("due")),
        "dead" => "failed".to_owned(),
        state => state.to_owned(),
    };
    let answer = text("answer");
    let more = if answer.is_empty() { String::new() } else { format!(": {answer}") };
    print::printable(&format!("{} {}: {word}{more}", text("notifier"), text("target")))
}
