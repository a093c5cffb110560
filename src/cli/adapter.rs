//! `chatops adapter`: the chat services there are, and the settings of one.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Global, print};
use crate::adapter::{CATALOGUE, Row, for_people};
use crate::config::nearest::nearest;

/// Arguments of `chatops adapter`.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the chat services, one a line.
    List,
    /// Print an example of the settings, and all of them.
    Help {
        /// The service, such as `irc`.
        kind: String,
    },
}

/// Runs the subcommand.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::List if global.json => print::pretty(&for_people().map(brief).collect::<Value>())?,
        What::List => print::exactly(list())?,
        What::Help { kind } if global.json => print::pretty(&full(row(kind)?))?,
        What::Help { kind } => print::exactly(help(row(kind)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn row(kind: &str) -> anyhow::Result<&'static Row> {
    if let Some(row) = CATALOGUE.iter().find(|row| row.kind == kind) {
        return Ok(row);
    }
    match nearest(kind, for_people().map(|row| row.kind)) {
        Some(near) => bail!("there is no adapter `{kind}`, did you mean `{near}`?"),
        None => bail!("there is no adapter `{kind}`: `chatops adapter list` shows those there are"),
    }
}

fn list() -> String {
    let widest = for_people().map(|row| row.kind.len()).max().unwrap_or_default();
    for_people().map(|row| format!("{:widest$}  {}\n", row.kind, row.summary)).collect()
}

/// The variable of an option, for the only adapter of its kind.
fn variable(row: &Row, option: &str) -> String {
    format!("CHATOPS_{}_{option}", row.kind.to_ascii_uppercase())
}

/// Lines that can stand in `chatops.env`: the example of the page, then every setting.
fn help(row: &Row) -> String {
    let mut text = format!("# {}: {}\n\n{}", row.kind, row.summary, example(row));
    if !row.options.is_empty() {
        text += "\n# all settings\n";
    }
    let widest = row.options.iter().map(|option| option.name.len()).max().unwrap_or_default();
    let widest = widest + variable(row, "").len();
    for option in row.options {
        let needed = if option.required { " (needed)" } else { "" };
        text += &format!("# {:widest$}  {}{needed}\n", variable(row, option.name), option.summary);
    }
    text
}

/// The first code block of the page.
fn example(row: &Row) -> &'static str {
    let after = row.page.split_once("```").and_then(|(_, after)| after.split_once('\n'));
    after.and_then(|(_, block)| block.split_once("```")).map_or("", |(block, _)| block)
}

fn brief(row: &Row) -> Value {
    json!({"kind": row.kind, "summary": row.summary})
}

fn full(row: &Row) -> Value {
    let option = |option: &crate::adapter::OptionRow| {
        let name = variable(row, option.name);
        json!({"name": name, "required": option.required, "summary": option.summary})
    };
    let options: Vec<Value> = row.options.iter().map(option).collect();
    json!({"kind": row.kind, "summary": row.summary, "example": example(row), "options": options})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_shows_the_example_of_the_page_and_every_option() {
        for row in CATALOGUE {
            let help = help(row);
            assert!(!example(row).is_empty(), "{}", row.kind);
            for option in row.options {
                assert!(help.contains(&variable(row, option.name)), "{}: {}", row.kind, option.name);
            }
        }
        let irc = help(row("irc").unwrap());
        assert!(irc.contains("\nCHATOPS_IRC_SERVER=irc.example.org:6697\n"), "{irc}");
        assert!(irc.contains("(needed)"), "{irc}");
    }

    #[test]
    fn what_is_for_tests_is_not_listed() {
        assert!(list().contains("irc") && !list().contains("memory"));
        assert!(row("memory").is_ok(), "whoever knows of it finds its page");
    }

    #[test]
    fn a_slip_gets_the_nearest_name() {
        let error = row("icr").unwrap_err().to_string();
        assert_eq!(error, "there is no adapter `icr`, did you mean `irc`?");
    }
}
