//! `chatops schedule`: what is to happen later. Made and changed through the running bot.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::call;
use super::print::{self, printable};
use super::{Global, locate};
use crate::http;
use crate::store::Reader;

/// What is to happen later.
#[derive(Debug, Args)]
pub(super) struct Schedules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them, the next due one first.
    List,
    /// Run a command later, in your name.
    Add {
        /// Where it runs and answers, such as slack:#ops.
        #[arg(long = "in", value_name = "PLACE")]
        place: String,
        /// When and what, as in chat: every weekday at 9:00 run deploy web.
        #[arg(required = true, trailing_var_arg = true, value_name = "WHEN AND WHAT")]
        line: Vec<String>,
    },
    /// Let one rest.
    Pause {
        /// Its number.
        id: i64,
    },
    /// Let one go on.
    Resume {
        /// Its number.
        id: i64,
    },
    /// Remove one.
    Remove {
        /// Its number.
        id: i64,
    },
}

impl Schedules {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::List => list(global)?,
            Command::Add { place, line } => {
                let body = json!({"line": line.join(" "), "place": place});
                let made = call(Method::POST, "schedules", Some(&body), global)?;
                show(&made, global)?;
            }
            Command::Pause { id } => change(*id, Method::POST, "/pause", global)?,
            Command::Resume { id } => change(*id, Method::POST, "/resume", global)?,
            Command::Remove { id } => {
                let answer = call(Method::DELETE, &format!("schedules/{id}"), None, global)?;
                match global.json {
                    true => print::json(&answer)?,
                    false => print::line(format_args!("schedule {id} is removed"))?,
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn change(id: i64, method: Method, what: &str, global: &Global) -> anyhow::Result<()> {
    show(&call(method, &format!("schedules/{id}{what}"), Some(&json!({})), global)?, global)
}

fn show(schedule: &Value, global: &Global) -> anyhow::Result<()> {
    if global.json { print::json(schedule) } else { print::line(line(schedule)) }
}

fn list(global: &Global) -> anyhow::Result<()> {
    let reader = Reader::open_readonly(&locate::database(global)?).context("cannot read the schedules")?;
    let found: Vec<Value> = reader.schedules(None, usize::MAX)?.iter().map(http::schedule).collect();
    if global.json {
        return print::json(&found);
    }
    if found.is_empty() {
        return print::line("nothing is scheduled");
    }
    found.iter().try_for_each(|schedule| print::line(line(schedule)))
}

/// `   3 2026-11-23T08:00:00.000Z every weekday at 09:00 (Europe/Amsterdam) slack:#ops slack:U0A1: deploy web`.
fn line(schedule: &Value) -> String {
    let text = |key: &str| schedule[key].as_str().unwrap_or_default();
    let (id, due) = (&schedule["id"], schedule["due"].as_str().unwrap_or("paused"));
    let (when, zone, place) = (text("when"), text("zone"), text("place"));
    let why = schedule["why"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
    printable(&format!("{id:>4} {due}{why} {when} ({zone}) {place} {}: {}", text("owner"), text("line")))
}
