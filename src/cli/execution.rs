//! `chatops execution`: what ran, and what came of it. Reads the database; the bot may run.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Global, locate, printable};
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
        let path = locate::database(global)?;
        let reader = Reader::open_readonly(&path).context("cannot read the executions")?;
        match &self.command {
            Command::List(list) => list.run(&reader, global)?,
            Command::Show { id } => show(&reader, *id, global)?,
        }
        Ok(ExitCode::SUCCESS)
    }
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
            before: self.before,
            limit: self.limit,
        })?;
        let mut out = std::io::stdout().lock();
        if global.json {
            writeln!(out, "{}", Value::Array(found.iter().map(as_json).collect()))?;
            return Ok(());
        }
        for execution in &found {
            writeln!(out, "{}", line(execution))?;
        }
        Ok(())
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
    let mut out = std::io::stdout().lock();
    if global.json {
        writeln!(out, "{whole}")?;
    } else {
        writeln!(out, "{}\n{whole:#}", line(&execution))?;
    }
    Ok(())
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
