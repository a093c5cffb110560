//! `chatops kv`: the key-value datastore, through the running bot, or in the database of one that does not run.

mod dump;
mod place;

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Global;
use super::print::{self, printable};
use crate::config::units;
use place::{Place, Wanted};

/// Keys and values that commands, templates, workflows and actions share.
#[derive(Debug, Args)]
pub(super) struct Kv {
    #[command(subcommand)]
    command: Command,
}

/// Whose keys.
#[derive(Debug, Clone, Args)]
struct Whose {
    /// `system`, or `user` for the keys of one person.
    #[arg(long, default_value = "system", value_parser = ["system", "user"])]
    scope: String,
    /// Whose, with `--scope user`: a name of access.yaml or a person such as irc:alice [default: yourself].
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the value of a key.
    Get {
        /// Its name.
        name: String,
        #[command(flatten)]
        whose: Whose,
        /// Show a secret.
        #[arg(long)]
        decrypt: bool,
    },
    /// Keep a value.
    Set {
        /// Its name.
        name: String,
        /// The value; `-` reads it from standard input, where no list of processes shows it.
        #[arg(allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        whose: Whose,
        /// How long it is kept, such as 1h.
        #[arg(long, value_name = "SPAN", value_parser = units::duration)]
        ttl: Option<Duration>,
        /// Seal it; it is shown to nobody who does not ask for it.
        #[arg(long)]
        secret: bool,
    },
    /// List keys.
    List {
        /// How their names begin.
        #[arg(default_value = "")]
        prefix: String,
        #[command(flatten)]
        whose: Whose,
        /// Show secrets.
        #[arg(long)]
        decrypt: bool,
    },
    /// Remove a key.
    Delete {
        /// Its name.
        name: String,
        #[command(flatten)]
        whose: Whose,
    },
    /// Take over what `st2 key list -j` wrote.
    Import {
        /// The file of keys.
        file: PathBuf,
        /// StackStorm's key file (crypto_key.json), for keys that are encrypted.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
}

impl Kv {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        super::runtime()?.block_on(self.command.run(global))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Command {
    async fn run(&self, global: &Global) -> anyhow::Result<()> {
        let place = Place::open(global)?;
        let outcome = self.carry_out(&place, global).await;
        place.close().await?;
        outcome
    }

    async fn carry_out(&self, place: &Place, global: &Global) -> anyhow::Result<()> {
        match self {
            Self::Get { name, whose, decrypt } => {
                let pair = place.get(whose, name, *decrypt).await?;
                answer(&pair, pair["value"].as_str().unwrap_or_default(), global)
            }
            Self::Set { name, value, whose, ttl, secret } => {
                let value = if value == "-" { from_stdin()? } else { value.clone() };
                let wanted = Wanted { name, value: &value, secret: *secret, ttl: *ttl };
                let pair = place.set(whose, &wanted).await?;
                answer(&pair, &format!("kept {name}"), global)
            }
            Self::List { prefix, whose, decrypt } => {
                let pairs = place.list(whose, prefix, *decrypt).await?;
                if global.json {
                    return print::json(&pairs);
                }
                pairs.iter().try_for_each(|pair| print::line(line(pair)))
            }
            Self::Delete { name, whose } => {
                place.delete(whose, name).await?;
                answer(&json!({"deleted": name}), &format!("{name} is gone"), global)
            }
            Self::Import { file, key_file, dry_run } => {
                let report = dump::import(place, file, key_file.as_deref(), *dry_run).await?;
                if global.json {
                    return print::json(&report.json());
                }
                print::line(report.text(*dry_run))
            }
        }
    }
}

fn answer(value: &Value, text: &str, global: &Global) -> anyhow::Result<()> {
    if global.json { print::json(value) } else { print::line(text) }
}

/// All of standard input, less one line break at its end.
fn from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    let most = crate::store::LARGEST_VALUE as u64 + 2;
    std::io::stdin().take(most).read_to_string(&mut text).context("cannot read the value")?;
    if text.is_empty() {
        bail!("there is no value on standard input");
    }
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}

/// `web.url = https://example.org (until 2026-11-21T12:00:00.000Z)`.
fn line(pair: &Value) -> String {
    let text = |key: &str| pair[key].as_str().unwrap_or_default();
    let until = pair["expires"].as_str().map(|until| format!(" (until {until})")).unwrap_or_default();
    printable(&format!("{} = {}{until}", text("name"), text("value")))
}
