//! The command line: one file a subcommand, one row in [`Command`]; wires and starts.
//!
//! Exit codes are a contract: 0 done, 1 refused or failed, 2 wrong usage. Answers go to stdout, errors to stderr.

mod audit;
mod execution;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// What every subcommand accepts.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The home directory: aliases, actions, templates, chatops.env, var.
    #[arg(long, global = true, value_name = "DIR", env = "CHATOPS_HOME")]
    pub home: Option<PathBuf>,
    /// A file of KEY=value lines, read before the environment [default: chatops.env in the home directory].
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Run commands from chat, and remember who asked what.
#[derive(Debug, Parser)]
#[command(name = "chatops", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Search, export or verify the record of who asked what.
    Audit(audit::Audit),
    /// What ran, and what came of it.
    Execution(execution::Executions),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome: anyhow::Result<ExitCode> = match cli.command {
        Some(Command::Audit(audit)) => audit.run(&cli.global),
        Some(Command::Execution(execution)) => execution.run(&cli.global),
        None => Ok(ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        report(&error);
        ExitCode::FAILURE
    })
}

/// The home directory: as told, or the current directory if it has aliases, or `chatops` in the XDG config folder.
fn home(global: &Global) -> PathBuf {
    if let Some(home) = &global.home {
        return home.clone();
    }
    if Path::new("aliases").is_dir() {
        return PathBuf::from(".");
    }
    let config = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let config =
        config.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".config"));
    config.join("chatops")
}

/// The text with control characters escaped: what was typed in a chat must not drive this terminal.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Writes an error and its causes to stderr.
#[expect(clippy::print_stderr, reason = "this is the command line's own error output")]
fn report(error: &anyhow::Error) {
    eprintln!("chatops: {error:#}");
}
