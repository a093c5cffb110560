//! `chatops silence`: what nobody is to hear of for a while. Begun and ended through the running bot.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::call;
use super::print::{self, printable};
use super::{Global, locate};
use crate::config::units;
use crate::http;
use crate::net::World;
use crate::route::Muted;
use crate::store::Reader;

/// What nobody is to hear of for a while.
#[derive(Debug, Args)]
pub(super) struct Silences {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Silence what matches.
    Add {
        /// What must hold, as name=value: source, kind, status, level, subject, scope; other names are labels. Values
        /// may be patterns such as dev-* or /^web[0-9]+$/.
        #[arg(required = true, value_name = "MATCH")]
        matching: Vec<String>,
        /// For how long, such as 2h.
        #[arg(long = "for", value_name = "SPAN", value_parser = units::duration)]
        span: Duration,
        /// Why: others will ask.
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// List the silences in force.
    List {
        /// Those that are over too.
        #[arg(long)]
        all: bool,
    },
    /// End one now.
    Remove {
        /// Its number.
        id: i64,
    },
}

impl Silences {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Add { matching, span, why } => add(matching, *span, why, global)?,
            Command::List { all } => list(*all, global)?,
            Command::Remove { id } => {
                let answer = call(Method::DELETE, &format!("silences/{id}"), None, global)?;
                if global.json {
                    print::json(&answer)?;
                } else {
                    print::line(format_args!("silence {id} is over"))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn add(words: &[String], span: Duration, why: &str, global: &Global) -> anyhow::Result<()> {
    let matching = Muted::typed(words.iter().map(String::as_str)).map_err(|why| anyhow!(why))?;
    let body = json!({"match": matching, "for": format!("{}s", span.as_secs()), "why": why});
    let silence = call(Method::POST, "silences", Some(&body), global)?;
    if global.json {
        return print::json(&silence);
    }
    print::line(line(&silence))
}

fn list(all: bool, global: &Global) -> anyhow::Result<()> {
    let reader = Reader::open_readonly(&locate::database(global)?).context("cannot read the silences")?;
    let found = reader.silences((!all).then(|| World::real().now()))?;
    let found: Vec<Value> = found.iter().map(http::silence).collect();
    if global.json {
        return print::json(&found);
    }
    if found.is_empty() {
        return print::line("nothing is silenced");
    }
    found.iter().try_for_each(|silence| print::line(line(silence)))
}

/// `   3 {"source":"awx"} until 2026-11-21T12:00:00.000Z by terminal:alice: upgrade`.
fn line(silence: &Value) -> String {
    let text = |key: &str| silence[key].as_str().unwrap_or_default();
    let (id, matching) = (&silence["id"], &silence["match"]);
    printable(&format!("{id:>4} {matching} until {} by {}: {}", text("until"), text("who"), text("why")))
}
