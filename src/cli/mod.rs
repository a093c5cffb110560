//! The command line: one file a subcommand, one row in [`Command`]; wires and starts.
//!
//! Exit codes are a contract: 0 done, 1 refused or failed, 2 wrong usage. Answers go to stdout, errors to stderr.

mod import;
mod init;
mod print;
mod starter;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::settings;

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
#[command(name = "chatops", version, propagate_version = true, after_long_help = settings::help())]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Import(import::Import),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome: anyhow::Result<ExitCode> = match cli.command {
        Some(Command::Init(init)) => init.run(&cli.global),
        Some(Command::Import(import)) => import.run(&cli.global),
        None => Ok(ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        report(&error);
        ExitCode::FAILURE
    })
}

/// Writes an error and its causes to stderr.
#[expect(clippy::print_stderr, reason = "this is the command line's own error output")]
fn report(error: &anyhow::Error) {
    eprintln!("chatops: {error:#}");
}
