//! `chatops pack`: brings packs into the home with their Python environments, lists, configures and removes them. A running
//! bot notices the changed folders by itself.

mod config;
mod install;
mod list;
mod remove;
mod source;
mod venv;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Global;
use crate::config::units;

/// Packs: folders with aliases, actions, templates.
#[derive(Debug, Args)]
pub(super) struct Packs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a pack, copy it into packs/, make its Python environment from requirements.txt.
    Install(Install),
    /// List the packs.
    List,
    /// Show the configuration of a pack, or set values in configs/NAME.yaml.
    Config {
        /// The pack.
        name: String,
        /// A value: key=value, inner.key=value; `key=-` reads it from standard input.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Move a pack to var/removed, and remove its Python environment. Its configuration stays.
    Remove {
        /// The pack.
        name: String,
    },
}

/// What to install.
#[derive(Debug, Clone, Args)]
pub(super) struct Install {
    /// A folder, a git checkout, or a .tar.gz of one pack.
    path: PathBuf,
    /// The name of the pack [default: what pack.yaml says, else the folder's name].
    #[arg(long)]
    name: Option<String>,
    /// Make no Python environment.
    #[arg(long)]
    no_venv: bool,
    /// How long pip may take.
    #[arg(long, value_name = "SPAN", default_value = "15m", value_parser = units::duration)]
    limit: Duration,
}

impl Packs {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Install(asked) => install::run(asked, global),
            Command::List => list::run(global),
            Command::Config { name, set } => config::run(name, set, global),
            Command::Remove { name } => remove::run(name, global),
        }
    }
}
