//! `chatops approval`: what waits for somebody's word, through the running bot. Whoever calls decides as
//! `terminal:USER`, and needs the right to.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::Global;
use super::api::{all, call};
use super::print::{self, printable};

/// What waits for somebody's word.
#[derive(Debug, Args)]
pub(super) struct Approvals {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what waits.
    List,
    /// Show one: who asks, what exactly, who said what.
    Show {
        /// Its number.
        id: i64,
    },
    /// Let one run.
    Approve(Word),
    /// Keep one from running.
    Deny(Word),
    /// Answer what one asks.
    Answer {
        /// Its number.
        id: i64,
        /// The answer, as it would be typed in a chat: continue=true.
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = pair)]
        values: Vec<(String, String)>,
    },
    /// Take back what you asked for.
    Withdraw {
        /// Its number.
        id: i64,
    },
}

#[derive(Debug, Args)]
struct Word {
    /// Its number.
    id: i64,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Approvals {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::List => list(global)?,
            Command::Show { id } => show(*id, global)?,
            Command::Approve(word) => decide(word, "approve", global)?,
            Command::Deny(word) => decide(word, "deny", global)?,
            Command::Answer { id, values } => {
                let typed: Map<String, Value> =
                    values.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
                let body = json!({"typed": typed});
                let answer = call(Method::POST, &format!("approvals/{id}/answer"), Some(&body), global)?;
                said(&answer, global)?;
            }
            Command::Withdraw { id } => {
                let answer = call(Method::POST, &format!("approvals/{id}/withdraw"), None, global)?;
                said(&answer, global)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// `continue=true`.
fn pair(typed: &str) -> Result<(String, String), String> {
    let pair = typed.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("say each value as name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn decide(word: &Word, what: &str, global: &Global) -> anyhow::Result<()> {
    let body = json!({"reason": word.reason});
    let answer = call(Method::POST, &format!("approvals/{}/{what}", word.id), Some(&body), global)?;
    said(&answer, global)
}

fn said(answer: &Value, global: &Global) -> anyhow::Result<()> {
    if global.json {
        return print::json(answer);
    }
    let id = &answer["id"];
    match answer["verdict"].as_str() {
        Some(verdict) => print::line(format_args!("{id} is {verdict}")),
        None => print::line(format_args!("{id} has your approval; more are needed")),
    }
}

fn list(global: &Global) -> anyhow::Result<()> {
    let found = all("approvals", global)?;
    if global.json {
        return print::json(&found);
    }
    if found.is_empty() {
        return print::line("nothing waits for anybody's word");
    }
    found.iter().try_for_each(|open| print::line(line(open)))
}

fn show(id: i64, global: &Global) -> anyhow::Result<()> {
    let open = call(Method::GET, &format!("approvals/{id}"), None, global)?;
    if global.json {
        return print::json(&open);
    }
    print::line(line(&open))?;
    if let Some(schema) = open["question"].get("schema") {
        fact("asks", &schema.to_string())?;
        fact("answer with", &format!("chatops approval answer {id} NAME=VALUE ..."))?;
    }
    let mut parameters = open["parameters"].as_object().into_iter().flatten();
    parameters.try_for_each(|(name, value)| fact(name, &value.to_string()))?;
    let words = |value: &Value| {
        let words: Vec<_> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        words.join(", ")
    };
    for demand in open["demands"].as_array().into_iter().flatten() {
        let (by, places) = (words(&demand["by"]), words(&demand["in"]));
        let by = if by.is_empty() { "one who may approve it".to_owned() } else { by };
        let places = if places.is_empty() { String::new() } else { format!(" in {places}") };
        fact("needs", &format!("{} of {by}{places}, has {}", demand["need"], demand["have"]))?;
    }
    for vote in open["votes"].as_array().into_iter().flatten() {
        let text = |key: &str| vote[key].as_str().unwrap_or_default();
        let why = if text("reason").is_empty() { String::new() } else { format!(": {}", text("reason")) };
        fact("vote", &format!("{} {} at {}{why}", text("person"), text("verdict"), text("at")))?;
    }
    fact("yours to decide", if open["yours"] == true { "yes" } else { "no" })
}

fn fact(name: &str, value: &str) -> anyhow::Result<()> {
    print::line(printable(&format!("       {name}: {value}")))
}

/// `    12 approval until 2026-11-21T12:00:00.000Z irc:bob default.deploy deploy to staging (1 of 2)`.
fn line(open: &Value) -> String {
    let text = |key: &str| open[key].as_str().unwrap_or_default();
    let demands = open["demands"].as_array().map(Vec::as_slice).unwrap_or_default();
    let counts: Vec<_> = demands.iter().map(|one| format!("{} of {}", one["have"], one["need"])).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    printable(&format!(
        "{:>6} {} until {} {} {} {}{counts}",
        open["id"],
        text("waits_for"),
        text("until"),
        text("person"),
        text("action"),
        text("command")
    ))
}
