//! `chatops action`: the actions of the home, what one takes, and running one.

mod show;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::api::Api;
use super::start::{self, Logs};
use super::{Global, locate, print};
use crate::model::{AdapterName, Person, Status};

/// Actions.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Command {
    /// Run one action and print its result; exit code 1 unless it succeeded.
    Run {
        /// The action, as `pack.name`.
        #[arg(value_name = "REF")]
        reference: String,
        /// Its parameters, as `name=value`; a value in JSON is taken as such for lists and objects.
        #[arg(value_name = "NAME=VALUE")]
        parameters: Vec<String>,
    },
    /// List the actions, those of the pack `core` among them.
    List {
        /// Text that the name or the description holds.
        filter: Option<String>,
    },
    /// Print what an action does, its parameters, and the commands that run it.
    Help {
        /// The action, as `pack.name`.
        #[arg(value_name = "REF")]
        reference: String,
    },
}

/// Runs the subcommand.
pub(super) fn run(global: &Global, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run { reference, parameters } => carry_out(global, &reference, &parameters),
        Command::List { filter } => show::list(global, filter.as_deref().unwrap_or_default()),
        Command::Help { reference } => show::help(global, &reference),
    }
}

fn carry_out(global: &Global, reference: &str, parameters: &[String]) -> anyhow::Result<ExitCode> {
    let given = given(parameters)?;
    super::runtime()?.block_on(async {
        let ended = match start::start(global, Logs::Quiet).await {
            Ok(started) => {
                let terminal = AdapterName::new("terminal")?;
                let person = Person::proven(terminal, &super::chat::user());
                let ended = started.bot.run_action(person, reference, given).await;
                started.bot.stop(std::time::Duration::ZERO).await;
                let ended = ended.map_err(|refusal| advised(&refusal.to_string(), reference))?;
                json!({"id": ended.id, "status": ended.status, "why": ended.why, "result": ended.result})
            }
            Err(error) if start::is_taken(&error) => through_the_api(global, reference, &given).await?,
            Err(error) => return Err(error),
        };
        outcome(global, &ended)
    })
}

fn given(parameters: &[String]) -> anyhow::Result<Map<String, Value>> {
    let one = |pair: &String| {
        let (name, value) = pair
            .split_once('=')
            .with_context(|| format!("`{pair}` is not `name=value`: quote a value that has blanks"))?;
        let structured = value.starts_with(['[', '{']).then(|| serde_json::from_str(value).ok()).flatten();
        Ok((name.to_owned(), structured.unwrap_or_else(|| json!(value))))
    };
    parameters.iter().map(one).collect()
}

/// The refusal with where to read on.
fn advised(refusal: &str, reference: &str) -> anyhow::Error {
    if refusal.ends_with("does not exist") {
        return anyhow::anyhow!("{refusal}: `chatops action list` shows those there are");
    }
    anyhow::anyhow!("{refusal} (`chatops action help {reference}` shows what it takes)")
}

async fn through_the_api(
    global: &Global,
    reference: &str,
    given: &Map<String, Value>,
) -> anyhow::Result<Value> {
    let api = Api::find(&locate::home_dir(global)?)?;
    let body = json!({"action": reference, "parameters": given, "user": super::chat::user()});
    let response = api.post_and_wait("actions/run", &body).await;
    response
        .map_err(|error| advised(&format!("{error:#}"), reference))?
        .json()
        .await
        .context("the running bot hung up")
}

fn outcome(global: &Global, ended: &Value) -> anyhow::Result<ExitCode> {
    if global.json || !ended["result"].is_null() {
        print::pretty(if global.json { ended } else { &ended["result"] })?;
    }
    let status = ended["status"].as_str().unwrap_or_default();
    if status == Status::Succeeded.as_str() {
        return Ok(ExitCode::SUCCESS);
    }
    match ended["why"].as_str() {
        Some(why) => bail!("{status}: {why}"),
        None => bail!("{status}"),
    }
}
