//! `chatops workflow`: check workflow and chain files, and play them through with given results.

use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{Global, locate, print, start};
use crate::bot::home::{Home, runner_parameters};
use crate::config::ConfigError;
use crate::workflow::simulate::{Case, Told, answer_line, tell};
use crate::workflow::{Actions, Category, Finding, Parameter, inspect_file};

/// The longest line of `workflow try -`, in bytes.
const LONGEST: usize = 16 << 20;

/// The subcommands of `workflow`.
#[derive(Debug, Subcommand)]
pub(super) enum WorkflowCommand {
    /// Look for mistakes in workflow and action chain files.
    Check {
        /// The files; not those that describe actions, but those they name in `entry_point`.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Play a workflow or an action chain through: nothing is run, results are given, time is virtual.
    Try(Try),
}

/// What `workflow try` accepts.
#[derive(Debug, Args)]
pub(super) struct Try {
    /// The workflow; `-` reads JSON lines {"workflow" | "chain" | "template", ...} and answers each in JSON.
    file: PathBuf,
    /// What the caller passes: a mapping in JSON or YAML.
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// How actions end, by task: `{build: [{status: failed, result: {...}, takes: 3}]}`, the first start first.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
}

/// Runs `workflow`.
///
/// # Errors
/// Files or streams that cannot be read or written.
pub(super) fn run(global: &Global, command: &WorkflowCommand) -> anyhow::Result<ExitCode> {
    match command {
        WorkflowCommand::Check { files } => check(global, files),
        WorkflowCommand::Try(options) if options.file == Path::new("-") => lines(),
        WorkflowCommand::Try(options) => one(global, options),
    }
}

/// The actions of the home, as far as there is one.
struct OfHome(Option<Home>);

impl Actions for OfHome {
    fn parameters(&self, reference: &str) -> Option<Vec<Parameter>> {
        let action = self.0.as_ref()?.actions.get(reference)?;
        let all = action.parameters_with(runner_parameters(action)).into_iter();
        let needed = |one: &crate::action::Parameter| one.is_required() && one.default.is_none();
        Some(all.map(|one| Parameter { needed: needed(&one), name: one.name.clone() }).collect())
    }
}

fn check(global: &Global, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let home = OfHome(locate::home_dir(global).ok().map(|dir| start::load_home(&dir)));
    let actions: Option<&dyn Actions> = home.0.is_some().then_some(&home);
    let (mut wrong, mut all) = (0, Vec::new());
    for file in files {
        let text = read(file)?;
        let findings = match inspect_file(file, &text, actions) {
            Ok(findings) => findings,
            Err(error) => {
                wrong += 1;
                all.push(shown(file, &error, "syntax"));
                said(global, "error", &error);
                continue;
            }
        };
        for finding in &findings {
            let error = finding.to_error(file, &text);
            wrong += usize::from(finding.category != Category::Warning);
            all.push(shown(file, &error, finding.category.name()));
            said(global, word(finding), &error);
        }
    }
    if global.json {
        print::pretty(&all)?;
    } else {
        let counts = [(files.len(), "file"), (all.len(), "finding")];
        print::line(counts.map(|(count, noun)| print::counted(count, noun)).join(", "))?;
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn word(finding: &Finding) -> &'static str {
    if finding.category == Category::Warning { "warning" } else { "error" }
}

fn said(global: &Global, word: &str, error: &ConfigError) {
    if !global.json {
        print::remark(format_args!("{word}: {error}"));
    }
}

fn shown(file: &Path, error: &ConfigError, kind: &str) -> Value {
    let (line, column) = error.at.unzip();
    serde_json::json!({
        "file": file, "type": kind, "path": error.key, "line": line, "column": column,
        "message": error.message, "excerpt": error.excerpt,
    })
}

/// Answers each line of standard input; a line that cannot be used gets an answer that says so.
fn lines() -> anyhow::Result<ExitCode> {
    let mut input = io::stdin().lock();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
        let length =
            input.by_ref().take(limit).read_until(b'\n', &mut line).context("cannot read the lines")?;
        if length == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = answer(&mut input, &line)?;
        writeln!(out, "{answer}").and_then(|()| out.flush()).context("cannot write the answers")?;
    }
}

/// The answer to one line; the rest of one that is too long is skipped.
fn answer(input: &mut impl BufRead, line: &[u8]) -> anyhow::Result<Value> {
    if line.len() > LONGEST {
        input.skip_until(b'\n').context("cannot read the lines")?;
        return Ok(serde_json::json!({"error": format!("a line must not be longer than {LONGEST} bytes")}));
    }
    Ok(match std::str::from_utf8(line) {
        // A panic is a mistake of ours: it costs the answer to its line, and not those to the rest.
        Ok(text) => std::panic::catch_unwind(|| answer_line(text)).unwrap_or_else(
            |_| serde_json::json!({"error": "this line cannot be answered: please report it"}),
        ),
        Err(_) => serde_json::json!({"error": "a line must be UTF-8"}),
    })
}

fn one(global: &Global, options: &Try) -> anyhow::Result<ExitCode> {
    let text = read(&options.file)?;
    let mut case = Case::default();
    if let Some(file) = &options.inputs {
        case.inputs = mapping(file)?;
    }
    if let Some(file) = &options.results {
        let results = Value::Object(mapping(file)?);
        case.results = serde_json::from_value(results)
            .with_context(|| format!("`{}` must hold a list of results for each task", file.display()))?;
    }
    let Told { answer, lines, succeeded, doubts } =
        tell(&options.file, &text, &case).map_err(|errors| super::all_of(&errors))?;
    doubts.iter().for_each(|doubt| said(global, "warning", doubt));
    if global.json {
        print::json(&answer)?;
    } else {
        lines.iter().try_for_each(|line| print::line(print::printable(line)))?;
    }
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// A mapping in JSON or YAML; an empty file is an empty one.
fn mapping(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let text = read(file)?;
    let value: Value = crate::config::yaml::read(file, &text)?;
    ensure!(matches!(value, Value::Object(_) | Value::Null), "`{}` must hold a mapping", file.display());
    Ok(value.as_object().cloned().unwrap_or_default())
}
