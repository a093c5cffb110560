//! `chatops runner`: the list of runners, and help on one.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{Global, print};
use crate::runner::{CATALOGUE, Row};

/// Arguments of `chatops runner`. Its `help` is ours, not the command line parser's.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the runners, one a line.
    List,
    /// Print an example action of a runner, and its parameters.
    Help {
        /// The runner, such as `local-shell-cmd`.
        kind: String,
    },
}

/// Runs the subcommand.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::List if global.json => print::pretty(&CATALOGUE.iter().map(brief).collect::<Value>())?,
        What::List => print::exactly(list())?,
        What::Help { kind } if global.json => print::pretty(&full(Row::of(kind)?)?)?,
        What::Help { kind } => print::exactly(help(Row::of(kind)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let widest = CATALOGUE.iter().map(|row| row.name.len()).max().unwrap_or_default();
    CATALOGUE.iter().map(|row| format!("{:widest$}  {}\n", row.name, row.summary)).collect()
}

fn help(row: &Row) -> String {
    let parameters: String = row.parameters.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "# {}: {}\n\n{}\n# parameters of the runner\nparameters:\n{parameters}",
        row.name,
        row.summary,
        row.example()
    )
}

fn brief(row: &Row) -> Value {
    json!({"name": row.name, "older_names": row.older, "summary": row.summary})
}

fn full(row: &Row) -> anyhow::Result<Value> {
    let parameters: Map<String, Value> =
        serde_yaml::from_str(row.parameters).context("cannot read the runner's parameters")?;
    Ok(json!({
        "name": row.name, "older_names": row.older, "summary": row.summary,
        "example": row.example(), "parameters": parameters,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("runner"));
        command.clone().debug_assert();
        assert!(command.try_get_matches_from(["runner", "help", "noop"]).is_ok());
    }

    #[test]
    fn the_list_names_every_runner() {
        let list = list();
        assert_eq!(list.lines().count(), CATALOGUE.len());
        assert!(list.contains("local-shell-cmd      runs shell text on the machine of the bot\n"));
    }

    #[test]
    fn help_is_yaml_and_has_the_example_and_the_parameters() {
        for row in CATALOGUE {
            let help = help(row);
            let parts = help.split_once("# parameters of the runner\n").unwrap();
            serde_yaml::from_str::<Value>(parts.0).unwrap();
            let parameters: Value = serde_yaml::from_str(parts.1).unwrap();
            assert!(parameters["parameters"].is_object(), "{}", row.name);
            assert_eq!(full(row).unwrap()["example"], row.example());
        }
    }

    #[test]
    fn a_slip_gets_the_nearest_name() {
        let error = Row::of("remote-shell").unwrap_err().to_string();
        assert_eq!(error, "there is no runner `remote-shell`, did you mean `remote-shell-cmd`?");
    }
}
