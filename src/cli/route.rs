//! `chatops route`: which rule would send what where. Reads files only.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;

use super::{locate, print};
use crate::config::read_optional;
use crate::model::{Event, Timestamp};
use crate::route::{Rules, explain};

/// The largest event, in bytes.
const LARGEST: u64 = 1 << 20;

/// Who hears of an event.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say which route sends an event where, and why not elsewhere.
    Explain {
        /// The event as JSON; `-` reads standard input.
        file: PathBuf,
    },
}

/// Runs `chatops route`.
///
/// # Errors
/// Files that cannot be read, mistakes in them.
pub(super) fn run(global: &super::Global, command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Explain { file } = command;
    let value = serde_json::from_str(&text(file)?).context("the event is no JSON")?;
    let event = Event::from_json(&value)?;
    let home = locate::home_dir(global)?;
    let path = home.root().join("notifiers.yaml");
    let rules = Rules::parse(home.shown(&path), &read_optional(&path)?.unwrap_or_default());
    let rules = rules.map_err(|errors| super::all_of(&errors))?;
    let now = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    let verdicts = explain(&rules, &event, None, now);
    if global.json {
        print::pretty(&verdicts)?;
        return Ok(ExitCode::SUCCESS);
    }
    for verdict in &verdicts {
        let notifier = verdict.notifier.as_deref().map(|name| format!(" {name}:")).unwrap_or_default();
        let mark = if verdict.sends.is_some() { "sends" } else { "not" };
        let text = format!("line {}: {mark}:{notifier} {}", verdict.line, verdict.why);
        print::line(print::printable(&text))?;
    }
    let sent = verdicts.iter().filter(|verdict| verdict.sends.is_some()).count();
    print::line(print::counted(sent, "notification"))?;
    Ok(ExitCode::SUCCESS)
}

fn text(file: &PathBuf) -> anyhow::Result<String> {
    let mut text = String::new();
    let cannot = || format!("cannot read `{}`", file.display());
    let input: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(cannot)?)
    };
    input.take(LARGEST + 1).read_to_string(&mut text).with_context(cannot)?;
    anyhow::ensure!(text.len() as u64 <= LARGEST, "the event has over {LARGEST} bytes");
    Ok(text)
}
