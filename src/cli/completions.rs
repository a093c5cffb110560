//! `chatops completions SHELL`: from the same definitions that parse the command line.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

/// Writes the completion script of `shell` to stdout.
pub(super) fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::Cli::command(), "chatops", &mut script);
    super::print::exactly(script)?;
    Ok(ExitCode::SUCCESS)
}
