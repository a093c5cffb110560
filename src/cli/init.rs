//! `chatops init [DIR]`: writes a starter home. Files that are there stay as they are.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::starter::{self, Starter};
use super::{Global, print};

/// Write a starter home: commands, actions, templates, settings. Never overwrites.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The directory [default: the home directory if one is named, else the current directory].
    dir: Option<PathBuf>,
}

/// What was done.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Report {
    home: PathBuf,
    written: Vec<&'static str>,
    kept: Vec<&'static str>,
}

impl Init {
    /// Writes the files and says what to do next.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        let home = self.dir.clone().or_else(|| global.home.clone()).unwrap_or_else(|| PathBuf::from("."));
        let report = write_home(&home)?;
        if global.json {
            print::json(&report)?;
        } else {
            say(&report)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn say(report: &Report) -> anyhow::Result<()> {
    for path in &report.written {
        print::line(format_args!("wrote {path}"))?;
    }
    for path in &report.kept {
        print::line(format_args!("kept {path}, which was there"))?;
    }
    print::line(next_steps(&report.home))
}

/// What to do with a new home, in the order in which to do it.
fn next_steps(home: &Path) -> String {
    let here = home == Path::new(".");
    let shown = if here { "this directory".to_owned() } else { home.display().to_string() };
    let call = if here { "chatops".to_owned() } else { format!("chatops --home {}", home.display()) };
    let settings = home.join("chatops.env");
    let settings = settings.strip_prefix(".").unwrap_or(&settings).display();
    let steps = [
        (format!("{call} chat"), "try it here, in the terminal"),
        (settings.to_string(), "edit it: name the admins, connect the bot to IRC"),
        (format!("{call} doctor"), "see whether files and connections are good"),
        (format!("{call} serve"), "start the bot"),
    ];
    let widest = steps.iter().map(|(step, _)| step.chars().count()).max().unwrap_or_default();
    let lines: Vec<String> = steps.iter().map(|(step, why)| format!("  {step:widest$}  {why}")).collect();
    format!("\nA home for the bot is in {shown}. Next:\n{}", lines.join("\n"))
}

fn write_home(home: &Path) -> anyhow::Result<Report> {
    let mut report = Report { home: home.to_owned(), ..Report::default() };
    for folder in ["aliases", "actions", "templates"] {
        let folder = home.join(folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    for file in starter::all() {
        match write_new(home, file) {
            Ok(()) => report.written.push(file.path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => report.kept.push(file.path),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot write {}", home.join(file.path).display()));
            }
        }
    }
    Ok(report)
}

/// Scripts can be run; `chatops.env` is for secrets and its owner's alone.
fn write_new(home: &Path, file: &Starter) -> io::Result<()> {
    let path = home.join(file.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mode = match file.path {
        "chatops.env" => 0o600,
        _ if file.text.starts_with("#!") => 0o755,
        _ => 0o644,
    };
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    opened.write_all(file.text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::access::Access;
    use crate::config::env::Env;
    use crate::config::settings::Settings;

    #[test]
    fn a_starter_home_is_one_that_the_bot_accepts() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("bot");
        let report = write_home(&home).unwrap();
        assert!(report.kept.is_empty() && report.written.contains(&"chatops.env"));
        let env = Env::read(Some(&home.join("chatops.env")), []).unwrap();
        assert_eq!(Settings::read(&env, &home).unwrap(), Settings::defaults());
        let example = fs::read_to_string(home.join("access.yaml.example")).unwrap();
        Access::read(Path::new("access.yaml"), &example, Vec::new()).unwrap();
        let mode = fs::metadata(home.join("chatops.env")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_there_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("chatops.env"), "CHATOPS_NAME=mine").unwrap();
        let report = write_home(folder.path()).unwrap();
        assert_eq!(report.kept, ["chatops.env"]);
        assert_eq!(fs::read_to_string(folder.path().join("chatops.env")).unwrap(), "CHATOPS_NAME=mine");
        assert!(write_home(folder.path()).unwrap().written.is_empty());
    }
}
