//! `chatops action run`: one action, its result.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::api::Api;
use super::start::{self, Logs};
use super::{Global, locate, out};
use crate::bot::engine::Given;
use crate::model::Status;

/// Actions.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run one action and print its result; exit code 1 unless it succeeded.
    Run {
        /// The action, as `pack.name`.
        reference: String,
        /// Its parameters, as `name=value`; a value that is JSON is taken as such for lists and objects.
        #[arg(value_name = "NAME=VALUE")]
        parameters: Vec<String>,
    },
}

pub(super) fn run(global: &Global, command: Command) -> anyhow::Result<ExitCode> {
    let Command::Run { reference, parameters } = command;
    let given = given(&parameters)?;
    super::runtime()?.block_on(async {
        let ended = match start::start(global, Logs::Quiet).await {
            Ok(started) => {
                let user = super::chat::user();
                let ended = started.bot.run_action(&user, &reference, Given::Values(given)).await;
                started.bot.stop(std::time::Duration::ZERO).await;
                let ended = ended?;
                json!({"id": ended.id, "status": ended.status, "why": ended.why, "result": ended.result})
            }
            Err(error) if start::is_taken(&error) => through_the_api(global, &reference, &given).await?,
            Err(error) => return Err(error),
        };
        show(global, &ended)
    })
}

fn given(parameters: &[String]) -> anyhow::Result<Map<String, Value>> {
    let one = |pair: &String| {
        let (name, value) = pair.split_once('=').with_context(|| format!("`{pair}` is not name=value"))?;
        let structured = value.starts_with(['[', '{']).then(|| serde_json::from_str(value).ok()).flatten();
        Ok((name.to_owned(), structured.unwrap_or_else(|| json!(value))))
    };
    parameters.iter().map(one).collect()
}

async fn through_the_api(
    global: &Global,
    reference: &str,
    given: &Map<String, Value>,
) -> anyhow::Result<Value> {
    let api = Api::find(&locate::home_dir(global)?)?;
    let body = json!({"action": reference, "parameters": given, "user": super::chat::user()});
    Ok(api.post("actions/run", &body).await?.json().await?)
}

fn show(global: &Global, ended: &Value) -> anyhow::Result<ExitCode> {
    let shown = if global.json { ended } else { &ended["result"] };
    out(&serde_json::to_string_pretty(shown)?)?;
    let status = ended["status"].as_str().unwrap_or_default();
    if status == Status::Succeeded.as_str() {
        return Ok(ExitCode::SUCCESS);
    }
    match ended["why"].as_str() {
        Some(why) => bail!("{status}: {why}"),
        None => bail!("{status}"),
    }
}
