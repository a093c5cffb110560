//! `chatops check`, `doctor`, `reload`: is the home good, is the bot well, take the files as they are now.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::api::Api;
use super::start;
use super::{Global, locate, out, warn_line};

/// Checks the whole home without starting anything: every file, and what they say of each other.
pub(super) fn check(global: &Global) -> anyhow::Result<ExitCode> {
    crate::net::tls::install();
    let dir = locate::home_dir(global)?;
    let home = start::load_home(&dir);
    let fatal = home.problems.iter().filter(|problem| problem.is_fatal()).count();
    if global.json {
        let list: Vec<Value> = home.problems.iter().map(problem).collect();
        let good = fatal == 0;
        out(&json!({"good": good, "aliases": home.own_aliases(), "actions": home.actions.len(), "problems": list}).to_string())?;
        return Ok(code(good));
    }
    for problem in &home.problems {
        let kind = if problem.is_fatal() { "error" } else { "warning" };
        warn_line(&format!("{kind}: {}", problem.error()))?;
    }
    let counts = format!(
        "{}: {} aliases, {} actions, {} adapters",
        dir.root().display(),
        home.own_aliases(),
        home.actions.len(),
        home.services.len()
    );
    let verdict = match (fatal, home.problems.len()) {
        (0, 0) => "good".to_owned(),
        (0, warnings) => format!("good, with {warnings} warnings"),
        (errors, _) => format!("{errors} errors"),
    };
    out(&format!("{counts}: {verdict}"))?;
    Ok(code(fatal == 0))
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn problem(problem: &crate::config::Problem) -> Value {
    let error = problem.error();
    json!({
        "fatal": problem.is_fatal(),
        "file": error.file,
        "line": error.at.map(|(line, _)| line),
        "column": error.at.map(|(_, column)| column),
        "key": error.key,
        "message": error.message,
        "help": error.help,
    })
}

/// Tells the running bot to load its files again, and shows what is wrong with them.
pub(super) fn reload(global: &Global) -> anyhow::Result<ExitCode> {
    let dir = locate::home_dir(global)?;
    super::runtime()?.block_on(async {
        let report: Value = Api::find(&dir)?.post("reload", &json!({})).await?.json().await?;
        let problems = report["problems"].as_array().cloned().unwrap_or_default();
        if global.json {
            out(&report.to_string())?;
        } else {
            for problem in &problems {
                warn_line(problem.as_str().unwrap_or_default())?;
            }
            out(&format!("{} aliases and {} actions are in force", report["aliases"], report["actions"]))?;
        }
        Ok(code(problems.is_empty()))
    })
}
