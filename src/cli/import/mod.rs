//! `chatops import`: takes over what other systems have: StackStorm's packs and bot settings, the notifications of
//! AWX and of Chaos Toolkit. Only this folder knows how they lay out their files; alias and action files of
//! StackStorm are ours too and are copied as they are.

mod awx;
mod chaostoolkit;
mod copy;
mod env_file;
mod notifiers;
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
pub(super) use copy::all as files_of;
use notifiers::Target;
use stackstorm::Report;
pub(super) use stackstorm::name_of;

/// Take over what another system has. Never overwrites; says what is left out.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// Packs and the settings of its bot.
    Stackstorm {
        /// An installation such as /opt/stackstorm, a folder of packs, one pack, or an st2chatops.env.
        path: PathBuf,
        #[command(flatten)]
        into: Into,
    },
    /// Notification templates of AWX or Ansible Tower, and what they are attached to, as notifiers.yaml.
    Awx {
        /// What `awx export` wrote, or an answer of /api/v2/notification_templates/.
        path: PathBuf,
        /// Write over a notifiers.yaml that is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        into: Into,
    },
    /// The notifications of Chaos Toolkit's settings.yaml, as notifiers.yaml.
    Chaostoolkit {
        /// The file, such as ~/.chaostoolkit/settings.yaml.
        path: PathBuf,
        /// Write over a notifiers.yaml that is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        into: Into,
    },
}

/// Where to, and whether at all.
#[derive(Debug, Args)]
struct Into {
    /// The home to write into [default: the home directory].
    #[arg(long, value_name = "HOME")]
    into: Option<PathBuf>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

impl Into {
    fn mode(&self) -> Mode {
        if self.dry_run { Mode::Look } else { Mode::Write }
    }
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
    /// Takes over and reports; exit code 1 if something in the way was kept.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.from {
            From::Stackstorm { path, into } => {
                let report = stackstorm::import(path, &home(into.into.as_deref(), global)?, into.mode())?;
                answer(&report, render(&report, into.mode()), report.has_conflicts(), global)
            }
            From::Awx { path, force, into } => notifications(awx::import, path, *force, into, global),
            From::Chaostoolkit { path, force, into } => {
                notifications(chaostoolkit::import, path, *force, into, global)
            }
        }
    }
}

/// How the notifications of a system are taken over.
type Importer = fn(&Path, &Target<'_>) -> anyhow::Result<notifiers::Report>;

fn notifications(
    import: Importer,
    path: &Path,
    force: bool,
    into: &Into,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let home = home(into.into.as_deref(), global)?;
    let report = import(path, &Target { home: &home, mode: into.mode(), force })?;
    answer(&report, report.render(into.mode()), report.has_conflicts(), global)
}

fn answer(
    report: &impl serde::Serialize,
    text: String,
    has_conflicts: bool,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    if global.json {
        print::json(report)?;
    } else {
        print::line(text)?;
    }
    Ok(if has_conflicts { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
