//! `chatops template render`: a template with data, in the bot's own environment.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Global, locate, print};
use crate::template::{Options, Templates, Undefined, named};

/// The subcommands of `template`.
#[derive(Debug, Subcommand)]
pub(super) enum TemplateCommand {
    /// Render a template: exactly its output, no newline added.
    Render(Render),
}

/// What `template render` accepts.
#[derive(Debug, Args)]
pub(super) struct Render {
    /// The template; `-` reads it from stdin.
    file: PathBuf,
    /// Its variables: a mapping in JSON or YAML; `-` reads it from stdin.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Fail on names that are not there, as acknowledgements and parameters do.
    #[arg(long)]
    strict: bool,
}

/// Runs `template`.
pub(super) fn run(global: &Global, command: &TemplateCommand) -> anyhow::Result<ExitCode> {
    let TemplateCommand::Render(render) = command;
    let stdin = Path::new("-");
    if render.file == stdin && render.data.as_deref() == Some(stdin) {
        bail!("the template and its data cannot both come from stdin: name a file for one of them");
    }
    let source = read(&render.file)?;
    let context = match &render.data {
        Some(file) => data(file)?,
        None => Value::Object(serde_json::Map::new()),
    };
    let mode = if render.strict { Undefined::Strict } else { Undefined::Lenient };
    let name = if render.file == stdin { "stdin".to_owned() } else { render.file.display().to_string() };
    let text = templates(global).render(&name, &source, &context, mode)?;
    print::exactly(text)?;
    Ok(ExitCode::SUCCESS)
}

/// The environment of the home, if there is one.
fn templates(global: &Global) -> Templates {
    let templates = locate::home_dir(global).map(|home| named(home.root()).0).unwrap_or_default();
    Templates::new(Options { templates, ..Options::default() })
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read stdin")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// A mapping in JSON or YAML; an empty file is an empty mapping.
fn data(file: &Path) -> anyhow::Result<Value> {
    let text = read(file)?;
    let value: Value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => serde_yaml::from_str(&text)
            .with_context(|| format!("`{}` is neither JSON nor YAML", file.display()))?,
    };
    match value {
        Value::Object(_) => Ok(value),
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        _ => bail!("`{}` must hold a mapping of names to values", file.display()),
    }
}
