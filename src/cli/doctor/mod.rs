//! `chatops doctor`: connections, files, database, keys, clock and programs, each with what to do where
//! something is wrong. Starts nothing and changes nothing.

mod bot;
mod connections;
mod machine;
mod places;

use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::{Global, locate, print, start};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// It works, and is probably not meant so.
    Warning,
    /// Something does not work.
    Error,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    level: Level,
    /// What was looked at: `adapter irc`, `database`.
    about: String,
    /// How it is.
    message: String,
    /// What to do about it.
    help: Option<String>,
}

impl Finding {
    fn new(level: Level, about: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level, about: about.into(), message: message.into(), help: None }
    }

    fn ok(about: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Level::Ok, about, message)
    }

    fn warning(about: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, about, message)
    }

    fn error(about: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Level::Error, about, message)
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Looks at everything; exit code 1 on any error.
pub(super) fn run(global: &Global) -> anyhow::Result<ExitCode> {
    crate::net::tls::install();
    let dir = locate::home_dir(global)?;
    let home = start::load_whole_home(&dir);
    let findings = super::runtime()?.block_on(async {
        let mut findings = places::files(&dir, &home);
        let bot = bot::find(&dir, &home).await;
        findings.extend(bot.findings);
        findings.extend(match &bot.status {
            Some(status) => connections::of_running(status),
            None => connections::tried(&home).await,
        });
        findings.extend(connections::examined(&home).await);
        findings.extend(places::database(&dir, &home));
        findings.extend(places::keys(&dir));
        findings.extend(machine::all(&home));
        findings
    });
    show(global, &findings)
}

fn show(global: &Global, findings: &[Finding]) -> anyhow::Result<ExitCode> {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    if global.json {
        print::pretty(&json!({"good": errors == 0, "findings": findings}))?;
    } else {
        findings.iter().try_for_each(|finding| print::line(line(finding)))?;
        print::line(match (errors, warnings) {
            (0, 0) => "all is well".to_owned(),
            (0, _) => format!("well enough: {}", print::counted(warnings, "warning")),
            _ => print::counted(errors, "error") + ", " + &print::counted(warnings, "warning"),
        })?;
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `warning  clock: ...`, and what to do on a line of its own.
fn line(finding: &Finding) -> String {
    let mut text = format!("{:7}  {}: {}", finding.level.as_str(), finding.about, finding.message);
    if let Some(help) = &finding.help {
        text += &format!("\n         = help: {help}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_it_is_and_the_next_one_what_to_do() {
        let finding = Finding::error("adapter irc", "nobody answers").help("check `SERVER`");
        assert_eq!(line(&finding), "error    adapter irc: nobody answers\n         = help: check `SERVER`");
        assert_eq!(line(&Finding::ok("bash", "/bin/bash")), "ok       bash: /bin/bash");
    }
}
