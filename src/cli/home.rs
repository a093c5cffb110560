//! `chatops check` and `reload`: is the home good, take the files as they are now.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::api::Api;
use super::start;
use super::{Global, locate, print};

/// Checks the whole home without starting anything: every file, and what they say of each other.
pub(super) fn check(global: &Global) -> anyhow::Result<ExitCode> {
    crate::net::tls::install();
    let dir = locate::home_dir(global)?;
    let home = start::load_whole_home(&dir);
    let fatal = home.problems.iter().filter(|problem| problem.is_fatal()).count();
    if global.json {
        let good = fatal == 0;
        print::json(&json!({
            "good": good, "aliases": home.own_aliases(), "actions": home.actions.len(),
            "adapters": home.services.len(), "problems": home.problems,
        }))?;
        return Ok(code(good));
    }
    print::problems(&home.problems);
    let counts =
        [(home.own_aliases(), "alias"), (home.actions.len(), "action"), (home.services.len(), "adapter")];
    let counts = counts.map(|(count, noun)| print::counted(count, noun)).join(", ");
    let verdict = match (fatal, home.problems.len()) {
        (0, 0) => "good".to_owned(),
        (0, warnings) => format!("good, with {}", print::counted(warnings, "warning")),
        (errors, _) => format!("{}: what is named above is not used", print::counted(errors, "error")),
    };
    print::line(format_args!("{}: {counts}: {verdict}", dir.root().display()))?;
    Ok(code(fatal == 0))
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One problem as the API tells it.
fn remark(problem: &Value) {
    let text = |key: &str| problem[key].as_str().unwrap_or_default();
    let at = problem["line"].as_u64().map(|line| format!(":{line}")).unwrap_or_default();
    let key = if text("key").is_empty() { String::new() } else { format!(": {}", text("key")) };
    let help = problem["help"].as_str().map(|help| format!("\n  = help: {help}")).unwrap_or_default();
    print::remark(format_args!("{}: {}{at}{key}: {}{help}", text("severity"), text("file"), text("message")));
}

/// Tells the running bot to load its files again, and shows what is wrong with them.
pub(super) fn reload(global: &Global) -> anyhow::Result<ExitCode> {
    let dir = locate::home_dir(global)?;
    super::runtime()?.block_on(async {
        let report: Value = Api::find(&dir)?.post("reload", &json!({})).await?.json().await?;
        let problems = report["problems"].as_array().cloned().unwrap_or_default();
        if global.json {
            print::json(&report)?;
        } else {
            problems.iter().for_each(remark);
            print::line(format_args!(
                "{} aliases and {} actions are in force",
                report["aliases"], report["actions"]
            ))?;
        }
        let fatal = problems.iter().any(|problem| problem["severity"] == "error");
        Ok(code(!fatal))
    })
}
