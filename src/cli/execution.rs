//! `chatops execution`: what ran, and what came of it, from the database; ending one through the running bot.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::api::Api;
use super::print::{self, printable};
use super::{Global, locate};
use crate::model::{Execution, Person, Status};
use crate::store::{Filter, Reader};

/// What ran, and what came of it.
#[derive(Debug, Args)]
pub(super) struct Executions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List executions, the newest first.
    List(List),
    /// Show one execution with its result.
    Show {
        /// Its number.
        id: i64,
    },
    /// End one that waits or runs; the running bot does it.
    Cancel {
        /// Its number.
        id: i64,
    },
}

#[derive(Debug, Args)]
struct List {
    /// Text to find in the command.
    text: Option<String>,
    /// Asked by one person, as `adapter:id`.
    #[arg(long)]
    person: Option<Person>,
    /// Of one `pack.action`.
    #[arg(long)]
    action: Option<String>,
    /// Through one `pack.alias`.
    #[arg(long)]
    alias: Option<String>,
    /// In this status; may be repeated.
    #[arg(long)]
    status: Vec<Status>,
    /// Tasks of this workflow.
    #[arg(long, value_name = "ID")]
    of: Option<i64>,
    /// Older than this number.
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    limit: usize,
}

impl Executions {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::List(list) => list.run(&reader(global)?, global)?,
            Command::Show { id } => show(&reader(global)?, *id, global)?,
            Command::Cancel { id } => super::runtime()?.block_on(cancel(*id, global))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn reader(global: &Global) -> anyhow::Result<Reader> {
    Reader::open_readonly(&locate::database(global)?).context("cannot read the executions")
}

impl List {
    fn run(&self, reader: &Reader, global: &Global) -> anyhow::Result<()> {
        let found = reader.executions(&Filter {
            person: self.person.clone(),
            place: None,
            action: self.action.clone(),
            alias: self.alias.clone(),
            statuses: self.status.clone(),
            text: self.text.clone(),
            of: self.of,
            before: self.before,
            limit: self.limit,
            ..Filter::default()
        })?;
        if global.json {
            return print::json(&found.iter().map(as_json).collect::<Value>());
        }
        found.iter().try_for_each(|execution| print::line(line(execution)))
    }
}

fn show(reader: &Reader, id: i64, global: &Global) -> anyhow::Result<()> {
    let Some(execution) = reader.execution(id)? else {
        bail!("there is no execution `{id}`: `chatops execution list` shows those that are kept");
    };
    let result = reader.result(id)?;
    let mut whole = as_json(&execution);
    if let Some((body, seen)) = result {
        whole["result"] = body;
        whole["output_bytes"] = seen.into();
    }
    if global.json {
        return print::json(&whole);
    }
    print::line(line(&execution))?;
    print::pretty(&whole)
}

async fn cancel(id: i64, global: &Global) -> anyhow::Result<()> {
    let api = Api::find(&locate::home_dir(global)?)?;
    let answer: Value = api.post(&format!("executions/{id}/cancel"), &json!({})).await?.json().await?;
    if global.json {
        return print::json(&answer);
    }
    print::line(format_args!(
        "execution {id} is being canceled: `chatops execution show {id}` tells how it ended"
    ))
}

/// The execution with its times as people write them.
fn as_json(execution: &Execution) -> Value {
    let mut value = json!(execution);
    for (key, time) in
        [("asked", Some(execution.asked)), ("started", execution.started), ("ended", execution.ended)]
    {
        value[key] = time.map_or(Value::Null, |time| time.to_string().into());
    }
    value
}

/// One execution on one line; control characters of what was typed are escaped.
fn line(execution: &Execution) -> String {
    let shown = format!(
        "{:>6} {} {:<10} {} {} {}",
        execution.id,
        execution.asked,
        execution.status.as_str(),
        execution.person,
        execution.action,
        execution.command
    );
    printable(&shown)
}
