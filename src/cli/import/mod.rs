//! `chatops import stackstorm PATH`: takes over packs and bot settings. Only this folder knows how StackStorm lays
//! out its files; its alias and action files themselves are ours too and are copied as they are.

mod copy;
mod pack;
mod shell;
mod stackstorm;
mod variables;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{Global, print};
use crate::config::home::HomeDir;
use stackstorm::Report;

/// Take over what another system has. Never overwrites; says what is left out.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// Packs and the settings of its bot.
    Stackstorm(Stackstorm),
}

/// What to take over from StackStorm, and where to.
#[derive(Debug, Args)]
struct Stackstorm {
    /// An installation such as /opt/stackstorm, a folder of packs, one pack, or an st2chatops.env.
    path: PathBuf,
    /// The home to copy into [default: the home directory].
    #[arg(long, value_name = "HOME")]
    into: Option<PathBuf>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

/// Whether files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// They are.
    Write,
    /// They are not.
    Look,
}

impl Import {
    /// Copies and reports; exit code 1 if something in the way was kept.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        let From::Stackstorm(from) = &self.from;
        let home = home(from.into.as_deref(), global)?;
        let mode = if from.dry_run { Mode::Look } else { Mode::Write };
        let report = stackstorm::import(&from.path, &home, mode)?;
        if global.json {
            print::json(&report)?;
        } else {
            print::line(render(&report, mode))?;
        }
        Ok(if report.has_conflicts() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn home(into: Option<&Path>, global: &Global) -> anyhow::Result<PathBuf> {
    if let Some(into) = into {
        return Ok(into.to_owned());
    }
    let current = std::env::current_dir().context("cannot tell the current directory")?;
    let variable = |name: &str| std::env::var(name).ok();
    let home = HomeDir::resolve(global.home.as_deref(), &current, variable)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(home.root().to_owned())
}

/// The report for people.
fn render(report: &Report, mode: Mode) -> String {
    let mut lines = Vec::new();
    let done = if mode == Mode::Look { "would copy" } else { "copied" };
    for pack in &report.packs {
        let (name, counts) = (&pack.name, format!("{} aliases, {} actions", pack.aliases, pack.actions));
        lines.push(format!(
            "pack {name}: {done} {} files ({counts}), {} were there",
            pack.copied.len(),
            pack.same
        ));
        lines.extend(
            pack.kept.iter().map(|path| format!("  kept {path}: another file is there, not overwritten")),
        );
        for (what, names) in &pack.left_out {
            lines.push(format!("  left out {what}: {}", names.join(", ")));
        }
        for (runner, actions) in &pack.runners {
            lines.push(format!(
                "  runner {runner} is not supported, these are refused when run: {}",
                actions.join(", ")
            ));
        }
        lines.extend(pack.problems.iter().map(|problem| format!("  {problem}")));
    }
    lines.extend(
        report.skipped.iter().map(|skipped| format!("pack {}: left out, {}", skipped.name, skipped.why)),
    );
    if let Some(variables) = &report.variables {
        let done = if mode == Mode::Look { "would set" } else { "set" };
        lines.push(format!("{}: {done} {}", variables.file, list(&variables.set)));
        lines.extend(
            variables.kept.iter().map(|name| format!("  kept {name}: it is set otherwise, not overwritten")),
        );
        lines.extend(
            variables.notes.iter().map(|note| format!("  line {}: {}: {}", note.line, note.name, note.why)),
        );
    }
    lines.join("\n")
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;
