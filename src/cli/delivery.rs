//! `chatops delivery`: what became of notifications, from the database; what people decide about them goes through
//! the running bot.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::print::{self, printable};
use super::{Global, api, locate};
use crate::config::nearest::nearest;
use crate::http;
use crate::store::{DeliveryFilter, Reader};

/// What became of notifications.
#[derive(Debug, Args)]
pub(super) struct Deliveries {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List deliveries, the newest first.
    List(List),
    /// Show one with its attempts and events.
    Show {
        /// Its number.
        id: i64,
    },
    /// Send dead and dropped ones again, under the same numbers.
    Replay(Which),
    /// Remove dead and dropped ones for good.
    Purge(Which),
    /// Let go of one that waits.
    Cancel {
        /// Its number.
        id: i64,
    },
}

#[derive(Debug, Args)]
struct List {
    /// In one state: held, due, sent, dead, dropped.
    #[arg(long, value_parser = state)]
    state: Option<String>,
    /// Of one notifier; answers to chat are `adapter/NAME`.
    #[arg(long, value_name = "NAME")]
    notifier: Option<String>,
    /// That tell of one event.
    #[arg(long, value_name = "ID")]
    event: Option<i64>,
    /// Older than this number.
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    limit: usize,
}

fn state(word: &str) -> Result<String, String> {
    if http::STATES.contains(&word) {
        return Ok(word.to_owned());
    }
    Err(format!("expected one of {}", http::STATES.join(", ")))
}

/// Which ones: at least one condition, all must hold.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Which {
    /// Their numbers.
    ids: Vec<i64>,
    /// Of one notifier.
    #[arg(long, value_name = "NAME")]
    notifier: Option<String>,
    /// Made at this time or later: 2026-11-21, 2026-11-21T08:40:00Z, or a span before now such as 2h.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Made before this time.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
}

impl Deliveries {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::List(list) => list.run(&reader(global)?, global)?,
            Command::Show { id } => show(&reader(global)?, *id, global)?,
            Command::Replay(which) => change("replay", "sent again", &which.body(), global)?,
            Command::Purge(which) => change("purge", "removed", &which.body(), global)?,
            Command::Cancel { id } => {
                let answer = call(&format!("{id}/cancel"), &json!({}), global)?;
                if global.json {
                    print::json(&answer)?;
                } else {
                    print::line(format_args!("delivery {id} is dropped"))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn reader(global: &Global) -> anyhow::Result<Reader> {
    Reader::open_readonly(&locate::database(global)?).context("cannot read the deliveries")
}

impl List {
    fn run(&self, reader: &Reader, global: &Global) -> anyhow::Result<()> {
        let found = reader.deliveries(&DeliveryFilter {
            state: self.state.clone(),
            notifier: self.notifier.as_deref().map(http::slot_name),
            event: self.event,
            before: self.before,
            limit: self.limit,
            ..DeliveryFilter::default()
        })?;
        let found: Vec<Value> = found.iter().map(http::delivery).collect();
        if global.json {
            return print::json(&found);
        }
        if let Some(name) = self.notifier.as_deref().filter(|_| found.is_empty()) {
            say_unknown(name, global);
        }
        found.iter().try_for_each(|delivery| print::line(line(delivery)))
    }
}

/// Says so where a notifier that nothing was found of is not one, perhaps misspelt.
fn say_unknown(name: &str, global: &Global) {
    let Ok(configured) = super::notifier::load(global) else { return };
    let names: Vec<&str> = configured.notifiers.iter().map(|it| it.name.as_str()).collect();
    if names.contains(&name) || name.contains('/') {
        return;
    }
    let hint = nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    print::remark(format_args!("no notifier is called `{name}`, and nothing was sent to one{hint}"));
}

/// `    12 sent    ops-room #ops  event 3  1 try  ok, ts 1.2`.
fn line(delivery: &Value) -> String {
    let text = |key: &str| delivery[key].as_str().unwrap_or_default();
    let about = match (delivery["event"].as_i64(), delivery["execution"].as_i64()) {
        (Some(event), _) if text("purpose") == "test" => format!("test, event {event}"),
        (Some(event), _) => format!("event {event}"),
        (None, Some(execution)) => format!("execution {execution}"),
        (None, None) => text("purpose").to_owned(),
    };
    let tries = delivery["tries"].as_u64().unwrap_or_default();
    let tried = print::counted(usize::try_from(tries).unwrap_or_default(), "attempt");
    printable(&format!(
        "{:>6} {:<7} {} {} {}  {about}  {tried}  {}",
        delivery["id"],
        text("state"),
        text("made"),
        text("notifier"),
        text("target"),
        text("answer")
    ))
}

fn show(reader: &Reader, id: i64, global: &Global) -> anyhow::Result<()> {
    let Some(whole) = http::delivery_whole(reader, id)? else {
        bail!("there is no delivery `{id}`: `chatops delivery list` shows those that are kept");
    };
    if global.json {
        return print::json(&whole);
    }
    print::line(line(&whole))?;
    print::pretty(&whole)
}

impl Which {
    fn body(&self) -> Value {
        let mut body = json!({"ids": self.ids});
        for (key, value) in [("notifier", &self.notifier), ("since", &self.since), ("before", &self.before)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        body
    }
}

fn call(path: &str, body: &Value, global: &Global) -> anyhow::Result<Value> {
    api::call(Method::POST, &format!("deliveries/{path}"), Some(body), global)
}

fn change(verb: &str, done: &str, body: &Value, global: &Global) -> anyhow::Result<()> {
    let answer = call(verb, body, global)?;
    if global.json {
        return print::json(&answer);
    }
    let changed =
        answer["changed"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let changed = if changed == 1 { "1 delivery".to_owned() } else { format!("{changed} deliveries") };
    print::line(format_args!("{changed}: {done}"))
}
